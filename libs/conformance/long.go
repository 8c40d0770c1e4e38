package conformance

import (
	"context"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// idle is longer than the patience of servers with clients that send keep-alives
// too often for them.
const idle = 75 * time.Second

func longChecks() []check {
	return []check{
		{Check: Check{"long-01", "A subscription that is idle for 75 s is not cut off, and delivers what comes then."}, ask: idleSubscription, long: true},
		{Check: Check{"long-02", "A consumer of a group that is idle for 75 s is not cut off, and gets what comes then."}, ask: idleConsumer, long: true},
	}
}

func idleSubscription(ctx context.Context, s *stage) {
	stream := s.stream("a")
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	f.silence(ctx, s, idle, "while nothing was written")
	s.append(ctx, stream, esdb.NoStream{}, note("late"))
	s.revisions(f.events(ctx, s, 1), "the subscription", 0)
}

func idleConsumer(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.group(ctx, stream, groupName1, esdb.Start{}, settings())
	c := s.consume(ctx, stream, groupName1, 10)
	defer c.close()
	c.silence(ctx, s, idle, "while nothing was written")
	s.append(ctx, stream, esdb.NoStream{}, note("late"))
	s.revisions(c.take(ctx, s, 1), "the group", 0)
}
