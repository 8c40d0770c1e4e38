package view_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/view"
)

// patient bounds every wait for something that another goroutine does.
const patient = time.Minute

const schema = "CREATE TABLE heard (stream TEXT PRIMARY KEY, events INTEGER NOT NULL)"

func openLog(t *testing.T) *eventlog.Log {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	return log
}

func add(t *testing.T, log *eventlog.Log, stream string, n int) {
	t.Helper()
	events := make([]eventlog.Event, n)
	for i := range events {
		events[i] = eventlog.Event{ID: uuid.New(), Type: "said.v1", Data: []byte(`{}`), Meta: []byte(`{}`)}
	}
	if _, err := log.Append(t.Context(), stream, eventlog.Any, events...); err != nil {
		t.Fatal(err)
	}
}

// counting is a view that counts the events of each stream, so that one folded
// twice or not at all shows.
func counting(path string) view.Config {
	return view.Config{
		Path: path, Schema: schema, Prefixes: []string{"talk-"}, Logger: slog.New(slog.DiscardHandler),
		Apply: func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO heard VALUES (?, 1) ON CONFLICT DO UPDATE SET events = events + 1", r.Stream)
			return err
		},
	}
}

func open(t *testing.T, log *eventlog.Log, cfg view.Config) *view.View {
	t.Helper()
	v, err := view.Open(t.Context(), log, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() }) // may be closed by then
	return v
}

// start runs a view; stop ends it and closes the file, and gives its error.
func start(t *testing.T, v *view.View) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := wait(t, ended)
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return errors.Join(err, v.Close())
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func wait(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patient):
		t.Fatal("the view does not end")
		return nil
	}
}

func rows(t *testing.T, v *view.View) map[string]int {
	t.Helper()
	found, err := v.DB().QueryContext(t.Context(), "SELECT stream, events FROM heard")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }() // its error shows in Err
	got := map[string]int{}
	for found.Next() {
		var stream string
		var n int
		if err := found.Scan(&stream, &n); err != nil {
			t.Fatal(err)
		}
		got[stream] = n
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

// until waits, change by change, until the view is as wanted.
func until(t *testing.T, v *view.View, what string, done func() bool) {
	t.Helper()
	late := time.After(patient)
	for {
		changed := v.Changed()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("not in time: %s", what)
		}
	}
}

func shows(t *testing.T, v *view.View, want map[string]int) {
	t.Helper()
	total := 0
	for _, n := range want {
		total += n
	}
	until(t, v, fmt.Sprint(want), func() bool {
		got := 0
		for _, n := range rows(t, v) {
			got += n
		}
		_, caughtUp := v.Position()
		return caughtUp && got >= total
	})
	if diff := cmp.Diff(want, rows(t, v)); diff != "" {
		t.Errorf("other rows (-want +got):\n%s", diff)
	}
}

