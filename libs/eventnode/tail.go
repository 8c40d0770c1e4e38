package eventnode

import "sync"

// tail is the position of the last event that is on disk. Readers see nothing
// beyond it, and wait here for more: for any event, or for one of their stream.
type tail struct {
	mu       sync.Mutex
	position uint64
	moved    chan struct{} // nil as long as nobody waits for any event
	streams  map[string]map[*watcher]struct{}
}

// watcher waits for the events of one stream.
type watcher struct {
	tail   *tail
	stream string
	moved  chan struct{} // holds one token when there may be more to read
}

func newTail(position uint64) *tail {
	return &tail{position: position, streams: make(map[string]map[*watcher]struct{})}
}

// load returns the position and a channel that is closed when it has moved on.
func (t *tail) load() (uint64, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.moved == nil {
		t.moved = make(chan struct{})
	}
	return t.position, t.moved
}

// now returns the position.
func (t *tail) now() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.position
}

// watch begins to wait for events of a stream. What was on disk before is not
// announced: the position is looked at after watch has returned.
func (t *tail) watch(stream string) *watcher {
	w := &watcher{tail: t, stream: stream, moved: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.streams[stream] == nil {
		t.streams[stream] = make(map[*watcher]struct{}, 1)
	}
	t.streams[stream][w] = struct{}{}
	return w
}

// leave ends the wait for good.
func (w *watcher) leave() {
	w.tail.mu.Lock()
	defer w.tail.mu.Unlock()
	delete(w.tail.streams[w.stream], w)
	if len(w.tail.streams[w.stream]) == 0 {
		delete(w.tail.streams, w.stream)
	}
}

// advance moves the tail on and wakes those who wait for any event or for one of
// these streams.
func (t *tail) advance(position uint64, streams ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if position <= t.position {
		return
	}
	t.position = position
	if t.moved != nil {
		close(t.moved)
		t.moved = nil
	}
	if len(t.streams) == 0 {
		return
	}
	for _, stream := range streams {
		for w := range t.streams[stream] {
			select {
			case w.moved <- struct{}{}:
			default: // it has not yet looked since the last time
			}
		}
	}
}
