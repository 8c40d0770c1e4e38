package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	groupName1 = "group"
	pause      = 700 * time.Millisecond
)

// settings are the client's, but quick to write checkpoints.
func settings() esdb.PersistentSubscriptionSettings {
	o := esdb.SubscriptionSettingsDefault()
	o.CheckpointLowerBound, o.CheckpointUpperBound, o.CheckpointAfter = 1, 1, 100
	return o
}

// led does again what a follower of a cluster refuses; the client then turns to
// the leader.
func led(do func() error) error {
	var err error
	for range 5 {
		if err = do(); codeOf(err) != esdb.ErrorCodeNotLeader {
			return err
		}
	}
	return err
}

// group creates a group on a stream, from the start unless told otherwise.
func (s *stage) group(ctx context.Context, stream, name string, from esdb.StreamPosition, o esdb.PersistentSubscriptionSettings) {
	s.names.group(stream, name)
	err := led(func() error {
		return s.client.CreatePersistentSubscription(ctx, stream, name, esdb.PersistentStreamSubscriptionOptions{StartFrom: from, Settings: &o})
	})
	s.names.refused(stream, name, err)
	s.must(err, "the creation of a group")
}

func (s *stage) groupOfAll(ctx context.Context, name string, from esdb.AllPosition, prefix string, o esdb.PersistentSubscriptionSettings) {
	s.names.group(allStream, name)
	err := led(func() error {
		return s.client.CreatePersistentSubscriptionToAll(ctx, name, esdb.PersistentAllSubscriptionOptions{
			StartFrom: from, Settings: &o, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{prefix}},
		})
	})
	s.names.refused(allStream, name, err)
	s.must(err, "the creation of a group over $all")
}

// consumer is one member of a group.
type consumer struct {
	*follower
	sub *esdb.PersistentSubscription
}

