package eventnode

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// round is a batch whose fsync is under way, with the answers that wait for it.
type round struct {
	batch   *pebble.Batch
	syncing bool      // the batch holds something; a large one loses its data to the engine, so that it can no longer tell
	last    uint64    // the tail once the batch is on disk
	touched []string  // streams that have new events
	opened  time.Time // when its first write came
	began   time.Time // when the engine was handed it
	answers []addressed
	turn    chan<- struct{} // takes the token of the round that is over
	hasTurn bool
}

type addressed struct {
	to     chan answer
	answer answer
}

// commit waits for one round after the other to be on disk.
func commit(s *store, rounds <-chan round) {
	for r := range rounds {
		if !r.commit(s) {
			return
		}
	}
}

// commit waits for the round to be on disk, lets readers see it and answers.
// Refusals and repetitions wait too: what they rest on may have been written a
// moment before and not be on disk yet. It reports false when the storage has
// failed: nobody is answered then, and the callers see the failure.
func (r *round) commit(s *store) bool {
	if r.syncing {
		if err := r.batch.SyncWait(); err != nil {
			s.failure.fail(err)
		}
		s.onRound(len(r.answers), time.Since(r.began))
	}
	if s.failure.cause() != nil {
		return false
	}
	if err := r.batch.Close(); err != nil {
		s.failure.fail(err)
		return false
	}
	s.tail.advance(r.last, r.touched...)
	r.turn <- struct{}{}
	for _, a := range r.answers {
		a.to <- a.answer // buffered by one
	}
	return true
}
