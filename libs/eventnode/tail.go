package eventnode

import "sync"

// tail is the position of the last event that is on disk. Readers see nothing
// beyond it, and wait here for more.
type tail struct {
	mu       sync.Mutex
	position uint64
	moved    chan struct{}
}

func newTail(position uint64) *tail {
	return &tail{position: position, moved: make(chan struct{})}
}

// load returns the position and a channel that is closed when it has moved on.
func (t *tail) load() (uint64, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.position, t.moved
}

func (t *tail) advance(position uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position <= t.position {
		return
	}
	t.position = position
	close(t.moved)
	t.moved = make(chan struct{})
}
