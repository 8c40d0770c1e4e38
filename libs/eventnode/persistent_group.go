package eventnode

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

const (
	// longestNap is how long a group with a deadline sleeps at most, so that a
	// clock that was set is noticed.
	longestNap = time.Second
	// pauseOfReads is the rest after a read that went wrong.
	pauseOfReads = time.Second
)

// subscription is a group at work. The state machine decides; one goroutine reads
// for it, and a second one, while there is something to write, writes for it.
// Neither holds the lock while it waits for the disk, and nobody holds it while
// sending to a client.
type subscription struct {
	node   *Node
	entry  groupEntry
	source *source
	begun  time.Time
	end    chan struct{} // closed when the group is updated, deleted or closed
	wake   chan struct{} // for the reading goroutine
	work   sync.WaitGroup

	mu           sync.Mutex
	core         *group.Group[letter]
	clients      map[group.Consumer]*groupClient
	ended        bool
	reading      bool      // the reading goroutine knows that the live lane is wanted
	replaying    bool      // and the replay lane
	armed        time.Time // when it looks again; zero: never
	writing      bool
	failing      bool                      // the last write did not succeed; for the writing goroutine alone
	checkpointed bool                      // a checkpoint is stored
	limited      bool                      // the checkpoint stream is known to keep few events
	asked        map[group.Consumer]uint64 // deliveries when info was asked for last
}

// groupClient is a consumer that is connected.
type groupClient struct {
	id    group.Consumer
	wake  chan struct{}
	from  string
	name  string
	user  string
	since time.Time
}

// newSubscription starts a group that goes on with a number.
func newSubscription(n *Node, e groupEntry, s *source, next uint64, checkpointed bool) *subscription {
	now := n.now()
	sub := &subscription{
		node: n, entry: e, source: s, begun: now,
		end: make(chan struct{}), wake: make(chan struct{}, 1),
		core:    group.New[letter](e.settings(), next, now),
		clients: make(map[group.Consumer]*groupClient), checkpointed: checkpointed,
		asked: make(map[group.Consumer]uint64),
	}
	sub.work.Go(sub.run)
	return sub
}

// stop ends the group and waits until what it has begun to write is written. With
// last, it then tells in a checkpoint how far it has come.
func (s *subscription) stop(ctx context.Context, last bool) {
	s.mu.Lock()
	ended := s.ended
	s.ended = true
	if !ended {
		close(s.end)
	}
	s.mu.Unlock()
	s.work.Wait()
	if !last || ended {
		return
	}
	s.mu.Lock()
	low, due := s.core.LastCheckpoint(s.node.now())
	s.mu.Unlock()
	if due {
		s.report("checkpoint", s.writeCheckpoint(ctx, low))
	}
}

// low is the number below which all is done.
func (s *subscription) low() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.Info().Low
}

// do lets the state machine do something and sees to what follows from it.
func (s *subscription) do(change func(g *group.Group[letter], now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.node.now()
	change(s.core, now)
	s.follow(now)
}

// follow wakes those for whom the state machine has something. The lock is held.
func (s *subscription) follow(now time.Time) {
	for _, id := range s.core.Woken() {
		if c := s.clients[id]; c != nil {
			nudge(c.wake)
		}
	}
	if n := s.core.Doubles(); n > 0 {
		s.node.log.Warn("messages with the id of one in flight wait for it",
			slog.String("subscription", s.entry.key()), slog.Int("messages", n))
	}
	if s.ended {
		return
	}
	if !s.writing && s.core.Busy(now) {
		s.writing = true
		s.work.Go(s.write)
	}
	at, timed := s.core.NextTick()
	_, _, live := s.core.WantLive()
	_, _, _, parked := s.core.WantReplay()
	if live && !s.reading || parked && !s.replaying || timed && (s.armed.IsZero() || at.Before(s.armed)) {
		nudge(s.wake)
	}
}

func nudge(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is awake already
	}
}

