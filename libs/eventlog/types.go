// Package eventlog is the one door to the log. It alone imports the
// EventStoreDB client, keeps it alive, and makes every call honour its context.
package eventlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Event is what a writer wants stored.
type Event struct {
	ID   uuid.UUID
	Type string // the stored, versioned name, such as "stop-executed.v1"
	Data []byte // JSON
	Meta []byte // a JSON object
}

// Position is a place in the log over all streams. Start is before everything.
type Position uint64

// Start is the place before the first event.
const Start Position = 0

// Recorded is an event as the log holds it.
type Recorded struct {
	Event
	Stream   string
	Revision uint64   // place in its stream, from 0
	Position Position // place in the log; strictly increasing, never 0
	Created  time.Time
}

// Expect is the revision a writer believes a stream to have.
type Expect int64

// What a writer can expect of a stream besides an exact revision (≥ 0, the
// revision of its last event).
const (
	NoStream Expect = -1
	Any      Expect = -2
	Exists   Expect = -4
)

// Appended tells where the last event of an append landed.
type Appended struct {
	Revision uint64
	Position Position
}

// What can go wrong, apart from the context ending.
var (
	ErrConflict    = errors.New("the stream is not at the expected revision")
	ErrNotFound    = errors.New("no such stream")
	ErrDeleted     = errors.New("the stream was deleted for good")
	ErrTooLarge    = errors.New("the append is larger than the log takes")
	ErrUnavailable = errors.New("the log cannot be reached")
	ErrExists      = errors.New("there is one already")
	ErrDenied      = errors.New("the log refuses access")
	// ErrFull comes of a node without room on its disk, which refuses appends and
	// goes on being read. Nothing was stored, unless the disk filled up just
	// then: append again, with the same ids, when there is room. It is
	// ErrUnavailable too, so that who can wait for the log does.
	ErrFull = fmt.Errorf("%w: there is no room on its disk", ErrUnavailable)
	// ErrBeyond comes of a position that the log does not reach: it was kept from
	// another log, or the log is an older copy of itself, such as a restored backup.
	// Waiting would not help: the position would be reached by other events in the
	// end, and those up to it would be missed.
	ErrBeyond = errors.New("the position is beyond the end of the log, which is another one or was restored from an older copy")
	// ErrReplaced comes of a log that has become another under a follower: at the
	// position of the last event delivered there is another event now.
	ErrReplaced = errors.New("the log was replaced by another, or by an older copy that has grown differently")
)

// Delivery is one thing a follower is told: exactly one of its fields is set.
type Delivery struct {
	Event      *Recorded // the next event
	Checkpoint Position  // nothing of interest up to and including here
	CaughtUp   bool      // all that was in the log at some moment has been delivered
}
