package stoppayment_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// stream reads what is stored of one kind in a stream.
func stream[E any](t *testing.T, c town, name, kind string) (events []E, records []eventlog.Recorded) {
	t.Helper()
	for r, err := range c.Log.Read(t.Context(), name, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Type != kind {
			continue
		}
		var e E
		if err := json.Unmarshal(r.Data, &e); err != nil {
			t.Fatal(err)
		}
		events, records = append(events, e), append(records, r)
	}
	return events, records
}

func found(t *testing.T, c town, id string) ([]event.DownstreamAccountFound, []eventlog.Recorded) {
	t.Helper()
	return stream[event.DownstreamAccountFound](t, c, "pursuit-"+id, "downstream-account-found.v1")
}

func asked(t *testing.T, c town, account identity.AccountID) ([]event.StopRequested, []eventlog.Recorded) {
	t.Helper()
	return stream[event.StopRequested](t, c, "account-"+string(account), "stop-requested.v1")
}

// more says that the victim has paid the same card once more.
func (c town) more(t *testing.T, id identity.CaseID, first event.Transfer) {
	t.Helper()
	again := first
	again.ID, again.Serial, again.Amount, again.At = first.ID+"-more", "S9", 7_000_000, first.At.Add(time.Minute)
	c.say(string(id), string(id), event.LossTransferDeclared{Transfer: again, Victim: "victim-1", Currency: event.CNY})
}

func (c town) refuse(o bank.Order, cause string) {
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", bank.Answer{Result: bank.ResultRefused, FailureCause: cause})
}

func TestI16_AReportWithoutAnOrderWithinThirtyMinutesIsABreachOnce(t *testing.T) {
	c := open(t)
	reported := c.City.Clock.Now()
	officer := event.Officer{PoliceNo: duty.User, Unit: "440982000000"}
	c.say("case-1", "case-1", event.FraudReportReceived{Channel: "110", ReceivedAt: reported, Unit: "440982000000", Operator: officer, Investigator: event.Officer{PoliceNo: "090002", Unit: "440982000000"}})
	c.Until("the chase is open", func() bool { return c.Get(duty, "/v1/pursuits/case-1").Status == http.StatusOK })
	if err := c.Clock.Set(t.Context(), reported.Add(31*time.Minute)); err != nil {
		t.Fatal(err)
	}
	breach := func() []event.FirstOrderOverdue {
		list, _ := stream[event.FirstOrderOverdue](t, c, "pursuit-case-1", "first-order-overdue.v1")
		return list
	}
	c.Until("the breach is on record", func() bool { return len(breach()) > 0 })
	c.report(t, "case-2") // which is in time
	c.Until("another report's order is given", func() bool { list, _ := found(t, c, "case-2"); return len(list) == 1 })
	if b := breach(); len(b) != 1 || b[0].Responsible != officer || !b[0].Due.Equal(reported.Add(30*time.Minute)) {
		t.Errorf("the breach: %+v", b)
	}
	if late, _ := stream[event.FirstOrderOverdue](t, c, "pursuit-case-2", "first-order-overdue.v1"); len(late) > 0 {
		t.Errorf("a report with an order in time: %+v", late)
	}
}

func TestI63_TheExpressWayAndTheReactorGiveOneOrder(t *testing.T) {
	c := open(t)
	c.approve()
	transfer := c.report(t, "case-1")
	if orders := c.orders(t, abc); len(orders) != 1 {
		t.Fatalf("orders: %+v", orders)
	}
	second := c.report(t, "case-2") // the reactor hears in turn: with the last of it, all before it was heard
	_ = second
	c.Until("the second report's order is refused or given", func() bool { list, _ := found(t, c, "case-2"); return len(list) == 1 })
	cause, records := found(t, c, "case-1")
	orders, stored := asked(t, c, transfer.To.ID)
	own := 0
	for n, o := range orders {
		if o.Case != "case-1" {
			continue
		}
		own++
		var meta es.Meta
		if err := json.Unmarshal(stored[n].Meta, &meta); err != nil {
			t.Fatal(err)
		}
		if len(cause) != 1 || meta.Causation != records[0].ID.String() || meta.Command != react.Command(event.StopPaymentReactor, records[0].ID, 0) || meta.Correlation != "case-1" {
			t.Errorf("the order does not come from the account that was found: %+v", meta)
		}
	}
	if own != 1 || len(cause) != 1 {
		t.Errorf("%d orders, %d accounts found", own, len(cause))
	}
}

func TestMoreMoneyAfterATechnicalFailureIsAskedForAgain(t *testing.T) {
	c := open(t)
	c.approve()
	transfer := c.report(t, "case-1")
	c.refuse(c.orders(t, abc)[0], bank.Technical)
	c.more(t, "case-1", transfer)
	c.Until("a second order is asked for", func() bool { list, _ := asked(t, c, transfer.To.ID); return len(list) == 2 })
	orders := c.orders(t, abc)
	list, _ := found(t, c, "case-1")
	if len(orders) != 1 || len(list) != 2 || string(list[1].Order) != orders[0].ApplicationID || list[1].Source.Serial != "S9" || list[1].Manual {
		t.Errorf("the bank has %+v, the chase %+v", orders, list)
	}
}

func TestMoreMoneyAfterAMismatchWaitsForAPerson(t *testing.T) {
	c := open(t)
	c.approve()
	transfer := c.report(t, "case-1")
	c.refuse(c.orders(t, abc)[0], bank.MismatchName)
	c.more(t, "case-1", transfer)
	c.Until("the account is marked", func() bool { list, _ := found(t, c, "case-1"); return len(list) == 2 })
	list, _ := found(t, c, "case-1")
	if orders, _ := asked(t, c, transfer.To.ID); len(orders) != 1 || list[1].Order != "" || list[1].Withheld != "failed" {
		t.Errorf("%d orders, the chase %+v", len(orders), list[1])
	}
	// One call of an officer orders it, with what was wrong put right.
	c.Post(duty, "/v1/pursuits/case-1/orders", map[string]any{
		"account":      entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某熊"},
		"investigator": map[string]any{"policeNo": "090002", "unit": "440982000000"},
	})
	c.Until("the order is asked for", func() bool { orders, _ := asked(t, c, transfer.To.ID); return len(orders) == 2 })
}

func TestMoreMoneyAfterALapseIsStoppedForTheSecondTime(t *testing.T) {
	c := open(t)
	c.approve()
	transfer := c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "1.00"})
	c.Until("the stop is in force", func() bool { return c.chase(t, "case-1").Accounts[0].State == "executed" })
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 8, 0, 1, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("the stop has lapsed", func() bool { return c.chase(t, "case-1").Accounts[0].State == "lapsed" })
	c.more(t, "case-1", transfer)
	c.Until("the second stop is asked for", func() bool { list, _ := asked(t, c, transfer.To.ID); return len(list) == 2 })
	if orders, _ := asked(t, c, transfer.To.ID); orders[1].Ordinal != 2 || orders[1].Case != "case-1" {
		t.Errorf("the second order: %+v", orders[1])
	}
}
