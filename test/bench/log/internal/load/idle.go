package load

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

const idleWriters = 64

// idle measures what subscriptions cost that wait for streams to which nobody
// writes, while others write.
func (b *Bench) idle(ctx context.Context) (err error) {
	processes, stop, err := b.startAll(ctx, server.Node)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	node := processes[server.Node]
	client, err := connect(node)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // it has no error to report
	const with, without = "with", "without"
	rounds := map[string][]sample{}
	err = b.inTurn(ctx, "idle subscriptions", []string{with, without}, func(subject string, round int) error {
		p := &probe{process: node}
		if subject == with {
			other, err := connect(node)
			if err != nil {
				return err
			}
			defer func() { _ = other.Close() }() // it has no error to report
			leave, err := wait(ctx, other, b.Idle)
			if err != nil {
				return err
			}
			defer leave()
			p = b.probe(node, "idle", round)
		}
		s, err := hammer(ctx, idleWriters, b.Warm, b.Span, clientWrites(client, b.events, idleWriters, 1), p)
		rounds[subject] = append(rounds[subject], s)
		return err
	})
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: fmt.Sprintf("appends, %s, beside %d idle stream subscriptions", writersOf(idleWriters), b.Idle), Unit: figure.PerSecond,
		Measured: rates(rounds[with]), Yardstick: "without them", Against: rates(rounds[without]),
		Note: fmt.Sprintf("with: %s. Without: %s", last(rounds[with]).cpu, last(rounds[without]).cpu),
	})
	return nil
}

// wait subscribes to so many streams that do not exist, until leave is called.
func wait(ctx context.Context, client *esdb.Client, count int) (leave func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	leave = func() {
		cancel()
		group.Wait()
	}
	for range count {
		subscription, err := client.SubscribeToStream(ctx, "idle-"+uuid.NewString(), esdb.SubscribeToStreamOptions{From: esdb.Start{}})
		if err != nil {
			leave()
			return nil, err
		}
		group.Go(func() {
			defer func() { _ = subscription.Close() }() // it has no error to report
			for subscription.Recv().SubscriptionDropped == nil {
				continue // nothing is appended; "caught up" comes once
			}
		})
	}
	return leave, nil
}
