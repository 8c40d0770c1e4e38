package bus_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	_ "modernc.org/sqlite" // the driver
)

// ledger is a read model in SQLite that keeps how far it is with its rows. No
// constraint of its tables would stop a second effect.
type ledger struct{ db *sql.DB }

func openLedger(ctx context.Context, dir string) (ledger, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "ledger.db")+"?_pragma=busy_timeout(5000)&_pragma=synchronous(full)&_txlock=immediate")
	if err != nil {
		return ledger{}, err
	}
	for _, table := range []string{
		"CREATE TABLE IF NOT EXISTS effects (stream TEXT, revision INTEGER)",
		"CREATE TABLE IF NOT EXISTS progress (key TEXT PRIMARY KEY, done INTEGER)",
	} {
		if _, err := db.ExecContext(ctx, table); err != nil {
			return ledger{}, errors.Join(err, db.Close())
		}
	}
	return ledger{db}, nil
}

// done is how far the ledger is under a key, and below 0 if nothing is done.
func (l ledger) done(ctx context.Context, key string) (done int64, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT done FROM progress WHERE key = ?", key).Scan(&done)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil
	}
	return done, err
}

// position is what a subscription resumes from.
func (l ledger) position(ctx context.Context, name string) (eventlog.Position, error) {
	done, err := l.done(ctx, name)
	return eventlog.Position(max(done, 0)), err
}

// effect writes a row and the progress under the key, both or none, unless that
// is done already.
func (l ledger) effect(ctx context.Context, r eventlog.Recorded, key string, place int64) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // committed, or to be undone
	var done int64
	err = tx.QueryRowContext(ctx, "SELECT done FROM progress WHERE key = ?", key).Scan(&done)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case place <= done:
		return nil
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO effects VALUES (?, ?)", r.Stream, r.Revision); err != nil {
		return err
	}
	const upsert = "INSERT INTO progress VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET done = excluded.done"
	if _, err := tx.ExecContext(ctx, upsert, key, place); err != nil {
		return err
	}
	return tx.Commit()
}

// handling are two ways of exactly one effect.
var handling = map[string]struct {
	config func(*eventlog.Log, ledger) bus.SubscriberConfig
	key    func(eventlog.Recorded) (string, int64)
}{
	"one lane, and the position is the checkpoint": {
		config: func(_ *eventlog.Log, l ledger) bus.SubscriberConfig {
			return bus.SubscriberConfig{Name: "ledger", Checkpoints: bus.HandlerCommits(l.position)}
		},
		key: func(r eventlog.Recorded) (string, int64) { return "ledger", int64(r.Position) },
	},
	"streams in parallel, and a revision for each": {
		config: func(log *eventlog.Log, _ ledger) bus.SubscriberConfig {
			return bus.SubscriberConfig{Name: "ledger", Checkpoints: bus.StreamCheckpoints(log)}
		},
		key: func(r eventlog.Recorded) (string, int64) { return r.Stream, int64(r.Revision) },
	},
}

// crash says where and after how many effects a worker is killed.
type crash struct {
	way   string // of handling
	after int    // effects
	acked bool   // whether its last Ack is given before
}

// beWorker handles messages until it kills itself.
func beWorker(ctx context.Context, dir, addr, text string) error {
	var c crash
	if _, err := fmt.Sscanf(text, "%q %d %t", &c.way, &c.after, &c.acked); err != nil {
		return err
	}
	l, err := openLedger(ctx, dir)
	if err != nil {
		return err
	}
	log, err := eventlog.Open("esdb://" + addr + "?tls=false") //nolint:contextcheck // nothing is dialled here
	if err != nil {
		return err
	}
	way := handling[c.way]
	sub, err := bus.NewSubscriber(log, way.config(log, l))
	if err != nil {
		return err
	}
	messages, err := sub.Subscribe(ctx, "case")
	if err != nil {
		return err
	}
	for m := range messages {
		r, _ := bus.Recorded(m)
		key, place := way.key(r)
		if err := l.effect(ctx, r, key, place); err != nil {
			return err
		}
		if c.acked {
			m.Ack()
		}
		if c.after--; c.after == 0 { // between the effect and, perhaps, its Ack
			return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGKILL), errors.New("still alive"))
		}
		m.Ack()
	}
	return nil
}

