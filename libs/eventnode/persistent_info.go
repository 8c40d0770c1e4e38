package eventnode

import (
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

// replay lets parked messages be delivered again, up to a revision of the parked
// stream, which is left out.
func (s *subscription) replay(end uint64) error {
	v, err := s.parked()
	if err != nil || !v.found || v.tombstoned {
		return err
	}
	end = min(end, v.last+1)
	s.do(func(g *group.Group[letter], now time.Time) { g.Replay(now, v.first, end) })
	return nil
}

func (s *subscription) parked() (view, error) {
	bound, _ := s.node.store.tail.load()
	return s.source.reader(bound).view(s.entry.parkedStream())
}

// parkedCount is how many messages are parked and not being replayed. The view was
// taken before: what was parked since is not counted.
func parkedCount(v view, replayed uint64) int64 {
	from := max(v.first, replayed)
	if !v.found || v.tombstoned || from > v.last {
		return 0
	}
	return int64(v.last + 1 - from)
}

// lastKnown is the last place that the group could read, or "".
func (s *subscription) lastKnown() (string, error) {
	bound, _ := s.node.store.tail.load()
	if s.entry.onLog() {
		return s.entry.place(int64(bound)), nil
	}
	end, err := s.endOfStream(bound)
	if err != nil || end == 0 {
		return "", err
	}
	return s.entry.place(int64(end) - 1), nil
}

// snapshot is what the state machine says, and who is connected.
type snapshot struct {
	group.Info
	replayed     uint64
	live         bool // all that is to be read has been read
	checkpointed bool
	clients      []clientSnapshot
	now          time.Time
}

type clientSnapshot struct {
	group.ConsumerInfo
	groupClient
	before uint64 // deliveries when it was asked last
}

func (s *subscription) snapshot(measure bool) snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _, wanting := s.core.WantLive()
	snap := snapshot{
		Info: s.core.Info(), replayed: s.core.Replayed(),
		live: wanting && s.reading, checkpointed: s.checkpointed, now: s.node.now(),
	}
	for _, c := range snap.Consumers {
		snap.clients = append(snap.clients, clientSnapshot{ConsumerInfo: c, groupClient: *s.clients[c.ID], before: s.asked[c.ID]})
		if measure {
			s.asked[c.ID] = c.Taken
		}
	}
	return snap
}

// info is the group as the protocol tells it. What is not measured stays 0: the
// live buffer, since everything is read from storage, and the extra statistics.
func (s *subscription) info() (*persistent.SubscriptionInfo, error) {
	v, err := s.parked()
	if err != nil {
		return nil, err
	}
	known, err := s.lastKnown()
	if err != nil {
		return nil, err
	}
	snap, e := s.snapshot(true), &s.entry
	info := &persistent.SubscriptionInfo{
		EventSource: e.Stream, GroupName: e.Group, Status: snap.status(),
		AveragePerSecond:            perSecond(snap.Counts.Taken, snap.now.Sub(s.begun)),
		TotalItems:                  int64(snap.Counts.Taken),
		LastKnownEventPosition:      known,
		ResolveLinkTos:              e.ResolveLinkTos,
		StartFrom:                   e.StartPosition,
		MessageTimeoutMilliseconds:  e.MessageTimeout,
		ExtraStatistics:             e.ExtraStatistics,
		MaxRetryCount:               e.MaxRetryCount,
		LiveBufferSize:              e.LiveBufferSize,
		BufferSize:                  e.HistoryBufferSize,
		ReadBatchSize:               e.ReadBatchSize,
		CheckPointAfterMilliseconds: e.CheckPointAfter,
		MinCheckPointCount:          e.MinCheckPointCount,
		MaxCheckPointCount:          e.MaxCheckPointCount,
		ReadBufferCount:             int32(snap.Fresh),
		RetryBufferCount:            int32(snap.Retries),
		TotalInFlightMessages:       int32(snap.InFlight),
		OutstandingMessagesCount:    int32(snap.InFlight + snap.Parking),
		NamedConsumerStrategy:       e.NamedConsumerStrategy,
		MaxSubscriberCount:          e.MaxSubscriberCount,
		ParkedMessageCount:          parkedCount(v, snap.replayed),
	}
	if snap.checkpointed && snap.Checkpoint > 0 {
		info.LastCheckpointedEventPosition = e.place(int64(snap.Checkpoint) - 1)
	}
	for _, c := range snap.clients {
		since := int64(c.Taken - c.before)
		info.CountSinceLastMeasurement += since
		info.Connections = append(info.Connections, &persistent.SubscriptionInfo_ConnectionInfo{
			From: c.from, Username: c.user, ConnectionName: c.name,
			AverageItemsPerSecond:     perSecond(c.Taken, snap.now.Sub(c.since)),
			TotalItems:                int64(c.Taken),
			CountSinceLastMeasurement: since,
			AvailableSlots:            int32(max(c.Window-c.Held, 0)),
			InFlightMessages:          int32(c.Held),
		})
	}
	return info, nil
}

func (s snapshot) status() string {
	status := "Behind"
	if s.live && s.Fresh == 0 {
		status = "Live"
	}
	if s.Replaying {
		status += ", ReplayingParkedMessages"
	}
	return status
}

func perSecond(count uint64, elapsed time.Duration) int32 {
	if elapsed < time.Second {
		elapsed = time.Second
	}
	return int32(min(float64(count)/elapsed.Seconds(), math.MaxInt32))
}

// groupFigures tells how far the persistent subscriptions are. One whose streams
// cannot be read is left out.
func (n *Node) groupFigures() []groupFigure {
	bound, _ := n.store.tail.load()
	var out []groupFigure
	for _, s := range n.groups.list("") {
		parked, err := s.parked()
		end := bound + 1
		if err == nil && !s.entry.onLog() {
			end, err = s.endOfStream(bound)
		}
		if err != nil {
			continue
		}
		snap := s.snapshot(false)
		out = append(out, groupFigure{
			stream: s.entry.Stream, group: s.entry.Group,
			lag:       max(end, snap.Low) - snap.Low,
			parked:    uint64(parkedCount(parked, snap.replayed)),
			inFlight:  uint64(snap.InFlight + snap.Parking),
			consumers: uint64(len(snap.Consumers)),
		})
	}
	return out
}

// endOfStream is the revision after the last that the group can read.
func (s *subscription) endOfStream(bound uint64) (uint64, error) {
	v, err := s.source.reader(bound).view(s.entry.Stream)
	if err != nil || !v.found || v.tombstoned {
		return 0, err
	}
	return v.last + 1, nil
}
