package eventnode_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// TestOfAThousandMessagesNoneIsLost lets three consumers answer a thousand messages
// at random while one of them leaves and comes back. In the end each message was
// acknowledged, skipped or parked.
func TestOfAThousandMessagesNoneIsLost(t *testing.T) {
	const all = 1000
	for name, strategy := range map[string]esdb.ConsumerStrategy{
		"in turn":       esdb.ConsumerStrategyRoundRobin,
		"one at a time": esdb.ConsumerStrategyDispatchToSingle,
		"pinned":        esdb.ConsumerStrategyPinned,
	} {
		t.Run(name, func(t *testing.T) {
			c := stage(t)
			createGroup(t, c, "case-1", "workers", fromStart(func(s *esdb.PersistentSubscriptionSettings) {
				s.ConsumerStrategyName, s.MaxRetryCount = strategy, 2
			}))
			d := &day{t: t, client: c, seen: make(map[uint64]bool), ended: make(chan struct{})}
			for seed := range uint64(3) {
				d.group.Go(func() { d.work(seed) })
			}
			for n := 0; n < all; n += 50 {
				appendTo(t, c, "case-1", esdb.Any{}, notes(make([]string, 50)...)...)
			}
			wantInfo(t, c, "case-1", "workers", "all is done", func(i *esdb.PersistentSubscriptionInfo) bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				return len(d.seen)+int(i.Stats.ParkedMessagesCount) >= all &&
					i.Stats.OutstandingMessagesCount == 0 && i.Stats.RetryBufferCount == 0
			})
			d.end()
			d.group.Wait()
			for _, link := range waitForAllParked(t, c) {
				revision, _, _ := strings.Cut(link, "@")
				n, err := strconv.ParseUint(revision, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				d.seen[n] = true
			}
			for n := range uint64(all) {
				if !d.seen[n] {
					t.Errorf("message %d was lost", n)
				}
			}
		})
	}
}

func waitForAllParked(t *testing.T, c *esdb.Client) []string {
	t.Helper()
	var out []string
	for _, e := range read(t, c, parkedStream("case-1", "workers"), esdb.ReadStreamOptions{}, 5000) {
		out = append(out, string(e.OriginalEvent().Data))
	}
	return out
}

// day is what the consumers have seen of their work.
type day struct {
	t      *testing.T
	client *esdb.Client
	group  sync.WaitGroup
	ended  chan struct{}

	mu   sync.Mutex
	seen map[uint64]bool // acknowledged or skipped
	open []*esdb.PersistentSubscription
}

func (d *day) end() {
	close(d.ended)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.open {
		_ = s.Close()
	}
}

// work answers at random. The first worker leaves in the middle of its work, again
// and again.
func (d *day) work(seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	for {
		s, err := d.client.SubscribeToPersistentSubscription(d.t.Context(), "case-1", "workers", esdb.SubscribeToPersistentSubscriptionOptions{BufferSize: uint32(1 + random.IntN(20))})
		if err != nil {
			d.t.Error(err)
			return
		}
		d.mu.Lock()
		d.open = append(d.open, s)
		d.mu.Unlock()
		for answers := 0; seed > 0 || answers < 40; answers++ {
			e := s.Recv()
			if e.SubscriptionDropped != nil {
				return
			}
			if !d.answer(s, e.EventAppeared.Event, random.IntN(10)) {
				return
			}
		}
		_ = s.Close()
		select {
		case <-d.ended:
			return
		default:
		}
	}
}

func (d *day) answer(s *esdb.PersistentSubscription, e *esdb.ResolvedEvent, dice int) bool {
	switch dice {
	case 0, 1:
		return s.Nack("", esdb.NackActionRetry, e) == nil
	case 2:
		return s.Nack("", esdb.NackActionPark, e) == nil
	}
	d.mu.Lock()
	d.seen[e.Event.EventNumber] = true
	d.mu.Unlock()
	if dice == 3 {
		return s.Nack("", esdb.NackActionSkip, e) == nil
	}
	return s.Ack(e) == nil
}
