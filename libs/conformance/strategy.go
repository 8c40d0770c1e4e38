package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func strategyChecks() []check {
	return []check{
		{Check: Check{"strategy-01", "RoundRobin gives events to every consumer."}, ask: roundRobin},
		{Check: Check{"strategy-02", "DispatchToSingle gives everything to one consumer as long as its buffer has room."}, ask: dispatchToSingle},
		{Check: Check{"strategy-03", "Pinned gives all events of a stream to the same consumer, and uses every consumer."}, ask: pinned},
		{Check: Check{"strategy-04", "With any strategy no event is lost when a consumer leaves."}, ask: nobodyLosesEvents},
	}
}

// delivered is an event with the consumer that got it.
type delivered struct {
	by    int
	event *esdb.ResolvedEvent
}

// collect takes and acknowledges n events from whichever consumer gets them.
func collect(ctx context.Context, s *stage, n int, consumers ...*consumer) []delivered {
	var out []delivered
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for len(out) < n {
		one, by := seen{}, 0
		select {
		case one = <-consumers[0].arrived:
		case one = <-consumers[1].arrived:
			by = 1
		case <-deadline.C:
			s.fail("within %v %d of %d events came", patience, len(out), n)
		case <-ctx.Done():
			s.fail("%d of %d events came", len(out), n)
		}
		if one.dropped != nil {
			s.must(one.dropped, "the subscription")
		}
		if one.event != nil {
			consumers[by].ack(s, one.event)
			out = append(out, delivered{by, one.event})
		}
	}
	return out
}

// pair is a group of two consumers.
func pair(ctx context.Context, s *stage, stream string, strategy esdb.ConsumerStrategy, buffer uint32) []*consumer {
	o := settings()
	o.ConsumerStrategyName = strategy
	s.group(ctx, stream, groupName1, esdb.Start{}, o)
	return []*consumer{s.consume(ctx, stream, groupName1, buffer), s.consume(ctx, stream, groupName1, buffer)}
}

func shares(all []delivered) [2]int {
	var out [2]int
	for _, d := range all {
		out[d.by]++
	}
	return out
}

func roundRobin(ctx context.Context, s *stage) {
	stream := s.stream("a")
	both := pair(ctx, s, stream, esdb.ConsumerStrategyRoundRobin, 10)
	defer both[0].close()
	defer both[1].close()
	for range 10 {
		s.append(ctx, stream, esdb.Any{}, note("x"))
	}
	if got := shares(collect(ctx, s, 10, both...)); got[0] == 0 || got[1] == 0 {
		s.fail("the consumers got %d and %d of 10 events", got[0], got[1])
	}
}

func dispatchToSingle(ctx context.Context, s *stage) {
	stream := s.stream("a")
	both := pair(ctx, s, stream, esdb.ConsumerStrategyDispatchToSingle, 20)
	defer both[0].close()
	defer both[1].close()
	for range 10 {
		s.append(ctx, stream, esdb.Any{}, note("x"))
	}
	if got := shares(collect(ctx, s, 10, both...)); got[0] != 0 && got[1] != 0 {
		s.fail("the consumers got %d and %d of 10 events", got[0], got[1])
	}
}

func pinned(ctx context.Context, s *stage) {
	const streams, events = 12, 5
	mark := s.stream("mark")
	s.append(ctx, mark, esdb.NoStream{}, note("mark"))
	before := at(s.forwards(ctx, mark)[0])
	name := s.names.prefix + "-" + s.check
	o := settings()
	o.ConsumerStrategyName = esdb.ConsumerStrategyPinned
	s.groupOfAll(ctx, name, before, s.names.prefix+"-"+s.check+"-source", o)
	both := []*consumer{s.consume(ctx, allStream, name, 10), s.consume(ctx, allStream, name, 10)}
	defer both[0].close()
	defer both[1].close()
	for i := range streams * events {
		s.append(ctx, s.stream(fmt.Sprintf("source-%d", i%streams)), esdb.Any{}, note("x"))
	}
	all := collect(ctx, s, streams*events, both...)
	of := map[string]int{}
	for _, d := range all {
		stream := d.event.Event.StreamID
		if by, known := of[stream]; known && by != d.by {
			s.fail("the events of one stream went to both consumers")
		}
		of[stream] = d.by
	}
	if got := shares(all); got[0] == 0 || got[1] == 0 {
		s.fail("the consumers got %d and %d of %d events", got[0], got[1], len(all))
	}
}

func nobodyLosesEvents(ctx context.Context, s *stage) {
	const events = 20
	for _, strategy := range []esdb.ConsumerStrategy{esdb.ConsumerStrategyRoundRobin, esdb.ConsumerStrategyDispatchToSingle, esdb.ConsumerStrategyPinned} {
		stream := s.stream(string(strategy))
		s.append(ctx, stream, esdb.NoStream{}, notes(events)...)
		both := pair(ctx, s, stream, strategy, 5)
		defer both[0].close()
		defer both[1].close()
		rest(ctx, pause/2)
		both[0].close() // with whatever it holds
		seen := map[uint64]bool{}
		for len(seen) < events {
			e := both[1].event(ctx, s)
			both[1].ack(s, e)
			seen[e.Event.EventNumber] = true
		}
	}
}
