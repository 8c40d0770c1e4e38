package view_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
	"github.com/yuanlu/yuanlu/libs/view"
)

// store is an event store whose directory can be replaced by a copy, as a restore
// does. Its address stays.
type store struct {
	dir, addr string
	node      *eventnode.Node
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{dir: filepath.Join(t.TempDir(), "store"), addr: nodetest.Addr(t)}
	s.up(t)
	t.Cleanup(func() { _ = s.node.Close() }) // may be closed by then
	return s
}

func (s *store) up(t *testing.T) {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: s.dir, Addr: s.addr})
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	s.node, s.addr = node, at.Host
}

func (s *store) down(t *testing.T) {
	t.Helper()
	if err := s.node.Close(); err != nil {
		t.Fatal(err)
	}
}

func (s *store) log(t *testing.T) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(s.node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() }) // the test is over
	return log
}

// backup copies the store, which is down meanwhile.
func (s *store) backup(t *testing.T) (copied string) {
	t.Helper()
	s.down(t)
	copied = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	s.up(t)
	return copied
}

// restore puts a copy in the place of the store. Meanwhile is done to it before
// anybody who knows the address can see it.
func (s *store) restore(t *testing.T, copied string, meanwhile func(log *eventlog.Log)) {
	t.Helper()
	s.down(t)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	addr := s.addr
	s.addr = "127.0.0.1:0"
	s.up(t)
	meanwhile(s.log(t))
	s.down(t)
	s.addr = addr
	s.up(t)
}

// history is what happens to a log behind a backup, and behind its restore.
type history struct {
	behindBackup  func(t *testing.T, log *eventlog.Log)
	behindRestore func(t *testing.T, log *eventlog.Log)
	want          map[string]int
}

func histories() map[string]history {
	say := func(stream string, n int) func(*testing.T, *eventlog.Log) {
		return func(t *testing.T, log *eventlog.Log) { t.Helper(); add(t, log, stream, n) }
	}
	return map[string]history{
		"the log ends before the view": {
			say("talk-lost", 40), say("talk-new", 1), map[string]int{"talk-1": 30, "talk-new": 1},
		},
		"nothing has happened since": {
			say("talk-lost", 40), say("other-1", 1), map[string]int{"talk-1": 30},
		},
		"the log has grown past the view": {
			say("talk-lost", 40), say("talk-new", 90), map[string]int{"talk-1": 30, "talk-new": 90},
		},
		"the log has grown past what the view had only passed": {
			say("other-lost", 600), say("talk-new", 900), map[string]int{"talk-1": 30, "talk-new": 900},
		},
		"the log ends before what the view had only passed": {
			say("other-lost", 600), say("talk-new", 9), map[string]int{"talk-1": 30, "talk-new": 9},
		},
		"as many other events lie where the view's were": {
			say("talk-lost", 40), say("talk-new", 40), map[string]int{"talk-1": 30, "talk-new": 40},
		},
	}
}

// reached waits until the view has passed all that is in the log.
func reached(t *testing.T, v *view.View, log *eventlog.Log) {
	t.Helper()
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	until(t, v, "the end of the log", func() bool {
		at, caughtUp := v.Position()
		return caughtUp && at+256 > end
	})
}

func sameAsFresh(t *testing.T, log *eventlog.Log, v *view.View, want map[string]int) {
	t.Helper()
	shows(t, v, want)
	fresh := open(t, log, counting(filepath.Join(t.TempDir(), "fresh")))
	start(t, fresh)
	shows(t, fresh, want)
	if diff := cmp.Diff(rows(t, fresh), rows(t, v)); diff != "" {
		t.Errorf("it is not what a fresh view is (-fresh +got):\n%s", diff)
	}
}

func TestAViewOverARestoredLogIsWhatAFreshOneIs(t *testing.T) {
	for rule, h := range histories() {
		t.Run(rule, func(t *testing.T) {
			s, cfg := newStore(t), counting(filepath.Join(t.TempDir(), "v"))
			add(t, s.log(t), "talk-1", 30)
			copied := s.backup(t)
			log := s.log(t)
			h.behindBackup(t, log)
			v := open(t, log, cfg)
			stop := start(t, v)
			reached(t, v, log)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			s.restore(t, copied, func(log *eventlog.Log) { h.behindRestore(t, log) })
			log = s.log(t)
			v = open(t, log, cfg)
			start(t, v)
			sameAsFresh(t, log, v, h.want)
		})
	}
}

func TestARunningViewSeesThatItsLogWasRestored(t *testing.T) {
	for _, rule := range []string{
		"the log ends before the view", "the log has grown past the view",
		"as many other events lie where the view's were", "the log ends before what the view had only passed",
	} {
		h := histories()[rule]
		t.Run(rule, func(t *testing.T) {
			s, cfg := newStore(t), counting(filepath.Join(t.TempDir(), "v"))
			add(t, s.log(t), "talk-1", 30)
			copied := s.backup(t)
			log := s.log(t)
			v := open(t, log, cfg)
			start(t, v)
			shows(t, v, map[string]int{"talk-1": 30})
			h.behindBackup(t, log)
			reached(t, v, log)
			s.restore(t, copied, func(log *eventlog.Log) { h.behindRestore(t, log) })
			until(t, v, "the rows of the restored log", func() bool { return cmp.Equal(rows(t, v), h.want) })
			sameAsFresh(t, log, v, h.want)
		})
	}
}

func TestAViewGoesOnWhereItWasThoughWhatItPassedWasScavenged(t *testing.T) {
	s, cfg := newStore(t), counting(filepath.Join(t.TempDir(), "v"))
	log := s.log(t)
	add(t, log, "talk-1", 30)
	if err := log.SetMaxCount(t.Context(), "other-1", 1); err != nil {
		t.Fatal(err)
	}
	add(t, log, "other-1", 300)
	v := open(t, log, cfg)
	stop := start(t, v)
	reached(t, v, log)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	add(t, log, "other-1", 1)
	if _, err := s.node.Scavenge(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, log, "talk-1", 1)
	v = open(t, log, cfg)
	if got := rows(t, v)["talk-1"]; got != 30 {
		t.Errorf("opened again it shows %d", got)
	}
	start(t, v)
	shows(t, v, map[string]int{"talk-1": 31})
}
