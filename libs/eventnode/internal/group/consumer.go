package group

import (
	"cmp"
	"slices"
	"time"
)

// Consumer names a consumer of a group.
type Consumer uint64

// consumer is one client that is connected.
type consumer[E any] struct {
	id      Consumer
	window  int
	held    int           // messages it has, or that are being parked for it
	outbox  []*message[E] // delivered and not taken yet
	buckets int           // pinned to it
	taken   uint64
}

func (c *consumer[E]) full() bool { return c.held >= c.window }

// Delivery is a message on its way to a consumer.
type Delivery[E any] struct {
	Body    E
	Retries int // deliveries before this one
}

// Join adds a consumer that takes at most window messages without an answer.
func (g *Group[E]) Join(now time.Time, window int) (Consumer, error) {
	if g.settings.MaxConsumers > 0 && len(g.consumers) >= g.settings.MaxConsumers {
		return 0, ErrFull
	}
	g.born++
	c := &consumer[E]{id: g.born, window: max(window, 1)}
	g.consumers = append(g.consumers, c)
	g.room += c.window
	if g.settings.Strategy == Pinned {
		g.pins.join(c, len(g.consumers))
	}
	g.dispatch(now)
	return c.id, nil
}

// Leave removes a consumer. What it has not answered goes to others.
func (g *Group[E]) Leave(now time.Time, id Consumer) {
	i := g.find(id)
	if i < 0 {
		return
	}
	c := g.consumers[i]
	g.consumers = slices.Delete(g.consumers, i, i+1)
	g.room -= c.window - c.held
	if g.turn > i {
		g.turn--
	}
	g.pins.leave(c, g.consumers)
	var left []*message[E]
	for m := g.inflight.first; m != nil; m = m.next {
		if m.consumer == c {
			left = append(left, m)
		}
	}
	// From the highest number on each goes in front of the one before.
	slices.SortFunc(left, func(a, b *message[E]) int { return cmp.Compare(b.Number, a.Number) })
	for _, m := range left {
		g.inflight.remove(m)
		delete(g.byID, m.ID)
		m.consumer = nil
		if m.sent {
			m.retries++
			g.counts.Retried++
		}
		g.wait(m)
	}
	for _, m := range g.parkings {
		if m.consumer == c {
			m.consumer = nil
		}
	}
	g.dispatch(now)
}

func (g *Group[E]) find(id Consumer) int {
	return slices.IndexFunc(g.consumers, func(c *consumer[E]) bool { return c.id == id })
}

// Take returns what a consumer is to be sent, in order.
func (g *Group[E]) Take(id Consumer) []Delivery[E] {
	i := g.find(id)
	if i < 0 || len(g.consumers[i].outbox) == 0 {
		return nil
	}
	c := g.consumers[i]
	out := make([]Delivery[E], len(c.outbox))
	for i, m := range c.outbox {
		m.sent = true
		out[i] = Delivery[E]{Body: m.Body, Retries: m.retries}
		c.outbox[i] = nil
	}
	c.outbox = c.outbox[:0]
	c.taken += uint64(len(out))
	g.counts.Taken += uint64(len(out))
	return out
}

// choose returns the consumer for a message, or nil if it has no room now.
func (g *Group[E]) choose(m *message[E]) *consumer[E] {
	if g.settings.Strategy == Pinned {
		if c := g.pins.of(m.Pin); c != nil && !c.full() {
			return c
		}
		return nil
	}
	for range g.consumers {
		if g.turn >= len(g.consumers) {
			g.turn = 0
		}
		c := g.consumers[g.turn]
		if c.full() {
			g.turn++
			continue
		}
		if g.settings.Strategy == RoundRobin {
			g.turn++
		}
		return c
	}
	return nil
}

// pins says which consumer the messages of a pin belong to. Pins share buckets, and
// a consumer that comes or goes moves as few buckets as possible.
type pins[E any] struct {
	owner []*consumer[E] // by bucket; nil until the first consumer comes
}

const buckets = 1024

func (p *pins[E]) of(pin uint32) *consumer[E] { return p.owner[pin%buckets] }

// join gives a consumer its fair share out of the shares of the others.
func (p *pins[E]) join(c *consumer[E], consumers int) {
	if p.owner == nil {
		p.owner = make([]*consumer[E], buckets)
	}
	share := buckets / consumers
	for b := range p.owner {
		o := p.owner[b]
		if o != nil && (c.buckets >= share || o.buckets <= share) {
			continue
		}
		if o != nil {
			o.buckets--
		}
		p.owner[b] = c
		c.buckets++
	}
}

// leave spreads the buckets of a consumer over the others.
func (p *pins[E]) leave(c *consumer[E], others []*consumer[E]) {
	for b := range p.owner {
		if p.owner[b] != c {
			continue
		}
		p.owner[b] = nil
		if len(others) == 0 {
			continue
		}
		fewest := slices.MinFunc(others, func(a, b *consumer[E]) int { return cmp.Compare(a.buckets, b.buckets) })
		p.owner[b] = fewest
		fewest.buckets++
	}
}
