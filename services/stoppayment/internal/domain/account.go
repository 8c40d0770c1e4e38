// Package domain has the rules of stop and freeze, of the chase and of the
// money ledger. It is pure.
package domain

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Inflow is a transfer known to carry victims' money into the account.
type Inflow struct {
	Case   identity.CaseID
	Source event.Transfer
	Lots   []event.Lot
	Basis  uint64 // revision of the chase that says so
}

// Account (涉案账户) is everything that restrains one account, over all cases,
// and whose money is on it.
type Account struct {
	Ref         event.Account
	Orders      []Order
	Inflows     []Inflow
	Statement   event.StatementReceived
	Balance     money.Fen // as the statement ends
	Stated      bool
	Attribution event.FundsAttributed // Revision 0: none yet
	Frozen      Freeze
	Ledger
	Remedy Remedy
	Papers []Paper                     // orders given on paper or by telephone
	Priors []event.PriorRestraintFound // what others hold, in the order in which it was heard
}

// Find returns an order of the account.
func (a Account) Find(id identity.OrderID) (Order, bool) {
	for _, o := range a.Orders {
		if o.ID == id {
			return o, true
		}
	}
	return Order{}, false
}

// Stopped tells whether some stop is in force that its bank does not deny.
func (a Account) Stopped() bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool { return o.Kind == KindStop && o.State == Executed && !o.Hold.Denied })
}

// AccountDecider is all of the rules of one account.
func AccountDecider() es.Decider[Account, AccountCommand, event.AccountEvent] {
	return es.Decider[Account, AccountCommand, event.AccountEvent]{Decide: DecideAccount, Evolve: EvolveAccount, Due: DueOnAccount}
}

// stopClock runs for the 48 hours of a stop. The name of an alarm is the clock
// and the order.
const stopClock = "stop:"

// DueOnAccount lists the running clocks: the 48 hours of each stop, and those of
// the freezes.
func DueOnAccount(a Account) []es.Alarm {
	var due []es.Alarm
	for _, o := range a.Orders {
		due = append(due, a.dueOnStop(o)...)
		due = append(due, a.dueOnFreeze(o)...)
		if at, failed := a.repeatAt(o); failed {
			due = append(due, es.Alarm{Name: repeatClock + string(o.ID), At: at})
		}
	}
	due = append(due, a.dueOnPapers()...)
	due = append(due, a.dueOnLedger()...)
	due = append(due, a.dueNotices()...)
	return append(due, a.Remedy.dueObjections()...)
}

// EvolveAccount folds one event into the state.
func EvolveAccount(a Account, e event.AccountEvent) Account {
	a.Remedy = a.evolveRemedy(e)
	a = a.satisfied(e)
	switch e := e.(type) {
	case event.StopRequested, event.StopApproved, event.StopRejected, event.OrderSent, event.StopExecuted, event.StopFailed, event.StopLapsed,
		event.StopLifted, event.StopExpiryWarned, event.LiftRequested, event.StopNarrowed, event.StopRaiseRequested, event.StopRaised, event.LiftFailed,
		event.PaperOrderRegistered, event.PaperOrderReconciled, event.PaperOrderExpired, event.PriorRestraintFound:
		a = a.evolveStop(e)
	case event.OrderDeliveryFailed:
		a = a.change(e.Order, func(o *Order) { o.Undelivered = true })
	case event.StatementReceived, event.StopAnswerCorrected, event.FundsAttributed, event.OutflowsAttributed, event.CounterpartyFound, event.AttributionMethodChosen,
		event.ManualAttributionProposed, event.ManualAttributionRejected, event.AccountQueryRequested, event.AccountQueryAnswered:
		a = a.evolveLedger(e)
	case event.InflowTraced:
		if a.Ref.ID == "" {
			a.Ref = e.Source.To
		}
		a = a.inflow(Inflow{e.Case, e.Source, e.Lots, e.Basis})
	case event.BankDiscrepancyFound:
		a = a.discrepancy(e).heldOn(e)
	case event.HolderNotified, event.HolderNoticeDeferred, event.ObjectionFiled, event.ObjectionAccepted, event.ObjectionDecided, event.ObjectionOverdue,
		event.WrongStopConfirmed, event.DisproportionFound, event.UnrelatedProven: // folded above
	case event.LiftOverdue:
		a = a.change(e.Order, func(o *Order) { o.Overdue = true })
	case event.FreezeRequested, event.FreezeExecuted, event.FreezeQueued, event.FreezeFailed, event.FreezePromoted, event.FreezeLapsed,
		event.FreezeLifted, event.FreezeExpiryWarned, event.FrozenFundsReturned, event.FrozenFundsTransferred, event.FreezeRenewalRequested,
		event.FreezeReleaseRequested, event.FreezeRenewed, event.FreezePartiallyReleased, event.FreezeFollowUpFailed:
		a = a.evolveFreeze(e)
	}
	return a
}

// The state is a value: changing a list makes a new one.

func (a Account) with(o Order) Account {
	a.Orders = append(slices.Clip(a.Orders), o)
	return a
}

func (a Account) change(id identity.OrderID, edit func(*Order)) Account {
	a.Orders = slices.Clone(a.Orders)
	for i := range a.Orders {
		if a.Orders[i].ID == id {
			edit(&a.Orders[i])
		}
	}
	return a
}

func (a Account) inflow(in Inflow) Account {
	a.Inflows = slices.Clone(a.Inflows)
	for i := range a.Inflows {
		if a.Inflows[i].Case == in.Case && a.Inflows[i].Source.ID == in.Source.ID {
			a.Inflows[i] = in
			return a
		}
	}
	a.Inflows = append(a.Inflows, in)
	return a
}
