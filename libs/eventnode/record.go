package eventnode

import (
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
)

// eventID is the id that the writer of an event gave it.
type eventID = uuid.UUID

// Event types with a meaning to the store.
const (
	typeMetadata  = "$metadata"
	typeTombstone = "$streamDeleted"
	typeLink      = "$>"
)

const (
	contentJSON   = "application/json"
	contentBinary = "application/octet-stream"
)

// Versions of the stored form. Both are read for ever, the second is written.
//
//	1  head, then stream, type and metadata with their lengths before them, data
//	2  head, four lengths, then the event as it is sent (wire.go)
const (
	recordV1 = 1
	recordV2 = 2
)

const (
	flagJSON = 1
	// flagScavenged marks what is left of a removed event that was the last of its
	// stream: its place, without type, metadata and data. No reader sees it.
	flagScavenged = 2
)

const (
	headBytes   = 2 + 8 + 8 + 16 // version, flags, revision, time of creation, id
	headBytesV2 = headBytes + 4*4
)

var errRecord = errors.New("the record is damaged")

// record is one stored event. Its byte fields may share memory with the buffer
// that it was decoded from.
type record struct {
	position uint64
	revision uint64
	created  int64 // ticks of 100 ns since 1970, UTC
	id       eventID
	json     bool
	stub     bool // scavenged: only the place is left
	stream   []byte
	kind     []byte
	meta     []byte
	data     []byte
	wire     []byte // the event as it is sent, if it was stored so
}

// encodedSize is the length of the stored form in bytes.
func (r *record) encodedSize() int { return headBytesV2 + r.wireSize(false) }

// encode appends the stored form of r to dst. Fixed fields come first, so that a
// filter reads few bytes; the rest is what a read sends, so that it only copies.
func (r *record) encode(dst []byte) []byte {
	var flags byte
	if r.json {
		flags |= flagJSON
	}
	if r.stub {
		flags |= flagScavenged
	}
	dst = append(dst, recordV2, flags)
	dst = binary.BigEndian.AppendUint64(dst, r.revision)
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.created))
	dst = append(dst, r.id[:]...)
	for _, field := range [...][]byte{r.stream, r.kind, r.meta, r.data} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	}
	return r.appendWire(dst, false)
}

// decodeRecord reads a record that shares memory with value.
func decodeRecord(position uint64, value []byte) (record, error) {
	if len(value) < headBytes {
		return record{}, errRecord
	}
	r := record{
		position: position,
		json:     value[1]&flagJSON != 0,
		stub:     value[1]&flagScavenged != 0,
		revision: binary.BigEndian.Uint64(value[2:]),
		created:  int64(binary.BigEndian.Uint64(value[10:])),
		id:       eventID(value[18:34]),
	}
	err := errRecord
	switch value[0] {
	case recordV1:
		err = r.decodeV1(value[headBytes:])
	case recordV2:
		err = r.decodeV2(value[headBytes:])
	}
	return r, err
}

func (r *record) decodeV1(rest []byte) error {
	for _, field := range [...]*[]byte{&r.stream, &r.kind, &r.meta} {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return errRecord
		}
		*field, rest = rest[n:n+int(size)], rest[n+int(size):]
	}
	r.data = rest
	return nil
}

// decodeV2 finds the fields where wire.go puts them: stream and type at the
// beginning of the event, metadata and data at its end.
func (r *record) decodeV2(rest []byte) error {
	if len(rest) < headBytesV2-headBytes {
		return errRecord
	}
	var sizes [4]int
	total := 0
	for i := range sizes {
		sizes[i] = int(binary.BigEndian.Uint32(rest[4*i:]))
		total += sizes[i]
	}
	stream, kind, meta, data := sizes[0], sizes[1], sizes[2], sizes[3]
	wire := rest[headBytesV2-headBytes:]
	if len(wire) < total+wireFixedLeast {
		return errRecord
	}
	at := wireStreamAt(stream)
	end := at + stream
	if end > len(wire) {
		return errRecord
	}
	r.stream = wire[at:end]
	at = end + wireKindAt(kind)
	if end = at + kind; end > len(wire) {
		return errRecord
	}
	r.kind = wire[at:end]
	dataAt := len(wire) - data
	metaEnd := dataAt - optionalHead(data)
	metaAt := metaEnd - meta
	if metaAt < end || wire[0] != tagStream {
		return errRecord
	}
	r.meta, r.data, r.wire = wire[metaAt:metaEnd], wire[dataAt:], wire
	return nil
}

// size is the weight of the record on the wire, roughly, in bytes.
func (r *record) size() int {
	return len(r.data) + len(r.meta) + len(r.kind) + len(r.stream) + 128
}

// proto is the record as the client wants it. It shares memory with r.
func (r *record) proto(textID bool) *streams.ReadResp_ReadEvent_RecordedEvent {
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               protoID(r.id, textID),
		StreamIdentifier: &shared.StreamIdentifier{StreamName: r.stream},
		StreamRevision:   r.revision,
		PreparePosition:  r.position,
		CommitPosition:   r.position,
		Metadata: map[string]string{
			"type":         string(r.kind),
			"created":      strconv.FormatInt(r.created, 10),
			"content-type": r.contentType(),
		},
		CustomMetadata: r.meta,
		Data:           r.data,
	}
}

func (r *record) contentType() string {
	if r.json {
		return contentJSON
	}
	return contentBinary
}

func protoID(id eventID, asText bool) *shared.UUID {
	if asText {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

func idOfProto(id *shared.UUID) (eventID, error) {
	if s := id.GetStructured(); s != nil {
		var out eventID
		binary.BigEndian.PutUint64(out[:8], uint64(s.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(out[8:], uint64(s.GetLeastSignificantBits()))
		return out, nil
	}
	return uuid.Parse(id.GetString_())
}
