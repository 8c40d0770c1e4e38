package eventnode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// ErrScavenging is returned by Scavenge while another one is under way.
var ErrScavenging = errors.New("the event node is scavenging already")

// ErrClosed is returned by calls to a node that is closing.
var ErrClosed = errors.New("the event node is closed")

// ErrHeld is returned by Scavenge if files with removed events are still there,
// for instance because a backup is being taken. The next scavenge sees to them.
var ErrHeld = errors.New("files with removed events are still in use")

const (
	purgeEvents = 64  // events that one round removes at most, so that appends do not wait
	purgeParts  = 16  // streams of which one round removes events
	namePage    = 256 // streams that are looked at without a pause
	// longestRest bounds the pause after a piece of work. The pause is as long as
	// the work was, so that the scavenger takes no more than half of anything.
	longestRest = 20 * time.Millisecond
)

// ScavengeReport is what a scavenge has done.
type ScavengeReport struct {
	Streams  uint64 `json:"streams"`              // streams looked at, metastreams included
	Touched  uint64 `json:"touched"`              // streams of which events were removed
	Skipped  uint64 `json:"skipped"`              // streams that changed meanwhile; the next scavenge sees to them
	Events   uint64 `json:"events"`               // events removed, stubs included
	Stubs    uint64 `json:"stubs"`                // last events of their streams, of which only the place is left
	Bytes    uint64 `json:"bytes"`                // bytes of the removed records, uncompressed
	Cleaned  uint64 `json:"cleaned"`              // bytes of the files that were rewritten or deleted, roughly
	Duration Took   `json:"durationMilliseconds"` // wall time
}

// Scavenge removes for good what no reader of its stream can see any more:
// events below the truncation or beyond $maxCount, events older than $maxAge, the
// events of deleted streams, all but the tombstone of burnt streams, and old
// metadata. Then it rewrites the files that held them, so that their bytes are in
// no file of the directory. Appends and reads go on meanwhile. Whatever was done
// before the context ends stays done; the next call goes on from there. It
// returns ErrScavenging if another scavenge is under way.
func (n *Node) Scavenge(ctx context.Context) (ScavengeReport, error) {
	select {
	case n.scavenging <- struct{}{}:
	default:
		select {
		case <-n.stopping:
			return ScavengeReport{}, ErrClosed
		default:
			return ScavengeReport{}, ErrScavenging
		}
	}
	defer func() { <-n.scavenging }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-n.stopping:
			cancel(ErrClosed)
		case <-n.store.failure.done:
			cancel(n.store.failure.err)
		case <-ctx.Done():
		}
	}()
	began := time.Now()
	s := scavenge{node: n, began: began}
	err := s.run(ctx)
	s.report.Duration = Took{time.Since(began)}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return s.report, err
}

// scavenge is one run of the scavenger. Its memory does not grow with the store.
type scavenge struct {
	node    *Node
	bound   uint64 // events above are left for the next time
	oldest  time.Time
	clean   cleaning
	pending purge
	events  int       // in pending
	began   time.Time // the piece of work under way
	report  ScavengeReport
}

func (s *scavenge) run(ctx context.Context) error {
	s.bound, _ = s.node.store.tail.load()
	s.oldest = s.node.now()
	var err error
	if s.clean, err = loadCleaning(s.engine()); err != nil {
		return err
	}
	s.clean.cover(s.bound)
	for after := []byte(nil); ; {
		names, err := s.names(after)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			break
		}
		for _, name := range names {
			if err := s.stream(ctx, name); err != nil {
				return err
			}
		}
		after = []byte(names[len(names)-1].name)
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
	if err := s.flush(ctx); err != nil {
		return err
	}
	return s.wipe(ctx)
}

// engine is asked for anew each time: the node may have opened it again.
func (s *scavenge) engine() *pebble.DB { return s.node.store.engine() }

// namedStream is an entry of the table of names.
type namedStream struct {
	name string
	id   uint64
}

// names returns the streams whose names follow one, a page of them.
func (s *scavenge) names(after []byte) (page []namedStream, err error) {
	from := append(nameKey(string(after)), 0)
	if after == nil {
		from = []byte{tableName}
	}
	it, err := s.engine().NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: []byte{tableName + 1}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for found := it.First(); found && len(page) < namePage; found = it.Next() {
		page = append(page, namedStream{string(it.Key()[1:]), numberAt(it.Value())})
	}
	return page, nil
}

// stream removes what can be removed of one stream, a part at a time.
func (s *scavenge) stream(ctx context.Context, stream namedStream) error {
	if stream.id > s.bound {
		return nil // not on disk yet
	}
	s.report.Streams++
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, more, err := s.part(s.engine(), stream)
		if err != nil || len(part.events) == 0 {
			return err
		}
		if first {
			s.report.Touched++
		}
		s.pending.parts = append(s.pending.parts, part)
		s.events += len(part.events)
		for _, e := range part.events {
			s.clean.touch(e.position)
		}
		if !more && s.events < purgeEvents && len(s.pending.parts) < purgeParts {
			return nil
		}
		last := len(s.pending.parts) - 1
		parts := s.pending.parts
		if err := s.flush(ctx); err != nil {
			return err
		}
		if !more || !parts[last].done {
			return nil
		}
	}
}

// flush has the writer carry out what is pending.
func (s *scavenge) flush(ctx context.Context) error {
	if len(s.pending.parts) == 0 {
		return nil
	}
	s.pending.clean = s.clean.encode()
	if err := s.write(ctx, &s.pending); err != nil {
		return err
	}
	for i := range s.pending.parts {
		s.count(&s.pending.parts[i])
	}
	s.pending, s.events = purge{}, 0
	return s.rest(ctx)
}

// rest leaves the machine to others for a moment.
func (s *scavenge) rest(ctx context.Context) error {
	timer := time.NewTimer(min(time.Since(s.began), longestRest))
	defer timer.Stop()
	select {
	case <-timer.C:
		s.began = time.Now()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *scavenge) count(p *purgePart) {
	if !p.done {
		s.report.Skipped++
		return
	}
	for _, e := range p.events {
		s.report.Events++
		s.report.Bytes += uint64(e.size - len(e.stub))
		if e.stub != nil {
			s.report.Stubs++
		}
	}
}

// write gives a purge to the writer and waits until it is on disk.
func (s *scavenge) write(ctx context.Context, p *purge) error {
	o := &write{action: actionPurge, purge: p, answer: make(chan answer, 1)}
	if _, err := s.node.write(ctx, o); err != nil {
		return fmt.Errorf("scavenge: %w", err)
	}
	return nil
}
