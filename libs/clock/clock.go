// Package clock tells services the time: the real one, or in a demonstration a
// virtual one that can be moved forward, so that 48 hours and 30 days pass in
// seconds. Domains never see either; a command carries its time.
package clock

import (
	"context"
	"time"
)

// Clock tells the time in UTC.
type Clock interface {
	Now() time.Time
	// Wait returns nil once it is t or later, or the context's error.
	Wait(ctx context.Context, t time.Time) error
}

// System is the machine's own clock.
type System struct{}

// Now returns the time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Wait returns nil once it is t or later, or the context's error.
func (System) Wait(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
