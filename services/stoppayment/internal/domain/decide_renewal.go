package domain

import (
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
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
	At          time.Time
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
	case cmd.Approver.PoliceNo == cmd.Operator.PoliceNo || cmd.Approver.PoliceNo == cmd.Investigator.PoliceNo:
		return nil, ErrSelfApproval
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
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

// followUpOrder names the n-th order of a kind about a measure.
func followUpOrder(kind string, target identity.OrderID, n int) identity.OrderID {
	return identity.OrderID(identity.Derive(kind, string(target), strconv.Itoa(n)).String())
}

// answerFollowUp takes the bank's word on a renewal or release.
func answerFollowUp(a Account, cmd AnswerFollowUp) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || (o.Kind != KindRenewal && o.Kind != KindRelease):
		return nil, ErrNoOrder
	case o.State == Failed && cmd.Done:
		return nil, ErrFailedFinal
	case o.State == Executed && !cmd.Done:
		return nil, ErrAnswered
	case !o.State.Open():
		return nil, nil // the same answer again
	case !cmd.Done && !knownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done && o.Kind == KindRelease && (cmd.Cause == bank.Ended || cmd.Cause == bank.UnknownOrder):
		return endedAtBank(a, o, cmd), nil
	case !cmd.Done:
		return []event.AccountEvent{event.FreezeFollowUpFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}, nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case implausible(cmd.ExecutedAt, o.RequestAt, cmd.At):
		return nil, ErrExecutedWhen.At("/startTime")
	}
	if o.Kind == KindRenewal {
		return renewed(a, o, cmd), nil
	}
	return released(a, o, cmd), nil
}

// renewed lets the freeze go on from its old end. One that the bank renewed when
// it had already ended here is not revived: the freeze was free by law (art. 240),
// and an officer has to see to it that the bank knows.
func renewed(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	if a.Frozen.Order != o.Target || !cmd.ExecutedAt.Before(a.Frozen.Expires) {
		return []event.AccountEvent{
			event.FreezeFollowUpFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: "lapsed", At: cmd.At},
			event.BankDiscrepancyFound{Order: o.ID, Kind: "renewed-after-end", Found: cmd.ExecutedAt.Format(time.RFC3339), At: cmd.At},
		}
	}
	expires := identity.AddMonths(a.Frozen.Expires, o.Term)
	var found []event.AccountEvent
	if !cmd.BankExpires.IsZero() && !cmd.BankExpires.Equal(expires) {
		found = append(found, expiryDiffers(o.ID, expires, cmd.BankExpires, cmd.At))
		expires = earlier(expires, cmd.BankExpires)
	}
	return append([]event.AccountEvent{event.FreezeRenewed{
		Order: o.Target, By: o.ID, Ordinal: o.Ordinal, ExpiresAt: expires, ResultCode: cmd.ResultCode, At: cmd.ExecutedAt,
	}}, found...)
}

// earlier is the end that counts where the bank names another one.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
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
