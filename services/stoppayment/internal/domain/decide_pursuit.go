package domain

import (
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// DecidePursuit is every rule about a chase.
func DecidePursuit(p Pursuit, cmd PursuitCommand) ([]event.PursuitEvent, error) {
	if open, ok := cmd.(OpenPursuit); ok {
		if p.Case != "" {
			return nil, nil
		}
		return []event.PursuitEvent{event.PursuitOpened{
			Case: open.Case, ReportedAt: open.ReportedAt, Unit: open.Unit, Operator: open.Operator, Investigator: open.Investigator,
		}}, nil
	}
	if p.Case == "" {
		return nil, ErrNoPursuit
	}
	switch cmd := cmd.(type) {
	case OpenPursuit: // decided above
	case Trace:
		return trace(p, cmd)
	case OrderStop:
		return orderStop(p, cmd)
	case NoteRefused:
		return noteRefused(p, cmd), nil
	case FollowUp:
		return followUp(p, cmd), nil
	case AskAgain:
		return askAgain(p, cmd), nil
	case NoteOverdue:
		return overdue(p, cmd.At), nil
	case NoteFiling:
		return noteFiling(p, cmd)
	case ApproveFreeze:
		return approveFreeze(p, cmd)
	case NotePlaintext:
		return notePlaintext(p, cmd)
	}
	return nil, nil
}

// trace follows transfers one hop. An account met for the first time gets an
// order, unless the city's policy holds it back; one that was held back gets it
// when what has reached it since, or the way it came, is within the policy. What
// was followed before and is no longer there carries nothing any more; where that
// is much, the command has to be given again until nothing comes of it.
func trace(p Pursuit, cmd Trace) ([]event.PursuitEvent, error) {
	parent, known := p.Node(cmd.From)
	if cmd.From != "" && !known {
		return nil, ErrNoParent
	}
	if cmd.From != "" && cmd.Revision < parent.Followed {
		return nil, nil // heard late; a newer one has been followed
	}
	h := hop{Pursuit: p, policy: cmd.Policy, revision: cmd.Revision, at: cmd.At}
	for _, t := range cmd.Transfers {
		lots := slices.DeleteFunc(slices.Clone(t.Lots), func(l event.Lot) bool { return l.Case != p.Case })
		if h.Follows(t.Transfer.ID, lots) {
			continue
		}
		parent, _ = h.Node(cmd.From) // it may be an account that the hop itself has changed
		h.follow(parent, t.Transfer, lots)
	}
	if cmd.From == "" || cmd.Part > 1 {
		return h.events, nil
	}
	named, gone := cmd.named(), 0
	for t := range p.from(cmd.From) {
		if sum(t.Lots) > 0 && !named[t.Transfer.ID] && gone < AtOnce {
			gone++
			h.add(event.TransferTraced{Case: p.Case, Source: *t.Transfer, SourceRevision: cmd.Revision})
		}
	}
	return h.events, nil
}

// named are the transfers of the whole revision.
func (t Trace) named() map[identity.TransferID]bool {
	named := make(map[identity.TransferID]bool, len(t.Transfers)+len(t.Names))
	for _, o := range t.Transfers {
		named[o.Transfer.ID] = true
	}
	for _, id := range t.Names {
		named[id] = true
	}
	return named
}

// hop is one step of the chase: what it leads to, and the chase after it.
type hop struct {
	Pursuit
	policy   Policy
	revision int
	at       time.Time
	events   []event.PursuitEvent
}

func (h *hop) add(events ...event.PursuitEvent) {
	for _, e := range events {
		h.events, h.Pursuit = append(h.events, e), EvolvePursuit(h.Pursuit, e)
	}
}

// follow takes one transfer into the chase.
func (h *hop) follow(parent Node, t event.Transfer, lots []event.Lot) {
	node, met := h.Node(t.To.ID)
	if met && node.Order != "" {
		h.add(event.TransferTraced{Case: h.Case, Source: t, Lots: lots, SourceRevision: h.revision})
		return
	}
	before, _ := h.transfers.get(t.ID)
	e := h.meet(parent, node, t, lots, node.Reached-sum(before.Lots)+sum(lots))
	if met && e.Order == "" {
		h.add(event.TransferTraced{Case: h.Case, Source: t, Lots: lots, SourceRevision: h.revision})
		return
	}
	if e.Order != "" {
		h.add(overdue(h.Pursuit, h.at)...)
	}
	h.add(e)
}

// meet makes the event of an account without an order that money of the case has
// reached. That the ledger lets the money flow shows that the parent had it by
// then, whatever time the victim remembers.
func (h *hop) meet(parent, node Node, t event.Transfer, lots []event.Lot, reached money.Fen) event.DownstreamAccountFound {
	p := h.Pursuit
	e := event.DownstreamAccountFound{
		Case: p.Case, Account: t.To, Level: parent.Level + 1, Parent: parent.Account, ParentOrder: parent.Order, ParentSourceAt: parent.SourceAt,
		Source: t, Lots: lots, Operator: p.Operator, Investigator: p.Investigator, SourceRevision: h.revision,
	}
	if t.At.Before(e.ParentSourceAt) {
		e.ParentSourceAt = t.At
	}
	level := e.Level
	if node.Account != "" {
		level = min(level, node.Level)
	}
	switch {
	case level > h.policy.MaxLevel:
		e.Withheld = WithheldLevel
	case reached < h.policy.MinAmount:
		e.Withheld = WithheldAmount
	case slices.Contains(h.policy.HumanKinds, t.To.Kind):
		e.Withheld = WithheldKind
	case e.Level > 1 && h.policy.MaxAge > 0 && h.at.Sub(t.At) > h.policy.MaxAge:
		e.Withheld = WithheldAge
	case parent.Account == t.To.ID:
		e.Withheld = WithheldParent // its own transfer to itself brings nothing
	case e.Level > 1 && parent.Order == "":
		e.Withheld = WithheldParent // a chain order names its parent's order
	case node.Attempts >= MaxAttempts:
		e.Withheld = WithheldAttempts // its account has refused as many
	default:
		e.Order = StopOrder(p.Case, t.To.ID, node.Attempts+1)
	}
	return e
}

// StopOrder names the n-th order of a case to stop an account. It is a function
// of them, so that no order is given twice.
func StopOrder(c identity.CaseID, a identity.AccountID, attempt int) identity.OrderID {
	return identity.OrderID(identity.Derive("stop", string(c), string(a), strconv.Itoa(attempt)).String())
}

func sum(lots []event.Lot) money.Fen {
	var total money.Fen
	for _, l := range lots {
		total += l.Amount
	}
	return total
}

// orderStop is an officer's own order: for an account that the chase has not met
// or holds back, or a corrected one after a bank could not carry out the first.
// It joins the chase like any other, so that its answer is followed too. While an
// earlier order is on its way to the account, or the parent's is, there is none:
// of two officers at once one is refused, and no order names one that may come to
// nothing. What is under way or in force the account itself refuses.
func orderStop(p Pursuit, cmd OrderStop) ([]event.PursuitEvent, error) {
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	node, _ := p.Node(cmd.Account.ID)
	if node.Order != "" && node.Order != cmd.Over {
		return nil, ErrStoppedAlready
	}
	parent := Node{}
	if cmd.Parent != "" {
		known := false
		if parent, known = p.Node(cmd.Parent); !known {
			return nil, ErrNoParent.At("/parent")
		}
		switch {
		case parent.Order == "" || parent.Order != cmd.ParentOrder:
			return nil, ErrChainParent.At("/parent")
		case cmd.Source.ID == "":
			return nil, ErrChainParent.At("/source")
		case cmd.Source.Amount <= 0:
			return nil, ErrChainAmount.At("/source/amountFen")
		case cmd.Source.At.Before(parent.SourceAt):
			return nil, ErrChainTime.At("/source/at")
		}
	}
	return append(overdue(p, cmd.At), event.DownstreamAccountFound{
		Case: p.Case, Account: cmd.Account, Level: parent.Level + 1, Parent: parent.Account, ParentOrder: parent.Order,
		ParentSourceAt: parent.SourceAt, Source: cmd.Source, Order: StopOrder(p.Case, cmd.Account.ID, node.Attempts+1),
		Operator: cmd.Operator, Investigator: cmd.Investigator, Manual: true,
		Scope: cmd.Scope, Amount: cmd.Amount, ApplicationType: cmd.ApplicationType, Registration: cmd.Registration,
	}), nil
}

func followUp(p Pursuit, cmd FollowUp) []event.PursuitEvent {
	h, seen := hop{Pursuit: p, policy: cmd.Policy, at: cmd.At}, map[identity.AccountID]bool{cmd.Account: true}
	for waiting := []identity.AccountID{cmd.Account}; len(waiting) > 0; waiting = waiting[1:] {
		for _, id := range h.release(waiting[0]) {
			if !seen[id] {
				seen[id] = true
				waiting = append(waiting, id)
			}
		}
	}
	return h.events
}

// release orders the accounts that waited for the order of the one that their
// money came from, as the policy allows now. It returns those that have one.
func (h *hop) release(id identity.AccountID) (released []identity.AccountID) {
	parent, _ := h.Node(id)
	for t := range h.Pursuit.from(id) {
		node, met := h.Node(t.Transfer.To.ID)
		if met && node.Order != "" {
			released = append(released, node.Account) // perhaps by an earlier part
		}
		if !met || node.Order != "" || node.Withheld != WithheldParent || sum(t.Lots) == 0 || len(h.events) >= AtOnce {
			continue
		}
		e := h.meet(parent, node, *t.Transfer, t.Lots, node.Reached)
		e.SourceRevision = parent.Followed
		if e.Order != "" {
			h.add(e)
			released = append(released, node.Account)
		}
	}
	return released
}

// MaxStandingDays bounds how long a shift leader can approve in advance.
const MaxStandingDays = 31

// standingLimit is MaxStandingDays as a duration.
const standingLimit = MaxStandingDays * 24 * time.Hour
