// Package view keeps what services show as lists: rows folded from the log into
// one SQLite file, with the log position, and which event lies there, in the same
// transaction. A view holds no truth. It is dropped and grows back when its schema
// or the streams it is folded from change, and when the log is no longer the one it
// was folded from, as after a restore; it never decides anything.
package view

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// batch bounds how many deliveries share one transaction.
const batch = 500

// readers is how many queries run side by side. A few more than there are cores:
// one that has to wait for a core keeps its connection meanwhile.
const readers = 16

// Config of a view.
type Config struct {
	Path     string   // of the SQLite file; made anew when the schema changes
	Schema   string   // CREATE statements
	Prefixes []string // of the streams it is folded from
	// Apply folds one event in. An error stops the view.
	Apply func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error
	// Linger is how long the view waits for more once something has come: whatever
	// comes meanwhile shares a transaction, and the core is left to those whose list
	// somebody waits for. A rebuild does not wait. 0: nothing is waited for.
	Linger time.Duration
	// Committed, if given, is called when what was applied can be read.
	Committed func()
	Logger    *slog.Logger
}

// View is a set of rows that follows the log.
type View struct {
	cfg  Config
	log  *eventlog.Log
	read *sql.DB
	edit *sql.DB

	mu       sync.Mutex
	progress progress          // what is proven, and kept in the file
	position eventlog.Position // how far the view is, kept or not
	changed  chan struct{}
	caughtUp bool
}

// Open opens the file, or makes a new one if there is none or it is that of
// another schema or other streams. Run fills it.
func Open(ctx context.Context, log *eventlog.Log, cfg Config) (*View, error) {
	v := &View{cfg: cfg, log: log, changed: make(chan struct{})}
	fresh, err := v.open(ctx)
	if err == nil && !fresh {
		return v, nil
	}
	if err := v.Close(); err != nil {
		return nil, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(cfg.Path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("drop outdated view: %w", err)
		}
	}
	if _, err := v.open(ctx); err != nil {
		return nil, err
	}
	return v, v.create(ctx)
}

// open connects and reads the position; fresh tells that there is no view of
// this schema in the file.
func (v *View) open(ctx context.Context) (fresh bool, err error) {
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)"
	if v.edit, err = connect("file:" + v.cfg.Path + pragmas); err != nil {
		return false, err
	}
	v.edit.SetMaxOpenConns(1)
	if v.read, err = connect("file:" + v.cfg.Path + pragmas + "&_pragma=query_only(1)"); err != nil {
		return false, err
	}
	v.read.SetMaxOpenConns(readers)
	v.read.SetMaxIdleConns(readers) // opening one anew costs more than most queries
	var version int32
	if err := v.edit.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return false, fmt.Errorf("open view: %w", err)
	}
	if version != v.version() {
		return true, nil
	}
	if v.progress, err = load(ctx, v.edit); err != nil {
		return false, fmt.Errorf("open view: %w", err)
	}
	v.position = v.progress.at()
	return false, nil
}

// version is a fingerprint of the schema and of the streams it is folded from,
// kept in the file's header.
func (v *View) version() int32 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%q", v.cfg.Schema, table, v.cfg.Prefixes))
	return int32(binary.BigEndian.Uint32(sum[:]) &^ (1 << 31)) //nolint:gosec // the top bit is cleared
}

func (v *View) create(ctx context.Context) error {
	v.progress, v.position = progress{}, eventlog.Start
	schema := v.cfg.Schema + ";" + table + ";" + fmt.Sprintf("PRAGMA user_version = %d", v.version())
	if _, err := v.edit.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create view: %w", err)
	}
	return nil
}

// Close closes the file.
func (v *View) Close() error {
	var errs []error
	for _, db := range []*sql.DB{v.read, v.edit} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// DB is for reading.
func (v *View) DB() *sql.DB { return v.read }

// Position is how far the view has folded the log, and CaughtUp whether that
// was once all of it.
func (v *View) Position() (at eventlog.Position, caughtUp bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.position, v.caughtUp
}

// Changed returns a channel that is closed at the next change of the rows. Ask
// before reading, so that no change slips between.
func (v *View) Changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changed
}

