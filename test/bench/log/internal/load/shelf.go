package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// reportStore adds the rows of the large store, each beside the small one.
func (b *Bench) reportStore(large, small shelf, looks map[string][]look) error {
	of := func(name string, value func(look) float64) figure.Spread {
		var values []float64
		for _, l := range looks[name] {
			values = append(values, value(l))
		}
		return figure.Of(values...)
	}
	yardstick := fmt.Sprintf("store of %d", small.Events)
	row := func(what string, must figure.Must, unit figure.Unit, value func(look) float64, note string) {
		b.Report.Add(figure.Row{
			What: fmt.Sprintf("%s, store of %d events", what, large.Events), Must: must, Unit: unit,
			Measured: of("large", value), Yardstick: yardstick, Against: of("small", value), Note: note,
		})
	}
	mib := func(bytes uint64) float64 { return float64(bytes) / (1 << 20) }
	start := figure.LessThan(startSeconds, figure.Seconds)
	row("start to first answer, files not in memory", start, figure.Seconds, func(l look) float64 { return l.cold }, "")
	row("start to first answer, files in memory", start, figure.Seconds, func(l look) float64 { return l.warm }, "")
	row("resident memory at rest", figure.LessThan(restBytes, figure.MiB), figure.MiB,
		func(l look) float64 { return mib(l.rest.Resident) },
		fmt.Sprintf("VmRSS after a start and %d streams read, nothing forced; the program's own pages count", fewStreams))
	row("the most resident memory so far", figure.Must{}, figure.MiB, func(l look) float64 { return mib(l.rest.Peak) }, "VmHWM")
	row("resident memory, garbage given back", figure.Must{}, figure.MiB, func(l look) float64 { return mib(l.collected.Resident) }, "")
	row("of it not pages of files", figure.Must{}, figure.MiB, func(l look) float64 { return mib(l.collected.Own) }, "RssAnon")
	b.Report.Add(figure.Row{
		What: fmt.Sprintf("filling, appends of %d by %d writers", fillAppend, fillWriters), Unit: figure.PerSecond,
		Measured: figure.Of(float64(large.Events) / large.Seconds),
		Note:     fmt.Sprintf("events; once, when the store was made: %.0f s", large.Seconds),
	})
	var sizes [2]uint64
	for n, s := range []shelf{large, small} {
		size, err := host.SizeOf(s.node())
		if err != nil {
			return err
		}
		sizes[n] = size
	}
	b.Report.Add(figure.Row{
		What: fmt.Sprintf("size on disk, store of %d events", large.Events), Unit: figure.MiB,
		Measured: figure.Of(mib(sizes[0])), Yardstick: "the events alone", Against: figure.Of(mib(uint64(large.Events) * uint64(large.Bytes))), //nolint:gosec // positive
		Note: fmt.Sprintf("%d bytes on disk per event of %d", sizes[0]/uint64(large.Events), large.Bytes), //nolint:gosec // positive
	})
	return nil
}

// coldEvents is how many events are read from the disk at a time.
const coldEvents = 100_000

// readCold measures reading the log from the disk, from another place in each
// round, and what the node holds when it rests after it, for information.
func (b *Bench) readCold(ctx context.Context, s shelf) (err error) {
	node, err := host.Start(ctx, server.Node, s.node())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()
	null, err := b.start(ctx, server.Null)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, null.Stop()) }()
	processes := map[string]*host.Process{ours: node, ceiling: null}
	count := min(coldEvents, int(s.Events)/(b.Rounds+2))
	rounds := map[string][]sample{}
	err = b.inTurn(ctx, "read from the disk", []string{ours, ceiling}, func(subject string, round int) error {
		if err := host.Forget(s.node()); err != nil {
			return err
		}
		client, err := connect(processes[subject])
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }()                         // it has no error to report
		at := uint64(round+1) * uint64(s.Events) / uint64(b.Rounds+2) //nolint:gosec // positive
		options := esdb.ReadAllOptions{From: esdb.Position{Commit: at, Prepare: at}}
		begin := time.Now()
		_, err = exactly(count)(readAllOf(client.ReadAll(ctx, options, uint64(count)))) //nolint:gosec // positive
		rounds[subject] = append(rounds[subject], sample{rate: float64(count) / time.Since(begin).Seconds()})
		return err
	})
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: fmt.Sprintf("read forward, $all, %d events from the midst of the large store", count), Unit: figure.PerSecond,
		Measured: rates(rounds[ours]), Yardstick: ceiling, Against: rates(rounds[ceiling]), Note: "once in each round, the files not in memory",
	})
	if err := b.rest(ctx, node); err != nil {
		return err
	}
	held, err := host.MemoryOf(node.PID())
	if err != nil {
		return err
	}
	if err := node.Do(server.Collect); err != nil {
		return err
	}
	left, err := host.MemoryOf(node.PID())
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: "resident memory at rest after that", Unit: figure.MiB, Measured: figure.Of(float64(held.Resident) / (1 << 20)),
		Note: fmt.Sprintf("VmRSS with warm caches, %d MiB of it not pages of files; %d MiB when garbage is given back", held.Own>>20, left.Resident>>20),
	})
	return nil
}

// killWriters and killAfter are the load under which a node is killed.
const (
	killWriters = 64
	killAfter   = 2 * time.Second
)

// afterAKill measures the start of a node that was killed while it was writing.
func (b *Bench) afterAKill(ctx context.Context, s shelf) error {
	var took []float64
	err := b.inTurn(ctx, "start after a kill", []string{ours}, func(string, int) error {
		p, err := host.Start(ctx, server.Node, s.node())
		if err != nil {
			return err
		}
		client, err := connect(p)
		if err != nil {
			return errors.Join(err, p.Stop())
		}
		defer func() { _ = client.Close() }() // it has no error to report
		writes := clientWrites(client, b.events, killWriters, 1)
		if _, err := hammer(ctx, killWriters, 0, min(killAfter, b.Span), writes, nil); err != nil {
			return errors.Join(err, p.Stop())
		}
		if err := p.Kill(); err != nil {
			return err
		}
		p, again, time, err := firstAnswer(ctx, s.node())
		if err != nil {
			return err
		}
		took = append(took, time.Seconds())
		return errors.Join(again.Close(), p.Stop())
	})
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: "start to first answer after kill -9 under load", Must: figure.LessThan(startSeconds, figure.Seconds), Unit: figure.Seconds,
		Measured: figure.Of(took...), Note: fmt.Sprintf("the small store, %d writers for %v before", killWriters, min(killAfter, b.Span)),
	})
	return nil
}
