package domain

import (
	"iter"
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
	Level    int              // the least number of hops from the victim
	Order    identity.OrderID // the last one given that its account has not refused; "" when none is
	SourceAt time.Time        // when the money first got there
	Withheld string           // why no order is given, or no further one
	Attempts int              // orders given so far
	Followed int              // revision of its attribution that was followed last
	Reached  money.Fen        // of the case's money, by all transfers that are followed
}

// Traced is one transfer of the chase and whose money it carries.
type Traced struct {
	Transfer *event.Transfer // never changed, so that copies of the state can share it
	Lots     []event.Lot
}

// Pursuit (资金追踪) is the chase of one case. It is a value: an event makes
// another one, and what others hold stays as it is.
type Pursuit struct {
	Case         identity.CaseID
	ReportedAt   time.Time
	Unit         identity.Unit
	Operator     event.Officer
	Investigator event.Officer
	CaseNo       identity.CaseNo
	FiledAt      time.Time
	FreezeOrders []event.FreezeTarget
	Notices      []string // 协助冻结财产通知书 that the freezes were ordered under
	Ordered      bool     // some stop was ordered
	Overdue      bool     // the first order's time ran out before
	Refusals     []event.OrderRefused

	nodes     series[*Node] // in the order in which they were met; never changed
	places    index[identity.AccountID, int]
	transfers index[identity.TransferID, Traced]
	outs      index[identity.AccountID, series[identity.TransferID]] // followed from an account
}

// Node finds an account of the chase.
func (p Pursuit) Node(id identity.AccountID) (Node, bool) {
	n, ok := p.places.get(id)
	if !ok {
		return Node{}, false
	}
	return *p.nodes.at(n), true
}

// Nodes are the accounts of the chase, in the order in which it met them.
func (p Pursuit) Nodes() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for n := range p.nodes.all() {
			if !yield(*n) {
				return
			}
		}
	}
}

// Size is how many accounts the chase has met.
func (p Pursuit) Size() int { return p.nodes.count }

