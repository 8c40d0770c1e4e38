package group

import (
	"cmp"
	"slices"
	"time"
)

// message is an event in memory, from its reading until it is done.
type message[E any] struct {
	Event[E]
	lane     *lane[E]
	done     bool
	held     bool // has waited for another with its id
	sent     bool // was taken, so its consumer may have seen it
	retries  int
	reason   string // why it is to be parked
	consumer *consumer[E]
	deadline time.Time
	prev     *message[E]
	next     *message[E]
}

// timeline is the messages in flight in the order of their delivery, which is also
// that of their deadlines.
type timeline[E any] struct {
	first, last *message[E]
	size        int
}

func (t *timeline[E]) add(m *message[E]) {
	m.prev, m.next = t.last, nil
	if t.last == nil {
		t.first = m
	} else {
		t.last.next = m
	}
	t.last = m
	t.size++
}

func (t *timeline[E]) remove(m *message[E]) {
	if m.prev == nil {
		t.first = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		t.last = m.prev
	} else {
		m.next.prev = m.prev
	}
	m.prev, m.next = nil, nil
	t.size--
}

// wait puts a message among those that wait: what was parked goes before what is
// live, and otherwise number order rules, so that retries come first.
func (g *Group[E]) wait(m *message[E]) {
	before := func(a, b *message[E]) int {
		if a.lane != b.lane {
			if a.lane == &g.replay {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Number, b.Number)
	}
	if n := len(g.pending); n == 0 || before(g.pending[n-1], m) < 0 {
		g.pending = append(g.pending, m)
		return
	}
	at, _ := slices.BinarySearchFunc(g.pending, m, before)
	g.pending = slices.Insert(g.pending, at, m)
}

// dispatch gives waiting messages to consumers with room. A message whose id is in
// flight waits for the other's answer: an answer names an id.
func (g *Group[E]) dispatch(now time.Time) {
	for i := 0; i < len(g.pending) && g.room > 0; {
		m := g.pending[i]
		if _, double := g.byID[m.ID]; double {
			if !m.held {
				m.held = true
				g.doubles++
			}
			i++
			continue
		}
		c := g.choose(m)
		if c == nil {
			i++
			continue
		}
		if i == 0 {
			g.pending[0] = nil
			g.pending = g.pending[1:]
		} else {
			g.pending = slices.Delete(g.pending, i, i+1)
		}
		g.deliver(now, c, m)
	}
}

func (g *Group[E]) deliver(now time.Time, c *consumer[E], m *message[E]) {
	if len(c.outbox) == 0 {
		g.woken = append(g.woken, c.id)
	}
	c.outbox = append(c.outbox, m)
	c.held++
	g.room--
	m.consumer, m.sent = c, false
	m.deadline = now.Add(g.settings.Timeout)
	g.inflight.add(m)
	g.byID[m.ID] = m
}

// release takes a message out of flight; its consumer has room for another.
func (g *Group[E]) release(m *message[E]) {
	g.inflight.remove(m)
	delete(g.byID, m.ID)
	g.vacate(m)
}

// vacate frees the place that a message has at its consumer.
func (g *Group[E]) vacate(m *message[E]) {
	c := m.consumer
	if c == nil {
		return
	}
	m.consumer = nil
	c.held--
	g.room++
	if !m.sent {
		if i := slices.Index(c.outbox, m); i >= 0 {
			c.outbox = slices.Delete(c.outbox, i, i+1)
		}
	}
}

// again lets a message wait for another delivery, or parks it if it has had all of
// its retries. A delivery that its consumer cannot have seen does not count.
func (g *Group[E]) again(now time.Time, m *message[E], counts bool) {
	switch {
	case !counts:
		g.wait(m)
	case m.retries >= g.settings.MaxRetries:
		g.counts.Exhausted++
		g.park(now, m, reasonExhausted(g.settings.MaxRetries))
	default:
		m.retries++
		g.counts.Retried++
		g.wait(m)
	}
}

// finish is the end of a message.
func (g *Group[E]) finish(m *message[E]) {
	m.done = true
	g.bytes -= m.Size
	var none E
	m.Body = none // the lane may remember the number for a while
	m.lane.finished()
	g.counts.Done++
}
