package eventnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// ErrInconsistent is returned by Check for a store whose parts do not agree.
var ErrInconsistent = errors.New("the store is inconsistent")

// Report is what Check has counted.
type Report struct {
	Events  uint64 // events in the log
	Streams uint64 // streams, metastreams included
	Last    uint64 // position of the last event
}

// Check reads the whole store of a node that is not running and proves that log
// and indexes agree: positions without a gap, revisions of each stream contiguous
// from zero, each event found under its stream, its revision and its id, and no
// index entry without its event. It changes nothing. Of cfg only Dir, Logger and
// FS matter. Its memory grows with the number of streams.
func Check(ctx context.Context, cfg Config) (Report, error) {
	if cfg.Dir == "" {
		return Report{}, ErrNoDir
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(cfg.Dir, cfg.FS, cfg.Logger, true)
	if err != nil {
		return Report{}, err
	}
	c := checker{db: s.db, next: make(map[uint64]uint64)}
	err = c.run(ctx)
	return c.report, errors.Join(err, s.close())
}

type checker struct {
	db     *pebble.DB
	report Report
	next   map[uint64]uint64 // stream → revision that its next event must have
}

func (c *checker) run(ctx context.Context) error {
	err := c.each(ctx, tableEvent, c.event)
	if err != nil {
		return err
	}
	var revisions, names uint64
	count := func(n *uint64) func(_, _ []byte) error {
		return func(_, _ []byte) error { *n++; return nil }
	}
	if err := c.each(ctx, tableStream, count(&revisions)); err != nil {
		return err
	}
	if err := c.each(ctx, tableName, count(&names)); err != nil {
		return err
	}
	c.report.Streams = uint64(len(c.next))
	if revisions != c.report.Events || names != c.report.Streams {
		return fmt.Errorf("%w: %d events, %d revisions; %d streams, %d names",
			ErrInconsistent, c.report.Events, revisions, c.report.Streams, names)
	}
	return c.each(ctx, tableID, c.identity)
}

func (c *checker) each(ctx context.Context, table byte, visit func(key, value []byte) error) (err error) {
	it, err := c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{table}, UpperBound: []byte{table + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for found := it.First(); found; found = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(it.Key(), it.Value()); err != nil {
			return err
		}
	}
	return nil
}

// event checks one event of the log against all indexes.
func (c *checker) event(key, value []byte) error {
	position := numberAt(key)
	if position != c.report.Last+1 {
		return fmt.Errorf("%w: position %d follows %d", ErrInconsistent, position, c.report.Last)
	}
	c.report.Events++
	c.report.Last = position
	rec, err := decodeRecord(position, value)
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", ErrInconsistent, position, err)
	}
	stream, err := findStream(c.db, string(rec.stream), unbounded)
	if err != nil {
		return err
	}
	want, known := c.next[stream]
	switch {
	case rec.revision == tombstoneRevision:
		want = tombstoneRevision
	case !known && stream != position:
		return fmt.Errorf("%w: position %d: its stream has the number %d", ErrInconsistent, position, stream)
	}
	if rec.revision != want {
		return fmt.Errorf("%w: position %d: revision %d in place of %d", ErrInconsistent, position, rec.revision, want)
	}
	c.next[stream] = rec.revision + 1
	at, _, err := positionOf(c.db, stream, rec.revision)
	if err != nil {
		return err
	}
	_, found, err := getNumber(c.db, idKey(stream, rec.id))
	if err != nil {
		return err
	}
	if at != position || !found {
		return fmt.Errorf("%w: position %d: its revision leads to %d, its id is known: %t", ErrInconsistent, position, at, found)
	}
	return nil
}

// identity checks that an event id leads to an event of that stream and id.
func (c *checker) identity(key, value []byte) error {
	stream, id := numberAt(key[:9]), eventID(key[9:])
	position, _, err := positionOf(c.db, stream, numberAt(value))
	if err != nil {
		return err
	}
	rec, err := recordAt(c.db, position)
	if err != nil {
		return fmt.Errorf("%w: id %s: %w", ErrInconsistent, id, err)
	}
	if rec.id != id {
		return fmt.Errorf("%w: id %s leads to position %d, which has another", ErrInconsistent, id, position)
	}
	return nil
}
