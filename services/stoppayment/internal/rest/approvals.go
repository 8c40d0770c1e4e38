package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type grantInput struct {
	service.Command
	Body struct {
		MaxAmountFen money.Fen `json:"maxAmountFen" doc:"largest transfer that an order may follow, in fen"`
		MaxLevel     int       `json:"maxLevel" doc:"deepest level of the chase"`
		Until        time.Time `json:"until" doc:"RFC 3339; at most 31 days ahead"`
	}
}

type grantOutput struct {
	service.Answer
	Body struct {
		Approval identity.ApprovalID `json:"approval"`
	}
}

func (a API) grant(ctx context.Context, in *grantInput) (*grantOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, "")
	if err != nil {
		return nil, err
	}
	id := identity.ApprovalID(service.NewID("approval", who, in.Command))
	done, err := a.App.Approvals.Handle(ctx, who.Unit, cause, expected, domain.GrantStanding{
		Approval: id, Unit: identity.Unit(who.Unit), MaxAmount: in.Body.MaxAmountFen, MaxLevel: in.Body.MaxLevel,
		Until: in.Body.Until.UTC(), By: who.Officer(), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	out := &grantOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Approval = id
	return out, nil
}

type revokeInput struct {
	service.Command
	Approval identity.ApprovalID `path:"approval" maxLength:"64"`
	Body     struct{}
}

func (a API) revoke(ctx context.Context, in *revokeInput) (*grantOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, "")
	if err != nil {
		return nil, err
	}
	done, err := a.App.Approvals.Handle(ctx, who.Unit, cause, expected, domain.RevokeStanding{Approval: in.Approval, By: who.Officer(), At: cause.At})
	if err != nil {
		return nil, err
	}
	out := &grantOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Approval = in.Approval
	return out, nil
}

type narrowStandingInput struct {
	service.Command
	Approval identity.ApprovalID `path:"approval" maxLength:"64"`
	Body     struct {
		MaxAmountFen money.Fen `json:"maxAmountFen,omitempty" doc:"absent: as it is"`
		MaxLevel     int       `json:"maxLevel,omitempty" doc:"absent: as it is"`
		Until        time.Time `json:"until,omitzero" doc:"RFC 3339; absent: as it is"`
	}
}

// narrowStanding (收窄常设批准) lowers the limits of a standing approval; none can rise.
func (a API) narrowStanding(ctx context.Context, in *narrowStandingInput) (*grantOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, "")
	if err != nil {
		return nil, err
	}
	done, err := a.App.Approvals.Handle(ctx, who.Unit, cause, expected, domain.NarrowStanding{
		Approval: in.Approval, MaxAmount: in.Body.MaxAmountFen, MaxLevel: in.Body.MaxLevel, Until: in.Body.Until.UTC(), By: who.Officer(), At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	out := &grantOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	out.Body.Approval = in.Approval
	return out, nil
}

type standingOutput struct {
	Body struct {
		Items []event.StandingApprovalGranted `json:"items"`
	}
}

func (a API) standing(ctx context.Context, _ *struct{}) (*standingOutput, error) {
	who, err := access.Require(ctx, access.DutyOfficer, access.ShiftLeader, access.Chief, access.Investigator)
	if err != nil {
		return nil, err
	}
	past, err := a.App.Approvals.Load(ctx, who.Unit)
	if err != nil {
		return nil, err
	}
	out := &standingOutput{}
	out.Body.Items = append([]event.StandingApprovalGranted{}, past.State.InForce(a.App.City.Clock.Now())...)
	return out, nil
}
