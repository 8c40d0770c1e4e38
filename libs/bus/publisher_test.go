package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ThreeDotsLabs/watermill/components/requeuer"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestEventID(t *testing.T) {
	with := func(id string, pairs ...string) *message.Message {
		m := message.NewMessage(id, nil)
		for i := 0; i < len(pairs); i += 2 {
			m.Metadata.Set(pairs[i], pairs[i+1])
		}
		return m
	}
	cases := []struct {
		rule           string
		topicA, topicB string
		a, b           *message.Message
		same           bool
	}{
		{"the same message is the same event", "t", "t", with("1"), with("1", "other", "x"), true},
		{"another message is another event", "t", "t", with("1"), with("2"), false},
		{"the same message is another event in another topic", "t", "u", with("1"), with("1"), false},
		{"a message put back by the requeuer is another event", "t", "t", with("1"), with("1", requeuer.RetriesKey, "1"), false},
		{"a message put back after its delivery is another event", "t", "t", with("1"), with("1", bus.MetaEventID, uuid.NewString()), false},
		{"parts do not run into each other", "t", "t1", with("12"), with("2"), false},
		{"messages without id are different events", "t", "t", with(""), with(""), false},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			if same := bus.EventID(c.topicA, c.a) == bus.EventID(c.topicB, c.b); same != c.same {
				t.Errorf("same id: %v, want %v", same, c.same)
			}
		})
	}
}

func TestTopicStreamsDoNotOverlap(t *testing.T) {
	topics := []string{"a", "a-", "a-1", "a-10", "a:", "a%3A", "a.b", "a/b", "原路", "a,b", "", ":", "A"}
	for _, a := range topics {
		for _, b := range topics {
			if a != b && strings.HasPrefix(bus.TopicStream(a), bus.TopicStream(b)) {
				t.Errorf("the stream of %q begins with that of %q", a, b)
			}
		}
	}
	want := []string{"case-", "topic-case:", "account-", "topic-account:", "topic-case%2C+account:"}
	if diff := cmp.Diff(want, bus.TopicPrefixes("case, account")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPublishedMessageAsTheLogKeepsIt(t *testing.T) {
	log := newLog(t)
	pub := newPublisher(t, log, bus.PublisherConfig{})
	m := message.NewMessage("01J-any-text", []byte(`{"a":1}`))
	m.Metadata = message.Metadata{"name": "warned.v1", "correlation_id": "c-7", "k": "v", bus.MetaStream: "stale"}
	if err := pub.Publish("orders", m, message.NewMessage("", []byte("raw"))); err != nil {
		t.Fatal(err)
	}
	var got []eventlog.Recorded
	for r, err := range log.Read(t.Context(), bus.TopicStream("orders"), 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 2 || got[0].Type != "warned.v1" || got[1].Type != "message" || string(got[1].Data) != "raw" {
		t.Fatalf("stored as %+v", got)
	}
	var meta map[string]string
	if err := json.Unmarshal(got[0].Meta, &meta); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"name": "warned.v1", "correlation_id": "c-7", "$correlationId": "c-7", "k": "v",
		"_watermill_message_uuid": "01J-any-text",
	}
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Errorf("metadata (-want +stored):\n%s", diff)
	}
}

func TestPublishIsAllOrNothing(t *testing.T) {
	log := newLog(t)
	pub := newPublisher(t, log, bus.PublisherConfig{})
	var batch []*message.Message
	for i := range 20 {
		batch = append(batch, message.NewMessage(fmt.Sprint(i), bytes.Repeat([]byte("1"), 60_000)))
	}
	if err := pub.Publish("orders", batch...); !errors.Is(err, eventlog.ErrTooLarge) {
		t.Errorf("error %v, want too large", err)
	}
	if _, err := log.Last(t.Context(), bus.TopicStream("orders")); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
}

func TestPublishHonoursItsContextAndItsClosing(t *testing.T) {
	s := newServer(t)
	pub := newPublisher(t, s.log(t), bus.PublisherConfig{})
	if err := pub.Publish("", message.NewMessage("1", nil)); err == nil {
		t.Error("a topic without name was accepted")
	}
	if err := pub.Publish("orders"); err != nil {
		t.Errorf("nothing to publish: %v", err)
	}
	s.down(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pub.Publish("orders", message.NewMessageWithContext(ctx, "1", nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
	for range 2 {
		if err := pub.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := pub.Publish("orders", message.NewMessage("1", nil)); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("error %v, want closed", err)
	}
}

func TestRequeuedMessageIsDeliveredAgain(t *testing.T) {
	log := newLog(t)
	pub := newPublisher(t, log, bus.PublisherConfig{})
	messages := subscribe(t.Context(), t, newSubscriber(t, log, bus.SubscriberConfig{}), "orders")
	for range 2 { // the same Publish twice is one message
		if err := pub.Publish("orders", message.NewMessage("1", []byte("x"))); err != nil {
			t.Fatal(err)
		}
	}
	for revision := range 4 {
		m := receive(t, messages)
		if got := m.Metadata.Get(bus.MetaRevision); got != fmt.Sprint(revision) || m.UUID != "1" {
			t.Fatalf("received %q at revision %s, want %d", m.UUID, got, revision)
		}
		for range 2 { // its handler is run twice, as after a crash before the Ack
			if err := pub.Publish("orders", m); err != nil {
				t.Fatal(err)
			}
		}
		m.Ack()
	}
}
