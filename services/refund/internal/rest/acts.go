package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

type informInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Victim identity.PartyID `json:"victim" maxLength:"64"`
		Via    string           `json:"via" doc:"code of the way, such as phone, sms, visit, letter" maxLength:"40"`
	}
}

func (a API) inform(ctx context.Context, in *informInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.InformVictim{
		Victim: in.Body.Victim, Via: in.Body.Via, By: who.Officer(), At: a.App.City.Clock.Now(),
	}))
}

type applyInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Victim     identity.PartyID    `json:"victim" maxLength:"64"`
		Transfer   identity.TransferID `json:"transfer" maxLength:"64"`
		Partner    entry.Officer       `json:"partner,omitzero" doc:"the second officer (办案人签名, 两名)"`
		Payee      *entry.Account      `json:"payee,omitempty" doc:"if not the original out-account"`
		PayeeOwner identity.PartyID    `json:"payeeOwner,omitempty" doc:"whose account the payee is: the victim himself" maxLength:"64"`
		Reason     string              `json:"reason,omitempty" doc:"why not the original account: closed, lost or frozen" maxLength:"40"`
	}
}

func (a API) apply(ctx context.Context, in *applyInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	partner, err := named(in.Body.Partner, "/partner")
	if err != nil {
		return nil, err
	}
	cmd := domain.Apply{
		Victim: in.Body.Victim, Transfer: in.Body.Transfer, PayeeOwner: in.Body.PayeeOwner, Reason: in.Body.Reason,
		Officers: []event.Officer{who.Officer(), partner}, At: a.App.City.Clock.Now(),
	}
	if in.Body.Payee != nil {
		past, err := a.App.Load(ctx, in.Procedure)
		if err != nil {
			return nil, err
		}
		if cmd.Payee, _, err = a.Desk.Account(ctx, *in.Body.Payee, "/payee"); err != nil {
			return nil, err
		}
		if cmd.PayeeNamed, err = a.App.Named(ctx, past.State.Case, cmd.Victim, in.Body.Payee.Holder); err != nil {
			return nil, err
		}
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, cmd))
}

type flowTableInput struct {
	service.Command
	ProcedureInput
	Body struct {
		CheckedBy entry.Officer `json:"checkedBy,omitzero" doc:"复核人, not the one who compiles"`
	}
}

func (a API) flowTable(ctx context.Context, in *flowTableInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	checker, err := named(in.Body.CheckedBy, "/checkedBy")
	if err != nil {
		return nil, err
	}
	past, err := a.App.Load(ctx, in.Procedure)
	if err != nil {
		return nil, err
	}
	rows, err := a.App.FlowTable(ctx, past.State)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.CompileFlowTable{
		Rows: rows, By: who.Officer(), CheckedBy: checker, At: a.App.City.Clock.Now(),
	}))
}

// bareInput is a command that says all by its path.
type bareInput struct {
	service.Command
	ProcedureInput
	Body struct{}
}

func (a API) plan(ctx context.Context, in *bareInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.ProposePlan{By: who.Officer(), At: a.App.City.Clock.Now()}))
}

type noticeInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Medium   string `json:"medium" doc:"code of where it is posted, such as police-website" maxLength:"40"`
		TextHash string `json:"textHash" doc:"hash of the posted text, redacted by profile" minLength:"8" maxLength:"128" pattern:"^[0-9A-Za-z:+/=_-]+$"`
	}
}

func (a API) notice(ctx context.Context, in *noticeInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.PostNotice{
		Medium: in.Body.Medium, TextHash: in.Body.TextHash, By: who.Officer(), At: a.App.City.Clock.Now(),
	}))
}

type objectInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Grounds string `json:"grounds" doc:"code, such as ownership, amount, other-victim" maxLength:"40"`
	}
}

type objectOutput struct {
	service.Answer
	Body struct {
		Objection string `json:"objection"`
	}
}

func (a API) object(ctx context.Context, in *objectInput) (*objectOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	id := service.NewID("objection-"+string(in.Procedure), who, in.Command)
	done, err := a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.FileObjection{
		Objection: id, Grounds: in.Body.Grounds, At: a.App.City.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	out := &objectOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Objection = id
	return out, nil
}

type decideObjectionInput struct {
	service.Command
	ProcedureInput
	Objection string `path:"objection" maxLength:"64"`
	Body      struct {
		Upheld bool `json:"upheld" doc:"true voids the plan"`
	}
}

func (a API) decideObjection(ctx context.Context, in *decideObjectionInput) (*procedureOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Investigator, access.Chief)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.DecideObjection{
		Objection: in.Objection, Upheld: in.Body.Upheld, By: who.Officer(), At: a.App.City.Clock.Now(),
	}))
}

func (a API) report(ctx context.Context, in *bareInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.SubmitReport{By: who.Officer(), At: a.App.City.Clock.Now()}))
}

type approveInput struct {
	service.Command
	ProcedureInput
	Body struct {
		DecisionNo string `json:"decisionNo" doc:"返还决定书文号, as 茂公返字〔2021〕1号" maxLength:"80"`
	}
}

func (a API) approve(ctx context.Context, in *approveInput) (*procedureOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	if err := entry.DocumentNumber(in.Body.DecisionNo, "/decisionNo"); err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.Approve{
		DecisionNo: in.Body.DecisionNo, Approver: who.Officer(), At: a.App.City.Clock.Now(),
	}))
}

type rejectInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Reason string `json:"reason" doc:"code, such as ownership-unclear, papers-incomplete" maxLength:"40"`
	}
}

func (a API) reject(ctx context.Context, in *rejectInput) (*procedureOutput, error) {
	who, err := access.Require(ctx, access.Chief)
	if err != nil {
		return nil, err
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, domain.Reject{
		Reason: in.Body.Reason, Approver: who.Officer(), At: a.App.City.Clock.Now(),
	}))
}

type serveInput struct {
	service.Command
	ProcedureInput
	Body struct {
		Officers []entry.Officer `json:"officers" doc:"two, who take it to the bank in person" maxItems:"2"`
	}
}

func (a API) serve(ctx context.Context, in *serveInput) (*procedureOutput, error) {
	who, err := handler(ctx)
	if err != nil {
		return nil, err
	}
	cmd := domain.ServeNotice{At: a.App.City.Clock.Now()}
	for n, o := range in.Body.Officers {
		second, err := named(o, pointer("/officers", n))
		if err != nil {
			return nil, err
		}
		cmd.Officers = append(cmd.Officers, second)
	}
	return shown(a.carry(ctx, who, in.Procedure, in.Command, in.Body, cmd))
}
