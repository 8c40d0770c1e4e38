package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestACheckpointBeyondTheLogEndsTheSubscriptionWithAnError(t *testing.T) {
	log := newLog(t)
	appendN(t, log, "case-1", 3)
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := bus.MemoryCheckpoints()
	if err := kept.Save(t.Context(), "test", end+5); err != nil {
		t.Fatal(err)
	}
	for rule, store := range map[string]bus.CheckpointStore{
		"kept by the handler": bus.HandlerCommits(func(context.Context, string) (eventlog.Position, error) { return end + 5, nil }),
		"kept in memory":      kept,
	} {
		t.Run(rule, func(t *testing.T) {
			var lines bytes.Buffer
			sub := newSubscriber(t, log, bus.SubscriberConfig{Checkpoints: store, Logger: slog.New(slog.NewTextHandler(&lines, nil))})
			messages := subscribe(t.Context(), t, sub, "case")
			select {
			case m, ok := <-messages:
				if ok {
					t.Fatalf("message %s was delivered", m.UUID)
				}
			case <-time.After(patient):
				t.Fatal("the subscription waits")
			}
			if err := sub.Close(); err != nil { // from here nobody writes the lines
				t.Fatal(err)
			}
			got := lines.String()
			if strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, eventlog.ErrBeyond.Error()) {
				t.Errorf("the operator is told:\n%s", got)
			}
			if at, err := store.Load(t.Context(), "test"); err != nil || at != end+5 {
				t.Errorf("the checkpoint is %d (%v)", at, err)
			}
		})
	}
}