// Run folds the log in until ctx ends. A view that was folded from another log, or
// from one that has since been restored from an older copy, it grows anew first;
// until the log can be asked it shows what it has.
func (v *View) Run(ctx context.Context) error {
	for {
		if err := v.settle(ctx); err != nil {
			return fmt.Errorf("view: %w", err)
		}
		err := v.follow(ctx)
		if !errors.Is(err, eventlog.ErrBeyond) && !errors.Is(err, eventlog.ErrReplaced) {
			return err
		}
	}
}

// follow folds in what comes after the view's position.
func (v *View) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliveries := make(chan eventlog.Delivery, batch)
	folded := make(chan struct{})
	go func() {
		defer close(folded)
		cancel(v.fold(ctx, deliveries))
	}()
	after, _ := v.Position()
	err := v.log.Follow(ctx, after, v.cfg.Prefixes, func(d eventlog.Delivery) error {
		select {
		case deliveries <- d:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	cancel(err)
	<-folded
	return context.Cause(ctx)
}

// fold writes deliveries in batches: whatever has arrived shares a transaction.
func (v *View) fold(ctx context.Context, deliveries <-chan eventlog.Delivery) error {
	for {
		var arrived []eventlog.Delivery
		select {
		case d := <-deliveries:
			arrived = append(arrived, d)
		case <-ctx.Done():
			return ctx.Err()
		}
		v.linger(ctx, deliveries)
		for more := true; more && len(arrived) < batch; {
			select {
			case d := <-deliveries:
				arrived = append(arrived, d)
			default:
				more = false
			}
		}
		if err := v.commit(ctx, arrived); err != nil {
			return fmt.Errorf("view: %w", err)
		}
	}
}

// linger waits for more, once the view has caught up; the channel holds what comes.
func (v *View) linger(ctx context.Context, deliveries <-chan eventlog.Delivery) {
	if _, caughtUp := v.Position(); v.cfg.Linger <= 0 || !caughtUp || len(deliveries) >= batch/2 {
		return
	}
	enough := time.NewTimer(v.cfg.Linger)
	defer enough.Stop()
	select {
	case <-enough.C:
	case <-ctx.Done():
	}
}

func (v *View) commit(ctx context.Context, arrived []eventlog.Delivery) error {
	// Whether it is to end is looked at between events: to be stopped within one
	// would cost each statement a goroutine that waits for it.
	whole := context.WithoutCancel(ctx)
	tx, err := v.edit.BeginTx(whole, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it is a no-op
	v.mu.Lock()
	p, at, caughtUp := v.progress, v.position, v.caughtUp
	v.mu.Unlock()
	for _, d := range arrived {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case d.CaughtUp:
			caughtUp = true
		case d.Event == nil:
			at = max(at, d.Checkpoint)
		case d.Event.Position > at:
			if err := v.cfg.Apply(whole, tx, *d.Event); err != nil {
				return fmt.Errorf("%s at %d: %w", d.Event.Stream, d.Event.Revision, err)
			}
			at, p = d.Event.Position, progress{folded: markOf(*d.Event)}
		}
	}
	if at > p.folded.at {
		p.passed = v.passing(ctx, at, p.passed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.save(whole, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if v.cfg.Committed != nil {
		v.cfg.Committed()
	}
	v.advance(p, at, caughtUp)
	return nil
}

// moved sets how far the view is to what is proven, from where it catches up.
func (v *View) moved(p progress) { v.advance(p, p.at(), false) }

// advance tells those who wait for a change.
func (v *View) advance(p progress, at eventlog.Position, caughtUp bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.progress, v.position, v.caughtUp = p, at, caughtUp
	close(v.changed)
	v.changed = make(chan struct{})
}
