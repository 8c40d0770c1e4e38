package eventnode

import (
	"encoding/binary"
	"math"
)

// Keys of the store. All numbers are big endian, so that key order is number
// order. A stream's number is the position of its first event: unique and rising
// without a counter of its own.
//
//	e position               → record            the log, in the order of $all
//	s stream revision        → position          the events of one stream
//	n name                   → stream            the streams by name
//	i stream event-id        → revision          the events of one stream by id
//	r stream                 → what has been scavenged of a stream (ledger)
//	c                        → what is left to clean, and when it was last done
//	v                        → layout version
const (
	tableEvent  = 'e'
	tableStream = 's'
	tableName   = 'n'
	tableID     = 'i'
	tableLedger = 'r'
	tableClean  = 'c'
	tableLayout = 'v'
)

// layoutVersion is the version of this layout and of the record encoding. A store
// of an older version is read as it is, and carries the new number from the first
// time that a node has opened it: records of both forms may be in it.
const (
	layoutVersion = 2
	oldestLayout  = 1
)

// tombstoneRevision is the revision of the event that burns a stream's name.
const tombstoneRevision = math.MaxInt64

// unbounded is the bound of a reader that sees everything, the writer.
const unbounded = math.MaxUint64

func eventKey(position uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tableEvent}, position)
}

func streamKey(stream, revision uint64) []byte {
	key := make([]byte, 0, 17)
	key = append(key, tableStream)
	key = binary.BigEndian.AppendUint64(key, stream)
	return binary.BigEndian.AppendUint64(key, revision)
}

func nameKey(name string) []byte {
	return append([]byte{tableName}, name...)
}

func idKey(stream uint64, id eventID) []byte {
	key := make([]byte, 0, 25)
	key = append(key, tableID)
	key = binary.BigEndian.AppendUint64(key, stream)
	return append(key, id[:]...)
}

func layoutKey() []byte { return []byte{tableLayout} }

func number(value uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, value)
}

// numberAt reads the number that a key or value ends with.
func numberAt(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b[len(b)-8:])
}
