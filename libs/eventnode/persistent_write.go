package eventnode

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

const (
	// parkedAtOnce is how many messages are parked by one write.
	parkedAtOnce = 256
	// patienceOfGroups is how long a write of a group may wait for the disk. What
	// became of it afterwards is unknown, and it is made again.
	patienceOfGroups = 30 * time.Second
	keptEvents       = 2 // of the configuration and of each checkpoint
)

var errBurnt = errors.New("a stream of the persistent subscription has been tombstoned")

// write writes for the group until there is nothing to write.
func (s *subscription) write() {
	ctx := context.Background() // it belongs to no call
	for {
		s.mu.Lock()
		now := s.node.now()
		var job func() (what string, err error)
		var told func(g *group.Group[letter], now time.Time, ok bool)
		if s.ended {
			s.writing = false
			s.mu.Unlock()
			return
		}
		if parkings := s.core.Parkings(now, parkedAtOnce); len(parkings) > 0 {
			job = func() (string, error) { return "park", s.park(ctx, now, parkings) }
			told = (*group.Group[letter]).Parked
		} else if low, due := s.core.Checkpoint(now); due {
			job = func() (string, error) { return "checkpoint", s.writeCheckpoint(ctx, low) }
			told = func(g *group.Group[letter], now time.Time, ok bool) {
				g.Checkpointed(now, ok)
				s.checkpointed = s.checkpointed || ok
			}
		} else if low, due := s.core.Truncation(now); due {
			job = func() (string, error) { return "truncate", s.node.setMetadata(ctx, s.entry.parkedStream(), "$tb", low) }
			told = (*group.Group[letter]).Truncated
		}
		if job == nil {
			s.writing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		what, err := job()
		if !s.failing {
			s.report(what, err) // a full disk is told of once, though it is tried again
		}
		s.failing = err != nil
		s.do(func(g *group.Group[letter], now time.Time) { told(g, now, err == nil) })
	}
}

// park writes links to messages into the parked stream.
func (s *subscription) park(ctx context.Context, now time.Time, parkings []group.Parking[letter]) error {
	links := make([]record, len(parkings))
	for i, p := range parkings {
		meta, err := json.Marshal(struct {
			Added  time.Time `json:"added"`
			Reason string    `json:"reason"`
			Number uint64    `json:"subscriptionEventNumber"`
		}{now.UTC(), p.Reason, p.Body.original().revision})
		if err != nil {
			return err
		}
		links[i] = record{id: uuid.New(), kind: []byte(typeLink), meta: meta, data: []byte(p.Body.address())}
	}
	_, err := s.node.append(ctx, s.entry.parkedStream(), links)
	return err
}

// writeCheckpoint writes that all below low is done.
func (s *subscription) writeCheckpoint(ctx context.Context, low uint64) error {
	data, err := json.Marshal(s.entry.place(int64(low) - 1))
	if err != nil {
		return err
	}
	stream := s.entry.checkpointStream()
	_, err = s.node.append(ctx, stream, []record{{id: uuid.New(), json: true, kind: []byte(typeCheckpoint), data: data}})
	if err != nil {
		return err
	}
	s.mu.Lock()
	limited := s.limited
	s.limited = true
	s.mu.Unlock()
	if limited {
		return nil
	}
	return s.node.setMetadata(ctx, stream, "$maxCount", keptEvents)
}

// append writes events of the node's own, with or without a client.
func (n *Node) append(ctx context.Context, stream string, events []record) (position uint64, err error) {
	return n.change(ctx, &write{action: actionAppend, stream: stream, events: events, answer: make(chan answer, 1)})
}

// change is a write that belongs to no call: it does not end when one is given up.
func (n *Node) change(ctx context.Context, o *write) (position uint64, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceOfGroups)
	defer cancel()
	a, err := n.write(ctx, o)
	if err != nil {
		return 0, err
	}
	if a.verdict == verdictDeleted {
		return 0, errBurnt
	}
	return a.position, nil
}

// setMetadata sets one number in the metadata of a stream, if it is another.
func (n *Node) setMetadata(ctx context.Context, stream, name string, value uint64) error {
	bound, _ := n.store.tail.load()
	text, err := metadataText(n.store.engine(), stream, bound)
	if err != nil {
		return err
	}
	fields := make(map[string]json.RawMessage)
	if text != nil && json.Unmarshal(text, &fields) != nil || fields == nil {
		fields = make(map[string]json.RawMessage) // it said nothing that a stream obeys
	}
	raw, err := json.Marshal(value)
	if err != nil || string(fields[name]) == string(raw) {
		return err
	}
	fields[name] = raw
	if text, err = json.Marshal(fields); err != nil {
		return err
	}
	_, err = n.append(ctx, metastreamPrefix+stream, []record{{id: uuid.New(), json: true, kind: []byte(typeMetadata), data: text}})
	return err
}

// removeStream deletes a stream of the node's own. One that is not there is as good.
func (n *Node) removeStream(ctx context.Context, stream string) error {
	bound, _ := n.store.tail.load()
	v, err := (&reader{db: n.store.engine(), bound: bound, now: n.now()}).view(stream)
	if err != nil || !v.found || v.tombstoned {
		return err
	}
	_, err = n.change(ctx, &write{action: actionDelete, stream: stream, answer: make(chan answer, 1)})
	return err
}
