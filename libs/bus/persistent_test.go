package bus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// soon is a pause after a Nack that a test can wait for.
func soon(int) time.Duration { return time.Millisecond }

func publish(t testing.TB, log *eventlog.Log, topic string, n int) []string {
	t.Helper()
	pub := newPublisher(t, log, bus.PublisherConfig{})
	ids := make([]string, n)
	for i := range ids {
		ids[i] = uuid.NewString()
		if err := pub.Publish(topic, message.NewMessage(ids[i], fmt.Appendf(nil, "%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// info asks the node about the group of a topic.
func info(t testing.TB, log *eventlog.Log, sub *bus.PersistentSubscriber, topic string) eventlog.GroupInfo {
	t.Helper()
	g, err := sub.Group(topic)
	if err != nil {
		t.Fatal(err)
	}
	told, err := log.InfoOfGroup(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func TestEachMessageGoesToOneOfTheGroup(t *testing.T) {
	log := newLog(t)
	want := map[string]int{}
	for _, id := range publish(t, log, "orders", 60) {
		want[id] = 1
	}
	var members [3]<-chan *message.Message
	var subs [3]*bus.PersistentSubscriber
	for i := range members {
		subs[i] = newPersistent(t, log, bus.PersistentConfig{Parallel: 4})
		members[i] = subscribe(t.Context(), t, subs[i], "orders")
	}
	got := map[string]int{}
	for range 60 {
		var m *message.Message
		select {
		case m = <-members[0]:
		case m = <-members[1]:
		case m = <-members[2]:
		case <-time.After(patient):
			t.Fatalf("%d messages only", len(got))
		}
		got[m.UUID]++
		m.Ack()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-published +received):\n%s", diff)
	}
	eventually(t, "all is answered", func() bool { return info(t, log, subs[0], "orders").Outstanding == 0 })
}

func TestRefusedMessageComesAgainAndIsParkedInTheEnd(t *testing.T) {
	cases := []struct {
		rule   string
		refuse func(*message.Message)
		times  int
		reason string
	}{
		{"a Nack", func(m *message.Message) { m.Nack() }, 3, "not acknowledged"},
		{"with a reason", func(m *message.Message) { bus.Refuse(m, errors.New("no stock")) }, 3, "no stock"},
		{"for good", func(m *message.Message) { bus.Refuse(m, bus.Permanent(errors.New("no such item"))) }, 1, "no such item"},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			log := newLog(t)
			publish(t, log, "orders", 1)
			sub := newPersistent(t, log, bus.PersistentConfig{MaxDeliveries: 3, NackDelay: soon})
			messages := subscribe(t.Context(), t, sub, "orders")
			for n := range c.times {
				m := receive(t, messages)
				if got := m.Metadata.Get(bus.MetaAttempt); got != fmt.Sprint(n+1) {
					t.Errorf("attempt %s, want %d", got, n+1)
				}
				c.refuse(m)
			}
			eventually(t, "it is parked", func() bool { return info(t, log, sub, "orders").Parked == 1 })
			if reason := parkedReason(t, log, sub, "orders"); !strings.HasSuffix(reason, c.reason) {
				t.Errorf("parked because %q, want %q", reason, c.reason)
			}
			g, err := sub.Group("orders")
			if err != nil {
				t.Fatal(err)
			}
			if err := log.ReplayParked(t.Context(), g, 0); err != nil {
				t.Fatal(err)
			}
			receive(t, messages).Ack()
			eventually(t, "it is parked no more", func() bool { return info(t, log, sub, "orders").Parked == 0 })
		})
	}
}

// parkedReason is why the last message of a group was parked.
func parkedReason(t testing.TB, log *eventlog.Log, sub *bus.PersistentSubscriber, topic string) string {
	t.Helper()
	g, err := sub.Group(topic)
	if err != nil {
		t.Fatal(err)
	}
	last, err := log.Last(t.Context(), fmt.Sprintf("$persistentsubscription-%s::%s-parked", g.Stream, g.Name))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(strings.ToLower(string(last.Meta)), `"reason":"`)
	reason, _, _ := strings.Cut(rest, `"`)
	return reason
}

func TestMessageThatCannotBeDecodedIsParkedAtOnce(t *testing.T) {
	log := newLog(t)
	publish(t, log, "orders", 2)
	sub := newPersistent(t, log, bus.PersistentConfig{Decode: func(r eventlog.Recorded) (*message.Message, error) {
		if string(r.Data) == "0" {
			return nil, errors.New("not one of ours")
		}
		return message.NewMessage("decoded", r.Data), nil
	}})
	m := receive(t, subscribe(t.Context(), t, sub, "orders"))
	if m.UUID != "decoded" || string(m.Payload) != "1" || m.Metadata.Get(bus.MetaRevision) != "1" {
		t.Errorf("received %q at %s", m.UUID, m.Metadata.Get(bus.MetaRevision))
	}
	m.Ack()
	eventually(t, "it is parked", func() bool { return info(t, log, sub, "orders").Parked == 1 })
	if reason := parkedReason(t, log, sub, "orders"); !strings.HasSuffix(reason, "cannot be decoded: not one of ours") {
		t.Errorf("parked because %q", reason)
	}
}

func TestWhatIsNotAnsweredAtTheEndIsGivenOutAgain(t *testing.T) {
	log := newLog(t)
	want := map[string]int{}
	for _, id := range publish(t, log, "orders", 10) {
		want[id] = 1
	}
	sub := newPersistent(t, log, bus.PersistentConfig{Parallel: 5, NackDelay: func(int) time.Duration { return time.Hour }})
	messages := subscribe(t.Context(), t, sub, "orders")
	got := map[string]int{}
	for i := range 5 { // one is done, one refused and waiting, three are at work
		switch m := receive(t, messages); i {
		case 0:
			got[m.UUID]++
			m.Ack()
		case 1:
			m.Nack()
		}
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	for range messages {
		t.Error("a message after the end")
	}
	next := subscribe(t.Context(), t, newPersistent(t, log, bus.PersistentConfig{}), "orders")
	for len(got) < 10 {
		m := receive(t, next)
		got[m.UUID]++
		m.Ack()
	}
	if diff := cmp.Diff(want, got); diff != "" { // the Ack before the end was heard too
		t.Errorf("(-published +received):\n%s", diff)
	}
}

func TestSlowHandlerLosesItsMessageToAnother(t *testing.T) {
	log := newLog(t)
	publish(t, log, "orders", 1)
	sub := newPersistent(t, log, bus.PersistentConfig{Settings: eventlog.GroupSettings{MessageTimeout: 300 * time.Millisecond}})
	messages := subscribe(t.Context(), t, sub, "orders")
	slow := receive(t, messages)
	again := receive(t, messages)
	if again.UUID != slow.UUID || again.Metadata.Get(bus.MetaAttempt) != "2" {
		t.Errorf("received %s, attempt %s", again.UUID, again.Metadata.Get(bus.MetaAttempt))
	}
	if slow.Context().Err() == nil {
		t.Error("the context goes on although the message is another's")
	}
	again.Ack()
	slow.Ack()
}

func TestGroupOnTheStreamsOfServices(t *testing.T) {
	log := newLog(t)
	for _, stream := range []string{"case-1", "alert-1", "account-1", "case-2"} {
		appendN(t, log, stream, 1)
	}
	sub := newPersistent(t, log, bus.PersistentConfig{Source: bus.Categories})
	for _, topic := range []string{"case,account", "case,account"} { // the second time it is there
		if err := sub.SubscribeInitialize(topic); err != nil {
			t.Fatal(err)
		}
	}
	messages := subscribe(t.Context(), t, sub, "case,account")
	got := map[string]int{}
	for range 3 {
		m := receive(t, messages)
		got[m.Metadata.Get(bus.MetaStream)]++
		m.Ack()
	}
	if diff := cmp.Diff(map[string]int{"case-1": 1, "account-1": 1, "case-2": 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGroupThatIsNotThere(t *testing.T) {
	log := newLog(t)
	t.Run("is created, also when it is deleted later", func(t *testing.T) {
		sub := newPersistent(t, log, bus.PersistentConfig{})
		messages := subscribe(t.Context(), t, sub, "orders")
		publish(t, log, "orders", 1)
		receive(t, messages).Ack()
		g, err := sub.Group("orders")
		if err != nil {
			t.Fatal(err)
		}
		if err := log.DeleteGroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		receive(t, messages).Ack() // the new group begins at the start
	})
	t.Run("ends the subscription if it must exist", func(t *testing.T) {
		sub := newPersistent(t, log, bus.PersistentConfig{Group: "absent", MustExist: true})
		if err := sub.SubscribeInitialize("orders"); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("error %v, want not found", err)
		}
		for range subscribe(t.Context(), t, sub, "orders") {
			t.Error("a message from nowhere")
		}
	})
}

func TestPersistentSubscriberOutlivesTheNode(t *testing.T) {
	s := newServer(t)
	log := s.log(t)
	s.down(t)
	sub := newPersistent(t, log, bus.PersistentConfig{NackDelay: soon})
	messages := subscribe(t.Context(), t, sub, "orders") // begins when it can
	for n := range 3 {
		s.up(t)
		id := publish(t, log, "orders", 1)[0]
		m := receive(t, messages)
		if m.UUID != id {
			t.Fatalf("round %d: received %s, want %s", n, m.UUID, id)
		}
		s.down(t) // it is being processed while the node goes away
		m.Ack()   // which nobody hears
		s.up(t)
		m = receive(t, messages)
		if m.UUID != id {
			t.Fatalf("round %d: received %s again, want %s", n, m.UUID, id)
		}
		m.Ack()
		eventually(t, "the Ack is heard", func() bool { return info(t, log, sub, "orders").Outstanding == 0 })
		if n == 2 {
			return
		}
		s.down(t)
	}
}

func TestPersistentConfigThatCannotBe(t *testing.T) {
	log := newLog(t)
	for rule, cfg := range map[string]bus.PersistentConfig{
		"no group":                  {},
		"a batch beyond the buffer": {Group: "g", Settings: eventlog.GroupSettings{HistoryBuffer: 10, ReadBatch: 10}},
	} {
		if _, err := bus.NewPersistentSubscriber(log, cfg); err == nil {
			t.Errorf("%s was accepted", rule)
		}
	}
	sub := newPersistent(t, log, bus.PersistentConfig{})
	if _, err := sub.Subscribe(t.Context(), ""); err == nil {
		t.Error("a topic without name was accepted")
	}
	for range 2 {
		if err := sub.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := sub.Subscribe(t.Context(), "orders"); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("error %v, want closed", err)
	}
}
