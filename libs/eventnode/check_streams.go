package eventnode

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// walk is where the pass over the revisions stands.
type walk struct {
	stream uint64
	next   uint64 // revision that must follow
	burnt  bool   // nothing may follow
}

// revisions checks that the revisions of each stream are contiguous from its
// ledger's floor on. The tombstone is the exception: it has the highest revision
// that there is.
func (c *checker) revisions(ctx context.Context) (err error) {
	ledgers, err := c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLedger}, UpperBound: []byte{tableLedger + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledgers.Error(), ledgers.Close()) }()
	more := ledgers.First()
	var w walk
	err = c.each(ctx, tableStream, func(key, value []byte) error {
		stream, revision := numberAt(key[:9]), numberAt(key)
		if stream != w.stream {
			c.report.Streams++
			w = walk{stream: stream}
			if more && numberAt(ledgers.Key()) < stream {
				return ledgerAlone(numberAt(ledgers.Key()))
			}
			if more && numberAt(ledgers.Key()) == stream {
				l, err := decodeLedger(ledgers.Value())
				if err != nil {
					return err
				}
				w.next, more = l.floor, ledgers.Next()
			}
		}
		c.inIndexes.revisions += hashOf(stream, revision, numberAt(value))
		return w.on(revision)
	})
	if err == nil && more {
		return ledgerAlone(numberAt(ledgers.Key()))
	}
	return err
}

func ledgerAlone(stream uint64) error {
	return fmt.Errorf("%w: stream %d was scavenged, and nothing is left of it", ErrInconsistent, stream)
}

// on goes on to the next revision of the stream.
func (w *walk) on(revision uint64) error {
	if w.burnt || revision != w.next && revision != tombstoneRevision {
		return fmt.Errorf("%w: stream %d: revision %d in place of %d", ErrInconsistent, w.stream, revision, w.next)
	}
	w.burnt = revision == tombstoneRevision
	w.next = revision + 1
	return nil
}

// findRevision names the first entry of log and revisions that do not agree.
func (c *checker) findRevision(ctx context.Context) error {
	err := c.each(ctx, tableStream, func(key, value []byte) error {
		position := numberAt(value)
		rec, err := recordAt(c.db, position)
		if errors.Is(err, pebble.ErrNotFound) {
			return fmt.Errorf("%w: %s: its event, position %d, is missing", ErrInconsistent, place(key), position)
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInconsistent, place(key), damagedData(err))
		}
		stream, err := c.streamOf(rec.stream)
		if err == nil && (stream != numberAt(key[:9]) || rec.revision != numberAt(key)) {
			err = fmt.Errorf("%w: %s: position %d is stream %d, revision %d",
				ErrInconsistent, place(key), position, stream, rec.revision)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.each(ctx, tableEvent, func(key, value []byte) error {
		position := numberAt(key)
		rec, err := decodeRecord(position, value)
		if err != nil {
			return err
		}
		stream, err := c.streamOf(rec.stream)
		if err != nil {
			return err
		}
		at, _, err := positionOf(c.db, stream, rec.revision)
		if err == nil && at != position {
			err = fmt.Errorf("%w: position %d: its revision leads to %d", ErrInconsistent, position, at)
		}
		return err
	})
}

// findID names the first event id that leads nowhere, or that is not known. If
// there is none, ids were used more than once, which is allowed: the index leads
// to the last event of that id.
func (c *checker) findID(ctx context.Context) error {
	err := c.each(ctx, tableID, func(key, value []byte) error {
		return c.leads(numberAt(key[:9]), eventID(key[9:]), numberAt(value))
	})
	if err != nil {
		return err
	}
	return c.each(ctx, tableEvent, func(key, value []byte) error {
		position := numberAt(key)
		rec, err := decodeRecord(position, value)
		if err != nil || rec.stub {
			return err
		}
		stream, err := c.streamOf(rec.stream)
		if err != nil {
			return err
		}
		revision, found, err := getNumber(c.db, idKey(stream, rec.id))
		if err == nil && (!found || revision < rec.revision) {
			err = fmt.Errorf("%w: position %d: its id is known: %t", ErrInconsistent, position, found)
		}
		return err
	})
}

// leads checks that an event id leads to an event of that stream and id.
func (c *checker) leads(stream uint64, id eventID, revision uint64) error {
	position, _, err := positionOf(c.db, stream, revision)
	if err != nil {
		return err
	}
	rec, err := recordAt(c.db, position)
	switch {
	case err != nil:
		return fmt.Errorf("%w: stream %d, event id %s: %w", ErrInconsistent, stream, id, damagedData(err))
	case rec.id != id:
		return fmt.Errorf("%w: event id %s leads to position %d, which has another", ErrInconsistent, id, position)
	}
	return nil
}