func TestAHandlersOwnTransactionMakesOneEffectThroughCrashes(t *testing.T) {
	const streams, each = 3, 16
	s := newServer(t)
	log := s.log(t)
	want := map[string]int{}
	for n := range each {
		for i := range streams {
			stream := fmt.Sprintf("case-%d", i)
			appendN(t, log, stream, 1)
			want[stream+"/"+strconv.Itoa(n)] = 1
		}
	}
	for name := range handling {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := openLedger(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.db.Close() })
			for run, killed := 0, 0; killed < 6; run++ {
				// The effects of a run include those that were done before.
				ctx, cancel := context.WithTimeout(t.Context(), patient)
				work := exec.CommandContext(ctx, "/proc/self/exe")
				work.Env = append(os.Environ(), roleVariable+"="+workerRole, dirVariable+"="+dir, addrVariable+"="+s.addr,
					crashVariable+"="+fmt.Sprintf("%q %d %t", name, 1+run*3%8, run%2 == 0))
				out, err := work.CombinedOutput()
				cancel()
				if status, ok := work.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
					t.Fatalf("the worker ended otherwise: %v\n%s", err, out)
				}
				killed++
			}
			way := handling[name]
			sub := newSubscriber(t, log, way.config(log, l))
			messages := subscribe(t.Context(), t, sub, "case")
			for got := map[string]int{}; cmp.Diff(want, got) != ""; got = effects(t, l) {
				for at, n := range got {
					if n != 1 {
						t.Fatalf("%d effects of %s", n, at)
					}
				}
				handle(t, l, way.key, receive(t, messages))
			}
		})
	}
}

func handle(t *testing.T, l ledger, key func(eventlog.Recorded) (string, int64), m *message.Message) {
	t.Helper()
	r, _ := bus.Recorded(m)
	name, place := key(r)
	if err := l.effect(t.Context(), r, name, place); err != nil {
		t.Fatal(err)
	}
	m.Ack()
}

// effects counts the effects of each event.
func effects(t *testing.T, l ledger) map[string]int {
	t.Helper()
	rows, err := l.db.QueryContext(t.Context(), "SELECT stream || '/' || revision, count(*) FROM effects GROUP BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	counts := map[string]int{}
	for rows.Next() {
		var at string
		var n int
		if err := rows.Scan(&at, &n); err != nil {
			t.Fatal(err)
		}
		counts[at] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}

func TestAHandlerThatCommitsGoesOnFromItsOwnPosition(t *testing.T) {
	log := newLog(t)
	for i := range 4 { // of four streams: their order is that of the log
		appendN(t, log, fmt.Sprintf("case-%d", i), 1)
	}
	var stored eventlog.Position
	cfg := bus.SubscriberConfig{Name: "own", Checkpoints: bus.HandlerCommits(
		func(context.Context, string) (eventlog.Position, error) { return stored, nil })}
	for i := range 4 {
		sub := newSubscriber(t, log, cfg)
		messages := subscribe(t.Context(), t, sub, "case")
		m := receive(t, messages)
		if got, want := m.Metadata.Get(bus.MetaStream), fmt.Sprintf("case-%d", i); got != want {
			t.Fatalf("received %s, want %s", got, want)
		}
		select { // all others wait for this one
		case other := <-messages:
			t.Fatalf("received %s too", other.Metadata.Get(bus.MetaStream))
		default:
		}
		r, _ := bus.Recorded(m)
		stored = r.Position // committed, and the process dies before the Ack
		if err := sub.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Parallel = 2
	if _, err := bus.NewSubscriber(log, cfg); err == nil {
		t.Error("positions that could jump over open messages were accepted")
	}
}
