package view_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func TestAViewThatLingersWritesInOneTransactionWhatComesTogether(t *testing.T) {
	log := openLog(t)
	cfg := counting(filepath.Join(t.TempDir(), "view.db"))
	var commits atomic.Int64
	caughtUp := make(chan struct{}, 1000)
	cfg.Linger, cfg.Committed = time.Second, func() { commits.Add(1); caughtUp <- struct{}{} }
	v := open(t, log, cfg)
	start(t, v)
	<-caughtUp
	until := func(events int) {
		t.Helper()
		for deadline := time.After(patient); rows(t, v)["talk-last"] < events; {
			changed := v.Changed()
			if rows(t, v)["talk-last"] >= events {
				return
			}
			select {
			case <-changed:
			case <-deadline:
				t.Fatalf("the view shows %v", rows(t, v))
			}
		}
	}
	add(t, log, "talk-last", 1)
	until(1)
	before := commits.Load()
	for n := range 20 {
		add(t, log, fmt.Sprint("talk-", n), 1)
	}
	add(t, log, "talk-last", 1)
	until(2)
	if n := commits.Load() - before; n >= 10 {
		t.Errorf("%d transactions for 21 events", n)
	}
}

func TestAViewThatLingersEndsAtOnce(t *testing.T) {
	log := openLog(t)
	add(t, log, "talk-1", 3)
	cfg := counting(filepath.Join(t.TempDir(), "view.db"))
	committed := make(chan struct{}, 1000)
	cfg.Linger, cfg.Committed = time.Hour, func() { committed <- struct{}{} }
	v := open(t, log, cfg)
	stop := start(t, v)
	for _, caughtUp := v.Position(); !caughtUp; _, caughtUp = v.Position() {
		<-committed // a rebuild does not wait
	}
	add(t, log, "talk-1", 1)
	if err := stop(); err != nil {
		t.Error(err)
	}
}
