package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Policy is how far the chase goes by itself.
func (a App) Policy() domain.Policy {
	p := a.City.Policy.Chase
	return domain.Policy{
		MaxLevel: p.MaxLevel, MinAmount: p.MinAmount, MaxAge: time.Duration(p.MaxAgeMinutes) * time.Minute, HumanKinds: p.HumanKinds,
	}
}

// within gives a command to a chase the city's policy, and its time.
func (a App) within(cmd domain.PursuitCommand, at time.Time) domain.PursuitCommand {
	if c, ok := cmd.(domain.Trace); ok {
		c.Policy, c.At = a.Policy(), at
		return c
	}
	if c, ok := cmd.(domain.FollowUp); ok {
		c.Policy, c.At = a.Policy(), at
		return c
	}
	if c, ok := cmd.(domain.OrderStop); ok {
		c.At = at
		return c
	}
	return cmd
}

// carry gives an intent its time and carries it out.
func (a App) carry(ctx context.Context, cause es.Cause, i Intent) error {
	if i.Chase != nil {
		return a.chase(ctx, cause, i)
	}
	if _, ok := i.Money.(domain.RequestStop); ok {
		err := a.request(ctx, cause, i)
		if _, refused := errors.AsType[*rule.Violation](err); refused {
			return nil // the chase has it on record
		}
		return err
	}
	if cmd, ok := i.Money.(domain.TraceInflow); ok {
		cmd.Method, cause.Correlation = a.Method(), string(cmd.Case)
		i.Money = cmd
	}
	if idle, err := a.baseless(ctx, i); idle || err != nil {
		return err
	}
	if cmd, ok := i.Money.(domain.NameDebits); ok {
		return a.named(ctx, cause, i.Account, cmd)
	}
	out, err := a.Account(ctx, i.Account, cause, es.AnyRevision, i.Money)
	if errors.Is(err, domain.ErrNoAccount) {
		// A freeze that has overtaken the account's first order on another lane:
		// not a refusal, it has to come again.
		return fmt.Errorf("%w: %s", errNotYet, i.Account)
	}
	if cmd, ok := i.Money.(domain.TraceInflow); ok && err == nil {
		return a.again(ctx, cause, cmd, out)
	}
	return err
}

// chase carries a command to a chase, and again until all of it is done where an
// append cannot hold it all.
func (a App) chase(ctx context.Context, cause es.Cause, i Intent) error {
	for next := cause; ; next.Command = react.Command("go-on", next.Command, 0) {
		out, err := a.Pursuit(ctx, i.Pursuit, next, es.AnyRevision, i.Chase)
		if err != nil {
			return err
		}
		if len(out.Events) < domain.AtOnce {
			return a.payees(ctx, cause, out.State, i.Chase)
		}
	}
}

// again sees to more money on an account whose stop has ended: it asks for
// another one, or marks the account for a person.
func (a App) again(ctx context.Context, cause es.Cause, cmd domain.TraceInflow, out es.Outcome[domain.Account, event.AccountEvent]) error {
	if len(out.Events) == 0 || len(cmd.Lots) == 0 || cmd.Source.From.ID == cmd.Source.To.ID {
		return nil // nothing came, or only from itself
	}
	renewal, ended := out.State.Again(cmd.Case)
	if !ended {
		return nil
	}
	ask := domain.AskAgain{Account: cmd.Source.To, After: renewal.After.ID, Source: cmd.Source, Lots: cmd.Lots, Withheld: renewal.Withheld, At: cause.At}
	next := cause
	if renewal.Second {
		first := renewal.After
		next.Command = react.Command("second-stop", cause.Command, 0)
		_, err := a.Account(ctx, cmd.Source.To.ID, next, es.AnyRevision, domain.SecondStop{
			First: first.ID, Order: domain.SecondOrder(first.ID), Operator: first.Officers[0], Investigator: first.Officers[1], At: cause.At,
		})
		if refused := (*rule.Violation)(nil); !errors.As(err, &refused) {
			return err
		}
		ask.Withheld = domain.WithheldUsedUp
	}
	next.Command = react.Command("ask-again", cause.Command, 0)
	_, err := a.Pursuit(ctx, cmd.Case, next, es.AnyRevision, ask)
	return err
}

// firstOrdersWithin is how old a report can be for the express way. What is
// older was heard by the reactor, or is next in its turn.
const firstOrdersWithin = 10 * time.Minute

// Reports is the express way from a report to its first orders, until ctx ends. It
// hears reports alone, so that no chase under way is before them, and gives the
// orders at once instead of hearing of them. The reactor hears and does the same,
// by the same command ids: whatever is missed here is done there.
func (a App) Reports(ctx context.Context) error {
	a.granted = nil // a read that is shared begins when the one before has ended
	way := &express{App: a, orders: newGate(firstPerCore), ctx: ctx}
	defer way.given.Wait()
	reactor := &react.Reactor[event.Event, Intent]{
		Name: event.StopPaymentReports, As: event.StopPaymentReactor, Categories: []string{"case"}, Codec: event.Codecs(),
		React: way.react, Carry: way.carry, Actor: service.SystemActor(Name), Log: a.City.Log, Clock: a.City.Clock, Logger: a.City.Logger,
	}
	return reactor.Run(ctx)
}

// express carries what reports lead to.
type express struct {
	App

	ctx    context.Context //nolint:containedctx // of the orders that are on their way, which outlive the message
	orders Gate
	given  sync.WaitGroup
}

func (x *express) react(source react.Source, e event.Event) []Intent {
	switch e.(type) {
	case event.FraudReportReceived, event.LossTransferDeclared:
		if x.City.Clock.Now().Sub(source.Meta.RecordedAt) <= firstOrdersWithin {
			return React(source, e)
		}
	}
	return nil
}

// carry carries out what a report leads to, and sends the orders that follow from
// it on their way, so that the next transfer of the report need not wait for them.
func (x *express) carry(ctx context.Context, cause es.Cause, i Intent) error {
	out, err := x.Pursuit(ctx, i.Pursuit, cause, es.AnyRevision, i.Chase)
	if err != nil {
		return err
	}
	for n, e := range out.Events {
		found, ok := e.(event.DownstreamAccountFound)
		if !ok || found.Order == "" {
			continue
		}
		place := out.Places[n]
		heard := react.Source{ID: place.ID, Key: string(i.Pursuit), Revision: place.Revision, Meta: es.Meta{Correlation: string(i.Pursuit)}}
		for k, order := range React(heard, e) {
			next := cause
			next.Command, next.Causation, next.Correlation = react.Command(event.StopPaymentReactor, place.ID, k), place.ID.String(), string(i.Pursuit)
			leave, err := x.orders.Enter(ctx)
			if err != nil {
				return err
			}
			x.given.Go(func() {
				defer leave()
				_ = x.App.carry(x.ctx, next, order) // what fails or is refused is the reactor's, which hears of it too
			})
		}
	}
	return nil
}
