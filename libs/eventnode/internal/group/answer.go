package group

import (
	"strconv"
	"time"
)

// Action is what is to become of a message that a consumer could not handle.
type Action int

// The actions.
const (
	Retry Action = iota // deliver it again, at once, or park it if it was retried often enough
	Park                // set it aside
	Skip                // it is done
)

// reasonRefused comes before what the consumer says.
const reasonRefused = "Client explicitly NAK'ed message.\n"

func reasonExhausted(retries int) string {
	return "Reached Max Retry Count of " + strconv.Itoa(retries)
}

// Ack says that a consumer is done with messages. One that the consumer does not
// have, since it came too late or belongs to another, is left alone.
func (g *Group[E]) Ack(now time.Time, id Consumer, ids ...ID) {
	for _, event := range ids {
		if m := g.held(id, event); m != nil {
			g.release(m)
			g.finish(m)
			g.counts.Acked++
		}
	}
	g.dispatch(now)
}

// Nack says that a consumer could not handle messages.
func (g *Group[E]) Nack(now time.Time, id Consumer, action Action, reason string, ids ...ID) {
	for _, event := range ids {
		m := g.held(id, event)
		if m == nil {
			continue
		}
		switch action {
		case Retry:
			c := m.consumer
			g.release(m)
			g.again(now, m, true)
			g.keepPlace(m, c)
		case Park:
			c := m.consumer
			g.release(m)
			g.counts.Refused++
			g.park(now, m, reasonRefused+reason)
			g.keepPlace(m, c)
		case Skip:
			g.release(m)
			g.finish(m)
			g.counts.Skipped++
		}
	}
	g.dispatch(now)
}

// held is the message of an id, if that consumer has been handed it.
func (g *Group[E]) held(id Consumer, event ID) *message[E] {
	m := g.byID[event]
	if m == nil || !m.sent || m.consumer == nil || m.consumer.id != id {
		return nil
	}
	return m
}

// keepPlace lets a message that is to be parked keep its place at its consumer
// until it is parked, so that a slow disk slows the consumer down.
func (g *Group[E]) keepPlace(m *message[E], c *consumer[E]) {
	if n := len(g.parkings); n == 0 || g.parkings[n-1] != m {
		return
	}
	m.consumer = c
	c.held++
	g.room--
}

// Parking is a message that is to be parked.
type Parking[E any] struct {
	Body   E
	Reason string
}

func (g *Group[E]) park(now time.Time, m *message[E], reason string) {
	m.reason = reason
	if len(g.parkings) == 0 {
		g.parkFrom = now
	}
	g.parkings = append(g.parkings, m)
}

// Parkings returns messages that are to be parked, at most limit. The caller then
// writes them, as a whole or not at all, and says so with Parked. Until then they
// are not done.
func (g *Group[E]) Parkings(now time.Time, limit int) []Parking[E] {
	if g.parking > 0 || now.Before(g.parkFrom) {
		return nil
	}
	g.parking = min(limit, len(g.parkings))
	out := make([]Parking[E], g.parking)
	for i, m := range g.parkings[:g.parking] {
		out[i] = Parking[E]{Body: m.Body, Reason: m.reason}
	}
	return out
}

// Parked says whether the last Parkings have been written. If not, they will be
// tried again.
func (g *Group[E]) Parked(now time.Time, ok bool) {
	n := g.parking
	g.parking = 0
	if !ok {
		g.parkFrom = now.Add(retryWrites)
		return
	}
	for i, m := range g.parkings[:n] {
		m.sent = true // not in any outbox
		g.vacate(m)
		g.finish(m)
		g.counts.Parked++
		g.parkings[i] = nil
	}
	g.parkings = g.parkings[n:]
	g.dispatch(now)
}

// Busy says that there is something to write at this time.
func (g *Group[E]) Busy(now time.Time) bool {
	return len(g.parkings) > 0 && g.parking == 0 && !now.Before(g.parkFrom) ||
		g.live.due(now, g.checkpointRule()) ||
		g.replay.due(now, g.truncationRule())
}
