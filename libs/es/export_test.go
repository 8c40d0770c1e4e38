package es

import "time"

// Trust is how long a cached past is decided on unconfirmed.
const Trust = trust

// SetNow gives the cache another clock.
func (c *Cache[S, E]) SetNow(now func() time.Time) { c.now = now }

// Held is what the cache holds: streams, and bytes of events.
func (c *Cache[S, E]) Held() (streams, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pasts), c.held
}
