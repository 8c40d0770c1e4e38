package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
)

const (
	readStream = "read-stream"
	readEvents = 10_000
)

// errMissing is a read that did not bring what was asked for.
var errMissing = errors.New("events are missing from a read")

// reads measures reading forward: a stream, and the log over all streams.
func (b *Bench) reads(ctx context.Context) error {
	prepare := func(ctx context.Context, node *esdb.Client) error {
		return fillStream(ctx, node, b.events, readStream, readEvents)
	}
	for _, what := range []struct {
		name, file string
		read       func(context.Context, *esdb.Client) (int, error)
	}{{"a stream", "read-stream", readWholeStream}, {"$all", "read-all", readWholeLog}} {
		rounds, err := b.besideTheCeiling(ctx, what.file, prepare, func(client *esdb.Client, p *probe) (sample, error) {
			return again(ctx, b.Warm, b.Span, func(ctx context.Context) (int, error) { return what.read(ctx, client) }, p)
		})
		if err != nil {
			return err
		}
		b.Report.Add(figure.Row{
			What: fmt.Sprintf("read forward, %s of %d events", what.name, readEvents), Must: figure.AtLeast(1, ceiling), Unit: figure.PerSecond,
			Measured: rates(rounds[ours]), Yardstick: ceiling, Against: rates(rounds[ceiling]),
			Note: fmt.Sprintf("node: %s. Ceiling: %s", last(rounds[ours]).cpu, last(rounds[ceiling]).cpu),
		})
	}
	return nil
}

func readWholeStream(ctx context.Context, client *esdb.Client) (int, error) {
	return exactly(readEvents)(readAllOf(client.ReadStream(ctx, readStream, esdb.ReadStreamOptions{From: esdb.Start{}}, readEvents)))
}

func readWholeLog(ctx context.Context, client *esdb.Client) (int, error) {
	return exactly(readEvents)(readAllOf(client.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, readEvents)))
}

// exactly turns too few events into an error.
func exactly(want int) func(int, error) (int, error) {
	return func(n int, err error) (int, error) {
		if err == nil && n != want {
			err = fmt.Errorf("%w: %d of %d", errMissing, n, want)
		}
		return n, err
	}
}
