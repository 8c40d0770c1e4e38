package bus_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// restartVariable holds the address to ask for a restart of the node.
const restartVariable = "YUANLU_TEST_RESTART"

// TestMain makes the test binary the command that restarts the node, for the
// suite can restart a server by a command only.
func TestMain(m *testing.M) {
	if addr := os.Getenv(restartVariable); addr != "" && len(os.Args) == 2 && os.Args[1] == "restart" {
		if err := askForRestart(context.Background(), addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// askForRestart returns when the node is up again.
func askForRestart(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // all has been read
	_, err = io.ReadAll(conn)
	return err
}

// restartCommand restarts the node when it is run.
func restartCommand(t *testing.T, s *server) []string {
	t.Helper()
	if testing.Short() || raced {
		return nil // the suite's own test of it has a data race
	}
	asked, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = asked.Close() })
	go func() {
		for {
			conn, err := asked.Accept()
			if err != nil {
				return // the end of the test
			}
			if err := s.restart(); err != nil {
				t.Errorf("restart: %v", err)
			}
			_ = conn.Close()
		}
	}()
	t.Setenv(restartVariable, asked.Addr().String())
	return []string{os.Args[0], "restart"}
}

// TestWatermillSuite runs Watermill's universal test suite. With -short and
// with -race it sends a fraction of the messages and leaves the node up.
func TestWatermillSuite(t *testing.T) {
	s := newServer(t)
	log := s.log(t)
	group := func(t *testing.T, name string) (message.Publisher, message.Subscriber) {
		pub := newPublisher(t, log, bus.PublisherConfig{})
		sub, err := bus.NewSubscriber(log, bus.SubscriberConfig{
			Name:           name,
			Checkpoints:    bus.StreamCheckpoints(log),
			CheckpointName: func(name, topic string) string { return name + ":" + topic },
			MinBackoff:     time.Millisecond, // the suite refuses one message a hundred times
			MaxBackoff:     20 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		return pub, sub
	}
	one := func(t *testing.T) (message.Publisher, message.Subscriber) {
		name := "suite"
		if strings.Contains(t.Name(), "NewSubscriberReceivesOldMessages") {
			name = uuid.NewString() // here each subscriber is meant to be a group of its own
		}
		pub, sub := group(t, name)
		if strings.Contains(t.Name(), "TestReconnect") {
			sub = lastOneLate{sub}
		}
		return pub, sub
	}
	tests.TestPubSub(t, tests.Features{
		ConsumerGroups:                   true,
		GuaranteedOrder:                  true,
		Persistent:                       true,
		NewSubscriberReceivesOldMessages: true,
		RestartServiceCommand:            restartCommand(t, s),
		ForceShort:                       raced, // its deadlines are those of a fast machine
		GenerateTopicFunc: func(tctx tests.TestContext) string {
			return "原路/a b%2F,$c:d-" + string(tctx.TestID) + ":"
		},
	}, one, group)
}

// lastOneLate hands over the last message of TestReconnect a moment later. That
// test compares what it has received with a list of what it has published, to
// which another goroutine of its own adds each message after its Publish has
// returned; a subscriber that is fast enough hears the last one before.
type lastOneLate struct{ message.Subscriber }

func (l lastOneLate) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	const all = 10_000 // messages of TestReconnect
	in, err := l.Subscriber.Subscribe(ctx, topic)
	if err != nil {
		return nil, err
	}
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		seen := map[string]bool{}
		for m := range in {
			if seen[m.UUID] = true; len(seen) == all {
				<-time.After(time.Second)
			}
			out <- m
		}
	}()
	return out, nil
}

// BenchmarkPubSub is Watermill's own benchmark: publish b.N messages one by
// one, then consume them. It gives every message the same UUID.
func BenchmarkPubSub(b *testing.B) {
	log := newLog(b)
	tests.BenchSubscriber(b, func(int) (message.Publisher, message.Subscriber) {
		pub := newPublisher(b, log, bus.PublisherConfig{
			EventID: func(string, *message.Message) uuid.UUID { return uuid.New() },
		})
		b.Cleanup(func() { _ = pub.Close() }) // the last message can be heard before its Publish returns
		return pub, newSubscriber(b, log, bus.SubscriberConfig{Name: watermill.NewUUID()})
	})
}

func newPublisher(t testing.TB, log *eventlog.Log, cfg bus.PublisherConfig) *bus.Publisher {
	t.Helper()
	pub, err := bus.NewPublisher(log, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return pub
}
