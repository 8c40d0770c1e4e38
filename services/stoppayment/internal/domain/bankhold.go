package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// LiftUnlawful (无权继续控制) is why a bank is asked, by the service itself, to let
// go of what it holds though the measure has ended: it named a later end, or
// carried out what had failed or was withdrawn (银发〔2016〕86号: 48 hours and no
// longer).
const LiftUnlawful = "unlawful-hold"

// LiftConverted (转为冻结) is why a stop ends that a freeze takes over from, or has
// overtaken. Nobody can order it.
const LiftConverted = "converted"

// HoldsAfterEnd (到期仍在控制): a bank reports as standing what has ended here.
const HoldsAfterEnd = "holds-after-end"

// heldOn notes until when a bank holds an account that the city has no right to
// hold. What is told of a renewal or a release concerns the measure itself.
func (a Account) heldOn(e event.BankDiscrepancyFound) Account {
	id := e.Order
	if o, _ := a.Find(id); o.Target != "" {
		id = o.Target
	}
	return a.change(id, func(o *Order) {
		o.Hold.Late = o.Hold.Late || e.Kind == ExecutedAfterLift
		o.Hold.Denied = o.Hold.Denied || e.Kind == AnswerWithdrawn
		if e.HoldsUntil.After(o.BankUntil) {
			o.BankUntil = e.HoldsUntil
		}
		if !e.HoldsUntil.IsZero() && e.Kind != AnswerDiffers { // which does not take the place of the answer
			o.Hold.End = e.HoldsUntil
		}
	})
}

// letGo notes that the bank holds nothing more under a measure.
func (a Account) letGo(measure identity.OrderID) Account {
	return a.change(measure, func(o *Order) { o.BankUntil = time.Time{} })
}

// BankHolds (银行仍在控制) tells whether, at a time, the bank still holds the
// account under a measure that is over here.
func (o Order) BankHolds(at time.Time) bool {
	return !o.State.Open() && o.State != Executed && o.State != Queued && at.Before(o.BankUntil)
}

// endAtBank is until when the bank holds by its answer to a stop that is over, or
// that ends before.
func (a Account) endAtBank(o Order, cmd AnswerStop) time.Time {
	if !cmd.BankExpires.IsZero() {
		return cmd.BankExpires
	}
	executed := earlier(cmd.ExecutedAt, cmd.At)
	begins := a.begins(o, executed)
	if executed.Before(o.From) { // the bank counts from the end of the first that it was told
		begins = latestOf(begins, o.From)
	}
	return begins.Add(StopWindow)
}

// beyond is until when the bank holds by its answer, if that is later than both
// the end that counts and now.
func (a Account) beyond(o Order, cmd AnswerStop, expires time.Time) time.Time {
	if end := a.endAtBank(o, cmd); end.After(expires) && end.After(cmd.At) {
		return end
	}
	return time.Time{}
}

// claimed is until when the bank holds without right by a further answer to a stop
// that it has carried out: beyond the end that counts or, if the stop is over, at
// all. One that tells of no other end than the answer before says nothing of it; else
// spoken.
func (a Account) claimed(o Order, cmd AnswerStop, expires time.Time) (until time.Time, spoken bool) {
	same := cmd.ExecutedAt.Equal(o.ExecutedAt) || a.clamped(o, cmd.ExecutedAt)
	end := a.endAtBank(o, cmd)
	switch {
	case same && !o.Hold.Denied && (cmd.BankExpires.IsZero() || end.Equal(o.Hold.End) && !end.After(expires)):
		return time.Time{}, false
	case o.State != Executed:
		return a.beyond(o, cmd, time.Time{}), true
	}
	return a.beyond(o, cmd, expires), true
}

// holdsOn is until when the bank holds without right once it has corrected its
// answer. A correction that names no end takes nothing back of what the bank had said
// of it, as long as the beginning that counts stays where it was: one that cannot be,
// in whose place that beginning stands, tells of no other end.
func (a Account) holdsOn(o Order, cmd AnswerStop, at, expires time.Time) time.Time {
	until, spoken := a.claimed(o, cmd, expires)
	silent := cmd.BankExpires.IsZero() && at.Equal(o.ExecutedAt) && !o.Hold.Denied
	if (silent || !spoken) && o.BankUntil.After(cmd.At) {
		return latestOf(until, o.BankUntil)
	}
	return until
}

// longer is what the same answer brings that names another end now.
func (a Account) longer(o Order, cmd AnswerStop) []event.BankDiscrepancyFound {
	until, _ := a.claimed(o, cmd, o.ExpiresAt)
	switch {
	case until.IsZero() || until.Equal(o.Hold.End) || !until.After(o.BankUntil):
		return nil
	case until.After(o.ExpiresAt):
		return []event.BankDiscrepancyFound{{Kind: ExpiryDiffers, Expected: o.ExpiresAt.Format(time.RFC3339), Found: until.Format(time.RFC3339), HoldsUntil: until}}
	}
	return []event.BankDiscrepancyFound{{Kind: HoldsAfterEnd, Expected: string(o.State), Found: until.Format(time.RFC3339), HoldsUntil: until}}
}

