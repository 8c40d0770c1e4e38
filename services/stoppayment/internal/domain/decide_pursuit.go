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
	case NoteFiling:
		return noteFiling(p, cmd)
	case ApproveFreeze:
		return approveFreeze(p, cmd)
	}
	return nil, nil
}

// trace follows transfers one hop. An account met for the first time gets an
// order, unless the city's policy holds it back. What was followed before and
// is no longer there carries nothing any more.
func trace(p Pursuit, cmd Trace) ([]event.PursuitEvent, error) {
	parent, known := p.Node(cmd.From)
	if cmd.From != "" && !known {
		return nil, ErrNoParent
	}
	if cmd.From != "" && cmd.Revision < parent.Followed {
		return nil, nil // heard late; a newer one has been followed
	}
	var events []event.PursuitEvent
	add := func(e event.PursuitEvent) { events, p = append(events, e), EvolvePursuit(p, e) }
	for _, t := range cmd.Transfers {
		lots := slices.DeleteFunc(slices.Clone(t.Lots), func(l event.Lot) bool { return l.Case != p.Case })
		if p.Follows(t.Transfer.ID, lots) {
			continue
		}
		if _, met := p.Node(t.Transfer.To.ID); met {
			add(event.TransferTraced{Case: p.Case, Source: t.Transfer, Lots: lots, SourceRevision: cmd.Revision})
		} else {
			add(found(p, parent, t.Transfer, lots, cmd))
		}
	}
	for _, t := range p.Transfers {
		if cmd.From != "" && t.Transfer.From.ID == cmd.From && sum(t.Lots) > 0 && !cmd.names(t.Transfer.ID) {
			add(event.TransferTraced{Case: p.Case, Source: *t.Transfer, SourceRevision: cmd.Revision})
		}
	}
	return events, nil
}

func (t Trace) names(id identity.TransferID) bool {
	return slices.ContainsFunc(t.Transfers, func(o TracedTransfer) bool { return o.Transfer.ID == id })
}

// found is an account that the chase meets for the first time. That the ledger
// lets the money flow shows that the parent had it by then, whatever time the
// victim remembers.
func found(p Pursuit, parent Node, t event.Transfer, lots []event.Lot, cmd Trace) event.DownstreamAccountFound {
	e := event.DownstreamAccountFound{
		Case: p.Case, Account: t.To, Level: parent.Level + 1, Parent: parent.Account, ParentOrder: parent.Order, ParentSourceAt: parent.SourceAt,
		Source: t, Lots: lots, Operator: p.Operator, Investigator: p.Investigator, SourceRevision: cmd.Revision,
	}
	if t.At.Before(e.ParentSourceAt) {
		e.ParentSourceAt = t.At
	}
	switch {
	case e.Level > cmd.Policy.MaxLevel:
		e.Withheld = "level-limit"
	case sum(lots) < cmd.Policy.MinAmount:
		e.Withheld = "amount-limit"
	case e.Level > 1 && parent.Order == "":
		e.Withheld = "parent-withheld" // a chain order names its parent's order
	default:
		e.Order = StopOrder(p.Case, t.To.ID, 1)
	}
	return e
}

// StopOrder names the n-th order of a case to stop an account. It is a function
// of them, so that no order is given twice.
func StopOrder(c identity.CaseID, a identity.AccountID, attempt int) identity.OrderID {
	return identity.OrderID(identity.Derive("stop", string(c), string(a), strconv.Itoa(attempt)).String())
}

// FreezeOrder names the freeze of a case on an account.
func FreezeOrder(c identity.CaseID, a identity.AccountID) identity.OrderID {
	return identity.OrderID(identity.Derive("freeze", string(c), string(a)).String())
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
// The account itself refuses what is under way or in force. It joins the chase
// like any other, so that its answer is followed too.
func orderStop(p Pursuit, cmd OrderStop) ([]event.PursuitEvent, error) {
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	node, _ := p.Node(cmd.Account.ID)
	parent := Node{}
	if cmd.Parent != "" {
		known := false
		if parent, known = p.Node(cmd.Parent); !known {
			return nil, ErrNoParent.At("/parent")
		}
		switch {
		case cmd.Source.ID == "":
			return nil, ErrChainParent.At("/source")
		case cmd.Source.Amount <= 0:
			return nil, ErrChainAmount.At("/source/amountFen")
		case cmd.Source.At.Before(parent.SourceAt):
			return nil, ErrChainTime.At("/source/at")
		}
	}
	return []event.PursuitEvent{event.DownstreamAccountFound{
		Case: p.Case, Account: cmd.Account, Level: parent.Level + 1, Parent: parent.Account, ParentOrder: parent.Order,
		ParentSourceAt: parent.SourceAt, Source: cmd.Source, Order: StopOrder(p.Case, cmd.Account.ID, node.Attempts+1),
		Operator: cmd.Operator, Investigator: cmd.Investigator, Manual: true,
	}}, nil
}

func noteFiling(p Pursuit, cmd NoteFiling) ([]event.PursuitEvent, error) {
	if p.CaseNo != "" {
		return nil, nil
	}
	return []event.PursuitEvent{event.FreezeProposed{Case: p.Case, CaseNo: cmd.CaseNo, FiledAt: cmd.FiledAt, Accounts: p.ordered()}}, nil
}

// ordered lists the accounts with an order.
func (p Pursuit) ordered() []identity.AccountID {
	ids := []identity.AccountID{}
	for _, n := range p.Nodes {
		if n.Order != "" {
			ids = append(ids, n.Account)
		}
	}
	return ids
}

func approveFreeze(p Pursuit, cmd ApproveFreeze) ([]event.PursuitEvent, error) {
	switch {
	case p.CaseNo == "" || p.FiledAt.After(cmd.At):
		return nil, ErrNotFiled
	case !cmd.Approver.Level.AtLeast(identity.County):
		return nil, ErrFreezeLevel
	case cmd.TermMonths < 1 || cmd.TermMonths > MaxFreezeMonths:
		return nil, ErrFreezeTerm.At("/termMonths")
	case cmd.NoticeNo == "":
		return nil, ErrNoticeNumber.At("/noticeNo")
	case cmd.Approver.PoliceNo == cmd.Operator.PoliceNo:
		return nil, ErrSelfApproval
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	var targets []event.FreezeTarget
	for _, id := range p.ordered() {
		t := event.FreezeTarget{Account: id, Order: FreezeOrder(p.Case, id)}
		if !slices.Contains(p.FreezeOrders, t) {
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 {
		return nil, nil
	}
	return []event.PursuitEvent{event.FreezeApproved{
		Case: p.Case, CaseNo: p.CaseNo, FiledAt: p.FiledAt, NoticeNo: cmd.NoticeNo, TermMonths: cmd.TermMonths, Approver: cmd.Approver,
		Operator: cmd.Operator, Investigator: cmd.Investigator, Targets: targets, At: cmd.At,
	}}, nil
}

// MaxStandingDays bounds how long a shift leader can approve in advance.
const MaxStandingDays = 31

// standingLimit is MaxStandingDays as a duration.
const standingLimit = MaxStandingDays * 24 * time.Hour
