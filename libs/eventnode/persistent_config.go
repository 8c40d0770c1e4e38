package eventnode

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

// Names that the protocol's servers use. They are stored, and so for ever.
const (
	groupConfigStream = "$persistentSubscriptionConfig"
	groupStreamPrefix = "$persistentsubscription-"
	typeGroupConfig   = "$PersistentConfig"
	typeCheckpoint    = "$SubscriptionCheckpoint"
	checkpointSuffix  = "-checkpoint"
	parkedSuffix      = "-parked"
)

const (
	strategyRoundRobin    = "RoundRobin"
	strategySingle        = "DispatchToSingle"
	strategyPinned        = "Pinned"
	strategyPinnedByCause = "PinnedByCorrelation"
)

const (
	maxGroups      = 4096
	maxGroupName   = 1000    // bytes
	maxGroupReason = 4096    // bytes of what is kept of why a message was parked
	maxGroupBuffer = 1 << 16 // messages
	maxGroupWindow = 1 << 16 // messages
	maxGroupBytes  = 32 << 20
)

// groupConfig is the data of a $PersistentConfig event: all groups of the node.
type groupConfig struct {
	Version   string       `json:"version"`
	Updated   time.Time    `json:"updated"`
	UpdatedBy string       `json:"updatedBy"`
	Entries   []groupEntry `json:"entries"`
}

// groupEntry is one group as it is stored.
type groupEntry struct {
	Stream                string       `json:"stream"`
	Group                 string       `json:"group"`
	ResolveLinkTos        bool         `json:"resolveLinkTos"`
	ExtraStatistics       bool         `json:"extraStatistics"`
	MessageTimeout        int32        `json:"messageTimeout"` // milliseconds
	StartFrom             int64        `json:"startFrom"`
	StartPosition         string       `json:"startPosition"`
	LiveBufferSize        int32        `json:"liveBufferSize"`
	HistoryBufferSize     int32        `json:"historyBufferSize"`
	MaxRetryCount         int32        `json:"maxRetryCount"`
	ReadBatchSize         int32        `json:"readBatchSize"`
	CheckPointAfter       int32        `json:"checkPointAfter"` // milliseconds
	MinCheckPointCount    int32        `json:"minCheckPointCount"`
	MaxCheckPointCount    int32        `json:"maxCheckPointCount"`
	MaxSubscriberCount    int32        `json:"maxSubscriberCount"`
	NamedConsumerStrategy string       `json:"namedConsumerStrategy"`
	Filter                *groupFilter `json:"filter,omitempty"`
	// StartedAt is where the group began, if StartPosition does not say so: what
	// "from the end" meant when the group was made, or how far it was when it was
	// updated.
	StartedAt *uint64 `json:"startedAt,omitempty"`
}

// groupFilter is the filter of a group on the log.
type groupFilter struct {
	ByType   bool     `json:"byType"`
	Prefixes []string `json:"prefixes,omitempty"`
	Regex    string   `json:"regex,omitempty"`
}

// key is the identity of a group, and the id of its subscriptions.
func (e *groupEntry) key() string { return groupKey(e.Stream, e.Group) }

func groupKey(stream, group string) string { return stream + "::" + group }

func (e *groupEntry) checkpointStream() string { return groupStreamPrefix + e.key() + checkpointSuffix }
func (e *groupEntry) parkedStream() string     { return groupStreamPrefix + e.key() + parkedSuffix }

func (e *groupEntry) onLog() bool { return e.Stream == streamAll }

// validate says what is wrong with the settings, or "".
func (e *groupEntry) validate() string {
	switch {
	case e.HistoryBufferSize < 1 || e.LiveBufferSize < 1 || e.ReadBatchSize < 1:
		return "buffer sizes and the read batch size are positive"
	case e.HistoryBufferSize > maxGroupBuffer || e.LiveBufferSize > maxGroupBuffer:
		return "buffer sizes are at most " + strconv.Itoa(maxGroupBuffer)
	case e.ReadBatchSize >= e.HistoryBufferSize:
		return "the read batch size is less than the history buffer size"
	case e.MaxRetryCount < 0 || e.MessageTimeout < 0 || e.CheckPointAfter < 0 || e.MaxSubscriberCount < 0:
		return "counts and times are not negative"
	case e.MinCheckPointCount < 0 || e.MaxCheckPointCount < 0:
		return "checkpoint counts are not negative"
	case e.MinCheckPointCount > e.MaxCheckPointCount:
		return "the least checkpoint count is at most the most"
	}
	switch e.NamedConsumerStrategy {
	case strategyRoundRobin, strategySingle, strategyPinned, strategyPinnedByCause:
		return ""
	default:
		return "there is no such consumer strategy"
	}
}

