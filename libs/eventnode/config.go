package eventnode

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// DefaultAddr is where a node listens unless it is told otherwise: the usual port
// of an EventStoreDB, on this machine only.
const DefaultAddr = "127.0.0.1:2113"

// ErrNotLoopback is returned by Open for an address that other machines can reach
// when the node has no TLS or no users: everyone there could read and write.
var ErrNotLoopback = errors.New("beyond this machine the event node listens with a certificate and users only (Config.TLS and Config.Users)")

// ErrUsersNeedTLS is returned by Open for users without TLS. Clients send no
// passwords in the clear.
var ErrUsersNeedTLS = errors.New("users of the event node need TLS")

// ErrNoDir is returned by Open for a configuration without a directory.
var ErrNoDir = errors.New("the event node needs a directory")

// Config says where a node keeps its events and where it listens. The zero value
// of every field but Dir is good.
type Config struct {
	// Dir is the directory of the store. It is created if need be, and belongs to
	// one node at a time.
	Dir string
	// Addr is the host and port to listen on, DefaultAddr if empty. The host must
	// be a loopback address unless there are TLS and Users; port 0 picks a free one.
	Addr string
	// Advertise is the host, or host and port, that clients are told to call. Empty
	// means the one by which they have called.
	Advertise string
	// TLS is the certificate of the node. Nil means cleartext.
	TLS *TLS
	// Users is a file of lines name:bcrypt or name:bcrypt:group,group, as
	// htpasswd -B and SetUser write it. Empty means that everyone may do everything.
	// With users, every call needs one of them, but for the question whether the
	// node lives, what it can do and where it is.
	Users string
	// Logger receives one line per failure. Nil means silence.
	Logger *slog.Logger
	// Now is the clock for the time of creation of events and for $maxAge. Nil
	// means the system's.
	Now func() time.Time
	// FS is the file system of the store, for tests that inject faults. Nil means
	// that of the operating system.
	FS vfs.FS
	// ScavengeEvery is how often the node scavenges by itself, counted from the last
	// time that it came to its end, also over restarts. Zero means never.
	ScavengeEvery time.Duration
	// ForgetEventIDs makes the node behave like a real server that has lost its
	// bounded memory of event ids: an append that names no revision is then never
	// recognised as a repetition. For tests of code that must not rely on it.
	ForgetEventIDs bool
	// Reserve is how many bytes of the disk the node leaves free: with less, it
	// refuses appends and goes on reading, until there is a quarter more than that.
	// Zero means DefaultReserve; a negative number means that it fills the disk to
	// the end.
	Reserve int64

	tune func(*pebble.Options) // for tests that need a small engine
}

// withDefaults fills what is left open and refuses what cannot be.
func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		return c, ErrNoDir
	}
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case c.TLS == nil && c.Users != "":
		return c, ErrUsersNeedTLS
	case !c.secured():
		return c, loopback(c.Addr)
	}
	return c, nil
}

func (c Config) secured() bool { return c.TLS != nil && c.Users != "" }

// reachable refuses an address that was found for a name, and on which the node
// listens already: "localhost" is what the resolver of the machine says it is.
func (c Config) reachable(listens net.Addr) error {
	if c.secured() {
		return nil
	}
	if tcp, ok := listens.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNotLoopback, listens)
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

// advertised is the host and port that clients are told to call. asked is how one
// of them has called; it may be empty.
func advertised(configured, asked string, listens net.Addr) (host string, port uint16, err error) {
	address := listens.String()
	_, listenPort, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	if configured != "" {
		address = configured
		if _, _, bad := net.SplitHostPort(configured); bad != nil {
			address = net.JoinHostPort(configured, listenPort) // a host alone
		}
	} else if called, _, bad := net.SplitHostPort(asked); bad == nil && called != "" {
		address = asked
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost" // no client can call "every interface"
	}
	number, err := strconv.ParseUint(text, 10, 16)
	return host, uint16(number), err
}
