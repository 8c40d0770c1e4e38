package eventnode

import (
	"encoding/json"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const metastreamPrefix = "$$"

func isMetastream(name string) bool { return strings.HasPrefix(name, metastreamPrefix) }

// streamMetadata is what a stream's metadata says about which of its events are
// to be seen. Access rights in it are stored and handed out, but not enforced.
type streamMetadata struct {
	exists         bool          // the metastream has been written
	maxCount       uint64        // 0: no limit
	maxAge         time.Duration // 0: no limit
	truncateBefore uint64
}

// deleted says that the stream was deleted, though not for good.
func (m streamMetadata) deleted() bool { return m.truncateBefore == tombstoneRevision }

// firstVisible is the first revision that may still be read.
func (m streamMetadata) firstVisible(last uint64) uint64 {
	first := m.truncateBefore
	if m.maxCount > 0 && last+1 > m.maxCount {
		first = max(first, last+1-m.maxCount)
	}
	return first
}

// parseMetadata reads the text of a $metadata event. A text with a wrong value is
// ignored as a whole, as a real server does: nothing is hidden by mistake.
func parseMetadata(text []byte) streamMetadata {
	none := streamMetadata{exists: true}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return none
	}
	m := none
	if raw, ok := fields["$maxCount"]; ok {
		if m.maxCount, ok = wholeNumber(raw); !ok || m.maxCount == 0 {
			return none
		}
	}
	if raw, ok := fields["$maxAge"]; ok {
		seconds, ok := wholeNumber(raw)
		if !ok || seconds == 0 {
			return none
		}
		m.maxAge = math.MaxInt64
		if seconds < uint64(math.MaxInt64/time.Second) {
			m.maxAge = time.Duration(seconds) * time.Second
		}
	}
	if raw, ok := fields["$tb"]; ok {
		if m.truncateBefore, ok = wholeNumber(raw); !ok {
			return none
		}
	}
	return m
}

func wholeNumber(raw json.RawMessage) (uint64, bool) {
	var value int64
	if json.Unmarshal(raw, &value) != nil || value < 0 {
		return 0, false
	}
	return uint64(value), true
}

// withTruncation is the metadata text with another $tb and all else kept.
func withTruncation(text []byte, truncateBefore uint64) ([]byte, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return nil, false
	}
	fields = maps.Clone(fields)
	if fields == nil {
		fields = make(map[string]json.RawMessage, 1)
	}
	raw, err := json.Marshal(truncateBefore)
	if err != nil {
		return nil, false
	}
	fields["$tb"] = raw
	out, err := json.Marshal(fields)
	return out, err == nil
}

// deletedMetadata is the whole metadata of a deleted stream. What it said before
// is gone, as on a real server.
func deletedMetadata() []byte { return []byte(`{"$tb":9223372036854775807}`) }

// metadataText returns the last $metadata of a stream, or nil.
func metadataText(r pebble.Reader, name string, bound uint64) ([]byte, error) {
	id, err := findStream(r, metastreamPrefix+name, bound)
	if id == 0 || err != nil {
		return nil, err
	}
	rec, err := lastRecord(r, id, bound)
	if err != nil {
		return nil, err
	}
	if rec.data == nil {
		rec.data = []byte{}
	}
	return rec.data, nil
}

// loadMetadata returns what the metadata of a stream says. Metastreams have none.
func loadMetadata(r pebble.Reader, name string, bound uint64) (streamMetadata, error) {
	if isMetastream(name) {
		return streamMetadata{}, nil
	}
	text, err := metadataText(r, name, bound)
	if text == nil || err != nil {
		return streamMetadata{}, err
	}
	return parseMetadata(text), nil
}
