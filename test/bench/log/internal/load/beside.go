package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// batchWriters and batchEvents are those of the load in batches.
const (
	batchWriters = 4
	batchEvents  = 100
)

// batches measures appends of many events each, for information.
func (b *Bench) batches(ctx context.Context) error {
	rounds, err := b.besideTheCeiling(ctx, "batch", nil, func(client *esdb.Client, p *probe) (sample, error) {
		write := clientWrites(client, b.events, batchWriters, batchEvents)
		s, err := hammer(ctx, batchWriters, b.Warm, b.Span, write, p)
		s.rate *= batchEvents
		return s, err
	})
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: fmt.Sprintf("events in appends of %d, %s", batchEvents, writersOf(batchWriters)), Unit: figure.PerSecond,
		Measured: rates(rounds[ours]), Yardstick: ceiling, Against: rates(rounds[ceiling]), Note: last(rounds[ours]).cpu.String(),
	})
	return nil
}

// besideTheCeiling measures the same on a new node and on the server that stores
// nothing, in turn. The node is prepared before, if need be.
func (b *Bench) besideTheCeiling(
	ctx context.Context, what string,
	prepare func(ctx context.Context, node *esdb.Client) error,
	measure func(client *esdb.Client, p *probe) (sample, error),
) (rounds map[string][]sample, err error) {
	processes, stop, err := b.startAll(ctx, server.Node, server.Null)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	clients := map[string]*esdb.Client{}
	kinds := map[string]server.Kind{ours: server.Node, ceiling: server.Null}
	for subject, kind := range kinds {
		client, err := connect(processes[kind])
		if err != nil {
			return nil, err
		}
		defer func() { _ = client.Close() }() // it has no error to report
		clients[subject] = client
	}
	if prepare != nil {
		if err := prepare(ctx, clients[ours]); err != nil {
			return nil, err
		}
	}
	rounds = map[string][]sample{}
	err = b.inTurn(ctx, what, []string{ours, ceiling}, func(subject string, round int) error {
		p := &probe{process: processes[kinds[subject]]}
		if subject == ours {
			p = b.probe(p.process, what, round)
		}
		s, err := measure(clients[subject], p)
		rounds[subject] = append(rounds[subject], s)
		return err
	})
	return rounds, err
}
