package eventnode

import (
	"bytes"
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
	Events  uint64 // events in the log, stubs included
	Streams uint64 // streams, metastreams included
	Last    uint64 // position of the last event
	Removed uint64 // events that were scavenged and have left nothing
	Stubs   uint64 // events of which only the place is left
}

// Progress is how far a check has come.
type Progress struct {
	Done  uint64 // entries of the log and its indexes that were read
	Total uint64 // entries that there are, at most
}

// progressEvery is after how many entries a check tells how far it is.
const progressEvery = 1 << 16

// Check reads the whole store of a node that is not running and proves that log
// and indexes agree: each event found under its stream, its revision and its id,
// no index entry without its event, the revisions of each stream contiguous from
// the first that has not been scavenged, and no position missing but those that
// the scavenger has written down. It changes nothing. Of cfg only Dir, Logger and
// FS matter. What is wrong is named by position or by number and revision of the
// stream, never by data. Its memory does not grow with the store.
func Check(ctx context.Context, cfg Config) (Report, error) {
	return CheckWith(ctx, cfg, func(Progress) {})
}

// CheckWith is Check, and tells how far it is from time to time.
func CheckWith(ctx context.Context, cfg Config, tell func(Progress)) (Report, error) {
	if cfg.Dir == "" {
		return Report{}, ErrNoDir
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(cfg, true)
	if err != nil {
		return Report{}, err
	}
	last, _ := s.tail.load()
	c := checker{db: s.db, tell: tell, names: make(map[string]uint64), progress: Progress{Total: 3 * last}}
	err = damagedData(c.run(ctx))
	return c.report, errors.Join(err, s.close(), s.failure.cause())
}

// checker compares the tables of a store without keeping them. Each table is read
// once, in its own order, and leaves a sum of hashes; tables that hold the same
// facts have the same sum. Only where sums differ are single entries looked up,
// to find and name the one that is wrong.
type checker struct {
	db       *pebble.DB
	tell     func(Progress)
	progress Progress
	report   Report
	names    map[string]uint64 // number of the streams seen last
	byName   *pebble.Iterator

	scavenged ledger // sums over all ledgers
	holes     ledger // the same over the positions that are missing
	inLog     facts  // what the log says
	inIndexes facts  // what the indexes say
	ids       uint64 // entries of the index of ids
}

// facts are sums of hashes, modulo 2^64.
type facts struct {
	revisions uint64 // of (stream, revision, position)
	ids       uint64 // of (stream, id, revision)
}

func (c *checker) run(ctx context.Context) (err error) {
	if c.byName, err = c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableName}, UpperBound: []byte{tableName + 1}}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.byName.Close()) }()
	var names uint64
	for _, pass := range []func() error{
		func() error { return c.each(ctx, tableLedger, c.ledger) },
		func() error { return c.each(ctx, tableEvent, func(k, v []byte) error { return c.event(ctx, k, v) }) },
		func() error { return c.revisions(ctx) },
		func() error { return c.each(ctx, tableName, func(_, _ []byte) error { names++; return nil }) },
		func() error { return c.each(ctx, tableID, c.id) },
	} {
		if err := pass(); err != nil {
			return err
		}
	}
	c.report.Removed = c.scavenged.floor
	if c.inLog.revisions != c.inIndexes.revisions {
		if err := c.findRevision(ctx); err != nil {
			return err
		}
		return fmt.Errorf("%w: log and revisions disagree", ErrInconsistent)
	}
	if c.holes != c.scavenged {
		return c.missing()
	}
	if names != c.report.Streams {
		return fmt.Errorf("%w: %d streams, %d names", ErrInconsistent, c.report.Streams, names)
	}
	if c.inLog.ids != c.inIndexes.ids || c.ids != c.report.Events-c.report.Stubs {
		return c.findID(ctx)
	}
	return nil
}

// missing says what is missing in the log without a reason. A single event can be
// named even if nothing is left of it: the sums tell its position.
func (c *checker) missing() error {
	if position := c.holes.sum - c.scavenged.sum; c.holes.floor == c.scavenged.floor+1 &&
		mix(position) == c.holes.digest-c.scavenged.digest {
		return fmt.Errorf("%w: position %d is missing", ErrInconsistent, position)
	}
	return fmt.Errorf("%w: %d positions are missing, %d were scavenged", ErrInconsistent, c.holes.floor, c.scavenged.floor)
}

