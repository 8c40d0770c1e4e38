package es

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// LoadAt reads and folds a stream as it was known at an instant: the events
// recorded until then, that instant included. It always asks the log. The same
// question has the same answer for ever (I62), as long as the instant is past.
func (c Case[S, C, E]) LoadAt(ctx context.Context, id string, at time.Time) (Past[S, E], error) {
	past := Past[S, E]{State: c.Initial, Revision: -1}
	for r, err := range c.Log.Read(ctx, c.Stream(id), 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return past, nil
		}
		if err != nil {
			return past, fmt.Errorf("read %s: %w", c.Stream(id), err)
		}
		var meta Meta
		if err := json.Unmarshal(r.Meta, &meta); err != nil {
			return past, fmt.Errorf("%s at %d: metadata: %w", r.Stream, r.Revision, err)
		}
		if meta.RecordedAt.After(at) {
			return past, nil
		}
		if past, err = c.fold(past, r); err != nil {
			return past, err
		}
	}
	return past, nil
}
