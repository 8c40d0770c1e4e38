package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// sample is what one round has shown.
type sample struct {
	rate float64         // per second
	took []time.Duration // of each single one, in no order
	cpu  shares
}

// shares are the cores that both sides have kept busy, on average.
type shares struct{ client, server float64 }

func (s shares) String() string {
	if s.server < 0 {
		return fmt.Sprintf("cores busy: client %.2f", s.client)
	}
	return fmt.Sprintf("cores busy: client %.2f, server %.2f", s.client, s.server)
}

// hammer has so many writers write, each as soon as its last write was answered:
// first to warm up, then for the span that counts. A write counts if its answer
// came within the span. The first error ends the round.
func hammer(ctx context.Context, writers int, warm, span time.Duration, write func(ctx context.Context, writer int) error, p *probe) (sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([][]time.Duration, writers)
	begin := time.Now().Add(warm)
	end := begin.Add(span)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				if start.After(end) {
					return
				}
				if err := write(ctx, w); err != nil {
					cancel(err)
					return
				}
				if done := time.Now(); done.After(begin) && !done.After(end) {
					took[w] = append(took[w], done.Sub(start))
				}
			}
		})
	}
	cpu, err := p.watch(ctx, begin, end)
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return sample{}, cause
	}
	all := slices.Concat(took...)
	return sample{rate: float64(len(all)) / span.Seconds(), took: all, cpu: cpu}, err
}

// again does something over and over for a span, after warming up, and counts the
// units it did: whole runs only, over the time that they took.
func again(ctx context.Context, warm, span time.Duration, do func(ctx context.Context) (units int, err error), p *probe) (sample, error) {
	for begin := time.Now(); time.Since(begin) < warm; {
		if _, err := do(ctx); err != nil {
			return sample{}, err
		}
	}
	if err := p.begin(); err != nil {
		return sample{}, err
	}
	var s sample
	begin, units := time.Now(), 0
	for time.Since(begin) < span {
		start := time.Now()
		n, err := do(ctx)
		if err != nil {
			return sample{}, err
		}
		s.took = append(s.took, time.Since(start))
		units += n
	}
	s.rate = float64(units) / time.Since(begin).Seconds()
	var err error
	s.cpu, err = p.end()
	return s, err
}

// probe looks at both sides of a round. A nil probe looks at nothing.
type probe struct {
	process *host.Process // nil: there is no other side
	file    string        // of the profiles, without ending; empty: none
	since   time.Time
	client  time.Duration
	server  time.Duration
	own     *os.File
}

// watch looks from begin to end, or until the context ends.
func (p *probe) watch(ctx context.Context, begin, end time.Time) (shares, error) {
	if !sleepUntil(ctx, begin) {
		return shares{}, nil
	}
	if err := p.begin(); err != nil {
		return shares{}, err
	}
	sleepUntil(ctx, end)
	return p.end()
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *probe) begin() error {
	if p == nil {
		return nil
	}
	p.since, p.client = time.Now(), host.OwnCPU()
	if p.process != nil {
		p.server = p.serverCPU()
	}
	if p.file == "" || p.process == nil {
		return nil
	}
	var err error
	if p.own, err = os.Create(p.file + "-client.pprof"); err != nil {
		return err
	}
	return errors.Join(pprof.StartCPUProfile(p.own), p.process.Do(server.Profile+p.file+"-server.pprof"))
}

func (p *probe) end() (shares, error) {
	if p == nil {
		return shares{}, nil
	}
	elapsed := time.Since(p.since).Seconds()
	s := shares{client: (host.OwnCPU() - p.client).Seconds() / elapsed, server: -1}
	if p.process != nil {
		s.server = (p.serverCPU() - p.server).Seconds() / elapsed
	}
	if p.own == nil {
		return s, nil
	}
	pprof.StopCPUProfile()
	err := errors.Join(p.own.Close(), p.process.Do(server.ProfileEnd))
	p.own = nil
	return s, err
}

func (p *probe) serverCPU() time.Duration {
	used, err := host.CPUOf(p.process.PID())
	if err != nil {
		return 0 // it has gone; whoever writes to it will say so
	}
	return used
}

// rates is the spread of the rates of several rounds.
func rates(rounds []sample) figure.Spread {
	values := make([]float64, len(rounds))
	for n, s := range rounds {
		values[n] = s.rate
	}
	return figure.Of(values...)
}

// percentiles is the spread of a percentile of several rounds, in milliseconds. A
// round in which nothing came to its end has none.
func percentiles(rounds []sample, q float64) figure.Spread {
	var values []float64
	for _, s := range rounds {
		if len(s.took) > 0 {
			values = append(values, figure.Percentile(s.took, q).Seconds()*1e3)
		}
	}
	return figure.Of(values...)
}

func milliseconds(d time.Duration) string {
	return figure.Milliseconds.Format(d.Seconds() * 1e3)
}
