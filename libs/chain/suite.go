// Package chain binds the events of a stream to each other: each carries the
// hash of its predecessor and its own, so that one altered byte is found, and
// found where it is. It is pure: it neither reads nor writes a log.
//
// A chain shows that what is there has not been altered, reordered or thinned
// out. It cannot show by itself that its newest events have not been cut off, or
// that not all of it was made anew: for that, roots over the log are signed.
package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// Suite is a way of hashing, known by its name in each event.
type Suite interface {
	// Name is what events are marked with; it never changes.
	Name() string
	// Hash takes the parts one by one, each preceded by its length as 8 bytes,
	// big endian, so that no two lists of parts look the same.
	Hash(parts ...[]byte) []byte
}

// ErrSuite says that an event names a suite that this program does not have.
var ErrSuite = errors.New("unknown hash suite")

// SM3 is the suite of the national standard GB/T 32905, and the default.
type SM3 struct{}

// Name is "sm3".
func (SM3) Name() string { return "sm3" }

// Hash returns 32 bytes.
func (SM3) Hash(parts ...[]byte) []byte { return hashParts(sm3.New(), parts) }

// SHA256 is the international suite, FIPS 180-4.
type SHA256 struct{}

// Name is "sha256".
func (SHA256) Name() string { return "sha256" }

// Hash returns 32 bytes.
func (SHA256) Hash(parts ...[]byte) []byte { return hashParts(sha256.New(), parts) }

// SuiteByName finds the suite that an event names, or [ErrSuite].
func SuiteByName(name string) (Suite, error) {
	for _, s := range []Suite{SM3{}, SHA256{}} {
		if s.Name() == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: %.20q", ErrSuite, name)
}

func hashParts(h hash.Hash, parts [][]byte) []byte {
	for _, part := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // a hash takes all that is written
		_, _ = h.Write(part)
	}
	return h.Sum(nil)
}
