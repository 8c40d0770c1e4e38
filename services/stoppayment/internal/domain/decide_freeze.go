package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// RequestFreeze (冻结申请), approved by the chief in the pursuit.
type RequestFreeze struct {
	Order        identity.OrderID
	Case         identity.CaseID
	CaseNo       identity.CaseNo
	FiledAt      time.Time
	NoticeNo     string
	TermMonths   int
	Grave        bool      // 重大、复杂案件
	Limit        money.Fen // 0: the whole account (全额), else 限额
	Asset        string    // "": a deposit
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// AnswerFreeze (冻结反馈) is the bank's answer to a freeze.
type AnswerFreeze struct {
	Order         identity.OrderID
	Done          bool
	ResultCode    string
	Cause         string
	ExecutedAt    time.Time
	BankExpires   time.Time
	Applied       money.Fen
	Frozen        money.Fen
	Balance       money.Fen
	Former        string // earlier freezer, when queued
	FormerFrozen  money.Fen
	FormerExpires time.Time
	At            time.Time
	// Findings are what the edge found that cannot be stored as it came.
	Findings []event.BankDiscrepancyFound
}

// ExpireFreeze wakes a freeze at the end of its term.
type ExpireFreeze struct {
	Order identity.OrderID
	At    time.Time
}

// NoteReturn (返还记账): a refund has left the frozen account.
type NoteReturn struct {
	Order     identity.OrderID
	Procedure identity.ProcedureID
	Payment   string
	Amount    money.Fen
	At        time.Time
}

func (RequestFreeze) isAccountCommand() {}
func (AnswerFreeze) isAccountCommand()  {}
func (ExpireFreeze) isAccountCommand()  {}
func (NoteReturn) isAccountCommand()    {}

// requestFreeze passes an approved freeze on to the bank. Without a filed case
// there is no freeze (程序规定 art. 174, 178).
func requestFreeze(a Account, cmd RequestFreeze) ([]event.AccountEvent, error) {
	if _, known := a.Find(cmd.Order); known {
		return nil, nil
	}
	switch {
	case a.Ref.ID == "":
		return nil, ErrNoAccount
	case cmd.CaseNo == "" || cmd.FiledAt.IsZero() || cmd.FiledAt.After(cmd.At):
		return nil, ErrNotFiled
	}
	if err := a.Freezable(cmd.Case); err != nil {
		return nil, err
	}
	if err := freezeTerm(cmd.Asset, cmd.TermMonths, cmd.Grave, cmd.Approver); err != nil {
		return nil, err
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	requested := event.FreezeRequested{
		Order: cmd.Order, Case: cmd.Case, CaseNo: cmd.CaseNo, FiledAt: cmd.FiledAt, NoticeNo: cmd.NoticeNo, Account: a.Ref,
		FreezeType: bank.FreezeWhole, Limit: cmd.Limit, TermMonths: cmd.TermMonths, Asset: cmd.Asset, Grave: cmd.Grave,
		Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}
	if cmd.Limit > 0 {
		requested.FreezeType = bank.FreezeLimited
	}
	return []event.AccountEvent{requested}, nil
}

// Freezable tells whether a case may freeze the account: not while a freeze of its
// own is under way or in force (程序规定 art. 242).
func (a Account) Freezable(c identity.CaseID) error {
	if a.freezing(c) {
		return ErrFreezeOpen
	}
	return nil
}

// freezing tells whether a freeze of the case is under way, queued or in force.
func (a Account) freezing(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindFreeze && o.Case == c && (o.State.Open() || o.State == Queued || o.State == Executed)
	})
}

// expireFreeze: not renewed in time is released (程序规定 art. 240).
func expireFreeze(a Account, cmd ExpireFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindFreeze || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	events := []event.AccountEvent{event.FreezeLapsed{Order: o.ID, ExpiredAt: o.ExpiresAt}}
	if o.BankUntil.After(cmd.At) { // its bank has named a later end, that nobody has approved
		events = append(events, a.releaseNow(o, cmd.At))
	}
	return a.andLetGo(append(events, a.promoted(o.ID, cmd.At)...), cmd.At), nil
}

// noteReturn books a refund against the freeze. The clock of the freeze goes
// on unchanged over what remains.
func noteReturn(a Account, cmd NoteReturn) ([]event.AccountEvent, error) {
	switch {
	case a.Frozen.Order == "" || a.Frozen.Order != cmd.Order:
		return nil, ErrNoFreeze
	case slices.Contains(a.Frozen.Returned, cmd.Payment):
		return nil, nil
	case cmd.Amount <= 0:
		return nil, ErrNegative
	case cmd.Amount > a.Frozen.Remaining:
		return nil, ErrReturnTooMuch
	}
	return []event.AccountEvent{event.FrozenFundsReturned{
		Order: cmd.Order, Procedure: cmd.Procedure, Payment: cmd.Payment, Amount: cmd.Amount, Remaining: a.Frozen.Remaining - cmd.Amount, At: cmd.At,
	}}, nil
}
