package conformance

import (
	"context"
	"regexp"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

func filterChecks() []check {
	return []check{
		{Check: Check{"filter-01", "$all filtered by prefixes of stream names delivers those streams, and no other."}, ask: filterStreamPrefix},
		{Check: Check{"filter-02", "$all filtered by an expression over stream names delivers those streams, and no other."}, ask: filterStreamRegex},
		{Check: Check{"filter-03", "$all filtered by prefixes of event types delivers those types, and no other."}, ask: filterTypePrefix},
		{Check: Check{"filter-04", "$all filtered by an expression over event types delivers those types, and no other."}, ask: filterTypeRegex},
		{Check: Check{"filter-05", "An expression that the server cannot run is refused."}, ask: filterLookAhead},
		{Check: Check{"filter-06", "A filtered subscription names checkpoints, also where nothing matches; their positions rise."}, ask: checkpointsRise},
		{Check: Check{"filter-07", "Whoever goes on from a checkpoint misses nothing."}, ask: checkpointResumes},
		{Check: Check{"filter-08", "A filtered subscription says that it has caught up."}, ask: filterCaughtUp},
	}
}

// halfOfScene is how many events have one of its streams, or one of its types.
const halfOfScene = 4

// scene is two streams with two types of events each, and a position before all
// of them.
type scene struct {
	before  esdb.Position
	a, b    string
	here    string // type, unique to this run
	there   string
	streams []string
}

func setScene(ctx context.Context, s *stage) scene {
	c := scene{a: s.stream("a"), b: s.stream("b")}
	c.streams = []string{c.a, c.b}
	c.here, c.there = s.names.prefix+"."+s.check+".here", s.names.prefix+"."+s.check+".there"
	mark := s.stream("mark")
	s.append(ctx, mark, esdb.NoStream{}, note("mark"))
	c.before = at(s.forwards(ctx, mark)[0])
	for range 2 {
		for _, stream := range c.streams {
			here, there := note("here"), note("there")
			here.EventType, there.EventType = c.here, c.there
			s.append(ctx, stream, esdb.Any{}, here, there)
		}
	}
	return c
}

// filtered follows $all from before the scene, and demands that it has exactly
// half of its events, and which are as they should be.
func filtered(ctx context.Context, s *stage, c scene, filter esdb.SubscriptionFilter, so func(*esdb.RecordedEvent) bool) {
	f := s.followAll(ctx, esdb.SubscribeToAllOptions{From: c.before, Filter: &filter})
	defer f.close()
	found := f.caughtUp(ctx, s)
	if len(found) != halfOfScene {
		s.fail("%d events came, not %d", len(found), halfOfScene)
	}
	for _, e := range found {
		if !so(e.Event) {
			s.fail("an event of type %q of stream %q came", e.Event.EventType, e.Event.StreamID)
		}
	}
	// Live events pass the same filter.
	here, there := note("live"), note("live")
	here.EventType, there.EventType = c.here, c.there
	s.append(ctx, c.b, esdb.Any{}, there)
	s.append(ctx, c.a, esdb.Any{}, here)
	for {
		e := f.event(ctx, s).Event
		if !so(e) {
			s.fail("a live event of type %q of stream %q came", e.EventType, e.StreamID)
		}
		if e.EventID == here.EventID {
			return
		}
	}
}

func filterStreamPrefix(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	filtered(ctx, s, c, esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{c.a, "no-such-stream"}},
		func(e *esdb.RecordedEvent) bool { return e.StreamID == c.a })
}

func filterStreamRegex(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	filtered(ctx, s, c, esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^" + regexp.QuoteMeta(s.names.prefix) + "-filter-02-[a]$"},
		func(e *esdb.RecordedEvent) bool { return e.StreamID == c.a })
}

func filterTypePrefix(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	filtered(ctx, s, c, esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{c.here}},
		func(e *esdb.RecordedEvent) bool { return e.EventType == c.here })
}

func filterTypeRegex(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	filtered(ctx, s, c, esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^" + regexp.QuoteMeta(c.here[:len(c.here)-4]) + "[h]ere$"},
		func(e *esdb.RecordedEvent) bool { return e.EventType == c.here })
}

func filterLookAhead(ctx context.Context, s *stage) {
	sub, err := s.client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.End{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^(?!x)y"}})
	if err == nil {
		_ = sub.Close()
		s.differs("an expression with look-ahead was taken")
	}
	s.refused(ctx, err, "an expression with look-ahead")
}

// checkpointed follows $all behind a position with a filter that matches one
// stream, takes n checkpoints, and returns them with the events before them.
func checkpointed(ctx context.Context, s *stage, from esdb.Position, stream string, n int) (checkpoints []esdb.Position, events []*esdb.ResolvedEvent) {
	f := s.followAll(ctx, esdb.SubscribeToAllOptions{
		From: from, MaxSearchWindow: 4, CheckpointInterval: 1,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{stream}},
	})
	defer f.close()
	for len(checkpoints) < n {
		one := f.next(ctx, s, "a checkpoint")
		switch {
		case one.dropped != nil:
			s.must(one.dropped, "the subscription")
		case one.event != nil:
			events = append(events, one.event)
		case one.checkpoint != nil:
			checkpoints = append(checkpoints, *one.checkpoint)
		}
	}
	return checkpoints, events
}

func checkpointsRise(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	for range 4 {
		s.append(ctx, c.b, esdb.Any{}, notes(5)...)
	}
	checkpoints, events := checkpointed(ctx, s, c.before, s.names.prefix+"-nothing", 3)
	if len(events) > 0 {
		s.fail("%d events came", len(events))
	}
	before := c.before
	for _, p := range checkpoints {
		if p.Commit <= before.Commit {
			s.fail("after position %d came checkpoint %d", before.Commit, p.Commit)
		}
		before = p
	}
}

func checkpointResumes(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	for range 6 {
		s.append(ctx, c.b, esdb.Any{}, notes(3)...)
		s.append(ctx, c.a, esdb.Any{}, note("wanted"))
	}
	want := len(s.forwards(ctx, c.a))
	position, total := c.before, 0
	for total < want {
		checkpoints, events := checkpointed(ctx, s, position, c.a, 1)
		for _, e := range events {
			if got := e.Event.EventNumber; got != uint64(total) {
				s.fail("revision %d came where %d was due", got, total)
			}
			if at(e).Commit > checkpoints[0].Commit {
				s.fail("an event at %d came before the checkpoint at %d", at(e).Commit, checkpoints[0].Commit)
			}
			total++
		}
		position = checkpoints[0]
	}
}

func filterCaughtUp(ctx context.Context, s *stage) {
	c := setScene(ctx, s)
	f := s.followAll(ctx, esdb.SubscribeToAllOptions{
		From: c.before, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{s.names.prefix + "-nothing"}},
	})
	defer f.close()
	if n := len(f.caughtUp(ctx, s)); n != 0 {
		s.fail("%d events came", n)
	}
}
