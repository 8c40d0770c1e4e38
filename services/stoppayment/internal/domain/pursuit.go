package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Node is one account of the chase.
type Node struct {
	Account  identity.AccountID
	Level    int
	Order    identity.OrderID // "" when no order is given
	SourceAt time.Time        // when the money first got there
	Withheld string
	Attempts int // orders given so far
	Followed int // revision of its attribution that was followed last
}

// Traced is one transfer of the chase and whose money it carries.
type Traced struct {
	Transfer *event.Transfer // never changed, so that copies of the state can share it
	Lots     []event.Lot
}

// Pursuit (资金追踪) is the chase of one case.
type Pursuit struct {
	Case         identity.CaseID
	ReportedAt   time.Time
	Unit         identity.Unit
	Operator     event.Officer
	Investigator event.Officer
	Nodes        []Node
	Transfers    []Traced
	CaseNo       identity.CaseNo
	FiledAt      time.Time
	FreezeOrders []event.FreezeTarget
}

// Node finds an account of the chase.
func (p Pursuit) Node(id identity.AccountID) (Node, bool) {
	for _, n := range p.Nodes {
		if n.Account == id {
			return n, true
		}
	}
	return Node{}, false
}

// Follows tells whether the chase knows that a transfer carries these lots.
func (p Pursuit) Follows(id identity.TransferID, lots []event.Lot) bool {
	return slices.ContainsFunc(p.Transfers, func(t Traced) bool { return t.Transfer.ID == id && sameLots(t.Lots, lots) })
}

// PursuitCommand is something that can be asked of a chase.
//
//sumtype:decl
type PursuitCommand interface{ isPursuitCommand() }

// OpenPursuit (启动追踪) begins with the report.
type OpenPursuit struct {
	Case         identity.CaseID
	ReportedAt   time.Time
	Unit         identity.Unit
	Operator     event.Officer
	Investigator event.Officer
}

// TracedTransfer is a transfer with the victims' money it carries.
type TracedTransfer struct {
	Transfer event.Transfer
	Lots     []event.Lot
}

// Policy (追踪策略) is how far the city lets the chase go by itself.
type Policy struct {
	MaxLevel  int
	MinAmount money.Fen
}

// Trace (续追) follows the money one hop: from the victim (From "") or from an
// account of the chase.
type Trace struct {
	From      identity.AccountID
	Revision  int // of the attribution that says so; an older one changes nothing
	Transfers []TracedTransfer
	Policy    Policy
}

// OrderStop (人工止付) is an officer's own order for an account.
type OrderStop struct {
	Account      event.Account
	Parent       identity.AccountID // "" for level 1
	Source       event.Transfer
	Operator     event.Officer
	Investigator event.Officer
}

// NoteFiling (立案知悉): the case was filed, so its accounts can be frozen.
type NoteFiling struct {
	CaseNo  identity.CaseNo
	FiledAt time.Time
}

// ApproveFreeze (批准冻结) by the chief, for every account of the chase that has
// an order and no freeze yet.
type ApproveFreeze struct {
	NoticeNo     string
	TermMonths   int
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

func (OpenPursuit) isPursuitCommand()   {}
func (Trace) isPursuitCommand()         {}
func (OrderStop) isPursuitCommand()     {}
func (NoteFiling) isPursuitCommand()    {}
func (ApproveFreeze) isPursuitCommand() {}

// PursuitDecider is all of the rules of the chase.
func PursuitDecider() es.Decider[Pursuit, PursuitCommand, event.PursuitEvent] {
	return es.Decider[Pursuit, PursuitCommand, event.PursuitEvent]{
		Decide: DecidePursuit, Evolve: EvolvePursuit, Due: func(Pursuit) []es.Alarm { return nil },
	}
}

// EvolvePursuit folds one event into the state.
func EvolvePursuit(p Pursuit, e event.PursuitEvent) Pursuit {
	switch e := e.(type) {
	case event.PursuitOpened:
		p.Case, p.ReportedAt, p.Unit, p.Operator, p.Investigator = e.Case, e.ReportedAt, e.Unit, e.Operator, e.Investigator
	case event.DownstreamAccountFound:
		p = p.found(e).trace(e.Source, e.Lots).followed(e.Parent, e.SourceRevision)
	case event.TransferTraced:
		p = p.trace(e.Source, e.Lots).followed(e.Source.From.ID, e.SourceRevision)
	case event.FreezeProposed:
		p.CaseNo, p.FiledAt = e.CaseNo, e.FiledAt
	case event.FreezeApproved:
		p.FreezeOrders = append(slices.Clip(p.FreezeOrders), e.Targets...)
	}
	return p
}

// The state is a value: changing a list makes a new one.

// found puts an account into the chase, or gives one that is there an order.
func (p Pursuit) found(e event.DownstreamAccountFound) Pursuit {
	now := Node{Account: e.Account.ID, Level: e.Level, Order: e.Order, SourceAt: e.Source.At, Withheld: e.Withheld}
	if before, known := p.Node(e.Account.ID); known {
		now.Attempts, now.Followed, now.SourceAt = before.Attempts, before.Followed, before.SourceAt
	}
	if e.Order != "" {
		now.Attempts++
	}
	p.Nodes = slices.DeleteFunc(slices.Clone(p.Nodes), func(o Node) bool { return o.Account == now.Account })
	p.Nodes = append(p.Nodes, now)
	return p
}

// trace notes a transfer and whose money it carries. An account had the money
// no later than the earliest transfer that brought it.
func (p Pursuit) trace(t event.Transfer, lots []event.Lot) Pursuit {
	if t.ID == "" {
		return p
	}
	p.Transfers = slices.DeleteFunc(slices.Clone(p.Transfers), func(o Traced) bool { return o.Transfer.ID == t.ID })
	p.Transfers = append(p.Transfers, Traced{&t, lots})
	return p.edit(t.To.ID, func(n *Node) {
		if t.At.Before(n.SourceAt) {
			n.SourceAt = t.At
		}
	})
}

func (p Pursuit) followed(from identity.AccountID, revision int) Pursuit {
	return p.edit(from, func(n *Node) { n.Followed = max(n.Followed, revision) })
}

func (p Pursuit) edit(id identity.AccountID, change func(*Node)) Pursuit {
	n := slices.IndexFunc(p.Nodes, func(o Node) bool { return o.Account == id })
	if n >= 0 {
		p.Nodes = slices.Clone(p.Nodes)
		change(&p.Nodes[n])
	}
	return p
}
