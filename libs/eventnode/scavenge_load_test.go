package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// TestReadersAndWritersGoOnDuringScavenges scavenges again and again while streams
// are written, limited, deleted, linked to, read and followed. No call fails, no
// reader sees a gap or a removed event, and the follower of what stays misses
// nothing.
func TestReadersAndWritersGoOnDuringScavenges(t *testing.T) {
	cfg := eventnode.Config{Dir: t.TempDir()}
	n := start(t, cfg)
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	loading, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	var kept, reads atomic.Int64
	each := func(work func(c *esdb.Client, i int) error) {
		c := dial(t, n)
		group.Go(func() {
			for i := 0; loading.Err() == nil; i++ {
				if err := work(c, i); err != nil && loading.Err() == nil {
					t.Errorf("during a scavenge: %v", err)
					return
				}
			}
		})
	}
	c := dial(t, n)
	fill(t, c, "kept", 1)
	for i := range 4 {
		describe(t, c, fmt.Sprintf("counted-%d", i), limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(3) }))
		fill(t, c, fmt.Sprintf("counted-%d", i), 1)
	}
	each(func(c *esdb.Client, i int) error {
		_, err := c.AppendToStream(loading, fmt.Sprintf("counted-%d", i%4), esdb.AppendToStreamOptions{}, notes("a", "b")...)
		return err
	})
	each(func(c *esdb.Client, _ int) error {
		_, err := c.AppendToStream(loading, "kept", esdb.AppendToStreamOptions{}, note("x"))
		if err == nil {
			kept.Add(1)
		}
		return err
	})
	each(func(c *esdb.Client, i int) error {
		link := esdb.EventData{EventID: uuid.New(), EventType: "$>", Data: fmt.Appendf(nil, "%d@counted-%d", i/8, i%4)}
		_, err := c.AppendToStream(loading, "links", esdb.AppendToStreamOptions{}, link)
		return err
	})
	each(func(c *esdb.Client, i int) error {
		stream := fmt.Sprintf("brief-%d", i%3)
		if _, err := c.AppendToStream(loading, stream, esdb.AppendToStreamOptions{}, notes("a", "b", "c")...); err != nil {
			return err
		}
		_, err := c.DeleteStream(loading, stream, esdb.DeleteStreamOptions{})
		return err
	})
	for range 2 {
		each(func(c *esdb.Client, i int) error {
			reads.Add(1)
			return looks(loading, c, i)
		})
	}
	followed := make(chan int64, 1)
	end := uuid.New()
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{
		From: esdb.Start{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"kept"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer sub.Close() //nolint:errcheck // the test is over
		for seen := int64(0); ; {
			got := sub.Recv()
			switch {
			case got.SubscriptionDropped != nil:
				followed <- -1
				return
			case got.EventAppeared == nil:
			case got.EventAppeared.Event.EventID == end:
				followed <- seen
				return
			case got.EventAppeared.Event.EventNumber != uint64(seen):
				followed <- -2
				return
			default:
				seen++
			}
		}
	}()
	var events, skipped uint64
	for range rounds {
		report := scavenge(t, n)
		events, skipped = events+report.Events, skipped+report.Skipped
	}
	stop()
	group.Wait()
	last := note("end")
	last.EventID = end
	appendTo(t, c, "kept", esdb.Any{}, last)
	select {
	case seen := <-followed:
		if seen < kept.Load()+1 {
			t.Errorf("the follower has seen %d events of %d", seen, kept.Load()+1)
		}
	case <-ctx(t).Done():
		t.Error("the follower has not come to the end")
	}
	t.Logf("%d events removed, %d streams skipped, %d reads, %d events kept", events, skipped, reads.Load(), kept.Load())
	if events == 0 || reads.Load() == 0 {
		t.Error("nothing happened")
	}
	scavenge(t, n)
	sound(t, n, cfg)
}

// looks reads what others write, limit and delete.
func looks(ctx context.Context, c *esdb.Client, i int) error {
	stream := []string{"counted-0", "counted-1", "$$counted-2", "links", "brief-0", "brief-1"}[i%6]
	s, err := c.ReadStream(ctx, stream, esdb.ReadStreamOptions{ResolveLinkTos: true}, 500)
	if err != nil {
		return err
	}
	events, err := collected(s)
	if code(err) == esdb.ErrorCodeResourceNotFound {
		return nil // deleted at that moment
	}
	if err != nil {
		return fmt.Errorf("%s: %w", stream, err)
	}
	for k, e := range events {
		if k > 0 && e.OriginalEvent().EventNumber != events[k-1].OriginalEvent().EventNumber+1 {
			return fmt.Errorf("%s shows %v", stream, revisions(events))
		}
	}
	all, err := c.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards, ResolveLinkTos: true}, 300)
	if err != nil {
		return err
	}
	events, err = collected(all)
	for _, e := range events {
		if e.OriginalEvent().EventType == "" {
			return errors.New("$all shows a stub")
		}
	}
	return err
}

func collected(s *esdb.ReadStream) (out []*esdb.ResolvedEvent, err error) {
	defer s.Close()
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
}

// BenchmarkAppendsDuringAScavenge measures what a scavenge costs those who append:
// the time of each append with and without one.
func BenchmarkAppendsDuringAScavenge(b *testing.B) {
	for _, scavenging := range []bool{false, true} {
		b.Run(fmt.Sprintf("scavenging %t", scavenging), func(b *testing.B) {
			n := start(b, eventnode.Config{})
			c := dial(b, n)
			big := make([]byte, 1024)
			for i := range 200 {
				events := make([]esdb.EventData, 200)
				for k := range events {
					events[k] = esdb.EventData{EventID: uuid.New(), EventType: "t", Data: big}
				}
				appendTo(b, c, fmt.Sprintf("s-%d", i), esdb.Any{}, events...)
				if i%2 == 0 {
					remove(b, c, fmt.Sprintf("s-%d", i))
				}
			}
			var done atomic.Bool
			var reports []eventnode.ScavengeReport
			finished := make(chan struct{})
			b.ResetTimer()
			go func() {
				defer close(finished)
				if scavenging {
					reports = append(reports, scavenge(b, n))
				} else {
					timer := time.NewTimer(2 * time.Second)
					defer timer.Stop()
					<-timer.C
				}
				done.Store(true)
			}()
			var took []time.Duration
			for i := 0; !done.Load() || i < b.N; i++ {
				began := time.Now()
				appendTo(b, c, "live", esdb.Any{}, esdb.EventData{EventID: uuid.New(), EventType: "t", Data: big})
				took = append(took, time.Since(began))
			}
			<-finished
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
			b.ReportMetric(float64(len(took)), "appends")
			for _, r := range reports {
				b.Logf("%+v", r)
			}
		})
	}
}
