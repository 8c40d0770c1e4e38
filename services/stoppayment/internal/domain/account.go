// Package domain has the rules of stop and freeze, of the chase and of the
// money ledger. It is pure.
package domain

import (
	"slices"
	"time"

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
}

// Freeze (冻结) is the freeze in force.
type Freeze struct {
	Order     identity.OrderID // "" when there is none
	Case      identity.CaseID
	Amount    money.Fen
	Remaining money.Fen // Amount less what was returned
	Expires   time.Time
	Returned  []string // payments
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

// Stopped tells whether some stop is in force.
func (a Account) Stopped() bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool { return o.Kind == KindStop && o.State == Executed })
}

// AccountDecider is all of the rules of one account.
func AccountDecider() es.Decider[Account, AccountCommand, event.AccountEvent] {
	return es.Decider[Account, AccountCommand, event.AccountEvent]{Decide: DecideAccount, Evolve: EvolveAccount, Due: DueOnAccount}
}

// Clocks of an account. The name of an alarm is the clock and the order.
const (
	stopClock   = "stop:"
	freezeClock = "freeze:"
)

// DueOnAccount lists the running clocks: the 48 hours of each stop, the term
// of the freeze.
func DueOnAccount(a Account) []es.Alarm {
	var due []es.Alarm
	for _, o := range a.Orders {
		switch {
		case o.State != Executed:
		case o.Kind == KindFreeze:
			due = append(due, es.Alarm{Name: freezeClock + string(o.ID), At: o.ExpiresAt})
		case o.Kind == KindStop:
			due = append(due, es.Alarm{Name: stopClock + string(o.ID), At: o.ExpiresAt})
		}
	}
	return due
}

// EvolveAccount folds one event into the state.
func EvolveAccount(a Account, e event.AccountEvent) Account {
	switch e := e.(type) {
	case event.StopRequested:
		a = a.stopRequested(e)
	case event.StopApproved:
		a = a.change(e.Order, func(o *Order) { o.State = Approved })
	case event.StopRejected:
		a = a.change(e.Order, func(o *Order) { o.State = Rejected })
	case event.OrderSent:
		a = a.change(e.Order, func(o *Order) { o.State = Sent })
	case event.StopExecuted:
		a = a.change(e.Order, func(o *Order) {
			o.State, o.ExecutedAt, o.ExpiresAt, o.Balance = Executed, e.ExecutedAt, e.ExpiresAt, e.BalanceBefore
		})
	case event.StopFailed:
		a = a.change(e.Order, func(o *Order) { o.State, o.Cause = Failed, e.Cause })
	case event.StopLapsed:
		a = a.change(e.Order, func(o *Order) { o.State = Lapsed })
	case event.StopLifted:
		a = a.change(e.Order, func(o *Order) { o.State = Lifted })
	case event.StatementReceived:
		a = a.stated(e)
	case event.InflowTraced:
		if a.Ref.ID == "" {
			a.Ref = e.Source.To
		}
		a = a.inflow(Inflow{e.Case, e.Source, e.Lots, e.Basis})
	case event.FundsAttributed:
		a.Attribution = e
	case event.BankDiscrepancyFound: // shown, changes nothing
	case event.FreezeRequested:
		a = a.freezeRequested(e)
	case event.FreezeExecuted:
		a = a.freezeExecuted(e)
	case event.FreezeQueued:
		a = a.change(e.Order, func(o *Order) { o.State = Queued })
	case event.FreezeFailed:
		a = a.change(e.Order, func(o *Order) { o.State, o.Cause = Failed, e.Cause })
	case event.FreezeLapsed:
		a = a.change(e.Order, func(o *Order) { o.State = Lapsed })
		if a.Frozen.Order == e.Order {
			a.Frozen = Freeze{}
		}
	case event.FrozenFundsReturned:
		a.Frozen.Remaining = e.Remaining
		a.Frozen.Returned = append(slices.Clip(a.Frozen.Returned), e.Payment)
	}
	return a
}

func (a Account) stopRequested(e event.StopRequested) Account {
	a.Ref = e.Account
	a = a.with(Order{
		ID: e.Order, Case: e.Case, Kind: KindStop, Ordinal: e.Ordinal, Level: e.Level, State: Waiting, Unit: e.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator},
		Source: e.Source, Lots: e.Lots, RequestAt: e.At,
	})
	return a
}

// stated takes a statement into the ledger, if it adds up and holds all that
// an earlier one held. Any other stays in the history and changes nothing.
func (a Account) stated(e event.StatementReceived) Account {
	o, _ := a.Find(e.Order)
	if balances(e, o.Balance) != "" || (a.Stated && !covers(e, a.Statement)) {
		return a
	}
	a.Statement, a.Stated, a.Balance = e, true, o.Balance
	return a
}

func (a Account) freezeRequested(e event.FreezeRequested) Account {
	a.Ref = e.Account
	return a.with(Order{
		ID: e.Order, Case: e.Case, Kind: KindFreeze, State: Approved, Unit: e.Operator.Unit, Officers: [2]event.Officer{e.Operator, e.Investigator}, RequestAt: e.At, Request: e,
	})
}

func (a Account) freezeExecuted(e event.FreezeExecuted) Account {
	a.Frozen = Freeze{Order: e.Order, Case: e.Case, Amount: e.Frozen, Remaining: e.Frozen, Expires: e.ExpiresAt}
	return a.change(e.Order, func(o *Order) {
		o.State, o.ExecutedAt, o.ExpiresAt, o.Balance = Executed, e.ExecutedAt, e.ExpiresAt, e.Balance
	})
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
