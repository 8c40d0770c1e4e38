package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// How much of an account a stop holds (止付范围).
const (
	ScopeAll    = "ALL"    // 全额: only in, none out (只收不付)
	ScopeAmount = "AMOUNT" // 金额止付: what is above the amount may leave
)

// ApproveRaise (自动批准) approves an order that waits, if a standing approval
// covers it now.
type ApproveRaise struct {
	Order    identity.OrderID
	Standing []event.StandingApprovalGranted
	At       time.Time
}

func (ApproveRaise) isAccountCommand() {}

// tracedOf is how much of a case's money was traced to the account.
func (a Account) tracedOf(c identity.CaseID) money.Fen {
	var total money.Fen
	for _, in := range a.Inflows {
		if in.Case == c {
			total += sum(in.Lots)
		}
	}
	return total
}

// tracedWith is the same once the source of an order is counted in. An officer
// who names a transfer and no lots answers for all of it.
func (a Account) tracedWith(c identity.CaseID, source event.Transfer, lots []event.Lot) money.Fen {
	total, counted := money.Fen(0), false
	for _, in := range a.Inflows {
		if in.Case != c {
			continue
		}
		own := sum(in.Lots)
		if in.Source.ID == source.ID {
			own, counted = max(own, sum(lots)), true
		}
		total += own
	}
	switch {
	case counted:
	case len(lots) > 0:
		total += sum(lots)
	default:
		total = max(total, source.Amount)
	}
	return total
}

// tracedInAll is how much was traced to the account by all cases, the source of
// an order of this case counted in.
func (a Account) tracedInAll(c identity.CaseID, source event.Transfer, lots []event.Lot) money.Fen {
	total := a.tracedWith(c, source, lots)
	for _, in := range a.Inflows {
		if in.Case != c {
			total += sum(in.Lots)
		}
	}
	return total
}

// Stopped is what a stop holds of what was on the account when it was carried out:
// all of it, or the amount that it is limited to.
func (o Order) Stopped() money.Fen {
	if o.Hold.Held == 0 {
		return o.Balance
	}
	return min(o.Hold.Held, o.Balance)
}

// ceiling is the most that a stop of an amount may hold.
func (a Account) ceiling(stop Order) money.Fen {
	return a.tracedInAll(stop.Case, stop.Source, stop.Lots)
}

// ScopeOf decides how much of the account a stop holds: as its officer wants it,
// else as the city has it. A stop of an amount holds no more than was traced to
// the account (金额止付). Where nothing was traced the city's own way cannot be
// kept and the whole account is stopped.
func (a Account) ScopeOf(cmd RequestStop) (scope string, amount money.Fen, err error) {
	wanted := cmd.Scope
	if wanted == "" {
		wanted = cmd.DefaultScope
		if cmd.Account.Kind == identity.OrderNumberAccount {
			wanted = ScopeAmount // behind an order number is one payment; what else its payee has is not held
		}
	}
	if wanted != ScopeAmount {
		return ScopeAll, 0, nil
	}
	amount = cmd.Amount
	if amount == 0 {
		amount = a.tracedWith(cmd.Case, cmd.Source, cmd.Lots)
	}
	if amount == 0 && cmd.Scope == "" {
		return ScopeAll, 0, nil
	}
	if amount <= 0 || amount > a.tracedInAll(cmd.Case, cmd.Source, cmd.Lots) {
		return "", 0, ErrScopeAmount.At("/amountFen")
	}
	return ScopeAmount, amount, nil
}

// kept is the scope of a second stop: what the first one held when it was asked
// for, or had held when it lapsed, and no more than is still traced.
func (a Account) kept(first Order) (scope string, amount money.Fen) {
	if first.Hold.Held == 0 {
		return ScopeAll, 0
	}
	return ScopeAmount, min(first.Hold.Held, a.ceiling(first))
}

// wider is what is wrong with what the bank holds: more or less than it was asked
// for. A bank that names no amount has stopped the whole account.
func wider(o Order, e event.StopExecuted, at time.Time) []event.AccountEvent {
	if o.Hold.Scope != ScopeAmount || e.Held == o.Hold.Asked {
		return nil
	}
	kind, found := HeldDiffers, e.Held.Decimal()
	if e.Held == 0 {
		kind, found = ScopeWider, ScopeAll
	}
	return []event.AccountEvent{event.BankDiscrepancyFound{Order: o.ID, Kind: kind, Expected: o.Hold.Asked.Decimal(), Found: found, At: at}}
}

