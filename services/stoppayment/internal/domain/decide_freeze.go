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
	case a.freezing(cmd.Case):
		return nil, ErrFreezeOpen
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

// freezing tells whether a freeze of the case is under way, queued or in force.
func (a Account) freezing(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindFreeze && o.Case == c && (o.State.Open() || o.State == Queued || o.State == Executed)
	})
}

// answerFreeze takes the bank's word. What does not fit is a discrepancy and
// never hides that the bank has frozen.
func answerFreeze(a Account, cmd AnswerFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	switch {
	case !ok || o.Kind != KindFreeze:
		return nil, ErrNoOrder
	case o.State == Failed && cmd.Done:
		return nil, ErrFailedFinal
	case o.State == Executed && cmd.Done && !(cmd.ExecutedAt.Equal(o.ExecutedAt) && cmd.Frozen == a.Frozen.Amount):
		return nil, ErrAnswered
	case o.State != Approved && o.State != Sent && o.State != Queued:
		return nil, nil
	case !cmd.Done && cmd.Cause == bank.Queued:
		return queued(o, cmd), nil
	case !cmd.Done && !knownCause(cmd.Cause):
		return nil, ErrCause.At("/failureCause")
	case !cmd.Done:
		return []event.AccountEvent{event.FreezeFailed{Order: o.ID, ResultCode: cmd.ResultCode, Cause: cmd.Cause, At: cmd.At}}, nil
	case cmd.ExecutedAt.IsZero():
		return nil, ErrExecutedAt.At("/startTime")
	case implausible(cmd.ExecutedAt, o.RequestAt, cmd.At):
		return nil, ErrExecutedWhen.At("/startTime")
	case !cmd.BankExpires.IsZero() && cmd.BankExpires.Before(cmd.ExecutedAt):
		return nil, ErrExecutedWhen.At("/expireTime")
	}
	if a.Frozen.Order != "" {
		return secondFreeze(a, o, cmd), nil
	}
	cmd, found := plausible(o, cmd)
	return append(frozen(a, o, cmd), found...), nil
}

// queued keeps the place behind an earlier freezer (轮候); the same word again is
// nothing new.
func queued(o Order, cmd AnswerFreeze) []event.AccountEvent {
	if o.State == Queued && o.ExpiresAt.Equal(cmd.FormerExpires) {
		return nil
	}
	return []event.AccountEvent{event.FreezeQueued{
		Order: o.ID, Former: cmd.Former, FormerFrozen: cmd.FormerFrozen, FormerExpires: cmd.FormerExpires, At: cmd.At,
	}}
}

// plausible brings the amounts of an answer within what can be: nothing below
// zero, no more frozen than there is, or than was applied for, or than the limit
// (限额).
func plausible(o Order, cmd AnswerFreeze) (AnswerFreeze, []event.AccountEvent) {
	var found []event.AccountEvent
	differs := func(kind string, expected, said money.Fen) {
		found = append(found, event.BankDiscrepancyFound{Order: o.ID, Kind: kind, Expected: expected.Decimal(), Found: said.Decimal(), At: cmd.At})
	}
	for _, amount := range []*money.Fen{&cmd.Balance, &cmd.Applied, &cmd.Frozen} {
		if *amount < 0 {
			differs("amount-negative", 0, *amount)
			*amount = 0
		}
	}
	if limit := o.Request.Limit; limit > 0 && cmd.Applied != limit {
		differs("applied-differs", limit, cmd.Applied)
		cmd.Applied = min(cmd.Applied, limit)
	}
	if most := min(cmd.Balance, cmd.Applied); cmd.Frozen > most {
		differs("frozen-above-balance", most, cmd.Frozen)
		cmd.Frozen = most
	}
	return cmd, found
}

// secondFreeze: a bank cannot freeze twice (程序规定 art. 242). What it calls
// executed is a discrepancy, and the order waits behind the freeze in force.
func secondFreeze(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	return []event.AccountEvent{
		event.BankDiscrepancyFound{Order: o.ID, Kind: "second-freeze", Expected: string(a.Frozen.Order), At: cmd.At},
		event.FreezeQueued{Order: o.ID, Former: string(a.Frozen.Order), FormerFrozen: a.Frozen.Remaining, FormerExpires: a.Frozen.Expires, At: cmd.At},
	}
}

// frozen starts the term and ends the stops that the freeze takes over from.
// Another end of the term that a bank names is a discrepancy; the earlier
// counts.
func frozen(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	expires := identity.AddMonths(cmd.ExecutedAt, o.Request.TermMonths)
	var found []event.AccountEvent
	if !cmd.BankExpires.IsZero() && !cmd.BankExpires.Equal(expires) {
		found = append(found, expiryDiffers(o.ID, expires, cmd.BankExpires, cmd.At))
		expires = earlier(expires, cmd.BankExpires)
	}
	attribution := Brief(a.Attribution) // the rest of a long one is in its own events
	if attribution.Revision > 0 && (cmd.Balance != attribution.Balance || !a.Stopped()) {
		// Money has moved, or could have, since the statement: whose it is can
		// no longer be told one to one.
		attribution.Exact = false
		found = append(found, event.BankDiscrepancyFound{
			Order: o.ID, Kind: "balance-moved", Expected: attribution.Balance.Decimal(), Found: cmd.Balance.Decimal(), At: cmd.At,
		})
	}
	events := append([]event.AccountEvent{event.FreezeExecuted{
		Order: o.ID, Case: o.Case, CaseNo: o.Request.CaseNo, Account: a.Ref, ExecutedAt: cmd.ExecutedAt, ExpiresAt: expires,
		Applied: cmd.Applied, Frozen: cmd.Frozen, Balance: cmd.Balance, ResultCode: cmd.ResultCode, Attribution: attribution,
	}}, found...)
	for _, stop := range a.Orders {
		if stop.Kind == KindStop && stop.Case == o.Case && stop.State == Executed {
			events = append(events, event.StopLifted{Order: stop.ID, Cause: "converted", At: cmd.ExecutedAt})
		}
	}
	return events
}

// expiryDiffers is the discrepancy of an end that a bank gives otherwise than the
// law has it.
func expiryDiffers(order identity.OrderID, expected, found, at time.Time) event.BankDiscrepancyFound {
	return event.BankDiscrepancyFound{Order: order, Kind: "expiry-differs", Expected: expected.Format(time.RFC3339), Found: found.Format(time.RFC3339), At: at}
}

// expireFreeze: not renewed in time is released (程序规定 art. 240).
func expireFreeze(a Account, cmd ExpireFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindFreeze || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return append([]event.AccountEvent{event.FreezeLapsed{Order: o.ID, ExpiredAt: o.ExpiresAt}}, a.promoted(o.ID, cmd.At)...), nil
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
