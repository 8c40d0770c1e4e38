package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// LiftTerm is by when what is proven unrelated is free again and its owner knows
// (程序规定 art. 247; 刑事诉讼法 art. 145).
const LiftTerm = 3 * 24 * time.Hour

// RequestRelease (解冻) asks the bank to end a freeze, or to let a part of it go.
type RequestRelease struct {
	Freeze       identity.OrderID
	Amount       money.Fen // 0: all of it
	Cause        string    // unrelated | error | objection | disproportionate | concluded
	Objection    identity.ObjectionID
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// TransferByCourt (法院划拨) notes what a court took out of the freeze.
type TransferByCourt struct {
	Freeze   identity.OrderID
	Court    string
	Document string
	Amount   money.Fen
	Officer  event.Officer
	At       time.Time
}

// PromoteQueued wakes a freeze when the one it waits behind has ended.
type PromoteQueued struct {
	Order identity.OrderID
	At    time.Time
}

// ReleaseOverdue wakes a release that the bank has not carried out in time.
type ReleaseOverdue struct {
	Order identity.OrderID
	At    time.Time
}

func (RequestRelease) isAccountCommand()  {}
func (TransferByCourt) isAccountCommand() {}
func (PromoteQueued) isAccountCommand()   {}
func (ReleaseOverdue) isAccountCommand()  {}

func knownRelease(cause string) bool {
	return slices.Contains([]string{"unrelated", "error", "objection", "disproportionate", "concluded"}, cause)
}

// requestRelease: a freeze ends by the authority that may order one (程序规定
// art. 241). What has ended already needs nothing (a lift after the end is a
// no-op).
func requestRelease(a Account, cmd RequestRelease) ([]event.AccountEvent, error) {
	freeze, ok := a.Find(cmd.Freeze)
	switch {
	case !ok || freeze.Kind != KindFreeze:
		return nil, ErrNoOrder
	case !knownRelease(cmd.Cause):
		return nil, ErrReleaseCause.At("/cause")
	case !cmd.Approver.Level.AtLeast(identity.County):
		return nil, ErrFreezeLevel
	case freeze.signedBy(cmd.Approver) && cmd.Cause == "objection":
		return nil, ErrSelfApproval
	case cmd.Amount < 0:
		return nil, ErrNegative.At("/amountFen")
	}
	if err := twoOfficers(cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	switch {
	case freeze.State == Lifted || freeze.State == Lapsed || freeze.State == Failed || freeze.State == Rejected:
		return nil, nil
	case cmd.Amount > 0 && a.Frozen.Order != cmd.Freeze:
		return nil, ErrNoFreeze
	case cmd.Amount > a.Frozen.Remaining-a.releasing(cmd.Freeze):
		return nil, ErrReleaseTooMuch.At("/amountFen")
	case cmd.Amount == 0 && a.releasingAll(cmd.Freeze):
		return nil, nil
	}
	return []event.AccountEvent{releaseOf(a, freeze, cmd)}, nil
}

// releaseOf is the order to the bank.
func releaseOf(a Account, freeze Order, cmd RequestRelease) event.FreezeReleaseRequested {
	return event.FreezeReleaseRequested{
		Order: followUpOrder("release", freeze.ID, a.followUps(freeze.ID, KindRelease)+1), Target: freeze.ID, Case: freeze.Case, Account: a.Ref,
		Amount: cmd.Amount, Cause: cmd.Cause, Objection: cmd.Objection, Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator,
		Due: cmd.At.Add(LiftTerm), At: cmd.At,
	}
}

// releasing is what open orders will let go of a freeze.
func (a Account) releasing(freeze identity.OrderID) (sum money.Fen) {
	for _, o := range a.Orders {
		if o.Kind == KindRelease && o.Target == freeze && o.State.Open() {
			sum += o.Amount
		}
	}
	return sum
}

func (a Account) releasingAll(freeze identity.OrderID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindRelease && o.Target == freeze && o.State.Open() && o.Amount == 0
	})
}

// released ends the freeze, or lowers it, as the bank has done it.
func released(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	freeze, _ := a.Find(o.Target)
	if freeze.State == Lifted || freeze.State == Lapsed {
		return []event.AccountEvent{event.FreezeLifted{Order: o.Target, By: o.ID, Cause: o.Cause, At: cmd.ExecutedAt}}
	}
	if o.Amount > 0 {
		amount := min(o.Amount, a.Frozen.Remaining) // a refund or a court may have been faster
		return []event.AccountEvent{event.FreezePartiallyReleased{
			Order: o.Target, By: o.ID, Amount: amount, Remaining: a.Frozen.Remaining - amount, Cause: o.Cause, At: cmd.ExecutedAt,
		}}
	}
	events := []event.AccountEvent{event.FreezeLifted{Order: o.Target, By: o.ID, Cause: o.Cause, At: cmd.ExecutedAt}}
	if a.Frozen.Order != o.Target {
		return events // it was still waiting, nothing follows from its end
	}
	return append(events, a.promoted(o.Target, cmd.At)...)
}

// endedAtBank takes the bank's word that nothing stands any more which could be
// released: the holder is free, and that the books said otherwise is shown.
func endedAtBank(a Account, o Order, cmd AnswerFollowUp) []event.AccountEvent {
	found := event.BankDiscrepancyFound{Order: o.ID, Kind: "ended-at-bank", Expected: string(o.Target), Found: cmd.Cause, At: cmd.At}
	o.Amount, cmd.ExecutedAt = 0, cmd.At
	return append([]event.AccountEvent{found}, released(a, o, cmd)...)
}

// transferByCourt books what a court took.
func transferByCourt(a Account, cmd TransferByCourt) ([]event.AccountEvent, error) {
	switch {
	case a.Frozen.Order == "" || a.Frozen.Order != cmd.Freeze:
		return nil, ErrNoFreeze
	case cmd.Court == "" || cmd.Document == "":
		return nil, ErrCourtPaper.At("/document")
	case slices.Contains(a.Frozen.Taken, cmd.Document):
		return nil, nil
	case cmd.Amount <= 0:
		return nil, ErrNegative.At("/amountFen")
	case cmd.Amount > a.Frozen.Remaining:
		return nil, ErrReleaseTooMuch.At("/amountFen")
	}
	return []event.AccountEvent{event.FrozenFundsTransferred{
		Order: cmd.Freeze, Court: cmd.Court, Document: cmd.Document, Amount: cmd.Amount, Remaining: a.Frozen.Remaining - cmd.Amount,
		Officer: cmd.Officer, At: cmd.At,
	}}, nil
}

// promoteQueued asks the bank again once someone else's freeze should have ended.
func promoteQueued(a Account, cmd PromoteQueued) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.State != Queued || a.Frozen.Order != "" || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.FreezePromoted{Order: o.ID, At: cmd.At}}, nil
}

func releaseOverdue(a Account, cmd ReleaseOverdue) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindRelease || !o.State.Open() || o.Overdue || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.LiftOverdue{Order: o.ID, Due: o.ExpiresAt, Awaits: "bank"}}, nil
}
