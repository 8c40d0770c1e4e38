package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/services/banksim"
)

// demo plays a scenario and demands that its figures are right.
func demo(ctx context.Context, t *testing.T, server, scenario string, seed *int64, progress io.Writer) banksim.Result {
	t.Helper()
	result, err := banksim.Demo(ctx, banksim.DemoOptions{Server: server, Scenario: scenario, Seed: seed, Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Check(); err != nil {
		t.Error(err)
	}
	return result
}

func TestTheCaseOfMaomingGoesThroughFiveSeparateProcesses(t *testing.T) {
	c := startSeparate(t)
	result := demo(t.Context(), t, c.url, "maoming-483", nil, t.Output())
	onceEach(t, c.node)
	for name, p := range c.processes {
		if name != "eventstore" {
			p.stop(t)
		}
	}
	c.processes["eventstore"].stop(t)
	t.Run("TestI64_NoPersonalDataRestsInClear", func(t *testing.T) {
		c.heard.add(result.Personal)
		if len(c.heard.plain) < 100 {
			t.Fatalf("only %d personal values were heard; the test has no teeth", len(c.heard.plain))
		}
		for _, leak := range c.heard.leaks(t, c.dir, c.log.String()) {
			t.Error(leak)
		}
	})
}

// onceEach reads the whole log and demands that no order was given, carried out
// or paid twice, and that no message was parked.
func onceEach(t *testing.T, node string) {
	t.Helper()
	log, err := eventlog.Open("esdb://" + node + "?tls=false")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // only read from
	seen := map[string]int{}
	after := eventlog.Start
	for {
		page, next, err := log.ReadAll(t.Context(), after, []string{"account-", "refund-", "parked-"}, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if r.Type == "message-parked.v1" {
				t.Errorf("a message was parked: %s", r.Data)
			}
			if key, ok := once(r); ok {
				seen[key]++
			}
		}
		if len(page) == 0 {
			break
		}
		after = next
	}
	if len(seen) < 68*5 {
		t.Fatalf("only %d acts in the log", len(seen))
	}
	for key, n := range seen {
		if n > 1 {
			t.Errorf("%d times: %s", n, key)
		}
	}
}

// once names what an event must be the only one of.
func once(r eventlog.Recorded) (string, bool) {
	var e struct{ Order, Payment string }
	if json.Unmarshal(r.Data, &e) != nil {
		return "", false
	}
	switch r.Type {
	case "stop-requested.v1", "stop-approved.v1", "stop-executed.v1", "freeze-requested.v1", "freeze-executed.v1", "stop-lifted.v1":
		return r.Type + " " + e.Order, true
	case "refund-executed.v1", "frozen-funds-returned.v1":
		return r.Type + " " + e.Payment, true
	case "refund-opened.v1", "refund-approved.v1", "refund-closed.v1":
		return r.Type + " " + r.Stream, true
	}
	return "", false
}

// TestI73_KillingTheCityInTheMiddleOfTheCaseChangesNoFigure kills the whole
// city, log and all, without warning and starts it again, over and over while
// the case goes on.
func TestI73_KillingTheCityInTheMiddleOfTheCaseChangesNoFigure(t *testing.T) {
	var log output
	dir, addr, node := t.TempDir(), freeAddr(t), freeAddr(t)
	run := func() *process {
		p := start(t, &log, "yuanlu", nil, "run", "--demo", "--data", dir, "--addr", addr, "--node-addr", node)
		eventually(t, "the city is ready", func() bool { return answers("http://" + addr + "/readyz") })
		return p
	}
	city := run()
	kills := killing(t, func() {
		city.kill(t)
		city = run()
	}, func(ctx context.Context) { demo(ctx, t, "http://"+addr, "maoming-483", nil, t.Output()) })
	t.Logf("the city was killed %d times", kills)
	onceEach(t, node)
	city.stop(t)
}

// TestI73_KillingAnyServiceInTheMiddleOfTheCaseChangesNoFigure kills the five
// services and the log one after the other while the case goes on.
func TestI73_KillingAnyServiceInTheMiddleOfTheCaseChangesNoFigure(t *testing.T) {
	c := startSeparate(t)
	victims := []string{"stoppayment", "intake", "refund", "casebook", "eventstore", "stoppayment", "refund"}
	n := 0
	kills := killing(t, func() {
		name := victims[n%len(victims)]
		n++
		c.processes[name].kill(t)
		if name == "eventstore" {
			c.startNode(t)
			return
		}
		c.startService(t, name)
		eventually(t, name+" is ready", func() bool { return answers("http://" + c.addr(name) + "/readyz") })
	}, func(ctx context.Context) { demo(ctx, t, c.url, "maoming-483", nil, t.Output()) })
	t.Logf("services were killed %d times", kills)
	onceEach(t, c.node)
}

// killing plays while something is killed and started again without a pause,
// at least three times.
func killing(t *testing.T, kill func(), play func(context.Context)) (kills int) {
	t.Helper()
	ctx, played := context.WithCancelCause(t.Context())
	defer played(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer played(errPlayed)
		play(t.Context())
	}()
	for kills < 12 && !errors.Is(context.Cause(ctx), errPlayed) {
		kill()
		kills++
	}
	<-done
	if kills < 3 {
		t.Fatalf("only %d kills while the case went on", kills)
	}
	return kills
}

var errPlayed = errors.New("the case has been played")
