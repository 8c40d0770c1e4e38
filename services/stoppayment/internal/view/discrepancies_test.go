package view_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// banksOf opens the list and follows the log with it.
func banksOf(t *testing.T, c *citytest.City) view.Banks {
	t.Helper()
	banks, err := view.OpenBanks(t.Context(), c.City)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- banks.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_ = banks.Close()
	})
	return banks
}

func TestWhatDoesNotFitIsListedNewestFirstByBankAndByCase(t *testing.T) {
	const icbc, abc = "102100099996", "103100000026"
	c := citytest.Open(t)
	banks := banksOf(t, c)
	account, desk := citytest.Pen(c, "account", event.AccountCodec()), citytest.Pen(c, "bank", event.DeskCodec())
	at := c.City.Clock.Now()
	account("a-1", "case-1",
		event.StopRequested{Order: "o-1", Case: "case-1", Account: event.Account{ID: "a-1", Bank: icbc}, At: at},
		event.OrderDeliveryFailed{Order: "o-1", Cause: "technical", Attempts: 5, At: at})
	account("a-2", "case-2",
		event.InflowTraced{Case: "case-2", Source: event.Transfer{To: event.Account{ID: "a-2", Bank: abc}}},
		event.BankDiscrepancyFound{Kind: "inflow-missing", At: at})
	desk(icbc, "", event.StrayAnswerReceived{Bank: icbc, Order: "x", Reason: "order-unknown", Digest: "d", Channel: "desk", At: at},
		event.BankUnreachable{Bank: icbc, Cause: "timeout", At: at})
	list := func(code identity.BankCode, of identity.CaseID, before eventlog.Position, limit int) []view.Discrepancy {
		found, err := banks.Discrepancies(t.Context(), code, of, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	c.Until("all is listed", func() bool {
		r, err := banks.Reached(t.Context())
		return err == nil && !r[icbc].UnreachableSince.IsZero()
	})
	all := list("", "", eventlog.Start, 10)
	var kinds []string
	for _, d := range all {
		kinds = append(kinds, d.Kind+" "+string(d.Bank)+" "+string(d.Case))
	}
	if diff := cmp.Diff([]string{view.Stray + " " + icbc + " ", view.Differs + " " + abc + " case-2", view.DeliveryFailed + " " + icbc + " case-1"}, kinds); diff != "" {
		t.Fatal(diff)
	}
	if got := list("", "case-2", eventlog.Start, 10); len(got) != 1 || got[0].Kind != view.Differs {
		t.Errorf("of a case: %+v", got)
	}
	if got := list(icbc, "", eventlog.Start, 10); len(got) != 2 {
		t.Errorf("of a bank: %+v", got)
	}
	if got := list("", "", all[0].Position, 1); len(got) != 1 || got[0].Position != all[1].Position {
		t.Errorf("the second page: %+v", got)
	}
	if asked, err := banks.Asked(t.Context(), "o-1"); err != nil || !asked.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("asked at %v, %v", asked, err)
	}
	reached, err := banks.Reached(t.Context())
	if err != nil || reached[icbc].Cause != "timeout" || reached[icbc].Undelivered != 1 {
		t.Errorf("%+v, %v", reached, err)
	}
	account("a-1", "case-1", event.OrderSent{Order: "o-1", Channel: "machine", At: at}, event.StopExecuted{Order: "o-1", ExecutedAt: at, ExpiresAt: at})
	desk(icbc, "", event.BankReachable{Bank: icbc, At: at})
	c.Until("that all is well shows", func() bool {
		r, err := banks.Reached(t.Context())
		return err == nil && r[icbc].Undelivered == 0 && r[icbc].UnreachableSince.IsZero() && !r[icbc].AnsweredAt.IsZero()
	})
}
