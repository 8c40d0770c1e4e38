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

const (
	recordV1 = 1
	flagJSON = 1
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
	stream   []byte
	kind     []byte
	meta     []byte
	data     []byte
}

// encode appends the stored form of r to dst. The position is the key and not
// part of it. Fixed fields come first, so that a filter reads few bytes.
func (r *record) encode(dst []byte) []byte {
	var flags byte
	if r.json {
		flags |= flagJSON
	}
	dst = append(dst, recordV1, flags)
	dst = binary.BigEndian.AppendUint64(dst, r.revision)
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.created))
	dst = append(dst, r.id[:]...)
	for _, field := range [...][]byte{r.stream, r.kind, r.meta} {
		dst = binary.AppendUvarint(dst, uint64(len(field)))
		dst = append(dst, field...)
	}
	return append(dst, r.data...)
}

// decodeRecord reads a record that shares memory with value.
func decodeRecord(position uint64, value []byte) (record, error) {
	const fixed = 2 + 8 + 8 + 16
	if len(value) < fixed || value[0] != recordV1 {
		return record{}, errRecord
	}
	r := record{
		position: position,
		json:     value[1]&flagJSON != 0,
		revision: binary.BigEndian.Uint64(value[2:]),
		created:  int64(binary.BigEndian.Uint64(value[10:])),
		id:       eventID(value[18:34]),
	}
	rest := value[fixed:]
	for _, field := range [...]*[]byte{&r.stream, &r.kind, &r.meta} {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return record{}, errRecord
		}
		*field, rest = rest[n:n+int(size)], rest[n+int(size):]
	}
	r.data = rest
	return r, nil
}

// size is the weight of the record on the wire, roughly, in bytes.
func (r *record) size() int {
	return len(r.data) + len(r.meta) + len(r.kind) + len(r.stream) + 128
}

// proto is the record as the client wants it. It shares memory with r.
func (r *record) proto(textID bool) *streams.ReadResp_ReadEvent_RecordedEvent {
	contentType := contentBinary
	if r.json {
		contentType = contentJSON
	}
	return &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               protoID(r.id, textID),
		StreamIdentifier: &shared.StreamIdentifier{StreamName: r.stream},
		StreamRevision:   r.revision,
		PreparePosition:  r.position,
		CommitPosition:   r.position,
		Metadata: map[string]string{
			"type":         string(r.kind),
			"created":      strconv.FormatInt(r.created, 10),
			"content-type": contentType,
		},
		CustomMetadata: r.meta,
		Data:           r.data,
	}
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