// withdrawn: the bank takes back that it has carried a stop out. A person has to
// look; what it says that it never held does not count as stopped meanwhile.
func (a Account) withdrawn(o Order, cmd AnswerStop) []event.AccountEvent {
	found := event.BankDiscrepancyFound{Kind: AnswerWithdrawn, Found: cmd.Cause}
	if o.Hold.Denied {
		return a.note(nil, o, found, cmd.At)
	}
	found.Order, found.At = o.ID, cmd.At // news, though it may have said the same before it said otherwise
	return []event.AccountEvent{found}
}

// overtaken is what becomes of a case's stops that are not carried out yet when its
// account is frozen: one that waits is rejected, one that the bank may have seen is
// withdrawn. There is no stop after a freeze (银发〔2016〕86号).
func (a Account) overtaken(c identity.CaseID, at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		switch {
		case o.Kind != KindStop || o.Case != c || a.freeing(o.ID):
		case o.State == Waiting:
			events = append(events, event.StopRejected{Order: o.ID, Reason: LiftConverted, At: at})
		case o.State.Open():
			events = append(events, a.liftBySelf(o, LiftConverted, at))
		}
	}
	return events
}

// letGoAtOnce asks each bank to let go of what it holds though the stop is over:
// at its end, or as soon as the bank says so. The officers of the stop sign; who
// approved it approved no longer hold. Nothing is asked while another measure of
// the case gives the right to hold all, or where a lift is under way, or was refused
// and is asked again.
func (a Account) letGoAtOnce(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		if o.Kind == KindStop && o.BankHolds(at) && !a.covered(o.Case) && !a.freeing(o.ID) {
			events = append(events, a.liftBySelf(o, LiftUnlawful, at))
		}
	}
	return events
}

// covered tells whether a measure of a case is in force that gives the right to hold
// the whole account. One of an amount gives none to hold another amount beside it.
func (a Account) covered(c identity.CaseID) bool {
	return slices.ContainsFunc(a.restraints(c), func(o Order) bool { return o.State == Executed && !a.limited(o) })
}

// limited tells whether a measure holds an amount alone, as it was asked for or since
// a part of it was released.
func (a Account) limited(o Order) bool {
	if o.Kind == KindStop {
		return o.Hold.Scope == ScopeAmount
	}
	return o.Request.Limit > 0 || slices.ContainsFunc(a.Orders, func(r Order) bool {
		return r.Kind == KindRelease && r.Target == o.ID && r.Amount > 0 && r.State == Executed
	})
}

// liftBySelf is a lift that nobody has to ask for. What an earlier one that came
// to nothing had left of its term goes on.
func (a Account) liftBySelf(stop Order, cause string, at time.Time) event.LiftRequested {
	lift := event.LiftRequested{
		Order: followUpOrder("lift", stop.ID, a.followUps(stop.ID, KindLift)+1), Target: stop.ID, Case: stop.Case, Account: a.Ref, Cause: cause,
		Approver: stop.Approver, Operator: stop.Officers[0], Investigator: stop.Officers[1], Due: at.Add(LiftTerm), At: at,
	}
	for _, o := range slices.Backward(a.Orders) {
		if o.Kind == KindLift && o.Target == stop.ID && o.Amount == 0 && (o.State == Lapsed || o.State == Failed) && o.ExpiresAt.After(at) {
			lift.Due, lift.Objection = o.ExpiresAt, o.Objection
			break
		}
	}
	return lift
}

// lapsed ends a stop, and asks its bank anew to let go if that holds on: a lift that
// was under way came to its end with the stop.
func (a Account) lapsed(stop Order, at time.Time) []event.AccountEvent {
	lapse := event.StopLapsed{Order: stop.ID, ExpiredAt: stop.ExpiresAt}
	a = EvolveAccount(a, lapse)
	if stop, _ = a.Find(stop.ID); !stop.BankHolds(at) || a.covered(stop.Case) {
		return append([]event.AccountEvent{lapse}, a.letGoAtOnce(at)...)
	}
	lift := a.liftBySelf(stop, LiftUnlawful, at)
	return append([]event.AccountEvent{lapse, lift}, EvolveAccount(a, lift).letGoAtOnce(at)...)
}

// andLetGo adds to events what banks are asked to let go of once they have
// happened.
func (a Account) andLetGo(events []event.AccountEvent, at time.Time) []event.AccountEvent {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	return append(events, a.letGoAtOnce(at)...)
}

// freeing tells whether a lift of all that a stop holds is still to come.
func (a Account) freeing(stop identity.OrderID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindLift && o.Target == stop && o.Amount == 0 && a.toCome(o)
	})
}
