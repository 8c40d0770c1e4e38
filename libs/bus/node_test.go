package bus_test

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
)

// patient bounds every wait for a real node.
const patient = 30 * time.Second

// server is a node that can be taken down and brought back on the same
// directory and port.
type server struct {
	dir, addr string

	mu   sync.Mutex
	node *eventnode.Node // nil while it is down
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), addr: nodetest.Addr(t)}
	s.up(t)
	t.Cleanup(func() { _ = s.stop() })
	return s
}

func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	node, err := eventnode.Open(eventnode.Config{Dir: s.dir, Addr: s.addr})
	if err != nil {
		return fmt.Errorf("open node: %w", err)
	}
	s.node = node
	u, err := url.Parse(node.Connection())
	if err != nil {
		return fmt.Errorf("connection string %q: %w", node.Connection(), err)
	}
	s.addr = u.Host
	return nil
}

func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.node == nil {
		return nil
	}
	err := s.node.Close()
	s.node = nil
	return err
}

func (s *server) up(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

func (s *server) down(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatalf("close node: %v", err)
	}
}

func (s *server) log(t testing.TB) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open("esdb://" + s.addr + "?tls=false")
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func newLog(t testing.TB) *eventlog.Log {
	t.Helper()
	return newServer(t).log(t)
}

func newSubscriber(t testing.TB, log *eventlog.Log, cfg bus.SubscriberConfig) *bus.Subscriber {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	if cfg.Checkpoints == nil {
		cfg.Checkpoints = bus.MemoryCheckpoints()
	}
	sub, err := bus.NewSubscriber(log, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

func subscribe(ctx context.Context, t testing.TB, sub message.Subscriber, topic string) <-chan *message.Message {
	t.Helper()
	messages, err := sub.Subscribe(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// receive waits for the next message.
func receive(t testing.TB, messages <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m, ok := <-messages:
		if !ok {
			t.Fatal("the channel is closed")
		}
		return m
	case <-time.After(patient):
		t.Fatal("no message")
	}
	return nil
}

// appendN appends n events that carry their number, one by one.
func appendN(t testing.TB, log *eventlog.Log, stream string, n int) []eventlog.Event {
	t.Helper()
	events := make([]eventlog.Event, n)
	for i := range events {
		events[i] = eventlog.Event{
			ID: uuid.New(), Type: "counted.v1", Data: fmt.Appendf(nil, "%d", i),
			Meta: []byte(`{"$correlationId":"c-1","actor":{"user":"7"},"n":3}`),
		}
		if _, err := log.Append(t.Context(), stream, eventlog.Any, events[i]); err != nil {
			t.Fatal(err)
		}
	}
	return events
}
