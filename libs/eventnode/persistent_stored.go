package eventnode

import (
	"encoding/json"
	"fmt"
)

// lastWord is the data of the last event of a stream of the node's own, or nil.
func (n *Node) lastWord(stream, kind string) ([]byte, error) {
	bound, _ := n.store.tail.load()
	r := &reader{db: n.store.engine(), bound: bound, now: n.now()}
	v, err := r.view(stream)
	if err != nil || !v.found || v.tombstoned || v.last < v.first && v.lastAt <= bound {
		return nil, err
	}
	rec, err := lastRecord(r.db, v.id, max(bound, v.lastAt)) // the scavenger may be faster
	if err != nil || rec.stub {
		return nil, err
	}
	if string(rec.kind) != kind {
		return nil, fmt.Errorf("%w: %s ends with a %s", errRecord, stream, rec.kind)
	}
	return rec.data, nil
}

func (n *Node) groupEntries() ([]groupEntry, error) {
	data, err := n.lastWord(groupConfigStream, typeGroupConfig)
	if data == nil || err != nil {
		return nil, err
	}
	c, err := decodeGroupConfig(data)
	return c.Entries, err
}

// checkpointOf returns the number below which all is done.
func (n *Node) checkpointOf(e groupEntry) (low uint64, found bool, err error) {
	data, err := n.lastWord(e.checkpointStream(), typeCheckpoint)
	if data == nil || err != nil {
		return 0, false, err
	}
	var place string
	if err := json.Unmarshal(data, &place); err != nil {
		return 0, false, fmt.Errorf("checkpoint of a persistent subscription: %w", err)
	}
	last, err := e.number(place)
	if err != nil || last < 0 {
		return 0, false, err
	}
	return uint64(last) + 1, true, nil
}

// begin says with which number a new group begins, and keeps what "the end" means
// at this moment.
func (n *Node) begin(e *groupEntry) (uint64, error) {
	first, err := e.number(e.StartPosition)
	if err != nil {
		return 0, err
	}
	bound, _ := n.store.tail.load()
	if e.onLog() && first > 0 && uint64(first) > bound {
		return 0, groupFailed(e.Stream, e.Group, "the position is beyond the end of the log")
	}
	if first >= 0 {
		return uint64(first), nil
	}
	next := bound + 1
	if !e.onLog() {
		v, err := (&reader{db: n.store.engine(), bound: bound, now: n.now()}).view(e.Stream)
		if err != nil {
			return 0, err
		}
		next = 0
		if v.id != 0 && !v.tombstoned {
			next = v.last + 1
		}
	}
	e.StartedAt = &next
	return next, nil
}
