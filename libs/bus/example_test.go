package bus_test

import (
	"context"
	"fmt"
	"os"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// A service appends to its own stream, and another one hears of it.
func Example() {
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a directory under the system's own
	node, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	defer func() { _ = node.Close() }() // the example is over

	log, err := eventlog.Open(node.Connection())
	if err != nil {
		panic(err)
	}
	defer func() { _ = log.Close() }() // as above
	opened := eventlog.Event{ID: uuid.New(), Type: "case-opened.v1", Data: []byte(`{"kind":"loan"}`)}
	if _, err := log.Append(context.Background(), "case-7", eventlog.NoStream, opened); err != nil {
		panic(err)
	}

	sub, err := bus.NewSubscriber(log, bus.SubscriberConfig{
		Name:        "example",
		Checkpoints: bus.StreamCheckpoints(log),
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = sub.Close() }() // as above
	messages, err := sub.Subscribe(context.Background(), "case")
	if err != nil {
		panic(err)
	}
	handle := func(m *message.Message) {
		fmt.Println(m.Metadata.Get(bus.MetaStream), m.Metadata.Get(bus.MetaType), string(m.Payload))
		m.Ack()
	}
	handle(<-messages)
	// Output: case-7 case-opened.v1 {"kind":"loan"}
}