// each visits all entries of a table. What the engine cannot read is named by the
// last entry that it could.
func (c *checker) each(ctx context.Context, table byte, visit func(key, value []byte) error) (err error) {
	it, err := c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{table}, UpperBound: []byte{table + 1}})
	if err != nil {
		return err
	}
	defer func() { // which tells again of what has been told
		if failed := it.Close(); err == nil {
			err = failed
		}
	}()
	last := []byte{table}
	for found := it.First(); found; found = it.Next() {
		last = append(last[:0], it.Key()...)
		if err := c.step(ctx); err != nil {
			return err
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInconsistent, place(last), damagedData(err))
		}
		if err := visit(it.Key(), value); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("%w: after %s: %w", ErrInconsistent, place(last), damagedData(err))
	}
	return nil
}

func (c *checker) step(ctx context.Context) error {
	c.progress.Done++
	if c.progress.Done%progressEvery != 0 {
		return nil
	}
	c.progress.Total = max(c.progress.Total, c.progress.Done)
	c.tell(c.progress)
	return ctx.Err()
}

// place names an entry without showing anything that a user has written.
func place(key []byte) string {
	switch {
	case key[0] == tableEvent && len(key) == 9:
		return fmt.Sprintf("position %d", numberAt(key))
	case key[0] == tableStream && len(key) == 17:
		return fmt.Sprintf("stream %d, revision %d", numberAt(key[:9]), numberAt(key))
	case key[0] == tableID && len(key) == 25:
		return fmt.Sprintf("stream %d, event id %s", numberAt(key[:9]), eventID(key[9:]))
	default:
		return fmt.Sprintf("table %q", key[0])
	}
}

// ledger sums up what was scavenged.
func (c *checker) ledger(key, value []byte) error {
	l, err := decodeLedger(value)
	if err != nil {
		return fmt.Errorf("%w: stream %d: %w", ErrInconsistent, numberAt(key), err)
	}
	c.scavenged.floor += l.floor
	c.scavenged.sum += l.sum
	c.scavenged.digest += l.digest
	return nil
}

// event looks at one event of the log, and at the hole before it.
func (c *checker) event(ctx context.Context, key, value []byte) error {
	position := numberAt(key)
	for hole := c.report.Last + 1; hole < position; hole++ {
		c.holes.remove(hole)
		if hole%progressEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	c.report.Events++
	c.report.Last = position
	rec, err := decodeRecord(position, value)
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", ErrInconsistent, position, err)
	}
	stream, err := c.streamOf(rec.stream)
	if err != nil {
		return err
	}
	if stream == 0 || stream > position || rec.revision == 0 && stream != position {
		return fmt.Errorf("%w: position %d: its stream has the number %d", ErrInconsistent, position, stream)
	}
	c.inLog.revisions += hashOf(stream, rec.revision, position)
	if !rec.stub {
		c.inLog.ids += hashOfID(stream, rec.id, rec.revision)
		return nil
	}
	c.report.Stubs++
	l, err := ledgerOf(c.db, stream)
	if err == nil && l.floor != rec.revision {
		err = fmt.Errorf("%w: position %d: a stub at revision %d, scavenged are %d", ErrInconsistent, position, rec.revision, l.floor)
	}
	return err
}

// knownNames bounds the memory for names: some 100 bytes each.
const knownNames = 1 << 18

func (c *checker) streamOf(name []byte) (uint64, error) {
	if stream, known := c.names[string(name)]; known {
		return stream, nil
	}
	// An iterator that stays open finds a name faster than a lookup.
	key, stream := nameKey(string(name)), uint64(0)
	if c.byName.SeekGE(key) && bytes.Equal(c.byName.Key(), key) {
		stream = numberAt(c.byName.Value())
	}
	if len(c.names) >= knownNames {
		clear(c.names)
	}
	c.names[string(name)] = stream
	return stream, c.byName.Error()
}

func (c *checker) id(key, value []byte) error {
	c.ids++
	c.inIndexes.ids += hashOfID(numberAt(key[:9]), eventID(key[9:]), numberAt(value))
	return nil
}

func hashOf(stream, revision, position uint64) uint64 {
	return mix(mix(mix(stream)^revision) ^ position)
}

func hashOfID(stream uint64, id eventID, revision uint64) uint64 {
	return mix(hashOf(stream, numberAt(id[:8]), numberAt(id[8:])) ^ revision)
}
