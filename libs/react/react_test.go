package react_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/react"
)

func TestEachIntentIsCarriedOnceUnderItsOwnCommand(t *testing.T) {
	h := newHouse(t)
	event := h.say("talk-7", said{Want: []string{"a", "b"}})
	r := h.reactor()
	sources := make(chan react.Source, 10)
	inner := r.React
	r.React = func(s react.Source, e said) []wanted {
		sources <- s
		return inner(s, e)
	}
	h.run(r)
	if diff := cmp.Diff([]string{"a", "b"}, h.effects(2)); diff != "" {
		t.Errorf("other effects (-want +got):\n%s", diff)
	}
	if s := receive(t, sources); s.ID != event || s.Key != "7" || s.Meta.Correlation != "case-1" {
		t.Errorf("heard from %+v", s)
	}
	past, err := h.deeds().Load(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	for n, m := range past.Metas {
		want := es.Meta{
			Correlation: "case-1", Causation: event.String(), Command: uuid.NewSHA1(event, fmt.Appendf(nil, "tester\x1f%d", n)),
			Actor: es.Actor{User: "system:test", Role: "system"}, OccurredAt: noon(), RecordedAt: noon(), Suite: "sm3",
			Prev: m.Prev, Hash: m.Hash, Traceparent: m.Traceparent,
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("intent %d (-want +got):\n%s", n, diff)
		}
	}
}

func TestWhatNothingIsMadeOfIsPassedOverUnread(t *testing.T) {
	h := newHouse(t)
	h.raw("talk-1", "chatter.v1", "unreadable", "not metadata either")
	h.say("talk-1", said{Want: []string{"a"}})
	r := h.reactor()
	r.Idle = func(name string) bool { return name == "chatter.v1" }
	h.run(r)
	h.effects(1)
	h.only("1", "a")
	if r.Parked() != 0 {
		t.Errorf("%d messages were parked", r.Parked())
	}
}

func TestMessagesOfOneStreamAreHeardInOrderAlsoAfterFaults(t *testing.T) {
	h := newHouse(t)
	for n := range 15 {
		for stream := range 3 {
			h.say(fmt.Sprint("talk-", stream), said{Want: []string{fmt.Sprint(n)}})
		}
	}
	r := h.reactor()
	var mu sync.Mutex
	failed := map[string]bool{}
	carry := r.Carry
	r.Carry = func(ctx context.Context, cause es.Cause, want wanted) error {
		mu.Lock()
		first := !failed[want.key+want.what]
		failed[want.key+want.what] = true
		mu.Unlock()
		if first && want.what == "4" { // each stream trips once
			return eventlog.ErrUnavailable
		}
		return carry(ctx, cause, want)
	}
	h.run(r)
	h.effects(45)
	for stream := range 3 {
		past, err := h.deeds().Load(t.Context(), fmt.Sprint(stream))
		if err != nil {
			t.Fatal(err)
		}
		if len(past.State) != 15 || !slices.Equal(past.State, numbers(15)) {
			t.Errorf("stream %d: %v", stream, past.State)
		}
	}
}

func TestMessagesAreHeardInTheOrderOfTheirKey(t *testing.T) {
	h := newHouse(t)
	for n := range 20 {
		h.say(fmt.Sprint("talk-", n), said{Want: []string{fmt.Sprint(n)}})
	}
	r := h.reactor()
	r.OrderKey = func(eventlog.Recorded) string { return "all" }
	h.run(r)
	if diff := cmp.Diff(numbers(20), h.effects(20)); diff != "" {
		t.Errorf("another order (-want +got):\n%s", diff)
	}
}

func TestAMessageThatMetAFaultComesAgain(t *testing.T) {
	h := newHouse(t)
	h.say("talk-1", said{Want: []string{"a", "b", "c"}})
	r := h.reactor()
	tried := make(chan string, 100)
	carry, faults := r.Carry, 3
	r.Carry = func(ctx context.Context, cause es.Cause, want wanted) error {
		tried <- want.what
		err := carry(ctx, cause, want)
		if want.what == "b" && faults > 0 {
			faults--                       // one message at a time
			return eventlog.ErrUnavailable // the answer is lost, the effect is there
		}
		return err
	}
	stop := h.run(r)
	if diff := cmp.Diff([]string{"a", "b", "c"}, h.effects(3)); diff != "" {
		t.Errorf("other effects (-want +got):\n%s", diff)
	}
	stop()
	close(tried)
	n := 0
	for range tried {
		n++
	}
	if n != 3*2+3 {
		t.Errorf("%d attempts, want 9", n)
	}
	h.only("1", "a", "b", "c")
	if r.Parked() != 0 {
		t.Error("a fault was parked")
	}
}

func TestAPanicIsAFaultOfItsMessageOnly(t *testing.T) {
	h := newHouse(t)
	h.say("talk-1", said{Want: []string{"a"}})
	h.say("talk-2", said{Want: []string{"b"}})
	r := h.reactor()
	carry, panics := r.Carry, 2
	r.Carry = func(ctx context.Context, cause es.Cause, want wanted) error {
		if want.what == "a" && panics > 0 {
			panics--
			panic("out of order")
		}
		return carry(ctx, cause, want)
	}
	h.run(r)
	if diff := cmp.Diff([]string{"b", "a"}, h.effects(2)); diff != "" {
		t.Errorf("other effects (-want +got):\n%s", diff)
	}
}

func TestWhatCanNeverSucceedIsParkedWithItsReason(t *testing.T) {
	for _, c := range []struct {
		rule, reason string
		speak        func(h *house) uuid.UUID
		effects      []string // of this message
	}{
		{
			"a rule refuses one of the intents", "deed-refused",
			func(h *house) uuid.UUID { return h.say("talk-1", said{Want: []string{"a", "refused", "b"}}) },
			[]string{"a", "b"},
		},
		{
			"the event's name is unknown", "event-unreadable",
			func(h *house) uuid.UUID { return h.raw("talk-1", "said.v9", `{}`, `{}`) }, nil,
		},
		{
			"the event is no JSON", "event-unreadable",
			func(h *house) uuid.UUID { return h.raw("talk-1", "said.v1", `{"want":`, `{}`) }, nil,
		},
		{
			"its metadata are not to be read", "metadata-unreadable",
			func(h *house) uuid.UUID { return h.raw("talk-1", "said.v1", `{}`, `{"commandId":3}`) }, nil,
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			h := newHouse(t)
			event := c.speak(h)
			h.say("talk-1", said{Want: []string{"next"}})
			r := h.reactor()
			stop := h.run(r)
			want := append(c.effects[:len(c.effects):len(c.effects)], "next")
			if diff := cmp.Diff(want, h.effects(len(want))); diff != "" {
				t.Errorf("other effects (-want +got):\n%s", diff)
			}
			stop()
			if r.Parked() != 1 {
				t.Errorf("%d parked", r.Parked())
			}
			h.parkedOnce(event, c.reason)

			h.forgetCheckpoint() // as after a crash: everything is heard again
			h.say("talk-1", said{Want: []string{"last"}})
			h.run(h.reactor())
			h.effects(1)
			h.parkedOnce(event, c.reason)
			h.only("1", append(want, "last")...)
		})
	}
}

