package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func retryChecks() []check {
	return []check{
		{Check: Check{"retry-01", "A refused event comes again at once, with a count that rises."}, ask: retried},
		{Check: Check{"retry-02", "An event that was refused too often is parked with a reason, after one delivery more than the retries allowed."}, ask: retriedTooOften},
		{Check: Check{"retry-03", "An event that is to be parked is parked with the reason given, and does not come again."}, ask: parkedAtOnce},
		{Check: Check{"retry-04", "An event that is to be skipped does not come again and is not parked."}, ask: skippedEvent},
		{Check: Check{"retry-05", "An event that is not acknowledged in time comes again, counted as a retry."}, ask: timedOut},
		{Check: Check{"retry-06", "Parked events come again when they are replayed, and are parked no longer."}, ask: replayed},
		{Check: Check{"retry-07", "No more parked events than asked for are replayed."}, ask: replayedPartly},
		{Check: Check{"retry-08", "Parked events of a group over $all come again when they are replayed."}, ask: replayedAll},
	}
}

// staged is a group with one consumer on a stream of n events.
func staged(ctx context.Context, s *stage, n int, o esdb.PersistentSubscriptionSettings) (stream string, c *consumer) {
	stream = s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(n)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, o)
	return stream, s.consume(ctx, stream, groupName1, 10)
}

// parked waits until a group has parked n events, and returns their reasons.
func parked(ctx context.Context, s *stage, source, group string, n int) []string {
	stream := fmt.Sprintf("$persistentsubscription-%s::%s-parked", source, group)
	var found []*esdb.ResolvedEvent
	s.until(ctx, fmt.Sprintf("%d events are parked", n), func() bool {
		var err error
		found, err = s.tryRead(ctx, stream, esdb.ReadStreamOptions{From: esdb.Start{}}, manyEvents)
		if err != nil && codeOf(err) != esdb.ErrorCodeResourceNotFound {
			s.must(err, "the read of parked events")
		}
		return len(found) >= n
	})
	var reasons []string
	for _, e := range found {
		if e.Event == nil || e.Event.EventType != "$>" {
			s.fail("a parked event is not a link")
		}
		var m struct{ Reason string }
		if err := json.Unmarshal(e.Event.UserMetadata, &m); err != nil {
			s.fail("the metadata of a parked event is not JSON")
		}
		reasons = append(reasons, m.Reason)
	}
	if len(reasons) != n {
		s.fail("%d events are parked, not %d", len(reasons), n)
	}
	return reasons
}

func retried(ctx context.Context, s *stage) {
	_, c := staged(ctx, s, 1, settings())
	defer c.close()
	for want := range 4 {
		one := c.delivery(ctx, s)
		if one.retry != want {
			s.fail("delivery %d counts %d retries", want+1, one.retry)
		}
		if want < 3 {
			c.nack(s, "again", esdb.NackActionRetry, one.event)
		} else {
			c.ack(s, one.event)
		}
	}
	c.silence(ctx, s, pause, "after it was acknowledged")
}

func retriedTooOften(ctx context.Context, s *stage) {
	o := settings()
	o.MaxRetryCount = 2
	stream, c := staged(ctx, s, 2, o)
	defer c.close()
	deliveries := map[uint64]int{}
	for range 4 { // three times the first, once the second
		one := c.delivery(ctx, s)
		number := one.event.Event.EventNumber
		if deliveries[number]++; number == 0 {
			c.nack(s, "never", esdb.NackActionRetry, one.event)
		} else {
			c.ack(s, one.event)
		}
	}
	if deliveries[0] != 3 || deliveries[1] != 1 {
		s.fail("with 2 retries allowed, the deliveries by revision are %v", deliveries)
	}
	if reasons := parked(ctx, s, stream, groupName1, 1); reasons[0] == "" {
		s.fail("it is parked without a reason")
	}
	c.silence(ctx, s, pause, "after it was parked")
}

