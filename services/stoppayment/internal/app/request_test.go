package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var (
	paid  = event.Transfer{ID: "t1", From: event.Account{ID: "victims"}, To: mule, Amount: 100_000, At: noon.Add(-time.Hour), Serial: "S1"}
	lot   = event.Lot{Case: "case-1", Victim: "v", Transfer: "t1", Amount: 100_000}
	below = event.Account{ID: "mule-2", Bank: "105100000017"}
	onto  = event.Transfer{ID: "t2", From: mule, To: below, Amount: 90_000, At: noon.Add(-30 * time.Minute), Serial: "S2"}
)

// chased is a city in whose chase the first account has an order.
func chased(t *testing.T) (a app.App, city *citytest.City) {
	t.Helper()
	city = citytest.Open(t)
	a = app.New(city.City)
	pursue(t, a, domain.OpenPursuit{Case: "case-1", ReportedAt: noon, Unit: li.Unit, Operator: li, Investigator: wang})
	carryAll(t, a, pursue(t, a, domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{lot}}}}))
	return a, city
}

type chaseOutcome = es.Outcome[domain.Pursuit, event.PursuitEvent]

func pursue(t *testing.T, a app.App, cmd domain.PursuitCommand) chaseOutcome {
	t.Helper()
	out, err := a.Pursuit(t.Context(), "case-1", cause(), es.AnyRevision, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// carried does what the reactor does when it hears what a chase has said.
func carried(t *testing.T, a app.App, out chaseOutcome) (failed error) {
	t.Helper()
	for n, e := range out.Events {
		for k, intent := range app.React(react.Source{ID: out.Places[n].ID, Key: "case-1", Revision: out.Places[n].Revision}, e) {
			heard := cause()
			heard.Command = react.Command(event.StopPaymentReactor, out.Places[n].ID, k)
			failed = errors.Join(failed, a.Carry(t.Context(), heard, intent))
		}
	}
	return failed
}

func carryAll(t *testing.T, a app.App, out chaseOutcome) {
	t.Helper()
	if err := carried(t, a, out); err != nil {
		t.Fatal(err)
	}
}

func chase(t *testing.T, a app.App) domain.Pursuit {
	t.Helper()
	past, err := a.Pursuits.Load(t.Context(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return past.State
}

func requested(t *testing.T, a app.App, account identity.AccountID) (asked []event.StopRequested) {
	t.Helper()
	past, err := a.Accounts.Load(t.Context(), string(account))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range past.Events {
		if r, ok := e.(event.StopRequested); ok {
			asked = append(asked, r)
		}
	}
	return asked
}

// ghost lets the chase give a second order for the first account while the first is
// under way, as was possible once.
func ghost(t *testing.T, a app.App) chaseOutcome {
	t.Helper()
	return pursue(t, a, domain.OrderStop{Account: mule, Operator: li, Investigator: wang, Over: domain.StopOrder("case-1", mule.ID, 1)})
}

func TestI08_AnOrderBelowOneThatComesToNothingIsGivenBelowTheOneThatThereIs(t *testing.T) {
	a, _ := chased(t)
	first, second := domain.StopOrder("case-1", mule.ID, 1), domain.StopOrder("case-1", mule.ID, 2)
	parent := ghost(t, a)
	child := pursue(t, a, domain.Trace{From: mule.ID, Transfers: []domain.TracedTransfer{{Transfer: onto, Lots: []event.Lot{{Case: "case-1", Victim: "v", Transfer: "t1", Amount: 90_000}}}}})
	if found, ok := child.Events[0].(event.DownstreamAccountFound); !ok || found.ParentOrder != second {
		t.Fatalf("the chase has found %+v", child.Events)
	}
	if err := carried(t, a, child); !errors.Is(err, app.ErrParent) || len(requested(t, a, below.ID)) != 0 {
		t.Fatalf("before its parent's order is there: %v, %+v", err, requested(t, a, below.ID))
	}
	carryAll(t, a, parent) // which the account refuses
	node, _ := chase(t, a).Node(mule.ID)
	if refused, ok := chase(t, a).Refused(second); !ok || refused.Cause != "account-stopped-already" || node.Order != first || len(requested(t, a, mule.ID)) != 1 {
		t.Errorf("the refusal: %+v, the account has %s", refused, node.Order)
	}
	carryAll(t, a, child)
	if node, _ := chase(t, a).Node(below.ID); node.Order != domain.StopOrder("case-1", below.ID, 2) || node.Withheld != "" {
		t.Errorf("the account below: %+v", node)
	}
	past, err := a.Pursuits.Load(t.Context(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	again, ok := past.Events[len(past.Events)-1].(event.DownstreamAccountFound)
	if !ok {
		t.Fatalf("the chase ends with %+v", past.Events[len(past.Events)-1])
	}
	out := chaseOutcome{Events: []event.PursuitEvent{again}, Places: []es.Place{{ID: uuid.New(), Revision: uint64(past.Revision)}}}
	carryAll(t, a, out)
	carryAll(t, a, child) // heard once more
	asked := requested(t, a, below.ID)
	if len(asked) != 1 || asked[0].ParentOrder != first || asked[0].Order != again.Order {
		t.Errorf("asked below: %+v", asked)
	}
}

func TestWhatWasRefusedOnceStaysRefusedWhateverBecomesOfTheAccount(t *testing.T) {
	a, _ := chased(t)
	second := ghost(t, a)
	carryAll(t, a, second)
	give(t, a, domain.RejectStop{Order: domain.StopOrder("case-1", mule.ID, 1), Approver: chief, Reason: "no-basis", At: noon})
	carryAll(t, a, second) // heard once more; the account would take it now
	if asked := requested(t, a, mule.ID); len(asked) != 1 {
		t.Errorf("asked: %+v", asked)
	}
	out, order, err := a.Order(t.Context(), "case-1", cause(), es.AnyRevision, domain.OrderStop{Account: mule, Operator: li, Investigator: wang})
	if node, _ := out.State.Node(mule.ID); err != nil || order != domain.StopOrder("case-1", mule.ID, 3) || node.Order != order || len(requested(t, a, mule.ID)) != 2 {
		t.Errorf("the officer's next: %s, %v", order, err)
	}
}

func TestTheMoneyOfAnOrderThatWasRefusedIsFollowedAllTheSame(t *testing.T) {
	a, _ := chased(t)
	more := event.Transfer{ID: "t3", From: event.Account{ID: "victims"}, To: mule, Amount: 5_000, At: noon.Add(-time.Hour), Serial: "S3"}
	found := event.DownstreamAccountFound{
		Case: "case-1", Account: mule, Level: 1, Source: more, Lots: []event.Lot{{Case: "case-1", Victim: "v", Transfer: "t3", Amount: 5_000}},
		Order: domain.StopOrder("case-1", mule.ID, 2), Operator: li, Investigator: wang,
	}
	carryAll(t, a, chaseOutcome{Events: []event.PursuitEvent{found}, Places: []es.Place{{ID: uuid.New(), Revision: 9}}})
	past, err := a.Accounts.Load(t.Context(), string(mule.ID))
	if err != nil || len(past.State.Inflows) != 2 || past.State.Inflows[1].Source.ID != "t3" {
		t.Errorf("known inflows: %+v, %v", past.State.Inflows, err)
	}
}

// TestAnOfficerIsRefusedWhatTheAccountRefuses: another order came between the check
// and the account. The same request again has the same answer.
func TestAnOfficerIsRefusedWhatTheAccountRefuses(t *testing.T) {
	a, _ := chased(t)
	asked := cause()
	cmd := domain.OrderStop{Account: mule, Operator: li, Investigator: wang}
	for n := range 2 {
		if _, _, err := a.Order(t.Context(), "case-1", asked, es.AnyRevision, cmd); !errors.Is(err, domain.ErrStoppedAlready) {
			t.Errorf("time %d: %v", n+1, err)
		}
	}
	if p := chase(t, a); len(p.Refusals) != 1 {
		t.Errorf("refused: %+v", p.Refusals)
	}
	if node, _ := chase(t, a).Node(mule.ID); node.Order != domain.StopOrder("case-1", mule.ID, 1) {
		t.Errorf("the chase has %+v", node)
	}
}

func TestWhatWasRefusedAndParkedLongAgoIsToldToTheChase(t *testing.T) {
	a, city := chased(t)
	out := ghost(t, a)
	park := func(n eventlog.Expect, revision uint64, reason string) {
		data, err := json.Marshal(map[string]any{"subscription": event.StopPaymentReactor, "stream": "pursuit-case-1", "revision": revision, "type": "downstream-account-found.v1", "reason": reason})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := city.Log.Append(t.Context(), "parked-"+event.StopPaymentReactor, n, eventlog.Event{ID: uuid.New(), Type: "message-parked.v1", Data: data, Meta: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	park(eventlog.NoStream, 1, "pursuit-unknown") // of the first order, which the account has
	park(0, 99, "event-unreadable")               // of an event that there is not
	park(1, out.Places[0].Revision, "account-stopped-already")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Refusals(ctx) }()
	city.Until("the refusal is on record", func() bool { return len(chase(t, a).Refusals) > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	refused := chase(t, a).Refusals
	node, _ := chase(t, a).Node(mule.ID)
	if len(refused) != 1 || refused[0].Cause != "account-stopped-already" || refused[0].Stands != node.Order || node.Order != domain.StopOrder("case-1", mule.ID, 1) {
		t.Errorf("the chase has %s, refused: %+v", node.Order, refused)
	}
}
