package eventnode_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// benchBytes is the size of the data of an event, in bytes.
const benchBytes = 1024

// BenchmarkAppend answers: how many appends a second does a node take, each of one
// event of 1 KiB, acknowledged after its fsync, from so many writers that each
// wait for the answer? The ceiling is what the client itself can do: the same
// against a server that stores nothing and answers at once.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("ceiling/writers=%d", writers), func(b *testing.B) { benchAppend(b, ceiling(b), writers) })
		b.Run(fmt.Sprintf("node/writers=%d", writers), func(b *testing.B) { benchAppend(b, stage(b), writers) })
	}
}

func benchAppend(b *testing.B, c *esdb.Client, writers int) {
	b.Helper()
	appendTo(b, c, "warm-1", esdb.Any{}, note("x"))
	todo := make(chan struct{})
	took := make([][]time.Duration, writers)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			stream := fmt.Sprintf("case-%d", w)
			for range todo {
				e := note("x")
				e.Data = make([]byte, benchBytes)
				begun := time.Now()
				if _, err := c.AppendToStream(b.Context(), stream, esdb.AppendToStreamOptions{}, e); err != nil {
					b.Error(err)
					continue
				}
				took[w] = append(took[w], time.Since(begun))
			}
		})
	}
	for b.Loop() {
		todo <- struct{}{}
	}
	close(todo)
	group.Wait()
	report(b, slices.Concat(took...))
}

// BenchmarkAppendToSubscriber answers: how long after a writer began to append
// does a live subscriber have the event in its hands?
func BenchmarkAppendToSubscriber(b *testing.B) {
	c := stage(b)
	sub, err := c.SubscribeToAll(b.Context(), esdb.SubscribeToAllOptions{
		From:   esdb.End{},
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sub.Close() })
	seen := make(chan time.Time, 1)
	go func() {
		for {
			got := sub.Recv()
			switch {
			case got.EventAppeared != nil:
				seen <- time.Now()
			case got.SubscriptionDropped != nil:
				return
			}
		}
	}()
	var took []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := c.AppendToStream(b.Context(), "case-1", esdb.AppendToStreamOptions{}, note("x")); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-seen).Sub(begun))
	}
	report(b, took)
}

// BenchmarkRead answers: how many events a second, of 1 KiB, does one reader get
// out of the log, and how many out of a server that makes them up?
func BenchmarkRead(b *testing.B) {
	const events = 20000
	c := stage(b)
	for range events / 500 {
		batch := make([]esdb.EventData, 500)
		for i := range batch {
			batch[i] = note("x")
			batch[i].Data = make([]byte, benchBytes)
		}
		appendTo(b, c, "case-1", esdb.Any{}, batch...)
	}
	for name, read := range map[string]func(b *testing.B) int{
		"node/all":    func(b *testing.B) int { return len(readAll(b, c, esdb.ReadAllOptions{}, events)) },
		"node/stream": func(b *testing.B) int { return len(read(b, c, "case-1", esdb.ReadStreamOptions{}, events)) },
		"ceiling": func(b *testing.B) int {
			return len(readAll(b, ceiling(b), esdb.ReadAllOptions{}, events))
		},
	} {
		b.Run(name, func(b *testing.B) {
			got := 0
			for b.Loop() {
				got += read(b)
			}
			b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkAppendWithIdleSubscribers answers: what do subscribers to streams that
// nobody writes to cost those who write to others?
func BenchmarkAppendWithIdleSubscribers(b *testing.B) {
	for _, idle := range []int{0, 500} {
		b.Run(fmt.Sprintf("idle=%d", idle), func(b *testing.B) {
			c := stage(b)
			for i := range idle {
				sub, err := c.SubscribeToStream(b.Context(), fmt.Sprintf("idle-%d", i), esdb.SubscribeToStreamOptions{})
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = sub.Close() })
			}
			benchAppend(b, c, 64)
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "appends/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
