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
// all of it, or the amount that it is limited to. What its bank says that it never
// held is not stopped.
func (o Order) Stopped() money.Fen {
	switch {
	case o.Hold.Denied:
		return 0
	case o.Hold.Held == 0:
		return o.Balance
	}
	return min(o.Hold.Held, o.Balance)
}

// ceiling is the most that a stop of an amount may hold. It falls with what is
// traced: what the order for the stop said of its source counts only while
// nothing else is on record of it.
func (a Account) ceiling(stop Order) money.Fen {
	if slices.ContainsFunc(a.Inflows, func(in Inflow) bool { return in.Case == stop.Case && in.Source.ID == stop.Source.ID }) {
		return a.tracedInAll(stop.Case, event.Transfer{}, nil)
	}
	return a.tracedInAll(stop.Case, stop.Source, stop.Lots)
}

// ScopeOf decides how much of the account a stop holds: as its officer wants it,
// else as the city has it. One who names an amount wants that amount stopped. A stop
// of an amount holds no more than was traced to the account (金额止付). Where nothing was traced the city's own way cannot be
// kept and the whole account is stopped.
func (a Account) ScopeOf(cmd RequestStop) (scope string, amount money.Fen, err error) {
	wanted := cmd.Scope
	switch {
	case wanted == ScopeAll && cmd.Amount != 0:
		return "", 0, ErrScopeBoth.At("/amountFen")
	case wanted != "":
	case cmd.Amount != 0, cmd.Account.Kind == identity.OrderNumberAccount:
		wanted = ScopeAmount // behind an order number is one payment; what else its payee has is not held
	default:
		wanted = cmd.DefaultScope
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
// for, or had held when it lapsed, and no more than it was to hold and than is
// still traced.
func (a Account) kept(first Order) (scope string, amount money.Fen, err error) {
	if first.Hold.Scope != ScopeAmount {
		return ScopeAll, 0, nil
	}
	amount = min(a.askedOf(first), a.ceiling(first))
	if first.Hold.Held > 0 {
		amount = min(amount, first.Hold.Held)
	}
	if amount <= 0 {
		return "", 0, ErrScopeAmount
	}
	return ScopeAmount, amount, nil
}

// askedOf is the amount that a stop is to hold by the orders that its bank may
// have carried out: without the raise that is under way.
func (a Account) askedOf(stop Order) money.Fen {
	for _, o := range a.Orders {
		if o.Kind == KindRaise && o.Target == stop.ID && o.State.Open() {
			return o.Hold.Asked
		}
	}
	return stop.Hold.Asked
}

// wider is what is wrong with what the bank holds by its answer to a stop of an
// amount: more or less than it is to hold. A bank that names no amount has stopped
// the whole account.
func (a Account) wider(o Order, said money.Fen) (event.BankDiscrepancyFound, bool) {
	expected := a.askedOf(o)
	if o.Hold.Scope != ScopeAmount || said == expected {
		return event.BankDiscrepancyFound{}, false
	}
	if said == 0 {
		return event.BankDiscrepancyFound{Kind: ScopeWider, Expected: expected.Decimal(), Found: ScopeAll}, true
	}
	return event.BankDiscrepancyFound{Kind: HeldDiffers, Expected: expected.Decimal(), Found: said.Decimal()}, true
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
	cmd = a.acted(o, cmd)
	if o.Kind == KindStop && o.State == Lifted && o.ExecutedAt.IsZero() {
		return a.afterLift(o, cmd), nil
	}
	events, err := answerStop(a, cmd)
	if err != nil {
		return nil, err
	}
	events = a.inPlace(events)
	for _, e := range events {
		var said money.Fen
		switch e := e.(type) { //nolint:gochecksumtype // the others say nothing of what the stop holds
		case event.StopExecuted:
			said = e.Held
		case event.StopAnswerCorrected:
			if e.Order != o.ID {
				continue // of the second stop, whose hours were moved
			}
			if said = e.Held; o.Hold.Changed {
				said = e.Said
			}
		default:
			continue
		}
		if found, odd := a.wider(o, said); odd && !(o.Hold.Changed && said == o.Hold.Said) {
			events = a.note(events, o, found, cmd.At)
		}
	}
	events = append(events, a.foreign(o, cmd.Measures, cmd.At)...)
	if cmd.AllMeasures && (o.State.Open() || cmd.Corrects) {
		events = append(events, a.gone(o, cmd.Measures, cmd.At)...)
	}
	return a.afterwards(events, cmd.At), nil
}

// afterwards adds what follows from events by itself: a stop of an amount rises
// with the money that was traced, a lift that came before its stop is asked
// again, and what a bank holds beyond the end is to be let go.
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
	return slices.Concat(events, a.letGoAtOnce(at), a.letGoByHand(at), a.raises(at))
}
