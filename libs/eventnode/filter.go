package eventnode

import (
	"bytes"
	"regexp"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// defaultWindow is the search window of a filter that names none, in events.
const defaultWindow = 32

// filter picks events of $all by stream name or event type. Its zero value picks
// all.
type filter struct {
	active   bool
	byType   bool
	prefixes [][]byte
	regex    *regexp.Regexp
	interval uint64 // events considered between two checkpoints of a subscription
}

func newFilter(options *streams.ReadReq_Options_FilterOptions) (filter, error) {
	var (
		f          = filter{active: true}
		expression *streams.ReadReq_Options_FilterOptions_Expression
		window     = uint64(defaultWindow)
	)
	switch e := options.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expression = e.StreamIdentifier
	case *streams.ReadReq_Options_FilterOptions_EventType:
		expression, f.byType = e.EventType, true
	default:
		return filter{}, invalid("a filter looks at the stream or at the event type")
	}
	if w, ok := options.GetWindow().(*streams.ReadReq_Options_FilterOptions_Max); ok {
		window = uint64(w.Max)
	}
	f.interval = window * uint64(options.GetCheckpointIntervalMultiplier())
	if text := expression.GetRegex(); text != "" {
		regex, err := regexp.Compile(text)
		if err != nil {
			return filter{}, invalid("the regular expression is not RE2: " + err.Error())
		}
		f.regex = regex
		return f, nil
	}
	for _, prefix := range expression.GetPrefix() {
		f.prefixes = append(f.prefixes, []byte(prefix))
	}
	if len(f.prefixes) == 0 {
		return filter{}, invalid("a filter has prefixes or a regular expression")
	}
	return f, nil
}

func (f *filter) picks(r *record) bool {
	if !f.active {
		return true
	}
	text := r.stream
	if f.byType {
		text = r.kind
	}
	if f.regex != nil {
		return f.regex.Match(text)
	}
	for _, prefix := range f.prefixes {
		if bytes.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
