package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// answerFollowUp takes the bank's word on a renewal or a release. What it has done
// is never refused: it counts, or it is a discrepancy.
func answerFollowUp(a Account, cmd AnswerFollowUp) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || (o.Kind != KindRenewal && o.Kind != KindRelease):
		return nil, ErrNoOrder
	case !cmd.Done && !knownCause(cmd.Cause):
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
			o.Amount, cmd.ExecutedAt = 0, cmd.At
			return append(events, released(a, o, cmd)...)
		}
	case bank.UnknownOrder:
		events = a.note(nil, o, event.BankDiscrepancyFound{Kind: UnknownAtBank, Expected: string(o.Target), Found: cmd.Cause}, cmd.At)
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
	if a.Frozen.Order != o.Target || !cmd.ExecutedAt.Before(a.Frozen.Expires) {
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
		amount := min(o.Amount, a.Frozen.Remaining) // a refund or a court may have been faster
		return []event.AccountEvent{event.FreezePartiallyReleased{
			Order: o.Target, By: o.ID, Amount: amount, Remaining: a.Frozen.Remaining - amount, Cause: o.Cause, At: cmd.ExecutedAt,
		}}
	}
	events := []event.AccountEvent{event.FreezeLifted{Order: o.Target, By: o.ID, Cause: o.Cause, At: cmd.ExecutedAt}}
	if a.Frozen.Order != o.Target && !freeze.State.Open() {
		return events // it was still waiting, or over: nothing follows from its end
	}
	return append(events, a.promoted(o.Target, cmd.At)...)
}
