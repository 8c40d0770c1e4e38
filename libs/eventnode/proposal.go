package eventnode

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/google/uuid"
	"google.golang.org/grpc/mem"
)

var errWire = errors.New("the message is malformed")

// appendMessage is one message of an append, read without copying it: either the
// options, which come first and once, or an event. Its byte fields share memory
// with the buffer.
type appendMessage struct {
	buffer mem.Buffer

	isOptions   bool
	stream      []byte
	hasExpected bool
	expected    expected

	isEvent    bool
	event      record
	hasKind    bool
	hasContent bool
	badID      bool
}

// field is one field of a message of the wire.
type field struct {
	number uint64
	value  uint64 // of a varint
	bytes  []byte // of a field with a length
}

const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// eachField goes over the fields of a message.
func eachField(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return errWire
		}
		message = message[n:]
		f := field{number: tag >> 3}
		switch tag & 7 {
		case wireVarint:
			f.value, n = binary.Uvarint(message)
		case wireBytes:
			var size uint64
			size, n = binary.Uvarint(message)
			if n <= 0 || size > uint64(len(message)-n) {
				return errWire
			}
			f.bytes = message[n : n+int(size)]
			n += int(size)
		case wire64:
			n = 8
		case wire32:
			n = 4
		default:
			n = 0
		}
		if n <= 0 || n > len(message) {
			return errWire
		}
		message = message[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func (m *appendMessage) decode(message []byte) error {
	return eachField(message, func(f field) error {
		switch f.number {
		case 1:
			m.isOptions, m.isEvent = true, false
			return eachField(f.bytes, m.option)
		case 2:
			m.isOptions, m.isEvent = false, true
			return eachField(f.bytes, m.property)
		}
		return nil
	})
}

// option reads a field of AppendReq.Options.
func (m *appendMessage) option(f field) error {
	switch f.number {
	case 1:
		return eachField(f.bytes, func(f field) error {
			if f.number == 3 {
				m.stream = f.bytes
			}
			return nil
		})
	case 2:
		m.expected = expected{expectRevision, f.value}
	case 3:
		m.expected = expected{what: expectNoStream}
	case 4:
		m.expected = expected{what: expectAny}
	case 5:
		m.expected = expected{what: expectExists}
	default:
		return nil
	}
	m.hasExpected = true
	return nil
}

// property reads a field of AppendReq.ProposedMessage.
func (m *appendMessage) property(f field) error {
	switch f.number {
	case 1:
		return eachField(f.bytes, m.idPart)
	case 2:
		return m.entry(f.bytes)
	case 3:
		m.event.meta = f.bytes
	case 4:
		m.event.data = f.bytes
	}
	return nil
}

func (m *appendMessage) idPart(f field) error {
	switch f.number {
	case 1:
		m.event.id = eventID{}
		return eachField(f.bytes, func(f field) error {
			switch f.number {
			case 1:
				binary.BigEndian.PutUint64(m.event.id[:8], f.value)
			case 2:
				binary.BigEndian.PutUint64(m.event.id[8:], f.value)
			}
			return nil
		})
	case 2:
		id, err := uuid.ParseBytes(f.bytes)
		m.event.id, m.badID = id, err != nil
	}
	return nil
}

// entry reads an entry of the metadata that the protocol itself defines.
func (m *appendMessage) entry(message []byte) error {
	var key, value []byte
	err := eachField(message, func(f field) error {
		switch f.number {
		case 1:
			key = f.bytes
		case 2:
			value = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch string(key) {
	case keyKind:
		if !utf8.Valid(value) {
			return errWire
		}
		m.event.kind, m.hasKind = value, true
	case keyContent:
		m.event.json, m.hasContent = string(value) == contentJSON, true
	}
	return nil
}
