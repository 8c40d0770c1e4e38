package eventnode_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// BenchmarkAppend answers: how many appends a second does a node take, each of one
// event of 300 bytes, acknowledged after its fsync, from so many writers that each
// wait for the answer?
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			c := stage(b)
			appendTo(b, c, "warm-1", esdb.Any{}, note("x"))
			todo := make(chan struct{})
			took := make([][]time.Duration, writers)
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					stream := fmt.Sprintf("case-%d", w)
					expected := esdb.ExpectedRevision(esdb.NoStream{})
					for range todo {
						e := note("x")
						e.Data = make([]byte, 300)
						begun := time.Now()
						r, err := c.AppendToStream(b.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, e)
						if err != nil {
							b.Error(err)
							continue
						}
						took[w] = append(took[w], time.Since(begun))
						expected = esdb.Revision(r.NextExpectedVersion)
					}
				})
			}
			for b.Loop() {
				todo <- struct{}{}
			}
			close(todo)
			group.Wait()
			report(b, slices.Concat(took...))
		})
	}
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

// BenchmarkRead answers: how many events a second does one reader get out of the
// log?
func BenchmarkRead(b *testing.B) {
	c := stage(b)
	fill(b, c, "case-1", 5000)
	for name, read := range map[string]func() int{
		"all":    func() int { return len(readAll(b, c, esdb.ReadAllOptions{}, 1<<20)) },
		"stream": func() int { return len(read(b, c, "case-1", esdb.ReadStreamOptions{}, 1<<20)) },
	} {
		b.Run(name, func(b *testing.B) {
			events := 0
			for b.Loop() {
				events += read()
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
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
