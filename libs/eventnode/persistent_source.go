package eventnode

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

// letter is a message of a persistent subscription as it is delivered. Its records
// share no memory with the engine.
type letter struct {
	event *record // nil: the target of the link is not there
	link  *record // nil: the event was not reached by a link
}

// original is the record that the group came across: the link, if there is one.
func (l letter) original() *record {
	if l.link != nil {
		return l.link
	}
	return l.event
}

// address is the event as a link names it. One that a link led to is named itself.
func (l letter) address() string {
	if l.event == nil {
		return string(l.link.data) // the link led nowhere; it still names what it meant
	}
	return strconv.FormatUint(l.event.revision, 10) + "@" + string(l.event.stream)
}

// source is what a group reads: a stream, or the log with a filter.
type source struct {
	node    *Node
	stream  string // streamAll: the log
	resolve bool
	filter  filter
	byCause bool     // what belongs together has the same $correlationId
	hidden  []string // streams of the log that the group must not see, by prefix

	// The stream as it was when all of it had been read, so that the next event
	// has the number that comes next. Only page uses it.
	known   uint64 // the stream's number
	end     uint64
	endedAt time.Time
}

// glance is how long it is enough to look for the next event alone.
const glance = time.Second

func (s *source) reader(bound uint64) *reader {
	return &reader{db: s.node.store.engine(), bound: bound, now: s.node.now(), resolve: s.resolve}
}

// page reads from a number of the live lane on: at most limit events, and not much
// more than pageBytes. It returns the number to go on with, which is from if there
// is nothing yet.
func (s *source) page(from uint64, limit int, bound uint64) ([]group.Event[letter], uint64, error) {
	if s.stream == streamAll {
		return s.pageOfLog(from, limit, bound)
	}
	r := s.reader(bound)
	if s.known != 0 && from == s.end && r.now.Sub(s.endedAt).Abs() < glance {
		// Most appends are to other streams.
		position, found, err := positionOf(r.db, s.known, from)
		if err != nil || !found || position > bound {
			return nil, from, err
		}
	}
	p, next, err := s.pageOfStream(r, s.stream, from, limit)
	if err == nil && next == from {
		s.known, err = findStream(r.db, s.stream, bound)
		s.end, s.endedAt = from, r.now
	}
	return p, next, err
}

func (s *source) pageOfStream(r *reader, stream string, from uint64, limit int) (p []group.Event[letter], next uint64, err error) {
	v, err := r.view(stream)
	if err != nil || !v.found || v.tombstoned || from > v.last {
		return nil, from, err
	}
	index, err := r.db.NewIter(&pebble.IterOptions{
		LowerBound: streamKey(v.id, max(from, v.first)),
		UpperBound: streamKey(v.id, v.last+1),
	})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, index.Error(), index.Close()) }()
	log, err := r.log()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()

	size := 0
	for found := index.First(); found; found = index.Next() {
		revision := numberAt(index.Key())
		if len(p) >= limit || size >= pageBytes {
			return p, revision, nil
		}
		rec, err := recordIn(log, numberAt(index.Value()))
		if err != nil {
			if err = r.unlessScavenged(err, v.id, revision); err == nil {
				continue
			}
			return nil, 0, err
		}
		if rec.stub || rec.created < v.oldest {
			continue
		}
		e, err := s.event(r, rec, revision)
		if err != nil {
			return nil, 0, err
		}
		size += e.Size
		p = append(p, e)
	}
	return p, max(from, v.last+1), nil
}

func (s *source) pageOfLog(from uint64, limit int, bound uint64) (p []group.Event[letter], next uint64, err error) {
	if from > bound {
		return nil, from, nil
	}
	r := s.reader(bound)
	log, err := r.log()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, log.Error(), log.Close()) }()
	size, considered := 0, 0
	for found := log.SeekGE(eventKey(from)); found; found = log.Next() {
		position := numberAt(log.Key())
		if len(p) >= limit || size >= pageBytes || considered == pageConsidered {
			return p, position, nil
		}
		considered++
		rec, err := decodeRecord(position, log.Value())
		if err != nil {
			return nil, 0, err
		}
		if rec.stub || !s.filter.picks(&rec) || s.hides(rec.stream) {
			continue
		}
		if rec, err = decodeRecord(position, bytes.Clone(log.Value())); err != nil {
			return nil, 0, err
		}
		e, err := s.event(r, rec, position)
		if err != nil {
			return nil, 0, err
		}
		size += e.Size
		p = append(p, e)
	}
	return p, bound + 1, nil
}

// hides says whether an event of the log is the group's own doing, or that of
// another group on the log: to deliver it would be to cause the next one.
func (s *source) hides(stream []byte) bool {
	name, _ := strings.CutPrefix(string(stream), metastreamPrefix)
	if !strings.HasPrefix(name, groupStreamPrefix) {
		return false
	}
	for _, prefix := range s.hidden {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (s *source) event(r *reader, rec record, number uint64) (group.Event[letter], error) {
	l := letter{event: &rec}
	if r.resolve && string(rec.kind) == typeLink {
		target, err := r.target(rec.data)
		if err != nil {
			return group.Event[letter]{}, err
		}
		l = letter{event: target, link: &rec}
	}
	size := rec.size()
	if l.link != nil && l.event != nil {
		size += l.event.size()
	}
	return group.Event[letter]{Number: number, ID: rec.id, Pin: s.pin(l), Size: size, Body: l}, nil
}

// pin is equal for events of one stream, or of one cause. A link that leads nowhere
// belongs to the stream that it means.
func (s *source) pin(l letter) uint32 {
	name := l.original().stream
	if l.event != nil {
		name = l.event.stream
	} else if _, stream, ok := bytes.Cut(l.link.data, []byte("@")); ok {
		name = stream
	}
	if s.byCause && l.event != nil {
		var fields struct {
			Cause string `json:"$correlationId"`
		}
		if json.Unmarshal(l.event.meta, &fields) == nil && fields.Cause != "" {
			name = []byte(fields.Cause)
		}
	}
	h := fnv.New32a()
	_, _ = h.Write(name) // a hash takes everything
	return h.Sum32()
}

// parkedPage reads the parked stream of a group.
func (s *source) parkedPage(stream string, from, end uint64, limit int) ([]group.Event[letter], uint64, error) {
	bound, _ := s.node.store.tail.load()
	r := s.reader(bound)
	r.resolve = true
	p, next, err := s.pageOfStream(r, stream, from, limit)
	if err != nil {
		return nil, 0, err
	}
	for i := range p {
		if p[i].Number >= end {
			return p[:i], end, nil
		}
	}
	if next == from { // removed meanwhile: nothing left to replay
		next = end
	}
	return p, min(next, end), nil
}
