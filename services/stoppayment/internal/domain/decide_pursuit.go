package domain

import (
	"slices"
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
// order, unless the city's policy holds it back.
func trace(p Pursuit, cmd Trace) ([]event.PursuitEvent, error) {
	parent, known := p.Node(cmd.From)
	if cmd.From != "" && !known {
		return nil, ErrNoParent
	}
	var events []event.PursuitEvent
	for _, t := range cmd.Transfers {
		lots := slices.DeleteFunc(slices.Clone(t.Lots), func(l event.Lot) bool { return l.Case != p.Case })
		if p.Follows(t.Transfer.ID, lots) {
			continue
		}
		var e event.PursuitEvent = event.TransferTraced{Case: p.Case, Source: t.Transfer, Lots: lots}
		if _, met := p.Node(t.Transfer.To.ID); !met {
			if cmd.From != "" && t.Transfer.At.Before(parent.SourceAt) {
				continue // left before the victim's money came: cannot be his
			}
			e = found(p, parent, t.Transfer, lots, cmd.Policy)
		}
		events, p = append(events, e), EvolvePursuit(p, e)
	}
	return events, nil
}

func found(p Pursuit, parent Node, t event.Transfer, lots []event.Lot, policy Policy) event.DownstreamAccountFound {
	e := event.DownstreamAccountFound{
		Case: p.Case, Account: t.To, Level: parent.Level + 1, Parent: parent.Account, ParentOrder: parent.Order, ParentSourceAt: parent.SourceAt,
		Source: t, Lots: lots, Operator: p.Operator, Investigator: p.Investigator,
	}
	switch carried := sum(lots); {
	case e.Level > policy.MaxLevel:
		e.Withheld = "level-limit"
	case carried < policy.MinAmount:
		e.Withheld = "amount-limit"
	default:
		e.Order = StopOrder(p.Case, t.To.ID, 1)
	}
	return e
}

// StopOrder names the n-th stop of a case on an account. It is a function of
// both, so that no order is given twice.
func StopOrder(c identity.CaseID, a identity.AccountID, ordinal int) identity.OrderID {
	return identity.OrderID(identity.Derive("stop", string(c), string(a), string(rune('0'+ordinal))).String())
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

// orderStop is an officer's own order. It joins the chase like any other
// account, so that its answer is followed too.
func orderStop(p Pursuit, cmd OrderStop) ([]event.PursuitEvent, error) {
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if n, met := p.Node(cmd.Account.ID); met && n.Order != "" {
		return nil, ErrStoppedAlready
	}
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
		ParentSourceAt: parent.SourceAt, Source: cmd.Source, Order: StopOrder(p.Case, cmd.Account.ID, 1),
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
	case p.CaseNo == "":
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
