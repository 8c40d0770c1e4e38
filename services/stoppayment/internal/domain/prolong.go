package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
)

// A second stop prolongs the first (止付延期, 100105): one that is carried out before
// the first has ended holds for 48 hours from that end, so that what is ordered early
// loses nothing; one that comes after it, for 48 hours from when it is carried out.
// Both together never hold for more than 96 hours (银发〔2016〕86号 §2).

// prolonged is the end of the first stop, if a second one that is carried out at a
// time prolongs it; else zero. A first that was lifted, or that its bank says it never
// held, has no such end.
func (a Account) prolonged(o Order, executed time.Time) time.Time {
	first, ok := a.Find(o.Prolongs)
	end := first.ExpiresAt
	switch {
	case !o.From.IsZero():
		if !ok || o.From.Before(end) { // where its bank denied it, it has not moved with the first
			end = o.From
		}
	case !ok || first.ExecutedAt.IsZero() || first.Hold.Denied || first.State != Executed && first.State != Lapsed:
		return time.Time{}
	}
	if !executed.Before(end) {
		return time.Time{}
	}
	return end
}

// begins is from when the 48 hours of a stop run that is carried out at a time.
func (a Account) begins(o Order, executed time.Time) time.Time {
	return latestOf(executed, a.prolonged(o, executed))
}

// acted reads the answer of a bank that names the end of the first stop as the
// beginning of the second. By the time it says so it has acted.
func (a Account) acted(o Order, cmd AnswerStop) AnswerStop {
	from := o.From
	if from.IsZero() {
		from = a.prolonged(o, cmd.At)
	}
	switch {
	case !cmd.Done || from.IsZero() || !begunAt(from, cmd.ExecutedAt):
	case !o.From.IsZero():
		cmd.ExecutedAt = o.ExecutedAt
	default:
		cmd.ExecutedAt = cmd.At
	}
	return cmd
}

// begunAt tells whether a bank, whose times are in whole seconds, means the end of an
// earlier stop by the beginning that it names.
func begunAt(end, said time.Time) bool {
	return said.Equal(end) || said.Equal(end.Truncate(time.Second))
}

// movedWith shortens the second stop in force whose hours run from the end of a first
// of which the bank says now that it ends earlier: nobody is held for more than 96
// hours. The bank is asked to let go at the new end.
func (a Account) movedWith(first Order, expires, at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		if o.Kind != KindStop || o.Prolongs != first.ID || o.State != Executed || o.Hold.Denied || !o.From.After(expires) {
			continue
		}
		moved := event.StopAnswerCorrected{
			Order: o.ID, ExecutedAt: o.ExecutedAt, BalanceBefore: o.Balance, Held: o.Hold.Held, ResultCode: bank.ResultOK, At: at,
			BankExpiresAt: latestOf(o.ExpiresAt, o.BankUntil),
		}
		if o.ExecutedAt.Before(expires) {
			moved.From = expires
		}
		if moved.ExpiresAt = earlier(o.ExpiresAt, latestOf(o.ExecutedAt, moved.From).Add(StopWindow)); moved.ExpiresAt.Equal(o.ExpiresAt) {
			moved.BankExpiresAt = o.BankUntil
		}
		if o.Hold.Changed {
			moved.Said = o.Hold.Said
		}
		events = append(events, moved)
	}
	return events
}
