package flow

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

const (
	// mostPaths bounds how many ways of the money an explanation tells; that
	// there are more it says.
	mostPaths = 5
	// mostSteps bounds the search for them, cycles and all.
	mostSteps = 20_000
	// longestPath is more hops than any chase has levels.
	longestPath = 60
)

// Basis (下令依据) is how an order came to be given.
type Basis string

// The ways in which an order is given.
const (
	Automatic Basis = "automatic" // 追踪策略内自动, by the chase within the city's policy
	Manual    Basis = "manual"    // 人工指令, by officers
	Renewed   Basis = "second"    // 民警申请再次止付, by officers after the first
	Approval  Basis = "freeze"    // 批准冻结, by a chief after filing
)

// Explanation (止付说明) answers why an account was stopped or frozen.
type Explanation struct {
	Order        identity.OrderID
	Case         identity.CaseID
	Kind         MeasureKind
	Measure      Measure
	Account      event.Account
	Level        int
	Ordinal      int // of a stop: 1 or 2
	Basis        Basis
	Scope        string    // ALL | AMOUNT
	Amount       money.Fen // of a stop of an amount
	ParentOrder  identity.OrderID
	Operator     event.Officer
	Investigator event.Officer
	Approver     event.Officer
	ApprovedAt   time.Time
	Standing     identity.ApprovalID // under which it was approved in advance
	CaseNo       identity.CaseNo     // of a freeze
	NoticeNo     string              // of a freeze
	RequestedAt  time.Time
	Paths        [][]Edge // of the victims' money to the account, the one that the order follows first
	More         bool     // there are more paths than are told
	Reached      money.Fen
	Held         money.Fen
}

// Explain finds out why an order was given, from the same histories as the
// picture. It tells false for an order that the account does not know.
func Explain(g Graph, in Histories, account identity.AccountID, order identity.OrderID) (Explanation, bool) {
	x := Explanation{Order: order, Case: g.Case}
	var source event.Transfer
	for _, e := range in.Accounts[account] {
		if asked, ok := x.requested(e); ok {
			source = asked
		}
		if approved, ok := e.(event.StopApproved); ok && approved.Order == order {
			x.Approver, x.ApprovedAt, x.Standing = approved.Approver, approved.At, approved.Standing
		}
	}
	if x.Kind == "" {
		return x, false
	}
	source = x.chased(in.Pursuit, account, source)
	if n, known := g.Node(string(account)); known {
		x.Reached, x.Held = n.In, n.Held
		x.Level = cmp.Or(x.Level, n.Level)
		for _, m := range n.Measures {
			if m.Order == order {
				x.Measure = m
			}
		}
	}
	x.Paths, x.More = paths(g, string(account), source.ID)
	return x, true
}

// requested takes in the event that asked for the order, and tells which transfer
// it follows.
func (x *Explanation) requested(e event.AccountEvent) (source event.Transfer, ok bool) {
	switch e := any(e).(type) {
	case event.StopRequested:
		if e.Order != x.Order {
			return source, false
		}
		x.Kind, x.Account, x.Level, x.Scope, x.Amount = Stop, e.Account, e.Level, e.Scope, e.Amount
		x.ParentOrder, x.Operator, x.Investigator, x.RequestedAt = e.ParentOrder, e.Operator, e.Investigator, e.At
		x.Ordinal = e.Ordinal
		if x.Basis = Automatic; e.Ordinal > 1 {
			x.Basis = Renewed
		}
		return e.Source, true
	case event.FreezeRequested:
		if e.Order != x.Order {
			return source, false
		}
		x.Kind, x.Account, x.Basis, x.Amount, x.NoticeNo, x.CaseNo = Freeze, e.Account, Approval, e.Limit, e.NoticeNo, e.CaseNo
		x.Operator, x.Investigator, x.Approver, x.ApprovedAt, x.RequestedAt = e.Operator, e.Investigator, e.Approver, e.At, e.At
		return source, true
	}
	return source, false
}

// chased adds what the chase says of the order: whether an officer gave it, and
// the transfer by which the account was found.
func (x *Explanation) chased(chase []event.PursuitEvent, account identity.AccountID, source event.Transfer) event.Transfer {
	for _, e := range chase {
		found, ok := e.(event.DownstreamAccountFound)
		if !ok || found.Account.ID != account {
			continue
		}
		if source.ID == "" {
			source = found.Source
		}
		if found.Order == x.Order {
			x.Basis = Automatic // a second stop too, when the chase asks for it
			if found.Manual {
				x.Basis = Manual
			}
		}
	}
	return source
}

// paths finds the ways on which the victims' money came to an account, from its
// end back to a victim's own transfer: no account twice, no transfer earlier
// than the one before it. Those that end with the given transfer come first,
// then the larger.
func paths(g Graph, account string, last identity.TransferID) (found [][]Edge, more bool) {
	into := map[string][]Edge{}
	for _, e := range g.Edges {
		if e.Carried > 0 || e.Manual {
			into[e.To] = append(into[e.To], e)
		}
	}
	for _, edges := range into {
		slices.SortStableFunc(edges, func(a, b Edge) int {
			return cmp.Or(boolean(b.ID == last)-boolean(a.ID == last), cmp.Compare(b.Carried, a.Carried))
		})
	}
	steps := 0
	var back func(at string, tail []Edge)
	back = func(at string, tail []Edge) {
		for _, e := range into[at] {
			steps++
			switch {
			case len(found) > mostPaths || steps > mostSteps:
				return
			case len(tail) > 0 && e.Transfer.At.After(tail[0].Transfer.At), passes(tail, e.From), len(tail) >= longestPath:
				continue
			}
			way := append([]Edge{e}, tail...)
			if n, _ := g.Node(e.From); n.Kind == Victim {
				found = append(found, way)
				continue
			}
			back(e.From, way)
		}
	}
	back(account, nil)
	if len(found) > mostPaths {
		return found[:mostPaths], true
	}
	return found, steps > mostSteps
}

func passes(way []Edge, node string) bool {
	return slices.ContainsFunc(way, func(e Edge) bool { return e.To == node })
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
