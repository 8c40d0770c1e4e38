// Package app carries commands to the rules of stop-payment, from REST, from
// what other services have said, and from clocks that run out.
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

// Name of the service in logs, actors and paths of files.
const Name = "stoppayment"

// App is stop-payment without its edges.
type App struct {
	City      service.City
	Pursuits  es.Case[domain.Pursuit, domain.PursuitCommand, event.PursuitEvent]
	Accounts  es.Case[domain.Account, domain.AccountCommand, event.AccountEvent]
	Approvals es.Case[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]
}

// New makes the service of a city.
func New(city service.City) App {
	return App{
		City: city,
		Pursuits: es.Case[domain.Pursuit, domain.PursuitCommand, event.PursuitEvent]{
			Decider: domain.PursuitDecider(), Category: "pursuit", Codec: event.PursuitCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
		Accounts: es.Case[domain.Account, domain.AccountCommand, event.AccountEvent]{
			Decider: domain.AccountDecider(), Category: "account", Codec: event.AccountCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
		Approvals: es.Case[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]{
			Decider: domain.ApprovalDecider(), Category: "approval", Codec: event.ApprovalCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
	}
}

// Method is how the city attributes money.
func (a App) Method() event.Method { return event.Method(a.City.Policy.Chase.Method) }

// Policy is how far the chase goes by itself.
func (a App) Policy() domain.Policy {
	return domain.Policy{MaxLevel: a.City.Policy.Chase.MaxLevel, MinAmount: a.City.Policy.Chase.MinAmount}
}

// Pursuit carries one command to a chase.
func (a App) Pursuit(ctx context.Context, id identity.CaseID, cause es.Cause, expected es.Expected, cmd domain.PursuitCommand) (es.Outcome[domain.Pursuit, event.PursuitEvent], error) {
	cause.Correlation = string(id)
	return a.Pursuits.Handle(ctx, string(id), cause, expected, cmd)
}

// Account carries one command to an account. A stop gets the standing
// approvals of its unit, read at this moment.
func (a App) Account(ctx context.Context, id identity.AccountID, cause es.Cause, expected es.Expected, cmd domain.AccountCommand) (es.Outcome[domain.Account, event.AccountEvent], error) {
	if stop, ok := cmd.(domain.RequestStop); ok {
		standing, err := a.standing(ctx, stop.Unit, cause)
		if err != nil {
			return es.Outcome[domain.Account, event.AccountEvent]{}, err
		}
		stop.Standing = standing
		cmd = stop
	}
	if stop, ok := cmd.(domain.SecondStop); ok {
		standing, err := a.standing(ctx, stop.Operator.Unit, cause)
		if err != nil {
			return es.Outcome[domain.Account, event.AccountEvent]{}, err
		}
		stop.Standing = standing
		cmd = stop
	}
	return a.Accounts.Handle(ctx, string(id), cause, expected, cmd)
}

func (a App) standing(ctx context.Context, unit identity.Unit, cause es.Cause) ([]event.StandingApprovalGranted, error) {
	past, err := a.Approvals.Load(ctx, string(unit))
	if err != nil {
		return nil, err
	}
	return past.State.InForce(cause.At), nil
}

// Clocks wakes accounts when a stop or a freeze runs out.
func (a App) Clocks() alarm.Loop[domain.Account, domain.AccountCommand, event.AccountEvent] {
	return alarm.Loop[domain.Account, domain.AccountCommand, event.AccountEvent]{
		Case: a.Accounts, Log: a.City.Log, Clock: a.City.Clock, Wake: domain.Wake, Correlation: correlation,
		Actor: service.SystemActor(Name), Logger: a.City.Logger,
	}
}

// correlation of a clock: the case of the order it runs for.
func correlation(a domain.Account, clock es.Alarm) string {
	order, _ := a.Find(domain.OrderOf(clock))
	return string(order.Case)
}
