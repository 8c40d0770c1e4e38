package eventnode

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/cockroachdb/pebble/v2"
)

// A page is read in one go and sent afterwards, so that a slow client never keeps
// an iterator, and with it old files, open.
const (
	pageEvents     = 256
	pageBytes      = 1 << 20
	pageConsidered = 8192 // events that a filter may look at for one page
)

// page is a piece of a read, ready to be sent.
type page struct {
	items []*streams.ReadResp
	bytes int
}

func (p *page) add(item *streams.ReadResp, size int) {
	p.items = append(p.items, item)
	p.bytes += size
}

func (p *page) full() bool { return len(p.items) >= pageEvents || p.bytes >= pageBytes }

// reader reads the store as it is below a bound.
type reader struct {
	db        pebble.Reader
	bound     uint64
	now       time.Time
	backwards bool
	resolve   bool // resolve links
	textID    bool // ids as text
}

// view is which part of a stream can be read.
type view struct {
	id         uint64
	found      bool // there is a stream, and it is not deleted
	tombstoned bool
	first      uint64
	last       uint64
	lastAt     uint64 // position of last
	oldest     int64  // ticks; what was created before is too old
}

func (r *reader) view(name string) (view, error) {
	if isMetastream(name) {
		owner, err := r.view(name[len(metastreamPrefix):])
		if err != nil || owner.tombstoned {
			return view{tombstoned: owner.tombstoned}, err
		}
	}
	id, err := findStream(r.db, name, r.bound)
	if id == 0 || err != nil {
		return view{}, err
	}
	v := view{id: id, found: true}
	if v.last, v.lastAt, err = lastRevision(r.db, id, r.bound); err != nil {
		return view{}, err
	}
	if v.last == tombstoneRevision {
		v.tombstoned = true
		return v, nil
	}
	if isMetastream(name) {
		v.first = v.last // only the last word counts
		return v, nil
	}
	meta, err := loadMetadata(r.db, name, r.bound)
	if err != nil {
		return view{}, err
	}
	v.found = !meta.deleted()
	v.first = meta.firstVisible(v.last)
	if meta.maxAge > 0 {
		v.oldest = r.now.Add(-meta.maxAge).UnixNano() / 100
	}
	return v, nil
}

// log is an iterator over the events below the reader's bound.
func (r *reader) log() (*pebble.Iterator, error) {
	return r.db.NewIter(&pebble.IterOptions{
		LowerBound: eventKey(0),
		UpperBound: eventKey(r.bound + 1),
	})
}

// recordIn finds a record by its position. It shares no memory with the iterator.
func recordIn(log *pebble.Iterator, position uint64) (record, error) {
	if !log.SeekGE(eventKey(position)) || numberAt(log.Key()) != position {
		return record{}, errors.Join(fmt.Errorf("%w: position %d is missing", errRecord, position), log.Error())
	}
	raw, err := log.ValueAndErr()
	if err != nil {
		return record{}, err
	}
	return decodeRecord(position, bytes.Clone(raw))
}

// event is a record as a read delivers it, with its link resolved if asked for.
func (r *reader) event(rec *record) (*streams.ReadResp, error) {
	e := &streams.ReadResp_ReadEvent{
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: rec.position},
	}
	if r.resolve && string(rec.kind) == typeLink {
		e.Link = rec.proto(r.textID)
		target, err := r.target(rec.data)
		if err != nil {
			return nil, err
		}
		if target != nil {
			e.Event = target.proto(r.textID)
		}
	} else {
		e.Event = rec.proto(r.textID)
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: e}}, nil
}

// target is the event that a link, "revision@stream", points to, or nil if it is
// not there or no longer to be seen.
func (r *reader) target(link []byte) (*record, error) {
	number, name, ok := bytes.Cut(link, []byte("@"))
	if !ok {
		return nil, nil
	}
	revision, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil {
		return nil, nil //nolint:nilerr // a link that is not one points nowhere
	}
	v, err := r.view(string(name))
	if err != nil || !v.found || v.tombstoned || revision < v.first || revision > v.last {
		return nil, err
	}
	position, found, err := positionOf(r.db, v.id, revision)
	if err != nil || !found {
		return nil, err
	}
	rec, err := recordAt(r.db, position)
	if err != nil || rec.created < v.oldest {
		return nil, err
	}
	return &rec, nil
}

// streamPage reads from a revision on, at most limit events. It returns the
// revision to go on with, or done.
func (r *reader) streamPage(v view, from, limit uint64) (p page, next uint64, done bool, err error) {
	index, err := r.db.NewIter(&pebble.IterOptions{
		LowerBound: streamKey(v.id, v.first),
		UpperBound: streamKey(v.id, v.last+1),
	})
	if err != nil {
		return page{}, 0, false, err
	}
	defer func() { err = errors.Join(err, index.Error(), index.Close()) }()
	log, err := r.log()
	if err != nil {
		return page{}, 0, false, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()

	step, found := index.Next, false
	if r.backwards {
		step, found = index.Prev, index.SeekLT(streamKey(v.id, from+1))
	} else {
		found = index.SeekGE(streamKey(v.id, from))
	}
	for ; found; found = step() {
		if p.full() || uint64(len(p.items)) == limit {
			return p, numberAt(index.Key()), false, nil
		}
		rec, err := recordIn(log, numberAt(index.Value()))
		if err != nil {
			return page{}, 0, false, err
		}
		if rec.created < v.oldest {
			continue
		}
		item, err := r.event(&rec)
		if err != nil {
			return page{}, 0, false, err
		}
		p.add(item, rec.size())
	}
	return p, 0, true, nil
}

// allPage reads the log from a position on, at most limit picked events. Backwards
// the position itself is left out, as on a real server. It returns the position to
// go on with, or done. With a counter it adds checkpoints.
func (r *reader) allPage(f *filter, from, limit uint64, counter *checkpoints) (p page, next uint64, done bool, err error) {
	log, err := r.log()
	if err != nil {
		return page{}, 0, false, err
	}
	defer func() { err = errors.Join(err, log.Error(), log.Close()) }()

	step, found := log.Next, false
	if r.backwards {
		step, found = log.Prev, log.SeekLT(eventKey(from))
	} else {
		found = log.SeekGE(eventKey(from))
	}
	var picked uint64
	for considered := 0; found; considered++ {
		position := numberAt(log.Key())
		if p.full() || picked == limit || considered == pageConsidered {
			if r.backwards {
				position++
			}
			return p, position, false, nil
		}
		added, err := r.pick(&p, f, log)
		if err != nil {
			return page{}, 0, false, err
		}
		if added {
			picked++
		}
		if counter.considered(position) {
			p.add(checkpoint(position), 0)
		}
		found = step()
	}
	return p, r.bound + 1, true, nil
}

// pick adds the event that the log stands at to the page, if the filter picks it.
func (r *reader) pick(p *page, f *filter, log *pebble.Iterator) (bool, error) {
	position := numberAt(log.Key())
	rec, err := decodeRecord(position, log.Value())
	if err != nil || !f.picks(&rec) {
		return false, err
	}
	// What is sent shares no memory with the iterator.
	if rec, err = decodeRecord(position, bytes.Clone(log.Value())); err != nil {
		return false, err
	}
	item, err := r.event(&rec)
	if err != nil {
		return false, err
	}
	p.add(item, rec.size())
	return true, nil
}

func checkpoint(position uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: position, PreparePosition: position},
	}}
}

func notFound(name string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
		StreamNotFound: &streams.ReadResp_StreamNotFound{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)},
		},
	}}
}
