package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cenkalti/backoff/v5"
)

// defaultDeadline is how long a call waits whose context has no deadline.
const defaultDeadline = 10 * time.Second

// errClosed is what a closed log answers.
var errClosed = fmt.Errorf("%w: it was closed here", ErrUnavailable)

// errPanicked is a call that ended in a panic of the client, as it does on a
// message that it does not expect.
var errPanicked = errors.New("the client of the log panicked")

// link is a way to the log that never stays broken.
//
// The client looks for a node by itself, but while it does so no call of it
// honours its context, and when it has looked in vain it gives itself up and
// leaves calls hanging for ever. So nobody calls a client that has no
// connection: one goroutine per outage waits for a client to be connected,
// the callers wait outside; and a client that has lost its node is retired and
// replaced. Retired clients are closed when the last call has left them, since
// closing one under a call makes the call panic.
type link struct {
	conf   *esdb.Configuration
	closed chan struct{}

	mu      sync.Mutex
	current *connection // nil before the first call and after an outage
}

// connection is one client from its connecting to its retirement.
type connection struct {
	ready  chan struct{} // closed when client is connected
	client *esdb.Client  // set before ready is closed, never changed
	lost   chan struct{} // closed when the client is retired

	users   int // calls inside; this and retired are guarded by the link's lock
	retired bool
}

func newLink(conf *esdb.Configuration) *link {
	return &link{conf: conf, closed: make(chan struct{})}
}

func (k *link) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isClosed() {
		return
	}
	close(k.closed)
	if k.current != nil {
		k.retireLocked(k.current)
	}
}

func (k *link) isClosed() bool {
	select {
	case <-k.closed:
		return true
	default:
		return false
	}
}

// acquire waits for a connected client. The caller must release it.
func (k *link) acquire(ctx context.Context) (*connection, error) {
	for {
		c := k.connecting()
		if c == nil {
			return nil, errClosed
		}
		select {
		case <-c.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-k.closed:
			return nil, errClosed
		}
		k.mu.Lock()
		ok := !c.retired
		if ok {
			c.users++
		}
		k.mu.Unlock()
		if ok {
			return c, nil
		}
	}
}

// connecting is the current connection, begun if there is none; nil if the
// link is closed.
func (k *link) connecting() *connection {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isClosed() {
		return nil
	}
	if k.current == nil {
		k.current = &connection{ready: make(chan struct{}), lost: make(chan struct{})}
		go k.connect(k.current)
	}
	return k.current
}

// connect makes clients until one is connected.
func (k *link) connect(c *connection) {
	for !k.isClosed() {
		client, err := esdb.NewClient(k.conf)
		if err == nil {
			if _, err = client.GetServerVersion(); err == nil {
				k.publish(c, client)
				return
			}
			_ = client.Close() // it has no error to report
		}
		select {
		case <-time.After(connectPause):
		case <-k.closed:
		}
	}
}

// publish lets the callers in.
func (k *link) publish(c *connection, client *esdb.Client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.client = client
	close(c.ready)
	if c.retired { // the link was closed meanwhile
		_ = client.Close() // it has no error to report
	}
}

// connectPause is between two clients that found no node, each after many
// attempts of its own.
const connectPause = 100 * time.Millisecond

// release gives a client back. A client that has lost its node is retired.
func (k *link) release(c *connection, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.users--
	if isLost(err) || c.retired {
		k.retireLocked(c)
	}
}

func (k *link) retireLocked(c *connection) {
	if !c.retired {
		c.retired = true
		close(c.lost)
	}
	if k.current == c {
		k.current = nil
	}
	if c.client != nil && c.users == 0 {
		_ = c.client.Close() // it has no error to report
	}
}

// stuckAfter is how long a call can stay in a client that has been retired.
// One that is still inside then may have come to look for a node just as it was
// lost, and would never come back if that search ended in vain.
const stuckAfter = time.Second

// What can go wrong while waiting for the client.
var (
	errStuck  = errors.New("the connection was lost")
	errSilent = fmt.Errorf("%w: no answer within %v", ErrUnavailable, defaultDeadline)
)

// await receives from a call inside the client, but not beyond the end of the
// context, the closing of the link, the loss of the client, or late, if it is
// not nil. ok is false if results was closed.
func await[T any](ctx context.Context, k *link, c *connection, results <-chan T, late <-chan time.Time) (result T, ok bool, err error) {
	var stuck <-chan time.Time
	lost := c.lost
	for {
		select {
		case result, ok = <-results:
			return result, ok, nil
		case <-ctx.Done():
			return result, false, ctx.Err()
		case <-k.closed:
			return result, false, errClosed
		case <-late:
			return result, false, errSilent
		case <-stuck:
			return result, false, errStuck
		case <-lost:
			lost = nil
			timer := time.NewTimer(stuckAfter)
			defer timer.Stop()
			stuck = timer.C
		}
	}
}

// outcome is what a call inside the client came to.
type outcome[T any] struct {
	value T
	err   error
}

// call runs one call of the client and returns when it is done or the context
// ends, whatever the client does.
func call[T any](ctx context.Context, k *link, do func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	c, err := k.acquire(ctx)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome[T], 1)
	go func() { done <- guard(ctx, k, c, do) }()
	o, _, err := await(ctx, k, c, done, nil)
	if err != nil {
		return none, err
	}
	return o.value, o.err
}

// guard runs do on a connected client, turns a panic into an error and
// releases the client.
func guard[T any](ctx context.Context, k *link, c *connection, do func(context.Context, *esdb.Client) (T, error)) (o outcome[T]) {
	defer func() {
		if p := recover(); p != nil {
			o.err = fmt.Errorf("%w: %v", errPanicked, p)
		}
		k.release(c, o.err)
	}()
	o.value, o.err = do(ctx, c.client)
	return o
}

// bounded gives a context a deadline if it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, defaultDeadline)
}

// pauses are the growing, jittered pauses between two attempts.
type pauses struct{ next *backoff.ExponentialBackOff }

func newPauses() pauses {
	next := backoff.NewExponentialBackOff()
	next.InitialInterval = 50 * time.Millisecond
	next.MaxInterval = 2 * time.Second
	next.Reset()
	return pauses{next: next}
}

// reset starts over with a short pause.
func (p pauses) reset() { p.next.Reset() }

// wait pauses, or returns the error of the context that ended meanwhile.
func (p pauses) wait(ctx context.Context) error {
	timer := time.NewTimer(p.next.NextBackOff())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retry repeats a call as long as its failure is a passing one and the context
// lasts. The call must be one that can be made twice.
func retry[T any](ctx context.Context, k *link, do func(context.Context, *esdb.Client) (T, error)) (T, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	pause := newPauses()
	for {
		value, err := call(ctx, k, do)
		if err == nil {
			return value, nil
		}
		if ctx.Err() != nil || k.isClosed() || !isPassing(err) {
			return value, outcomeOf(ctx, err)
		}
		if waited := pause.wait(ctx); waited != nil {
			return value, outcomeOf(ctx, err)
		}
	}
}
