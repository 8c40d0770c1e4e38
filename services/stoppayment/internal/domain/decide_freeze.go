package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

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
	case !cmd.Approver.Level.AtLeast(identity.County):
		return nil, ErrFreezeLevel
	case cmd.TermMonths < 1 || cmd.TermMonths > MaxFreezeMonths:
		return nil, ErrFreezeTerm
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	return []event.AccountEvent{event.FreezeRequested{
		Order: cmd.Order, Case: cmd.Case, CaseNo: cmd.CaseNo, FiledAt: cmd.FiledAt, NoticeNo: cmd.NoticeNo, Account: a.Ref,
		FreezeType: "02", TermMonths: cmd.TermMonths, Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, At: cmd.At,
	}}, nil
}

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
		return []event.AccountEvent{event.FreezeQueued{
			Order: o.ID, Former: cmd.Former, FormerFrozen: cmd.FormerFrozen, FormerExpires: cmd.FormerExpires, At: cmd.At,
		}}, nil
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
	case cmd.Frozen < 0 || cmd.Applied < 0 || cmd.Balance < 0:
		return nil, ErrNegative.At("/frozedBalance")
	case cmd.Frozen > cmd.Balance || cmd.Frozen > cmd.Applied:
		return nil, ErrFrozenTooMuch.At("/frozedBalance")
	}
	if a.Frozen.Order != "" {
		return secondFreeze(a, o, cmd), nil
	}
	return frozen(a, o, cmd), nil
}

// secondFreeze: a bank cannot freeze twice (程序规定 art. 242). What it calls
// executed is a discrepancy, and the order waits behind the freeze in force.
func secondFreeze(a Account, o Order, cmd AnswerFreeze) []event.AccountEvent {
	return []event.AccountEvent{
		event.BankDiscrepancyFound{Order: o.ID, Kind: "second-freeze", Expected: string(a.Frozen.Order)},
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
		found = append(found, event.BankDiscrepancyFound{
			Order: o.ID, Kind: "expiry-differs", Expected: expires.Format(time.RFC3339), Found: cmd.BankExpires.Format(time.RFC3339),
		})
		if cmd.BankExpires.Before(expires) {
			expires = cmd.BankExpires
		}
	}
	attribution := a.Attribution
	if attribution.Revision > 0 && (cmd.Balance != attribution.Balance || !a.Stopped()) {
		// Money has moved, or could have, since the statement: whose it is can
		// no longer be told one to one.
		attribution.Exact = false
		found = append(found, event.BankDiscrepancyFound{
			Order: o.ID, Kind: "balance-moved", Expected: attribution.Balance.Decimal(), Found: cmd.Balance.Decimal(),
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

// expireFreeze: not renewed in time is released (程序规定 art. 240).
func expireFreeze(a Account, cmd ExpireFreeze) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindFreeze || o.State != Executed || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.FreezeLapsed{Order: o.ID, ExpiredAt: o.ExpiresAt}}, nil
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
