package group

import "time"

const (
	// retryWrites is how long a write that did not succeed waits for its next try.
	retryWrites = time.Second
	// longWay is how many numbers without a message for the group are worth a
	// checkpoint of their own, so that a restart does not walk them again.
	longWay = 1 << 13
)

// lane is the messages of one source in their order, and what is done of them.
type lane[E any] struct {
	next  uint64        // the number that the next read begins with
	order []*message[E] // read, in number order; those that are done linger a while
	alive int           // of order, not done

	resolved int       // done since the last mark was begun
	marked   uint64    // the low mark on disk
	marking  bool      // a mark is being written
	mark     uint64    // that mark
	markedAt time.Time // when the last mark was begun
	notYet   time.Time // no mark is tried before
}

// rule is when a low mark is worth writing.
type rule struct {
	least, most int
	after       time.Duration
}

func (l *lane[E]) begin(next uint64, now time.Time) {
	l.next, l.marked, l.markedAt = next, next, now
}

// low is the number below which all is done.
func (l *lane[E]) low() uint64 {
	if len(l.order) > 0 {
		return l.order[0].Number
	}
	return l.next
}

// finished forgets the messages that are done and not needed to know the low mark.
func (l *lane[E]) finished() {
	l.alive--
	l.resolved++
	for len(l.order) > 0 && l.order[0].done {
		l.order[0] = nil
		l.order = l.order[1:]
	}
	if len(l.order) > 2*l.alive+64 {
		kept := make([]*message[E], 0, l.alive)
		for _, m := range l.order {
			if !m.done {
				kept = append(kept, m)
			}
		}
		l.order = kept
	}
}

// dueAt says when the low mark is due to be written, if it is going to be without
// anything else happening.
func (l *lane[E]) dueAt(r rule) (time.Time, bool) {
	low := l.low()
	if l.marking || low <= l.marked {
		return time.Time{}, false
	}
	var at time.Time
	switch {
	case l.resolved >= r.most:
		at = l.markedAt
	case l.resolved >= r.least, low-l.marked >= longWay:
		at = l.markedAt.Add(r.after)
	default:
		return time.Time{}, false
	}
	if at.Before(l.notYet) {
		at = l.notYet
	}
	return at, true
}

func (l *lane[E]) due(now time.Time, r rule) bool {
	at, ok := l.dueAt(r)
	return ok && !at.After(now)
}

func (l *lane[E]) write(now time.Time) uint64 {
	l.marking, l.mark, l.resolved, l.markedAt = true, l.low(), 0, now
	return l.mark
}

func (l *lane[E]) written(now time.Time, ok bool) {
	l.marking = false
	if ok {
		l.marked = l.mark
		return
	}
	l.resolved++ // what was to be marked is still to be
	l.notYet = now.Add(retryWrites)
}

func (g *Group[E]) checkpointRule() rule {
	return rule{g.settings.MinCheckpoint, g.settings.MaxCheckpoint, g.settings.CheckpointAfter}
}

// truncationRule asks for a mark as soon as all that was replayed is done.
func (g *Group[E]) truncationRule() rule {
	most := g.settings.MaxCheckpoint
	if g.replay.alive == 0 {
		most = 1
	}
	return rule{1, most, g.settings.CheckpointAfter}
}

// Checkpoint returns the low mark of the live lane if it is due to be written. The
// caller then writes it and says so with Checkpointed.
func (g *Group[E]) Checkpoint(now time.Time) (low uint64, due bool) {
	if !g.live.due(now, g.checkpointRule()) {
		return 0, false
	}
	return g.live.write(now), true
}

// Checkpointed says whether the checkpoint has been written.
func (g *Group[E]) Checkpointed(now time.Time, ok bool) { g.live.written(now, ok) }

// LastCheckpoint returns the low mark of the live lane if anything has become done
// that no checkpoint tells of yet. It is for the end of a group; nothing else may
// follow.
func (g *Group[E]) LastCheckpoint(now time.Time) (low uint64, due bool) {
	if g.live.marking || g.live.resolved == 0 || g.live.low() <= g.live.marked {
		return 0, false
	}
	return g.live.write(now), true
}

// Truncation returns the low mark of the replay lane if it is due to be written:
// the parked messages below it are done. The caller then says Truncated.
func (g *Group[E]) Truncation(now time.Time) (low uint64, due bool) {
	if !g.replay.due(now, g.truncationRule()) {
		return 0, false
	}
	return g.replay.write(now), true
}

// Truncated says whether the truncation has been written.
func (g *Group[E]) Truncated(now time.Time, ok bool) { g.replay.written(now, ok) }
