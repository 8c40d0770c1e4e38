package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// protectiveObjectionRoutes are the paths of what a subject has against the stop of
// his own accounts.
func (a API) protectiveObjectionRoutes(api huma.API, op operation) {
	const all = "/v1/protective-stops/{protective}/objections"
	huma.Register(api, op("POST", all, "file-protective-objection", "解除申请、异议 File a request or an objection of the subject", http.StatusCreated), a.objectToProtective)
	huma.Register(api, op("POST", all+"/{objection}/decision", "decide-protective-objection", "异议决定 Decide on it; if it is right, all accounts are released", http.StatusOK), a.decideProtectiveObjection)
}

type protectiveObjectionInput struct {
	OnProtective
	Body objectionBody
}

func (a API) objectToProtective(ctx context.Context, in *protectiveObjectionInput) (*objectionOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Investigator)
	if err != nil {
		return nil, err
	}
	return a.fileProtective(ctx, who, in.OnProtective, in.Body)
}

// fileProtective takes in what the subject says, at the police or at the bank of
// one of his accounts.
func (a API) fileProtective(ctx context.Context, who access.Person, in OnProtective, body objectionBody) (*objectionOutput, error) {
	past, err := a.App.Protectives.Load(ctx, string(in.Protective))
	if err != nil {
		return nil, err
	}
	if past.Revision < 0 {
		return nil, domain.ErrNoProtective
	}
	if err := entry.Name(body.Holder, "/holder"); err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, body, who, string(past.State.Case))
	if err != nil {
		return nil, err
	}
	id := identity.ObjectionID(service.NewID("objection-"+string(in.Protective), who, in.Command))
	boxes, err := a.Desk.Keys.SealAll(ctx, string(in.Protective), map[string]string{
		"objection-holder": body.Holder, "objection-contact": body.Contact, "objection-text": body.Text,
	})
	if err != nil {
		return nil, err
	}
	done, err := a.App.Protective(ctx, in.Protective, cause, expected, domain.FileProtectiveObjection{
		Objection: id, Holder: boxes["objection-holder"], Contact: boxes["objection-contact"], Text: boxes["objection-text"],
		Grounds: body.Grounds, Documents: body.Documents, Channel: body.Channel, Officer: who.Officer(), Due: a.App.ObjectionDue(cause.At), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	filed, _ := done.State.Objection(id)
	return &objectionOutput{Answer: service.Answered(done.Revision, done.Repeated), Body: protectiveObjectionShown(done.State, filed)}, nil
}

func protectiveObjectionShown(p domain.Protective, o domain.Objection) objectionRow {
	row := objectionShown("", o)
	row.Order, row.Protective = "", p.ID
	return row
}

type decideProtectiveObjectionInput struct {
	OnProtective
	Objection identity.ObjectionID `path:"objection" maxLength:"64"`
	Body      struct {
		Outcome string `json:"outcome" enum:"upheld,dismissed,withdrawn"`
		Reason  string `json:"reason" enum:"no-danger,livelihood,wrong-account,danger-stands,holder-asks,other"`
	}
}

func (a API) decideProtectiveObjection(ctx context.Context, in *decideProtectiveObjectionInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.DecideProtectiveObjection{Objection: in.Objection, Outcome: in.Body.Outcome, Reason: in.Body.Reason, Officer: who.Officer(), At: c.At}
	})
}
