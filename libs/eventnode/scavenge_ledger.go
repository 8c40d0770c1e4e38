package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// ledger is what the scavenger has written down about one stream. It removes
// events from the front of a stream only, so that one revision says which are
// gone. The sums are over the positions of the removed events: they let a check
// prove that what is missing in the log is what was removed, and nothing else.
type ledger struct {
	floor  uint64 // events removed: the first revision that is left, stubs included
	sum    uint64 // of the removed positions, modulo 2^64
	digest uint64 // sum of their hashes, modulo 2^64
}

const ledgerBytes = 3 * 8

// remove notes that the event at a position is gone.
func (l *ledger) remove(position uint64) {
	l.floor++
	l.sum += position
	l.digest += mix(position)
}

func (l ledger) encode() []byte {
	out := make([]byte, 0, ledgerBytes)
	for _, n := range [...]uint64{l.floor, l.sum, l.digest} {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return out
}

func decodeLedger(value []byte) (ledger, error) {
	if len(value) != ledgerBytes {
		return ledger{}, fmt.Errorf("%w: a ledger of %d bytes", errRecord, len(value))
	}
	return ledger{
		floor:  binary.BigEndian.Uint64(value),
		sum:    binary.BigEndian.Uint64(value[8:]),
		digest: binary.BigEndian.Uint64(value[16:]),
	}, nil
}

func ledgerKey(stream uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tableLedger}, stream)
}

// ledgerOf returns the ledger of a stream, all zero if nothing was removed.
func ledgerOf(r pebble.Reader, stream uint64) (ledger, error) {
	raw, closer, err := r.Get(ledgerKey(stream))
	if errors.Is(err, pebble.ErrNotFound) {
		return ledger{}, nil
	}
	if err != nil {
		return ledger{}, err
	}
	l, err := decodeLedger(raw)
	return l, errors.Join(err, closer.Close())
}

// mix is a hash of a number in which every bit of the input matters (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unlessScavenged returns err, which says that an event is missing, unless the
// event has been scavenged: an index that was read a moment ago may still name
// it.
func unlessScavenged(r pebble.Reader, err error, stream, revision uint64) error {
	l, failed := ledgerOf(r, stream)
	if failed != nil {
		return errors.Join(err, failed)
	}
	if revision < l.floor {
		return nil
	}
	return err
}

// lastRecord returns the last event of a stream. Its place is looked up first; if
// the event is scavenged before it is read, there is a later one.
func lastRecord(r pebble.Reader, stream, bound uint64) (rec record, err error) {
	for range 10 {
		_, position, err := lastRevision(r, stream, bound)
		if err != nil {
			return record{}, err
		}
		if rec, err = recordAt(r, position); !errors.Is(err, pebble.ErrNotFound) {
			return rec, err
		}
	}
	return rec, err
}

func (r *reader) unlessScavenged(err error, stream, revision uint64) error {
	return unlessScavenged(r.db, err, stream, revision)
}
