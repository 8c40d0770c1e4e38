package bus_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/cqrs"
	"github.com/ThreeDotsLabs/watermill/components/requeuer"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// must is how the examples treat errors, so that they show the rest.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// openLog opens a log on a node of its own.
func openLog() (log *eventlog.Log, end func()) {
	dir := must(os.MkdirTemp("", "bus"))
	node := must(eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"}))
	log = must(eventlog.Open(node.Connection()))
	return log, func() { _ = errors.Join(log.Close(), node.Close(), os.RemoveAll(dir)) } // the example is over
}

// A service appends to its own stream, and another one hears of it.
func Example() {
	log, end := openLog()
	defer end()
	ctx := context.Background()
	opened := eventlog.Event{ID: uuid.New(), Type: "case-opened.v1", Data: []byte(`{"kind":"loan"}`)}
	must(log.Append(ctx, "case-7", eventlog.NoStream, opened)) // on disk when it returns

	sub := must(bus.NewSubscriber(log, bus.SubscriberConfig{
		Name:        "example",
		Checkpoints: bus.StreamCheckpoints(log),
	}))
	messages := must(sub.Subscribe(ctx, "case")) // all streams case-…
	m := <-messages
	fmt.Println(m.Metadata.Get(bus.MetaStream), m.Metadata.Get(bus.MetaType), string(m.Payload))
	m.Ack()
	_ = sub.Close() // saves the checkpoint
	// Output: case-7 case-opened.v1 {"kind":"loan"}
}

// Workers of one group share a queue. What is refused for good is parked with
// its reason, and can be given out again.
func ExamplePersistentSubscriber() {
	log, end := openLog()
	defer end()
	ctx := context.Background()
	worker := must(bus.NewPersistentSubscriber(log, bus.PersistentConfig{Group: "stock"}))
	defer func() { _ = worker.Close() }() // ends the subscription
	messages := must(worker.Subscribe(ctx, "orders"))

	pub := must(bus.NewPublisher(log, bus.PublisherConfig{}))
	if err := pub.Publish("orders", message.NewMessage("order-1", []byte("a pen"))); err != nil {
		panic(err)
	}
	bus.Refuse(<-messages, bus.Permanent(errors.New("no such item")))
	group := must(worker.Group("orders"))
	for must(log.InfoOfGroup(ctx, group)).Parked == 0 {
		<-time.After(time.Millisecond) // until the node has set it aside
	}
	fmt.Println("parked:", must(log.InfoOfGroup(ctx, group)).Parked)

	if err := log.ReplayParked(ctx, group, 0); err != nil { // the item is there now
		panic(err)
	}
	m := <-messages
	fmt.Println(m.UUID, string(m.Payload))
	m.Ack()
	// Output:
	// parked: 1
	// order-1 a pen
}

// A router retries in the process and puts what still fails on a poison queue,
// so that the stream goes on.
func Example_router() {
	log, end := openLog()
	defer end()
	pub := must(bus.NewPublisher(log, bus.PublisherConfig{}))
	sub := must(bus.NewSubscriber(log, bus.SubscriberConfig{
		Name: "orders", Checkpoints: bus.StreamCheckpoints(log),
		CheckpointName: func(name, topic string) string { return name + ":" + topic }, // it takes two topics
	}))
	router := must(message.NewRouter(message.RouterConfig{}, watermill.NopLogger{}))
	router.AddMiddleware(
		must(middleware.PoisonQueue(pub, "poison")), // outermost: sees what the retries leave
		middleware.Retry{MaxRetries: 2, InitialInterval: time.Millisecond}.Middleware,
	)
	attempts := 0
	router.AddConsumerHandler("orders", "orders", sub, func(*message.Message) error {
		attempts++
		return errors.New("out of stock")
	})
	done := make(chan struct{})
	router.AddConsumerHandler("poison", "poison", sub, func(m *message.Message) error {
		fmt.Println(attempts, "attempts:", m.Metadata.Get(middleware.ReasonForPoisonedKey))
		close(done)
		return nil
	})
	go func() { _ = router.Run(context.Background()) }() // ends with Close
	<-router.Running()
	if err := pub.Publish("orders", message.NewMessage(watermill.NewUUID(), nil)); err != nil {
		panic(err)
	}
	<-done
	_ = router.Close() // the example is over
	// Output: 3 attempts: out of stock
}

// The requeuer puts messages back where they come from, here twice into the
// topic that it reads.
func Example_requeuer() {
	log, end := openLog()
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	pub := must(bus.NewPublisher(log, bus.PublisherConfig{}))
	again := must(requeuer.NewRequeuer(requeuer.Config{
		Subscriber:     must(bus.NewPersistentSubscriber(log, bus.PersistentConfig{Group: "requeuer"})),
		SubscribeTopic: "orders",
		Publisher:      pub,
		GeneratePublishTopic: func(requeuer.GeneratePublishTopicParams) (string, error) {
			return "orders", nil
		},
	}, watermill.NopLogger{}))
	done := make(chan error)
	go func() { done <- again.Run(ctx) }()

	watcher := must(bus.NewSubscriber(log, bus.SubscriberConfig{Name: "watcher", Checkpoints: bus.MemoryCheckpoints()}))
	messages := must(watcher.Subscribe(ctx, "orders"))
	if err := pub.Publish("orders", message.NewMessage("order-1", nil)); err != nil {
		panic(err)
	}
	for range 3 {
		m := <-messages
		fmt.Printf("%s %q\n", m.UUID, m.Metadata.Get(requeuer.RetriesKey))
		m.Ack()
	}
	cancel()
	if err := <-done; err != nil {
		panic(err)
	}
	// Output:
	// order-1 ""
	// order-1 "1"
	// order-1 "2"
}

// A handler commits its effect and the position in one transaction: exactly one
// effect, wherever the process dies.
func ExampleHandlerCommits() {
	log, end := openLog()
	defer end()
	ctx := context.Background()
	db := must(sql.Open("sqlite", ":memory:"))
	db.SetMaxOpenConns(1) // each connection would be a database of its own
	defer func() { _ = db.Close() }()
	must(db.ExecContext(ctx, "CREATE TABLE balance (amount INTEGER); INSERT INTO balance VALUES (0);"+
		"CREATE TABLE position (at INTEGER); INSERT INTO position VALUES (0)"))
	load := func(ctx context.Context, _ string) (at eventlog.Position, err error) {
		err = db.QueryRowContext(ctx, "SELECT at FROM position").Scan(&at)
		return at, err
	}
	handle := func(m *message.Message) error {
		r, _ := bus.Recorded(m)
		tx, err := db.BeginTx(m.Context(), nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // committed, or to be undone
		moved, err := tx.ExecContext(m.Context(), "UPDATE position SET at = ? WHERE at < ?", r.Position, r.Position)
		if err != nil {
			return err
		}
		if n, err := moved.RowsAffected(); err != nil || n == 0 {
			return err // done already, and only the Ack was lost
		}
		if _, err := tx.ExecContext(m.Context(), "UPDATE balance SET amount = amount + ?", string(m.Payload)); err != nil {
			return err
		}
		return tx.Commit()
	}
	for i, amount := range []string{"10", "20", "12"} {
		paid := eventlog.Event{ID: uuid.New(), Type: "paid.v1", Data: []byte(amount)}
		must(log.Append(ctx, fmt.Sprintf("account-%d", i), eventlog.NoStream, paid))
	}
	for range 3 { // three times dead before the Ack
		sub := must(bus.NewSubscriber(log, bus.SubscriberConfig{Name: "balance", Checkpoints: bus.HandlerCommits(load)}))
		messages := must(sub.Subscribe(ctx, "account"))
		if err := handle(<-messages); err != nil {
			panic(err)
		}
		_ = sub.Close() // without an Ack
	}
	var amount int
	if err := db.QueryRowContext(ctx, "SELECT amount FROM balance").Scan(&amount); err != nil {
		panic(err)
	}
	fmt.Println(amount)
	// Output: 42
}

// Event of the cqrs example.
type roomBooked struct {
	Room string `json:"room"`
}

// Event of the cqrs example.
type roomLeft struct {
	Room string `json:"room"`
}

// Watermill's cqrs component: one subscription for a group of handlers, in order.
func Example_eventGroupProcessor() {
	log, end := openLog()
	defer end()
	marshaler := cqrs.JSONMarshaler{GenerateName: cqrs.StructName}
	events := must(cqrs.NewEventBusWithConfig(must(bus.NewPublisher(log, bus.PublisherConfig{})), cqrs.EventBusConfig{
		GeneratePublishTopic: func(cqrs.GenerateEventPublishTopicParams) (string, error) { return "rooms", nil },
		Marshaler:            marshaler,
		Logger:               watermill.NopLogger{},
	}))
	router := must(message.NewRouter(message.RouterConfig{}, watermill.NopLogger{}))
	processor := must(cqrs.NewEventGroupProcessorWithConfig(router, cqrs.EventGroupProcessorConfig{
		GenerateSubscribeTopic: func(cqrs.EventGroupProcessorGenerateSubscribeTopicParams) (string, error) { return "rooms", nil },
		SubscriberConstructor: func(p cqrs.EventGroupProcessorSubscriberConstructorParams) (message.Subscriber, error) {
			return bus.NewSubscriber(log, bus.SubscriberConfig{Name: p.EventGroupName, Checkpoints: bus.StreamCheckpoints(log)})
		},
		AckOnUnknownEvent: true,
		Marshaler:         marshaler,
		Logger:            watermill.NopLogger{},
	}))
	done := make(chan struct{})
	if err := processor.AddHandlersGroup("calendar",
		cqrs.NewGroupEventHandler(func(_ context.Context, e *roomBooked) error {
			fmt.Println("booked", e.Room)
			return nil
		}),
		cqrs.NewGroupEventHandler(func(_ context.Context, e *roomLeft) error {
			fmt.Println("left", e.Room)
			close(done)
			return nil
		}),
	); err != nil {
		panic(err)
	}
	go func() { _ = router.Run(context.Background()) }() // ends with Close
	<-router.Running()
	for _, event := range []any{&roomBooked{"7"}, &roomLeft{"7"}} {
		if err := events.Publish(context.Background(), event); err != nil {
			panic(err)
		}
	}
	<-done
	_ = router.Close() // the example is over
	// Output:
	// booked 7
	// left 7
}
