package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Read yields the events of a stream, oldest first, beginning with the
// revision from. A stream that does not exist or is deleted yields ErrNotFound
// and nothing else. An interrupted read goes on where it was; a context without
// deadline waits at most 10 seconds for each event.
func (l *Log) Read(ctx context.Context, stream string, from uint64) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		next, pause := from, newPauses()
		for {
			more, err := l.readFrom(ctx, stream, next, func(r Recorded) bool {
				next = r.Revision + 1
				pause.reset()
				return yield(r, nil)
			})
			switch {
			case !more:
				return
			case again(ctx, l.calls, err) && pause.wait(ctx) == nil:
				continue
			}
			yield(Recorded{}, fmt.Errorf("read %s: %w", stream, outcomeOf(ctx, err)))
			return
		}
	}
}

// readFrom reads once, to the end or the first failure. more is false when
// there is nothing left to do.
func (l *Log) readFrom(ctx context.Context, stream string, from uint64, each func(Recorded) bool) (more bool, err error) {
	f, err := open(ctx, l.calls, patience(ctx), func(ctx context.Context, client *esdb.Client) (source[Recorded], error) {
		options := esdb.ReadStreamOptions{Direction: esdb.Forwards, From: esdb.Revision(from)}
		events, err := client.ReadStream(ctx, stream, options, math.MaxUint64)
		if err != nil {
			return source[Recorded]{}, err
		}
		return reading(events), nil
	})
	if err != nil {
		return true, err
	}
	defer f.stop()
	for {
		r, err := f.take(ctx, patience(ctx))
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return true, err
		case !each(r):
			return false, nil
		}
	}
}

// again tells whether an interrupted read should be taken up.
func again(ctx context.Context, k *link, err error) bool {
	return ctx.Err() == nil && !k.isClosed() && !errors.Is(err, errSilent) && isPassing(err)
}

// Last returns the last event of a stream.
func (l *Log) Last(ctx context.Context, stream string) (Recorded, error) {
	last, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (Recorded, error) {
		options := esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}
		events, err := client.ReadStream(ctx, stream, options, 1)
		if err != nil {
			return Recorded{}, err
		}
		src := reading(events)
		defer src.close()
		for {
			r, ok, err := src.next()
			if errors.Is(err, io.EOF) {
				return Recorded{}, ErrNotFound // all its events are out of date
			}
			if err != nil || ok {
				return r, err
			}
		}
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("read the last event of %s: %w", stream, err)
	}
	return last, nil
}

// ReadAll returns up to limit events after the given position, in log order,
// of the streams whose name starts with one of the prefixes; without prefixes,
// of all streams whose name does not start with "$". The position returned is
// the one to go on from. Fewer events than the limit mean that there were no
// more at that moment.
func (l *Log) ReadAll(ctx context.Context, after Position, prefixes []string, limit int) ([]Recorded, Position, error) {
	var page []Recorded
	pause := newPauses()
	for len(page) < limit {
		caughtUp, err := l.subscribe(ctx, after, prefixes, patience(ctx), func(d Delivery) (done bool, err error) {
			pause.reset()
			switch {
			case d.CaughtUp:
				return true, nil
			case d.Event != nil:
				page, after = append(page, *d.Event), d.Event.Position
			default:
				after = d.Checkpoint
			}
			return len(page) >= limit, nil
		})
		switch {
		case caughtUp:
			return page, after, nil
		case again(ctx, l.feeds, err) && pause.wait(ctx) == nil:
			continue
		}
		return page, after, fmt.Errorf("read the log: %w", outcomeOf(ctx, err))
	}
	return page, after, nil
}

// At returns the event at a position of the log, of whatever stream: the node's own
// too. Without one exactly there, such as after it was scavenged, it returns
// ErrNotFound, and ErrBeyond if the log does not reach so far.
func (l *Log) At(ctx context.Context, position Position) (Recorded, error) {
	at, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (Recorded, error) {
		options := esdb.ReadAllOptions{
			Direction: esdb.Forwards,
			From:      esdb.Position{Commit: uint64(position), Prepare: uint64(position)},
		}
		events, err := client.ReadAll(ctx, options, 1)
		if err != nil {
			return Recorded{}, err
		}
		src := reading(events)
		defer src.close()
		for {
			r, ok, err := src.next()
			switch {
			case errors.Is(err, io.EOF) || ok && r.Position != position:
				return Recorded{}, ErrNotFound
			case err != nil || ok:
				return r, err
			}
		}
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("read the event at %d: %w", position, err)
	}
	return at, nil
}
