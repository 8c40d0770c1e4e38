package eventlog

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Group names competing consumers of which the node keeps account: each event
// goes to one of them. It is kept by the stream and the name; on a part of the
// log, by the name alone.
type Group struct {
	Name string
	// Stream is what the group shares; empty for a part of the log.
	Stream string
	// Prefixes select the part of the log, by the beginning of the names of its
	// streams; none select all streams whose name does not start with "$". They
	// are given to the node when the group is created and never again.
	Prefixes []string
}

// Strategy is how a group's events are given out to its consumers.
type Strategy string

// The strategies of a node.
const (
	RoundRobin       Strategy = "RoundRobin"       // to all in turn
	DispatchToSingle Strategy = "DispatchToSingle" // to one, until its window is full
	Pinned           Strategy = "Pinned"           // those of one stream to the same, as far as possible
)

// GroupSettings say how the node gives a group's events out. What is zero has
// the default named; every setting is sent to the node explicitly.
type GroupSettings struct {
	// FromEnd begins with what is appended after the group was created; by
	// default it begins with the first event that there is.
	FromEnd  bool
	Strategy Strategy // RoundRobin
	// MessageTimeout is how long a consumer has for an event before another
	// gets it; default 30 seconds.
	MessageTimeout time.Duration
	// MaxRetries is after how many timeouts and refusals the node parks an
	// event by itself; default 10.
	MaxRetries int
	// MaxConsumers bounds the consumers at a time; 0 for no bound.
	MaxConsumers int
	// CheckpointAfter, MinCheckpoint and MaxCheckpoint are when the node notes
	// how far the group is: after so long, default 2 seconds, if so many events
	// have been answered, default 10, or at once after so many, default 1000.
	CheckpointAfter              time.Duration
	MinCheckpoint, MaxCheckpoint int
	// LiveBuffer, HistoryBuffer and ReadBatch are how many events the node
	// holds in memory: new ones, default 500; old ones, default 500; and at
	// most how many it reads at a time, default 20.
	LiveBuffer, HistoryBuffer, ReadBatch int
	// ResolveLinks delivers the event that a link points to instead of the link.
	ResolveLinks bool
}

// GroupInfo is what the node tells about a group.
type GroupInfo struct {
	Group              // without its prefixes, which the node does not tell
	Status      string // in the node's words, such as "Live"
	Consumers   int
	InFlight    int64 // given out and not answered
	Retrying    int64 // waiting to be given out again
	Parked      int64 // set aside as not to be processed
	Outstanding int64 // all that is not answered

	// Lag is how far the group's checkpoint is behind the last event known to
	// it: in events for a stream, in positions for a part of the log.
	Lag      uint64
	Settings GroupSettings // FromEnd is not told
}

// CreateGroup creates a group. ErrExists says that there is one already, with
// whatever settings it has.
func (l *Log) CreateGroup(ctx context.Context, g Group, settings GroupSettings) error {
	return l.manage(ctx, "create", g, func(ctx context.Context, client *esdb.Client) error {
		if g.Stream != "" {
			return client.CreatePersistentSubscription(ctx, g.Stream, g.Name, settings.ofStream())
		}
		options := settings.ofAll()
		options.Filter, options.MaxSearchWindow = filter(g.Prefixes), searchWindow
		return client.CreatePersistentSubscriptionToAll(ctx, g.Name, options)
	})
}

// UpdateGroup changes the settings of a group and disconnects its consumers,
// who come back by themselves. The node goes on from the group's checkpoint, or
// from the start if it has none: the client cannot say "from the end" here.
func (l *Log) UpdateGroup(ctx context.Context, g Group, settings GroupSettings) error {
	settings.FromEnd = false
	return l.manage(ctx, "update", g, func(ctx context.Context, client *esdb.Client) error {
		if g.Stream != "" {
			return client.UpdatePersistentSubscription(ctx, g.Stream, g.Name, settings.ofStream())
		}
		return client.UpdatePersistentSubscriptionToAll(ctx, g.Name, settings.ofAll())
	})
}

// DeleteGroup forgets a group, its checkpoint and what it has parked.
// ErrNotFound says that there is none.
func (l *Log) DeleteGroup(ctx context.Context, g Group) error {
	return l.manage(ctx, "delete", g, func(ctx context.Context, client *esdb.Client) error {
		if g.Stream != "" {
			return client.DeletePersistentSubscription(ctx, g.Stream, g.Name, esdb.DeletePersistentSubscriptionOptions{})
		}
		return client.DeletePersistentSubscriptionToAll(ctx, g.Name, esdb.DeletePersistentSubscriptionOptions{})
	})
}

// ReplayParked gives the group's parked events out again, all of them or, above
// zero, those before the given number in the stream of parked events.
func (l *Log) ReplayParked(ctx context.Context, g Group, stopAt int) error {
	options := esdb.ReplayParkedMessagesOptions{StopAt: stopAt}
	return l.manage(ctx, "replay the parked events of", g, func(ctx context.Context, client *esdb.Client) error {
		if g.Stream != "" {
			return client.ReplayParkedMessages(ctx, g.Stream, g.Name, options)
		}
		return client.ReplayParkedMessagesToAll(ctx, g.Name, options)
	})
}

// manage makes a call that has no answer.
func (l *Log) manage(ctx context.Context, what string, g Group, do func(context.Context, *esdb.Client) error) error {
	_, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (struct{}, error) {
		return struct{}{}, do(ctx, client)
	})
	if err != nil {
		return fmt.Errorf("%s group %q: %w", what, g.Name, err)
	}
	return nil
}

