package eventnode

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// purge is the scavenger's request to the writer: the removal of the first events
// of some streams, in one round.
type purge struct {
	parts []purgePart
	clean []byte // what the round leaves to clean, stored with it
	force bool   // store it even if nothing is removed
}

// purgePart is the removal of the first events of one stream, with what that
// rests on. If the writer knows better by now, it leaves the stream alone.
type purgePart struct {
	name   string
	stream uint64
	rests  grounds
	before ledger
	events []doomed // from the ledger's floor on, without a gap
	done   bool     // set by the writer
}

// grounds are the reasons for a removal.
type grounds struct {
	tombstoned bool           // the stream, or the one that the metastream belongs to
	meta       streamMetadata // of the stream, zero for a metastream
}

// doomed is one event that is to be removed.
type doomed struct {
	revision uint64
	position uint64
	id       eventID
	size     int    // bytes of the stored record
	stub     []byte // what stays of it, nil for nothing
}

// carryPurge puts the removals into the batch, which holds nothing else. All that
// was written before can be read from the engine.
func (w *writer) carryPurge(p *purge) error {
	done := p.force
	for i := range p.parts {
		part := &p.parts[i]
		valid, err := w.stands(part)
		if err != nil {
			return err
		}
		if !valid {
			continue
		}
		if err := w.carryPart(part); err != nil {
			return err
		}
		part.done, done = true, true
	}
	if !done {
		return nil
	}
	return w.batch.Set(cleanKey(), p.clean, nil)
}

// stands says whether the reasons for a removal still hold. Of a stream that has
// been written meanwhile they do: its beginning stays as invisible as it was.
func (w *writer) stands(p *purgePart) (bool, error) {
	now, err := w.grounds(p.name)
	if err != nil || now != p.rests {
		return false, err
	}
	l, err := ledgerOf(w.store.engine(), p.stream)
	return l == p.before, err
}

// grounds looks a stream up without pushing others out of the cache.
func (w *writer) grounds(name string) (grounds, error) {
	if isMetastream(name) {
		owner, err := w.grounds(name[len(metastreamPrefix):])
		return grounds{tombstoned: owner.tombstoned}, err
	}
	if h := w.heads.get(name); h != nil && h.hasMeta {
		if h.tombstoned() {
			return grounds{tombstoned: true}, nil
		}
		return grounds{meta: h.meta}, nil
	}
	return findGrounds(w.store.engine(), name, unbounded)
}

// findGrounds is what there is to know about a stream below a bound. The
// metadata of a burnt stream is of no interest.
func findGrounds(r pebble.Reader, name string, bound uint64) (grounds, error) {
	if isMetastream(name) {
		owner, err := findGrounds(r, name[len(metastreamPrefix):], bound)
		return grounds{tombstoned: owner.tombstoned}, err
	}
	var g grounds
	id, err := findStream(r, name, bound)
	if err != nil {
		return grounds{}, err
	}
	if id != 0 {
		last, _, err := lastRevision(r, id, bound)
		if err != nil {
			return grounds{}, err
		}
		if last == tombstoneRevision {
			return grounds{tombstoned: true}, nil
		}
	}
	g.meta, err = loadMetadata(r, name, bound)
	return g, err
}

func (w *writer) carryPart(p *purgePart) error {
	after := p.before
	var errs []error
	for _, e := range p.events {
		revision, found, err := getNumber(w.store.engine(), idKey(p.stream, e.id))
		if err != nil {
			return err
		}
		if found && revision == e.revision { // not if the id was used again
			errs = append(errs, w.batch.Delete(idKey(p.stream, e.id), nil))
		}
		if e.stub != nil {
			errs = append(errs, w.batch.Set(eventKey(e.position), e.stub, nil))
			continue
		}
		errs = append(errs,
			w.batch.Delete(eventKey(e.position), nil),
			w.batch.Delete(streamKey(p.stream, e.revision), nil))
		after.remove(e.position)
	}
	return errors.Join(append(errs, w.batch.Set(ledgerKey(p.stream), after.encode(), nil))...)
}
