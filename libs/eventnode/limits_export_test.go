package eventnode

import (
	"context"
	"net"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// LargeAppends are the places of large appends.
type LargeAppends chan struct{}

// NewLargeAppends returns as many places as a node has.
func NewLargeAppends() LargeAppends { return make(LargeAppends, largeAppends) }

// Receive receives an append until it has come whole, is refused or is given up.
func (l LargeAppends) Receive(call streams.Streams_AppendServer) error {
	var in incoming
	defer in.leave()
	_, err := in.collect(call, l)
	return err
}

// Refuse refuses an append for a reason once its client has heard enough.
func Refuse(stream grpc.ServerStream, reason error) error {
	n := &Node{front: front{refusing: make(chan struct{}, maxRefusing)}}
	return (&guarded{ServerStream: stream, node: n, info: &grpc.StreamServerInfo{IsClientStream: true}}).refuse(reason)
}

// Reachable says whether a node may listen there.
func Reachable(c Config, listens net.Addr) error { return c.reachable(listens) }

// Attempts remembers which passwords were right and which hosts guess.
type Attempts struct{ memory *memory }

// NewAttempts remembers nothing.
func NewAttempts() Attempts { return Attempts{newMemory()} }

// Try is an attempt of a host with a password.
func (a Attempts) Try(ctx context.Context, host, password string, right bool) error {
	key := a.memory.key("name", password, nil)
	if a.memory.verified(key) {
		return nil
	}
	return a.memory.attempt(ctx, host, key, func() bool { return right })
}

// Door is a door with its halls.
type Door struct{ *door }

// OpenDoor lets the connections of a listener in.
func OpenDoor(l net.Listener) Door {
	d := newDoor(l, nil)
	go d.run()
	return Door{d}
}

// HTTP waits for a connection that speaks HTTP/1.
func (d Door) HTTP() (net.Conn, error) { return d.http.Accept() }

// Shut closes the door.
func (d Door) Shut() error { return d.close() }

// PeekingOfHost is how many silent connections a host may have.
const PeekingOfHost = maxPeekingOfHost

// Unmarshal reads a message as the node does.
func Unmarshal(data mem.BufferSlice, m any) error { return newCodec().Unmarshal(data, m) }
