// Package group is the heart of a persistent subscription: who gets which message
// next, what becomes of it, and up to where all is done.
//
// A [Group] is a state machine that is told what happened and what time it is, and
// is asked what to do: which numbers to read ([Group.WantLive]), what to send
// ([Group.Take]), what to park ([Group.Parkings]), which checkpoint to write
// ([Group.Checkpoint]). It waits for nothing, reads no clock, starts nothing and is
// not safe for concurrent use: its owner holds a lock around each call.
//
// A message is known by its number in its lane. The live lane is the stream or the
// log that the group is on; the replay lane is the stream of its parked messages,
// read when they are to be tried again. Every number below the low mark of a lane
// is done for good: acknowledged, skipped or parked on disk.
package group

import (
	"errors"
	"time"
)

// ErrFull is returned by Join when the group has as many consumers as it may.
var ErrFull = errors.New("the group has as many consumers as it may have")

// shortestTimeout keeps a group without patience from turning in circles.
const shortestTimeout = time.Second

// ID is the id of an event. An answer of a consumer names messages by it.
type ID = [16]byte

// Strategy is how messages are spread over consumers.
type Strategy int

// The strategies.
const (
	RoundRobin       Strategy = iota // in turn
	DispatchToSingle                 // to one until it is full, then to the next
	Pinned                           // by Event.Pin, so that a stream stays with one consumer
)

// Settings are how a group is to behave. The zero value of a field is taken for
// what it says, but for sizes and counts that must be positive, where it means 1.
type Settings struct {
	Strategy        Strategy
	MaxRetries      int           // deliveries after the first before a message is parked
	Timeout         time.Duration // for an answer; at least shortestTimeout
	MinCheckpoint   int           // messages done for a checkpoint when CheckpointAfter has passed
	MaxCheckpoint   int           // messages done for a checkpoint at once
	CheckpointAfter time.Duration
	Buffer          int // messages read ahead of their delivery, at most
	ReadBatch       int // messages worth a read
	MaxConsumers    int // 0: any number
	Bytes           int // of messages in memory, beyond which none is read; 0: no bound
}

// Event is a message as its lane holds it.
type Event[E any] struct {
	Number uint64 // in its lane, rising
	ID     ID
	Pin    uint32 // equal for what belongs together
	Size   int    // bytes
	Body   E
}

// Group is the state of one persistent subscription.
type Group[E any] struct {
	settings  Settings
	live      lane[E]
	replay    lane[E]
	replayEnd uint64 // the replay lane is read up to here, exclusive

	pending  []*message[E] // waiting to be delivered, in their order
	inflight timeline[E]
	byID     map[ID]*message[E] // those in flight
	parkings []*message[E]      // to be parked, the oldest first
	parking  int                // of parkings, how many are being written
	parkFrom time.Time          // no parking is tried before

	consumers []*consumer[E] // in the order of their coming
	born      Consumer
	turn      int
	room      int // messages that consumers have room for
	pins      pins[E]
	woken     []Consumer
	doubles   int
	bytes     int
	counts    Counts
}

// New returns a group whose live lane goes on with the number next.
func New[E any](s Settings, next uint64, now time.Time) *Group[E] {
	for _, positive := range [...]*int{&s.MinCheckpoint, &s.MaxCheckpoint, &s.Buffer, &s.ReadBatch} {
		*positive = max(*positive, 1)
	}
	s.Timeout = max(s.Timeout, shortestTimeout)
	s.ReadBatch = min(s.ReadBatch, s.Buffer)
	g := &Group[E]{settings: s, byID: make(map[ID]*message[E])}
	g.live.begin(next, now)
	return g
}

// idle says that nothing is to be read: nobody is there, or enough is in memory.
func (g *Group[E]) idle() bool {
	return len(g.consumers) == 0 ||
		g.settings.Buffer-len(g.pending) < g.settings.ReadBatch ||
		g.settings.Bytes > 0 && g.bytes >= g.settings.Bytes
}

// WantLive says from which number of the live lane on the group wants to read, and
// how many events at most.
func (g *Group[E]) WantLive() (from uint64, limit int, wanted bool) {
	if g.idle() {
		return 0, 0, false
	}
	return g.live.next, g.settings.Buffer - len(g.pending), true
}

// WantReplay is WantLive for the replay lane. Numbers from end on are not wanted.
func (g *Group[E]) WantReplay() (from, end uint64, limit int, wanted bool) {
	if g.replay.next >= g.replayEnd || g.idle() {
		return 0, 0, 0, false
	}
	return g.replay.next, g.replayEnd, g.settings.Buffer - len(g.pending), true
}

// LoadedLive brings what was read from the number from of the live lane on, and the
// number that the next read begins with. An answer to a question that is no longer
// open is dropped.
func (g *Group[E]) LoadedLive(now time.Time, from uint64, events []Event[E], next uint64) {
	g.load(now, &g.live, from, events, next)
}

// LoadedReplay is LoadedLive for the replay lane.
func (g *Group[E]) LoadedReplay(now time.Time, from uint64, events []Event[E], next uint64) {
	g.load(now, &g.replay, from, events, next)
}

func (g *Group[E]) load(now time.Time, l *lane[E], from uint64, events []Event[E], next uint64) {
	if from != l.next || next <= from {
		return
	}
	for i := range events {
		m := &message[E]{Event: events[i], lane: l}
		l.order = append(l.order, m)
		l.alive++
		g.bytes += m.Size
		g.wait(m)
	}
	l.next = next
	g.dispatch(now)
}

// Replay asks for the parked messages from first up to end, exclusive. Those that
// are being replayed already are not replayed twice.
func (g *Group[E]) Replay(now time.Time, first, end uint64) {
	if first > g.replay.next {
		if g.replay.alive == 0 {
			g.replay.begin(first, now)
		} else {
			g.replay.next = first
		}
	}
	g.replayEnd = max(g.replayEnd, end)
}

// Replayed is the number of the replay lane from which on messages are still
// parked and not yet being replayed.
func (g *Group[E]) Replayed() uint64 { return g.replay.next }

// Woken returns the consumers that have something to take since the last time it
// was asked. The slice is good until the next call of any method.
func (g *Group[E]) Woken() []Consumer {
	woken := g.woken
	g.woken = g.woken[:0]
	return woken
}

// Doubles returns how many messages, since the last time it was asked, had to wait
// because another with the same id was in flight.
func (g *Group[E]) Doubles() int {
	n := g.doubles
	g.doubles = 0
	return n
}

// NextTick is when there will be something to do without anything else happening,
// if ever: Tick is to be called then, and Busy may be true.
func (g *Group[E]) NextTick() (time.Time, bool) {
	var next time.Time
	add := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if m := g.inflight.first; m != nil {
		add(m.deadline)
	}
	if len(g.parkings) > 0 && g.parking == 0 {
		add(g.parkFrom)
	}
	if at, ok := g.live.dueAt(g.checkpointRule()); ok {
		add(at)
	}
	if at, ok := g.replay.dueAt(g.truncationRule()); ok {
		add(at)
	}
	return next, !next.IsZero()
}

// Tick lets time pass: messages without an answer are delivered again, or parked.
func (g *Group[E]) Tick(now time.Time) {
	for m := g.inflight.first; m != nil && !m.deadline.After(now); m = g.inflight.first {
		g.release(m)
		g.again(now, m, m.sent)
	}
	g.dispatch(now)
}
