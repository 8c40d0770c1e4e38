package domain

import (
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// RequestRenewal (续冻) asks the bank to let the freeze in force go on.
type RequestRenewal struct {
	Freeze       identity.OrderID
	NoticeNo     string
	TermMonths   int
	Grave        bool // 重大、复杂案件
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// AnswerFollowUp (续冻、解冻反馈) is the bank's answer to a renewal or release.
type AnswerFollowUp struct {
	Order       identity.OrderID
	Done        bool
	ResultCode  string
	Cause       string // when not done
	ExecutedAt  time.Time
	BankExpires time.Time // of a renewal, as the bank gives it; zero if it does not
	Released    money.Fen // of a release: what the bank says that it has set free; 0 if it does not say
	At          time.Time
	// Findings are what the edge found that does not fit in the answer.
	Findings []event.BankDiscrepancyFound
}

// WarnFreeze wakes a freeze some days before its end.
type WarnFreeze struct {
	Order identity.OrderID
	At    time.Time
}

func (RequestRenewal) isAccountCommand() {}
func (AnswerFollowUp) isAccountCommand() {}
func (WarnFreeze) isAccountCommand()     {}

// requestRenewal: before the end, by the same authority as the freeze itself,
// and each time for no longer than it (程序规定 art. 240, 243–245).
func requestRenewal(a Account, cmd RequestRenewal) ([]event.AccountEvent, error) {
	freeze, ok := a.Find(cmd.Freeze)
	switch {
	case !ok || freeze.Kind != KindFreeze:
		return nil, ErrNoOrder
	case a.Frozen.Order != cmd.Freeze || !cmd.At.Before(a.Frozen.Expires):
		return nil, ErrNoFreeze
	case a.followUpOpen(cmd.Freeze, KindRenewal):
		return nil, ErrRenewalOpen
	case cmd.NoticeNo == "":
		return nil, ErrNoticeNumber.At("/noticeNo")
	}
	if err := a.mayChange(freeze, cmd.Approver, cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	if err := freezeTerm(a.Frozen.Asset, cmd.TermMonths, cmd.Grave, cmd.Approver); err != nil {
		return nil, err
	}
	return []event.AccountEvent{event.FreezeRenewalRequested{
		Order: followUpOrder("renewal", cmd.Freeze, a.followUps(cmd.Freeze, KindRenewal)+1), Target: cmd.Freeze, Case: freeze.Case, Account: a.Ref,
		NoticeNo: cmd.NoticeNo, TermMonths: cmd.TermMonths, Grave: cmd.Grave, Ordinal: a.Frozen.Renewals + 1,
		Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}}, nil
}

// mayChange tells whether an approver may renew a freeze or end it: he belongs to
// the unit of the freeze or one superior to it, is neither of the two officers, and
// is of no lower level than who approved the freeze or its last renewal (程序规定
// art. 239–241).
func (a Account) mayChange(freeze Order, approver, operator, investigator event.Officer) error {
	if err := twoOfficers(operator, investigator); err != nil {
		return err
	}
	switch {
	case !approver.Level.AtLeast(identity.County):
		return ErrFreezeLevel
	case approver.Zero() || approver.PoliceNo == operator.PoliceNo || approver.PoliceNo == investigator.PoliceNo:
		return ErrSelfApproval
	case !approver.Unit.Oversees(freeze.Unit):
		return ErrNotSuperior
	case !approver.Level.AtLeast(a.authority(freeze)):
		return ErrAuthority
	}
	return nil
}

// authority is the level that approved a freeze or, if it was renewed, its last
// renewal.
func (a Account) authority(freeze Order) identity.Level {
	level := freeze.Approver.Level
	for _, o := range a.Orders {
		if o.Kind == KindRenewal && o.Target == freeze.ID && o.State == Executed && o.Approver.Level.AtLeast(identity.County) {
			level = o.Approver.Level
		}
	}
	if !level.AtLeast(identity.County) {
		return identity.County // nobody below approves one
	}
	return level
}

// followUpOrder names the n-th order of a kind about a measure.
func followUpOrder(kind string, target identity.OrderID, n int) identity.OrderID {
	return identity.OrderID(identity.Derive(kind, string(target), strconv.Itoa(n)).String())
}

// earlier is the end that counts where the bank names another one.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// latestOf is the later of two times.
func latestOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// warnFreeze reminds of a freeze that ends in some days and is not renewed.
func warnFreeze(a Account, cmd WarnFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || a.Frozen.Order != cmd.Order {
		return nil, nil
	}
	days := 0 // the nearest that has come; a late wake-up tells of one end once
	for _, d := range freezeWarnings() {
		if !cmd.At.Before(o.ExpiresAt.AddDate(0, 0, -d)) && (a.Frozen.Warned == 0 || d < a.Frozen.Warned) {
			days = d
		}
	}
	if days == 0 || a.followUpOpen(o.ID, KindRenewal) {
		return nil, nil
	}
	return []event.AccountEvent{event.FreezeExpiryWarned{Order: o.ID, Case: o.Case, ExpiresAt: o.ExpiresAt, Days: days}}, nil
}
