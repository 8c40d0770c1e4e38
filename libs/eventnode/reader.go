package eventnode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/grpc/mem"
)

// A page is read in one go and sent afterwards, so that a slow client never keeps
// an iterator, and with it old files, open.
const (
	pageEvents     = 256
	pageBytes      = 1 << 20
	pageConsidered = 8192 // events that a filter may look at for one page
)

// page is a piece of a read: messages as they are sent.
type page struct {
	items mem.BufferSlice
	bytes int
}

func (p *page) add(item mem.Buffer) {
	p.items = append(p.items, item)
	p.bytes += item.Len()
}

// free gives back what was not sent.
func (p *page) free() { p.items.Free() }

func (p *page) full() bool { return len(p.items) >= pageEvents || p.bytes >= pageBytes }

// reader reads the store as it is below a bound.
type reader struct {
	db        pebble.Reader
	bound     uint64
	now       time.Time
	backwards bool
	resolve   bool                     // resolve links
	mayFollow func(stream string) bool // whether a link may be followed there; nil: anywhere
	textID    bool                     // ids as text
	floors    *floors
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
	if v.lastAt > r.bound { // the scavenger was faster, see lastRevision
		v.first, v.last = v.last, v.last-1
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
		v.first = max(v.first, r.floors.of(id, v.oldest))
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
	raw, err := (&cursor{log: log}).to(position)
	if err != nil {
		return record{}, err
	}
	return decodeRecord(position, bytes.Clone(raw))
}

// cursor goes through the log from one position to another.
type cursor struct {
	log *pebble.Iterator
	key [9]byte
	at  uint64 // where it stands, 0: nowhere
}

// to returns the stored record of a position, which is valid until the next step.
// The events of a stream often are neighbours in the log: a step is tried first.
func (c *cursor) to(position uint64) ([]byte, error) {
	found := false
	switch {
	case c.at == 0:
	case position == c.at+1:
		found = c.log.Next() && numberAt(c.log.Key()) == position
	case position+1 == c.at:
		found = c.log.Prev() && numberAt(c.log.Key()) == position
	}
	if !found {
		c.key[0] = tableEvent
		binary.BigEndian.PutUint64(c.key[1:], position)
		found = c.log.SeekGE(c.key[:]) && numberAt(c.log.Key()) == position
	}
	if !found {
		c.at = 0
		return nil, errors.Join(fmt.Errorf("%w: position %d is missing", errRecord, position), c.log.Error())
	}
	c.at = position
	return c.log.ValueAndErr()
}

// answer is the message that delivers a record, with its link resolved if asked
// for. It shares no memory with the record.
func (r *reader) answer(rec *record) (mem.Buffer, error) {
	event, link := newSent(rec, r.textID), sent{}
	if r.resolve && string(rec.kind) == typeLink {
		target, err := r.target(rec.data)
		if err != nil {
			return nil, err
		}
		event, link = newSent(target, r.textID), event
	}
	whole, inner := answerSize(event, link, rec.position)
	return pooled(whole, func(dst []byte) []byte {
		return appendAnswer(dst, event, link, rec.position, inner)
	}), nil
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
	if r.mayFollow != nil && !r.mayFollow(string(name)) {
		return nil, nil
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
	switch {
	case err != nil:
		return nil, r.unlessScavenged(err, v.id, revision)
	case rec.stub || rec.created < v.oldest:
		return nil, nil
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
	events := cursor{log: log}
	old := old{view: v, floors: r.floors, counting: !r.backwards && max(from, v.first) <= r.floors.of(v.id, v.oldest)}
	for considered := 0; found; found = step() {
		revision := numberAt(index.Key())
		if p.full() || uint64(len(p.items)) == limit {
			return p, revision, false, nil
		}
		if considered++; considered > pageConsidered {
			old.end(revision) // if none was young enough so far, the next page goes on counting
			return p, revision, false, nil
		}
		if err := r.fetch(&p, &events, &old, revision, numberAt(index.Value())); err != nil {
			p.free()
			return page{}, 0, false, err
		}
	}
	old.end(v.last + 1)
	return p, 0, true, nil
}

// fetch adds the event of a revision to the page, if it is to be seen.
func (r *reader) fetch(p *page, events *cursor, old *old, revision, position uint64) error {
	stored, err := events.to(position)
	if err != nil {
		return r.unlessScavenged(err, old.view.id, revision)
	}
	rec, err := decodeRecord(position, stored)
	if err != nil {
		return err
	}
	if rec.stub || rec.created < old.view.oldest {
		return nil
	}
	old.end(revision)
	item, err := r.answer(&rec)
	if err != nil {
		return err
	}
	p.add(item)
	return nil
}

// old notes how many events at the beginning of a stream are too old. It counts
// only where everything before is known to be: what other limits hide was not
// looked at, and may be seen again when they are gone.
type old struct {
	view     view
	floors   *floors
	counting bool
}

// end is told of the first revision that is not too old.
func (o *old) end(revision uint64) {
	if o.counting && o.view.oldest != 0 && revision > o.view.first {
		o.floors.set(o.view.id, revision, o.view.oldest)
	}
	o.counting = false
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
			p.free()
			return page{}, 0, false, err
		}
		if added {
			picked++
		}
		if counter.considered(position) {
			p.add(checkpoint(position))
		}
		found = step()
	}
	return p, r.bound + 1, true, nil
}

// pick adds the event that the log stands at to the page, if the filter picks it.
func (r *reader) pick(p *page, f *filter, log *pebble.Iterator) (bool, error) {
	stored, err := log.ValueAndErr()
	if err != nil {
		return false, err
	}
	rec, err := decodeRecord(numberAt(log.Key()), stored)
	if err != nil || rec.stub || !f.picks(&rec) {
		return false, err
	}
	item, err := r.answer(&rec)
	if err != nil {
		return false, err
	}
	p.add(item)
	return true, nil
}

// checkpoint is the message ReadResp with a checkpoint.
func checkpoint(position uint64) mem.Buffer {
	const (
		tagCheckpoint = 3<<3 | 2 // ReadResp.checkpoint
		tagCommitAt   = 1 << 3   // Checkpoint.commit_position
		tagPrepareAt  = 2 << 3   // Checkpoint.prepare_position
	)
	size := 2 + 2*varintSize(position)
	dst := appendLength(make([]byte, 0, fieldSize(size)), tagCheckpoint, size)
	return mem.SliceBuffer(appendNumber(appendNumber(dst, tagCommitAt, position), tagPrepareAt, position))
}

func notFound(name string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
		StreamNotFound: &streams.ReadResp_StreamNotFound{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)},
		},
	}}
}
