package eventnode

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// The lookups take a reader, which is the engine itself or the batch that the
// writer is about to commit, and a bound: nothing at a position above it exists.

func getNumber(r pebble.Reader, key []byte) (value uint64, found bool, err error) {
	raw, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	value = numberAt(raw)
	return value, true, closer.Close()
}

// findStream returns the number of a stream, or 0 if it has never been written.
func findStream(r pebble.Reader, name string, bound uint64) (uint64, error) {
	id, _, err := getNumber(r, nameKey(name))
	if id > bound {
		id = 0
	}
	return id, err
}

// lastRevision returns the last revision of a stream and its position. A
// tombstone counts: it is the last event that a stream can have. If the scavenger
// has removed all up to the bound since the bound was taken, it is the first one
// beyond, which is on disk by then.
func lastRevision(r pebble.Reader, stream, bound uint64) (revision, position uint64, err error) {
	it, err := r.NewIter(&pebble.IterOptions{
		LowerBound: streamKey(stream, 0),
		UpperBound: streamKey(stream+1, 0),
	})
	if err != nil {
		return 0, 0, err
	}
	found := it.Last()
	for found && numberAt(it.Value()) > bound {
		found = it.Prev()
	}
	if found || it.First() {
		revision, position = numberAt(it.Key()), numberAt(it.Value())
	} else {
		err = fmt.Errorf("%w: stream %d has a name and no event", errRecord, stream)
	}
	return revision, position, errors.Join(err, it.Error(), it.Close())
}

func positionOf(r pebble.Reader, stream, revision uint64) (position uint64, found bool, err error) {
	return getNumber(r, streamKey(stream, revision))
}

// recordAt returns a record that shares no memory with the engine.
func recordAt(r pebble.Reader, position uint64) (record, error) {
	raw, closer, err := r.Get(eventKey(position))
	if err != nil {
		return record{}, fmt.Errorf("position %d: %w", position, err)
	}
	rec, err := decodeRecord(position, bytes.Clone(raw))
	return rec, errors.Join(err, closer.Close())
}

func lastPosition(r pebble.Reader) (uint64, error) {
	it, err := r.NewIter(&pebble.IterOptions{
		LowerBound: []byte{tableEvent},
		UpperBound: []byte{tableEvent + 1},
	})
	if err != nil {
		return 0, err
	}
	var position uint64
	if it.Last() {
		position = numberAt(it.Key())
	}
	return position, errors.Join(it.Error(), it.Close())
}