func (e *groupEntry) settings() group.Settings {
	s := group.Settings{
		MaxRetries:      int(e.MaxRetryCount),
		Timeout:         time.Duration(e.MessageTimeout) * time.Millisecond,
		MinCheckpoint:   int(e.MinCheckPointCount),
		MaxCheckpoint:   int(e.MaxCheckPointCount),
		CheckpointAfter: time.Duration(e.CheckPointAfter) * time.Millisecond,
		Buffer:          int(e.HistoryBufferSize),
		ReadBatch:       int(e.ReadBatchSize),
		MaxConsumers:    int(e.MaxSubscriberCount),
		Bytes:           maxGroupBytes,
	}
	switch e.NamedConsumerStrategy {
	case strategySingle:
		s.Strategy = group.DispatchToSingle
	case strategyPinned, strategyPinnedByCause:
		s.Strategy = group.Pinned
	}
	return s
}

// source makes what the group reads.
func (e *groupEntry) source(n *Node) (*source, error) {
	s := &source{
		node: n, stream: e.Stream, resolve: e.ResolveLinkTos,
		byCause: e.NamedConsumerStrategy == strategyPinnedByCause,
	}
	if !e.onLog() {
		return s, nil
	}
	if e.Filter == nil {
		s.hidden = []string{groupStreamPrefix + streamAll + "::"}
		return s, nil
	}
	s.hidden = []string{e.checkpointStream(), e.parkedStream()}
	s.filter = filter{active: true, byType: e.Filter.ByType}
	for _, prefix := range e.Filter.Prefixes {
		s.filter.prefixes = append(s.filter.prefixes, []byte(prefix))
	}
	if e.Filter.Regex != "" {
		regex, err := regexp.Compile(e.Filter.Regex)
		if err != nil {
			return nil, invalid("the regular expression is not RE2: " + err.Error())
		}
		s.filter.regex = regex
	}
	return s, nil
}

// place is where a group begins, or how far it is, as the protocol writes it: a
// revision, or a position of the log. -1 is the end.
func (e *groupEntry) place(number int64) string {
	text := strconv.FormatInt(number, 10)
	if e.onLog() {
		return "C:" + text + "/P:" + text
	}
	return text
}

// number reads a place.
func (e *groupEntry) number(place string) (int64, error) {
	text := place
	if e.onLog() {
		commit, _, ok := strings.Cut(strings.TrimPrefix(place, "C:"), "/P:")
		if !ok {
			return 0, fmt.Errorf("%w: %q is not a position", errRecord, place)
		}
		text = commit
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is not a place", errRecord, place)
	}
	return number, nil
}

// first is the number that the group begins with if it has no checkpoint.
func (e *groupEntry) first() (uint64, error) {
	if e.StartedAt != nil {
		return *e.StartedAt, nil
	}
	number, err := e.number(e.StartPosition)
	return uint64(max(number, 0)), err
}

func byNames(a, b groupEntry) int {
	return cmp.Or(strings.Compare(a.Stream, b.Stream), strings.Compare(a.Group, b.Group))
}

// decodeGroupConfig reads a $PersistentConfig event.
func decodeGroupConfig(data []byte) (groupConfig, error) {
	var c groupConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return groupConfig{}, fmt.Errorf("configuration of persistent subscriptions: %w", err)
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		if why := e.validate(); why != "" {
			return groupConfig{}, fmt.Errorf("%w: configuration of persistent subscriptions: %s", errRecord, why)
		}
	}
	return c, nil
}
