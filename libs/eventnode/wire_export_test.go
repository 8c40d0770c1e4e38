package eventnode

import (
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
)

// Stored is a record with its fields in the open.
type Stored struct {
	Position, Revision       uint64
	Created                  int64
	ID                       uuid.UUID
	JSON, Stub               bool
	Stream, Kind, Meta, Data []byte
}

func (s Stored) record() record {
	return record{
		position: s.Position, revision: s.Revision, created: s.Created, id: s.ID, json: s.JSON, stub: s.Stub,
		stream: s.Stream, kind: s.Kind, meta: s.Meta, data: s.Data,
	}
}

// Encode is the stored form, and the length that was foretold.
func (s Stored) Encode() (stored []byte, size int) {
	r := s.record()
	return r.encode(nil), r.encodedSize()
}

// Decode reads a stored form.
func Decode(position uint64, stored []byte) (Stored, error) {
	r, err := decodeRecord(position, stored)
	return Stored{
		Position: r.position, Revision: r.revision, Created: r.created, ID: r.id, JSON: r.json, Stub: r.stub,
		Stream: r.stream, Kind: r.kind, Meta: r.meta, Data: r.data,
	}, err
}

// Proto is the event as the protocol's own types say it.
func (s Stored) Proto(textID bool) *streams.ReadResp_ReadEvent_RecordedEvent {
	r := s.record()
	return r.proto(textID)
}

// Answer is the message that delivers an event, which may have been stored, and a
// link, which may be nil.
func Answer(event, link *Stored, throughStore, textID bool) ([]byte, error) {
	of := func(s *Stored) (sent, error) {
		if s == nil {
			return sent{}, nil
		}
		r := s.record()
		if throughStore {
			var err error
			if r, err = decodeRecord(r.position, r.encode(nil)); err != nil {
				return sent{}, err
			}
		}
		return newSent(&r, textID), nil
	}
	e, err := of(event)
	if err != nil {
		return nil, err
	}
	l, err := of(link)
	if err != nil {
		return nil, err
	}
	whole, inner := answerSize(e, l, event.Position)
	buffer := pooled(whole, func(dst []byte) []byte { return appendAnswer(dst, e, l, event.Position, inner) })
	return buffer.ReadOnlyData(), nil
}

// AppendMessage is what the node reads of a message of an append.
type AppendMessage struct {
	Options bool
	Stream  []byte
	Expects string // as in the protocol's trailers; empty if it is missing
	Event   bool
	Is      Stored
	Fault   string // why the event is refused
}

// DecodeAppend reads a message of an append.
func DecodeAppend(message []byte) (AppendMessage, error) {
	var m appendMessage
	if err := m.decode(message); err != nil {
		return AppendMessage{}, err
	}
	out := AppendMessage{Options: m.isOptions, Stream: m.stream, Event: m.isEvent}
	if m.hasExpected {
		out.Expects = m.expected.String()
	}
	out.Is = Stored{ID: m.event.id, JSON: m.event.json, Kind: m.event.kind, Meta: m.event.meta, Data: m.event.data}
	if m.isEvent {
		if err := m.refusal(); err != nil {
			out.Fault = err.Error()
		}
	}
	return out, nil
}

// SuccessFrame is the answer to an append that has happened.
func SuccessFrame(current int64, position uint64) []byte {
	return successFrame(answer{current: current, position: position})
}

// Checkpoint is the message that tells a subscriber how far it is.
func Checkpoint(position uint64) []byte { return checkpoint(position).ReadOnlyData() }

// Keys of a store, for tests that write one by hand.
func Keys(position, stream, revision uint64, name string, id uuid.UUID) (event, ofStream, ofName, ofID, layout []byte) {
	return eventKey(position), streamKey(stream, revision), nameKey(name), idKey(stream, id), layoutKey()
}

// Tail is the tail of a store.
type Tail struct{ *tail }

// NewTail returns a tail at a position.
func NewTail(position uint64) Tail { return Tail{newTail(position)} }

// Watch waits for the events of a stream.
func (t Tail) Watch(stream string) (moved <-chan struct{}, leave func()) {
	w := t.watch(stream)
	return w.moved, w.leave
}

// Any is closed when there is any event more.
func (t Tail) Any() <-chan struct{} {
	_, moved := t.load()
	return moved
}

// Advance moves the tail on.
func (t Tail) Advance(position uint64, streams ...string) { t.advance(position, streams...) }

// Watched is the number of streams that somebody waits for.
func (t Tail) Watched() int { return len(t.streams) }
