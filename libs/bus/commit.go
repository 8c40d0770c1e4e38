package bus

import (
	"sync"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// commit keeps account of what has been processed and knows the contiguous
// prefix: the position up to which nothing is left to do. Work is begun in log
// order and done in any. Runs of done work are merged, so that its size depends
// on what is open only, however long one message may be failing.
type commit struct {
	mu       sync.Mutex
	position eventlog.Position // all up to here is done
	first    *work             // the oldest that is not part of the prefix; never done
	last     *work
	events   int // done since mark was called last
}

// work is a stretch of the log that ends at position.
type work struct {
	position   eventlog.Position
	done       bool
	prev, next *work
}

func newCommit(from eventlog.Position) *commit { return &commit{position: from} }

// begin notes an event to be processed.
func (c *commit) begin(at eventlog.Position) *work {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &work{position: at, prev: c.last}
	if c.last == nil {
		c.first = w
	} else {
		c.last.next = w
	}
	c.last = w
	return w
}

// done notes that an event has been processed, and tells how many have been
// since mark was called last. It merges the work with done neighbours, and
// moves the prefix forward if this was what held it up.
func (c *commit) done(w *work) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events++
	w.done = true
	if w.prev != nil && w.prev.done {
		c.remove(w.prev)
	}
	if w.next != nil && w.next.done {
		next := w.next
		c.remove(w)
		w = next
	}
	if c.first == w {
		c.position = w.position
		c.remove(w)
	}
	return c.events
}

// pass notes that there is nothing of interest up to the position.
func (c *commit) pass(to eventlog.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.position = max(c.position, to)
		return
	}
	c.last.position = max(c.last.position, to) // the last stretch, done or not, reaches further now
}

func (c *commit) remove(w *work) {
	if w.prev == nil {
		c.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		c.last = w.prev
	} else {
		w.next.prev = w.prev
	}
}

// mark returns the prefix and how many events have been processed since the
// last mark.
func (c *commit) mark() (prefix eventlog.Position, events int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	events, c.events = c.events, 0
	return c.position, events
}

// progress is the prefix, and whether there is open work behind it.
func (c *commit) progress() (prefix eventlog.Position, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position, c.first != nil
}
