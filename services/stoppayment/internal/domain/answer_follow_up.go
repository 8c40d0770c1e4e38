package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// answerFollowUp takes the bank's word on a renewal or a release. What it has done
// is never refused: it counts, or it is a discrepancy.
func answerFollowUp(a Account, cmd AnswerFollowUp) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || (o.Kind != KindRenewal && o.Kind != KindRelease):
		return nil, ErrNoOrder
	case !cmd.Done && !KnownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done && o.State == Executed:
		differs := event.BankDiscrepancyFound{Kind: AnswerDiffers, Expected: o.ExecutedAt.Format(time.RFC3339), Found: cmd.Cause}
		return a.note(nil, o, differs, cmd.At), nil
	case !cmd.Done && !o.State.Open(), cmd.Done && o.State == Executed:
		return nil, nil // the same answer again, or nothing is left to change
	case !cmd.Done:
		return notFollowed(a, o, cmd), nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	}
	at, found := probable(o, cmd.ExecutedAt, cmd.At)
	cmd.ExecutedAt = at
	events := a.notes(nil, o, found, cmd.At)
	if o.Kind == KindRenewal {
		return append(events, renewed(a, o, cmd)...), nil
	}
	return append(events, released(a, o, cmd)...), nil
}

// notFollowed: the bank has not done it. Where it says that nothing stands any
// more which could be released, the holder is free; where it knows of no such
// freeze, nothing follows from that, and a person has to look.
func notFollowed(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	var events []event.AccountEvent
	switch cmd.Cause {
	case bank.Ended:
		events = a.note(nil, o, event.BankDiscrepancyFound{Kind: EndedAtBank, Expected: string(o.Target), Found: cmd.Cause}, cmd.At)
		if o.Kind == KindRelease {
			o.Amount, cmd.ExecutedAt, cmd.Released = 0, cmd.At, 0
			return append(events, released(a, o, cmd)...)
		}
	case bank.UnknownOrder:
		events = a.note(nil, o, event.BankDiscrepancyFound{Kind: UnknownAtBank, Expected: string(o.Target), Found: cmd.Cause}, cmd.At)
	}
	if o.Kind == KindRelease && cmd.Cause != bank.UnknownOrder {
		events = a.repeatsEnd(events, o, cmd.Cause, cmd.At)
	}
	return append(events, event.FreezeFollowUpFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At})
}

// renewed lets the freeze go on from its old end. One that the bank renewed when
// it had already ended here is not revived: the freeze was free by law (art. 240),
// and the bank is asked in the same breath to let it go. One that it renewed
// though it had said that it could not is shown, and does not count: the officers
// may have asked anew.
func renewed(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	freeze, _ := a.Find(o.Target)
	switch {
	case freeze.renewable(cmd.ExecutedAt) && !cmd.At.Before(freeze.ExpiresAt):
		return toldLate(a, o, freeze, cmd)
	case a.Frozen.Order != o.Target || !cmd.ExecutedAt.Before(a.Frozen.Expires):
		return renewedLate(a, o, freeze, cmd)
	}
	expires, found := termEnds(identity.AddMonths(a.Frozen.Expires, o.Term), a.Frozen.Expires, cmd.BankExpires)
	if o.State == Failed {
		late := event.BankDiscrepancyFound{Kind: ExecutedAfterFailure, Expected: o.Refused, Found: cmd.ExecutedAt.Format(time.RFC3339), HoldsUntil: expires}
		return a.note(nil, o, late, cmd.At)
	}
	return a.notes([]event.AccountEvent{event.FreezeRenewed{
		Order: o.Target, By: o.ID, Ordinal: o.Ordinal, ExpiresAt: expires, ResultCode: cmd.ResultCode, At: cmd.ExecutedAt,
	}}, o, found, cmd.At)
}

// renewable tells whether a renewal that was carried out at a time came before the end
// of a freeze that nobody has released.
func (o Order) renewable(executed time.Time) bool {
	return (o.State == Executed || o.State == Lapsed) && executed.Before(o.ExpiresAt)
}

