package bus_test

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/requeuer"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/bus"
)

// run runs a router until the end of the test.
func run(t *testing.T, router *message.Router) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- router.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(router.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-router.Running():
	case <-time.After(patient):
		t.Fatal("the router does not run")
	}
}

func newRouter(t *testing.T) *message.Router {
	t.Helper()
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: patient}, watermill.NopLogger{})
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// heard is what a handler has been given.
func heard(t *testing.T, messages <-chan string) string {
	t.Helper()
	select {
	case text := <-messages:
		return text
	case <-time.After(patient):
		t.Fatal("nothing is heard")
		return ""
	}
}

func TestPoisonedMessagesAreRequeuedAgainAndAgain(t *testing.T) {
	log := newLog(t)
	for mode, subscriber := range modes(log) {
		t.Run(mode, func(t *testing.T) {
			orders, poison := "orders "+mode, "poison "+mode
			pub := newPublisher(t, log, bus.PublisherConfig{})
			poisoned, err := middleware.PoisonQueue(pub, poison)
			if err != nil {
				t.Fatal(err)
			}
			router := newRouter(t)
			router.AddMiddleware(poisoned)
			told := make(chan string, 100)
			failures := 3 // so often it comes back into its own topic
			router.AddConsumerHandler("orders", orders, subscriber(t, "worker"), func(m *message.Message) error {
				told <- m.UUID + " " + m.Metadata.Get(requeuer.RetriesKey)
				if failures--; failures >= 0 {
					return errors.New("not yet")
				}
				return nil
			})
			run(t, router)
			back, err := requeuer.NewRequeuer(requeuer.Config{
				Subscriber: subscriber(t, "requeuer"), SubscribeTopic: poison, Publisher: pub,
				GeneratePublishTopic: func(p requeuer.GeneratePublishTopicParams) (string, error) {
					return p.Message.Metadata.Get(middleware.PoisonedTopicKey), nil
				},
			}, watermill.NopLogger{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requeuing := make(chan error, 1)
			go func() { requeuing <- back.Run(ctx) }()
			if err := pub.Publish(orders, message.NewMessage("1", []byte("x"))); err != nil {
				t.Fatal(err)
			}
			var got []string
			for range 4 {
				got = append(got, heard(t, told))
			}
			if diff := cmp.Diff([]string{"1 ", "1 1", "1 2", "1 3"}, got); diff != "" {
				t.Errorf("(-want +heard):\n%s", diff)
			}
			cancel()
			if err := <-requeuing; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMessagePutBackIntoItsOwnTopicIsDelivered(t *testing.T) {
	log := newLog(t)
	for mode, subscriber := range modes(log) {
		t.Run(mode, func(t *testing.T) {
			topic := "loop " + mode
			pub := newPublisher(t, log, bus.PublisherConfig{})
			back, err := requeuer.NewRequeuer(requeuer.Config{
				Subscriber: subscriber(t, "requeuer"), SubscribeTopic: topic, Publisher: pub,
				GeneratePublishTopic: func(requeuer.GeneratePublishTopicParams) (string, error) { return topic, nil },
				Delay:                10 * time.Millisecond,
			}, watermill.NopLogger{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requeuing := make(chan error, 1)
			go func() { requeuing <- back.Run(ctx) }()
			messages := subscribe(t.Context(), t, subscriber(t, "watcher"), topic)
			if err := pub.Publish(topic, message.NewMessage("1", nil)); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"", "1", "2", "3"} {
				m := receive(t, messages)
				if got := m.Metadata.Get(requeuer.RetriesKey); got != want || m.UUID != "1" {
					t.Errorf("received %q with %q retries, want %q", m.UUID, got, want)
				}
				m.Ack()
			}
			cancel()
			if err := <-requeuing; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMessagesWithOneIDDoNotHangWatermillsBenchmark(t *testing.T) {
	const benchtime = "test.benchtime"
	before := flag.Lookup(benchtime).Value.String()
	if err := flag.Set(benchtime, "200x"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(benchtime, before) }) // it was one before
	log := newLog(t)
	for mode, subscriber := range modes(log) {
		t.Run(mode, func(t *testing.T) {
			result := testing.Benchmark(func(b *testing.B) {
				b.Helper()
				benchSubscriber(b, log, subscriber)
			})
			if result.N != 200 {
				t.Errorf("%d messages arrived, want 200", result.N)
			}
		})
	}
}

func TestReasonsOfARouter(t *testing.T) {
	log := newLog(t)
	publish(t, log, "orders", 1)
	sub := newPersistent(t, log, bus.PersistentConfig{NackDelay: soon})
	router := newRouter(t)
	router.AddMiddleware(bus.Reasons)
	router.AddConsumerHandler("orders", "orders", sub, func(*message.Message) error {
		return bus.Permanent(errors.New("cannot be"))
	})
	if err := sub.SubscribeInitialize("orders"); err != nil {
		t.Fatal(err)
	}
	run(t, router)
	eventually(t, "it is parked", func() bool { return info(t, log, sub, "orders").Parked == 1 })
}
