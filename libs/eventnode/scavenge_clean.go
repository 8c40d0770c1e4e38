package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// touchedPieces is into how many pieces the log is divided to remember where
// events were removed.
const touchedPieces = 4096

// cleaning is what the scavenger has still to clean: the pieces of the log from
// which events were removed, but whose files may still hold them. It is stored
// with every removal, so that an interrupted scavenge is made good by the next.
type cleaning struct {
	finished int64 // ticks; when a scavenge last came to its end, 0 for never
	shift    uint8 // a piece is 1<<shift positions
	touched  [touchedPieces / 64]uint64
}

const cleaningBytes = 8 + 1 + touchedPieces/8

func cleanKey() []byte { return []byte{tableClean} }

func (c *cleaning) encode() []byte {
	out := make([]byte, 0, cleaningBytes)
	out = binary.BigEndian.AppendUint64(out, uint64(c.finished)) //nolint:gosec // its bits
	out = append(out, c.shift)
	for _, word := range c.touched {
		out = binary.BigEndian.AppendUint64(out, word)
	}
	return out
}

// loadCleaning returns what is stored, or nothing to clean.
func loadCleaning(r pebble.Reader) (cleaning, error) {
	var c cleaning
	raw, closer, err := r.Get(cleanKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if len(raw) != cleaningBytes || raw[8] > 63 {
		return c, errors.Join(fmt.Errorf("%w: the scavenger's notes", errRecord), closer.Close())
	}
	c.finished = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // its bits
	c.shift = raw[8]
	for i := range c.touched {
		c.touched[i] = binary.BigEndian.Uint64(raw[9+8*i:])
	}
	return c, closer.Close()
}

// cover makes the pieces large enough for a log up to a position.
func (c *cleaning) cover(last uint64) {
	for last>>c.shift >= touchedPieces {
		var merged [touchedPieces / 64]uint64
		for piece := range c.pieces() {
			merged[piece/2/64] |= 1 << (piece / 2 % 64)
		}
		c.touched = merged
		c.shift++
	}
}

func (c *cleaning) touch(position uint64) {
	piece := position >> c.shift
	c.touched[piece/64] |= 1 << (piece % 64)
}

// pieces are those that were touched, in order.
func (c *cleaning) pieces() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i, word := range c.touched {
			for ; word != 0; word &= word - 1 {
				if !yield(uint64(i)*64 + uint64(bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// span is a range of positions, the last one included.
type span struct{ first, last uint64 }

// spans are the touched pieces, neighbours joined where joins says so.
func (c *cleaning) spans(joins func(gap span) (bool, error)) ([]span, error) {
	var out []span
	for piece := range c.pieces() {
		next := span{piece << c.shift, (piece+1)<<c.shift - 1}
		if len(out) > 0 {
			last := &out[len(out)-1]
			near := next.first == last.last+1
			if !near {
				var err error
				if near, err = joins(span{last.last + 1, next.first - 1}); err != nil {
					return nil, err
				}
			}
			if near {
				last.last = next.last
				continue
			}
		}
		out = append(out, next)
	}
	return out, nil
}
