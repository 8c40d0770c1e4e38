package stoppayment_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// mybank stands for a payment institution.
const mybank = "323331000001"

func TestMoneyBehindAnOrderNumberIsStoppedByItselfAndNoMoreThanThatPayment(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	answer := done()
	answer.Transactions[1].CounterBankID, answer.Transactions[1].CounterKind, answer.Transactions[1].CounterOrderNumber = mybank, bank.KindPaymentInstitution, "2021071700001"
	answer.Transactions[1].CounterNumber, answer.Transactions[1].CounterName = "", ""
	path := "/v1/bank/orders/" + o.ApplicationID
	c.Post(citytest.Desk(abc), path+"/answer", answer)
	next := c.orders(t, mybank)
	if len(next) != 1 {
		t.Fatalf("orders at the institution: %+v", next)
	}
	got := [...]string{next[0].DataType, next[0].AccountNumber, next[0].Scope, next[0].StopAmount, next[0].AccountType}
	if want := [...]string{bank.DataOrderNumber, "2021071700001", bank.ScopeAmount, "3000000.00", bank.KindPersonal}; got != want {
		t.Errorf("the order says %q, want %q", got, want)
	}
}
