package eventnode

import "sync"

// maxFloors bounds the memory of floors, some 64 bytes each.
const maxFloors = 1 << 14

// floors remembers, for streams with $maxAge, below which revision every event is
// too old, so that a read does not look at them all again. It never guesses: times
// of creation need not rise, since clocks are set back.
type floors struct {
	mu       sync.Mutex
	byStream map[uint64]floor
}

type floor struct {
	revision uint64 // all below were created before oldest
	oldest   int64  // ticks
}

func newFloors() *floors { return &floors{byStream: make(map[uint64]floor)} }

// of returns a revision below which nothing was created at or after oldest.
func (f *floors) of(stream uint64, oldest int64) uint64 {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.byStream[stream]; known.oldest <= oldest {
		return known.revision
	}
	return 0
}

// set notes that everything below the revision was created before oldest.
func (f *floors) set(stream, revision uint64, oldest int64) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.byStream) >= maxFloors {
		clear(f.byStream) // each is found again by one read
	}
	f.byStream[stream] = floor{revision: revision, oldest: oldest}
}
