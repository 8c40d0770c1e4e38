// Package bus makes the log a Watermill Pub/Sub: what a service appends to its
// streams are the messages that the others consume. Publisher and Subscriber
// are Watermill's; a topic is one or more stream categories, or a queue that a
// Publisher writes.
//
// Delivery is at least once, in the order of each stream. Every effect of a
// message must therefore be idempotent, by its event id or its position.
package bus

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// Metadata keys that every delivered message has besides its own. They are
// never stored: publishing a received message drops them.
const (
	MetaStream   = metaPrefix + "stream"   // name of the stream the event is in
	MetaRevision = metaPrefix + "revision" // place in that stream, from 0, decimal
	MetaPosition = metaPrefix + "position" // place in the log, decimal
	MetaType     = metaPrefix + "type"     // stored name of the event
	MetaEventID  = metaPrefix + "event_id" // id of the event, a UUID
	MetaCreated  = metaPrefix + "created"  // when the log took it, RFC 3339, UTC
	MetaAttempt  = metaPrefix + "attempt"  // which delivery this is, from 1; counted per subscription since its start

	metaPrefix = "yuanlu_"
)

const (
	metaUUID        = "_watermill_message_uuid" // Watermill's id, which may be any text
	metaRetries     = "_watermill_requeuer_retries"
	metaName        = "name"           // event name, as Watermill's cqrs marshalers write it
	metaCorrelation = "correlation_id" // as Watermill's correlation middleware writes it
	logCorrelation  = "$correlationId" // as the log knows it
)

// ErrClosed is what a closed publisher or subscriber answers.
var ErrClosed = errors.New("the publisher or subscriber is closed")

type recordedKey struct{}

// Recorded is the stored event behind a delivered message. It is false for a
// message that did not come from a Subscriber.
func Recorded(m *message.Message) (eventlog.Recorded, bool) {
	r, ok := m.Context().Value(recordedKey{}).(eventlog.Recorded)
	return r, ok
}

// plain makes a message of an event: its data is the payload, the texts of its
// metadata are the metadata, and its id is the UUID unless a Publisher has kept
// another.
func plain(r eventlog.Recorded) *message.Message {
	metadata := texts(r.Meta)
	id := metadata[metaUUID]
	if id == "" {
		id = r.ID.String()
	}
	delete(metadata, metaUUID)
	m := message.NewMessage(id, r.Data)
	m.Metadata = metadata
	return m
}

// deliverable gives a message what every delivered message has.
func deliverable(ctx context.Context, m *message.Message, r eventlog.Recorded, attempt int) {
	if m.Metadata == nil {
		m.Metadata = message.Metadata{}
	}
	m.Metadata[MetaStream] = r.Stream
	m.Metadata[MetaRevision] = strconv.FormatUint(r.Revision, 10)
	m.Metadata[MetaPosition] = strconv.FormatUint(uint64(r.Position), 10)
	m.Metadata[MetaType] = r.Type
	m.Metadata[MetaEventID] = r.ID.String()
	m.Metadata[MetaCreated] = r.Created.UTC().Format(time.RFC3339Nano)
	m.Metadata[MetaAttempt] = strconv.Itoa(attempt)
	m.SetContext(context.WithValue(ctx, recordedKey{}, r))
}

// texts are the string members of a JSON object; none if it is not one.
func texts(object []byte) message.Metadata {
	metadata := message.Metadata{}
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return metadata
	}
	for name, member := range members {
		var text string
		if len(member) > 0 && member[0] == '"' && json.Unmarshal(member, &text) == nil {
			metadata[name] = text
		}
	}
	return metadata
}

// stored is the metadata of a message as the log keeps it.
func stored(m *message.Message) map[string]string {
	metadata := make(map[string]string, len(m.Metadata)+2)
	for name, text := range m.Metadata {
		if !strings.HasPrefix(name, metaPrefix) {
			metadata[name] = text
		}
	}
	if m.UUID != "" {
		metadata[metaUUID] = m.UUID
	}
	if id := metadata[metaCorrelation]; id != "" && metadata[logCorrelation] == "" {
		metadata[logCorrelation] = id
	}
	return metadata
}
