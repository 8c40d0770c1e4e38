package eventnode

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// DefaultAddr is where a node listens unless it is told otherwise: the usual port
// of an EventStoreDB, on this machine only.
const DefaultAddr = "127.0.0.1:2113"

// ErrNotLoopback is returned by Open for an address that other machines can
// reach. The node has neither TLS nor users.
var ErrNotLoopback = errors.New("the event node listens on loopback addresses only")

// ErrNoDir is returned by Open for a configuration without a directory.
var ErrNoDir = errors.New("the event node needs a directory")

// Config says where a node keeps its events and where it listens. The zero value
// of every field but Dir is good.
type Config struct {
	// Dir is the directory of the store. It is created if need be, and belongs to
	// one node at a time.
	Dir string
	// Addr is the host and port to listen on, DefaultAddr if empty. The host must
	// be a loopback address; port 0 picks a free one.
	Addr string
	// Logger receives one line per failure. Nil means silence.
	Logger *slog.Logger
	// Now is the clock for the time of creation of events and for $maxAge. Nil
	// means the system's.
	Now func() time.Time
	// FS is the file system of the store, for tests that inject faults. Nil means
	// that of the operating system.
	FS vfs.FS
	// ForgetEventIDs makes the node behave like a real server that has lost its
	// bounded memory of event ids: an append that names no revision is then never
	// recognised as a repetition. For tests of code that must not rely on it.
	ForgetEventIDs bool
}

func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of the event node: %w", err)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotLoopback, addr)
}