// Follows tells whether the chase knows that a transfer carries these lots.
func (p Pursuit) Follows(id identity.TransferID, lots []event.Lot) bool {
	t, ok := p.transfers.get(id)
	return ok && sameLots(t.Lots, lots)
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

// Policy (追踪策略) is how far the city lets the chase order stops by itself.
// What it holds back is followed all the same, and an officer may order it.
type Policy struct {
	MaxLevel  int
	MinAmount money.Fen // of the case's money on the account
	// MaxAge is how long ago money can have left the parent account; 0: no limit.
	// The victim's own transfers are stopped however old they are.
	MaxAge time.Duration
	// HumanKinds are the kinds of account that a person decides on: public
	// utilities, merchants, payment institutions.
	HumanKinds []identity.AccountKind
}

// Why the chase gives no order by itself.
const (
	WithheldLevel    = "level-limit"     // deeper than the city goes
	WithheldAmount   = "amount-limit"    // too little of the money
	WithheldKind     = "kind"            // a kind of account that a person decides on
	WithheldAge      = "age"             // the money left too long ago
	WithheldParent   = "parent-withheld" // a chain order names its parent's order, and there is none
	WithheldAttempts = "attempts"        // asked as often as the chase asks by itself
	WithheldFailed   = "failed"          // the bank refused for a reason that asking again does not mend
	WithheldRejected = "rejected"        // a person has rejected the order
	WithheldLifted   = "lifted"          // a person has lifted the stop
	WithheldUsedUp   = "stops-used-up"   // stopped twice, or frozen before; no third stop (I02)
	WithheldRefused  = "refused"         // the account did not take up the order, and has none of the case
)

// Trace (续追) follows the money one hop: from the victim (From "") or from an
// account of the chase. One with many transfers comes in parts.
type Trace struct {
	From      identity.AccountID
	Revision  int // of the attribution that says so; an older one changes nothing
	Transfers []TracedTransfer
	Part      int                   // from 1; 0: all transfers are here
	Names     []identity.TransferID // of all transfers, in the first part
	Policy    Policy
	At        time.Time
}

// AskAgain (再次请求止付): more of the money has reached an account whose stop has
// come to nothing or has ended.
type AskAgain struct {
	Account  event.Account
	After    identity.OrderID // the order that has ended
	Source   event.Transfer
	Lots     []event.Lot
	Withheld string // why a person has to decide; "" to ask by itself
	At       time.Time
}

// NoteOverdue wakes the chase when the first order should have been given.
type NoteOverdue struct{ At time.Time }

// OrderStop (人工止付) is an officer's own order for an account.
type OrderStop struct {
	Account      event.Account
	Parent       identity.AccountID // "" for level 1
	Source       event.Transfer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
	// Over is the order of the chase that the account has and that another one may
	// follow; "" if it has none.
	Over identity.OrderID
	// ParentOrder is the order of the chase that the parent account has.
	ParentOrder identity.OrderID
	// As of [RequestStop].
	Scope           string
	Amount          money.Fen
	ApplicationType string
	Registration    identity.RegistrationID
}

// FollowUp (补发下级止付) orders what waited for the order of an account: what is
// below it, as the policy allows. It does a bounded part; given again until
// nothing comes of it, it does all.
type FollowUp struct {
	Account identity.AccountID
	Policy  Policy
	At      time.Time
}

// AtOnce is how many events one command to a chase leads to by itself, so that
// they fit in one append; what is left comes with the next. The transfers of a
// Trace are not among them.
const AtOnce = 200

// NoteFiling (立案知悉): the case was filed, so its accounts can be frozen.
type NoteFiling struct {
	CaseNo  identity.CaseNo
	FiledAt time.Time
}

// ApproveFreeze (批准冻结) by the chief, for the accounts he names, or for every
// account of the chase that has an order and no freeze yet.
type ApproveFreeze struct {
	NoticeNo     string
	TermMonths   int
	Grave        bool // 重大、复杂案件
	Accounts     []FreezeWish
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

func (OpenPursuit) isPursuitCommand()   {}
func (Trace) isPursuitCommand()         {}
func (OrderStop) isPursuitCommand()     {}
func (FollowUp) isPursuitCommand()      {}
func (AskAgain) isPursuitCommand()      {}
func (NoteOverdue) isPursuitCommand()   {}
func (NoteFiling) isPursuitCommand()    {}
func (ApproveFreeze) isPursuitCommand() {}

// PursuitDecider is all of the rules of the chase.
func PursuitDecider() es.Decider[Pursuit, PursuitCommand, event.PursuitEvent] {
	return es.Decider[Pursuit, PursuitCommand, event.PursuitEvent]{
		Decide: DecidePursuit, Evolve: EvolvePursuit, Due: DueOnPursuit,
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
		p.FreezeOrders, p.Notices = append(slices.Clip(p.FreezeOrders), e.Targets...), append(slices.Clip(p.Notices), e.NoticeNo)
	case event.FirstOrderOverdue:
		p.Overdue = true
	case event.OrderRefused:
		p = p.refused(e)
	case event.PlaintextViewed: // nothing of the chase changes
	}
	return p
}

// found puts an account into the chase. Of one that is there it notes an order,
// or why there is no further one; its level is that of the shortest way.
func (p Pursuit) found(e event.DownstreamAccountFound) Pursuit {
	now := Node{Account: e.Account.ID, Level: e.Level, Order: e.Order, SourceAt: e.Source.At, Withheld: e.Withheld}
	place, known := p.places.get(e.Account.ID)
	if known {
		before := *p.nodes.at(place)
		now.Attempts, now.Followed, now.SourceAt, now.Reached = before.Attempts, before.Followed, before.SourceAt, before.Reached
		now.Level = min(before.Level, e.Level)
		if e.Order == "" {
			now.Order = before.Order
		}
	}
	if e.Order != "" {
		now.Attempts++
		p.Ordered = true
	}
	if known {
		p.nodes = p.nodes.set(place, &now)
		return p
	}
	p.places = p.places.put(now.Account, p.nodes.count)
	p.nodes = p.nodes.add(&now)
	return p
}

// trace notes a transfer and whose money it carries. An account had the money
// no later than the earliest transfer that brought it.
func (p Pursuit) trace(t event.Transfer, lots []event.Lot) Pursuit {
	if t.ID == "" {
		return p
	}
	before, known := p.transfers.get(t.ID)
	p.transfers = p.transfers.put(t.ID, Traced{&t, lots})
	if !known && t.From.ID != "" {
		from, _ := p.outs.get(t.From.ID)
		p.outs = p.outs.put(t.From.ID, from.add(t.ID))
	}
	return p.edit(t.To.ID, func(n *Node) {
		n.Reached += sum(lots) - sum(before.Lots)
		if t.At.Before(n.SourceAt) {
			n.SourceAt = t.At
		}
	})
}

func (p Pursuit) followed(from identity.AccountID, revision int) Pursuit {
	return p.edit(from, func(n *Node) { n.Followed = max(n.Followed, revision) })
}

func (p Pursuit) edit(id identity.AccountID, change func(*Node)) Pursuit {
	if place, known := p.places.get(id); known {
		n := *p.nodes.at(place)
		change(&n)
		p.nodes = p.nodes.set(place, &n)
	}
	return p
}

// from are the transfers that were followed from an account.
func (p Pursuit) from(id identity.AccountID) iter.Seq[Traced] {
	outs, _ := p.outs.get(id)
	return func(yield func(Traced) bool) {
		for t := range outs.all() {
			if traced, _ := p.transfers.get(t); !yield(traced) {
				return
			}
		}
	}
}