func TestAfterARestartItGoesOnWhereItWas(t *testing.T) {
	h := newHouse(t)
	heard := map[string]int{}
	reactor := func() *react.Reactor[said, wanted] {
		r := h.reactor()
		inner := r.React
		r.React = func(s react.Source, e said) []wanted {
			heard[e.Want[0]]++ // one stream, so one after the other
			return inner(s, e)
		}
		return r
	}
	var deeds []string
	for n := range 4 {
		// The first message is done with when the second is heard; that one may be
		// stopped before its end, and then comes again.
		first, second := fmt.Sprint("first", n), fmt.Sprint("second", n)
		deeds = append(deeds, first, second)
		h.say("talk-1", said{Want: []string{first}})
		h.say("talk-1", said{Want: []string{second}})
		stop := h.run(reactor())
		h.effects(2)
		stop()
		if heard[first] != 1 || heard["first0"] != 1 {
			t.Fatalf("heard %v", heard)
		}
	}
	h.forgetCheckpoint()
	h.say("talk-1", said{Want: []string{"last"}})
	stop := h.run(reactor())
	h.effects(1)
	stop()
	h.only("1", append(deeds, "last")...)
	if heard["first0"] != 2 || heard["first3"] != 2 {
		t.Errorf("without its checkpoint it heard %v", heard)
	}
}

func TestTwoReplicasHaveOneEffect(t *testing.T) {
	h := newHouse(t)
	h.run(h.reactor())
	h.run(h.reactor())
	for n := range 20 {
		h.say("talk-1", said{Want: []string{fmt.Sprint(n)}})
	}
	h.effects(20)
	h.say("talk-1", said{Want: []string{"last"}})
	if diff := cmp.Diff([]string{"last"}, h.effects(1)); diff != "" {
		t.Errorf("something was done twice (-want +got):\n%s", diff)
	}
}

func TestItHearsItsOwnCategoriesOnly(t *testing.T) {
	h := newHouse(t)
	h.say("talkative-1", said{Want: []string{"wrong"}})
	h.say("gossip-1", said{Want: []string{"second category"}})
	h.say("other-1", said{Want: []string{"wrong"}})
	h.say("talk-1-2", said{Want: []string{"right"}})
	r := h.reactor()
	r.Categories = []string{"talk", "gossip"}
	h.run(r)
	got := h.effects(2)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"right", "second category"}, got); diff != "" {
		t.Errorf("other effects (-want +got):\n%s", diff)
	}
	h.only("1-2", "right") // the key is all behind the category
}

func numbers(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return all
}
