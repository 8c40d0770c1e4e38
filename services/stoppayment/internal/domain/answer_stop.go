package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
)

// answerStop takes the bank's word. The same answer twice is one answer; a
// failed order never becomes an executed one. Whatever is odd about an answer,
// that the bank has stopped the account is taken.
func answerStop(a Account, cmd AnswerStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindStop:
		return nil, ErrNoOrder
	case o.State == Waiting || o.State == Rejected:
		return nil, ErrNotApproved
	case o.State == Failed && !cmd.Done:
		return a.receive(o, nil, cmd.Statement, cmd.Method, cmd.At)
	case o.State == Failed:
		found := event.BankDiscrepancyFound{Kind: ExecutedAfterFailure, Expected: o.Cause, Found: said(cmd), HoldsUntil: a.beyond(o, cmd, time.Time{})}
		return a.noteHold(nil, o, found, cmd.At), nil
	case o.State != Approved && o.State != Sent:
		return again(a, o, cmd)
	case !cmd.Done:
		return failed(a, o, cmd)
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	}
	return executed(a, o, cmd)
}

// again takes an answer to an order that has been answered: the same answer is
// nothing new, and a statement that comes later or more complete is welcome.
// Another one is for a person to look at, unless the bank says that it corrects
// the one before (更正).
func again(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	switch {
	case !cmd.Done && !KnownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done && cmd.Corrects:
		return a.withdrawn(o, cmd), nil
	case !cmd.Done:
		return a.note(nil, o, event.BankDiscrepancyFound{Kind: AnswerDiffers, Expected: wasSaid(o), Found: cmd.Cause}, cmd.At), nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	}
	at, found := likely(o, cmd)
	same := (at.Equal(o.ExecutedAt) || a.clamped(o, cmd.ExecutedAt)) && max(cmd.BalanceBefore, 0) == o.Balance && !holdsOther(o, cmd)
	switch {
	case cmd.Corrects && (!same || o.Hold.Denied || a.endsElse(o, cmd) || a.rewrites(o, cmd)):
		return correct(a, o, cmd)
	case !same:
		return a.noteHold(nil, o, a.differently(o, cmd), cmd.At), nil
	}
	var events []event.AccountEvent
	if a.clamped(o, cmd.ExecutedAt) {
		found = nil
	}
	for _, d := range slices.Concat(found, a.longer(o, cmd), negative(cmd), cmd.Findings) {
		events = a.noteHold(events, o, d, cmd.At)
	}
	return a.receive(o, events, cmd.Statement, cmd.Method, cmd.At)
}

// rewrites tells whether a correction brings another statement than the one that
// counts. Of one in several parts each tells.
func (a Account) rewrites(o Order, cmd AnswerStop) bool {
	s := cmd.Statement
	return s.Given && a.Replacing != o.ID &&
		!a.counted(event.StatementReceived{Order: o.ID, Opening: s.Opening, Rows: s.Rows, Part: s.Part, Parts: s.Parts})
}

// correct puts another answer in the place of the one before. Of two ends of the
// stop the earlier counts: nobody is held longer because a bank was wrong. An
// amount that was changed since is not what the bank corrects.
func correct(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	at, expires, found := a.taken(o, cmd)
	done := event.StopAnswerCorrected{
		Order: o.ID, ExecutedAt: at, From: a.prolonged(o, at), ExpiresAt: expires, BalanceBefore: max(cmd.BalanceBefore, 0), Held: o.Hold.Said, ResultCode: cmd.ResultCode, At: cmd.At,
	}
	done.BankExpiresAt = a.holdsOn(o, cmd, at, expires)
	if cmd.Held > 0 {
		done.Held = cmd.Held
	}
	if o.Hold.Changed {
		done.Said, done.Held = done.Held, o.Hold.Held
	}
	events := append(a.movedWith(o, expires, cmd.At), done)
	for _, d := range found {
		events = a.note(events, o, d, cmd.At)
	}
	return a.receive(o, events, cmd.Statement, cmd.Method, cmd.At)
}

// executed starts the 48 hours from the bank's time of execution, or from the end
// of the first stop, where this one prolongs it.
func executed(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	at, expires, found := a.taken(o, cmd)
	done := event.StopExecuted{
		Order: o.ID, Case: o.Case, Ordinal: o.Ordinal, Level: o.Level, ExecutedAt: at, ExpiresAt: expires,
		BalanceBefore: max(cmd.BalanceBefore, 0), ResultCode: cmd.ResultCode, Held: max(cmd.Held, 0), From: a.prolonged(o, at),
	}
	if !cmd.BankExpires.IsZero() {
		done.BankExpiresAt = a.beyond(o, cmd, expires)
	}
	events := []event.AccountEvent{done}
	for _, d := range found {
		events = a.note(events, o, d, cmd.At)
	}
	if a.Frozen.Order != "" && a.Frozen.Case == o.Case && !a.freeing(o.ID) { // the answer to the freeze has overtaken this one
		events = append(events, a.liftBySelf(o, LiftConverted, cmd.At))
	}
	return a.receive(o, events, cmd.Statement, cmd.Method, cmd.At)
}

