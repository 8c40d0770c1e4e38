package eventnode

import (
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// ticksPerMillisecond are of 100 ns, the unit of older clients.
const ticksPerMillisecond = int64(time.Millisecond / 100)

// groupSettings is what requests that create and that update have in common.
type groupSettings interface {
	GetResolveLinks() bool
	GetExtraStatistics() bool
	GetMaxRetryCount() int32
	GetMinCheckpointCount() int32
	GetMaxCheckpointCount() int32
	GetMaxSubscriberCount() int32
	GetLiveBufferSize() int32
	GetReadBatchSize() int32
	GetHistoryBufferSize() int32
	GetMessageTimeoutMs() int32
	GetMessageTimeoutTicks() int64
	GetCheckpointAfterMs() int32
	GetCheckpointAfterTicks() int64
}

// entryOf fills in what groupSettings say.
func entryOf(stream, group string, s groupSettings) groupEntry {
	return groupEntry{
		Stream: stream, Group: group,
		ResolveLinkTos:     s.GetResolveLinks(),
		ExtraStatistics:    s.GetExtraStatistics(),
		MaxRetryCount:      s.GetMaxRetryCount(),
		MinCheckPointCount: s.GetMinCheckpointCount(),
		MaxCheckPointCount: s.GetMaxCheckpointCount(),
		MaxSubscriberCount: s.GetMaxSubscriberCount(),
		LiveBufferSize:     s.GetLiveBufferSize(),
		ReadBatchSize:      s.GetReadBatchSize(),
		HistoryBufferSize:  s.GetHistoryBufferSize(),
		MessageTimeout:     milliseconds(s.GetMessageTimeoutMs(), s.GetMessageTimeoutTicks()),
		CheckPointAfter:    milliseconds(s.GetCheckpointAfterMs(), s.GetCheckpointAfterTicks()),
	}
}

func milliseconds(ms int32, ticks int64) int32 {
	if ticks == 0 {
		return ms
	}
	return int32(max(math.MinInt32, min(math.MaxInt32, ticks/ticksPerMillisecond)))
}

// groupTarget checks the names of a group.
func groupTarget(id *shared.StreamIdentifier, all bool, name string) (string, error) {
	if name == "" || len(name) > maxGroupName {
		return "", invalid("this is not the name of a persistent subscription")
	}
	// Some clients name the log like a stream.
	if all || string(id.GetStreamName()) == streamAll {
		return streamAll, nil
	}
	stream, err := streamName(id)
	if err == nil && len(stream) > maxStreamName-maxGroupName-len(groupStreamPrefix)-len(metastreamPrefix)-16 {
		err = invalid("the name of the stream is too long for a persistent subscription")
	}
	return stream, err
}

func createdEntry(options *persistent.CreateReq_Options) (groupEntry, error) {
	all := options.GetAll()
	id := options.GetStream().GetStreamIdentifier()
	if id == nil && all == nil {
		id = options.GetStreamIdentifier() //nolint:staticcheck // older clients know only this field
	}
	stream, err := groupTarget(id, all != nil, options.GetGroupName())
	if err != nil {
		return groupEntry{}, err
	}
	settings := options.GetSettings()
	e := entryOf(stream, options.GetGroupName(), settings)
	e.NamedConsumerStrategy = settings.GetConsumerStrategy()
	if e.NamedConsumerStrategy == "" {
		e.NamedConsumerStrategy = settings.GetNamedConsumerStrategy().String() //nolint:staticcheck // the Go client knows only this field
	}
	switch {
	case all != nil:
		err = e.startOnLog(all.GetPosition(), all.GetEnd())
		if err == nil && all.GetFilter() != nil {
			e.Filter, err = filterEntry(all.GetFilter())
		}
	case options.GetStream() != nil:
		err = e.startOnStream(options.GetStream().GetEnd(), options.GetStream().GetRevision())
	default:
		err = e.startOnStream(nil, settings.GetRevision()) //nolint:staticcheck // older clients know only this field
	}
	return e, err
}

func updatedEntry(options *persistent.UpdateReq_Options) (groupEntry, error) {
	all := options.GetAll()
	id := options.GetStream().GetStreamIdentifier()
	if id == nil && all == nil {
		id = options.GetStreamIdentifier() //nolint:staticcheck // older clients know only this field
	}
	stream, err := groupTarget(id, all != nil, options.GetGroupName())
	if err != nil {
		return groupEntry{}, err
	}
	settings := options.GetSettings()
	e := entryOf(stream, options.GetGroupName(), settings)
	e.NamedConsumerStrategy = settings.GetNamedConsumerStrategy().String()
	switch {
	case all != nil:
		err = e.startOnLog(all.GetPosition(), all.GetEnd())
	case options.GetStream() != nil:
		err = e.startOnStream(options.GetStream().GetEnd(), options.GetStream().GetRevision())
	default:
		err = e.startOnStream(nil, settings.GetRevision()) //nolint:staticcheck // older clients know only this field
	}
	return e, err
}

// logPosition is a position in any of the requests.
type logPosition interface {
	GetCommitPosition() uint64
}

func (e *groupEntry) startOnLog(p logPosition, end *shared.Empty) error {
	commit := p.GetCommitPosition()
	switch {
	case end != nil || commit == math.MaxUint64:
		e.StartPosition, e.StartFrom = e.place(-1), -1
	case commit > math.MaxInt64:
		return invalid("the position is too large")
	default:
		e.StartPosition = e.place(int64(commit))
	}
	return nil
}

func (e *groupEntry) startOnStream(end *shared.Empty, revision uint64) error {
	switch {
	case end != nil || revision == math.MaxUint64:
		e.StartFrom = -1
	case revision > math.MaxInt64-1:
		return invalid("the revision is too large")
	default:
		e.StartFrom = int64(revision)
	}
	e.StartPosition = e.place(e.StartFrom)
	return nil
}

func filterEntry(options *persistent.CreateReq_AllOptions_FilterOptions) (*groupFilter, error) {
	expression := options.GetStreamIdentifier()
	f := &groupFilter{}
	if expression == nil {
		expression, f.ByType = options.GetEventType(), true
	}
	if expression == nil {
		return nil, invalid("a filter looks at the stream or at the event type")
	}
	if f.Regex = expression.GetRegex(); f.Regex == "" {
		f.Prefixes = expression.GetPrefix()
		if len(f.Prefixes) == 0 {
			return nil, invalid("a filter has prefixes or a regular expression")
		}
	}
	return f, nil
}
