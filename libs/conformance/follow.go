package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// seen is one thing that came over a subscription.
type seen struct {
	event      *esdb.ResolvedEvent
	retry      int
	caughtUp   bool
	checkpoint *esdb.Position
	dropped    error
}

// follower takes what a subscription delivers, so that a check can wait for it
// and for its absence.
type follower struct {
	arrived chan seen
	stop    func()
}

// pump calls receive until it says that the subscription was dropped or the check
// has ended. What nobody takes holds it up, as a slow consumer would.
func pump(ctx context.Context, receive func() seen, stop func()) *follower {
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{arrived: make(chan seen), stop: func() {
		cancel()
		stop()
	}}
	go func() {
		defer close(f.arrived)
		for {
			one := guarded(receive)
			select {
			case f.arrived <- one:
			case <-ctx.Done():
				return
			}
			if one.dropped != nil {
				return
			}
		}
	}()
	return f
}

// guarded bears with a client that panics on an answer.
func guarded(receive func() seen) (one seen) {
	defer func() {
		if cause := recover(); cause != nil {
			one = seen{dropped: fmt.Errorf("panic: %v", cause)}
		}
	}()
	return receive()
}

func (f *follower) close() { f.stop() }

// next is what comes next, whatever it is.
func (f *follower) next(ctx context.Context, s *stage, what string) seen {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case one, open := <-f.arrived:
		if !open {
			s.fail("the subscription has ended before %s", what)
		}
		return one
	case <-timer.C:
	case <-ctx.Done():
	}
	s.fail("within %v %s did not come", patience, what)
	return seen{}
}

// event is the next event; what else comes is passed over.
func (f *follower) event(ctx context.Context, s *stage) *esdb.ResolvedEvent {
	return f.delivery(ctx, s).event
}

func (f *follower) delivery(ctx context.Context, s *stage) seen {
	for {
		one := f.next(ctx, s, "an event")
		if one.dropped != nil {
			s.must(one.dropped, "the subscription")
		}
		if one.event != nil {
			return one
		}
	}
}

func (f *follower) events(ctx context.Context, s *stage, n int) []*esdb.ResolvedEvent {
	out := make([]*esdb.ResolvedEvent, n)
	for i := range out {
		out[i] = f.event(ctx, s)
	}
	return out
}

// silence demands that no event comes for a while.
func (f *follower) silence(ctx context.Context, s *stage, d time.Duration, what string) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case one := <-f.arrived:
			if one.event != nil {
				s.fail("%s: event %d came", what, one.event.OriginalEvent().EventNumber)
			}
			if one.dropped != nil {
				s.fail("%s: the subscription was dropped: %v", what, one.dropped)
			}
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// dropped waits until the subscription ends, and passes over what else comes.
func (f *follower) dropped(ctx context.Context, s *stage) error {
	for {
		if one := f.next(ctx, s, "the end of the subscription"); one.dropped != nil {
			return one.dropped
		}
	}
}

// caughtUp waits for the word that all is read, and returns the events before it.
func (f *follower) caughtUp(ctx context.Context, s *stage) []*esdb.ResolvedEvent {
	var before []*esdb.ResolvedEvent
	for {
		one := f.next(ctx, s, "\"caught up\"")
		switch {
		case one.dropped != nil:
			s.must(one.dropped, "the subscription")
		case one.event != nil:
			before = append(before, one.event)
		case one.caughtUp:
			return before
		}
	}
}

func (s *stage) follow(ctx context.Context, stream string, o esdb.SubscribeToStreamOptions) *follower {
	sub, err := s.client.SubscribeToStream(ctx, stream, o)
	s.must(err, "the subscription to a stream")
	return pump(ctx, received(sub), func() { _ = sub.Close() })
}

func (s *stage) followAll(ctx context.Context, o esdb.SubscribeToAllOptions) *follower {
	sub, err := s.client.SubscribeToAll(ctx, o)
	s.must(err, "the subscription to $all")
	return pump(ctx, received(sub), func() { _ = sub.Close() })
}

func received(sub *esdb.Subscription) func() seen {
	return func() seen {
		e := sub.Recv()
		one := seen{event: e.EventAppeared, caughtUp: e.CaughtUp != nil, checkpoint: e.CheckPointReached}
		if e.SubscriptionDropped != nil {
			one.dropped = fmt.Errorf("dropped: %w", e.SubscriptionDropped.Error)
		}
		return one
	}
}

