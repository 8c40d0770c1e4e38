package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

const (
	smallStore    = 10_000 // events of the store that the large one is compared with
	bytesPerEvent = 2 << 10
	restBytes     = 128 // MiB that a node may hold at rest
	startSeconds  = 2
	fewStreams    = 20 // that are read before a node rests
	fillReport    = 10 * time.Second
)

// filled is what is written beside a store when it is complete.
type filled struct {
	Events  int64   `json:"events"`
	Seconds float64 `json:"seconds"` // that it took
	Bytes   int     `json:"bytes"`   // of one event
}

// shelf is a directory with a filled store in it.
type shelf struct {
	dir string
	filled
}

func (s shelf) node() string { return filepath.Join(s.dir, "node") }
func (s shelf) mark() string { return filepath.Join(s.dir, "filled.json") }
func (s shelf) open() string { return filepath.Join(s.dir, "filling") }

// store measures what a large store costs: memory at rest and the time to start,
// beside a small one.
func (b *Bench) store(ctx context.Context) error {
	large := shelf{dir: b.Store}
	if large.dir == "" {
		large.dir = filepath.Join(b.Dir, "store-large")
	}
	b.clear(server.Node) // of the parts before
	if err := b.fillShelf(ctx, &large, b.Events); err != nil {
		return err
	}
	small := shelf{dir: filepath.Join(b.Dir, "store-small")}
	if err := b.fillShelf(ctx, &small, smallStore); err != nil {
		return err
	}
	shelves := map[string]shelf{"large": large, "small": small}
	looks := map[string][]look{}
	err := b.inTurn(ctx, "start", []string{"large", "small"}, func(subject string, _ int) error {
		l, err := b.lookAt(ctx, shelves[subject])
		looks[subject] = append(looks[subject], l)
		return err
	})
	if err != nil {
		return err
	}
	if err := b.reportStore(large, small, looks); err != nil {
		return err
	}
	return errors.Join(b.readCold(ctx, large), b.afterAKill(ctx, small))
}

// fillShelf fills a store unless that was done before.
func (b *Bench) fillShelf(ctx context.Context, s *shelf, count int) error {
	text, err := os.ReadFile(s.mark())
	if err == nil {
		if err := json.Unmarshal(text, &s.filled); err != nil {
			return err
		}
		if s.Events < int64(count) {
			return fmt.Errorf("the store in %s has %d events, fewer than %d: remove it or ask for fewer", s.dir, s.Events, count)
		}
		b.Say("store: %d events from before in %s", s.Events, s.dir)
		return nil
	}
	if err := s.prepare(count); err != nil {
		return err
	}
	p, err := host.Start(ctx, server.Node, s.node())
	if err != nil {
		return err
	}
	took, err := b.fill(ctx, p, count)
	if err = errors.Join(err, p.Stop()); err != nil {
		return err
	}
	s.filled = filled{Events: int64((count + fillAppend - 1) / fillAppend * fillAppend), Seconds: took.Seconds(), Bytes: len(b.events[0].Data) + len(b.events[0].Meta)}
	if text, err = json.Marshal(s.filled); err != nil {
		return err
	}
	if err := os.WriteFile(s.mark(), text, 0o600); err != nil {
		return err
	}
	return os.Remove(s.open())
}

// prepare makes the directory. What an interrupted run has left is removed;
// anything else that is there is left alone.
func (s shelf) prepare(count int) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(s.open()); err == nil {
		if err := os.RemoveAll(s.node()); err != nil {
			return err
		}
	} else if _, err := os.Stat(s.node()); err == nil {
		return fmt.Errorf("%s was not made by this benchmark", s.node())
	}
	f, err := host.FileSystemOf(s.dir)
	if err != nil {
		return err
	}
	if need := uint64(count) * bytesPerEvent; f.Free < need { //nolint:gosec // positive
		return fmt.Errorf("%d events need %d GiB, and %s has %d GiB", count, need>>30, s.dir, f.Free>>30)
	}
	return os.WriteFile(s.open(), nil, 0o600)
}

