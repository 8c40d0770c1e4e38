package domain

import (
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// MaxAttempts is how many orders the chase gives for one account by itself; then
// a person decides.
const MaxAttempts = 3

// Renewal is what more money on an account leads to whose stop has ended.
type Renewal struct {
	After    Order  // the stop that has ended
	Second   bool   // ask for the second 48 hours
	Withheld string // why a person has to decide
}

// Again tells what more of a case's money on an account leads to. While a stop
// or a freeze of the case is under way or in force, nothing: it holds the money
// too. After a technical failure the chase asks anew; after a lapse it asks for
// the second and last 48 hours; what a person has ended, what a bank has refused
// for a cause, and what has been stopped twice or frozen, a person decides on.
func (a Account) Again(c identity.CaseID) (Renewal, bool) {
	var last Order
	executed := 0
	for _, o := range a.Orders {
		if o.Case != c || (o.Kind != KindStop && o.Kind != KindFreeze) {
			continue
		}
		if o.State.Open() || o.State == Executed || o.State == Queued {
			return Renewal{}, false
		}
		if o.Kind == KindStop {
			last = o
			if o.State == Lapsed || o.State == Lifted {
				executed++
			}
		}
	}
	r := Renewal{After: last}
	switch {
	case last.ID == "":
		return r, false // never stopped: the chase has its reasons
	case last.State == Failed && last.Cause == bank.Technical && last.Ordinal < MaxStops:
		return r, true
	case last.State == Failed:
		r.Withheld = WithheldFailed
	case last.State == Rejected:
		r.Withheld = WithheldRejected
	case last.State == Lifted:
		r.Withheld = WithheldLifted
	case executed >= MaxStops || a.wasFrozen(c):
		r.Withheld = WithheldUsedUp
	default:
		r.Second = true
	}
	return r, true
}

// SecondOrder names the second stop that follows a first.
func SecondOrder(first identity.OrderID) identity.OrderID {
	return identity.OrderID(identity.Derive("second-stop", string(first)).String())
}

// askAgain gives another order for an account of the chase, or notes why a
// person has to. Heard twice, or after another order, it does nothing.
func askAgain(p Pursuit, cmd AskAgain) []event.PursuitEvent {
	node, known := p.Node(cmd.Account.ID)
	if !known || node.Order != cmd.After {
		return nil
	}
	parent, _ := p.Node(cmd.Source.From.ID)
	e := event.DownstreamAccountFound{
		Case: p.Case, Account: cmd.Account, Level: node.Level, Parent: parent.Account, ParentOrder: parent.Order, ParentSourceAt: parent.SourceAt,
		Source: cmd.Source, Lots: cmd.Lots, Operator: p.Operator, Investigator: p.Investigator, Withheld: cmd.Withheld,
	}
	if parent.Account != "" && parent.Account != node.Account {
		e.Level = parent.Level + 1
	}
	if cmd.Source.At.Before(e.ParentSourceAt) {
		e.ParentSourceAt = cmd.Source.At
	}
	switch {
	case e.Withheld != "":
	case e.Level > 1 && parent.Order == "":
		e.Withheld = WithheldParent
	case node.Attempts >= MaxAttempts:
		e.Withheld = WithheldAttempts
	default:
		e.Order = StopOrder(p.Case, node.Account, node.Attempts+1)
	}
	if e.Withheld != "" && e.Withheld == node.Withheld {
		return nil // it is marked already
	}
	return []event.PursuitEvent{e}
}
