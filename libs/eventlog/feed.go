package eventlog

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// feedBuffer is how many items are fetched ahead of their reader.
const feedBuffer = 128

// source is an open iterator of the client. next returns false for a message
// that means nothing to us, and io.EOF at the end.
type source[T any] struct {
	next  func() (T, bool, error)
	close func()
}

// feed hands over the items of a source. The client's iterator lives in a
// goroutine of its own: it can hang, and its reader must not.
type feed[T any] struct {
	link       *link
	connection *connection
	items      chan T
	err        error // why it ended; set before items is closed
	cancel     context.CancelFunc
}

// open starts a feed, whose reader must stop it. A patience above zero is the
// longest time to wait for a connection.
func open[T any](ctx context.Context, k *link, patience time.Duration, dial func(context.Context, *esdb.Client) (source[T], error)) (*feed[T], error) {
	waiting, done := ctx, context.CancelFunc(func() {})
	if patience > 0 {
		waiting, done = context.WithTimeout(ctx, patience)
	}
	c, err := k.acquire(waiting)
	done()
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, errSilent
	case err != nil:
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &feed[T]{link: k, connection: c, items: make(chan T, feedBuffer), cancel: cancel}
	go func() {
		defer close(f.items)
		f.err = guard(ctx, k, c, func(ctx context.Context, client *esdb.Client) (struct{}, error) {
			src, err := dial(ctx, client)
			if err != nil {
				return struct{}{}, err
			}
			defer src.close()
			return struct{}{}, f.pump(ctx, src)
		}).err
	}()
	return f, nil
}

func (f *feed[T]) pump(ctx context.Context, src source[T]) error {
	for {
		item, ok, err := src.next()
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		select {
		case f.items <- item:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop ends the feed without waiting for the client.
func (f *feed[T]) stop() { f.cancel() }

// take returns the next item, or why there is none: io.EOF at the end, the
// error of the context, or of the client. A patience above zero is the longest
// time to wait for it.
func (f *feed[T]) take(ctx context.Context, patience time.Duration) (T, error) {
	item, ok, err := await(ctx, f.link, f.connection, f.items, patience)
	if err == nil && !ok {
		err = f.err
	}
	return item, err
}

// patience is how long to wait for each item: for ever if the context has a
// deadline of its own.
func patience(ctx context.Context) time.Duration {
	if _, ok := ctx.Deadline(); ok {
		return 0
	}
	return defaultDeadline
}

// recorded puts an event of the client into our words; it is false for a link
// whose event is gone.
func recorded(resolved *esdb.ResolvedEvent) (Recorded, bool) {
	if resolved == nil || resolved.Event == nil {
		return Recorded{}, false
	}
	e := resolved.Event
	return Recorded{
		Event:    Event{ID: e.EventID, Type: e.EventType, Data: e.Data, Meta: e.UserMetadata},
		Stream:   e.StreamID,
		Revision: e.EventNumber,
		Position: Position(e.Position.Commit),
		Created:  e.CreatedDate.UTC(),
	}, true
}

// reading is the source of a read.
func reading(events *esdb.ReadStream) source[Recorded] {
	return source[Recorded]{
		next: func() (Recorded, bool, error) {
			resolved, err := events.Recv()
			if err != nil {
				return Recorded{}, false, err
			}
			r, ok := recorded(resolved)
			return r, ok, nil
		},
		close: events.Close,
	}
}

// following is the source of a subscription.
func following(sub *esdb.Subscription) source[Delivery] {
	return source[Delivery]{
		next: func() (Delivery, bool, error) {
			event := sub.Recv()
			switch {
			case event == nil:
				return Delivery{}, false, io.ErrUnexpectedEOF
			case event.SubscriptionDropped != nil:
				return Delivery{}, false, dropped(event.SubscriptionDropped.Error)
			case event.CheckPointReached != nil:
				return Delivery{Checkpoint: Position(event.CheckPointReached.Commit)}, true, nil
			case event.CaughtUp != nil:
				return Delivery{CaughtUp: true}, true, nil
			}
			r, ok := recorded(event.EventAppeared)
			return Delivery{Event: &r}, ok, nil
		},
		close: func() { _ = sub.Close() }, // it has no error to report
	}
}

// dropped makes sure that the end of a subscription is an error.
func dropped(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
