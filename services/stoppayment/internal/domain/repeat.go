package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// A bank that could not carry out a lift or a release is asked again by itself,
// for as long as what was to end stands (程序规定 art. 247: within three days).
const (
	FirstRepeat   = 10 * time.Minute // after the first failure; each further one doubles it
	LongestRepeat = 4 * time.Hour
	// MaxRepeats is how often one lift or release is repeated by itself. A bank
	// that has refused it so often over a week is for a person to deal with.
	MaxRepeats = 40
)

// repeatClock runs until a bank is asked again to lift or to release.
const repeatClock = "repeat:"

// RepeatOrder wakes a lift or a release that its bank could not carry out.
type RepeatOrder struct {
	Order identity.OrderID
	At    time.Time
}

func (RepeatOrder) isAccountCommand() {}

// stands tells whether a measure holds money, or soon may.
func (a Account) stands(measure identity.OrderID) bool {
	o, ok := a.Find(measure)
	return a.heldByHand(measure) || ok && (o.State.Open() || o.State == Queued || o.State == Executed || !o.BankUntil.IsZero())
}

// pending tells whether a lift or a release is still to come: its bank has it, or
// could not carry it out, and what was to end stands. The term runs meanwhile.
func (a Account) pending(o Order) bool {
	return o.State.Open() || o.State == Failed && !o.FailedAt.IsZero() && a.stands(o.Target) && !a.followed(o)
}

// followed tells whether another order has taken the place of one that failed.
func (a Account) followed(failed Order) bool {
	later := false
	for _, o := range a.Orders {
		if o.ID == failed.ID {
			later = true
			continue
		}
		if !later || o.Kind != failed.Kind || o.Target != failed.Target {
			continue
		}
		if o.Repeats == failed.ID || o.Repeats == "" && !o.RequestAt.Before(failed.FailedAt) || o.Amount == 0 && o.State.Open() {
			return true
		}
	}
	return false
}

// repeats counts the failures of an order and of those that it repeats.
func (a Account) repeats(o Order) (n int) {
	for ok := true; ok && n <= MaxRepeats; n++ {
		if o.Repeats == "" {
			return n + 1
		}
		o, ok = a.Find(o.Repeats)
	}
	return n
}

// repeatAt is when the bank is asked again for what it could not carry out; false
// if it is not. A bank that knows nothing of the measure is not asked again by
// itself: where the order for it is still on its way, the answer to that one
// tells, and else a person has to look.
func (a Account) repeatAt(o Order) (time.Time, bool) {
	if (o.Kind != KindLift && o.Kind != KindRelease) || o.State != Failed || o.Refused == bank.UnknownOrder || !a.pending(o) {
		return time.Time{}, false
	}
	if p, byHand := a.paper(identity.RegistrationID(o.Target)); byHand && o.Cause == LiftUnpapered && a.heldByChannel(p.Case) {
		return time.Time{}, false // once none does
	}
	n := a.repeats(o)
	if n > MaxRepeats || o.Amount > 0 && a.partLeft(o) == 0 {
		return time.Time{}, false
	}
	wait := FirstRepeat
	for range n - 1 {
		wait = min(2*wait, LongestRepeat)
	}
	return o.FailedAt.Add(wait), true
}

// repeatsEnd shows, once, that a bank has refused a lift or a release so often that
// it is not asked again by itself: from here on it is for a person.
func (a Account) repeatsEnd(events []event.AccountEvent, o Order, cause string, at time.Time) []event.AccountEvent {
	if a.repeats(o) <= MaxRepeats {
		return events
	}
	return a.note(events, o, event.BankDiscrepancyFound{Kind: RepeatsEnded, Expected: string(o.Target), Found: cause}, at)
}

// toCome tells whether a lift or a release that is pending will be asked for, or was
// handed to a person after all repeats. One of which the bank knows nothing is
// neither: whatever it tells of the measure afterwards, it is asked anew.
func (a Account) toCome(o Order) bool {
	return a.pending(o) && (o.State.Open() || o.Refused != bank.UnknownOrder)
}

// partLeft is what there still is to a lift or a release in part: of a lift what
// the stop is to keep, of a release what goes; 0 if nothing is left to do.
func (a Account) partLeft(o Order) money.Fen {
	measure, _ := a.Find(o.Target)
	if measure.State != Executed {
		return 0
	}
	if o.Kind == KindRelease {
		return max(0, min(o.Amount, a.Frozen.Remaining-a.releasing(o.Target)))
	}
	if _, narrowing := a.lifting(o.Target); narrowing || measure.Hold.Held > 0 && o.Amount >= measure.Hold.Held {
		return 0
	}
	return o.Amount
}

// repeatOrder asks the bank again, with what is left of the same term.
func repeatOrder(a Account, cmd RepeatOrder) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok {
		return nil, nil
	}
	if at, due := a.repeatAt(o); !due || cmd.At.Before(at) {
		return nil, nil
	}
	part := money.Fen(0)
	if o.Amount > 0 {
		part = a.partLeft(o)
	}
	if o.Kind == KindRelease {
		return []event.AccountEvent{event.FreezeReleaseRequested{
			Order: followUpOrder("release", o.Target, a.followUps(o.Target, KindRelease)+1), Target: o.Target, Case: o.Case, Account: a.Ref,
			Amount: part, Cause: o.Cause, Objection: o.Objection, Approver: o.Approver, Operator: o.Officers[0], Investigator: o.Officers[1],
			Due: o.ExpiresAt, At: cmd.At, Repeats: o.ID,
		}}, nil
	}
	return []event.AccountEvent{event.LiftRequested{
		Order: followUpOrder("lift", o.Target, a.followUps(o.Target, KindLift)+1), Target: o.Target, Case: o.Case, Account: a.Ref,
		Keep: part, Cause: o.Cause, Objection: o.Objection, Approver: o.Approver, Operator: o.Officers[0], Investigator: o.Officers[1],
		Due: o.ExpiresAt, At: cmd.At, Repeats: o.ID,
	}}, nil
}

// overdueBefore tells whether the term of what an order repeats was reported as
// passed.
func (a Account) overdueBefore(repeats identity.OrderID) bool {
	o, _ := a.Find(repeats)
	return o.Overdue
}
