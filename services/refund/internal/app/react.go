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
	frozen, ok := e.(event.FreezeExecuted)
	if !ok {
		return nil
	}
	ours := func(l event.Lot) bool { return l.Known() && l.Case == frozen.Case && l.Amount > 0 }
	if frozen.Frozen > 0 && slices.ContainsFunc(frozen.Attribution.Held, ours) {
		return []Intent{{Freeze: frozen}}
	}
	return nil
}
