package app

import (
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
)

// Intent is a procedure that refund opens because of what it has heard.
type Intent struct{ Freeze event.FreezeExecuted }

// ProcedureID names the procedure of a freeze: one for each account, order and
// case.
func ProcedureID(f event.FreezeExecuted) identity.ProcedureID {
	return identity.ProcedureID(identity.Derive("refund", string(f.Account.ID), string(f.Order), string(f.Case)).String())
}

// React is the process manager of refund: an account that was frozen with a
// victim's money on it gets a procedure. A stop gets none, whatever it holds:
// the money that can be returned is frozen money (41号 art. 2, 170号).
func React(_ react.Source, e event.AccountEvent) []Intent {
	switch e := e.(type) {
	case event.FreezeExecuted:
		ours := func(l event.Lot) bool { return l.Known() && l.Case == e.Case && l.Amount > 0 }
		if e.Frozen > 0 && slices.ContainsFunc(e.Attribution.Held, ours) {
			return []Intent{{Freeze: e}}
		}
	case event.StopRequested, event.StopApproved, event.StopRejected, event.OrderSent, event.StopExecuted, event.StopFailed,
		event.StopLapsed, event.StopLifted: // nothing is frozen by a stop
	case event.StatementReceived, event.InflowTraced, event.FundsAttributed, event.BankDiscrepancyFound: // a freeze carries the attribution
	case event.FreezeRequested, event.FreezeQueued, event.FreezeFailed: // not frozen, or not by us
	case event.FreezeLapsed: // the procedure knows the end of its freeze
	case event.FrozenFundsReturned: // follows from what we have said
	}
	return nil
}
