package domain

import (
	"slices"
	"strconv"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// FreezeWish (冻结对象) is one account that a chief wants frozen, whatever was
// ordered for it before.
type FreezeWish struct {
	Account identity.AccountID
	Limit   money.Fen // 0: the whole account (全额), else 限额
	Asset   string    // "": a deposit
}

// FreezeOrder names the n-th freeze of a case on an account.
func FreezeOrder(c identity.CaseID, a identity.AccountID, attempt int) identity.OrderID {
	if attempt == 1 {
		return identity.OrderID(identity.Derive("freeze", string(c), string(a)).String())
	}
	return identity.OrderID(identity.Derive("freeze", string(c), string(a), strconv.Itoa(attempt)).String())
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
	for n := range p.Nodes() {
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
	case cmd.NoticeNo == "":
		return nil, ErrNoticeNumber.At("/noticeNo")
	case cmd.Approver.PoliceNo == cmd.Operator.PoliceNo || cmd.Approver.PoliceNo == cmd.Investigator.PoliceNo:
		return nil, ErrSelfApproval
	case !cmd.Approver.Level.AtLeast(identity.County):
		return nil, ErrFreezeLevel
	case !cmd.Approver.Unit.Oversees(cmd.Operator.Unit), p.Unit != "" && !cmd.Approver.Unit.Oversees(p.Unit):
		return nil, ErrNotSuperior
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	targets, err := freezeTargets(p, cmd)
	switch {
	case err != nil:
		return nil, err
	case len(targets) == 0 && slices.Contains(p.Notices, cmd.NoticeNo):
		return nil, nil // the same notice again is the same freeze
	case len(targets) == 0:
		return nil, ErrNothingToFreeze
	}
	return []event.PursuitEvent{event.FreezeApproved{
		Case: p.Case, CaseNo: p.CaseNo, FiledAt: p.FiledAt, NoticeNo: cmd.NoticeNo, TermMonths: cmd.TermMonths, Grave: cmd.Grave,
		Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, Targets: targets, At: cmd.At,
	}}, nil
}

// freezeTargets are the accounts that the chief names, each by a new order; or,
// when he names none, every account of the chase that has an order and no freeze
// yet.
func freezeTargets(p Pursuit, cmd ApproveFreeze) ([]event.FreezeTarget, error) {
	var targets []event.FreezeTarget
	if len(cmd.Accounts) == 0 {
		if err := freezeTerm("", cmd.TermMonths, cmd.Grave, cmd.Approver); err != nil {
			return nil, err
		}
		for _, id := range p.ordered() {
			if p.freezes(id) == 0 {
				targets = append(targets, event.FreezeTarget{Account: id, Order: FreezeOrder(p.Case, id, 1)})
			}
		}
		return targets, nil
	}
	for n, w := range cmd.Accounts {
		if _, known := p.Node(w.Account); !known {
			return nil, ErrNotChased.At("/accounts/%d", n)
		}
		if w.Limit < 0 {
			return nil, ErrNegative.At("/accounts/%d/limitFen", n)
		}
		if err := freezeTerm(w.Asset, cmd.TermMonths, cmd.Grave, cmd.Approver); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(targets, func(t event.FreezeTarget) bool { return t.Account == w.Account }) {
			continue
		}
		targets = append(targets, event.FreezeTarget{
			Account: w.Account, Order: FreezeOrder(p.Case, w.Account, p.freezes(w.Account)+1), Limit: w.Limit, Asset: w.Asset,
		})
	}
	return targets, nil
}

// freezes counts the freezes that were ordered for an account.
func (p Pursuit) freezes(id identity.AccountID) (n int) {
	for _, t := range p.FreezeOrders {
		if t.Account == id {
			n++
		}
	}
	return n
}
