package eventlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// ended waits for the end of a follower.
func (f *follower) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-f.end:
		return err
	case <-time.After(patient):
		t.Fatal("the follower does not end")
		return nil
	}
}

func TestAtReadsTheEventOfAPosition(t *testing.T) {
	log := newLog(t)
	given := events(3)
	end := mustAppend(t, log, "case-1", given...).Position
	all, _, err := log.ReadAll(t.Context(), eventlog.Start, []string{"case-"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range all {
		got, err := log.At(t.Context(), want.Position)
		if err != nil || got.ID != given[i].ID || got.Position != want.Position || !got.Created.Equal(want.Created) {
			t.Errorf("at %d is %v at %d (%v), want %v", want.Position, got.ID, got.Position, err, given[i].ID)
		}
	}
	if _, err := log.At(t.Context(), end+1); !errors.Is(err, eventlog.ErrBeyond) {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestAPositionBeyondTheEndIsAnErrorAtOnce(t *testing.T) {
	log := newLog(t)
	end := mustAppend(t, log, "case-1", events(3)...).Position
	if err := follow(t.Context(), log, end+1, "case-").ended(t); !errors.Is(err, eventlog.ErrBeyond) {
		t.Errorf("the follower ended with %v", err)
	}
	if _, _, err := log.ReadAll(t.Context(), end+1, []string{"case-"}, 1); !errors.Is(err, eventlog.ErrBeyond) {
		t.Errorf("reading ended with %v", err)
	}
}

func TestAFollowerOfALogThatIsRestoredUnderItEnds(t *testing.T) {
	for rule, c := range map[string]struct {
		since int // events after the restore, 40 before it
		want  error
	}{
		"the log ends before it":          {3, eventlog.ErrBeyond},
		"the log has grown past it":       {90, eventlog.ErrReplaced},
		"the log has grown up to just it": {40, eventlog.ErrReplaced},
	} {
		t.Run(rule, func(t *testing.T) {
			s := newServer(t)
			mustAppend(t, openLog(t, s.connection("")), "case-1", events(30)...)
			s.down(t)
			copied := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(copied, os.DirFS(s.dir)); err != nil {
				t.Fatal(err)
			}
			s.up(t)
			log := openLog(t, s.connection(""))
			f := follow(t.Context(), log, eventlog.Start, "case-")
			mustAppend(t, log, "case-1", events(40)...)
			for range 70 {
				f.event(t)
			}
			s.down(t)

			other := &server{dir: copied, addr: "127.0.0.1:0"} // nobody sees it grow
			other.up(t)
			mustAppend(t, openLog(t, other.connection("")), "case-1", events(c.since)...)
			other.down(t)
			s.dir = copied
			s.up(t)
			if err := f.ended(t); !errors.Is(err, c.want) {
				t.Errorf("the follower ended with %v, want %v", err, c.want)
			}
		})
	}
}

func TestAFollowerGoesOnThoughItsLastEventWasScavenged(t *testing.T) {
	s := newServer(t)
	log := openLog(t, s.connection(""))
	if err := log.SetMaxCount(t.Context(), "case-1", 1); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, "case-1", event(1))
	f := follow(t.Context(), log, eventlog.Start, "case-")
	f.event(t)
	mustAppend(t, log, "other-1", event(1))
	s.down(t)
	s.up(t)
	if _, err := s.node.Scavenge(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := event(2)
	mustAppend(t, log, "case-1", want)
	if got := f.event(t); got.ID != want.ID {
		t.Errorf("told of %v, want %v", got.ID, want.ID)
	}
}
