package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"golang.org/x/sys/unix"
)

const (
	pacedWriters  = 128 // at once; beyond that an append waits, and its waiting counts
	pacedPrefix   = "paced-"
	pacedPatience = 20 * time.Second // for the last event to be seen
)

// seen measures the time from the moment at which an append was to begin until a
// catch-up subscriber has the event.
func (b *Bench) seen(ctx context.Context) error {
	late := map[*host.Process][]sample{}
	var node *host.Process
	rounds, err := b.besideTheCeiling(ctx, "seen", nil, func(_ *esdb.Client, p *probe) (sample, error) {
		if node == nil {
			node = p.process // the first in turn
		}
		r, err := b.paced(ctx, p)
		late[p.process] = append(late[p.process], sample{took: r.late})
		return r.seen, err
	})
	if err != nil {
		return err
	}
	for _, row := range []struct {
		name string
		q    float64
		must figure.Must
	}{{"p50", 0.5, figure.LessThan(2, figure.Milliseconds)}, {"p99", 0.99, figure.LessThan(10, figure.Milliseconds)}, {"p99.9", 0.999, figure.Must{}}} {
		b.Report.Add(figure.Row{
			What: fmt.Sprintf("append → seen, %d/s, %s", b.Paced, row.name), Must: row.must, Unit: figure.Milliseconds,
			Measured: percentiles(rounds[ours], row.q), Yardstick: ceiling, Against: percentiles(rounds[ceiling], row.q),
			Note: fmt.Sprintf("the clock begins when the append was due; appends were begun %s late (%s)",
				figure.Milliseconds.Format(percentiles(late[node], row.q).Median), row.name),
		})
	}
	return nil
}

// pacedRound is what one round of the paced load has shown.
type pacedRound struct {
	seen sample
	late []time.Duration // how late appends were begun
}

// paced appends at a fixed rate, whatever the node does, and waits until all has
// been seen.
func (b *Bench) paced(ctx context.Context, p *probe) (pacedRound, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	writing, err := connect(p.process)
	if err != nil {
		return pacedRound{}, err
	}
	defer func() { _ = writing.Close() }() // it has no error to report
	reading, err := connect(p.process)
	if err != nil {
		return pacedRound{}, err
	}
	defer func() { _ = reading.Close() }() // it has no error to report
	warm, total := b.inSpan(b.Warm), b.inSpan(b.Warm+b.Span)
	subscription, err := reading.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
		From: esdb.End{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{pacedPrefix}},
	})
	if err != nil {
		return pacedRound{}, err
	}
	run := uuid.New()
	got := make(chan arrivals, 1)
	go func() { got <- collect(subscription, run, total) }()
	jobs := make(chan int, total)
	var group sync.WaitGroup
	for range pacedWriters {
		group.Go(func() {
			if err := b.pacedWriter(ctx, writing, run, jobs); err != nil {
				cancel(err)
			}
		})
	}
	begin := time.Now().Add(10 * time.Millisecond)
	counted := make(chan counting, 1)
	go func() {
		cpu, err := p.watch(ctx, begin.Add(b.Warm), begin.Add(b.Warm+b.Span))
		counted <- counting{cpu, err}
	}()
	late := b.pace(ctx, begin, jobs)
	group.Wait()
	patience := time.AfterFunc(pacedPatience, func() { cancel(errors.New("not everything was seen")) })
	defer patience.Stop()
	a := <-got
	c := <-counted
	if cause := context.Cause(ctx); cause != nil || a.err != nil {
		return pacedRound{}, errors.Join(cause, a.err)
	}
	r := pacedRound{seen: sample{rate: float64(b.Paced), cpu: c.cpu}, late: late[warm:]}
	for n := warm; n < total; n++ {
		r.seen.took = append(r.seen.took, a.at[n].Sub(b.due(begin, n)))
	}
	return r, c.err
}

type counting struct {
	cpu shares
	err error
}

// inSpan is how many appends are due in a span.
func (b *Bench) inSpan(span time.Duration) int { return int(span.Seconds() * float64(b.Paced)) }

// due is the moment at which the n-th append is to begin.
func (b *Bench) due(begin time.Time, n int) time.Time {
	return begin.Add(time.Duration(n) * time.Second / time.Duration(b.Paced))
}

// pace hands out each append when it is due, and returns how late it was. It
// sleeps in the kernel, since the timers of the runtime are rounded up to a
// millisecond on an idle machine.
func (b *Bench) pace(ctx context.Context, begin time.Time, jobs chan<- int) []time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(jobs)
	late := make([]time.Duration, 0, cap(jobs))
	for n := range cap(jobs) {
		if ctx.Err() != nil {
			break
		}
		at := b.due(begin, n)
		for left := time.Until(at); left > 0; left = time.Until(at) {
			pause := unix.NsecToTimespec(left.Nanoseconds())
			if err := unix.Nanosleep(&pause, nil); err != nil && !errors.Is(err, unix.EINTR) {
				break
			}
		}
		late = append(late, max(time.Since(at), 0))
		jobs <- n
	}
	return late
}

// pacedWriter appends what it is handed to a stream of its own. The number of the
// append is in the event's id.
func (b *Bench) pacedWriter(ctx context.Context, client *esdb.Client, run uuid.UUID, jobs <-chan int) error {
	stream := pacedPrefix + uuid.NewString()
	expected := esdb.ExpectedRevision(esdb.NoStream{})
	for n := range jobs {
		e := proposal(b.events[n%len(b.events)])
		e.EventID = run
		binary.BigEndian.PutUint32(e.EventID[12:], uint32(n)) //nolint:gosec // far below 2^32
		written, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, e)
		if err != nil {
			return err
		}
		expected = esdb.Revision(written.NextExpectedVersion)
	}
	return nil
}

// arrivals are the moments at which events were seen.
type arrivals struct {
	at  []time.Time
	err error
}

// collect notes when each event of a run is seen, until all were.
func collect(subscription *esdb.Subscription, run uuid.UUID, total int) arrivals {
	defer func() { _ = subscription.Close() }() // it has no error to report
	a := arrivals{at: make([]time.Time, total)}
	for missing := total; missing > 0; {
		told := subscription.Recv()
		now := time.Now()
		switch {
		case told.SubscriptionDropped != nil:
			a.err = fmt.Errorf("the subscription has ended: %w", told.SubscriptionDropped.Error)
			return a
		case told.EventAppeared != nil:
			id := told.EventAppeared.OriginalEvent().EventID
			n := int(binary.BigEndian.Uint32(id[12:]))
			if [12]byte(id[:12]) == [12]byte(run[:12]) && n < total && a.at[n].IsZero() {
				a.at[n] = now
				missing--
			}
		}
	}
	return a
}
