// Package app carries commands to the rules of refund, from REST, from clocks
// and from what other services have said.
package app

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
)

// Name of the service in logs, actors and paths of files.
const Name = "refund"

// Procedures carries commands to refund procedures.
type Procedures = es.Case[domain.Procedure, domain.Command, event.RefundEvent]

// Outcome tells what a command has led to.
type Outcome = es.Outcome[domain.Procedure, event.RefundEvent]

// App is refund without its edges.
type App struct {
	City       service.City
	Procedures Procedures
}

// New makes the service of a city.
func New(city service.City) App {
	return App{City: city, Procedures: Procedures{
		Decider: domain.Decider(city.Suite.Hash), Category: "refund", Codec: event.RefundCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now,
	}}
}

// Load reads one procedure; one that is not there is refused.
func (a App) Load(ctx context.Context, id identity.ProcedureID) (es.Past[domain.Procedure, event.RefundEvent], error) {
	past, err := a.Procedures.Load(ctx, string(id))
	if err == nil && !past.State.Opened() {
		return past, domain.ErrNoProcedure
	}
	return past, err
}

// Handle carries one command to a procedure.
func (a App) Handle(ctx context.Context, id identity.ProcedureID, cause es.Cause, expected es.Expected, cmd domain.Command) (Outcome, error) {
	return a.Procedures.Handle(ctx, string(id), cause, expected, cmd)
}

// Reactor hears what other services say.
func (a App) Reactor() *react.Reactor[event.AccountEvent, Intent] {
	return &react.Reactor[event.AccountEvent, Intent]{
		Name: event.RefundReactor, Categories: []string{"account"}, Codec: event.AccountCodec(), React: React, Carry: a.open,
		Actor: service.SystemActor(Name), Log: a.City.Log, Clock: a.City.Clock, Logger: a.City.Logger,
	}
}

// open opens the procedure for a freeze, with what the victims have declared.
func (a App) open(ctx context.Context, cause es.Cause, i Intent) error {
	declared, err := a.Declared(ctx, i.Freeze.Case)
	if err != nil {
		return err
	}
	cause.Correlation = string(i.Freeze.Case)
	id := ProcedureID(i.Freeze)
	_, err = a.Handle(ctx, id, cause, es.AnyRevision, domain.Open{Procedure: id, Freeze: i.Freeze, Declared: declared, At: cause.At})
	return err
}

// Alarms wakes procedures whose public notice has ended.
func (a App) Alarms() alarm.Loop[domain.Procedure, domain.Command, event.RefundEvent] {
	return alarm.Loop[domain.Procedure, domain.Command, event.RefundEvent]{
		Case: a.Procedures, Log: a.City.Log, Clock: a.City.Clock,
		Wake:        func(_ es.Alarm, at time.Time) domain.Command { return domain.EndNotice{At: at} },
		Correlation: func(p domain.Procedure, _ es.Alarm) string { return string(p.Case) },
		Actor:       service.SystemActor(Name), Logger: a.City.Logger,
	}
}