// taken is what counts of an answer: when the stop was carried out, when it
// ends, and what is odd about it. If the bank names another end, that is a
// discrepancy, and the earlier end counts; so it does where a bank corrects when
// it began.
func (a Account) taken(o Order, cmd AnswerStop) (at, expires time.Time, found []event.BankDiscrepancyFound) {
	at, found = likely(o, cmd)
	expires = a.begins(o, at).Add(StopWindow)
	end := cmd.BankExpires
	if answered := !o.ExpiresAt.IsZero(); answered {
		if end.IsZero() && !at.Equal(o.ExecutedAt) {
			end = expires
		}
		expires = earlier(expires, o.ExpiresAt)
	}
	if !end.IsZero() && !end.Equal(expires) {
		found = append(found, event.BankDiscrepancyFound{Kind: ExpiryDiffers, Expected: expires.Format(time.RFC3339), Found: end.Format(time.RFC3339)})
		if end.After(at) {
			expires = earlier(expires, end)
		}
	}
	if expires.Before(cmd.At) {
		found = append(found, event.BankDiscrepancyFound{Kind: AnswerLate, Expected: expires.Format(time.RFC3339), Found: cmd.At.Format(time.RFC3339)})
	}
	return at, expires, slices.Concat(found, negative(cmd), cmd.Findings)
}

// negative are the amounts of an answer that are below zero. They count as not
// said.
func negative(cmd AnswerStop) (found []event.BankDiscrepancyFound) {
	if cmd.BalanceBefore < 0 {
		found = append(found, event.BankDiscrepancyFound{Kind: BalanceNegative, Found: cmd.BalanceBefore.Decimal()})
	}
	if cmd.Held < 0 {
		found = append(found, event.BankDiscrepancyFound{Kind: AmountNegative, Found: cmd.Held.Decimal()})
	}
	return found
}

// likely is the time of execution that counts: the bank's or, where that
// cannot be, the nearest that can.
func likely(o Order, cmd AnswerStop) (at time.Time, found []event.BankDiscrepancyFound) {
	if !implausible(cmd.ExecutedAt, o.Earliest(), cmd.At) {
		return cmd.ExecutedAt, nil
	}
	at = cmd.At
	if cmd.ExecutedAt.Before(o.Earliest()) {
		at = o.Earliest()
	}
	return at, []event.BankDiscrepancyFound{{Kind: ExecutedImplausible, Expected: at.Format(time.RFC3339), Found: cmd.ExecutedAt.Format(time.RFC3339)}}
}

// clamped tells whether the order's time of execution stands in the place of this
// one, which the bank has given before.
func (a Account) clamped(o Order, said time.Time) bool {
	return slices.ContainsFunc(a.Discrepancies, func(d event.BankDiscrepancyFound) bool {
		return d.Order == o.ID && d.Kind == ExecutedImplausible && d.Found == said.Format(time.RFC3339)
	})
}

// implausible tells whether a bank's time of execution lies before the order
// or ahead of the time of its answer, clocks going a little apart.
func implausible(executed, requested, answered time.Time) bool {
	return executed.Before(requested.Add(-ClockSkew)) || executed.After(answered.Add(ClockSkew))
}

// said and wasSaid write what two answers can differ in.
func said(cmd AnswerStop) string {
	return cmd.ExecutedAt.Format(time.RFC3339) + " " + cmd.BalanceBefore.Decimal()
}

func wasSaid(o Order) string { return o.ExecutedAt.Format(time.RFC3339) + " " + o.Balance.Decimal() }

// differently is what is on record of an answer that says something else than the
// one before.
func (a Account) differently(o Order, cmd AnswerStop) event.BankDiscrepancyFound {
	d := event.BankDiscrepancyFound{Kind: AnswerDiffers, Expected: wasSaid(o), Found: said(cmd)}
	d.HoldsUntil, _ = a.claimed(o, cmd, o.ExpiresAt)
	if holdsOther(o, cmd) {
		d.Expected += " " + o.Hold.Said.Decimal()
		d.Found += " " + cmd.Held.Decimal()
	}
	return d
}

// holdsOther tells whether an answer names another amount than the one before
// did. One that names none leaves it at that.
func holdsOther(o Order, cmd AnswerStop) bool { return cmd.Held > 0 && cmd.Held != o.Hold.Said }

// endsElse tells whether an answer names an end that its bank has not named yet.
func (a Account) endsElse(o Order, cmd AnswerStop) bool {
	return !cmd.BankExpires.IsZero() && !cmd.BankExpires.Equal(o.ExpiresAt) && !cmd.BankExpires.Equal(o.BankUntil) &&
		!slices.ContainsFunc(a.Discrepancies, func(d event.BankDiscrepancyFound) bool {
			return d.Order == o.ID && d.Kind == ExpiryDiffers && d.Found == cmd.BankExpires.Format(time.RFC3339)
		})
}

// failed takes a bank's word that it could not stop the account. Its rows, where
// the money has gone, count as those of a query do.
func failed(a Account, o Order, cmd AnswerStop) ([]event.AccountEvent, error) {
	if !KnownCause(cmd.Cause) {
		return nil, ErrCause.At("/failureCause")
	}
	events := []event.AccountEvent{event.StopFailed{Order: cmd.Order, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}
	for _, d := range cmd.Findings {
		events = a.note(events, o, d, cmd.At)
	}
	return a.receive(o, events, cmd.Statement, cmd.Method, cmd.At)
}

// KnownCause tells whether a bank may give such a cause for not carrying an order out.
func KnownCause(cause string) bool {
	switch cause {
	case bank.MismatchName, bank.MismatchAccount, bank.MismatchAmount, bank.MismatchTime, bank.NotFound, bank.Closed, bank.Technical, bank.Queued,
		bank.Ended, bank.UnknownOrder:
		return true
	}
	return false
}
