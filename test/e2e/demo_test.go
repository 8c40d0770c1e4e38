package e2e_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	demo(t.Context(), t, c.url, "maoming-483", nil, t.Output())
	for name, p := range c.processes {
		if name != "eventstore" {
			p.stop(t)
		}
	}
	c.processes["eventstore"].stop(t)
	if len(c.heard.plain) < 100 {
		t.Fatalf("only %d personal values were heard; the test has no teeth", len(c.heard.plain))
	}
	t.Run("TestI64_NoPersonalDataRestsInClear", func(t *testing.T) {
		for _, leak := range c.heard.leaks(t, c.dir, c.log.String()) {
			t.Error(leak)
		}
	})
}

// watcher ends a process the first time the player says something.
type watcher struct {
	io.Writer
	word string
	then func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.then != nil && strings.Contains(string(p), w.word) {
		then := w.then
		w.then = nil
		then()
	}
	return w.Writer.Write(p)
}

// TestI73_KillingTheCityInTheMiddleOfTheCaseChangesNoFigure kills the whole
// city without warning at several moments of the case and starts it again.
func TestI73_KillingTheCityInTheMiddleOfTheCaseChangesNoFigure(t *testing.T) {
	var log output
	dir, addr, node := t.TempDir(), freeAddr(t), freeAddr(t)
	run := func() *process {
		p := start(t, &log, "yuanlu", nil, "run", "--demo", "--data", dir, "--addr", addr, "--node-addr", node)
		eventually(t, "the city is ready", func() bool { return answers("http://" + addr + "/readyz") })
		return p
	}
	city := run()
	kills := 0
	done := make(chan struct{})
	go func() {
		// Six kills, each at another moment: as the case goes on, so does the log.
		defer close(done)
		tick := time.NewTicker(400 * time.Millisecond)
		defer tick.Stop()
		for kills < 6 {
			select {
			case <-tick.C:
				city.kill(t)
				city = run()
				kills++
			case <-t.Context().Done():
				return
			}
		}
	}()
	demo(t.Context(), t, "http://"+addr, "maoming-483", nil, t.Output())
	<-done
	t.Logf("the city was killed %d times", kills)
	city.stop(t)
	if _, err := filepath.Glob(dir); err != nil {
		t.Fatal(err)
	}
}
