package bus_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// suite is Watermill's universal test suite, or its stress test.
type suite func(*testing.T, tests.Features, tests.PubSubConstructor, tests.ConsumerGroupPubSubConstructor)

// The suite runs against a node in a process of its own, which TestReconnect
// kills and starts again twice in the middle of its traffic. With -short it
// sends a fraction of the messages and the node stays up.
func TestWatermillSuiteCatchUp(t *testing.T) { catchUpSuite(t, tests.TestPubSub) }

func TestWatermillSuitePersistent(t *testing.T) { persistentSuite(t, tests.TestPubSub) }

// The stress tests run the suite ten times at once, or as often as
// STRESS_TEST_COUNT says, and take their time: only when asked for.
func TestWatermillStressCatchUp(t *testing.T) {
	stressed(t)
	catchUpSuite(t, tests.TestPubSubStressTest)
}

func TestWatermillStressPersistent(t *testing.T) {
	stressed(t)
	persistentSuite(t, tests.TestPubSubStressTest)
}

func catchUpSuite(t *testing.T, run suite) {
	t.Helper()
	node := newProcess(t)
	log := node.log(t)
	begin := &beginnings{log: log, at: map[string]eventlog.Position{}}
	group := func(t *testing.T, name string) (message.Publisher, message.Subscriber) {
		pub := newPublisher(t, log, bus.PublisherConfig{})
		sub, err := bus.NewSubscriber(log, bus.SubscriberConfig{
			Name:           name,
			Checkpoints:    begin.of(t, bus.StreamCheckpoints(log)),
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
		return pub, lastOneLate(t, sub)
	}
	features := features(t, node)
	features.GuaranteedOrder = true
	features.NewSubscriberReceivesOldMessages = true
	run(t, features, one, group)
}

func persistentSuite(t *testing.T, run suite) {
	t.Helper()
	node := newProcess(t)
	log := node.log(t)
	group := func(t *testing.T, name string) (message.Publisher, message.Subscriber) {
		pub := newPublisher(t, log, bus.PublisherConfig{})
		sub, err := bus.NewPersistentSubscriber(log, bus.PersistentConfig{
			Group:         name,
			MaxDeliveries: -1, // the suite refuses a hundred times and means it
			NackDelay:     func(int) time.Duration { return 5 * time.Millisecond },
		})
		if err != nil {
			t.Fatal(err)
		}
		return pub, sub
	}
	one := func(t *testing.T) (message.Publisher, message.Subscriber) {
		pub, sub := group(t, "suite")
		return pub, lastOneLate(t, sub)
	}
	run(t, features(t, node), one, group)
}

// beginnings are where the log was when each test began. Its topics are new, so
// that nothing of them is before; without this, every subscriber would search
// what all other tests have published.
type beginnings struct {
	log *eventlog.Log

	mu sync.Mutex
	at map[string]eventlog.Position // by the name of the test
}

// of is the store with the beginning of the test for names never saved.
func (b *beginnings) of(t *testing.T, store bus.CheckpointStore) bus.CheckpointStore {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.at[t.Name()]
	if !ok {
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		defer cancel()
		var err error
		if at, err = b.log.End(ctx); err != nil {
			t.Fatal(err)
		}
		b.at[t.Name()] = at
	}
	return beginning{store, at}
}

type beginning struct {
	bus.CheckpointStore
	at eventlog.Position
}

func (b beginning) Load(ctx context.Context, name string) (eventlog.Position, error) {
	at, err := b.CheckpointStore.Load(ctx, name)
	return max(at, b.at), err
}

// features are what both kinds of subscriber have.
func features(t *testing.T, node *process) tests.Features {
	t.Helper()
	f := tests.Features{
		ConsumerGroups: true,
		Persistent:     true,
		GenerateTopicFunc: func(tctx tests.TestContext) string {
			return "原路/a b%2F,$c:d-" + string(tctx.TestID) + ":"
		},
	}
	if !testing.Short() {
		f.RestartServiceCommand = node.restartCommand(t)
	}
	f.ForceShort = testing.Short()
	return f
}

// lastOneLate hands over the last message of TestReconnect a moment later. That
// test compares what it has received with a list of what it has published, to
// which another goroutine of its own adds each message after its Publish has
// returned; a subscriber that is fast enough hears the last one before.
func lastOneLate(t *testing.T, sub message.Subscriber) message.Subscriber {
	t.Helper()
	if !strings.Contains(t.Name(), "TestReconnect") {
		return sub
	}
	if initializer, ok := sub.(message.SubscribeInitializer); ok {
		return struct {
			late
			message.SubscribeInitializer
		}{late{sub}, initializer}
	}
	return late{sub}
}

type late struct{ message.Subscriber }

func (l late) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
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

// modes are the two kinds of subscriber, as a test of both wants them.
func modes(log *eventlog.Log) map[string]func(testing.TB, string) message.Subscriber {
	return map[string]func(testing.TB, string) message.Subscriber{
		"catch-up": func(t testing.TB, name string) message.Subscriber {
			return newSubscriber(t, log, bus.SubscriberConfig{
				Name: name, MinBackoff: time.Millisecond,
				CheckpointName: func(name, topic string) string { return name + ":" + topic },
			})
		},
		"persistent": func(t testing.TB, name string) message.Subscriber {
			return newPersistent(t, log, bus.PersistentConfig{
				Group: name, NackDelay: func(int) time.Duration { return time.Millisecond },
			})
		},
	}
}

func newPersistent(t testing.TB, log *eventlog.Log, cfg bus.PersistentConfig) *bus.PersistentSubscriber {
	t.Helper()
	if cfg.Group == "" {
		cfg.Group = "test"
	}
	sub, err := bus.NewPersistentSubscriber(log, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

// BenchmarkPubSub is Watermill's own benchmark: publish b.N messages one by
// one, and consume them. It gives every message the same UUID.
func BenchmarkPubSub(b *testing.B) {
	log := newLog(b)
	for mode, subscriber := range modes(log) {
		b.Run(mode, func(b *testing.B) { benchSubscriber(b, log, subscriber) })
	}
}

func benchSubscriber(b *testing.B, log *eventlog.Log, subscriber func(testing.TB, string) message.Subscriber) {
	b.Helper()
	tests.BenchSubscriber(b, func(int) (message.Publisher, message.Subscriber) {
		pub := newPublisher(b, log, bus.PublisherConfig{EventID: bus.UniqueEventID})
		b.Cleanup(func() { _ = pub.Close() }) // the last message can be heard before its Publish returns
		return pub, subscriber(b, watermill.NewUUID())
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