// Kinds of discrepancies of what a stop holds.
const (
	HeldDiffers       = "held-differs"        // another amount than was asked for
	ScopeWider        = "scope-wider"         // the whole account instead of an amount
	ExecutedAfterLift = "executed-after-lift" // carried out after it was withdrawn
)

// stopAnswered is the bank's answer to a stop with all that follows from it: what
// others hold on the account, what the stop holds, what was asked meanwhile.
func stopAnswered(a Account, cmd AnswerStop) ([]event.AccountEvent, error) {
	o, _ := a.Find(cmd.Order)
	if o.Kind == KindStop && o.State == Lifted && o.ExecutedAt.IsZero() {
		return afterLift(o, cmd), nil
	}
	events, err := answerStop(a, cmd)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if done, ok := e.(event.StopExecuted); ok {
			events = append(events, wider(o, done, cmd.At)...)
		}
	}
	return a.afterwards(append(events, a.foreign(o, cmd.Measures, cmd.At)...), cmd.At), nil
}

// raises are the orders for stops of an amount on an account to which more of
// the case's money was traced since the amount was decided. What a person has
// narrowed grows only by what came later. One raise is under way at a time: what
// is traced meanwhile is in the next, so that a bank is not asked fen by fen.
func (a Account) raises(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		if o.Kind != KindStop || o.State != Executed || o.Hold.Held == 0 {
			continue
		}
		more := a.tracedOf(o.Case) - o.Hold.Basis
		asked := max(o.Hold.Asked, o.Hold.Held)
		amount := min(asked+more, a.ceiling(o))
		if lifting, narrowing := a.lifting(o.ID); more <= 0 || amount <= asked || lifting || narrowing || a.followUpOpen(o.ID, KindRaise) {
			continue
		}
		raise := event.StopRaiseRequested{
			Order:  followUpOrder("raise", o.ID, a.followUps(o.ID, KindRaise)+1),
			Target: o.ID, Case: o.Case, Account: a.Ref, Level: o.Level, Amount: amount, Source: a.lastInflow(o.Case), Unit: o.Unit,
			Operator: o.Officers[0], Investigator: o.Officers[1], At: at,
		}
		events = append(events, raise)
		a = EvolveAccount(a, raise)
	}
	return events
}

// raisedFurther asks for what was traced while the bank worked on the raise
// before. One that failed is asked for again with the next money, not at once.
func (a Account) raisedFurther(events []event.AccountEvent, at time.Time) []event.AccountEvent {
	if !slices.ContainsFunc(events, func(e event.AccountEvent) bool { _, ok := e.(event.StopRaised); return ok }) {
		return events
	}
	return a.afterwards(events, at)
}

// lastInflow is the latest transfer that brought a case's money.
func (a Account) lastInflow(c identity.CaseID) (last event.Transfer) {
	for _, in := range a.Inflows {
		if in.Case == c && len(in.Lots) > 0 && !in.Source.At.Before(last.At) {
			last = in.Source
		}
	}
	return last
}

// approveRaise puts a waiting order under a standing approval.
func approveRaise(a Account, cmd ApproveRaise) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok {
		return nil, ErrNoOrder
	}
	if o.State != Waiting {
		return nil, nil
	}
	return approveUnder(cmd.Standing, event.StopRequested{
		Order: o.ID, Unit: o.Unit, Source: o.Source, Level: o.Level, Operator: o.Officers[0], Investigator: o.Officers[1],
	}, cmd.At), nil
}

// afterwards adds what follows from events by itself: a stop of an amount rises
// with the money that was traced, a lift that came before its stop is asked
// again.
func (a Account) afterwards(events []event.AccountEvent, at time.Time) []event.AccountEvent {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	for _, e := range events {
		if done, ok := e.(event.StopExecuted); ok {
			events = append(events, a.liftAgain(done.Order, at)...)
		}
	}
	return append(events, a.raises(at)...)
}
