package group_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventnode/internal/group"
)

func noon() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

// events are so many events from 0 on, each pinned to itself.
func events(count uint64) []group.Event[uint64] {
	out := make([]group.Event[uint64], count)
	for n := range count {
		out[n] = group.Event[uint64]{Number: n, ID: idOf(false, n, 1<<40), Pin: uint32(n), Size: 1, Body: n}
	}
	return out
}

// fresh is a group with room for many events and nobody in it.
func fresh(change func(*group.Settings)) *group.Group[uint64] {
	s := group.Settings{MaxRetries: 2, Timeout: 10 * time.Second, MinCheckpoint: 1, MaxCheckpoint: 1000, CheckpointAfter: time.Second, Buffer: 5000, ReadBatch: 1}
	if change != nil {
		change(&s)
	}
	return group.New[uint64](s, 0, noon())
}

func join(t *testing.T, g *group.Group[uint64], window int) group.Consumer {
	t.Helper()
	id, err := g.Join(noon(), window)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func load(t *testing.T, g *group.Group[uint64], list []group.Event[uint64]) {
	t.Helper()
	from, _, ok := g.WantLive()
	if !ok {
		t.Fatal("the group wants nothing")
	}
	g.LoadedLive(noon(), from, list, list[len(list)-1].Number+1)
}

// taken is what a consumer is sent: numbers, and retries where there were some.
func taken(g *group.Group[uint64], id group.Consumer) []uint64 {
	var out []uint64
	for _, d := range g.Take(id) {
		out = append(out, d.Body+1000*uint64(d.Retries))
	}
	return out
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStrategiesSpreadMessages(t *testing.T) {
	t.Run("in turn, past those that are full", func(t *testing.T) {
		g := fresh(nil)
		a, b := join(t, g, 1), join(t, g, 3)
		load(t, g, events(10))
		want(t, "a", taken(g, a), []uint64{0})
		want(t, "b", taken(g, b), []uint64{1, 2, 3})
		g.Ack(noon(), a, idOf(false, 0, 1<<40))
		want(t, "a, after an answer", taken(g, a), []uint64{4})
	})
	t.Run("to one until it is full", func(t *testing.T) {
		g := fresh(func(s *group.Settings) { s.Strategy = group.DispatchToSingle })
		a, b := join(t, g, 3), join(t, g, 3)
		load(t, g, events(5))
		want(t, "a", taken(g, a), []uint64{0, 1, 2})
		want(t, "b", taken(g, b), []uint64{3, 4})
	})
	t.Run("by pin, and most pins stay when a consumer comes and goes", func(t *testing.T) {
		g := fresh(func(s *group.Settings) { s.Strategy = group.Pinned })
		a, b := join(t, g, 5000), join(t, g, 5000)
		load(t, g, events(1024))
		ofA, ofB := taken(g, a), taken(g, b)
		want(t, "shares", []int{len(ofA), len(ofB)}, []int{512, 512})
		c := join(t, g, 5000)
		second := events(2048)[1024:]
		load(t, g, second)
		moved := 0
		for _, n := range taken(g, c) {
			if !slices.Contains(ofA, n-1024) && !slices.Contains(ofB, n-1024) {
				t.Errorf("event %d appears from nowhere", n)
			}
			moved++
		}
		want(t, "moved to the third", moved, 341)
		for _, n := range taken(g, a) {
			if !slices.Contains(ofA, n-1024) {
				t.Errorf("event %d has changed its consumer without need", n)
			}
		}
	})
	t.Run("a pinned consumer that is full delays nobody else", func(t *testing.T) {
		g := fresh(func(s *group.Settings) { s.Strategy = group.Pinned })
		a, b := join(t, g, 1), join(t, g, 5000)
		load(t, g, events(1024))
		want(t, "a", len(taken(g, a)), 1)
		want(t, "b", len(taken(g, b)), 512)
	})
}

func TestAMessageWithoutAnswerIsDeliveredAgainAndThenParked(t *testing.T) {
	g := fresh(nil)
	a := join(t, g, 2)
	load(t, g, events(3))
	now := noon()
	for retry := range uint64(3) {
		want(t, "delivered", taken(g, a), []uint64{1000 * retry, 1000*retry + 1})
		at, ok := g.NextTick()
		want(t, "deadline", at, now.Add(10*time.Second))
		if !ok {
			t.Fatal("there is no deadline")
		}
		g.Tick(at.Add(-1))
		want(t, "before the deadline", len(taken(g, a)), 0)
		g.Tick(at)
		now = at
	}
	want(t, "next", taken(g, a), []uint64{2})
	parkings := g.Parkings(now, 10)
	want(t, "parked", parkings, []group.Parking[uint64]{
		{Body: 0, Reason: "Reached Max Retry Count of 2"}, {Body: 1, Reason: "Reached Max Retry Count of 2"},
	})
	want(t, "low mark before they are on disk", g.Info().Low, uint64(0))
	g.Parked(now, false)
	want(t, "tried again at once", len(g.Parkings(now, 10)), 0)
	want(t, "tried again", g.Parkings(now.Add(time.Second), 10), parkings)
	g.Parked(now, true)
	want(t, "low mark", g.Info().Low, uint64(2))
}

func TestRetriesComeFirstAndInOrder(t *testing.T) {
	g := fresh(nil)
	a, b := join(t, g, 3), join(t, g, 1)
	load(t, g, events(6))
	want(t, "a", taken(g, a), []uint64{0, 2, 3})
	want(t, "b", taken(g, b), []uint64{1})
	g.Leave(noon(), a)
	g.Ack(noon(), b, idOf(false, 1, 1<<40))
	var order []uint64
	for range 5 {
		got := taken(g, b)
		order = append(order, got...)
		g.Ack(noon(), b, idOf(false, got[0]%1000, 1<<40))
	}
	want(t, "order", order, []uint64{1000, 1002, 1003, 4, 5})
}

func TestAConsumerThatWasSentNothingCostsNoRetry(t *testing.T) {
	g := fresh(nil)
	a := join(t, g, 2)
	load(t, g, events(2))
	g.Leave(noon(), a)
	b := join(t, g, 2)
	g.Tick(noon().Add(time.Hour))
	want(t, "b", taken(g, b), []uint64{0, 1})
}

func TestOfTwoMessagesWithOneIDTheSecondWaits(t *testing.T) {
	g := fresh(nil)
	a := join(t, g, 10)
	list := events(3)
	list[1].ID = list[0].ID
	load(t, g, list)
	want(t, "at first", taken(g, a), []uint64{0, 2})
	want(t, "doubles", g.Doubles(), 1)
	g.Ack(noon(), a, list[0].ID)
	want(t, "low mark", g.Info().Low, uint64(1))
	g.Ack(noon(), a, list[0].ID) // too early: the second has not been sent
	want(t, "then", taken(g, a), []uint64{1})
	want(t, "low mark", g.Info().Low, uint64(1))
}

func TestAnAnswerCountsOnlyFromTheConsumerThatHasTheMessage(t *testing.T) {
	g := fresh(nil)
	a, b := join(t, g, 1), join(t, g, 1)
	load(t, g, events(2))
	taken(g, a)
	taken(g, b)
	g.Ack(noon(), a, idOf(false, 1, 1<<40))
	g.Nack(noon(), a, group.Skip, "", idOf(false, 1, 1<<40))
	want(t, "acknowledged", g.Info().Counts.Acked+g.Info().Counts.Skipped, uint64(0))
}

func TestAFullGroupRefuses(t *testing.T) {
	g := fresh(func(s *group.Settings) { s.MaxConsumers = 1 })
	a := join(t, g, 1)
	if _, err := g.Join(noon(), 1); !errors.Is(err, group.ErrFull) {
		t.Errorf("error = %v, want ErrFull", err)
	}
	g.Leave(noon(), a)
	join(t, g, 1)
}

func TestCheckpoints(t *testing.T) {
	ack := func(g *group.Group[uint64], a group.Consumer, numbers ...uint64) {
		taken(g, a)
		for _, n := range numbers {
			g.Ack(noon(), a, idOf(false, n, 1<<40))
		}
	}
	settings := func(s *group.Settings) { s.MinCheckpoint, s.MaxCheckpoint = 2, 4 }
	for name, c := range map[string]struct {
		acked []uint64
		after time.Duration
		low   uint64
	}{
		"too few, though long ago":                {[]uint64{0}, time.Hour, 0},
		"enough, but not long ago":                {[]uint64{0, 1}, 0, 0},
		"enough and long ago":                     {[]uint64{0, 1}, time.Second, 2},
		"many, at once":                           {[]uint64{0, 1, 2, 3}, 0, 4},
		"many, but the first is still to be done": {[]uint64{1, 2, 3, 4}, time.Hour, 0},
		"up to the first that is to be done":      {[]uint64{0, 1, 3, 4}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			g := fresh(settings)
			a := join(t, g, 10)
			load(t, g, events(6))
			ack(g, a, c.acked...)
			low, due := g.Checkpoint(noon().Add(c.after))
			want(t, "low mark", low, c.low)
			want(t, "due", due, c.low > 0)
			if _, twice := g.Checkpoint(noon().Add(c.after)); twice {
				t.Error("a second checkpoint is begun while the first is being written")
			}
		})
	}
	t.Run("one that was not written is written later", func(t *testing.T) {
		g := fresh(settings)
		a := join(t, g, 10)
		load(t, g, events(6))
		ack(g, a, 0, 1, 2, 3)
		if _, due := g.Checkpoint(noon()); !due {
			t.Fatal("no checkpoint is due")
		}
		g.Checkpointed(noon(), false)
		ack(g, a, 4, 5)
		if _, due := g.Checkpoint(noon()); due {
			t.Error("it is tried again at once")
		}
		at, _ := g.NextTick()
		low, due := g.Checkpoint(at)
		want(t, "later", []any{low, due, at}, []any{uint64(6), true, noon().Add(time.Second)})
	})
	t.Run("the last word of a group tells of everything", func(t *testing.T) {
		g := fresh(settings)
		a := join(t, g, 10)
		load(t, g, events(6))
		ack(g, a, 0)
		low, due := g.LastCheckpoint(noon())
		want(t, "last", []any{low, due}, []any{uint64(1), true})
	})
	t.Run("a long way without messages is worth one", func(t *testing.T) {
		g := fresh(settings)
		join(t, g, 10)
		from, _, _ := g.WantLive()
		g.LoadedLive(noon(), from, nil, 100_000)
		low, due := g.Checkpoint(noon().Add(time.Second))
		want(t, "checkpoint", []any{low, due}, []any{uint64(100_000), true})
	})
}

func TestOneStuckMessageHoldsTheCheckpointAndNoMemory(t *testing.T) {
	g := fresh(func(s *group.Settings) { s.Timeout = 1000 * time.Hour })
	a := join(t, g, 10)
	const all = 20_000
	list := events(all)
	for n := 0; n < all; n += 5 {
		from, _, _ := g.WantLive()
		g.LoadedLive(noon(), from, list[n:n+5], uint64(n+5))
		for _, got := range taken(g, a) {
			if got != 0 {
				g.Ack(noon(), a, idOf(false, got, 1<<40))
			}
		}
	}
	info := g.Info()
	want(t, "in flight", info.InFlight, 1)
	want(t, "low mark", info.Low, uint64(0))
	if kept := g.Lingering(); kept > 100 {
		t.Errorf("%d messages that are done linger", kept)
	}
	g.Ack(noon(), a, idOf(false, 0, 1<<40))
	want(t, "low mark in the end", g.Info().Low, uint64(all))
}

func TestNothingIsReadForNobodyOrBeyondTheBuffers(t *testing.T) {
	g := fresh(func(s *group.Settings) { s.Buffer, s.ReadBatch, s.Bytes = 10, 4, 12 })
	wanted := func() int {
		_, limit, _ := g.WantLive()
		return limit
	}
	want(t, "without consumers", wanted(), 0)
	a := join(t, g, 1)
	want(t, "with one", wanted(), 10)
	load(t, g, events(7))
	want(t, "when the read is worth it", wanted(), 4)
	load(t, g, events(12)[7:])
	want(t, "when many bytes are in memory", wanted(), 0)
	for n := range uint64(12) {
		taken(g, a)
		g.Ack(noon(), a, idOf(false, n, 1<<40))
	}
	want(t, "when all is done", wanted(), 10)
	g.Leave(noon(), a)
	want(t, "when the consumer has left", wanted(), 0)
}

func TestAConsumerIsWokenWhenItHasSomethingToTake(t *testing.T) {
	g := fresh(nil)
	a, b := join(t, g, 1), join(t, g, 1)
	load(t, g, events(3))
	want(t, "woken", slices.Clone(g.Woken()), []group.Consumer{a, b})
	want(t, "woken again", len(g.Woken()), 0)
	taken(g, b)
	g.Ack(noon(), b, idOf(false, 1, 1<<40))
	want(t, "woken", slices.Clone(g.Woken()), []group.Consumer{b})
	if g.Busy(noon()) {
		t.Error("there is something to write, though the first message is not done")
	}
}
