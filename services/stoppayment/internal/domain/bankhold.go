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
		if e.HoldsUntil.After(o.BankUntil) {
			o.BankUntil = e.HoldsUntil
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
func endAtBank(cmd AnswerStop) time.Time {
	if !cmd.BankExpires.IsZero() {
		return cmd.BankExpires
	}
	return earlier(cmd.ExecutedAt, cmd.At).Add(StopWindow)
}

// beyond is until when the bank holds by its answer, if that is later than both
// the end that counts and now.
func beyond(cmd AnswerStop, expires time.Time) time.Time {
	if end := endAtBank(cmd); end.After(expires) && end.After(cmd.At) {
		return end
	}
	return time.Time{}
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
// the case gives the right to hold, or where a lift is under way, or was refused
// and is asked again.
func (a Account) letGoAtOnce(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		if o.Kind == KindStop && o.BankHolds(at) && !a.restrained(o.Case) && !a.freeing(o.ID) {
			events = append(events, a.liftBySelf(o, LiftUnlawful, at))
		}
	}
	return events
}

// restrained tells whether a measure of a case is in force.
func (a Account) restrained(c identity.CaseID) bool {
	return slices.ContainsFunc(a.restraints(c), func(o Order) bool { return o.State == Executed })
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
	if stop, _ = a.Find(stop.ID); !stop.BankHolds(at) || a.restrained(stop.Case) {
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
		return o.Kind == KindLift && o.Target == stop && o.Amount == 0 && a.pending(o)
	})
}
