package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// BankHold is what a bank does with an account, whatever our books say of it: it
// goes on until the bank has let go or its own end has passed.
type BankHold struct {
	Since time.Time        // when it first began; zero if it never did, as far as is known
	Until time.Time        // when it ends by itself, at the latest that may be; zero: it has let go, or never held
	Ended time.Time        // when it let go last
	Lift  identity.OrderID // the last lift it was asked for
	Tries int              // lifts that have failed since it began last
	Again time.Time        // when it is asked again
}

// A bank that could not lift is asked again after a while, each time after twice
// as long.
const (
	liftAgainFirst = 5 * time.Minute
	liftAgainMost  = 6 * time.Hour
)

// began: an end that the bank names is its end; one that names none may hold for
// its own 48 hours, whatever end it was given.
func (b BankHold) began(at, named, ours time.Time) BankHold {
	if b.Since.IsZero() {
		b.Since = at
	}
	if named.IsZero() {
		named = at.Add(StopWindow)
	}
	b.Until, b.Ended, b.Tries, b.Again = later(named, ours), time.Time{}, 0, time.Time{}
	return b
}

// mayHold tells whether the bank may hold the account at a time.
func (b BankHold) mayHold(at time.Time) bool { return at.Before(b.Until) }

func (b BankHold) notLifted(at time.Time) BankHold {
	b.Tries++
	wait := liftAgainMost
	if b.Tries < 8 {
		wait = min(wait, liftAgainFirst<<(b.Tries-1))
	}
	b.Again = at.Add(wait)
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// EndOf is the end that an order of the protective stop names to the bank: 48
// hours after it was given or, of a renewal, after the end that it prolongs, and
// never beyond the cap.
func (p Protective) EndOf(o ProtectiveOrder) time.Time {
	return earlier(o.From.Add(StopWindow), p.CapAt)
}

// Settled tells what the protective stop has come to for one of its accounts, for
// the next one of that account: whether it is done with it for ever, and since and
// until when the bank held it.
func (p Protective) Settled(id identity.AccountID, at time.Time) (since, until time.Time, settled bool) {
	a, _ := p.Account(id)
	if a.State.Open() || a.InForce() || p.pending(id) || a.Bank.mayHold(at) {
		return time.Time{}, time.Time{}, false
	}
	if a.Bank.Since.IsZero() {
		return time.Time{}, time.Time{}, true
	}
	return a.Bank.Since, later(a.Bank.Until, a.Bank.Ended), true
}

// unwanted tells whether nothing holds the account any more but, it may be, its
// bank, which is not asked to let go at the moment.
func (p Protective) unwanted(a Protected) bool {
	return !a.State.Open() && !p.pending(a.Account.ID) && !p.lifting(a.Account.ID) && (!a.InForce() || p.letGo())
}

// letGo tells whether the protective stop was released or has ended.
func (p Protective) letGo() bool { return p.State == ProtectiveReleasing || p.State == ProtectiveEnded }

// Clocks of a protective stop.
const (
	capClock       = "cap:"
	protectedClock = "protected:"
	unliftedClock  = "unlifted:"
)

// DueOnProtective lists the running clocks: the end of each account's 48 hours,
// the cap over all, the next word to a bank that holds on, and the term of
// objections.
func DueOnProtective(p Protective) []es.Alarm {
	due := Remedy{Objections: p.Objections}.dueObjections()
	if p.State == ProtectiveWaiting {
		return append(due, es.Alarm{Name: capClock, At: p.CapAt})
	}
	for _, a := range p.Accounts {
		if a.InForce() && (a.ExpiresAt.Before(p.CapAt) || p.State != ProtectiveActive) {
			due = append(due, es.Alarm{Name: protectedClock + string(a.Account.ID), At: a.ExpiresAt})
		}
		again := a.Bank.Again
		if !a.InForce() {
			again = later(again, a.ExpiresAt)
		}
		if p.unwanted(a) && a.Bank.mayHold(again) {
			due = append(due, es.Alarm{Name: unliftedClock + string(a.Account.ID), At: again})
		}
	}
	if p.State == ProtectiveActive {
		due = append(due, es.Alarm{Name: capClock, At: p.CapAt})
	}
	return due
}

// WakeProtective makes the command for a clock that has run out.
func WakeProtective(clock es.Alarm, at time.Time) ProtectiveCommand {
	switch id := string(OrderOf(clock)); {
	case clock.Name == capClock:
		return CapReached{At: at}
	case strings.HasPrefix(clock.Name, unliftedClock):
		return LiftAgain{Account: identity.AccountID(id), At: at}
	case strings.HasPrefix(clock.Name, objectionClock):
		return ProtectiveObjectionDue{Objection: identity.ObjectionID(id), At: at}
	default:
		return ExpireProtected{Account: identity.AccountID(id), At: at}
	}
}

func (p Protective) failed(e event.ProtectiveStopFailed) Protective {
	o, _ := p.Find(e.Order)
	p = p.order(e.Order, func(o *ProtectiveOrder) { o.State, o.Late = Failed, !e.ExecutedAt.IsZero() })
	return p.account(o.Account, func(a *Protected) {
		switch {
		case o.Kind == ProtectLift:
			a.Bank = a.Bank.notLifted(e.At)
		case o.Kind == ProtectExempt:
			return
		case !e.ExecutedAt.IsZero():
			a.Stop, a.Bank = e.Order, a.Bank.began(e.ExecutedAt, e.BankExpiresAt, a.Bank.Until)
		case o.State == Lifted && a.Bank.Since.IsZero():
			a.Bank.Until = time.Time{} // it never began
		}
		if o.Kind == ProtectStop && (a.State == Approved || a.State == Sent) {
			a.State = Failed
		}
	})
}

// released asks the banks to let go; the cap's own lapses end it by themselves.
func (p Protective) released(e event.ProtectiveReleaseRequested) Protective {
	p.Released = e.Reason
	switch {
	case p.State == ProtectiveWaiting:
		p.State = ProtectiveEnded
	case p.State == ProtectiveActive && e.Reason != capReason:
		p.State = ProtectiveReleasing
	}
	return p.ask(e.Accounts, ProtectLift, e.At).withdrawn(e.Accounts)
}

func (p Protective) lifted(e event.ProtectiveStopLifted) Protective {
	return p.order(e.Order, func(o *ProtectiveOrder) { o.State = Executed }).account(e.Account, func(a *Protected) {
		if a.InForce() && e.At.Before(a.ExpiresAt) {
			a.Total = max(0, a.Total-a.ExpiresAt.Sub(later(e.At, a.ExecutedAt)))
		}
		if a.State != Lapsed {
			a.State = Lifted
		}
		if e.Order == "" || e.Order == a.Bank.Lift { // an older lift says nothing of what began after it
			a.Bank.Ended, a.Bank.Until = earlier(e.At, later(a.Bank.Until, a.Bank.Since)), time.Time{}
		}
	})
}

// withdrawn takes back what banks have not answered yet on the released accounts,
// except the lifts. Each may have begun all the same.
func (p Protective) withdrawn(accounts []event.ProtectedAccount) Protective {
	released := func(id identity.AccountID) bool {
		return p.letGo() || slices.ContainsFunc(accounts, func(a event.ProtectedAccount) bool { return a.Account.ID == id })
	}
	for _, o := range p.Orders {
		if p.given(o) && released(o.Account) {
			p = p.account(o.Account, func(a *Protected) { a.Bank.Until = later(a.Bank.Until, p.EndOf(o)) })
		}
	}
	p = p.orders(func(o *ProtectiveOrder) {
		if o.State.Open() && o.Kind != ProtectLift && released(o.Account) {
			o.State = Lifted
		}
	})
	return p.each(func(a *Protected) {
		if a.State.Open() && released(a.Account.ID) {
			a.State = Lifted
		}
	})
}

// over ends the protective stop with its last account.
func (p Protective) over() Protective {
	if p.State != ProtectiveActive && p.State != ProtectiveReleasing {
		return p
	}
	if !slices.ContainsFunc(p.Accounts, func(a Protected) bool { return a.InForce() || p.pending(a.Account.ID) }) {
		p.State = ProtectiveEnded
	}
	return p
}
