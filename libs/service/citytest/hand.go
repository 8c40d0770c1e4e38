package citytest

import (
	"context"
	"sync"
	"time"
)

// Hand is a clock that stands still until a test moves it.
type Hand struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

// StandStill gives the services that are run from now on a clock that stands at a
// time, in place of Clock, which runs.
func (c *City) StandStill(at time.Time) *Hand {
	h := &Hand{now: at, moved: make(chan struct{})}
	c.City.Clock = h
	return h
}

// Now is where the clock stands.
func (h *Hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Wait returns nil once the clock has been moved to t or beyond, or the context's
// error.
func (h *Hand) Wait(ctx context.Context, t time.Time) error {
	for {
		h.mu.Lock()
		now, moved := h.now, h.moved
		h.mu.Unlock()
		if !now.Before(t) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Forward moves the clock.
func (h *Hand) Forward(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	close(h.moved)
	h.moved = make(chan struct{})
}