func parkedAtOnce(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 2, settings())
	defer c.close()
	events := c.events(ctx, s, 2)
	c.nack(s, "because of 原因", esdb.NackActionPark, events[0])
	c.ack(s, events[1])
	if reasons := parked(ctx, s, stream, groupName1, 1); !strings.Contains(reasons[0], "because of 原因") {
		s.fail("it is parked with the reason %q", reasons[0])
	}
	c.silence(ctx, s, pause, "after it was parked")
	s.until(ctx, "one parked event is counted", func() bool {
		stats := s.info(ctx, stream, groupName1).Stats
		return stats != nil && stats.ParkedMessagesCount == 1
	})
}

func skippedEvent(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 2, settings())
	defer c.close()
	events := c.events(ctx, s, 2)
	c.nack(s, "not for us", esdb.NackActionSkip, events[0])
	c.ack(s, events[1])
	s.checkpointAt(ctx, stream, 1)
	c.silence(ctx, s, pause, "after it was skipped")
	_, err := s.tryRead(ctx, fmt.Sprintf("$persistentsubscription-%s::%s-parked", stream, groupName1), esdb.ReadStreamOptions{}, 1)
	s.want(err, esdb.ErrorCodeResourceNotFound, "the read of parked events where none were parked")
}

func timedOut(ctx context.Context, s *stage) {
	o := settings()
	o.MessageTimeout = 500
	_, c := staged(ctx, s, 1, o)
	defer c.close()
	first := c.delivery(ctx, s)
	second := c.delivery(ctx, s)
	c.ack(s, second.event)
	if first.retry != 0 || second.retry != 1 || first.event.Event.EventID != second.event.Event.EventID {
		s.fail("it came with %d retries, then with %d", first.retry, second.retry)
	}
}

func (s *stage) replay(ctx context.Context, stream, name string, stopAt int) {
	s.must(led(func() error {
		o := esdb.ReplayParkedMessagesOptions{StopAt: stopAt}
		if stream == allStream {
			return s.client.ReplayParkedMessagesToAll(ctx, name, o)
		}
		return s.client.ReplayParkedMessages(ctx, stream, name, o)
	}), "the replay of parked events")
}

// parkAll parks the next n events of a consumer.
func (c *consumer) parkAll(ctx context.Context, s *stage, stream, group string, n int) {
	for range n {
		c.nack(s, "later", esdb.NackActionPark, c.event(ctx, s))
	}
	parked(ctx, s, stream, group, n)
}

func replayed(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 3, settings())
	defer c.close()
	c.parkAll(ctx, s, stream, groupName1, 3)
	s.replay(ctx, stream, groupName1, 0)
	again := map[uint64]bool{}
	for _, e := range c.take(ctx, s, 3) {
		again[e.Event.EventNumber] = true
	}
	if len(again) != 3 {
		s.fail("the revisions that came again are %v", again)
	}
	s.until(ctx, "no parked event is counted", func() bool {
		stats := s.info(ctx, stream, groupName1).Stats
		return stats != nil && stats.ParkedMessagesCount == 0
	})
	c.silence(ctx, s, pause, "after all came again")
}

func replayedPartly(ctx context.Context, s *stage) {
	stream, c := staged(ctx, s, 3, settings())
	defer c.close()
	c.parkAll(ctx, s, stream, groupName1, 3)
	s.replay(ctx, stream, groupName1, 1)
	c.take(ctx, s, 1)
	c.silence(ctx, s, pause, "after one of three was replayed")
}

func replayedAll(ctx context.Context, s *stage) {
	scene := setScene(ctx, s)
	name := s.names.prefix + "-" + s.check
	s.groupOfAll(ctx, name, scene.before, scene.a, settings())
	c := s.consume(ctx, allStream, name, 10)
	defer c.close()
	c.parkAll(ctx, s, allStream, name, 4)
	s.replay(ctx, allStream, name, 0)
	for _, e := range c.take(ctx, s, 4) {
		if e.Event == nil || e.Event.StreamID != scene.a {
			s.fail("another event came")
		}
	}
}
