package eventnode

import (
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

const (
	queuedAppends = 1024    // appends that may wait for the writer
	roundAppends  = 512     // appends that share one commit at most
	roundBytes    = 8 << 20 // bytes that share one commit, roughly
)

// action is what a write does to its stream.
type action int

const (
	actionAppend action = iota
	actionDelete
	actionTombstone
)

// write is one request to change a stream. It happens as a whole or not at all.
type write struct {
	action   action
	stream   string
	expected expected
	events   []record // id, json, kind, meta and data are set
	answer   chan answer
}

// answer is what became of a write.
type answer struct {
	verdict  verdict
	current  int64  // last revision of the stream, -1 for none
	position uint64 // 0: nothing was written
	err      error
}

// writer is the one goroutine that changes the store.
type writer struct {
	store     *store
	now       func() time.Time
	forgetIDs bool
	queue     chan *write
	stop      chan struct{}
	rounds    chan round

	heads *heads
	last  uint64 // last position given out, on disk or not
	batch *pebble.Batch
	buf   []byte
}

func newWriter(s *store, now func() time.Time, forgetIDs bool) *writer {
	last, _ := s.tail.load()
	return &writer{
		store: s, now: now, forgetIDs: forgetIDs,
		queue:  make(chan *write, queuedAppends),
		stop:   make(chan struct{}),
		rounds: make(chan round),
		heads:  newHeads(maxHeads),
		last:   last,
	}
}

// run takes writes until it is told to stop and the queue is empty.
func (w *writer) run() {
	defer close(w.rounds)
	defer func() {
		// The engine panics when its log has failed.
		if p := recover(); p != nil {
			w.store.failure.fail(fmt.Errorf("storage engine: %v", p))
		}
	}()
	for {
		select {
		case first := <-w.queue:
			if !w.round(first) {
				return
			}
		case <-w.store.failure.done:
			return
		case <-w.stop:
			select {
			case first := <-w.queue:
				if !w.round(first) {
					return
				}
			default:
				return
			}
		}
	}
}

// round puts the writes that wait into one batch and hands it to the committer.
func (w *writer) round(first *write) bool {
	w.batch = w.store.engine().NewIndexedBatch()
	r := round{batch: w.batch}
	for next := first; next != nil; {
		a := w.carry(next)
		if a.err != nil {
			// A half-filled batch must not be committed, and the heads may be ahead
			// of it: a read error of the engine ends the node.
			w.store.failure.fail(a.err)
			return false
		}
		r.answers = append(r.answers, addressed{next.answer, a})
		next = nil
		if len(r.answers) < roundAppends && w.batch.Len() < roundBytes {
			select {
			case next = <-w.queue:
			default:
			}
		}
	}
	r.last, r.syncing = w.last, !w.batch.Empty()
	if r.syncing {
		// The engine starts the fsync; the committer waits for it. Meanwhile the
		// next round is prepared.
		if err := w.store.engine().ApplyNoSyncWait(w.batch, pebble.Sync); err != nil {
			w.store.failure.fail(err)
			return false
		}
	}
	select {
	case w.rounds <- r:
		return true
	case <-w.store.failure.done:
		return false
	}
}

// carry decides on one write and puts its events into the batch.
func (w *writer) carry(o *write) answer {
	h, err := w.head(o.stream)
	if err != nil {
		return answer{err: err}
	}
	owner, err := w.owner(o.stream)
	if err != nil {
		return answer{err: err}
	}
	if owner != nil && owner.tombstoned() {
		return answer{verdict: verdictDeleted, current: h.last}
	}
	ids := make([]eventID, len(o.events))
	for i := range o.events {
		ids[i] = o.events[i].id
	}
	v, repeated, err := decide(h, o.expected, ids, streamHistory{w, h.id})
	switch {
	case err != nil:
		return answer{err: err}
	case v == verdictRepeated:
		position, _, err := positionOf(w.batch, h.id, repeated)
		return answer{verdict: v, current: int64(repeated), position: position, err: err}
	case v != verdictAppend:
		return answer{verdict: v, current: h.last}
	}
	switch o.action {
	case actionDelete:
		return w.delete(o, h)
	case actionTombstone:
		return w.tombstone(o, h)
	case actionAppend:
	}
	return w.append(o, h, owner)
}

// append writes the events. To write to a deleted stream, or new metadata for it,
// brings it back to life; its revisions go on from where they were.
func (w *writer) append(o *write, h, owner *head) answer {
	before := *h
	for i := range o.events {
		if err := w.put(h, o.stream, &o.events[i]); err != nil {
			return answer{err: err}
		}
	}
	a := answer{verdict: verdictAppend, current: h.last}
	if len(o.events) == 0 {
		return a
	}
	a.position = w.last
	switch {
	case owner != nil:
		revived := owner.meta.deleted()
		owner.hasMeta = false
		if revived && !parseMetadata(o.events[len(o.events)-1].data).deleted() {
			a.err = w.revive(o.stream[len(metastreamPrefix):], uint64(owner.last+1))
		}
	case before.meta.deleted():
		a.err = w.revive(o.stream, uint64(before.last+1))
	}
	return a
}

// revive moves the truncation of a deleted stream from "all" to the revision that
// it goes on with.
func (w *writer) revive(name string, truncateBefore uint64) error {
	text, err := metadataText(w.batch, name, unbounded)
	if err != nil || text == nil {
		return err
	}
	text, ok := withTruncation(text, truncateBefore)
	if !ok {
		return nil // not an object: it hides nothing
	}
	return w.putMetadata(name, text)
}

// delete hides all events of a stream that have been written so far.
func (w *writer) delete(o *write, h *head) answer {
	if h.last < 0 && !h.meta.exists {
		return answer{verdict: verdictWrong, current: h.last}
	}
	err := w.putMetadata(o.stream, deletedMetadata())
	return answer{verdict: verdictAppend, current: h.last, position: w.last, err: err}
}

// tombstone burns the name of a stream.
func (w *writer) tombstone(o *write, h *head) answer {
	h.last = tombstoneRevision - 1
	err := w.put(h, o.stream, &record{id: uuid.New(), kind: []byte(typeTombstone)})
	return answer{verdict: verdictAppend, current: h.last, position: w.last, err: err}
}

func (w *writer) putMetadata(name string, text []byte) error {
	h, err := w.head(metastreamPrefix + name)
	if err != nil {
		return err
	}
	if owner := w.heads.get(name); owner != nil {
		owner.hasMeta = false
	}
	return w.put(h, metastreamPrefix+name, &record{
		id: uuid.New(), json: true, kind: []byte(typeMetadata), data: text,
	})
}

// put gives an event its revision and position and adds it to the batch.
func (w *writer) put(h *head, stream string, r *record) error {
	w.last++
	h.last++
	r.position, r.revision = w.last, uint64(h.last)
	r.created = w.now().UnixNano() / 100
	r.stream = []byte(stream)
	w.buf = r.encode(w.buf[:0])
	var named error
	if h.id == 0 {
		h.id = w.last
		named = w.batch.Set(nameKey(stream), number(h.id), nil)
	}
	return errors.Join(
		named,
		w.batch.Set(eventKey(r.position), w.buf, nil),
		w.batch.Set(streamKey(h.id, r.revision), number(r.position), nil),
		w.batch.Set(idKey(h.id, r.id), number(r.revision), nil),
	)
}

// head returns the head of a stream, with its metadata.
func (w *writer) head(name string) (*head, error) {
	h := w.heads.get(name)
	if h == nil {
		h = &head{last: -1}
		var err error
		if h.id, err = findStream(w.batch, name, unbounded); err != nil {
			return nil, err
		}
		if h.id != 0 {
			last, _, err := lastRevision(w.batch, h.id, unbounded)
			if err != nil {
				return nil, err
			}
			h.last = int64(last)
		}
		w.heads.put(name, h)
	}
	if !h.hasMeta {
		var err error
		if h.meta, err = loadMetadata(w.batch, name, unbounded); err != nil {
			return nil, err
		}
		h.hasMeta = true
	}
	return h, nil
}

// owner returns the head of the stream that a metastream belongs to.
func (w *writer) owner(name string) (*head, error) {
	if !isMetastream(name) {
		return nil, nil
	}
	return w.head(name[len(metastreamPrefix):])
}

// streamHistory answers questions about one stream, including what the round has
// put into its batch.
type streamHistory struct {
	w  *writer
	id uint64
}

func (p streamHistory) revisionOf(id eventID) (revision uint64, found bool, err error) {
	if p.w.forgetIDs {
		return 0, false, nil
	}
	return getNumber(p.w.batch, idKey(p.id, id))
}

func (p streamHistory) idAt(revision uint64) (eventID, error) {
	position, found, err := positionOf(p.w.batch, p.id, revision)
	if err != nil {
		return eventID{}, err
	}
	if !found {
		return eventID{}, fmt.Errorf("%w: stream %d lacks revision %d", errRecord, p.id, revision)
	}
	rec, err := recordAt(p.w.batch, position)
	return rec.id, err
}
