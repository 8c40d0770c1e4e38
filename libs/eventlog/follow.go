package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// searchWindow is how many events the node looks at, at most, before it tells
// a follower of other streams how far it is.
const searchWindow = 256

// Follow delivers what comes after the given position to handle, in log order
// and for ever: the events of the streams whose name starts with one of the
// prefixes; without prefixes, of all streams whose name does not start with
// "$". It calls handle from one goroutine only.
//
// When the connection breaks it connects again, with growing pauses, and goes
// on exactly where it was. Each time it reaches the end of the log it says so
// once with CaughtUp. It returns only when the context ends, the log is closed,
// or handle returns an error, and then that error as it is; with ErrBeyond if the
// log does not reach the position, at the beginning or after a break, and with
// ErrReplaced if after a break another event is where the last one delivered was.
func (l *Log) Follow(ctx context.Context, after Position, prefixes []string, handle func(Delivery) error) error {
	pause, down := newPauses(), false
	var last *Recorded // the last event delivered
	for {
		if err := l.same(ctx, last, down); err != nil {
			return fmt.Errorf("follow the log after %d: %w", after, err)
		}
		stop, err := l.subscribe(ctx, after, prefixes, 0, func(d Delivery) (bool, error) {
			if down {
				down = false
				l.logger.LogAttrs(ctx, slog.LevelInfo, "following the log again", slog.Uint64("after", uint64(after)))
			}
			pause.reset()
			if err := handle(d); err != nil {
				return true, err
			}
			switch {
			case d.Event != nil:
				after, last = d.Event.Position, &Recorded{Event: Event{ID: d.Event.ID}, Position: d.Event.Position, Created: d.Event.Created}
			case d.Checkpoint > after:
				after = d.Checkpoint
			}
			return false, nil
		})
		switch {
		case stop:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case l.feeds.isClosed():
			return errClosed
		case isBeyond(err):
			return fmt.Errorf("follow the log after %d: %w", after, ErrBeyond)
		}
		if !down {
			down = true
			l.logger.LogAttrs(ctx, slog.LevelWarn, "the log cannot be followed, trying again",
				slog.Uint64("after", uint64(after)), slog.Any("error", err))
		}
		if err := pause.wait(ctx); err != nil {
			return err
		}
	}
}

// same tells, after a break, whether the log is still the one that the last event
// came from. A log that cannot answer now, or in which the event is no longer
// kept, is taken for the same: it is asked again at the next break.
func (l *Log) same(ctx context.Context, last *Recorded, broken bool) error {
	if !broken || last == nil {
		return nil
	}
	now, err := l.At(ctx, last.Position)
	switch {
	case errors.Is(err, ErrBeyond):
		return ErrBeyond
	case err == nil && (now.ID != last.ID || !now.Created.Equal(last.Created)):
		return ErrReplaced
	}
	return nil
}

// subscribe delivers to each until it says stop, with stop and its error, or
// until the subscription ends, with the reason.
func (l *Log) subscribe(ctx context.Context, after Position, prefixes []string, patience time.Duration, each func(Delivery) (stop bool, err error)) (bool, error) {
	options := esdb.SubscribeToAllOptions{
		From:               esdb.Start{},
		Filter:             filter(prefixes),
		MaxSearchWindow:    searchWindow,
		CheckpointInterval: 1,
	}
	if after != Start {
		options.From = esdb.Position{Commit: uint64(after), Prepare: uint64(after)}
	}
	f, err := open(ctx, l.feeds, patience, func(ctx context.Context, client *esdb.Client) (source[Delivery], error) {
		sub, err := client.SubscribeToAll(ctx, options)
		if err != nil {
			return source[Delivery]{}, err
		}
		return following(sub), nil
	})
	if err != nil {
		return false, err
	}
	defer f.stop()
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		d, err := f.take(ctx, patience)
		if err != nil {
			return false, err
		}
		if stop, err := each(d); stop {
			return true, err
		}
	}
}

// filter selects streams by the beginning of their name.
func filter(prefixes []string) *esdb.SubscriptionFilter {
	if len(prefixes) == 0 {
		return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^[^\$]`}
	}
	return &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: prefixes}
}
