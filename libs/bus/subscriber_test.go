package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestEventOfAServiceAsMessage(t *testing.T) {
	log := newLog(t)
	want := appendN(t, log, "case-1", 1)[0]
	m := receive(t, subscribe(t.Context(), t, newSubscriber(t, log, bus.SubscriberConfig{}), "case"))
	r, ok := bus.Recorded(m)
	if !ok {
		t.Fatal("the message has no event")
	}
	if diff := cmp.Diff(want, r.Event); diff != "" || r.Stream != "case-1" || r.Revision != 0 || r.Position == eventlog.Start {
		t.Errorf("event of %s/%d at %d (-appended +delivered):\n%s", r.Stream, r.Revision, r.Position, diff)
	}
	if m.UUID != want.ID.String() || string(m.Payload) != "0" {
		t.Errorf("message %s with payload %s", m.UUID, m.Payload)
	}
	metadata := message.Metadata{
		"$correlationId": "c-1",
		bus.MetaStream:   "case-1",
		bus.MetaRevision: "0",
		bus.MetaPosition: strconv.FormatUint(uint64(r.Position), 10),
		bus.MetaType:     "counted.v1",
		bus.MetaEventID:  want.ID.String(),
		bus.MetaCreated:  r.Created.Format(time.RFC3339Nano),
		bus.MetaAttempt:  "1",
	}
	if diff := cmp.Diff(metadata, m.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if _, ok := bus.Recorded(message.NewMessage("1", nil)); ok {
		t.Error("a message of our own has an event")
	}
}

func TestEventWithoutReadableMetadata(t *testing.T) {
	log := newLog(t)
	for i, meta := range []string{"", "null", "[1]", "{", `{"a":1,"b":"x"}`} {
		e := eventlog.Event{Type: "odd.v1", Data: fmt.Appendf(nil, "%d", i), Meta: []byte(meta)}
		if _, err := log.Append(t.Context(), "case-1", eventlog.Any, e); err != nil {
			t.Fatal(err)
		}
	}
	messages := subscribe(t.Context(), t, newSubscriber(t, log, bus.SubscriberConfig{}), "case")
	for i := range 5 {
		m := receive(t, messages)
		if string(m.Payload) != fmt.Sprint(i) {
			t.Errorf("payload %s, want %d", m.Payload, i)
		}
		if b := m.Metadata.Get("b"); (b == "x") != (i == 4) {
			t.Errorf("message %d has b=%q", i, b)
		}
		m.Ack()
	}
}

func TestSeveralCategoriesInOneOrder(t *testing.T) {
	log := newLog(t)
	streams := []string{"case-1", "alert-1", "account-1", "case-2", "account-2"}
	for _, stream := range streams {
		appendN(t, log, stream, 1)
	}
	sub := newSubscriber(t, log, bus.SubscriberConfig{OrderKey: func(eventlog.Recorded) string { return "" }})
	messages := subscribe(t.Context(), t, sub, "case,account")
	for _, want := range []string{"case-1", "account-1", "case-2", "account-2"} {
		m := receive(t, messages)
		if got := m.Metadata.Get(bus.MetaStream); got != want {
			t.Errorf("received %s, want %s", got, want)
		}
		m.Ack()
	}
}

func TestRefusedMessageHoldsUpItsStreamOnly(t *testing.T) {
	log := newLog(t)
	appendN(t, log, "case-bad", 3)
	for i := range 5 {
		appendN(t, log, fmt.Sprintf("case-%d", i), 4)
	}
	sub := newSubscriber(t, log, bus.SubscriberConfig{Parallel: 2, MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond})
	messages := subscribe(t.Context(), t, sub, "case")
	next := map[string]int{}
	others, attempts := 0, 0
	for others < 20 || attempts < 5 {
		m := receive(t, messages)
		r, _ := bus.Recorded(m)
		if r.Stream != "case-bad" {
			if int(r.Revision) != next[r.Stream] {
				t.Errorf("%s: revision %d, want %d", r.Stream, r.Revision, next[r.Stream])
			}
			next[r.Stream]++
			others++
			m.Ack()
			continue
		}
		attempts++
		if r.Revision != 0 || m.Metadata.Get(bus.MetaAttempt) != fmt.Sprint(attempts) {
			t.Fatalf("attempt %d is revision %d, attempt %s", attempts, r.Revision, m.Metadata.Get(bus.MetaAttempt))
		}
		m.Nack()
	}
	for want := range 3 { // and then its stream goes on
		m := receive(t, messages)
		if r, _ := bus.Recorded(m); r.Stream != "case-bad" || int(r.Revision) != want {
			t.Errorf("received %s/%d, want case-bad/%d", r.Stream, r.Revision, want)
		}
		m.Ack()
	}
}

func TestStreamsAreProcessedInParallelUpToTheLimit(t *testing.T) {
	log := newLog(t)
	for i := range 6 {
		appendN(t, log, fmt.Sprintf("case-%d", i), 2)
	}
	sub := newSubscriber(t, log, bus.SubscriberConfig{Parallel: 3})
	messages := subscribe(t.Context(), t, sub, "case")
	held := map[string]*message.Message{}
	for range 3 {
		m := receive(t, messages)
		stream := m.Metadata.Get(bus.MetaStream)
		if held[stream] != nil {
			t.Fatalf("two messages of %s at a time", stream)
		}
		held[stream] = m
	}
	select {
	case m := <-messages:
		t.Fatalf("a fourth message, of %s", m.Metadata.Get(bus.MetaStream))
	case <-time.After(50 * time.Millisecond):
	}
	for _, m := range held {
		m.Ack()
	}
	for range 9 {
		receive(t, messages).Ack()
	}
}

func TestBackoffDoublesAndIsBounded(t *testing.T) {
	cfg := bus.SubscriberConfig{Name: "n", Checkpoints: bus.MemoryCheckpoints()}
	for i, ms := range []int64{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		want := time.Duration(ms) * time.Millisecond
		if got := time.Duration(cfg.Backoff(i + 1)); got != want {
			t.Errorf("pause %d is %v, want %v", i+1, got, want)
		}
	}
	if got := time.Duration(cfg.Backoff(1 << 30)); got != 5*time.Second {
		t.Errorf("the last pause is %v", got)
	}
}

func TestSubscriptionGoesOnFromItsCheckpoint(t *testing.T) {
	log := newLog(t)
	appendN(t, log, "case-1", 10)
	for name, store := range map[string]bus.CheckpointStore{
		"memory": bus.MemoryCheckpoints(),
		"stream": bus.StreamCheckpoints(log),
	} {
		t.Run(name, func(t *testing.T) {
			for _, part := range []struct{ first, n int }{{0, 4}, {4, 5}, {9, 1}} {
				sub := newSubscriber(t, log, bus.SubscriberConfig{Name: "view", Checkpoints: store, Parallel: 1})
				messages := subscribe(t.Context(), t, sub, "case")
				for i := range part.n {
					m := receive(t, messages)
					if got := m.Metadata.Get(bus.MetaRevision); got != fmt.Sprint(part.first+i) {
						t.Fatalf("received revision %s, want %d", got, part.first+i)
					}
					m.Ack()
					<-m.Context().Done() // the answer has been seen
				}
				if err := sub.Close(); err != nil {
					t.Fatal(err)
				}
			}
			// Another name begins at the start.
			sub := newSubscriber(t, log, bus.SubscriberConfig{Name: "view-2", Checkpoints: store})
			if m := receive(t, subscribe(t.Context(), t, sub, "case")); m.Metadata.Get(bus.MetaRevision) != "0" {
				t.Errorf("a new name begins at revision %s", m.Metadata.Get(bus.MetaRevision))
			}
		})
	}
}

func TestCloseLeavesUnansweredMessagesToTheNext(t *testing.T) {
	log := newLog(t)
	appendN(t, log, "case-1", 3)
	appendN(t, log, "case-2", 3)
	store := bus.StreamCheckpoints(log)
	sub := newSubscriber(t, log, bus.SubscriberConfig{Checkpoints: store})
	messages := subscribe(t.Context(), t, sub, "case")
	unanswered := receive(t, messages)
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(func() {
			if err := sub.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closing.Wait()
	if unanswered.Context().Err() == nil {
		t.Error("the context of the message goes on after the end")
	}
	for range messages {
		t.Error("a message after the end")
	}
	if unanswered.Ack(); unanswered.Metadata.Get(bus.MetaRevision) != "0" {
		t.Errorf("the first message is revision %s", unanswered.Metadata.Get(bus.MetaRevision))
	}
	if _, err := sub.Subscribe(t.Context(), "case"); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("error %v, want closed", err)
	}
	again := subscribe(t.Context(), t, newSubscriber(t, log, bus.SubscriberConfig{Checkpoints: store}), "case")
	seen := map[string]int{}
	for range 6 {
		m := receive(t, again)
		seen[m.Metadata.Get(bus.MetaStream)]++
		m.Ack()
	}
	if diff := cmp.Diff(map[string]int{"case-1": 3, "case-2": 3}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTopicsThatWouldShareACheckpointAreRefused(t *testing.T) {
	log := newLog(t)
	sub := newSubscriber(t, log, bus.SubscriberConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	messages := subscribe(ctx, t, sub, "case")
	if _, err := sub.Subscribe(t.Context(), "account"); err == nil {
		t.Error("a second topic was accepted")
	}
	if _, err := sub.Subscribe(t.Context(), " , "); err == nil {
		t.Error("a topic without streams was accepted")
	}
	cancel()
	for range messages {
		t.Error("a message from nowhere")
	}
	if _, err := bus.NewSubscriber(log, bus.SubscriberConfig{Checkpoints: bus.MemoryCheckpoints()}); err == nil {
		t.Error("a subscriber without name was accepted")
	}
	if _, err := bus.NewSubscriber(log, bus.SubscriberConfig{Name: "n"}); err == nil {
		t.Error("a subscriber without checkpoints was accepted")
	}
}

func TestSubscriptionOutlivesTheNode(t *testing.T) {
	s := newServer(t)
	log := s.log(t)
	appendN(t, log, "case-1", 1)
	s.down(t)
	sub := newSubscriber(t, log, bus.SubscriberConfig{Checkpoints: bus.StreamCheckpoints(log)})
	messages := subscribe(t.Context(), t, sub, "case") // begins when it can
	revision := 0
	next := func() *message.Message {
		m := receive(t, messages)
		if got := m.Metadata.Get(bus.MetaRevision); got != fmt.Sprint(revision) {
			t.Fatalf("received revision %s, want %d", got, revision)
		}
		return m
	}
	for range 3 {
		s.up(t)
		next().Ack()
		revision++
		appendN(t, log, "case-1", 2)
		m := next() // is being processed while the node goes away
		s.down(t)
		m.Nack()
		next().Ack()
		revision++
	}
}
