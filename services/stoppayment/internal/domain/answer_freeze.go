package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// answerFreeze takes the bank's word. What does not fit is a discrepancy and
// never hides that the bank has frozen: it is booked, or a release is ordered.
func answerFreeze(a Account, cmd AnswerFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindFreeze:
		return nil, ErrNoOrder
	case !cmd.Done && !KnownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done:
		return a.notes(notFrozen(a, o, cmd), o, cmd.Findings, cmd.At), nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case !o.State.Open() && o.State != Queued:
		return frozenAgain(a, o, cmd), nil
	case a.Frozen.Order != "":
		return secondFreeze(a, o, cmd), nil
	}
	cmd, found := plausible(o, cmd)
	events := a.notes(frozen(a, o, cmd), o, found, cmd.At)
	return append(events, a.releaseAgain(o, cmd.At)...), nil
}

// notes adds the discrepancies that are not on record yet.
func (a Account) notes(events []event.AccountEvent, o Order, found []event.BankDiscrepancyFound, at time.Time) []event.AccountEvent {
	for _, d := range found {
		events = a.note(events, o, d, at)
	}
	return events
}

// notFrozen takes the word that the bank has not frozen. If it has said before
// that it had, that stands, and a person has to look.
func notFrozen(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	switch {
	case o.State == Executed, o.State == Lifted && cmd.Cause == bank.Queued:
		return a.note(nil, o, event.BankDiscrepancyFound{Kind: AnswerDiffers, Expected: frozenSaid(o.ExecutedAt, o.Frozen), Found: cmd.Cause}, cmd.At)
	case !o.State.Open() && o.State != Queued:
		return nil
	case cmd.Cause == bank.Queued:
		return queued(o, cmd)
	}
	failed := event.FreezeFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}
	return append([]event.AccountEvent{failed}, a.promoted(o.ID, cmd.At)...)
}

// frozenSaid writes what two answers to a freeze can differ in.
func frozenSaid(at time.Time, frozen money.Fen) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339) + " " + frozen.Decimal()
}

// frozenAgain takes the word that the bank has frozen where the order is answered
// or over. The same word again is nothing new. One about a freeze that has failed,
// ended or was withdrawn tells of money that nobody may hold any more: the bank is
// asked in the same breath to let it go (程序规定 art. 241).
func frozenAgain(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	words := frozenSaid(cmd.ExecutedAt, cmd.Frozen)
	clipped, found := plausible(o, cmd)
	if !o.ExecutedAt.IsZero() && (cmd.ExecutedAt.Equal(o.ExecutedAt) || a.clamped(o, cmd.ExecutedAt)) && clipped.Frozen == o.Frozen {
		events := a.notes(nil, o, slices.DeleteFunc(found, func(d event.BankDiscrepancyFound) bool { return d.Kind == ExecutedImplausible }), cmd.At)
		return append(events, a.frozenLonger(o, clipped)...)
	}
	if o.State == Executed {
		return a.note(nil, o, event.BankDiscrepancyFound{Kind: AnswerDiffers, Expected: frozenSaid(o.ExecutedAt, o.Frozen), Found: words}, cmd.At)
	}
	late := event.BankDiscrepancyFound{Kind: ExecutedAfterRelease, Expected: string(o.State), Found: words, HoldsUntil: holdsUntil(o, cmd.ExecutedAt, cmd.BankExpires, cmd.At)}
	if o.State == Failed {
		late.Kind, late.Expected = ExecutedAfterFailure, o.Cause
	}
	events := a.noteHold(nil, o, late, cmd.At)
	if len(events) > 0 && !a.letting(o.ID) {
		events = append(events, a.releaseNow(o, cmd.At))
	}
	return events
}