// fill fills the store of a node and returns when the node has come to rest. It
// says how long the appends took.
func (b *Bench) fill(ctx context.Context, p *host.Process, count int) (time.Duration, error) {
	client, err := connect(p)
	if err != nil {
		return 0, err
	}
	defer func() { _ = client.Close() }() // it has no error to report
	var done atomic.Int64
	begin := time.Now()
	ticker := time.NewTicker(fillReport)
	defer ticker.Stop()
	ended := make(chan error, 1)
	go func() { ended <- fillStore(ctx, client, b.events, count, &done) }()
	for {
		select {
		case <-ticker.C:
			b.Say("store: %d of %d events, %.0f/s", done.Load(), count, float64(done.Load())/time.Since(begin).Seconds())
		case err := <-ended:
			took := time.Since(begin)
			return took, errors.Join(err, b.rest(ctx, p))
		}
	}
}

const (
	restLooks    = 3
	restPatience = 3 * time.Minute
	restShare    = 0.03 // of a core
)

// rest waits until a process does next to nothing for three looks in a row, or
// until patience ends.
func (b *Bench) rest(ctx context.Context, p *host.Process) error {
	quiet := 0
	before, err := host.CPUOf(p.PID())
	for until := time.Now().Add(restPatience); err == nil && quiet < restLooks && time.Now().Before(until); {
		if !sleepUntil(ctx, time.Now().Add(b.Look)) {
			return ctx.Err()
		}
		var now time.Duration
		if now, err = host.CPUOf(p.PID()); now-before <= time.Duration(restShare*float64(b.Look)) {
			quiet++
		} else {
			quiet = 0
		}
		before = now
	}
	return err
}

// look is what one start of a node has shown.
type look struct {
	cold, warm float64     // seconds from the start of the process to the first answer
	rest       host.Memory // after reading a few streams
	collected  host.Memory // and after giving back what can be given back
}

// lookAt starts a node twice, first with nothing of its files in memory, and looks
// at its memory the second time.
func (b *Bench) lookAt(ctx context.Context, s shelf) (look, error) {
	var l look
	if err := host.Forget(s.node()); err != nil {
		return l, err
	}
	p, client, took, err := firstAnswer(ctx, s.node())
	if err != nil {
		return l, err
	}
	l.cold = took.Seconds()
	if err := errors.Join(client.Close(), p.Stop()); err != nil {
		return l, err
	}
	p, client, took, err = firstAnswer(ctx, s.node())
	if err != nil {
		return l, err
	}
	l.warm = took.Seconds()
	defer func() { _ = client.Close() }() // it has no error to report
	err = b.atRest(ctx, &l, p, client)
	return l, errors.Join(err, p.Stop())
}

func (b *Bench) atRest(ctx context.Context, l *look, p *host.Process, client *esdb.Client) error {
	for n := range fewStreams {
		if _, err := exactly(fillAppend)(readAllOf(client.ReadStream(ctx, filledStream(n*7), esdb.ReadStreamOptions{From: esdb.Start{}}, fillAppend))); err != nil {
			return err
		}
	}
	if err := b.rest(ctx, p); err != nil {
		return err
	}
	var err error
	if l.rest, err = host.MemoryOf(p.PID()); err != nil {
		return err
	}
	if err := p.Do(server.Collect); err != nil {
		return err
	}
	l.collected, err = host.MemoryOf(p.PID())
	return err
}

// firstAnswer starts a node on a store and reads one event from it. It says how
// long that took, from the start of the process.
func firstAnswer(ctx context.Context, dir string) (*host.Process, *esdb.Client, time.Duration, error) {
	p, err := host.Start(ctx, server.Node, dir)
	if err != nil {
		return nil, nil, 0, err
	}
	client, err := connect(p)
	if err != nil {
		return nil, nil, 0, errors.Join(err, p.Stop())
	}
	options := esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}
	_, err = exactly(1)(readAllOf(client.ReadStream(ctx, filledStream(3), options, 1)))
	if err != nil {
		return nil, nil, 0, errors.Join(err, client.Close(), p.Stop())
	}
	return p, client, time.Since(p.Started), nil
}
