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
	case freeze.signedBy(cmd.Approver) && cmd.Cause == "objection":
		return nil, ErrSelfApproval
	case cmd.Amount < 0:
		return nil, ErrNegative.At("/amountFen")
	}
	if err := a.mayChange(freeze, cmd.Approver, cmd.Operator, cmd.Investigator); err != nil {
		return nil, err
	}
	switch {
	case !a.stands(freeze.ID):
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
	due, repeats := cmd.At.Add(LiftTerm), identity.OrderID("")
	for _, o := range a.Orders { // the term of what the bank could not do runs on
		if o.Kind == KindRelease && o.Target == freeze.ID && o.Amount == cmd.Amount && o.State == Failed && a.pending(o) {
			due, repeats = earlier(due, o.ExpiresAt), o.ID
		}
	}
	return event.FreezeReleaseRequested{
		Order: followUpOrder("release", freeze.ID, a.followUps(freeze.ID, KindRelease)+1), Target: freeze.ID, Case: freeze.Case, Account: a.Ref,
		Amount: cmd.Amount, Cause: cmd.Cause, Objection: cmd.Objection, Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator,
		Due: due, At: cmd.At, Repeats: repeats,
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

// letting tells whether a release of all that a freeze holds is still to come.
func (a Account) letting(freeze identity.OrderID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindRelease && o.Target == freeze && o.Amount == 0 && a.toCome(o)
	})
}

func (a Account) releasingAll(freeze identity.OrderID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return o.Kind == KindRelease && o.Target == freeze && o.State.Open() && o.Amount == 0
	})
}

// transferByCourt books what a court took.
func transferByCourt(a Account, cmd TransferByCourt) ([]event.AccountEvent, error) {
	freeze, _ := a.Find(cmd.Freeze)
	switch {
	case a.Frozen.Order == "" || a.Frozen.Order != cmd.Freeze:
		return nil, ErrNoFreeze
	case !cmd.Officer.Unit.Oversees(freeze.Unit):
		return nil, ErrNotSuperior
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
	if !ok || o.State != Queued || a.Frozen.Order != "" || cmd.At.Before(o.turn()) {
		return nil, nil
	}
	return []event.AccountEvent{event.FreezePromoted{Order: o.ID, At: cmd.At}}, nil
}

func releaseOverdue(a Account, cmd ReleaseOverdue) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindRelease || !a.pending(o) || o.Overdue || cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	return []event.AccountEvent{event.LiftOverdue{Order: o.ID, Due: o.ExpiresAt, Awaits: "bank"}}, nil
}
