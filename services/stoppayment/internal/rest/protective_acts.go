package rest

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// OnProtective is the path of an act on one protective stop.
type OnProtective struct {
	service.Command
	Protective identity.ProtectiveID `path:"protective" maxLength:"64"`
}

func (a API) actOnProtective(ctx context.Context, who access.Person, in OnProtective, body any, command func(es.Cause) domain.ProtectiveCommand) (*protectiveOutput, error) {
	past, err := a.App.Protectives.Load(ctx, string(in.Protective))
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, body, who, string(past.State.Case))
	if err != nil {
		return nil, err
	}
	done, err := a.App.Protective(ctx, in.Protective, cause, expected, command(cause))
	if err != nil {
		return nil, err
	}
	return a.shownProtective(done.State, done.Revision, done.Repeated), nil
}

type approveProtectiveInput struct {
	OnProtective
	Body struct{}
}

func (a API) approveProtective(ctx context.Context, in *approveProtectiveInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.ApproveProtective{Approver: who.Officer(), At: c.At}
	})
}

type rejectProtectiveInput struct {
	OnProtective
	Body struct {
		Reason string `json:"reason" enum:"no-danger,no-basis,refused-by-subject,duplicate"`
	}
}

func (a API) rejectProtective(ctx context.Context, in *rejectProtectiveInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.RejectProtective{Approver: who.Officer(), Reason: in.Body.Reason, At: c.At}
	})
}

type renewProtectiveInput struct {
	OnProtective
	Body struct {
		Reason       string        `json:"reason" enum:"consent-stands,danger-stands"`
		Operator     entry.Officer `json:"operator,omitzero"`
		Investigator entry.Officer `json:"investigator,omitzero"`
	}
}

// renewProtective is the decision of a leader; two others carry it out.
func (a API) renewProtective(ctx context.Context, in *renewProtectiveInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	var two [2]event.Officer
	if two[0], err = named(in.Body.Operator, "/operator"); err != nil {
		return nil, err
	}
	if two[1], err = named(in.Body.Investigator, "/investigator"); err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.RenewProtective{Reason: in.Body.Reason, Approver: who.Officer(), Operator: two[0], Investigator: two[1], At: c.At}
	})
}

type exemptInput struct {
	OnProtective
	Body struct {
		Account identity.AccountID `json:"account" maxLength:"64"`
		Purpose string             `json:"purpose" enum:"living,loan,tuition,medical"`
		Amount  money.Fen          `json:"amountFen"`
	}
}

func (a API) exempt(ctx context.Context, in *exemptInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.ExemptProtective{Account: in.Body.Account, Purpose: in.Body.Purpose, Amount: in.Body.Amount, Officer: who.Officer(), At: c.At}
	})
}

type releaseProtectiveInput struct {
	OnProtective
	Body struct {
		Reason string `json:"reason" enum:"subject-asks,danger-over,error"`
	}
}

func (a API) releaseProtective(ctx context.Context, in *releaseProtectiveInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.ReleaseProtective{Reason: in.Body.Reason, Officer: who.Officer(), At: c.At}
	})
}

type notifyProtectedInput struct {
	OnProtective
	Body struct {
		Reason    string   `json:"reason" enum:"own-account"`
		Remedy    string   `json:"remedy" enum:"objection,release"`
		Documents []string `json:"documents" enum:"id-card,bank-statement,income-proof,contract,mandate,expense-receipt" maxItems:"20"`
		Via       string   `json:"via" enum:"sms,phone,letter,counter,bank"`
	}
}

func (a API) notifyProtected(ctx context.Context, in *notifyProtectedInput) (*protectiveOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator)
	if err != nil {
		return nil, err
	}
	return a.actOnProtective(ctx, who, in.OnProtective, in.Body, func(c es.Cause) domain.ProtectiveCommand {
		return domain.NotifySubject{
			Reason: in.Body.Reason, Remedy: in.Body.Remedy, Documents: in.Body.Documents, Via: in.Body.Via, Officer: who.Officer(), At: c.At,
		}
	})
}
