package eventnode

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// peekTimeout is how long a new connection may take to say which protocol it
	// speaks.
	peekTimeout = 5 * time.Second
	// maxPeeking bounds the connections that have not said so yet.
	maxPeeking = 128
	// acceptPause is the rest after a failed accept, such as "too many open files".
	acceptPause = 20 * time.Millisecond
)

// door is one listener for two protocols. An HTTP/2 connection begins with "PRI"
// and goes to gRPC, anything else goes to HTTP/1.
type door struct {
	listener net.Listener
	grpc     *hall
	http     *hall
	peeking  chan struct{}
}

func newDoor(l net.Listener) *door {
	return &door{
		listener: l,
		grpc:     newHall(l.Addr()),
		http:     newHall(l.Addr()),
		peeking:  make(chan struct{}, maxPeeking),
	}
}

// run accepts connections until the listener is closed.
func (d *door) run() {
	for {
		conn, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(acceptPause)
			continue
		}
		d.peeking <- struct{}{}
		go func() {
			defer func() { <-d.peeking }()
			d.route(conn)
		}()
	}
}

func (d *door) route(conn net.Conn) {
	head := make([]byte, 3)
	err := conn.SetReadDeadline(time.Now().Add(peekTimeout))
	if err == nil {
		_, err = io.ReadFull(conn, head)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	to := d.http
	if string(head) == "PRI" {
		to = d.grpc
	}
	if err != nil || !to.enter(&peekedConn{Conn: conn, head: head}) {
		_ = conn.Close()
	}
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
