package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/services/refund/internal/app"
)

func freeze(frozen money.Fen, held ...event.Lot) event.FreezeExecuted {
	return event.FreezeExecuted{
		Order: "f-1", Case: "c-1", Account: event.Account{ID: "a-1"}, Frozen: frozen, Attribution: event.FundsAttributed{Held: held},
	}
}

func TestI32_AProcedureIsOpenedByAFreezeAndNeverByAStop(t *testing.T) {
	ours := event.Lot{Case: "c-1", Victim: "p-1", Transfer: "t-1", Amount: 5}
	theirs := event.Lot{Case: "c-2", Victim: "p-2", Transfer: "t-2", Amount: 5}
	full := freeze(9, ours, theirs)
	for rule, c := range map[string]struct {
		heard event.AccountEvent
		want  []app.Intent
	}{
		"a freeze with a victim's money opens a procedure":         {full, []app.Intent{{Freeze: full}}},
		"a freeze of nothing opens none":                           {freeze(0, ours), nil},
		"a freeze with another case's money alone opens none":      {freeze(9, theirs), nil},
		"a freeze with nobody's known money opens none":            {freeze(9, event.Lot{Amount: 9}), nil},
		"a freeze with a victim's lot that has run dry opens none": {freeze(9, event.Lot{Case: "c-1", Victim: "p-1", Transfer: "t-1"}), nil},
		"a stop opens none, whatever the account holds":            {event.StopExecuted{Order: "s-1", Case: "c-1", BalanceBefore: 9}, nil},
		"an attribution under a stop opens none":                   {event.FundsAttributed{Held: []event.Lot{ours}}, nil},
		"a freeze that waits behind another opens none":            {event.FreezeQueued{Order: "f-1"}, nil},
		"what the account tells of our own refund opens none":      {event.FrozenFundsReturned{Order: "f-1", Amount: 5}, nil},
	} {
		if diff := cmp.Diff(c.want, app.React(react.Source{}, c.heard)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
	}
}

func TestOneFreezeOfOneAccountInOneCaseIsOneProcedure(t *testing.T) {
	one := freeze(9)
	seen := map[string]bool{string(app.ProcedureID(one)): true}
	if !seen[string(app.ProcedureID(freeze(5)))] {
		t.Error("the same freeze names two procedures")
	}
	for range 3 {
		other := one
		switch len(seen) {
		case 1:
			other.Order = "f-2"
		case 2:
			other.Case = "c-2"
		case 3:
			other.Account.ID = "a-2"
		}
		seen[string(app.ProcedureID(other))] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d procedures of 4 freezes", len(seen))
	}
}
