package bus_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// tally counts what has arrived, by its id, and watches over the order.
type tally struct {
	mu       sync.Mutex
	seen     map[string]int
	revision uint64 // the next one; of one stream
	disorder []string
}

func (c *tally) add(m *message.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[m.UUID]++
	r, _ := bus.Recorded(m)
	switch {
	case r.Revision == c.revision:
		c.revision++
	case r.Revision > c.revision:
		c.disorder = append(c.disorder, fmt.Sprintf("%d before %d", r.Revision, c.revision))
	} // what is behind was delivered before
}

func (c *tally) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// TestEverythingSurvivesANodeThatIsKilled publishes and consumes in both modes
// while the node is killed again and again, and counts every id.
func TestEverythingSurvivesANodeThatIsKilled(t *testing.T) {
	const publishers, kills = 8, 6
	node := newProcess(t)
	log := node.log(t)
	before := runtime.NumGoroutine()
	pub := newPublisher(t, log, bus.PublisherConfig{})
	catchUp := newSubscriber(t, log, bus.SubscriberConfig{
		Name: "reader", Checkpoints: bus.StreamCheckpoints(log), MinBackoff: time.Millisecond,
	})
	workers := newPersistent(t, log, bus.PersistentConfig{Group: "workers", NackDelay: soon})
	tallies := map[string]*tally{"catch-up": {seen: map[string]int{}}, "persistent": {seen: map[string]int{}}}
	var consuming sync.WaitGroup
	for mode, sub := range map[string]message.Subscriber{"catch-up": catchUp, "persistent": workers} {
		messages := subscribe(t.Context(), t, sub, "load")
		consuming.Go(func() {
			n := 0
			for m := range messages {
				if n++; n%50 == 0 {
					m.Nack()
					continue
				}
				tallies[mode].add(m)
				m.Ack()
			}
		})
	}
	stop := make(chan struct{})
	var publishing sync.WaitGroup
	var mu sync.Mutex
	stored := map[string]bool{}
	for p := range publishers {
		publishing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", p, n)
				publishOnce(t, pub, id)
				mu.Lock()
				stored[id] = true
				mu.Unlock()
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(stored) }
	for range kills {
		at := count() + 200
		eventually(t, "publishing goes on", func() bool { return count() >= at })
		if err := node.restart(); err != nil {
			t.Fatal(err)
		}
	}
	noCallOutlivesItsContext(t, log, node)
	close(stop)
	publishing.Wait()
	for mode, got := range tallies {
		eventually(t, mode+" has everything", func() bool { return got.len() >= len(stored) })
	}
	if n := runtime.NumGoroutine(); n > before+200 {
		t.Errorf("%d goroutines, and %d before", n, before)
	}
	for _, sub := range []message.Subscriber{catchUp, workers} {
		if err := sub.Close(); err != nil {
			t.Error(err)
		}
	}
	consuming.Wait()
	for mode, got := range tallies {
		for id := range stored {
			if got.seen[id] == 0 {
				t.Errorf("%s: %s is lost", mode, id)
			}
		}
		if len(got.seen) != len(stored) {
			t.Errorf("%s: %d ids arrived, %d were published", mode, len(got.seen), len(stored))
		}
	}
	if d := tallies["catch-up"].disorder; len(d) > 0 {
		t.Errorf("out of order: %v", d)
	}
	once(t, log, len(stored))
	t.Logf("%d messages through %d kills", len(stored), kills)
}

// publishOnce publishes until it is known to be stored.
func publishOnce(t *testing.T, pub *bus.Publisher, id string) {
	t.Helper()
	for {
		err := pub.Publish("load", message.NewMessage(id, []byte("x")))
		if err == nil {
			return
		}
		t.Logf("publish %s again: %v", id, err)
	}
}

// noCallOutlivesItsContext asks while the node is away.
func noCallOutlivesItsContext(t *testing.T, log *eventlog.Log, node *process) {
	t.Helper()
	if err := node.kill(); err != nil {
		t.Fatal(err)
	}
	g := eventlog.Group{Name: "workers", Stream: bus.TopicStream("load")}
	calls := map[string]func(context.Context) error{
		"create": func(ctx context.Context) error { return log.CreateGroup(ctx, g, eventlog.GroupSettings{}) },
		"update": func(ctx context.Context) error { return log.UpdateGroup(ctx, g, eventlog.GroupSettings{}) },
		"delete": func(ctx context.Context) error { return log.DeleteGroup(ctx, g) },
		"replay": func(ctx context.Context) error { return log.ReplayParked(ctx, g, 0) },
		"info":   func(ctx context.Context) error { _, err := log.InfoOfGroup(ctx, g); return err },
		"list":   func(ctx context.Context) error { _, err := log.Groups(ctx); return err },
		"end":    func(ctx context.Context) error { _, err := log.End(ctx); return err },
		"next": func(ctx context.Context) error {
			c := log.Consumer(g, 1)
			defer c.Close()
			_, err := c.Next(ctx)
			return err
		},
	}
	var asking sync.WaitGroup
	for name, call := range calls {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begin := time.Now()
			if err := call(ctx); err == nil {
				t.Errorf("%s without a node succeeded", name)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		})
	}
	asking.Wait()
	if err := node.start(); err != nil {
		t.Fatal(err)
	}
}

// once demands that nothing is stored twice.
func once(t *testing.T, log *eventlog.Log, want int) {
	t.Helper()
	n, seen := 0, map[string]bool{}
	for r, err := range log.Read(t.Context(), bus.TopicStream("load"), 0) {
		if err != nil {
			t.Fatal(err)
		}
		n, seen[r.ID.String()] = n+1, true
	}
	if n != want || len(seen) != want {
		t.Errorf("%d events with %d ids are stored, want %d", n, len(seen), want)
	}
}
