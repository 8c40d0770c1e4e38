package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// errParent is that an order on its way names one that its account does not have
// yet: not a refusal, it has to come again.
var errParent = errors.New("the parent's order is not there yet")

// chased is what a command to a chase has led to.
type chased = es.Outcome[domain.Pursuit, event.PursuitEvent]

// Order carries an officer's own order to its chase and at once on to its account,
// by the command that the reactor gives too, so that what the account refuses is
// refused to the officer, and of two who order at once one is. It returns the order.
func (a App) Order(ctx context.Context, id identity.CaseID, cause es.Cause, expected es.Expected, cmd domain.OrderStop) (chased, identity.OrderID, error) {
	past, err := a.Pursuits.Load(ctx, string(id))
	if err != nil {
		return chased{}, "", err
	}
	if cmd.Over, err = a.had(ctx, past.State, cmd.Account.ID); err != nil {
		return chased{}, "", err
	}
	if cmd.ParentOrder, err = a.had(ctx, past.State, cmd.Parent); err != nil {
		return chased{}, "", err
	}
	out, err := a.Pursuit(ctx, id, cause, expected, cmd)
	if err != nil {
		return out, "", err
	}
	for n, e := range out.Events {
		if found, ok := e.(event.DownstreamAccountFound); ok && found.Order != "" {
			return out, found.Order, a.requestNow(ctx, id, out.Places[n], found, cause)
		}
	}
	return out, "", nil
}

// requestNow does what the reactor does when it hears of the order.
func (a App) requestNow(ctx context.Context, id identity.CaseID, place es.Place, found event.DownstreamAccountFound, cause es.Cause) error {
	heard := react.Source{ID: place.ID, Key: string(id), Revision: place.Revision, Meta: es.Meta{Correlation: string(id)}}
	return a.request(ctx, es.Cause{
		Command: react.Command(event.StopPaymentReactor, place.ID, 0), Actor: service.SystemActor(Name),
		Correlation: string(id), Causation: place.ID.String(), At: cause.At,
	}, stop(heard, found)[0])
}

// had is the order of a chase for an account, if the account has it.
func (a App) had(ctx context.Context, p domain.Pursuit, account identity.AccountID) (identity.OrderID, error) {
	node, met := p.Node(account)
	if !met || node.Order == "" {
		return "", nil
	}
	has, err := a.has(ctx, account, node.Order)
	if err != nil || !has {
		return "", err
	}
	return node.Order, nil
}

// request gives an account the order of its chase. What it refuses goes back to the
// chase, which had counted on it; the refusal comes back as well.
func (a App) request(ctx context.Context, cause es.Cause, i Intent) error {
	cmd, ok := i.Money.(domain.RequestStop)
	if !ok {
		return nil
	}
	cmd.At, cmd.Method, cause.Correlation = cause.At, a.Method(), string(cmd.Case)
	err := a.sound(ctx, cmd, i)
	if err == nil {
		_, err = a.Account(ctx, i.Account, cause, es.AnyRevision, cmd)
	}
	refusal, refused := errors.AsType[*rule.Violation](err)
	if !refused {
		return err
	}
	if err := a.refuse(ctx, cause, cmd.Case, domain.NoteRefused{Account: i.Account, Order: cmd.Order, Cause: refusal.Rule.Code, At: cause.At}); err != nil {
		return err
	}
	if err := a.goOn(ctx, cause, cmd, i, refusal); err != nil {
		return err
	}
	return refusal
}

// goOn follows the money of an order that was refused all the same, and orders what
// the parent's other order allows.
func (a App) goOn(ctx context.Context, cause es.Cause, cmd domain.RequestStop, i Intent, refusal error) error {
	command := cause.Command
	if len(cmd.Lots) > 0 {
		cause.Command = react.Command("inflow", command, 0)
		if err := a.carry(ctx, cause, Intent{Account: i.Account, Money: domain.TraceInflow{Case: cmd.Case, Source: cmd.Source, Lots: cmd.Lots, Basis: cmd.Basis}}); err != nil {
			return err
		}
	}
	if i.Parent == "" || !errors.Is(refusal, domain.ErrChainParent) {
		return nil
	}
	cause.Command = react.Command("follow-up", command, 0)
	return a.chase(ctx, cause, Intent{Pursuit: cmd.Case, Chase: domain.FollowUp{Account: i.Parent}})
}

// baseless tells that what an intent rests on is an order that was refused.
func (a App) baseless(ctx context.Context, i Intent) (bool, error) {
	if i.By == "" {
		return false, nil
	}
	past, err := a.Pursuits.Load(ctx, string(i.Pursuit))
	_, refused := past.State.Refused(i.By)
	return refused, err
}

// sound refuses an order that was refused before, whatever has become of the account
// since, and a chain order whose parent's order came to nothing (I08).
func (a App) sound(ctx context.Context, cmd domain.RequestStop, i Intent) error {
	if i.Unsure {
		past, err := a.Pursuits.Load(ctx, string(cmd.Case))
		if err != nil {
			return err
		}
		if e, known := past.State.Refused(cmd.Order); known {
			return domain.Refusal(e.Cause)
		}
	}
	if i.Parent == "" || cmd.ParentOrder == "" {
		return nil
	}
	has, err := a.has(ctx, i.Parent, cmd.ParentOrder)
	if err != nil || has {
		return err
	}
	past, err := a.Pursuits.Load(ctx, string(cmd.Case))
	if err != nil {
		return err
	}
	if _, refused := past.State.Refused(cmd.ParentOrder); refused {
		return domain.ErrChainParent
	}
	return errParent
}

// refuse notes in a chase that an account did not take up an order, and with which
// order of the account the chase goes on.
func (a App) refuse(ctx context.Context, cause es.Cause, id identity.CaseID, note domain.NoteRefused) error {
	past, err := a.Accounts.Load(ctx, string(note.Account))
	if err != nil {
		return err
	}
	note.Stands = past.State.StopOf(id)
	cause.Command = react.Command("refused", cause.Command, 0)
	out, err := a.Pursuit(ctx, id, cause, es.AnyRevision, note)
	if err == nil && len(out.Events) > 0 && !out.Repeated {
		a.City.Logger.Warn("an account did not take up an order of its chase", slog.String("order", string(note.Order)), slog.String("reason", note.Cause))
	}
	return err
}

// has tells whether an account has an order.
func (a App) has(ctx context.Context, account identity.AccountID, order identity.OrderID) (bool, error) {
	if a.given.has(order) {
		return true, nil
	}
	past, err := a.Accounts.Load(ctx, string(account))
	if err != nil {
		return false, err
	}
	_, known := past.State.Find(order)
	if known {
		a.given.note(order)
	}
	return known, nil
}

// givenMost bounds how many orders are remembered.
const givenMost = 4096

// given remembers orders that their accounts have: hundreds of chain orders name the
// same one, and an account never loses an order.
type given struct {
	mu     sync.Mutex
	orders map[identity.OrderID]bool
}

func newGiven() *given { return &given{orders: map[identity.OrderID]bool{}} }

func (g *given) has(id identity.OrderID) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.orders[id]
}

func (g *given) note(id identity.OrderID) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.orders) >= givenMost {
		clear(g.orders)
	}
	g.orders[id] = true
}
