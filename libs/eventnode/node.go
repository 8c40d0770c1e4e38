package eventnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

const (
	maxMessageBytes   = 17 << 20 // as the client
	callsPerClient    = 4096
	graceOfCalls      = 5 * time.Second
	graceOfHTTP       = time.Second
	shortestPing      = 5 * time.Second // the client pings every 10 s
	pingOfIdleClients = time.Minute
)

// Node is a running event node.
type Node struct {
	log      *slog.Logger
	now      func() time.Time
	store    *store
	writer   *writer
	door     *door
	grpc     *grpc.Server
	http     *http.Server
	stopping chan struct{}
	writing  sync.WaitGroup // writer and committer
	serving  sync.WaitGroup // door, gRPC and HTTP
	once     sync.Once
	closeErr error
}

// Open opens the store in cfg.Dir, listens on cfg.Addr and serves in the
// background until Close.
func Open(cfg Config) (*Node, error) {
	if cfg.Dir == "" {
		return nil, ErrNoDir
	}
	if cfg.Addr == "" {
		cfg.Addr = DefaultAddr
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := loopback(cfg.Addr); err != nil {
		return nil, err
	}
	s, err := openStore(cfg.Dir, cfg.FS, cfg.Logger, false)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", cfg.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), s.close())
	}
	n := &Node{
		log: cfg.Logger, now: cfg.Now, store: s,
		writer:   newWriter(s, cfg.Now, cfg.ForgetEventIDs),
		door:     newDoor(listener),
		stopping: make(chan struct{}),
	}
	n.start()
	return n, nil
}

func (n *Node) start() {
	n.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessageBytes),
		grpc.MaxConcurrentStreams(callsPerClient),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: shortestPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingOfIdleClients}),
		grpc.WaitForHandlers(true),
		grpc.UnaryInterceptor(n.faultsOfCall),
		grpc.StreamInterceptor(n.faultsOfStream),
	)
	streams.RegisterStreamsServer(n.grpc, &streamsServer{node: n})
	serverfeatures.RegisterServerFeaturesServer(n.grpc, featuresServer{})
	gossip.RegisterGossipServer(n.grpc, gossipServer{instance: uuid.New(), address: n.door.listener.Addr(), now: n.now})
	n.http = &http.Server{Handler: n.handler(), ReadHeaderTimeout: peekTimeout, MaxHeaderBytes: 1 << 14}

	n.writing.Go(n.writer.run)
	n.writing.Go(func() { commit(n.store, n.writer.rounds) })
	n.serving.Go(n.door.run)
	n.serving.Go(func() { n.served(n.grpc.Serve(n.door.grpc)) })
	n.serving.Go(func() { n.served(n.http.Serve(n.door.http)) })
	n.serving.Go(func() {
		select {
		case <-n.stopping:
		case <-n.store.failure.done:
			n.grpc.Stop()
		}
	})
}

// served logs the end of a server that was not asked to end.
func (n *Node) served(err error) {
	select {
	case <-n.stopping:
	case <-n.store.failure.done:
	default:
		n.log.Error("event node serves no more", slog.Any("error", err))
	}
}

// Addr is the host and port that the node really listens on.
func (n *Node) Addr() string { return n.door.listener.Addr().String() }

// Connection is the connection string for the official client.
func (n *Node) Connection() string { return "esdb://" + n.Addr() + "?tls=false" }

// Done is closed when the node has stopped by itself because its storage failed.
// Close does not close it.
func (n *Node) Done() <-chan struct{} { return n.store.failure.done }

// Err says why the node has stopped by itself; it wraps ErrStorage. It is nil
// until Done is closed.
func (n *Node) Err() error { return n.store.failure.cause() }

// Close stops accepting calls, ends all subscriptions, lets appends that have
// begun come to their end, and closes the store. It may be called more than once.
func (n *Node) Close() error {
	n.once.Do(func() { n.closeErr = n.shutdown() })
	return n.closeErr
}

func (n *Node) shutdown() error {
	close(n.stopping)
	err := n.door.listener.Close()
	within(graceOfCalls, n.grpc.GracefulStop)
	within(graceOfCalls, n.grpc.Stop)
	ctx, cancel := context.WithTimeout(context.Background(), graceOfHTTP)
	defer cancel()
	if n.http.Shutdown(ctx) != nil {
		err = errors.Join(err, n.http.Close())
	}
	close(n.writer.stop)
	if n.Err() != nil {
		// The writer may be parked inside the failed engine for ever.
		return errors.Join(err, n.Err())
	}
	n.writing.Wait()
	n.serving.Wait()
	return errors.Join(err, n.store.close(), n.Err())
}

// within waits for f, but not for ever.
func within(grace time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
