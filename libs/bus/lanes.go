package bus

import (
	"context"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel/trace"
)

// verdict is what became of a delivery.
type verdict int

const (
	acked verdict = iota
	nacked
	ended // the subscription ended before the consumer answered
)

// delivery is one event on its way to the consumer.
type delivery struct {
	event   eventlog.Recorded
	work    *work
	attempt int               // from 1
	before  trace.SpanContext // the span of the attempt before this
}

// lanes runs deliveries: those of one key one after the other, those of
// different keys in parallel. A key whose message was refused waits for its
// next attempt without holding up the others.
type lanes struct {
	parallel int                             // most deliveries at a time
	deliver  func(d *delivery) verdict       // blocks until the consumer has answered
	done     func(d *delivery)               // called once per acknowledged event
	delay    func(attempt int) time.Duration // pause after a refused attempt
	room     chan struct{}                   // one slot per event held in memory

	workers sync.WaitGroup
	mu      sync.Mutex
	byKey   map[string]*lane
	ready   []*lane // have a next delivery, and none running
	running int
	stopped bool
}

// lane is the queue of one key; its first delivery is the current one.
type lane struct {
	key   string
	queue []*delivery
}

func newLanes(parallel, pending int) *lanes {
	return &lanes{parallel: parallel, room: make(chan struct{}, pending), byKey: map[string]*lane{}}
}

// put queues a delivery, waiting while there is no room for it.
func (l *lanes) put(ctx context.Context, key string, d *delivery) error {
	select {
	case l.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if queued, ok := l.byKey[key]; ok {
		queued.queue = append(queued.queue, d)
		return nil
	}
	fresh := &lane{key: key, queue: []*delivery{d}}
	l.byKey[key] = fresh
	l.wake(fresh)
	return nil
}

// wake makes a lane ready to run. The lock is held.
func (l *lanes) wake(ln *lane) {
	l.ready = append(l.ready, ln)
	if l.stopped || l.running >= l.parallel {
		return
	}
	l.running++
	l.workers.Go(l.work)
}

// work runs ready lanes, one delivery each in turn, until none is ready.
func (l *lanes) work() {
	for {
		ln, d := l.take()
		if ln == nil {
			return
		}
		v := l.deliver(d)
		if v == acked {
			l.done(d)
		}
		l.settle(ln, d, v)
	}
}

// take returns the next ready lane and its delivery, or ends the worker.
func (l *lanes) take() (*lane, *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || len(l.ready) == 0 {
		l.running--
		return nil, nil
	}
	ln := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	return ln, ln.queue[0]
}

// settle decides what is next in a lane after a delivery.
func (l *lanes) settle(ln *lane, d *delivery, v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch v {
	case ended:
	case nacked:
		pause := l.delay(d.attempt)
		d.attempt++
		time.AfterFunc(pause, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.wake(ln)
		})
	case acked:
		<-l.room
		ln.queue[0] = nil
		if ln.queue = ln.queue[1:]; len(ln.queue) == 0 {
			delete(l.byKey, ln.key)
			return
		}
		l.ready = append(l.ready, ln) // this worker, or another, takes it next
	}
}

// stop lets no further delivery begin and waits for the running ones.
func (l *lanes) stop() {
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.workers.Wait()
}