func (s *stage) tryConsume(ctx context.Context, stream, name string, buffer uint32) (*consumer, error) {
	var sub *esdb.PersistentSubscription
	err := led(func() (err error) {
		o := esdb.SubscribeToPersistentSubscriptionOptions{BufferSize: buffer}
		if stream == allStream {
			sub, err = s.client.SubscribeToPersistentSubscriptionToAll(ctx, name, o)
		} else {
			sub, err = s.client.SubscribeToPersistentSubscription(ctx, stream, name, o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	receive := func() seen {
		e := sub.Recv()
		if e.SubscriptionDropped != nil {
			return seen{dropped: fmt.Errorf("dropped: %w", e.SubscriptionDropped.Error)}
		}
		if e.EventAppeared == nil {
			return seen{}
		}
		return seen{event: e.EventAppeared.Event, retry: e.EventAppeared.RetryCount}
	}
	return &consumer{follower: pump(ctx, receive, func() { _ = sub.Close() }), sub: sub}, nil
}

func (s *stage) consume(ctx context.Context, stream, name string, buffer uint32) *consumer {
	c, err := s.tryConsume(ctx, stream, name, buffer)
	s.must(err, "joining a group")
	return c
}

func (c *consumer) ack(s *stage, events ...*esdb.ResolvedEvent) {
	s.must(c.sub.Ack(events...), "an acknowledgement")
}

func (c *consumer) nack(s *stage, reason string, action esdb.NackAction, events ...*esdb.ResolvedEvent) {
	s.must(c.sub.Nack(reason, action, events...), "a refusal")
}

// take takes and acknowledges n events.
func (c *consumer) take(ctx context.Context, s *stage, n int) []*esdb.ResolvedEvent {
	var out []*esdb.ResolvedEvent
	for range n {
		e := c.event(ctx, s)
		c.ack(s, e)
		out = append(out, e)
	}
	return out
}

func groupChecks() []check {
	return []check{
		{Check: Check{"group-01", "A group from the start gets everything that is there and that comes, in order as long as nothing is refused."}, ask: groupFromStart},
		{Check: Check{"group-02", "A group from a revision begins with that revision."}, ask: groupFromRevision},
		{Check: Check{"group-03", "A group from the end gets only what comes."}, ask: groupFromEnd},
		{Check: Check{"group-04", "A group on a stream that is not there yet gets what comes."}, ask: groupOnMissing},
		{Check: Check{"group-05", "A consumer never holds more events than its buffer allows."}, ask: groupBuffer},
		{Check: Check{"group-06", "What a consumer held when it left goes to the next, counted as a retry."}, ask: groupLeaves},
		{Check: Check{"group-07", "A group goes on where it was when all its consumers had left."}, ask: groupResumes},
		{Check: Check{"group-08", "Two groups on a stream get everything each."}, ask: groupsApart},
		{Check: Check{"group-09", "A group that resolves links gets the events; the link is what is acknowledged."}, ask: groupLinks},
		{Check: Check{"group-10", "A group over $all with a filter gets what matches, and nothing else."}, ask: groupAll},
		{Check: Check{"group-11", "A group's checkpoint survives a change of its settings: it goes on behind it."}, ask: groupCheckpoint},
		{Check: Check{"group-12", "A restart of the persistent subscriptions loses nothing that was not acknowledged."}, ask: groupRestart, restart: true},
	}
}

func groupFromStart(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(30)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	s.revisions(c.take(ctx, s, 30), "what was there", upTo(0, 30)...)
	s.append(ctx, stream, esdb.Revision(29), notes(30)...)
	s.revisions(c.take(ctx, s, 30), "what came", upTo(30, 60)...)
	c.silence(ctx, s, pause, "after all was acknowledged")
}

func groupFromRevision(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.group(ctx, stream, groupName1, esdb.Revision(3), settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	s.revisions(c.take(ctx, s, 2), "the group", 3, 4)
}

func groupFromEnd(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.group(ctx, stream, groupName1, esdb.End{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	s.append(ctx, stream, esdb.Revision(4), notes(2)...)
	s.revisions(c.take(ctx, s, 2), "the group", 5, 6)
}

func groupOnMissing(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	s.revisions(c.take(ctx, s, 3), "the group", 0, 1, 2)
}

func groupBuffer(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(10)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 2)
	defer c.close()
	held := c.events(ctx, s, 2)
	c.silence(ctx, s, pause, "with a buffer of 2 and two events held")
	c.ack(s, held[0])
	held = append(held, c.event(ctx, s))
	s.revisions(held, "the group", 0, 1, 2)
	c.silence(ctx, s, pause, "with one of three acknowledged")
}

func groupLeaves(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(4)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	first := s.consume(ctx, stream, groupName1, 10)
	held := first.events(ctx, s, 4)
	first.ack(s, held[0])
	rest(ctx, pause) // an acknowledgement has no answer
	first.close()
	second := s.consume(ctx, stream, groupName1, 10)
	defer second.close()
	var got []uint64
	for range 3 {
		one := second.delivery(ctx, s)
		if one.retry == 0 {
			s.fail("event %d came without being counted as a retry", one.event.Event.EventNumber)
		}
		second.ack(s, one.event)
		got = append(got, one.event.Event.EventNumber)
	}
	if slices.Sort(got); !slices.Equal(got, []uint64{1, 2, 3}) {
		s.fail("the next consumer got %v", got)
	}
}

func groupResumes(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	first := s.consume(ctx, stream, groupName1, 10)
	first.take(ctx, s, 5)
	rest(ctx, pause)
	first.close()
	s.append(ctx, stream, esdb.Revision(4), notes(3)...)
	second := s.consume(ctx, stream, groupName1, 10)
	defer second.close()
	s.revisions(second.take(ctx, s, 3), "after the pause the group", 5, 6, 7)
	second.silence(ctx, s, pause, "after all was acknowledged")
}

func groupsApart(ctx context.Context, s *stage) {
	stream := s.stream("a")
	for _, name := range []string{"one", "two"} {
		s.group(ctx, stream, name, esdb.Start{}, settings())
	}
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	for _, name := range []string{"one", "two"} {
		c := s.consume(ctx, stream, name, 10)
		defer c.close()
		s.revisions(c.take(ctx, s, 3), "group "+name, 0, 1, 2)
	}
}

func groupLinks(ctx context.Context, s *stage) {
	source, index := s.stream("source"), s.stream("index")
	s.append(ctx, source, esdb.NoStream{}, notes(2)...)
	s.append(ctx, index, esdb.NoStream{}, link("1@"+source), link("0@"+source))
	o := settings()
	o.ResolveLinkTos = true
	s.group(ctx, index, groupName1, esdb.Start{}, o)
	c := s.consume(ctx, index, groupName1, 1)
	defer c.close()
	for _, revision := range []uint64{1, 0} { // with a buffer of 1, the second proves the acknowledgement of the first
		e := c.event(ctx, s)
		s.pointsTo(e, index, source, revision)
		c.ack(s, e)
	}
}

func groupAll(ctx context.Context, s *stage) {
	scene := setScene(ctx, s)
	name := s.names.prefix + "-" + s.check
	s.groupOfAll(ctx, name, scene.before, scene.a, settings())
	c := s.consume(ctx, allStream, name, 10)
	defer c.close()
	s.revisions(c.take(ctx, s, 4), "what was there", 0, 1, 2, 3)
	s.append(ctx, scene.b, esdb.Any{}, notes(2)...)
	s.append(ctx, scene.a, esdb.Any{}, notes(2)...)
	for i, e := range c.take(ctx, s, 2) {
		if e.Event.StreamID != scene.a || e.Event.EventNumber != uint64(4+i) {
			s.fail("revision %d of %q came", e.Event.EventNumber, e.Event.StreamID)
		}
	}
}

func (s *stage) info(ctx context.Context, stream, name string) *esdb.PersistentSubscriptionInfo {
	var info *esdb.PersistentSubscriptionInfo
	s.must(led(func() (err error) {
		if stream == allStream {
			info, err = s.client.GetPersistentSubscriptionInfoToAll(ctx, name, esdb.GetPersistentSubscriptionOptions{})
		} else {
			info, err = s.client.GetPersistentSubscriptionInfo(ctx, stream, name, esdb.GetPersistentSubscriptionOptions{})
		}
		return err
	}), "the question about a group")
	return info
}

// checkpointAt waits until the group of a stream has written its checkpoint.
func (s *stage) checkpointAt(ctx context.Context, stream string, revision uint64) {
	s.until(ctx, fmt.Sprintf("the group's checkpoint is %d", revision), func() bool {
		stats := s.info(ctx, stream, groupName1).Stats
		return stats != nil && stats.LastCheckpointedEventRevision != nil && *stats.LastCheckpointedEventRevision >= revision
	})
}

func groupCheckpoint(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	first := s.consume(ctx, stream, groupName1, 10)
	defer first.close()
	first.take(ctx, s, 5)
	s.checkpointAt(ctx, stream, 4)
	o := settings()
	o.MaxRetryCount = 7
	s.must(led(func() error {
		return s.client.UpdatePersistentSubscription(ctx, stream, groupName1, esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &o})
	}), "the change of a group")
	_ = first.dropped(ctx, s) // with an error, always
	s.append(ctx, stream, esdb.Revision(4), notes(2)...)
	second := s.consume(ctx, stream, groupName1, 10)
	defer second.close()
	s.revisions(second.take(ctx, s, 2), "after the change the group", 5, 6)
	second.silence(ctx, s, pause, "after all was acknowledged")
}

func groupRestart(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	first := s.consume(ctx, stream, groupName1, 10)
	defer first.close()
	first.take(ctx, s, 3)
	s.checkpointAt(ctx, stream, 2)
	s.must(led(func() error {
		return s.client.RestartPersistentSubscriptionSubsystem(ctx, esdb.RestartPersistentSubscriptionSubsystemOptions{})
	}), "the restart of the persistent subscriptions")
	_ = first.dropped(ctx, s) // with an error, always
	var second *consumer
	s.until(ctx, "the group can be joined again", func() bool {
		var err error
		second, err = s.tryConsume(ctx, stream, groupName1, 10)
		return err == nil
	})
	defer second.close()
	s.revisions(second.take(ctx, s, 2), "after the restart the group", 3, 4)
}
