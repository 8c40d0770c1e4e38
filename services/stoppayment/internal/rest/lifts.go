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

type liftInput struct {
	OnOrder
	Body struct {
		Signatures
		Cause string    `json:"cause" enum:"unrelated,error,objection,disproportionate" doc:"解除原因"`
		Keep  money.Fen `json:"keepFen,omitempty" doc:"金额缩减: what stays stopped, in fen; absent: nothing"`
	}
}

type liftOutput struct {
	service.Answer
	Body struct {
		// Outcome tells what became of the request.
		Outcome string            `json:"outcome" enum:"ordered,withdrawn,nothing-to-lift,under-way" doc:"ordered: the bank is asked; withdrawn: no bank had seen it yet; nothing-to-lift: it has ended already, nothing was stored; under-way: the bank was asked before"`
		Order   identity.OrderID  `json:"order,omitempty" doc:"the order to the bank (100103)"`
		Target  identity.OrderID  `json:"target"`
		State   domain.OrderState `json:"state" doc:"of the stop"`
		Due     time.Time         `json:"due,omitzero" doc:"by when the bank has done it and the holder knows"`
	}
}

// lift (解除止付) ends a stop early, be it one by telephone or on paper that nothing
// has followed, or has the bank hold less. The caller is the
// one who decides.
func (a API) lift(ctx context.Context, in *liftInput) (*liftOutput, error) {
	who, err := access.Require(ctx, access.ShiftLeader, access.Chief)
	if err != nil {
		return nil, err
	}
	operator, investigator, err := in.Body.check()
	if err != nil {
		return nil, err
	}
	past, err := a.App.Accounts.Load(ctx, string(in.Account))
	if err != nil {
		return nil, err
	}
	stop, ok := past.State.OrderNamed(in.Order)
	if !ok {
		return nil, domain.ErrNoOrder
	}
	cause, expected, err := a.App.City.Given(ctx, in.Command, in.Body, who, string(stop.Case))
	if err != nil {
		return nil, err
	}
	done, err := a.App.Account(ctx, in.Account, cause, expected, domain.RequestLift{
		Order: identity.OrderID(service.NewID("lift", who, in.Command)), Target: in.Order, Cause: in.Body.Cause, Keep: in.Body.Keep,
		Approver: who.Officer(), Operator: operator, Investigator: investigator, At: cause.At,
	})
	if err != nil {
		return nil, err
	}
	out := &liftOutput{Answer: service.Answered(done.Revision, done.Repeated)}
	stop, _ = done.State.OrderNamed(in.Order)
	out.Body.Target, out.Body.State, out.Body.Outcome = in.Order, stop.State, "nothing-to-lift"
	if stop.State == domain.Executed || stop.State.Open() || stop.BankHolds(cause.At) {
		out.Body.Outcome = "under-way"
	}
	for _, e := range done.Events {
		switch e := e.(type) { //nolint:gochecksumtype // nothing else tells what became of a lift
		case event.LiftRequested:
			out.Body.Outcome, out.Body.Order, out.Body.Due = "ordered", e.Order, e.Due
		case event.StopRejected:
			out.Body.Outcome = "withdrawn"
		}
	}
	return out, nil
}
