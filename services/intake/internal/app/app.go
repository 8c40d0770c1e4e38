// Package app carries commands to the rules of intake, from REST and from what
// other services have said.
package app

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
)

// Name of the service in logs, actors and paths of files.
const Name = "intake"

// App is intake without its edges.
type App struct {
	City  service.City
	Cases es.Case[domain.Case, domain.Command, event.CaseEvent]
}

// New makes the service of a city.
func New(city service.City) App {
	return App{City: city, Cases: es.Case[domain.Case, domain.Command, event.CaseEvent]{
		Decider: domain.Decider(), Category: "case", Codec: event.CaseCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now,
	}}
}

// Handle carries one command to a case.
func (a App) Handle(ctx context.Context, id identity.CaseID, cause es.Cause, expected es.Expected, cmd domain.Command) (es.Outcome[domain.Case, event.CaseEvent], error) {
	return a.Cases.Handle(ctx, string(id), cause, expected, cmd)
}

// Reactor hears what other services say.
func (a App) Reactor() *react.Reactor[event.Event, Intent] {
	return &react.Reactor[event.Event, Intent]{
		Name: event.IntakeReactor, Categories: []string{"alert"}, Codec: event.Codecs(), React: React,
		Carry: func(ctx context.Context, cause es.Cause, i Intent) error {
			cause.Correlation = string(i.Case)
			_, err := a.Handle(ctx, i.Case, cause, es.AnyRevision, i.Command)
			return err
		},
		Actor: service.SystemActor(Name), Log: a.City.Log, Clock: a.City.Clock, Logger: a.City.Logger,
	}
}
