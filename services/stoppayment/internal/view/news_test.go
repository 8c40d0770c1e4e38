package view_test

import (
	"context"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

func TestABankThatWaitsMissesNoOrderAndLooksForNoOthers(t *testing.T) {
	c := citytest.Open(t)
	orders, err := view.Open(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- orders.Run(t.Context()) }()
	t.Cleanup(func() { <-ended; _ = orders.Close() })
	const icbc, abc = identity.BankCode("102100099996"), identity.BankCode("103100000026")
	mine, others := orders.Waiting(icbc, 10), orders.Waiting(abc, 10)
	look := func(list func(context.Context) ([]view.Row, error)) int {
		t.Helper()
		rows, err := list(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	say := citytest.Pen(c, "account", event.AccountCodec())
	settled := func() {
		end, err := c.Log.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Until("the list is up to date", func() bool { at, ok := orders.Position(); return ok && at >= end })
	}
	request := func(id identity.OrderID, bank identity.BankCode) event.StopRequested {
		return event.StopRequested{Order: id, Case: "case-1", Ordinal: 1, Account: event.Account{ID: identity.AccountID(id), Bank: bank}, At: time.Now()}
	}
	settled()
	for _, step := range []struct {
		rule         string
		stream       string
		events       []event.AccountEvent
		mine, others int
	}{
		{"an order of mine is seen", "a", []event.AccountEvent{request("a", icbc), event.StopApproved{Order: "a"}}, 1, 0},
		{"another bank's makes me not look", "b", []event.AccountEvent{request("b", abc), event.StopApproved{Order: "b"}}, 0, 1},
		{"one that waits for approval is seen when it has it", "c", []event.AccountEvent{request("c", icbc)}, 1, 0},
		{"whoever else was asked in between", "d", []event.AccountEvent{request("d", abc)}, 0, 1},
		{"as it is now", "c", []event.AccountEvent{event.StopApproved{Order: "c"}}, 2, 1},
	} {
		t.Run(step.rule, func(t *testing.T) {
			say(step.stream, "case-1", step.events...)
			settled()
			if m, o := look(mine), look(others); m != step.mine || o != step.others {
				t.Errorf("mine %d, others %d; want %d and %d", m, o, step.mine, step.others)
			}
		})
	}
	if n := look(mine); n != 0 {
		t.Errorf("asked again with no news, %d", n)
	}
}
