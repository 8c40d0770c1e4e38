package bus_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"pgregory.net/rapid"
)

// TestCheckpointNeverPassesWhatIsNotProcessed acknowledges in any order and
// stops at any moment: whatever checkpoint was saved, nothing before it was
// left to do, and everything that could be saved was.
func TestCheckpointNeverPassesWhatIsNotProcessed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := eventlog.Position(rapid.Uint64Range(0, 100).Draw(t, "from"))
		commit := bus.NewCommit(from)
		type open struct {
			at   eventlog.Position
			done func()
		}
		var (
			pending   []open // in log order
			at        = from // how far the log was read
			processed = 0    // since the last save
		)
		save := func(*rapid.T) {
			saved, events := commit.Mark()
			if len(pending) > 0 && saved >= pending[0].at {
				t.Fatalf("saved %d, but %d is not processed", saved, pending[0].at)
			}
			if len(pending) == 0 && saved != at {
				t.Fatalf("saved %d, but all is processed up to %d", saved, at)
			}
			if events != processed {
				t.Fatalf("%d events counted, %d processed", events, processed)
			}
			processed = 0
		}
		t.Repeat(map[string]func(*rapid.T){
			"an event is delivered": func(t *rapid.T) {
				at += eventlog.Position(rapid.Uint64Range(1, 50).Draw(t, "gap"))
				pending = append(pending, open{at, commit.Begin(at)})
			},
			"there is nothing for a while": func(t *rapid.T) {
				// Also places passed already, as after a reconnection.
				to := at + eventlog.Position(rapid.Uint64Range(0, 50).Draw(t, "gap"))
				if to > 10 && rapid.Bool().Draw(t, "again") {
					to -= 10
				}
				commit.Pass(to)
				at = max(at, to)
			},
			"an event is acknowledged": func(t *rapid.T) {
				if len(pending) == 0 {
					t.Skip("none is pending")
				}
				i := rapid.IntRange(0, len(pending)-1).Draw(t, "which")
				pending[i].done()
				pending = append(pending[:i], pending[i+1:]...)
				processed++
			},
			"the checkpoint is saved": save,
			"": func(*rapid.T) {
				if size := commit.Size(); size > 2*len(pending)+1 {
					t.Fatalf("%d stretches remembered with %d events pending", size, len(pending))
				}
			},
		})
	})
}

// TestCheckpointIsThePrefix spells the most telling order out.
func TestCheckpointIsThePrefix(t *testing.T) {
	commit := bus.NewCommit(5)
	var done []func()
	for _, at := range []eventlog.Position{10, 20, 30} {
		done = append(done, commit.Begin(at))
	}
	commit.Pass(40)
	for _, step := range []struct {
		ack  int
		want eventlog.Position
	}{{1, 5}, {0, 20}, {2, 40}} {
		done[step.ack]()
		if got, _ := commit.Mark(); got != step.want {
			t.Errorf("after event %d the checkpoint is %d, want %d", step.ack, got, step.want)
		}
	}
	if commit.Size() != 0 {
		t.Errorf("%d stretches are remembered of nothing", commit.Size())
	}
}

// TestOneFailingMessageCostsNoMemory processes on and on behind one that fails.
func TestOneFailingMessageCostsNoMemory(t *testing.T) {
	for name, order := range map[string]func(i int) int{
		"oldest first": func(i int) int { return i },
		"newest first": func(i int) int { return 999 - i },
		"mixed":        func(i int) int { return i * 7 % 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			commit := bus.NewCommit(0)
			failing := commit.Begin(1)
			done := make([]func(), 1000)
			for i := range done {
				done[i] = commit.Begin(eventlog.Position(i + 2))
			}
			for i := range done {
				done[order(i)]()
			}
			if at, _ := commit.Mark(); at != 0 || commit.Size() != 2 {
				t.Errorf("the checkpoint is %d, and %d stretches are remembered", at, commit.Size())
			}
			failing()
			if at, _ := commit.Mark(); at != 1001 || commit.Size() != 0 {
				t.Errorf("the checkpoint is %d, and %d stretches are remembered", at, commit.Size())
			}
		})
	}
}
