package eventnode

import (
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"
)

// extent is which events of a stream are to go: all below a revision, and beyond
// it those that are older than a time.
type extent struct {
	end    uint64
	oldest int64 // ticks
}

// extentOf derives it from what is on disk.
func (s *scavenge) extentOf(name string, g grounds, last uint64) extent {
	switch {
	case g.tombstoned:
		return extent{tombstoneRevision, math.MinInt64}
	case isMetastream(name):
		return extent{last, math.MinInt64} // only the last word counts
	}
	e := extent{g.meta.firstVisible(last), math.MinInt64}
	if g.meta.maxAge > 0 {
		e.oldest = s.oldest.Add(-g.meta.maxAge).UnixNano() / 100
	}
	return e
}

// part plans the removal of the next events of a stream, and says whether there
// will be more.
func (s *scavenge) part(r pebble.Reader, stream namedStream) (purgePart, bool, error) {
	g, err := findGrounds(r, stream.name, s.bound)
	if err != nil {
		return purgePart{}, false, err
	}
	if !isMetastream(stream.name) && g.hidesNothing() {
		return purgePart{}, false, nil
	}
	last, _, err := lastRevision(r, stream.id, s.bound)
	if err != nil {
		return purgePart{}, false, err
	}
	before, err := ledgerOf(r, stream.id)
	if err != nil {
		return purgePart{}, false, err
	}
	p := purgePart{name: stream.name, stream: stream.id, rests: g, before: before}
	more, err := p.fill(r, s.extentOf(stream.name, g, last), last, purgeEvents-s.events)
	return p, more, err
}

// hidesNothing says that every event can be seen.
func (g grounds) hidesNothing() bool {
	return !g.tombstoned && g.meta.maxCount == 0 && g.meta.maxAge == 0 && g.meta.truncateBefore == 0
}

// fill collects the events to remove, up to a number of them.
func (p *purgePart) fill(r pebble.Reader, e extent, last uint64, room int) (more bool, err error) {
	index, err := r.NewIter(&pebble.IterOptions{
		LowerBound: streamKey(p.stream, p.before.floor),
		UpperBound: streamKey(p.stream, min(last, tombstoneRevision-1)+1),
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, index.Error(), index.Close()) }()
	for found := index.First(); found; found = index.Next() {
		revision, position := numberAt(index.Key()), numberAt(index.Value())
		if want := p.before.floor + uint64(len(p.events)); revision != want {
			return false, fmt.Errorf("%w: stream %d has revision %d in place of %d", errRecord, p.stream, revision, want)
		}
		one, goes, err := doom(r, revision, position, e, last)
		if err != nil || !goes {
			return false, err
		}
		if len(p.events) >= max(room, 1) {
			return true, nil
		}
		p.events = append(p.events, one)
	}
	return false, nil
}

// doom judges one event. The last one of its stream leaves a stub, from which the
// stream goes on.
func doom(r pebble.Reader, revision, position uint64, e extent, last uint64) (one doomed, goes bool, err error) {
	raw, closer, err := r.Get(eventKey(position))
	if err != nil {
		return doomed{}, false, fmt.Errorf("position %d: %w", position, err)
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	rec, err := decodeRecord(position, raw)
	if err != nil {
		return doomed{}, false, fmt.Errorf("position %d: %w", position, err)
	}
	switch {
	case revision == last && rec.stub:
		return doomed{}, false, nil
	case revision >= e.end && rec.created >= e.oldest && !rec.stub:
		return doomed{}, false, nil
	}
	one = doomed{revision: revision, position: position, id: rec.id, size: len(raw)}
	if revision == last {
		one.stub = rec.remains()
	}
	return one, true, nil
}

// remains is the stored form of the stub of a record.
func (r *record) remains() []byte {
	stub := record{position: r.position, revision: r.revision, created: r.created, id: r.id, stream: r.stream, stub: true}
	return stub.encode(nil)
}