func TestAViewCatchesUpAndGoesOn(t *testing.T) {
	log := openLog(t)
	add(t, log, "talk-1", 700)
	add(t, log, "other-1", 30)
	add(t, log, "talk-2", 600)
	v := open(t, log, counting(filepath.Join(t.TempDir(), "v")))
	if at, caughtUp := v.Position(); at != eventlog.Start || caughtUp {
		t.Errorf("before it has begun it is at %d, caught up %t", at, caughtUp)
	}
	start(t, v)
	shows(t, v, map[string]int{"talk-1": 700, "talk-2": 600})
	changed := v.Changed()
	add(t, log, "talk-1", 1)
	select {
	case <-changed:
	case <-time.After(patient):
		t.Fatal("the change is not told")
	}
	shows(t, v, map[string]int{"talk-1": 701, "talk-2": 600})
	at, _ := v.Position()
	all, _, err := log.ReadAll(t.Context(), eventlog.Start, []string{"talk-"}, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if last := all[len(all)-1].Position; at < last {
		t.Errorf("it is at %d and shows what happened at %d", at, last)
	}
}

func TestAViewGoesOnAfterARestartWithoutCountingTwice(t *testing.T) {
	log, path := openLog(t), filepath.Join(t.TempDir(), "v")
	var applied atomic.Int64
	cfg := counting(path)
	apply := cfg.Apply
	cfg.Apply = func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
		applied.Add(1)
		return apply(ctx, tx, r)
	}
	for n := range 4 {
		add(t, log, "talk-1", 50)
		v := open(t, log, cfg)
		if got := rows(t, v)["talk-1"]; got != n*50 {
			t.Errorf("opened again it shows %d", got)
		}
		stop := start(t, v)
		shows(t, v, map[string]int{"talk-1": (n + 1) * 50})
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	if applied.Load() != 200 {
		t.Errorf("%d events were folded in, want 200", applied.Load())
	}
}

func TestRowsAndPositionAreWrittenTogetherOrNotAtAll(t *testing.T) {
	for name, breakdown := range map[string]func(cancel func()) error{
		"a fold that fails":     func(func()) error { return errBroken },
		"a service that is hit": func(cancel func()) error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			log, path := openLog(t), filepath.Join(t.TempDir(), "v")
			add(t, log, "talk-1", 300)
			add(t, log, "talk-2", 300)
			for at := 50; at <= 650; at += 200 { // it goes down at several places
				cfg, seen := counting(path), 0
				ctx, cancel := context.WithCancel(t.Context())
				apply := cfg.Apply
				cfg.Apply = func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
					if err := apply(ctx, tx, r); err != nil {
						return err
					}
					if seen++; seen == at {
						return breakdown(cancel)
					}
					return nil
				}
				v, err := view.Open(t.Context(), log, cfg)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range rows(t, v) {
					seen += n // before it went down the last time
				}
				ended := make(chan error, 1)
				go func() { ended <- v.Run(ctx) }()
				if at > 600 {
					until(t, v, "all", func() bool { return rows(t, v)["talk-2"] == 300 })
					cancel()
				}
				if err := wait(t, ended); !errors.Is(err, errBroken) && !errors.Is(err, context.Canceled) {
					t.Errorf("it ended with %v", err)
				}
				position, _ := v.Position()
				if got, want := rows(t, v), upTo(t, log, position); !cmp.Equal(got, want) {
					t.Errorf("at %d it shows %v, want %v", position, got, want)
				}
				if err := v.Close(); err != nil {
					t.Error(err)
				}
			}
			v := open(t, log, counting(path))
			start(t, v)
			shows(t, v, map[string]int{"talk-1": 300, "talk-2": 300})
		})
	}
}

// upTo counts the events that lie up to a place in the log.
func upTo(t *testing.T, log *eventlog.Log, at eventlog.Position) map[string]int {
	t.Helper()
	all, _, err := log.ReadAll(t.Context(), eventlog.Start, []string{"talk-"}, 5000)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, r := range all {
		if r.Position <= at {
			want[r.Stream]++
		}
	}
	return want
}

func TestAViewThatIsNotWhatItShouldBeGrowsAnew(t *testing.T) {
	for rule, change := range map[string]func(cfg *view.Config) error{
		"another schema": func(cfg *view.Config) error {
			cfg.Schema += ";CREATE TABLE more (x)"
			return nil
		},
		"other streams": func(cfg *view.Config) error {
			cfg.Prefixes = append(cfg.Prefixes, "other-")
			return nil
		},
		"a file that is no database": func(cfg *view.Config) error {
			return os.WriteFile(cfg.Path, []byte("nothing of the kind, but longer than the header of a database is, by some way"), 0o600)
		},
		"an empty file": func(cfg *view.Config) error { return os.Truncate(cfg.Path, 0) },
	} {
		t.Run(rule, func(t *testing.T) {
			log, cfg := openLog(t), counting(filepath.Join(t.TempDir(), "v"))
			add(t, log, "other-1", 20)
			add(t, log, "talk-1", 30)
			v := open(t, log, cfg)
			stop := start(t, v)
			shows(t, v, map[string]int{"talk-1": 30})
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if err := change(&cfg); err != nil {
				t.Fatal(err)
			}
			v = open(t, log, cfg)
			if got := rows(t, v); len(got) > 0 {
				t.Errorf("it still shows %v", got)
			}
			start(t, v)
			want := map[string]int{"talk-1": 30}
			if len(cfg.Prefixes) > 1 {
				want["other-1"] = 20
			}
			shows(t, v, want)
		})
	}
}

func TestAViewIsForReading(t *testing.T) {
	log := openLog(t)
	v := open(t, log, counting(filepath.Join(t.TempDir(), "v")))
	if _, err := v.DB().ExecContext(t.Context(), "INSERT INTO heard VALUES ('talk-1', 7)"); err == nil {
		t.Error("rows can be written past the log")
	}
}

func TestAViewThatCannotBeMadeIsAnError(t *testing.T) {
	log := openLog(t)
	cfg := counting(filepath.Join(t.TempDir(), "v"))
	cfg.Schema = "CREATE TABEL heard"
	if _, err := view.Open(t.Context(), log, cfg); err == nil {
		t.Error("a schema that is no SQL was taken")
	}
	if _, err := view.Open(t.Context(), log, counting(filepath.Join(t.TempDir(), "no", "such", "folder"))); err == nil {
		t.Error("a folder that is not there was taken")
	}
}