// run reads for the group until its end. Without consumers it sleeps.
func (s *subscription) run() {
	timer := time.NewTimer(longestNap)
	defer timer.Stop()
	failing := false
	for {
		// The tail is looked at first: what is written after that closes moved.
		bound, moved := s.node.store.tail.load()
		nap, progress, err := s.turn(bound)
		switch {
		case err != nil:
			if !failing {
				s.report("read", err)
			}
			moved, nap = nil, pauseOfReads
		case progress:
			nap = 0
		}
		failing = err != nil
		if !progress && !s.rest(timer, moved, nap) {
			return
		}
		select {
		case <-s.end:
			return
		case <-s.node.store.failure.done:
			return
		default:
		}
	}
}

// rest waits for something to do and returns false at the end of the group. A nap
// of 0 has no end of its own.
func (s *subscription) rest(timer *time.Timer, moved <-chan struct{}, nap time.Duration) bool {
	var rung <-chan time.Time
	if nap > 0 {
		timer.Reset(nap)
		rung = timer.C
	}
	s.mu.Lock()
	if !s.reading {
		moved = nil // nobody wants more: the log may grow
	}
	s.mu.Unlock()
	select {
	case <-moved:
	case <-s.wake:
	case <-rung:
	case <-s.end:
		return false
	case <-s.node.store.failure.done:
		return false
	}
	return true
}

// turn lets time pass and reads a page for each lane that wants one. It returns how
// long to sleep if there was nothing.
func (s *subscription) turn(bound uint64) (nap time.Duration, progress bool, err error) {
	s.mu.Lock()
	now := s.node.now()
	s.core.Tick(now)
	from, limit, live := s.core.WantLive()
	parkedFrom, parkedEnd, parkedLimit, parked := s.core.WantReplay()
	s.reading, s.replaying = live, parked
	at, timed := s.core.NextTick()
	if !timed && s.armed.After(now) {
		// To look once in vain is cheaper than to set the alarm for each message.
		at, timed = s.armed, true
	}
	s.armed = at
	if timed {
		// What is due already is being written.
		nap = longestNap
		if at.After(now) {
			nap = min(nap, at.Sub(now))
		}
	}
	s.follow(now)
	s.mu.Unlock()
	if parked {
		events, next, err := s.source.parkedPage(s.entry.parkedStream(), parkedFrom, parkedEnd, parkedLimit)
		if err != nil {
			return 0, false, err
		}
		s.do(func(g *group.Group[letter], now time.Time) { g.LoadedReplay(now, parkedFrom, events, next) })
		return nap, true, nil
	}
	if !live {
		return nap, false, nil
	}
	events, next, err := s.source.page(from, limit, bound)
	if err != nil || next <= from {
		return nap, false, err
	}
	s.do(func(g *group.Group[letter], now time.Time) { g.LoadedLive(now, from, events, next) })
	return nap, true, nil
}

// report logs what went wrong in the background. What ends with the node has been
// told by the node.
func (s *subscription) report(what string, err error) {
	if err == nil || errors.Is(err, ErrStorage) {
		return
	}
	s.node.log.Error("persistent subscription", slog.String("subscription", s.entry.key()),
		slog.String("step", what), slog.Any("error", err))
}

// join connects a client.
func (s *subscription) join(c *groupClient, window int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return groupDropped(s.entry.Stream, s.entry.Group)
	}
	now := s.node.now()
	id, err := s.core.Join(now, window)
	if err != nil {
		return groupFull(s.entry.Stream, s.entry.Group)
	}
	c.id, c.since = id, now
	s.clients[id] = c
	s.follow(now)
	return nil
}

func (s *subscription) leave(c *groupClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c.id)
	delete(s.asked, c.id)
	now := s.node.now()
	s.core.Leave(now, c.id)
	s.follow(now)
}

func (s *subscription) take(c *groupClient) []group.Delivery[letter] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.Take(c.id)
}
