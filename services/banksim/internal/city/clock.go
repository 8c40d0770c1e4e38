package city

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Clock follows the clock of a demonstration. It is never ahead of the city's.
type Clock struct {
	mu      sync.Mutex
	offset  time.Duration
	changed chan struct{}
}

// NewClock makes a clock that shows the machine's time until it is told another.
func NewClock() *Clock { return &Clock{changed: make(chan struct{})} }

// Now gives the city's time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

// Told sets the clock to what the city has just said.
func (c *Clock) Told(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(now)
	close(c.changed)
	c.changed = make(chan struct{})
}

// Wait returns nil once it is t or later in the city, or the context's error.
func (c *Clock) Wait(ctx context.Context, t time.Time) error {
	for {
		c.mu.Lock()
		left, changed := t.Sub(time.Now().Add(c.offset)), c.changed
		c.mu.Unlock()
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Reading is what the city's clock shows, and whether it was ever set.
type Reading struct {
	Now time.Time `json:"now"`
	Set bool      `json:"set"`
}

// ReadClock asks for the time and tells the clock.
func (c *Client) ReadClock(ctx context.Context, clock *Clock) (Reading, error) {
	var r Reading
	err := c.persist(ctx, request{method: http.MethodGet, path: "/v1/demo/clock"}, &r)
	if Refused(err, http.StatusNotFound) {
		return r, fmt.Errorf("the city has no clock that can be moved; run it with --demo: %w", err)
	}
	if err == nil {
		clock.Told(r.Now)
	}
	return r, err
}

// MoveClock sets the city's clock forward. Sent again after a lost answer it is
// refused as going backwards; if the clock shows the time by then, all is well.
func (c *Client) MoveClock(ctx context.Context, clock *Clock, to time.Time) error {
	var r Reading
	body := fmt.Appendf(nil, `{"now":%q}`, to.UTC().Format(time.RFC3339Nano))
	err := c.persist(ctx, request{method: http.MethodPost, path: "/v1/demo/clock", body: body}, &r)
	if err == nil {
		clock.Told(r.Now)
		return nil
	}
	if now, readErr := c.ReadClock(ctx, clock); readErr == nil && now.Set && !now.Now.Before(to) {
		return nil
	}
	return err
}
