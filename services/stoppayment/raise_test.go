package stoppayment_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

func TestARaiseThatANarrowingHasOvertakenIsNoLongerShownToItsBank(t *testing.T) {
	c := citytest.Open(t)
	c.Policy.Chase.Scope = "AMOUNT"
	c.Run(stoppayment.New)
	w := in(c, nil)
	w.say = pen(c)
	w.approve()
	w.report(t, "case-1")
	order := w.orders(t, abc)[0]
	desk := func(id string, answer bank.Answer) {
		w.Post(citytest.Desk(abc), "/v1/bank/orders/"+id+"/answer", answer)
	}
	desk(order.ApplicationID, bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "9835000.00", StoppedAmount: "4830000.00"})
	w.declare(t, "case-1", "t-more", "S2", 20_000_00)
	raise := w.orders(t, abc)[0]
	account := w.chase(t, "case-1").Accounts[0].Account
	w.Post(leader, "/v1/accounts/"+account+"/orders/"+order.ApplicationID+"/lift", body(map[string]any{"cause": "disproportionate", "keepFen": 1_000_00}))
	var less bank.Order
	w.Until("the bank is asked to hold less", func() bool {
		for _, o := range w.orders(t, abc) {
			if o.ApplicationID != raise.ApplicationID {
				less = o
			}
		}
		return less.StopAmount == "1000.00"
	})
	desk(less.ApplicationID, bank.Answer{Result: bank.ResultOK, StartTime: "20210717160030", StoppedAmount: "1000.00"})
	w.Until("the raise is closed", func() bool {
		var page bank.Orders
		w.Get(citytest.Desk(abc), "/v1/bank/orders").Into(t, &page)
		return len(page.Items) == 0
	})
	for _, o := range w.held(t, account).Orders {
		if o.Kind == "raise" && o.State != "lapsed" {
			t.Errorf("the raise: %+v", o)
		}
	}
}
