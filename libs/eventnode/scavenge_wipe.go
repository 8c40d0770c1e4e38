package eventnode

import (
	"context"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const (
	// joinBytes is how much untouched data may be rewritten to save a compaction.
	joinBytes = 32 << 20
	// heldPause and heldLooks say how often to look for files that are in use, and
	// when to give up.
	heldPause = 20 * time.Millisecond
	heldLooks = 1500
)

// wipe makes the engine rewrite the files that held removed events, and deletes
// the old ones and the write-ahead logs.
func (s *scavenge) wipe(ctx context.Context) error {
	done := cleaning{finished: s.node.now().UnixNano() / 100}
	if s.clean.touched == done.touched {
		return s.write(ctx, &purge{clean: done.encode(), force: true})
	}
	logs := s.node.store.logs.condemn()
	db := s.engine()
	if err := s.flushEngine(ctx, db); err != nil {
		return err
	}
	spans, err := s.clean.spans(func(gap span) (bool, error) {
		size, err := db.EstimateDiskUsage(eventKey(gap.first), eventKey(gap.last+1))
		return size <= joinBytes, err
	})
	if err != nil {
		return err
	}
	for _, piece := range spans {
		if err := s.compact(ctx, db, piece); err != nil {
			return err
		}
	}
	if err := s.apart(ctx, func() error { return s.node.store.removeLogs(logs) }); err != nil {
		return err
	}
	if err := s.awaitRemoval(ctx, db); err != nil {
		return err
	}
	return s.write(ctx, &purge{clean: done.encode(), force: true})
}

func (s *scavenge) flushEngine(ctx context.Context, db *pebble.DB) error {
	return s.apart(ctx, func() error {
		flushed, err := db.AsyncFlush()
		if err != nil {
			return err
		}
		select {
		case <-flushed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// apart waits for the engine to do something that may never come to its end: on a
// failed disk, or on a full one.
func (s *scavenge) apart(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-s.node.store.failure.done:
		return s.node.store.failure.err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // the engine sees the end of the context as well
		return err
	case <-s.node.store.failure.done:
	case <-s.node.store.space.full():
	}
	return ctx.Err()
}

// compact rewrites one piece of the log.
func (s *scavenge) compact(ctx context.Context, db *pebble.DB, piece span) error {
	from, to := eventKey(piece.first), eventKey(piece.last+1)
	if size, err := db.EstimateDiskUsage(from, to); err == nil {
		s.report.Cleaned += size
	}
	return s.apart(ctx, func() error { return db.Compact(ctx, from, to, false) })
}

// awaitRemoval returns when the tables that are no longer part of the store have
// been deleted. Readers keep them for a moment.
func (s *scavenge) awaitRemoval(ctx context.Context, db *pebble.DB) error {
	tick := time.NewTicker(heldPause)
	defer tick.Stop()
	old, err := s.node.store.tables()
	if err != nil {
		return err
	}
	for range heldLooks {
		live, err := liveTables(db)
		if err != nil {
			return err
		}
		gone, err := s.node.store.removed(slices.DeleteFunc(slices.Clone(old), func(name string) bool { return live[name] }))
		if err != nil || gone {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ErrHeld
}

// liveTables are the names of the files that the engine reads from.
func liveTables(db *pebble.DB) (map[string]bool, error) {
	levels, err := db.SSTables()
	if err != nil {
		return nil, err
	}
	live := make(map[string]bool)
	for _, level := range levels {
		for i := range level {
			live[level[i].BackingSSTNum.String()+".sst"] = true
		}
	}
	return live, nil
}
