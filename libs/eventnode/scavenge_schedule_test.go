package eventnode_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// listener hears the log lines of a node.
type listener struct {
	mu    sync.Mutex
	lines chan slog.Record
}

// Enabled takes everything.
func (*listener) Enabled(context.Context, slog.Level) bool { return true }

// Handle passes a line on if somebody waits for it.
func (l *listener) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.lines <- r:
	default:
	}
	return nil
}

// WithAttrs is not needed.
func (l *listener) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup is not needed.
func (l *listener) WithGroup(string) slog.Handler { return l }

func TestANodeScavengesByItselfAndSaysSoInOneLine(t *testing.T) {
	heard := &listener{lines: make(chan slog.Record, 1000)}
	n := start(t, eventnode.Config{ScavengeEvery: 20 * time.Millisecond, Logger: slog.New(heard)})
	c := dial(t, n)
	fill(t, c, "case-1", 10)
	remove(t, c, "case-1")
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var removed uint64
	for removed < 10 {
		select {
		case line := <-heard.lines:
			if line.Message != "event node scavenged" || line.Level != slog.LevelInfo {
				t.Fatalf("it says %s: %s", line.Level, line.Message)
			}
			line.Attrs(func(a slog.Attr) bool {
				if a.Key == "events" {
					removed += a.Value.Uint64()
				}
				return true
			})
		case <-timeout.C:
			t.Fatal("it does not scavenge")
		}
	}
	if got := len(readAll(t, c, esdb.ReadAllOptions{}, 100)); got != 1 {
		t.Errorf("$all shows %d events, want the metadata alone", got)
	}
}
