package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
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

// openExample opens a log on a node of its own.
func openExample() (log *eventlog.Log, end func()) {
	dir := must(os.MkdirTemp("", "eventlog"))
	node := must(eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"}))
	log = must(eventlog.Open(node.Connection()))
	return log, func() { _ = errors.Join(log.Close(), node.Close(), os.RemoveAll(dir)) } // the example is over
}

// A stream is written at the revision that the writer believes it to have.
func ExampleLog_Append() {
	log, end := openExample()
	defer end()
	ctx := context.Background()
	opened := eventlog.Event{ID: uuid.New(), Type: "case-opened.v1", Data: []byte(`{"kind":"loan"}`)}
	closed := eventlog.Event{ID: uuid.New(), Type: "case-closed.v1", Data: []byte(`{}`)}

	at := must(log.Append(ctx, "case-7", eventlog.NoStream, opened))
	_, err := log.Append(ctx, "case-7", eventlog.NoStream, closed)
	fmt.Println(errors.Is(err, eventlog.ErrConflict))
	must(log.Append(ctx, "case-7", eventlog.Expect(at.Revision), closed))
	for event, err := range log.Read(ctx, "case-7", 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(event.Revision, event.Type)
	}
	// Output:
	// true
	// 0 case-opened.v1
	// 1 case-closed.v1
}

// A follower is told of what is there and of what comes, in the order of the log.
func ExampleLog_Follow() {
	log, end := openExample()
	defer end()
	ctx := context.Background()
	for _, stream := range []string{"case-1", "alert-1", "case-2"} {
		must(log.Append(ctx, stream, eventlog.NoStream, eventlog.Event{ID: uuid.New(), Type: "opened.v1", Data: []byte(`{}`)}))
	}
	enough := errors.New("enough")
	err := log.Follow(ctx, eventlog.Start, []string{"case-"}, func(d eventlog.Delivery) error {
		switch {
		case d.Event != nil:
			fmt.Println(d.Event.Stream)
		case d.CaughtUp:
			return enough
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// case-1
	// case-2
	// enough
}

// Consumers of a group share the events of a stream.
func ExampleConsumer() {
	log, end := openExample()
	defer end()
	ctx := context.Background()
	group := eventlog.Group{Name: "stock", Stream: "orders"}
	if err := log.CreateGroup(ctx, group, eventlog.GroupSettings{}); err != nil {
		panic(err)
	}
	must(log.Append(ctx, "orders", eventlog.Any, eventlog.Event{ID: uuid.New(), Type: "ordered.v1", Data: []byte(`"a pen"`)}))

	consumer := log.Consumer(group, 10)
	defer consumer.Close()
	claim := must(consumer.Next(ctx))
	fmt.Println(string(claim.Event.Data), claim.Retries)
	claim.Retry("not now")
	claim = must(consumer.Next(ctx))
	fmt.Println(string(claim.Event.Data), claim.Retries)
	claim.Ack()
	// Output:
	// "a pen" 0
	// "a pen" 1
}
