package eventnode

import (
	"fmt"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const (
	queuedAppends = 1024    // appends that may wait for the writer
	roundAppends  = 512     // appends that share one commit at most
	roundBytes    = 8 << 20 // bytes that share one commit, roughly
)

// Where many write at once, a round stays open as long as one append follows upon
// another: an fsync takes a processor as long as several appends do. Whoever
// writes alone never waits.
const (
	crowd      = 4 // appends in the round before
	lingerGap  = 50 * time.Microsecond
	lingerMost = time.Millisecond
)

// action is what a write does to its stream.
type action int

const (
	actionAppend action = iota
	actionDelete
	actionTombstone
	actionPurge
)

// write is one request to change a stream. It happens as a whole or not at all.
type write struct {
	action   action
	stream   string
	expected expected
	events   []record // id, json, kind, meta and data are set
	one      [1]record
	purge    *purge // of actionPurge, which has nothing else
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
	done      chan struct{} // closed when no more writes are answered
	rounds    chan round
	turn      chan struct{} // holds a token when no round is on its way to the disk

	heads *heads
	last  uint64 // last position given out, on disk or not

	batch   *pebble.Batch
	batchNo uint64       // of the open batch
	index   []indexEntry // of the events in the open batch
	meta    bool         // the open batch holds metadata
	behind  bool         // the round has given a batch to the engine without fsync
	touched []string     // streams written in this round
	ids     []eventID
	crowded bool // many wrote in the round before
	gap     *time.Timer
}

func newWriter(s *store, now func() time.Time, forgetIDs bool) *writer {
	last, _ := s.tail.load()
	w := &writer{
		store: s, now: now, forgetIDs: forgetIDs,
		queue:  make(chan *write, queuedAppends),
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
		rounds: make(chan round),
		turn:   make(chan struct{}, 1),
		heads:  newHeads(maxHeads),
		last:   last,
		gap:    time.NewTimer(0),
	}
	w.turn <- struct{}{}
	return w
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

// round takes the writes that wait, and those that come while the disk is busy
// with the round before, and hands them to the committer together.
func (w *writer) round(first *write) bool {
	w.open()
	r := round{turn: w.turn, opened: time.Now(), answers: make([]addressed, 0, 16)}
	for next := first; next != nil; {
		a := w.carry(next)
		if a.err != nil {
			// A half-filled batch must not be committed, and the heads may be ahead
			// of it: a read error of the engine ends the node.
			w.store.failure.fail(a.err)
			return false
		}
		r.answers = append(r.answers, addressed{next.answer, a})
		if len(r.answers) == roundAppends || w.batch.Len() >= roundBytes {
			break
		}
		next = w.more(&r)
	}
	if !r.hasTurn {
		select {
		case <-w.turn:
		case <-w.store.failure.done:
			return false
		}
	}
	if err := w.begin(&r); err != nil {
		w.store.failure.fail(err)
		return false
	}
	if len(r.answers) == 1 && len(w.queue) == 0 {
		// Who writes alone is not kept waiting for another goroutine to be woken.
		return r.commit(w.store)
	}
	select {
	case w.rounds <- r:
		return true
	case <-w.store.failure.done:
		return false
	}
}

// more returns the next write of a round, or nil if it is time to commit.
func (w *writer) more(r *round) *write {
	if next := w.waiting(); next != nil {
		return next
	}
	if !r.hasTurn {
		select {
		case next := <-w.queue:
			return next
		case <-w.turn:
			r.hasTurn = true
		case <-w.store.failure.done:
			return nil
		}
	}
	// Calls that have been received and only wait for a processor come along.
	if len(r.answers) > 1 {
		runtime.Gosched()
	}
	if next := w.waiting(); next != nil || !w.crowded || time.Since(r.opened) > lingerMost {
		return next
	}
	w.gap.Reset(lingerGap)
	select {
	case next := <-w.queue:
		return next
	case <-w.gap.C:
	case <-w.store.failure.done:
	}
	return nil
}

// waiting returns a write that is in the queue, or nil.
func (w *writer) waiting() *write {
	select {
	case next := <-w.queue:
		return next
	default:
		return nil
	}
}
