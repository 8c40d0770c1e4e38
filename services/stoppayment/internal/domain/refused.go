package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// NoteRefused (止付未成立) tells a chase that an account did not take up an order
// that the chase had given. There is no such order, so that nothing may rest on it.
type NoteRefused struct {
	Account identity.AccountID
	Order   identity.OrderID
	Cause   string           // code of the rule that refused it
	Stands  identity.OrderID // the order of the case that the account does have; "" if none
	At      time.Time
}

func (NoteRefused) isPursuitCommand() {}

// noteRefused keeps it on record, once.
func noteRefused(p Pursuit, cmd NoteRefused) []event.PursuitEvent {
	if _, known := p.Node(cmd.Account); !known {
		return nil
	}
	if _, known := p.Refused(cmd.Order); known {
		return nil
	}
	e := event.OrderRefused{Case: p.Case, Account: cmd.Account, Order: cmd.Order, Cause: cmd.Cause, Stands: cmd.Stands, At: cmd.At}
	switch {
	case cmd.Stands != "":
	case cmd.Cause == ErrChainParent.Rule.Code:
		e.Withheld = WithheldParent // it comes again when the parent has an order
	default:
		e.Withheld = WithheldRefused
	}
	return []event.PursuitEvent{e}
}

// Refused finds what an account has said of an order that it did not take up.
func (p Pursuit) Refused(id identity.OrderID) (event.OrderRefused, bool) {
	n := slices.IndexFunc(p.Refusals, func(e event.OrderRefused) bool { return e.Order == id })
	if n < 0 {
		return event.OrderRefused{}, false
	}
	return p.Refusals[n], true
}

// refused takes an order back that does not exist: the account has the one that it
// had before, or none. Where no account has one the thirty minutes run on.
func (p Pursuit) refused(e event.OrderRefused) Pursuit {
	p.Refusals = append(slices.Clip(p.Refusals), e)
	p = p.edit(e.Account, func(n *Node) {
		if n.Order == e.Order {
			n.Order, n.Withheld = e.Stands, e.Withheld
		}
	})
	p.Ordered = len(p.ordered()) > 0
	return p
}

// StopOf is the order of a case to stop the account that others rest on: the last
// one that is not the second 48 hours of another; "" if there is none.
func (a Account) StopOf(c identity.CaseID) identity.OrderID {
	for _, o := range slices.Backward(a.Orders) {
		if o.Case == c && o.Kind == KindStop && o.Ordinal < MaxStops {
			return o.ID
		}
	}
	return ""
}

// StopNow is the stop of a case that counts: the one in force, of two the one that
// ends last; else the one under way; else the last.
func (a Account) StopNow(c identity.CaseID) (now Order, ok bool) {
	rank := func(o Order) int {
		switch {
		case o.State == Executed:
			return 2
		case o.State.Open():
			return 1
		}
		return 0
	}
	for _, o := range a.Orders {
		if o.Case != c || o.Kind != KindStop {
			continue
		}
		if !ok || rank(o) > rank(now) || rank(o) == rank(now) && (o.State != Executed || !o.ExpiresAt.Before(now.ExpiresAt)) {
			now, ok = o, true
		}
	}
	return now, ok
}

// Refusal is the rule of a code; what is not known any more is answered as an order
// that there is not.
func Refusal(code string) *rule.Violation {
	for _, r := range Rules() {
		if r.Code == code {
			return &rule.Violation{Rule: r}
		}
	}
	return ErrNoOrder
}
