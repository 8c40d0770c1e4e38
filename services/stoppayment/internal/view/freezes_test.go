package view_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

func TestTheListsFollowAFreezeToItsEnd(t *testing.T) {
	c := citytest.Open(t)
	orders, err := view.Open(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	clocks, err := view.OpenClocks(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() { ended <- orders.Run(t.Context()) }()
	go func() { ended <- clocks.Run(t.Context()) }()
	t.Cleanup(func() {
		_, _ = <-ended, <-ended
		_ = orders.Close()
		_ = clocks.Close()
	})
	const abc = identity.BankCode("103100000026")
	at, chief := time.Date(2021, 7, 17, 9, 0, 0, 0, time.UTC), event.Officer{PoliceNo: "090100", Unit: "440982000000", Level: identity.County}
	due, account := at.Add(domain.LiftTerm), event.Account{ID: "a", Bank: abc}
	say := citytest.Pen(c, "account", event.AccountCodec())
	release := func(id, repeats identity.OrderID) event.FreezeReleaseRequested {
		return event.FreezeReleaseRequested{
			Order: id, Target: "freeze", Case: "case-1", Account: account, Approver: chief, Operator: event.Officer{Unit: chief.Unit}, Due: due, At: at, Repeats: repeats,
		}
	}
	renewal := event.FreezeRenewalRequested{Order: "renewal", Target: "freeze", Case: "case-1", Account: account, Approver: chief, At: at}
	for _, step := range []struct {
		rule   string
		events []event.AccountEvent
		open   []identity.OrderID // at the bank
		runs   string             // whose term to release runs, "" if none
	}{
		{"the bank has the freeze", []event.AccountEvent{event.FreezeRequested{Order: "freeze", Case: "case-1", Account: account, Approver: chief, At: at}}, []identity.OrderID{"freeze"}, ""},
		{"and what is to change it", []event.AccountEvent{event.FreezeExecuted{Order: "freeze", ExpiresAt: due}, renewal, release("r1", "")}, []identity.OrderID{"renewal", "r1"}, "r1"},
		{"a release that failed is late all the same", []event.AccountEvent{event.FreezeFollowUpFailed{Order: "r1", At: at}}, []identity.OrderID{"renewal"}, "r1"},
		{"the next attempt has the same term", []event.AccountEvent{release("r2", "r1")}, []identity.OrderID{"renewal", "r2"}, "r2"},
		{"the end of the freeze closes both", []event.AccountEvent{event.FreezeLapsed{Order: "freeze"}}, nil, ""},
		{"what the bank holds on is let go", []event.AccountEvent{release("r3", "")}, []identity.OrderID{"r3"}, "r3"},
		{"and the freeze stays as it ended", []event.AccountEvent{event.FreezeLifted{Order: "freeze", By: "r3"}}, nil, ""},
	} {
		say("a", "case-1", step.events...)
		end, err := c.Log.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.Until("the lists are up to date", func() bool {
			a, ok := orders.Position()
			b, also := clocks.Position()
			return ok && also && a >= end && b >= end
		})
		rows, err := orders.ForBank(t.Context(), abc, 10)
		if err != nil {
			t.Fatal(err)
		}
		got := map[identity.OrderID]bool{}
		for _, r := range rows {
			got[r.Order] = true
		}
		same := len(got) == len(step.open)
		for _, id := range step.open {
			same = same && got[id]
		}
		running, err := clocks.Running(t.Context(), "case-1", "", time.Time{}, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		runs := ""
		for _, r := range running {
			if r.Kind == view.ClockRelease {
				runs += r.Subject
			}
		}
		if !same || runs != step.runs {
			t.Errorf("%s: the bank has %v, want %v; the term of %q runs, want %q", step.rule, got, step.open, runs, step.runs)
		}
	}
	if row, err := orders.One(t.Context(), "freeze"); err != nil || row.State != domain.Lapsed {
		t.Errorf("the freeze is %s, %v", row.State, err)
	}
}
