package app

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Protective carries one command to a protective stop. One that is asked for has
// claimed each of its accounts before, and one that is approved still has them.
func (a App) Protective(ctx context.Context, id identity.ProtectiveID, cause es.Cause, expected es.Expected, cmd domain.ProtectiveCommand) (es.Outcome[domain.Protective, event.ProtectiveEvent], error) {
	switch cmd := cmd.(type) { //nolint:gochecksumtype // the others need no claim
	case domain.RequestProtective:
		if err := a.claimAll(ctx, id, cause, cmd); err != nil {
			return es.Outcome[domain.Protective, event.ProtectiveEvent]{}, err
		}
	case domain.ApproveProtective:
		if err := a.claimed(ctx, id); err != nil {
			return es.Outcome[domain.Protective, event.ProtectiveEvent]{}, err
		}
	}
	return a.Protectives.Handle(ctx, string(id), cause, expected, cmd)
}

// ProtectiveClocks wakes protective stops when 48 hours or their cap run out.
func (a App) ProtectiveClocks() alarm.Loop[domain.Protective, domain.ProtectiveCommand, event.ProtectiveEvent] {
	return alarm.Loop[domain.Protective, domain.ProtectiveCommand, event.ProtectiveEvent]{
		Case: a.Protectives, Log: a.City.Log, Clock: a.City.Clock, Wake: domain.WakeProtective,
		Correlation: func(p domain.Protective, _ es.Alarm) string { return string(p.Case) },
		Actor:       service.SystemActor(Name), Logger: a.City.Logger,
	}
}

// Ordered names an order at a bank: of an account, or of a protective stop if
// there is one.
type Ordered struct {
	Order      identity.OrderID
	Account    identity.AccountID
	Protective identity.ProtectiveID
}

// Carried is where an order stands after what its bank has said.
type Carried struct {
	State    domain.OrderState
	Revision int64
	Repeated bool
	Found    []event.BankDiscrepancyFound // what does not fit
}

// Said carries what a bank has said, or what was learned of its channel, to
// whatever gave the order.
func (a App) Said(ctx context.Context, on Ordered, cause es.Cause, expected es.Expected, cmd domain.AccountCommand) (Carried, error) {
	if on.Protective == "" {
		done, err := a.Account(ctx, on.Account, cause, expected, cmd)
		if err != nil {
			return Carried{}, err
		}
		order, _ := done.State.Find(on.Order)
		return Carried{order.State, done.Revision, done.Repeated, discrepancies(done.Events)}, nil
	}
	said, ok := domain.ProtectiveWord(cmd)
	if !ok {
		return Carried{}, nil // not of the kind that a protective stop keeps
	}
	done, err := a.Protective(ctx, on.Protective, cause, expected, said)
	if err != nil {
		return Carried{}, err
	}
	order, _ := done.State.Find(on.Order)
	return Carried{order.State, done.Revision, done.Repeated, nil}, nil
}
