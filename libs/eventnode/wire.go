package eventnode

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// An event is stored as the protocol sends it: the bytes of the message
// ReadResp.ReadEvent.RecordedEvent. Its fields come in an order of our own, which
// the encoding allows: stream and type first and metadata and data last, so that
// their places follow from their lengths.
//
//	2  stream identifier { 3 name }
//	6  metadata entry    { 1 "type", 2 type }
//	1  id                { 1 structured { 1 most, 2 least } } or { 2 text }
//	3  revision, 4 prepare position, 5 commit position
//	6  metadata entries "created" and "content-type"
//	7  custom metadata, if there is any
//	8  data, if there is any
const (
	tagID         = 1<<3 | 2
	tagStream     = 2<<3 | 2
	tagRevision   = 3 << 3
	tagPrepare    = 4 << 3
	tagCommit     = 5 << 3
	tagEntry      = 6<<3 | 2
	tagCustom     = 7<<3 | 2
	tagData       = 8<<3 | 2
	tagName       = 3<<3 | 2
	tagKey        = 1<<3 | 2
	tagValue      = 2<<3 | 2
	tagStructured = 1<<3 | 2
	tagMost       = 1 << 3
	tagLeast      = 2 << 3
	tagText       = 2<<3 | 2
)

// Tags of what is around an event in an answer to a read.
const (
	tagRespEvent    = 1<<3 | 2 // ReadResp.event
	tagReadEvent    = 1<<3 | 2 // ReadEvent.event
	tagReadLink     = 2<<3 | 2 // ReadEvent.link
	tagReadPosition = 3 << 3   // ReadEvent.commit_position
)

const (
	keyKind    = "type"
	keyCreated = "created"
	keyContent = "content-type"
	textIDSize = 36
)

// wireFixedLeast is less than what any event has beside its four fields.
const wireFixedLeast = 40

// varintSize is the length of a number as a varint.
func varintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func lengthSize(n int) int { return varintSize(uint64(n)) }

// fieldSize is the length of a field of n bytes with its tag and length.
func fieldSize(n int) int { return 1 + lengthSize(n) + n }

// optionalHead is what comes before a field that is left out if it is empty.
func optionalHead(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + lengthSize(n)
}

// wireStreamAt is where the name of the stream begins.
func wireStreamAt(stream int) int {
	return 1 + lengthSize(fieldSize(stream)) + 1 + lengthSize(stream)
}

func entrySize(key string, value int) int { return fieldSize(len(key)) + fieldSize(value) }

// wireKindAt is where the type begins, counted from the end of the stream.
func wireKindAt(kind int) int {
	return 1 + lengthSize(entrySize(keyKind, kind)) + fieldSize(len(keyKind)) + 1 + lengthSize(kind)
}

func (r *record) idParts() (most, least uint64) {
	return binary.BigEndian.Uint64(r.id[:8]), binary.BigEndian.Uint64(r.id[8:])
}

func (r *record) idSize(textID bool) int {
	if textID {
		return fieldSize(textIDSize)
	}
	most, least := r.idParts()
	return fieldSize(2 + varintSize(most) + varintSize(least))
}

// wireSize is the length of what appendWire appends.
func (r *record) wireSize(textID bool) int {
	n := fieldSize(fieldSize(len(r.stream))) +
		fieldSize(entrySize(keyKind, len(r.kind))) +
		fieldSize(r.idSize(textID)) +
		3 + varintSize(r.revision) + 2*varintSize(r.position) +
		fieldSize(entrySize(keyCreated, decimalSize(r.created))) +
		fieldSize(entrySize(keyContent, len(r.contentType())))
	return n + optionalHead(len(r.meta)) + len(r.meta) + optionalHead(len(r.data)) + len(r.data)
}

func decimalSize(n int64) int {
	var digits [20]byte
	return len(strconv.AppendInt(digits[:0], n, 10))
}

func appendLength(dst []byte, tag byte, n int) []byte {
	return binary.AppendUvarint(append(dst, tag), uint64(n))
}

func appendNumber(dst []byte, tag byte, v uint64) []byte {
	return binary.AppendUvarint(append(dst, tag), v)
}

func appendBytes(dst []byte, tag byte, b []byte) []byte {
	return append(appendLength(dst, tag, len(b)), b...)
}

func appendText(dst []byte, tag byte, s string) []byte {
	return append(appendLength(dst, tag, len(s)), s...)
}

// appendWire appends the event as the protocol sends it.
func (r *record) appendWire(dst []byte, textID bool) []byte {
	dst = appendLength(dst, tagStream, fieldSize(len(r.stream)))
	dst = appendBytes(dst, tagName, r.stream)

	dst = appendLength(dst, tagEntry, entrySize(keyKind, len(r.kind)))
	dst = appendText(dst, tagKey, keyKind)
	dst = appendBytes(dst, tagValue, r.kind)

	dst = r.appendID(dst, textID)
	dst = appendNumber(dst, tagRevision, r.revision)
	dst = appendNumber(dst, tagPrepare, r.position)
	dst = appendNumber(dst, tagCommit, r.position)

	var digits [20]byte
	created := strconv.AppendInt(digits[:0], r.created, 10)
	dst = appendLength(dst, tagEntry, entrySize(keyCreated, len(created)))
	dst = appendText(dst, tagKey, keyCreated)
	dst = appendBytes(dst, tagValue, created)

	content := r.contentType()
	dst = appendLength(dst, tagEntry, entrySize(keyContent, len(content)))
	dst = appendText(dst, tagKey, keyContent)
	dst = appendText(dst, tagValue, content)

	if len(r.meta) > 0 {
		dst = appendBytes(dst, tagCustom, r.meta)
	}
	if len(r.data) > 0 {
		dst = appendBytes(dst, tagData, r.data)
	}
	return dst
}

func (r *record) appendID(dst []byte, textID bool) []byte {
	dst = appendLength(dst, tagID, r.idSize(textID))
	if textID {
		return appendText(dst, tagText, r.id.String())
	}
	most, least := r.idParts()
	dst = appendLength(dst, tagStructured, 2+varintSize(most)+varintSize(least))
	return appendNumber(appendNumber(dst, tagMost, most), tagLeast, least)
}

// sent is an event, or a link, within an answer to a read.
type sent struct {
	record *record
	textID bool
	size   int
}

func newSent(r *record, textID bool) sent {
	s := sent{record: r, textID: textID}
	switch {
	case r == nil:
	case r.wire != nil && !textID:
		s.size = len(r.wire)
	default:
		s.size = r.wireSize(textID)
	}
	return s
}

func (s sent) field() int {
	if s.record == nil {
		return 0
	}
	return fieldSize(s.size)
}

func (s sent) append(dst []byte, tag byte) []byte {
	if s.record == nil {
		return dst
	}
	dst = appendLength(dst, tag, s.size)
	if s.record.wire != nil && !s.textID {
		return append(dst, s.record.wire...)
	}
	return s.record.appendWire(dst, s.textID)
}

// answerSize is the length of the message ReadResp that delivers an event, a link
// or both, and of the part of it that is ReadEvent.
func answerSize(event, link sent, position uint64) (whole, inner int) {
	inner = event.field() + link.field() + 1 + varintSize(position)
	return fieldSize(inner), inner
}

// appendAnswer appends the message ReadResp that delivers an event, a link or both.
func appendAnswer(dst []byte, event, link sent, position uint64, inner int) []byte {
	dst = appendLength(dst, tagRespEvent, inner)
	dst = event.append(dst, tagReadEvent)
	dst = link.append(dst, tagReadLink)
	return appendNumber(dst, tagReadPosition, position)
}
