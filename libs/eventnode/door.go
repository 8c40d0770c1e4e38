package eventnode

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// peekTimeout is how long a new connection may take to say which protocol it
	// speaks, and to agree on its keys before.
	peekTimeout = 5 * time.Second
	// maxPeeking bounds the connections that have not said so yet.
	maxPeeking = 256
	// maxPeekingOfHost bounds those of one host, so that it does not shut out the
	// others. One more is closed at once. This machine has no such bound.
	maxPeekingOfHost = 32
	// maxConnections bounds all of them. One more is closed at once.
	maxConnections = 4096
	// acceptPause is the rest after a failed accept, such as "too many open files".
	acceptPause = 20 * time.Millisecond
)

// door is one listener for two protocols. An HTTP/2 connection begins with "PRI"
// and goes to gRPC, anything else goes to HTTP/1. With TLS the protocols are
// inside.
type door struct {
	listener net.Listener
	tls      *tls.Config // nil: cleartext
	grpc     *hall
	http     *hall
	peeking  chan struct{}
	inside   chan struct{}
	shares   shares
	ctx      context.Context //nolint:containedctx // it ends what is between accept and hall
	cancel   context.CancelFunc
}

func newDoor(l net.Listener, config *tls.Config) *door {
	d := &door{
		listener: l,
		tls:      config,
		grpc:     newHall(l.Addr()),
		http:     newHall(l.Addr()),
		peeking:  make(chan struct{}, maxPeeking),
		inside:   make(chan struct{}, maxConnections),
		shares:   shares{peeking: make(map[string]int)},
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// run accepts connections until the door is closed, and waits for those that have
// not said what they want.
func (d *door) run() {
	var routes sync.WaitGroup
	defer routes.Wait()
	for {
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptPause)
			continue
		}
		host := hostOf(conn.RemoteAddr().String())
		if !d.shares.take(host) {
			_ = conn.Close()
			continue
		}
		select {
		case d.inside <- struct{}{}:
		default:
			d.shares.give(host)
			_ = conn.Close() // one too many
			continue
		}
		d.peeking <- struct{}{}
		routes.Go(func() {
			defer func() { <-d.peeking }()
			defer d.shares.give(host)
			d.route(&counted{Conn: conn, leave: sync.OnceFunc(func() { <-d.inside })})
		})
	}
}

// close ends accepting, and the connections that are in no hall yet.
func (d *door) close() error {
	d.cancel()
	return d.listener.Close()
}

// route gives a connection to the hall of its protocol.
func (d *door) route(conn net.Conn) {
	stop := context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	defer stop()
	inner := conn
	if d.tls != nil {
		inner = tls.Server(conn, d.tls)
	}
	head := make([]byte, 3)
	err := conn.SetDeadline(time.Now().Add(peekTimeout))
	if err == nil {
		_, err = io.ReadFull(inner, head) // and the handshake
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	to := d.http
	if string(head) == "PRI" {
		to = d.grpc
	}
	if err != nil || !to.enter(&peekedConn{Conn: inner, head: head}) {
		_ = conn.Close()
	}
}

// shares counts the connections of each host that have not said what they want.
type shares struct {
	mu      sync.Mutex
	peeking map[string]int
}

// take says whether a host may have one more.
func (s *shares) take(host string) bool {
	if exempt(host) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	host = network(host)
	if s.peeking[host] >= maxPeekingOfHost {
		return false
	}
	s.peeking[host]++
	return true
}

func (s *shares) give(host string) {
	if exempt(host) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	host = network(host)
	if s.peeking[host]--; s.peeking[host] == 0 {
		delete(s.peeking, host)
	}
}

func exempt(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// counted is a connection that makes room when it ends.
type counted struct {
	net.Conn
	leave func()
}

// Close ends the connection.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

// peekedConn gives back the bytes that were read to route it.
type peekedConn struct {
	net.Conn
	head []byte
}

// Read returns the peeked bytes first.
func (c *peekedConn) Read(p []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// hall is a listener whose connections come from the door.
type hall struct {
	address net.Addr
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newHall(address net.Addr) *hall {
	return &hall{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (h *hall) enter(conn net.Conn) bool {
	select {
	case h.conns <- conn:
		return true
	case <-h.closed:
		return false
	}
}

// Accept returns the next connection of the hall's protocol.
func (h *hall) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further connections; those inside stay.
func (h *hall) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of the door.
func (h *hall) Addr() net.Addr { return h.address }
