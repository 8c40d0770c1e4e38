package eventnode

import (
	"fmt"

	"github.com/google/uuid"
)

// carry decides on one write and puts its events into the batch.
func (w *writer) carry(o *write) answer {
	if o.action == actionPurge {
		return answer{err: w.purge(o.purge)}
	}
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
	w.ids = w.ids[:0]
	for i := range o.events {
		w.ids = append(w.ids, o.events[i].id)
	}
	v, repeated, err := decide(h, o.expected, w.ids, streamHistory{w, h})
	switch {
	case err != nil:
		return answer{err: err}
	case v == verdictRepeated:
		return w.repeated(h, repeated)
	case v != verdictAppend:
		return answer{verdict: v, current: h.last}
	}
	switch o.action {
	case actionDelete:
		return w.delete(o, h)
	case actionTombstone:
		return w.tombstone(o, h)
	case actionAppend, actionPurge:
	}
	return w.append(o, h, owner)
}

// repeated is the answer to an append that has happened before.
func (w *writer) repeated(h *head, revision uint64) answer {
	past, err := w.past(h)
	if err != nil {
		return answer{err: err}
	}
	position, _, err := positionOf(past, h.id, revision)
	return answer{verdict: verdictRepeated, current: int64(revision), position: position, err: err}
}

// append writes the events. To write to a deleted stream, or new metadata for it,
// brings it back to life; its revisions go on from where they were.
func (w *writer) append(o *write, h, owner *head) answer {
	if len(o.events) == 0 {
		return answer{verdict: verdictAppend, current: h.last}
	}
	// What has to be read is read first: all that the append writes must be in one
	// batch.
	var text []byte
	if h.meta.deleted() {
		past, err := w.metadata()
		if err != nil {
			return answer{err: err}
		}
		if text, err = metadataText(past, o.stream, unbounded); err != nil {
			return answer{err: err}
		}
	}
	next := uint64(h.last + 1)
	for i := range o.events {
		if err := w.put(h, o.stream, &o.events[i]); err != nil {
			return answer{err: err}
		}
	}
	a := answer{verdict: verdictAppend, current: h.last, position: w.last}
	switch {
	case owner != nil:
		written := o.events[len(o.events)-1].data
		if owner.meta.deleted() && !parseMetadata(written).deleted() {
			a.err = w.revive(o.stream[len(metastreamPrefix):], written, uint64(owner.last+1))
		}
		owner.hasMeta = false
	case text != nil:
		a.err = w.revive(o.stream, text, next)
	}
	return a
}

// revive moves the truncation of a deleted stream, whose metadata is text, from
// "all" to the revision that it goes on with.
func (w *writer) revive(name string, text []byte, truncateBefore uint64) error {
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

// head returns the head of a stream, with its metadata.
func (w *writer) head(name string) (*head, error) {
	h := w.heads.get(name)
	if h == nil {
		h = &head{last: -1}
		var err error
		// The heads of streams in the open batch are in the cache: it is larger than
		// a round.
		engine := w.store.engine()
		if h.id, err = findStream(engine, name, unbounded); err != nil {
			return nil, err
		}
		if h.id != 0 {
			last, _, err := lastRevision(engine, h.id, unbounded)
			if err != nil {
				return nil, err
			}
			h.last = int64(last)
		}
		w.heads.put(name, h)
	}
	if !h.hasMeta {
		past, err := w.metadata()
		if err != nil {
			return nil, err
		}
		if h.meta, err = loadMetadata(past, name, unbounded); err != nil {
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
// written.
type streamHistory struct {
	w    *writer
	head *head
}

func (p streamHistory) revisionOf(id eventID) (revision uint64, found bool, err error) {
	if p.w.forgetIDs {
		return 0, false, nil
	}
	past, err := p.w.past(p.head)
	if err != nil {
		return 0, false, err
	}
	return getNumber(past, idKey(p.head.id, id))
}

func (p streamHistory) idAt(revision uint64) (eventID, error) {
	past, err := p.w.past(p.head)
	if err != nil {
		return eventID{}, err
	}
	stream := p.head.id
	position, found, err := positionOf(past, stream, revision)
	if err != nil {
		return eventID{}, err
	}
	if !found {
		// What was scavenged has no id any more: nothing repeats it.
		err := fmt.Errorf("%w: stream %d lacks revision %d", errRecord, stream, revision)
		return eventID{}, unlessScavenged(past, err, stream, revision)
	}
	rec, err := recordAt(past, position)
	return rec.id, err
}