// InfoOfGroup tells how a group is doing. ErrNotFound says that there is none.
func (l *Log) InfoOfGroup(ctx context.Context, g Group) (GroupInfo, error) {
	info, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) (*esdb.PersistentSubscriptionInfo, error) {
		options := esdb.GetPersistentSubscriptionOptions{}
		if g.Stream != "" {
			return client.GetPersistentSubscriptionInfo(ctx, g.Stream, g.Name, options)
		}
		return client.GetPersistentSubscriptionInfoToAll(ctx, g.Name, options)
	})
	if err != nil {
		return GroupInfo{}, fmt.Errorf("ask about group %q: %w", g.Name, err)
	}
	told := groupInfo(info)
	told.Prefixes = g.Prefixes
	return told, nil
}

// Groups tells how all groups of the node are doing.
func (l *Log) Groups(ctx context.Context) ([]GroupInfo, error) {
	infos, err := retry(ctx, l.calls, func(ctx context.Context, client *esdb.Client) ([]esdb.PersistentSubscriptionInfo, error) {
		return client.ListAllPersistentSubscriptions(ctx, esdb.ListPersistentSubscriptionsOptions{})
	})
	if err != nil {
		return nil, fmt.Errorf("list the groups: %w", err)
	}
	groups := make([]GroupInfo, len(infos))
	for i := range infos {
		groups[i] = groupInfo(&infos[i])
	}
	return groups, nil
}

// groupInfo puts what the client has been told into our words.
func groupInfo(info *esdb.PersistentSubscriptionInfo) GroupInfo {
	told := GroupInfo{
		Group:     Group{Name: info.GroupName, Stream: info.EventSource},
		Status:    info.Status,
		Consumers: len(info.Connections),
	}
	if s := info.Stats; s != nil {
		told.InFlight, told.Retrying = s.TotalInFlightMessages, s.RetryBufferCount
		told.Parked, told.Outstanding = s.ParkedMessagesCount, s.OutstandingMessagesCount
		told.Lag = lag(s)
	}
	if told.Stream == "$all" {
		told.Stream = ""
	}
	if s := info.Settings; s != nil {
		told.Settings = GroupSettings{
			Strategy:        Strategy(s.ConsumerStrategyName),
			MessageTimeout:  time.Duration(s.MessageTimeout) * time.Millisecond,
			MaxRetries:      int(s.MaxRetryCount),
			MaxConsumers:    int(s.MaxSubscriberCount),
			CheckpointAfter: time.Duration(s.CheckpointAfter) * time.Millisecond,
			MinCheckpoint:   int(s.CheckpointLowerBound), MaxCheckpoint: int(s.CheckpointUpperBound),
			LiveBuffer: int(s.LiveBufferSize), HistoryBuffer: int(s.HistoryBufferSize), ReadBatch: int(s.ReadBatchSize),
			ResolveLinks: s.ResolveLinkTos,
		}
	}
	return told
}

// lag is how far the checkpoint is behind what is known. Without a checkpoint
// all that is known is still to do.
func lag(s *esdb.PersistentSubscriptionStats) uint64 {
	var known, done uint64
	switch {
	case s.LastKnownEventRevision != nil:
		known = *s.LastKnownEventRevision + 1
		if s.LastCheckpointedEventRevision != nil {
			done = *s.LastCheckpointedEventRevision + 1
		}
	case s.LastKnownPosition != nil:
		known = s.LastKnownPosition.Commit
		if s.LastCheckpointedPosition != nil {
			done = s.LastCheckpointedPosition.Commit
		}
	}
	return known - min(done, known)
}

// ofStream are the settings of a group on a stream in the client's words.
func (s GroupSettings) ofStream() esdb.PersistentStreamSubscriptionOptions {
	settings := s.settings()
	options := esdb.PersistentStreamSubscriptionOptions{Settings: &settings, StartFrom: esdb.Start{}}
	if s.FromEnd {
		options.StartFrom = esdb.End{}
	}
	return options
}

// ofAll are the settings of a group on a part of the log.
func (s GroupSettings) ofAll() esdb.PersistentAllSubscriptionOptions {
	settings := s.settings()
	options := esdb.PersistentAllSubscriptionOptions{Settings: &settings, StartFrom: esdb.Start{}}
	if s.FromEnd {
		options.StartFrom = esdb.End{}
	}
	return options
}

func (s GroupSettings) settings() esdb.PersistentSubscriptionSettings {
	strategy := esdb.ConsumerStrategyRoundRobin
	switch s.Strategy { // the client panics on any other
	case DispatchToSingle:
		strategy = esdb.ConsumerStrategyDispatchToSingle
	case Pinned:
		strategy = esdb.ConsumerStrategyPinned
	case RoundRobin:
	}
	return esdb.PersistentSubscriptionSettings{
		ResolveLinkTos:       s.ResolveLinks,
		MaxRetryCount:        number(s.MaxRetries, 10),
		CheckpointLowerBound: number(s.MinCheckpoint, 10),
		CheckpointUpperBound: number(s.MaxCheckpoint, 1000),
		MaxSubscriberCount:   number(s.MaxConsumers, esdb.SubscriberCountUnlimited),
		LiveBufferSize:       number(s.LiveBuffer, 500),
		ReadBatchSize:        number(s.ReadBatch, 20),
		HistoryBufferSize:    number(s.HistoryBuffer, 500),
		ConsumerStrategyName: strategy,
		MessageTimeout:       milliseconds(s.MessageTimeout, 30*time.Second),
		CheckpointAfter:      milliseconds(s.CheckpointAfter, 2*time.Second),
	}
}

// number is n as the node takes it, or else the default.
func number(n int, otherwise int32) int32 {
	if n <= 0 {
		return otherwise
	}
	return int32(min(n, math.MaxInt32))
}

func milliseconds(d, otherwise time.Duration) int32 {
	if d <= 0 {
		d = otherwise
	}
	return number(int(max(d.Milliseconds(), 1)), 1)
}