// frozenLonger is what the same answer brings that names another end now: of a freeze
// in force a later one, at whose own end the bank is asked to let go; of one that is
// over any that is still to come, and the bank is asked at once.
func (a Account) frozenLonger(o Order, cmd AnswerFreeze) []event.AccountEvent {
	end := cmd.BankExpires
	over := o.State != Executed
	if !end.After(cmd.At) || !end.After(o.BankUntil) || end.Equal(o.Hold.End) || end.Equal(o.ExpiresAt) || !over && end.Before(o.ExpiresAt) {
		return nil
	}
	found := event.BankDiscrepancyFound{Kind: ExpiryDiffers, Expected: o.ExpiresAt.Format(time.RFC3339), Found: end.Format(time.RFC3339), HoldsUntil: end}
	if over {
		found.Kind, found.Expected = HoldsAfterEnd, string(o.State)
	}
	events := a.noteHold(nil, o, found, cmd.At)
	if over && !a.letting(o.ID) {
		events = append(events, a.releaseNow(o, cmd.At))
	}
	return events
}

// holdsUntil is until when a bank holds what it has frozen without a right to.
func holdsUntil(o Order, executed, expires, at time.Time) time.Time {
	if expires.After(at) {
		return expires
	}
	if executed.After(at) || executed.Before(o.RequestAt) {
		executed = at
	}
	return identity.AddMonths(executed, max(1, o.Request.TermMonths))
}

// releaseNow is the order, by the service itself, to let go of what a bank holds
// though the freeze is over. Who withdrew the freeze answers for it, or else who
// approved it; the officers of the freeze sign.
func (a Account) releaseNow(freeze Order, at time.Time) event.FreezeReleaseRequested {
	by := freeze
	for _, o := range a.Orders {
		if o.Kind == KindRelease && o.Target == freeze.ID && o.Amount == 0 && !o.Approver.Zero() {
			by = o
		}
	}
	return event.FreezeReleaseRequested{
		Order: followUpOrder("release", freeze.ID, a.followUps(freeze.ID, KindRelease)+1), Target: freeze.ID, Case: freeze.Case, Account: a.Ref,
		Cause: LiftUnlawful, Objection: by.Objection, Approver: by.Approver, Operator: by.Officers[0], Investigator: by.Officers[1],
		Due: at.Add(LiftTerm), At: at,
	}
}

// releaseAgain: a bank that knew nothing of the freeze when it was asked to
// release it, and has carried the freeze out since, is asked again.
func (a Account) releaseAgain(freeze Order, at time.Time) []event.AccountEvent {
	for _, o := range slices.Backward(a.Orders) {
		if o.Kind != KindRelease || o.Target != freeze.ID || o.Amount > 0 {
			continue
		}
		if o.State != Failed || o.Refused != bank.UnknownOrder || a.followed(o) {
			return nil
		}
		again := a.releaseNow(freeze, at)
		again.Cause, again.Due, again.Repeats = o.Cause, o.ExpiresAt, o.ID
		return []event.AccountEvent{again}
	}
	return nil
}

// queued keeps the place behind an earlier freezer (轮候); the same word again is
// nothing new.
func queued(o Order, cmd AnswerFreeze) []event.AccountEvent {
	if o.State == Queued && o.ExpiresAt.Equal(cmd.FormerExpires) {
		return nil
	}
	return []event.AccountEvent{event.FreezeQueued{
		Order: o.ID, Former: cmd.Former, FormerFrozen: cmd.FormerFrozen, FormerExpires: cmd.FormerExpires, At: cmd.At,
	}}
}

// plausible brings an answer within what can be: a time between the order and the
// answer; nothing below zero, no more frozen than there is, or than was applied
// for, or than the limit (限额).
func plausible(o Order, cmd AnswerFreeze) (AnswerFreeze, []event.BankDiscrepancyFound) {
	at, found := probable(o, cmd.ExecutedAt, cmd.At)
	if !cmd.BankExpires.IsZero() { // what it adds to its own time is what it means
		cmd.BankExpires = cmd.BankExpires.Add(at.Sub(cmd.ExecutedAt))
	}
	cmd.ExecutedAt = at
	differs := func(kind string, expected, said money.Fen) {
		found = append(found, event.BankDiscrepancyFound{Kind: kind, Expected: expected.Decimal(), Found: said.Decimal()})
	}
	for _, amount := range []*money.Fen{&cmd.Balance, &cmd.Applied, &cmd.Frozen} {
		if *amount < 0 {
			differs("amount-negative", 0, *amount)
			*amount = 0
		}
	}
	if limit := o.Request.Limit; limit > 0 && cmd.Applied != limit {
		differs("applied-differs", limit, cmd.Applied)
		cmd.Applied = min(cmd.Applied, limit)
	}
	if most := min(cmd.Balance, cmd.Applied); cmd.Frozen > most {
		differs("frozen-above-balance", most, cmd.Frozen)
		cmd.Frozen = most
	}
	return cmd, append(found, cmd.Findings...)
}

