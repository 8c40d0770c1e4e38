package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var (
	noon  = time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC)
	mule  = event.Account{ID: "mule-1", Bank: "103100000026"}
	li    = event.Officer{PoliceNo: "090001", Unit: "440982000000"}
	wang  = event.Officer{PoliceNo: "090002", Unit: "440982000000"}
	chief = event.Officer{PoliceNo: "090900", Unit: "440982000000"}
)

// stopped is an account of the city with an approved stop on it, to which 1,000
// yuan of a victim's were traced.
func stopped(t *testing.T) (a app.App, city *citytest.City) {
	t.Helper()
	city = citytest.Open(t)
	a = app.New(city.City)
	source := event.Transfer{ID: "t1", From: event.Account{ID: "victims"}, To: mule, Amount: 100_000, At: noon.Add(-time.Hour), Serial: "S1"}
	lots := []event.Lot{{Case: "case-1", Victim: "v", Transfer: "t1", Amount: 100_000}}
	give(t, a, domain.RequestStop{
		Order: "order-1", Case: "case-1", Account: mule, Level: 1, Source: source, Lots: lots, Unit: li.Unit, Operator: li, Investigator: wang,
		Method: event.DirectTimestamp, At: noon,
	})
	give(t, a, domain.ApproveStop{Order: "order-1", Approver: chief, At: noon})
	return a, city
}

func cause() es.Cause {
	return es.Cause{Command: uuid.New(), Actor: es.Actor{User: "desk", Unit: "103100000026"}, Correlation: "case-1", At: noon}
}

func give(t *testing.T, a app.App, cmd domain.AccountCommand) es.Outcome[domain.Account, event.AccountEvent] {
	t.Helper()
	out, err := a.Account(t.Context(), mule.ID, cause(), es.AnyRevision, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// answer is that of a bank from whose account the money went to n others.
func answer(n int) domain.AnswerStop {
	cmd := domain.AnswerStop{Order: "order-1", Done: true, ResultCode: "0000", ExecutedAt: noon, Method: event.DirectTimestamp, At: noon}
	balance := money.Fen(100_000)
	rows := []event.Row{{Serial: "S1", At: noon.Add(-time.Hour), Credit: true, Amount: balance, Balance: balance, Kind: "transfer", Counter: &event.Account{ID: "victims"}}}
	for i := range n {
		balance -= 10
		rows = append(rows, event.Row{
			Serial: fmt.Sprint("OUT", i), At: noon.Add(-time.Hour), Amount: 10, Balance: balance, Kind: "transfer",
			Counter: &event.Account{ID: identity.AccountID(fmt.Sprintf("%036d", i)), Bank: "105100000017"},
		})
	}
	cmd.BalanceBefore, cmd.Statement = balance, domain.Statement{Given: true, Rows: rows}
	return cmd
}

func TestI73_ACrashBetweenTwoPartsIsCompletedByTheBanksRepetition(t *testing.T) {
	a, _ := stopped(t)
	cmd, asked := answer(1200), cause()
	first, rest := app.Split(cmd)
	if len(rest) < 2 {
		t.Fatalf("a statement of 1,200 rows comes in %d parts", len(rest)+1)
	}
	if _, err := a.Accounts.Handle(t.Context(), string(mule.ID), asked, es.AnyRevision, first); err != nil {
		t.Fatal(err)
	}
	past, err := a.Accounts.Load(t.Context(), string(mule.ID))
	if err != nil || !past.State.Stopped() || past.State.Stated {
		t.Fatalf("with the first part: stopped %v, counts %v, %v", past.State.Stopped(), past.State.Stated, err)
	}
	for range 2 {
		out, err := a.Account(t.Context(), mule.ID, asked, es.AnyRevision, cmd)
		if err != nil || !out.Repeated {
			t.Fatalf("repeated %v, %v", out.Repeated, err)
		}
		f := out.State.Attribution
		if len(out.State.Statement.Rows) != 1201 || f.Revision != 1 || len(f.Outflows) != 1200 || out.State.Continued != f.Parts || f.Parts < 2 {
			t.Errorf("%d rows, revision %d, %d outflows, %d of %d parts", len(out.State.Statement.Rows), f.Revision, len(f.Outflows), out.State.Continued, f.Parts)
		}
	}
}

func TestI73_AnAttributionThatLacksPartsIsContinuedByItsClock(t *testing.T) {
	a, city := stopped(t)
	first, rest := app.Split(answer(1200))
	for _, part := range append([]domain.AccountCommand{first}, rest...) {
		if _, err := a.Accounts.Handle(t.Context(), string(mule.ID), cause(), es.AnyRevision, part); err != nil {
			t.Fatal(err)
		}
	}
	past, err := a.Accounts.Load(t.Context(), string(mule.ID))
	if err != nil || past.State.Continued >= past.State.Attribution.Parts {
		t.Fatalf("%d of %d parts, %v", past.State.Continued, past.State.Attribution.Parts, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Together(ctx, a.Clocks()...) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	city.Until("all outflows are stored", func() bool {
		past, err = a.Accounts.Load(t.Context(), string(mule.ID))
		return err == nil && past.State.Continued == past.State.Attribution.Parts
	})
	seen := map[identity.TransferID]bool{}
	for _, e := range past.Events {
		switch e := any(e).(type) {
		case event.FundsAttributed:
			for _, o := range e.Outflows {
				seen[o.Transfer.ID] = true
			}
		case event.OutflowsAttributed:
			for _, o := range e.Outflows {
				if seen[o.Transfer.ID] {
					t.Fatalf("%s is stored twice", o.Transfer.ID)
				}
				seen[o.Transfer.ID] = true
			}
		}
	}
	for _, id := range past.State.Attribution.Names {
		if !seen[id] {
			t.Fatalf("%s is named and not stored", id)
		}
	}
	if len(seen) != 1200 {
		t.Errorf("%d outflows, want 1200", len(seen))
	}
}
