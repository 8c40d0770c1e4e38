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
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

const (
	maxMessageBytes   = 17 << 20 // as the client
	callsPerClient    = 4096
	callWorkers       = 64 // goroutines that are kept for calls; more calls have one each
	streamWindow      = 1 << 20
	connWindow        = 8 << 20
	graceOfCalls      = 5 * time.Second
	graceOfHTTP       = time.Second
	idleHTTP          = 2 * time.Minute
	shortestPing      = 5 * time.Second // the client pings every 10 s
	pingOfIdleClients = time.Minute
)

// Node is a running event node.
type Node struct {
	log    *slog.Logger
	now    func() time.Time
	store  *store
	writer *writer
	door   *door
	front
	meters   *meters
	groups   *groups
	grpc     *grpc.Server
	http     *http.Server
	stopping chan struct{}
	// scavenging holds one while a scavenge is under way.
	scavenging chan struct{}
	// copying holds one while a backup is under way.
	copying  chan struct{}
	desk     desk
	large    chan struct{} // places of large appends
	floors   *floors
	pace     []byte
	writing  sync.WaitGroup // writer and committer
	serving  sync.WaitGroup // door, gRPC and HTTP
	once     sync.Once
	closeErr error
}

// Open opens the store in cfg.Dir, listens on cfg.Addr and serves in the
// background until Close.
func Open(cfg Config) (*Node, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	f, err := openFront(cfg)
	if err != nil {
		return nil, err
	}
	s, err := openStore(cfg, false)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", cfg.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), s.close())
	}
	if err := cfg.reachable(listener.Addr()); err != nil {
		return nil, errors.Join(err, listener.Close(), s.close())
	}
	n := &Node{
		log: cfg.Logger, now: cfg.Now, store: s,
		writer:   newWriter(s, cfg.Now, cfg.ForgetEventIDs),
		door:     newDoor(listener, f.tls),
		front:    f,
		large:    make(chan struct{}, largeAppends),
		floors:   newFloors(),
		pace:     newPace(),
		stopping: make(chan struct{}), scavenging: make(chan struct{}, 1), copying: make(chan struct{}, 1),
	}
	n.meters = newMeters(n)
	n.groups = newGroups(n)
	s.onRound = n.meters.round
	if err := sweepBackups(s.dir, s.fs); err != nil {
		cfg.Logger.Warn("what is left of a backup stays", slog.Any("error", err))
	}
	n.start()
	n.scavengeEvery(cfg.ScavengeEvery)
	return n, nil
}

func (n *Node) start() {
	n.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessageBytes),
		grpc.MaxConcurrentStreams(callsPerClient),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: shortestPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingOfIdleClients}),
		grpc.WaitForHandlers(true),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		grpc.NumStreamWorkers(callWorkers),
		grpc.InTapHandle(n.accessOfHeaders),
		grpc.ChainUnaryInterceptor(n.faultsOfCall, n.metersOfCall, n.accessOfCall),
		grpc.ChainStreamInterceptor(n.faultsOfStream, n.metersOfStream, n.accessOfStream),
	)
	streams.RegisterStreamsServer(n.grpc, &streamsServer{node: n})
	persistent.RegisterPersistentSubscriptionsServer(n.grpc, &persistentServer{groups: n.groups})
	serverfeatures.RegisterServerFeaturesServer(n.grpc, featuresServer{})
	gossip.RegisterGossipServer(n.grpc, gossipServer{instance: uuid.New(), address: n.door.listener.Addr(), advertise: n.advertise, now: n.now})
	n.http = &http.Server{Handler: n.handler(), ReadHeaderTimeout: peekTimeout, IdleTimeout: idleHTTP, MaxHeaderBytes: 1 << 14}

	n.writing.Go(n.writer.run)
	n.writing.Go(func() {
		defer close(n.writer.done)
		commit(n.store, n.writer.rounds)
	})
	n.groups.load()
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

// Connection is the connection string for the official client, without name and
// password.
func (n *Node) Connection() string { return n.connection(n.door.listener.Addr()) }

// Done is closed when the node has stopped by itself because its storage failed.
// Close does not close it.
func (n *Node) Done() <-chan struct{} { return n.store.failure.done }

// Err says why the node has stopped by itself; it wraps ErrStorage. It is nil
// until Done is closed.
func (n *Node) Err() error { return n.store.failure.cause() }

// Writable is nil as long as appends are taken. Otherwise it says why not: ErrFull,
// which passes by itself once there is room on the disk again, or what Err says.
func (n *Node) Writable() error {
	if err := n.Err(); err != nil {
		return err
	}
	if n.store.space.refusal() != nil {
		return ErrFull
	}
	return nil
}

// Close stops accepting calls, ends all subscriptions, lets appends that have
// begun come to their end, and closes the store. It may be called more than once.
func (n *Node) Close() error {
	n.once.Do(func() { n.closeErr = n.shutdown() })
	return n.closeErr
}

func (n *Node) shutdown() error {
	close(n.stopping)
	err := n.door.close()
	within(n.grpc.GracefulStop)
	within(n.grpc.Stop)
	ctx, cancel := context.WithTimeout(context.Background(), graceOfHTTP)
	defer cancel()
	if n.http.Shutdown(ctx) != nil {
		err = errors.Join(err, n.http.Close())
	}
	n.endScavenge()
	within(n.groups.close)
	close(n.writer.stop)
	if !n.drained() {
		// The writer may be parked inside the engine for ever.
		within(n.desk.close)
		within(n.serving.Wait)
		return errors.Join(err, n.store.abandon(), n.Err())
	}
	n.serving.Wait()
	n.desk.close()
	return errors.Join(err, n.store.close(), n.Err())
}

// drained waits until all appends that have begun are on disk. They never are if
// the engine waits for room or its disk has failed.
func (n *Node) drained() bool {
	full, done := n.store.space.full(), make(chan struct{})
	go func() {
		defer close(done)
		n.writing.Wait()
	}()
	select {
	case <-done:
		return n.Err() == nil
	case <-full:
	case <-n.store.failure.done:
	}
	return false
}

// within waits for f, but no longer than calls are given.
func within(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(graceOfCalls)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
