package eventnode

// Seen is which revisions of a stream a reader sees that knows the log up to a
// position.
func (n *Node) Seen(stream string, bound uint64) (first, last uint64, err error) {
	v, err := (&reader{db: n.store.engine(), bound: bound, now: n.now(), floors: n.floors}).view(stream)
	return v.first, v.last, err
}

// Spans are the parts of the log that are to be cleaned after events have been
// removed from it while it grew: pairs of the position of a removed event and of
// the last event.
func Spans(removed [][2]uint64) (spans [][2]uint64, kept bool) {
	var c cleaning
	for _, r := range removed {
		c.cover(r[1])
		c.touch(r[0])
	}
	parts, err := c.spans(func(span) (bool, error) { return false, nil })
	for _, s := range parts {
		spans = append(spans, [2]uint64{s.first, s.last})
	}
	return spans, err == nil && len(c.encode()) == cleaningBytes
}
