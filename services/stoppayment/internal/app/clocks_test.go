package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// asks, joins and boss are the officers of the orders of these tests.
var (
	asks  = event.Officer{PoliceNo: "090001", Unit: "440982000000", Level: identity.County}
	joins = event.Officer{PoliceNo: "090002", Unit: "440982000000", Level: identity.County}
	boss  = event.Officer{PoliceNo: "090100", Unit: "440982000000", Level: identity.County}
)

// ward is a city with some accounts that are stopped.
type ward struct {
	*citytest.City
	t *testing.T
	a app.App
}

func newWard(t *testing.T) ward {
	c := citytest.Open(t)
	return ward{c, t, app.New(c.City)}
}

func (w ward) cause() es.Cause {
	return es.Cause{Command: uuid.New(), Actor: es.Actor{User: "090001"}, At: w.City.City.Clock.Now()}
}

// stop stops an account, the bank having carried it out at a time.
func (w ward) stop(id identity.AccountID, at time.Time) {
	w.t.Helper()
	order := identity.OrderID("stop-" + string(id))
	for _, cmd := range []domain.AccountCommand{
		domain.RequestStop{Order: order, Case: "case-1", Account: event.Account{ID: id, Bank: "103100000026"}, Level: 1, Unit: asks.Unit, Operator: asks, Investigator: joins, Method: event.DirectTimestamp, At: w.cause().At},
		domain.ApproveStop{Order: order, Approver: boss, At: w.cause().At},
		domain.AnswerStop{Order: order, Done: true, ResultCode: "0000", ExecutedAt: at, BalanceBefore: 100, Method: event.DirectTimestamp, At: w.cause().At},
	} {
		if _, err := w.a.Account(w.t.Context(), id, w.cause(), es.AnyRevision, cmd); err != nil {
			w.t.Error(err)
		}
	}
}

// replica runs the clocks of one more process until the test, or it, ends.
func (w ward) replica() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	for _, run := range app.New(w.City.City).Clocks() {
		running.Go(func() {
			if err := run(ctx); !errors.Is(err, context.Canceled) {
				w.t.Error(err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(stop)
	return stop
}

func (w ward) set(at time.Time) {
	w.t.Helper()
	if err := w.Clock.Set(w.t.Context(), at); err != nil {
		w.t.Fatal(err)
	}
}

// warnings are the hours that an account was warned of, with what was missing.
func (w ward) warnings(id identity.AccountID) (said []string) {
	w.t.Helper()
	past, err := w.a.Accounts.Load(w.t.Context(), string(id))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range past.Events {
		if warned, ok := e.(event.StopExpiryWarned); ok {
			said = append(said, fmt.Sprint(warned.Hours, " ", warned.Awaits))
		}
	}
	return said
}

func (w ward) state(id identity.AccountID) domain.OrderState {
	w.t.Helper()
	past, err := w.a.Accounts.Load(w.t.Context(), string(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return past.State.Orders[0].State
}

func TestAWarningSaysWhatIsMissingOnceAcrossReplicasAndRestarts(t *testing.T) {
	w := newWard(t)
	four := w.City.City.Clock.Now()
	end := four.Add(48 * time.Hour)
	w.stop("mule", four)
	pen := citytest.Pen(w.City, "pursuit", event.PursuitCodec())
	pen("case-1", "case-1", event.PursuitOpened{Case: "case-1", ReportedAt: four, Unit: asks.Unit, Operator: asks, Investigator: joins})
	first := w.replica()
	w.replica()
	w.set(end.Add(-24 * time.Hour))
	w.Until("the first warning", func() bool { return len(w.warnings("mule")) == 1 })
	first()
	pen("case-1", "case-1", event.FreezeProposed{Case: "case-1", CaseNo: "A4409820000002021070001", FiledAt: four})
	w.set(end.Add(-6 * time.Hour))
	w.Until("the second", func() bool { return len(w.warnings("mule")) == 2 })
	w.replica() // a restart hears it all again
	w.set(end.Add(-time.Hour))
	w.Until("the third", func() bool { return len(w.warnings("mule")) == 3 })
	w.set(end)
	w.Until("the end", func() bool { return w.state("mule") == domain.Lapsed })
	if got := fmt.Sprint(w.warnings("mule")); got != "[24 filing 6 freeze 1 freeze]" {
		t.Errorf("warned %s", got)
	}
}

func TestI12_ManyClocksThatRunOutAtOneInstantKeepNoOtherWaiting(t *testing.T) {
	const many = 500
	w := newWard(t)
	before := w.City.City.Clock.Now()
	w.set(before.Add(4 * time.Minute))
	w.stop("ends-first", before.Add(time.Minute))
	w.set(before.Add(24 * time.Hour))
	four := before.Add(24 * time.Hour)
	end := four.Add(48 * time.Hour) // the first warnings run out a minute before the stop of the day before does
	var ids []identity.AccountID
	var stopping sync.WaitGroup
	turn := make(chan struct{}, 32)
	for n := range many {
		id := identity.AccountID(fmt.Sprint("mule-", n))
		ids = append(ids, id)
		turn <- struct{}{}
		stopping.Go(func() { w.stop(id, four); <-turn })
	}
	stopping.Wait()
	w.set(four.Add(4 * time.Minute))
	w.stop("later", four.Add(time.Second)) // its clocks run out behind all of them
	w.replica()
	w.replica()
	storm := func(what string, at time.Time, done func(identity.AccountID) bool) {
		t.Helper()
		begun, freed := time.Now(), time.Duration(0)
		w.set(at)
		w.Until(what, func() bool {
			if freed == 0 && w.state("ends-first") == domain.Lapsed {
				freed = time.Since(begun)
			}
			return done("later") && freed > 0
		})
		took := time.Since(begun)
		for _, id := range ids {
			w.Until(what, func() bool { return done(id) })
		}
		t.Logf("%s: the end among them came after %v, the one behind %d others after %v, the last of all after %v", what, freed, many, took, time.Since(begun))
		// The others are the yardstick, for whatever else slows the machine slows them:
		// an end that stood in line with them would come in the midst of them or last.
		if freed > took/2 {
			t.Errorf("%s kept an end waiting for %v; the one behind all of them waited for %v", what, freed, took)
		}
	}
	storm("warnings", end.Add(-24*time.Hour+time.Minute), func(id identity.AccountID) bool { return len(w.warnings(id)) > 0 })
	// Whoever was away for a day gives only the nearest warning.
	storm("nearest warnings", end.Add(-30*time.Minute), func(id identity.AccountID) bool { return len(w.warnings(id)) > 1 })
	storm("lapses", end.Add(time.Second), func(id identity.AccountID) bool { return w.state(id) == domain.Lapsed })
	for _, id := range append(ids, "later") {
		if got := fmt.Sprint(w.warnings(id)); got != "[24 filing 1 filing]" {
			t.Fatalf("%s was warned %s", id, got)
		}
	}
}
