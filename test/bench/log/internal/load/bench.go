// Package load puts the log under load, beside its yardsticks, and says what came
// out. Every yardstick is measured in the same run as the figure beside it, in
// rounds that take turns.
package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// Options say how much is measured, and where.
type Options struct {
	Dir     string        // an existing directory for all the servers' data, on the disk in question
	Store   string        // directory of the large store; kept. Empty: below Dir
	Profile string        // existing directory for CPU profiles; empty: none
	Rounds  int           // of each figure
	Span    time.Duration // of each round
	Warm    time.Duration // before each round
	Events  int           // of the large store
	Paced   int           // appends per second of the paced load
	Idle    int           // subscriptions that wait while others write
	Look    time.Duration // how far apart a process is looked at, to see whether it rests
}

// Bench is one run.
type Bench struct {
	Options
	Report *figure.Report
	Say    func(format string, args ...any) // progress, for people
	events []payload.Event
	made   int // directories handed out
}

// part is one thing that is measured.
type part struct {
	name  string
	run   func(*Bench, context.Context) error
	limit time.Duration // after which something hangs
}

// errPatience is the end of a part that takes far longer than it can.
var errPatience = errors.New("it hangs")

// parts in the order in which they are measured.
func parts() []part {
	return []part{
		{"append", (*Bench).appends, 30 * time.Minute},
		{"batch", (*Bench).batches, 10 * time.Minute},
		{"read", (*Bench).reads, 10 * time.Minute},
		{"seen", (*Bench).seen, 10 * time.Minute},
		{"rebuild", (*Bench).rebuild, 10 * time.Minute},
		{"group", (*Bench).group, 10 * time.Minute},
		{"idle", (*Bench).idle, 10 * time.Minute},
		{"store", (*Bench).store, 3 * time.Hour},
	}
}

// Parts are the names of all that can be measured.
func Parts() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// Run measures the parts with the given names, or all. A part that fails is
// reported as a row and does not keep the others from being measured; only the
// end of the context does.
func (b *Bench) Run(ctx context.Context, only []string) {
	b.events = payload.Pool(1024)
	b.facts(ctx)
	for _, p := range parts() {
		if len(only) > 0 && !slices.Contains(only, p.name) {
			continue
		}
		if ctx.Err() != nil {
			b.Report.Add(figure.Row{What: p.name, Verdict: figure.Failed, Note: "not measured: the benchmark was ended before"})
			continue
		}
		if err := b.runPart(ctx, p); err != nil {
			b.Say("%s: %v", p.name, err)
			b.Report.Add(figure.Row{What: p.name, Verdict: figure.Failed, Note: p.name + ": " + err.Error()})
		}
	}
	b.Report.Tell("load after", host.Load())
}

// runPart measures one part, but not for ever.
func (b *Bench) runPart(ctx context.Context, p part) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.limit, errPatience)
	defer cancel()
	err := p.run(b, ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// facts says what the figures depend on.
func (b *Bench) facts(ctx context.Context) {
	b.Report.Tell("machine", host.Machine())
	b.Report.Tell("kernel", host.Kernel())
	b.Report.Tell("load before", host.Load())
	b.Report.Tell("go", runtime.Version())
	if f, err := host.FileSystemOf(b.Dir); err == nil {
		b.Report.Tell("disk", fmt.Sprintf("%s, %d GiB free", f.Name, f.Free>>30))
		if f.InMemory() {
			b.Report.Tell("CAUTION", "the data lie in memory: an fsync costs nothing here, and no figure means anything")
		}
	}
	b.Report.Tell("run", fmt.Sprintf("%d rounds of %v after %v of warming up; events of %d bytes; client and server share the cores",
		b.Rounds, b.Span, b.Warm, payload.Bytes))
	d, err := openDisk(b.Dir)
	if err != nil {
		return // the parts will say what is wrong
	}
	defer d.close()
	for _, way := range []struct {
		name string
		sync func() error
	}{{"fsync", d.fsync}, {"fdatasync", d.fdatasync}} {
		if s, err := hammer(ctx, 1, b.Warm/2, b.Span/4, func(context.Context, int) error { return d.write(way.sync) }, nil); err == nil {
			b.Report.Tell(way.name, fmt.Sprintf("p50 %s, p99 %s, after each 1 KiB written to a growing file",
				milliseconds(figure.Percentile(s.took, 0.5)), milliseconds(figure.Percentile(s.took, 0.99))))
		}
	}
}

// start runs a server with a directory of its own.
func (b *Bench) start(ctx context.Context, kind server.Kind) (*host.Process, error) {
	b.made++
	return host.Start(ctx, kind, filepath.Join(b.Dir, fmt.Sprintf("%s-%d", kind, b.made)))
}

// startAll runs one server of each kind; stop ends them all. Those that are not
// on this machine are nil.
func (b *Bench) startAll(ctx context.Context, kinds ...server.Kind) (processes map[server.Kind]*host.Process, stop func() error, err error) {
	processes = map[server.Kind]*host.Process{}
	stop = func() error {
		var failed []error
		for _, p := range processes {
			failed = append(failed, p.Stop())
		}
		return errors.Join(failed...)
	}
	for _, kind := range kinds {
		p, err := b.start(ctx, kind)
		if errors.Is(err, host.ErrAbsent) {
			b.Say("%s: %v", kind, err)
			b.Report.Tell(string(kind), err.Error())
			continue
		}
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		processes[kind] = p
		if kind == server.Postgres || kind == server.JetStream {
			b.Report.Tell(string(kind), p.Version)
		}
	}
	return processes, stop, nil
}

// inTurn measures each subject in each round, in an order that is turned round
// from one round to the next.
func (b *Bench) inTurn(ctx context.Context, what string, subjects []string, measure func(subject string, round int) error) error {
	for round := range b.Rounds {
		order := slices.Clone(subjects)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, subject := range order {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.Say("%s, round %d of %d: %s", what, round+1, b.Rounds, subject)
			runtime.GC()
			if err := measure(subject, round); err != nil {
				return fmt.Errorf("%s: %w", subject, err)
			}
		}
	}
	return nil
}

// probe has the process profiled in the last round, if that was asked for, and
// counts the CPU time that both sides take.
func (b *Bench) probe(p *host.Process, what string, round int) *probe {
	pr := &probe{process: p}
	if b.Profile != "" && round == b.Rounds-1 {
		pr.file = filepath.Join(b.Profile, what)
	}
	return pr
}

// clear removes what a part has left on the disk, so that the next one does not
// run out of it.
func (b *Bench) clear(kind server.Kind) {
	left, err := filepath.Glob(filepath.Join(b.Dir, string(kind)+"-*"))
	if err != nil {
		return
	}
	for _, name := range left {
		_ = os.RemoveAll(name) // the whole directory is removed in the end
	}
}
