package group

// Counts are how often something has happened to a group since it was made.
type Counts struct {
	Taken     uint64 // deliveries handed out
	Done      uint64 // messages done: acknowledged, skipped or parked
	Acked     uint64
	Skipped   uint64
	Parked    uint64 // messages written to the parked stream
	Refused   uint64 // messages that a consumer asked to park
	Exhausted uint64 // messages to be parked because they were retried too often
	Retried   uint64 // further deliveries: nack, timeout or a consumer that left
}

// Info is what a group is doing.
type Info struct {
	Counts     Counts
	Next       uint64 // number of the live lane that is read next
	Low        uint64 // number of the live lane below which all is done
	Checkpoint uint64 // the low mark that was written last, or the number begun with
	Fresh      int    // waiting, never delivered
	Retries    int    // waiting for another delivery
	InFlight   int    // with consumers
	Parking    int    // about to be parked
	Replaying  bool   // parked messages are being replayed
	Consumers  []ConsumerInfo
}

// ConsumerInfo is what a consumer is doing.
type ConsumerInfo struct {
	ID     Consumer
	Window int    // messages it takes without an answer
	Held   int    // messages it has
	Taken  uint64 // deliveries handed to it
}

// Info tells what the group is doing.
func (g *Group[E]) Info() Info {
	info := Info{
		Counts: g.counts, Next: g.live.next, Low: g.live.low(), Checkpoint: g.live.marked,
		InFlight: g.inflight.size, Parking: len(g.parkings),
		Replaying: g.replay.alive > 0 || g.replay.next < g.replayEnd,
	}
	for _, m := range g.pending {
		if m.retries > 0 || m.lane == &g.replay {
			info.Retries++
		} else {
			info.Fresh++
		}
	}
	for _, c := range g.consumers {
		info.Consumers = append(info.Consumers, ConsumerInfo{ID: c.id, Window: c.window, Held: c.held, Taken: c.taken})
	}
	return info
}
