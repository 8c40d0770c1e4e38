package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// indexEntry is what the indexes say of one event. The indexes are written after
// the events of a batch, in order, which the engine takes faster.
type indexEntry struct {
	stream, revision, position uint64
	id                         eventID
}

// open begins a batch.
func (w *writer) open() {
	w.batch = w.store.engine().NewBatch()
	w.batchNo++
	w.index, w.meta = w.index[:0], false
}

// begin begins the fsync of a round; the committer waits for it. Meanwhile the
// next round is prepared.
func (w *writer) begin(r *round) error {
	if err := w.finish(); err != nil {
		return err
	}
	if w.behind && w.batch.Empty() {
		if err := w.batch.LogData([]byte{0}, nil); err != nil {
			return err
		}
	}
	r.batch, r.last, r.syncing = w.batch, w.last, !w.batch.Empty()
	r.touched = w.touched
	w.crowded = len(r.answers) >= crowd
	w.behind, w.touched = false, nil
	if !r.syncing {
		return nil
	}
	r.began = time.Now()
	return w.store.engine().ApplyNoSyncWait(w.batch, pebble.Sync)
}

// settle gives the open batch to the engine, so that what it holds can be read,
// and begins another. The fsync at the end of the round covers both: the engine
// writes them to its log in this order.
func (w *writer) settle() error {
	if err := w.finish(); err != nil {
		return err
	}
	if !w.batch.Empty() {
		if err := w.batch.Commit(pebble.NoSync); err != nil {
			return err
		}
		w.behind = true
	}
	err := w.batch.Close()
	w.open()
	return err
}

// finish adds the indexes to the open batch.
func (w *writer) finish() error {
	var errs []error
	for i := range w.index {
		e := &w.index[i]
		op := w.batch.SetDeferred(17, 8)
		op.Key[0] = tableStream
		binary.BigEndian.PutUint64(op.Key[1:], e.stream)
		binary.BigEndian.PutUint64(op.Key[9:], e.revision)
		binary.BigEndian.PutUint64(op.Value, e.position)
		errs = append(errs, op.Finish())
	}
	for i := range w.index {
		e := &w.index[i]
		op := w.batch.SetDeferred(25, 8)
		op.Key[0] = tableID
		binary.BigEndian.PutUint64(op.Key[1:], e.stream)
		copy(op.Key[9:], e.id[:])
		binary.BigEndian.PutUint64(op.Value, e.revision)
		errs = append(errs, op.Finish())
	}
	w.index = w.index[:0]
	if cap(w.index) > maxEvents {
		w.index = nil
	}
	return errors.Join(errs...)
}

// past is the engine with all that the past of a stream consists of, even if it
// has been written a moment ago.
func (w *writer) past(h *head) (pebble.Reader, error) {
	if h.batchNo == w.batchNo {
		if err := w.settle(); err != nil {
			return nil, err
		}
	}
	return w.store.engine(), nil
}

// metadata is the same for the metadata of all streams.
func (w *writer) metadata() (pebble.Reader, error) {
	if w.meta {
		if err := w.settle(); err != nil {
			return nil, err
		}
	}
	return w.store.engine(), nil
}

// purge carries the removals of the scavenger, in a batch of its own: what it rests
// on is read from the engine.
func (w *writer) purge(p *purge) error {
	if err := w.settle(); err != nil {
		return err
	}
	if err := w.carryPurge(p); err != nil {
		return err
	}
	return w.settle()
}

// put gives an event its revision and position and adds it to the batch.
func (w *writer) put(h *head, stream string, r *record) error {
	w.last++
	h.last++
	h.batchNo = w.batchNo
	r.position, r.revision = w.last, uint64(h.last)
	r.created = w.now().UnixNano() / 100
	r.stream = []byte(stream)
	w.meta = w.meta || isMetastream(stream)
	if n := len(w.touched); n == 0 || w.touched[n-1] != stream {
		w.touched = append(w.touched, stream)
	}
	var named error
	if h.id == 0 {
		h.id = w.last
		named = w.batch.Set(nameKey(stream), number(h.id), nil)
	}
	w.index = append(w.index, indexEntry{stream: h.id, revision: r.revision, position: r.position, id: r.id})
	op := w.batch.SetDeferred(9, r.encodedSize())
	op.Key[0] = tableEvent
	binary.BigEndian.PutUint64(op.Key[1:], r.position)
	if n := len(r.encode(op.Value[:0])); n != len(op.Value) {
		return fmt.Errorf("%w: %d bytes in place of %d", errRecord, n, len(op.Value))
	}
	return errors.Join(named, op.Finish())
}
