package service

import (
	"context"
	"time"
)

// LongPoll lists what is there or, if nothing is, waits up to so many seconds
// for a change that brings something. It ends early, with nothing, when the
// caller goes or the service stops.
func LongPoll[T any](ctx context.Context, seconds int, changed func() <-chan struct{}, list func(context.Context) ([]T, error)) ([]T, error) {
	patience := time.NewTimer(time.Duration(seconds) * time.Second)
	defer patience.Stop()
	for {
		next := changed() // asked before reading, so that no change slips between
		items, err := list(ctx)
		if ctx.Err() != nil {
			return nil, nil //nolint:nilerr // whoever has gone is told nothing
		}
		if err != nil || len(items) > 0 || seconds == 0 {
			return items, err
		}
		select {
		case <-next:
		case <-patience.C:
			return nil, nil
		case <-ctx.Done():
			return nil, nil
		}
	}
}