// probable is the time of execution that counts: the bank's or, where that cannot
// be, the nearest that can.
func probable(o Order, said, answered time.Time) (at time.Time, found []event.BankDiscrepancyFound) {
	if !implausible(said, o.RequestAt, answered) {
		return said, nil
	}
	at = answered
	if said.Before(o.RequestAt) {
		at = o.RequestAt
	}
	return at, []event.BankDiscrepancyFound{{Kind: ExecutedImplausible, Expected: at.Format(time.RFC3339), Found: said.Format(time.RFC3339)}}
}

// secondFreeze: a bank cannot freeze twice (程序规定 art. 242). What it calls
// executed is a discrepancy, and the order waits behind the freeze in force, to
// whose end the bank is asked for it again.
func secondFreeze(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	events := a.note(nil, o, event.BankDiscrepancyFound{Kind: "second-freeze", Expected: string(a.Frozen.Order)}, cmd.At)
	waits := AnswerFreeze{Former: string(a.Frozen.Order), FormerFrozen: a.Frozen.Remaining, FormerExpires: a.Frozen.Expires, At: cmd.At}
	return append(events, queued(o, waits)...)
}

// frozen starts the term and ends the stops that the freeze takes over from.
// Another end of the term that a bank names is a discrepancy; the earlier
// counts, and at that one the bank is asked to let go.
func frozen(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	expires, found := termEnds(identity.AddMonths(cmd.ExecutedAt, o.Request.TermMonths), cmd.ExecutedAt, cmd.BankExpires)
	if expires.Before(cmd.At) {
		found = append(found, event.BankDiscrepancyFound{Kind: AnswerLate, Expected: expires.Format(time.RFC3339), Found: cmd.At.Format(time.RFC3339)})
	}
	attribution := Brief(a.Attribution) // the rest of a long one is in its own events
	if attribution.Revision > 0 && (cmd.Balance != attribution.Balance || !a.Stopped()) {
		// Money has moved, or could have, since the statement: whose it is can
		// no longer be told one to one.
		attribution.Exact = false
		found = append(found, event.BankDiscrepancyFound{Kind: "balance-moved", Expected: attribution.Balance.Decimal(), Found: cmd.Balance.Decimal()})
	}
	events := a.notes([]event.AccountEvent{event.FreezeExecuted{
		Order: o.ID, Case: o.Case, CaseNo: o.Request.CaseNo, Account: a.Ref, ExecutedAt: cmd.ExecutedAt, ExpiresAt: expires,
		Applied: cmd.Applied, Frozen: cmd.Frozen, Balance: cmd.Balance, ResultCode: cmd.ResultCode, Attribution: attribution,
	}}, o, found, cmd.At)
	for _, stop := range a.Orders {
		if stop.Kind == KindStop && stop.Case == o.Case && stop.State == Executed {
			events = append(events, event.StopLifted{Order: stop.ID, Cause: LiftConverted, At: cmd.ExecutedAt})
		}
	}
	return append(events, a.overtaken(o.Case, cmd.At)...)
}

// termEnds is the end that counts where a bank may name another one than the law
// has it: the earlier, unless that would be before the term has begun. A bank that
// names a later one holds on after it.
func termEnds(lawful, begins, said time.Time) (time.Time, []event.BankDiscrepancyFound) {
	if said.IsZero() || said.Equal(lawful) {
		return lawful, nil
	}
	found := event.BankDiscrepancyFound{Kind: ExpiryDiffers, Expected: lawful.Format(time.RFC3339), Found: said.Format(time.RFC3339)}
	if said.After(lawful) {
		found.HoldsUntil = said
	}
	if said.After(begins) {
		lawful = earlier(lawful, said)
	}
	return lawful, []event.BankDiscrepancyFound{found}
}