// toldLate: the bank has renewed the freeze before its end, and says so after it. What
// was not on record before the end has ended (程序规定 art. 240), and yet the renewal
// was approved and carried out in time: neither is the freeze revived nor the bank
// asked to let go by the service itself. A person releases it, or freezes anew.
func toldLate(a Account, o, freeze Order, cmd AnswerFollowUp) []event.AccountEvent {
	var events []event.AccountEvent
	if freeze.State == Executed { // its clock comes a moment later
		events, _ = expireFreeze(a.letGo(freeze.ID), ExpireFreeze{Order: freeze.ID, At: cmd.At})
	}
	expires, _ := termEnds(identity.AddMonths(freeze.ExpiresAt, o.Term), freeze.ExpiresAt, cmd.BankExpires)
	return a.note(events, o, event.BankDiscrepancyFound{
		Kind: RenewalToldLate, Expected: freeze.ExpiresAt.Format(time.RFC3339), Found: cmd.ExecutedAt.Format(time.RFC3339),
		HoldsUntil: latestOf(expires, cmd.BankExpires),
	}, cmd.At)
}

func renewedLate(a Account, o, freeze Order, cmd AnswerFollowUp) []event.AccountEvent {
	var events []event.AccountEvent
	if o.State.Open() { // its freeze runs here still
		events = append(events, event.FreezeFollowUpFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: "lapsed", At: cmd.At})
	}
	late := event.BankDiscrepancyFound{
		Kind: RenewedAfterEnd, Found: cmd.ExecutedAt.Format(time.RFC3339),
		HoldsUntil: holdsUntil(freeze, cmd.ExecutedAt, cmd.BankExpires, cmd.At),
	}
	noted := a.note(events, o, late, cmd.At)
	if len(noted) > len(events) && freeze.State != Executed && !a.letting(freeze.ID) {
		noted = append(noted, a.releaseNow(freeze, cmd.At))
	}
	return noted
}

// released ends the freeze, or lowers it, as the bank has done it. Where nothing
// stands any more, nothing follows from it.
func released(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	freeze, _ := a.Find(o.Target)
	switch {
	case o.State == Lapsed, !a.stands(o.Target) && !o.State.Open():
		return nil // it was closed with its freeze
	case o.Amount > 0 && a.Frozen.Order != o.Target:
		if !o.State.Open() {
			return nil
		}
		return []event.AccountEvent{event.FreezeFollowUpFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: "lapsed", At: cmd.At}}
	case o.Amount > 0:
		return releasedPart(a, o, cmd)
	}
	events := []event.AccountEvent{event.FreezeLifted{Order: o.Target, By: o.ID, Cause: o.Cause, At: cmd.ExecutedAt}}
	events = a.holdsRest(events, o, freeze, cmd)
	if a.Frozen.Order != o.Target && !freeze.State.Open() {
		return events // it was still waiting, or over: nothing follows from its end
	}
	return append(events, a.promoted(o.Target, cmd.At)...)
}

// releasedPart lowers the freeze by what the bank says that it has set free: that, and
// not what was ordered, is what is not held any more.
func releasedPart(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	expected := min(o.Amount, a.Frozen.Remaining) // a refund or a court may have been faster
	amount := expected
	if cmd.Released > 0 {
		amount = min(cmd.Released, a.Frozen.Remaining)
	}
	events := []event.AccountEvent{event.FreezePartiallyReleased{
		Order: o.Target, By: o.ID, Amount: amount, Remaining: a.Frozen.Remaining - amount, Cause: o.Cause, At: cmd.ExecutedAt,
	}}
	return a.notes(events, o, releasedOther(expected, cmd.Released), cmd.At)
}

// releasedOther is what is odd about the amount that a bank says it has set free.
func releasedOther(expected, said money.Fen) []event.BankDiscrepancyFound {
	switch {
	case said < 0:
		return []event.BankDiscrepancyFound{{Kind: AmountNegative, Found: said.Decimal()}}
	case said > 0 && said != expected:
		return []event.BankDiscrepancyFound{{Kind: ReleasedDiffers, Expected: expected.Decimal(), Found: said.Decimal()}}
	}
	return nil
}

// holdsRest: a bank that was to release all and names less holds the rest on, though
// the freeze is over. It is asked in the same breath to let that go too. More than the
// books have is what has come in since.
func (a Account) holdsRest(events []event.AccountEvent, o, freeze Order, cmd AnswerFollowUp) []event.AccountEvent {
	if a.Frozen.Order != o.Target || cmd.Released >= a.Frozen.Remaining {
		return events
	}
	until := a.Frozen.Expires
	for _, d := range releasedOther(a.Frozen.Remaining, cmd.Released) {
		if d.Kind == ReleasedDiffers && until.After(cmd.At) {
			d.HoldsUntil = until
			events = append(a.note(events, o, d, cmd.At), a.releaseNow(freeze, cmd.At))
			continue
		}
		events = a.note(events, o, d, cmd.At)
	}
	return events
}
