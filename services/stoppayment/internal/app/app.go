// Package app carries commands to the rules of stop-payment, from REST, from
// what other services have said, and from clocks that run out.
package app

import (
	"context"

	"github.com/yuanlu/yuanlu/api/event"
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
	Desks     es.Case[domain.Desk, domain.DeskCommand, event.DeskEvent]

	Protectives es.Case[domain.Protective, domain.ProtectiveCommand, event.ProtectiveEvent]
	Shields     es.Case[domain.Shield, domain.ShieldCommand, event.ShieldEvent]

	Sealing Gate       // for the accounts that banks name
	answers Gate       // for the answers of banks
	granted *standings // nil: each order reads for itself
	given   *given     // nil: nothing is remembered
}

// New makes the service of a city.
func New(city service.City) App {
	a := compose(city)
	a.answers, a.Sealing, a.granted, a.given = newGate(answersPerCore), newGate(sealedPerCore), newStandings(a.Approvals), newGiven()
	return a
}

func compose(city service.City) App {
	return App{
		City: city,
		Pursuits: es.Case[domain.Pursuit, domain.PursuitCommand, event.PursuitEvent]{
			Decider: domain.PursuitDecider(), Category: "pursuit", Codec: event.PursuitCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
			Cache: es.NewCache[domain.Pursuit, event.PursuitEvent](es.CacheBytes),
		},
		Accounts: es.Case[domain.Account, domain.AccountCommand, event.AccountEvent]{
			Decider: proportion(city.Policy.Remedy).Watch(domain.AccountDecider()), Category: "account", Codec: event.AccountCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
			Cache: es.NewCache[domain.Account, event.AccountEvent](es.CacheBytes), First: met,
		},
		Approvals: es.Case[domain.Approvals, domain.ApprovalCommand, event.ApprovalEvent]{
			Decider: domain.ApprovalDecider(), Category: "approval", Codec: event.ApprovalCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
			Cache: es.NewCache[domain.Approvals, event.ApprovalEvent](es.CacheBytes),
		},
		Desks: es.Case[domain.Desk, domain.DeskCommand, event.DeskEvent]{
			Decider: domain.DeskDecider(), Category: "bank", Codec: event.DeskCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
		Protectives: es.Case[domain.Protective, domain.ProtectiveCommand, event.ProtectiveEvent]{
			Decider: domain.ProtectiveDecider(), Category: "protective", Codec: event.ProtectiveCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
		Shields: es.Case[domain.Shield, domain.ShieldCommand, event.ShieldEvent]{
			Decider: domain.ShieldDecider(), Category: "shield", Codec: event.ShieldCodec(), Log: city.Log, Suite: city.Suite, Now: city.Clock.Now, Turns: es.NewTurns(),
		},
	}
}

// Method is how the city attributes money.
func (a App) Method() event.Method { return event.Method(a.City.Policy.Chase.Method) }

// Pursuit carries one command to a chase, with the city's policy of this moment.
func (a App) Pursuit(ctx context.Context, id identity.CaseID, cause es.Cause, expected es.Expected, cmd domain.PursuitCommand) (es.Outcome[domain.Pursuit, event.PursuitEvent], error) {
	cause.Correlation = string(id)
	return a.Pursuits.Handle(ctx, string(id), cause, expected, a.within(cmd, cause.At))
}

// Account carries one command to an account. A stop gets the standing
// approvals of its unit, read at this moment.
func (a App) Account(ctx context.Context, id identity.AccountID, cause es.Cause, expected es.Expected, cmd domain.AccountCommand) (es.Outcome[domain.Account, event.AccountEvent], error) {
	if stop, ok := cmd.(domain.RequestStop); ok && !a.Accounts.Done(string(id), cause.Command) {
		standing, err := a.standing(ctx, stop.Unit, cause)
		if err != nil {
			return es.Outcome[domain.Account, event.AccountEvent]{}, err
		}
		stop.Standing, stop.DefaultScope = standing, a.City.Policy.Chase.Scope
		cmd = stop
	}
	if stop, ok := cmd.(domain.SecondStop); ok {
		standing, err := a.standingOf(ctx, id, stop.First, cause)
		if err != nil {
			return es.Outcome[domain.Account, event.AccountEvent]{}, err
		}
		stop.Standing = standing
		cmd = stop
	}
	if traced, ok := cmd.(domain.TraceInflow); ok && traced.At.IsZero() {
		traced.At = cause.At
		cmd = traced
	}
	if _, ok := cmd.(domain.AnswerStop); ok {
		leave, err := a.answers.Enter(ctx)
		if err != nil {
			return es.Outcome[domain.Account, event.AccountEvent]{}, err
		}
		defer leave()
	}
	out, err := a.inParts(ctx, id, cause, expected, cmd)
	if err != nil {
		return out, err
	}
	return a.raised(ctx, id, cause, out)
}

func (a App) standing(ctx context.Context, unit identity.Unit, cause es.Cause) ([]event.StandingApprovalGranted, error) {
	if a.granted == nil {
		past, err := a.Approvals.Load(ctx, string(unit))
		return past.State.InForce(cause.At), err
	}
	state, err := a.granted.load(ctx, string(unit))
	return state.InForce(cause.At), err
}

// standingOf are those of the unit of an order.
func (a App) standingOf(ctx context.Context, account identity.AccountID, order identity.OrderID, cause es.Cause) ([]event.StandingApprovalGranted, error) {
	past, err := a.Accounts.Load(ctx, string(account))
	if err != nil {
		return nil, err
	}
	first, known := past.State.Find(order)
	if !known {
		return nil, nil // the rules refuse it
	}
	return a.standing(ctx, first.Unit, cause)
}

// correlation of a clock: the case of the order it runs for.
func correlation(a domain.Account, clock es.Alarm) string {
	return string(a.CaseOf(clock))
}
