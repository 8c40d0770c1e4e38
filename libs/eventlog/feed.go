package eventlog

import (
	"context"
	"errors"
	"io"
	"sync"
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
// goroutine of its own: it can hang, and its reader must not. Items change hands
// by the heap, so that a reader who is behind does not wait for each of them.
type feed[T any] struct {
	link       *link
	connection *connection
	cancel     context.CancelFunc
	filled     chan struct{} // has room for one: there is something to take
	emptied    chan struct{} // has room for one: there is room to fill

	mu    sync.Mutex
	heap  []T   // received and not yet taken, at most feedBuffer
	ended bool  // nothing will be added to the heap
	err   error // why it ended

	taken []T // the reader's own: heap and taken change places
	next  int // the first of taken that has not been handed out
	alarm *time.Timer
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
	return start(ctx, k, c, dial), nil
}

// start begins a feed on a connection that has been acquired, and releases it.
func start[T any](ctx context.Context, k *link, c *connection, dial func(context.Context, *esdb.Client) (source[T], error)) *feed[T] {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed[T]{
		link: k, connection: c, cancel: cancel,
		filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1),
	}
	go func() {
		o := guard(ctx, k, c, func(ctx context.Context, client *esdb.Client) (struct{}, error) {
			src, err := dial(ctx, client)
			if err != nil {
				return struct{}{}, err
			}
			defer src.close()
			return struct{}{}, f.pump(ctx, src)
		})
		f.mu.Lock()
		f.ended, f.err = true, o.err
		f.mu.Unlock()
		signal(f.filled)
	}()
	return f
}

// signal leaves a mark unless there is one already.
func signal(mark chan<- struct{}) {
	select {
	case mark <- struct{}{}:
	default:
	}
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
		f.mu.Lock()
		f.heap = append(f.heap, item)
		n := len(f.heap)
		f.mu.Unlock()
		if n == 1 {
			signal(f.filled)
		}
		for ; n >= feedBuffer; n = f.size() {
			select {
			case <-f.emptied:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (f *feed[T]) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.heap)
}

// stop ends the feed without waiting for the client.
func (f *feed[T]) stop() {
	f.cancel()
	if f.alarm != nil {
		f.alarm.Stop()
	}
}

// take returns the next item, or why there is none: io.EOF at the end, the
// error of the context, or of the client. A patience above zero is the longest
// time to wait for it. It is called by one goroutine.
func (f *feed[T]) take(ctx context.Context, patience time.Duration) (T, error) {
	var none T
	for f.next == len(f.taken) {
		if ok, err := f.swap(); err != nil {
			return none, err
		} else if ok {
			break
		}
		if _, _, err := await(ctx, f.link, f.connection, f.filled, f.late(patience)); err != nil {
			return none, err
		}
	}
	item := f.taken[f.next]
	f.taken[f.next] = none // it must not be kept alive from here
	f.next++
	return item, nil
}

// swap takes the heap. It is false if there is nothing on it yet.
func (f *feed[T]) swap() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.heap) == 0 {
		if f.ended {
			return false, f.err
		}
		return false, nil
	}
	f.heap, f.taken, f.next = f.taken[:0], f.heap, 0
	signal(f.emptied)
	return true, nil
}

// late fires when the patience is over; nil, if there is no limit to it.
func (f *feed[T]) late(patience time.Duration) <-chan time.Time {
	if patience <= 0 {
		return nil
	}
	if f.alarm == nil {
		f.alarm = time.NewTimer(patience)
	} else {
		f.alarm.Reset(patience)
	}
	return f.alarm.C
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
