package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// The names of what is compared, as the report calls them.
const (
	ours      = "node"
	ceiling   = "ceiling"
	postgres  = "PostgreSQL"
	jetStream = "JetStream"
	fsyncs    = "raw write+fsync"
	fdatasync = "raw write+fdatasync"
)

// appends measures durable appends of one event, beside everything else that
// writes.
func (b *Bench) appends(ctx context.Context) (err error) {
	processes, stop, err := b.startAll(ctx, server.Node, server.Null, server.Postgres, server.JetStream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	stand := appendStand{bench: b, processes: processes, clients: map[server.Kind]*esdb.Client{}}
	for _, kind := range []server.Kind{server.Node, server.Null} {
		client, err := connect(processes[kind])
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }() // it has no error to report
		stand.clients[kind] = client
	}
	for _, writers := range []int{1, 64, 256} {
		rounds, err := stand.measure(ctx, writers)
		if err != nil {
			return err
		}
		b.reportAppends(writers, rounds)
	}
	return nil
}

// appendStand is everything that can be written to.
type appendStand struct {
	bench     *Bench
	processes map[server.Kind]*host.Process
	clients   map[server.Kind]*esdb.Client
}

func (a appendStand) measure(ctx context.Context, writers int) (map[string][]sample, error) {
	subjects := []string{ours, ceiling}
	if a.processes[server.Postgres] != nil {
		subjects = append(subjects, postgres)
	}
	if a.processes[server.JetStream] != nil {
		subjects = append(subjects, jetStream)
	}
	if writers == 1 {
		subjects = append(subjects, fsyncs, fdatasync)
	}
	rounds := map[string][]sample{}
	what := fmt.Sprintf("appends, %s", writersOf(writers))
	err := a.bench.inTurn(ctx, what, subjects, func(subject string, round int) error {
		write, process, done, err := a.open(ctx, subject, writers)
		if err != nil {
			return err
		}
		defer done()
		var p *probe
		switch subject {
		case ours:
			p = a.bench.probe(process, fmt.Sprintf("append-%d", writers), round)
		case ceiling:
			p = &probe{process: process}
		}
		s, err := hammer(ctx, writers, a.bench.Warm, a.bench.Span, write, p)
		rounds[subject] = append(rounds[subject], s)
		return err
	})
	return rounds, err
}

// open prepares a subject for so many writers.
func (a appendStand) open(ctx context.Context, subject string, writers int) (write, *host.Process, func(), error) {
	events := a.bench.events
	switch subject {
	case postgres:
		w, done, err := postgresWrites(ctx, a.processes[server.Postgres], events, writers)
		return w, nil, done, err
	case jetStream:
		w, done, err := jetStreamWrites(ctx, a.processes[server.JetStream], events, writers)
		return w, nil, done, err
	case fsyncs, fdatasync:
		d, err := openDisk(a.bench.Dir)
		if err != nil {
			return nil, nil, nil, err
		}
		sync := d.fsync
		if subject == fdatasync {
			sync = d.fdatasync
		}
		return func(context.Context, int) error { return d.write(sync) }, nil, d.close, nil
	}
	kind := server.Node
	if subject == ceiling {
		kind = server.Null
	}
	return clientWrites(a.clients[kind], events, writers, 1), a.processes[kind], func() {}, nil
}

// reportAppends adds the rows for one number of writers.
func (b *Bench) reportAppends(writers int, rounds map[string][]sample) {
	what := "appends, " + writersOf(writers)
	note := fmt.Sprintf("node: p50 %s, p99 %s; %s. Ceiling: p50 %s, p99 %s; %s",
		figure.Milliseconds.Format(percentiles(rounds[ours], 0.5).Median), figure.Milliseconds.Format(percentiles(rounds[ours], 0.99).Median),
		last(rounds[ours]).cpu,
		figure.Milliseconds.Format(percentiles(rounds[ceiling], 0.5).Median), figure.Milliseconds.Format(percentiles(rounds[ceiling], 0.99).Median),
		last(rounds[ceiling]).cpu)
	row := func(must figure.Must, yardstick, note string) {
		r := figure.Row{
			What: what, Must: must, Unit: figure.PerSecond, Measured: rates(rounds[ours]), Yardstick: yardstick, Against: rates(rounds[yardstick]), Note: note,
		}
		if len(rounds[yardstick]) == 0 {
			r.Verdict, r.Note = figure.NoFigure, yardstick+" is not on this machine"
		}
		b.Report.Add(r)
	}
	if writers == 1 {
		row(figure.AtLeast(0.5, fsyncs), fsyncs, note)
		row(figure.Must{}, fdatasync, "")
		row(figure.Must{}, ceiling, "")
		row(figure.Must{}, postgres, "")
		row(figure.Must{}, jetStream, "")
		return
	}
	row(figure.AtLeast(0.8, ceiling), ceiling, note)
	row(figure.MoreThan(postgres), postgres, "")
	row(figure.MoreThan(jetStream), jetStream, "")
}

func writersOf(n int) string {
	if n == 1 {
		return "1 writer"
	}
	return fmt.Sprintf("%d writers", n)
}

// last is the last round; none is an empty one.
func last(rounds []sample) sample {
	if len(rounds) == 0 {
		return sample{}
	}
	return rounds[len(rounds)-1]
}