func followChecks() []check {
	return []check{
		{Check: Check{"follow-01", "A subscription from the start delivers what is there, says that it has caught up, and goes on with what comes."}, ask: followFromStart},
		{Check: Check{"follow-02", "A subscription from a revision begins behind it."}, ask: followFromRevision},
		{Check: Check{"follow-03", "A subscription from the end delivers only what comes."}, ask: followFromEnd},
		{Check: Check{"follow-04", "A stream that is not there yet can be followed."}, ask: followMissing},
		{Check: Check{"follow-05", "A slow subscriber misses nothing and sees everything once."}, ask: followSlowly},
		{Check: Check{"follow-06", "A subscription to a stream ends when the stream is tombstoned."}, ask: followTombstone},
		{Check: Check{"follow-07", "$all from a position begins behind it."}, ask: followAllFromPosition},
		{Check: Check{"follow-08", "A subscription skips what $tb hides."}, ask: followTruncated},
		{Check: Check{"follow-09", "Two subscriptions to a stream get everything each."}, ask: followTwice},
	}
}

func followFromStart(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	s.revisions(f.caughtUp(ctx, s), "before it caught up, the subscription", 0, 1, 2)
	s.append(ctx, stream, esdb.Revision(2), notes(2)...)
	s.revisions(f.events(ctx, s, 2), "after it caught up, the subscription", 3, 4)
}

func followFromRevision(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(4)...)
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Revision(1)})
	defer f.close()
	s.revisions(f.events(ctx, s, 2), "from revision 1 the subscription", 2, 3)
}

func followFromEnd(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.End{}})
	defer f.close()
	s.revisions(f.caughtUp(ctx, s), "before it caught up, a subscription from the end")
	s.append(ctx, stream, esdb.Revision(2), note("new"))
	s.revisions(f.events(ctx, s, 1), "from the end the subscription", 3)
}

func followMissing(ctx context.Context, s *stage) {
	stream := s.stream("a")
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	s.append(ctx, stream, esdb.NoStream{}, notes(2)...)
	s.revisions(f.events(ctx, s, 2), "the subscription", 0, 1)
}

func followSlowly(ctx context.Context, s *stage) {
	const batch, batches = 250, 8
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(batch)...)
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	first := f.events(ctx, s, 1)
	for range batches - 1 { // while the subscriber takes nothing
		s.append(ctx, stream, esdb.Any{}, notes(batch)...)
	}
	s.revisions(append(first, f.events(ctx, s, batch*batches-1)...), "the subscription", upTo(0, batch*batches)...)
}

func followTombstone(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, note("x"))
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	s.revisions(f.caughtUp(ctx, s), "the subscription", 0)
	_, err := s.client.TombstoneStream(ctx, stream, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	s.must(err, "a tombstone")
	_ = f.dropped(ctx, s) // with an error, always
}

func followAllFromPosition(ctx context.Context, s *stage) {
	all, streams := interleaved(ctx, s)
	third := own(all, streams...)[2]
	f := s.followAll(ctx, esdb.SubscribeToAllOptions{From: at(third)})
	defer f.close()
	var mine []*esdb.ResolvedEvent
	for len(mine) < 3 {
		mine = append(mine, own(f.events(ctx, s, 1), streams...)...)
	}
	s.revisions(mine, "behind the third event $all", 1, 2, 2)
}

func followTruncated(ctx context.Context, s *stage) {
	stream := s.stream("a")
	s.append(ctx, stream, esdb.NoStream{}, notes(5)...)
	var m esdb.StreamMetadata
	m.SetTruncateBefore(3)
	s.setMetadata(ctx, stream, esdb.Any{}, m)
	f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	defer f.close()
	s.revisions(f.events(ctx, s, 2), "the subscription", 3, 4)
}

func followTwice(ctx context.Context, s *stage) {
	stream := s.stream("a")
	var both []*follower
	for range 2 {
		f := s.follow(ctx, stream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
		defer f.close()
		both = append(both, f)
	}
	s.append(ctx, stream, esdb.NoStream{}, notes(3)...)
	for _, f := range both {
		s.revisions(f.events(ctx, s, 3), "the subscription", 0, 1, 2)
	}
}
