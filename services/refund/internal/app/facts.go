package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

// What a procedure needs to know of a case it reads from the case's own
// streams in the log, where intake and stoppayment have said it.

// history reads the events of a stream that this build knows.
func history[E any](ctx context.Context, log es.Log, codec es.Codec[E], stream string) ([]E, error) {
	var events []E
	for r, err := range log.Read(ctx, stream, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", stream, err)
		}
		e, err := codec.Decode(r.Type, r.Data)
		if errors.Is(err, event.ErrUnknown) {
			continue // newer than this build, and none of what is looked for
		}
		if err != nil {
			return nil, fmt.Errorf("%s at %d: %w", r.Stream, r.Revision, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// Declared reads the transfers that the victims of a case have declared.
func (a App) Declared(ctx context.Context, id identity.CaseID) ([]domain.Declared, error) {
	events, err := history(ctx, a.City.Log, event.CaseCodec(), "case-"+string(id))
	if err != nil {
		return nil, err
	}
	var declared []domain.Declared
	for _, e := range events {
		if e, ok := e.(event.LossTransferDeclared); ok {
			declared = append(declared, domain.Declared{Victim: e.Victim, Transfer: e.Transfer})
		}
	}
	return declared, nil
}

// FlowTable compiles the flow table of a procedure from the log.
func (a App) FlowTable(ctx context.Context, p domain.Procedure) ([]event.FlowRow, error) {
	declared, err := a.Declared(ctx, p.Case)
	if err != nil {
		return nil, err
	}
	chase, err := history(ctx, a.City.Log, event.PursuitCodec(), "pursuit-"+string(p.Case))
	if err != nil {
		return nil, err
	}
	rows, err := domain.FlowTable(p, domain.Edges(p.Case, declared, chase))
	if err != nil {
		return nil, fmt.Errorf("flow table: %w", err)
	}
	return rows, nil
}

// Named tells whether a name is that of a victim of the case. Nothing of
// either leaves this function.
func (a App) Named(ctx context.Context, id identity.CaseID, victim identity.PartyID, name string) (bool, error) {
	events, err := history(ctx, a.City.Log, event.CaseCodec(), "case-"+string(id))
	if err != nil {
		return false, err
	}
	for _, e := range events {
		v, ok := e.(event.VictimIdentified)
		if !ok || v.Victim.ID != victim {
			continue
		}
		own, err := a.City.Keys.Open(ctx, v.Victim.Name)
		if err != nil {
			return false, fmt.Errorf("open a name: %w", err)
		}
		if own != "" && identity.NormaliseName(own) == identity.NormaliseName(name) {
			return true, nil
		}
	}
	return false, nil
}
