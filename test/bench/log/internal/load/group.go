package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

const (
	groupBuffer   = 500 // events that the consumer may have unacknowledged
	groupPatience = 60 * time.Second
)

// group measures what one consumer of a persistent subscription takes and
// acknowledges, one by one, for information.
func (b *Bench) group(ctx context.Context) (err error) {
	const what = "persistent subscription, 1 consumer, each event acknowledged"
	processes, stop, err := b.startAll(ctx, server.Node)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	client, err := connect(processes[server.Node])
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // it has no error to report
	if err := fillStream(ctx, client, b.events, readStream, readEvents); err != nil {
		return err
	}
	rounds := map[string][]sample{}
	err = b.inTurn(ctx, "persistent subscription", []string{ours, readBy}, func(subject string, round int) error {
		p := b.probe(processes[server.Node], "group", round)
		if subject == readBy {
			p = &probe{process: p.process}
			s, err := again(ctx, b.Warm, b.Span, func(ctx context.Context) (int, error) { return readWholeStream(ctx, client) }, p)
			rounds[subject] = append(rounds[subject], s)
			return err
		}
		s, err := consume(ctx, client, p)
		rounds[subject] = append(rounds[subject], s)
		return err
	})
	if failure, ok := errors.AsType[*esdb.Error](err); ok && failure.Code() == esdb.ErrorCodeUnsupportedFeature {
		b.Report.Add(figure.Row{What: what, Verdict: figure.NoFigure, Note: "the node has no persistent subscriptions"})
		return nil
	}
	if err != nil {
		return err
	}
	b.Report.Add(figure.Row{
		What: what, Unit: figure.PerSecond, Measured: rates(rounds[ours]), Yardstick: readBy, Against: rates(rounds[readBy]),
		Note: last(rounds[ours]).cpu.String(),
	})
	return nil
}

// consume makes a group, takes the whole stream from it and acknowledges each
// event, from the first to the last.
func consume(ctx context.Context, client *esdb.Client, p *probe) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, groupPatience)
	defer cancel()
	name := "bench-" + uuid.NewString()
	settings := esdb.SubscriptionSettingsDefault()
	settings.HistoryBufferSize, settings.ReadBatchSize, settings.LiveBufferSize = 2*groupBuffer, groupBuffer/2, 2*groupBuffer
	options := esdb.PersistentStreamSubscriptionOptions{Settings: &settings, StartFrom: esdb.Start{}}
	if err := client.CreatePersistentSubscription(ctx, readStream, name, options); err != nil {
		return sample{}, err
	}
	if err := p.begin(); err != nil {
		return sample{}, err
	}
	begin := time.Now()
	subscription, err := client.SubscribeToPersistentSubscription(ctx, readStream, name,
		esdb.SubscribeToPersistentSubscriptionOptions{BufferSize: groupBuffer})
	if err != nil {
		return sample{}, err
	}
	defer func() { _ = subscription.Close() }() // it has no error to report
	for n := range readEvents {
		told := subscription.Recv()
		if told.EventAppeared == nil {
			return sample{}, fmt.Errorf("%w: the persistent subscription ended after %d: %w", errMissing, n, dropped(told))
		}
		if err := subscription.Ack(told.EventAppeared.Event); err != nil {
			return sample{}, err
		}
	}
	s := sample{rate: readEvents / time.Since(begin).Seconds()}
	s.cpu, err = p.end()
	return s, err
}

func dropped(told *esdb.PersistentSubscriptionEvent) error {
	if told.SubscriptionDropped == nil {
		return errors.New("it says nothing")
	}
	return told.SubscriptionDropped.Error
}
