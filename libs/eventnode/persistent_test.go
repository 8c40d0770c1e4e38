package eventnode_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fromStart is a group that delivers a stream from its first event on.
func fromStart(change ...func(*esdb.PersistentSubscriptionSettings)) esdb.PersistentStreamSubscriptionOptions {
	settings := esdb.SubscriptionSettingsDefault()
	for _, c := range change {
		c(&settings)
	}
	return esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &settings}
}

// diligent checkpoints every message that is done.
func diligent(s *esdb.PersistentSubscriptionSettings) {
	s.CheckpointLowerBound, s.CheckpointUpperBound = 1, 1
}

func createGroup(t testing.TB, c *esdb.Client, stream, group string, o esdb.PersistentStreamSubscriptionOptions) {
	t.Helper()
	if err := c.CreatePersistentSubscription(ctx(t), stream, group, o); err != nil {
		t.Fatalf("create %s::%s: %v", stream, group, err)
	}
}

func createGroupOnLog(t testing.TB, c *esdb.Client, group string, o esdb.PersistentAllSubscriptionOptions) {
	t.Helper()
	if err := c.CreatePersistentSubscriptionToAll(ctx(t), group, o); err != nil {
		t.Fatalf("create $all::%s: %v", group, err)
	}
}

func consume(t testing.TB, c *esdb.Client, stream, group string, window uint32) *esdb.PersistentSubscription {
	t.Helper()
	s, err := c.SubscribeToPersistentSubscription(ctx(t), stream, group, esdb.SubscribeToPersistentSubscriptionOptions{BufferSize: window})
	if err != nil {
		t.Fatalf("subscribe to %s::%s: %v", stream, group, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func consumeLog(t testing.TB, c *esdb.Client, group string) *esdb.PersistentSubscription {
	t.Helper()
	s, err := c.SubscribeToPersistentSubscriptionToAll(ctx(t), group, esdb.SubscribeToPersistentSubscriptionOptions{})
	if err != nil {
		t.Fatalf("subscribe to $all::%s: %v", group, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func next(t testing.TB, s *esdb.PersistentSubscription) *esdb.EventAppeared {
	t.Helper()
	e := s.Recv()
	if e.EventAppeared == nil {
		t.Fatalf("dropped: %v", e.SubscriptionDropped.Error)
	}
	return e.EventAppeared
}

func ack(t testing.TB, s *esdb.PersistentSubscription, list ...*esdb.EventAppeared) {
	t.Helper()
	for _, e := range list {
		if err := s.Ack(e.Event); err != nil {
			t.Fatal(err)
		}
	}
}

func nack(t testing.TB, s *esdb.PersistentSubscription, action esdb.NackAction, list ...*esdb.EventAppeared) {
	t.Helper()
	for _, e := range list {
		if err := s.Nack("because", action, e.Event); err != nil {
			t.Fatal(err)
		}
	}
}

// wantDelivered receives messages and compares revision and retry count.
func wantDelivered(t testing.TB, s *esdb.PersistentSubscription, want ...string) []*esdb.EventAppeared {
	t.Helper()
	var got []string
	var out []*esdb.EventAppeared
	for range want {
		e := next(t, s)
		got = append(got, fmt.Sprintf("%d/%d", e.Event.OriginalEvent().EventNumber, e.RetryCount))
		out = append(out, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("delivered revision/retry (-want +got):\n%s", diff)
	}
	return out
}

// wantDropped waits for the end of a subscription and returns its reason.
func wantDropped(t testing.TB, s *esdb.PersistentSubscription, want codes.Code) {
	t.Helper()
	for {
		e := s.Recv()
		if e.SubscriptionDropped == nil {
			continue
		}
		if got := status.Code(e.SubscriptionDropped.Error); got != want {
			t.Errorf("dropped with %v, want %v", e.SubscriptionDropped.Error, want)
		}
		return
	}
}

func TestAConsumerIsSentWhatItsWindowHasRoomFor(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	s := consume(t, c, "case-1", "workers", 2)
	first := wantDelivered(t, s, "0/0", "1/0")
	ack(t, s, first[0])
	third := wantDelivered(t, s, "2/0")
	nack(t, s, esdb.NackActionRetry, first[1])
	again := wantDelivered(t, s, "1/1")
	ack(t, s, third[0], again[0])
	appendTo(t, c, "case-1", esdb.Any{}, note("d"))
	wantDelivered(t, s, "3/0")
}

func TestAMessageWithoutAnswerIsDeliveredAgain(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b")...)
	createGroup(t, c, "case-1", "workers", fromStart(func(s *esdb.PersistentSubscriptionSettings) { s.MessageTimeout = 100 }))
	s := consume(t, c, "case-1", "workers", 1)
	wantDelivered(t, s, "0/0")
	ack(t, s, wantDelivered(t, s, "0/1")...)
	wantDelivered(t, s, "1/0")
}

func TestAMessageThatIsSkippedNeverComesAgain(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	createGroup(t, c, "case-1", "workers", fromStart(diligent))
	s := consume(t, c, "case-1", "workers", 1)
	nack(t, s, esdb.NackActionSkip, wantDelivered(t, s, "0/0")...)
	nack(t, s, esdb.NackActionStop, wantDelivered(t, s, "1/0")...)
	wantDelivered(t, s, "2/0")
	if n := parkedMessages(t, c, "case-1", "workers"); len(n) != 0 {
		t.Errorf("%d messages are parked", len(n))
	}
}

func TestWhatAConsumerLeavesGoesToAnother(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c", "d")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	leaver := consume(t, c, "case-1", "workers", 2)
	got := wantDelivered(t, leaver, "0/0", "1/0")
	ack(t, leaver, got[0])
	wantDelivered(t, leaver, "2/0")
	stayer := consume(t, c, "case-1", "workers", 10)
	wantDelivered(t, stayer, "3/0")
	if err := leaver.Close(); err != nil {
		t.Fatal(err)
	}
	wantDelivered(t, stayer, "1/1", "2/1")
}

func TestAGroupGoesOnFromItsCheckpointAfterARestart(t *testing.T) {
	dir := t.TempDir()
	n := start(t, eventnode.Config{Dir: dir})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c", "d", "e")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	createGroup(t, c, "case-1", "late", esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.End{}})
	createGroupOnLog(t, c, "watchers", esdb.PersistentAllSubscriptionOptions{
		StartFrom: esdb.Start{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-"}},
	})
	watcher := consumeLog(t, c, "watchers")
	ack(t, watcher, wantDelivered(t, watcher, "0/0", "1/0", "2/0", "3/0")...)
	s := consume(t, c, "case-1", "workers", 10)
	got := wantDelivered(t, s, "0/0", "1/0", "2/0", "3/0", "4/0")
	ack(t, s, got[0], got[1], got[3])
	// Closing one's end lets the node hear what was said before.
	appendTo(t, c, "case-1", esdb.Any{}, note("f"))
	wantDelivered(t, s, "5/0")
	wantInfo(t, c, "case-1", "workers", "three answers", func(i *esdb.PersistentSubscriptionInfo) bool { return i.Stats.TotalInFlightMessages == 3 })
	wantDelivered(t, watcher, "4/0")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	wantDropped(t, s, codes.Unavailable)

	c = dial(t, start(t, eventnode.Config{Dir: dir}))
	again := consume(t, c, "case-1", "workers", 10)
	wantDelivered(t, again, "2/0", "3/0", "4/0", "5/0")
	wantDelivered(t, consumeLog(t, c, "watchers"), "4/0", "5/0")
	wantDelivered(t, consume(t, c, "case-1", "late", 10), "5/0")
}

func TestGroupsOnTheLogCanBeFiltered(t *testing.T) {
	c := stage(t)
	event := func(kind string) esdb.EventData {
		return esdb.EventData{EventID: uuid.New(), EventType: kind, ContentType: esdb.ContentTypeJson, Data: []byte(`{}`)}
	}
	for name, c1 := range map[string]struct {
		filter esdb.SubscriptionFilter
		want   []string
	}{
		"by the beginning of the stream":  {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"b-", "c-"}}, []string{"b-1 y", "c-1 x"}},
		"by an expression for the stream": {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: `^[ac]-\d$`}, []string{"a-1 x", "c-1 x"}},
		"by the beginning of the type":    {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"x"}}, []string{"a-1 x", "c-1 x"}},
		"by an expression for the type":   {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: `^y$`}, []string{"b-1 y"}},
	} {
		createGroupOnLog(t, c, name, esdb.PersistentAllSubscriptionOptions{StartFrom: esdb.Start{}, Filter: &c1.filter})
	}
	for _, e := range []struct{ stream, kind string }{{"a-1", "x"}, {"b-1", "y"}, {"c-1", "x"}} {
		appendTo(t, c, e.stream, esdb.NoStream{}, event(e.kind))
	}
	for name, want := range map[string][]string{
		"by the beginning of the stream":  {"b-1 y", "c-1 x"},
		"by an expression for the stream": {"a-1 x", "c-1 x"},
		"by the beginning of the type":    {"a-1 x", "c-1 x"},
		"by an expression for the type":   {"b-1 y"},
	} {
		t.Run(name, func(t *testing.T) {
			s := consumeLog(t, c, name)
			var got []string
			for range want {
				e := next(t, s)
				got = append(got, e.Event.Event.StreamID+" "+e.Event.Event.EventType)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAGroupOnTheLogDoesNotHearItself(t *testing.T) {
	c := stage(t)
	settings := esdb.SubscriptionSettingsDefault()
	diligent(&settings)
	o := esdb.PersistentAllSubscriptionOptions{StartFrom: esdb.End{}, Settings: &settings}
	createGroupOnLog(t, c, "one", o)
	createGroupOnLog(t, c, "two", o)
	one, two := consumeLog(t, c, "one"), consumeLog(t, c, "two")
	for _, text := range []string{"a", "b", "c"} {
		appendTo(t, c, "case-1", esdb.Any{}, note(text))
		for _, s := range []*esdb.PersistentSubscription{one, two} {
			e := next(t, s)
			for e.Event.Event.EventType == "$PersistentConfig" || e.Event.Event.StreamID == "$$$persistentSubscriptionConfig" {
				ack(t, s, e) // of the other group, made later
				e = next(t, s)
			}
			if e.Event.Event.StreamID != "case-1" {
				t.Errorf("%s was delivered", e.Event.Event.StreamID)
			}
			if text == "b" {
				nack(t, s, esdb.NackActionPark, e)
				continue
			}
			ack(t, s, e)
		}
	}
}

func TestLinksAreResolvedAndMayLeadNowhere(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b")...)
	link := func(to string) esdb.EventData {
		return esdb.EventData{EventID: uuid.New(), EventType: "$>", ContentType: esdb.ContentTypeBinary, Data: []byte(to)}
	}
	appendTo(t, c, "index", esdb.NoStream{}, link("1@case-1"), link("7@case-1"))
	createGroup(t, c, "index", "workers", fromStart(func(s *esdb.PersistentSubscriptionSettings) { s.ResolveLinkTos = true }))
	s := consume(t, c, "index", "workers", 10)
	got := wantDelivered(t, s, "0/0", "1/0")
	if e := got[0].Event; e.Event == nil || e.Event.StreamID != "case-1" || e.Event.EventNumber != 1 || e.Link == nil {
		t.Errorf("a link to an event was delivered as %+v", e)
	}
	if e := got[1].Event; e.Event != nil || e.Link == nil {
		t.Errorf("a link to nothing was delivered as %+v", e)
	}
	nack(t, s, esdb.NackActionPark, got...)
	want := []string{"1@case-1", "7@case-1"}
	if diff := cmp.Diff(want, waitForParked(t, c, "index", "workers", 2)); diff != "" {
		t.Errorf("parked (-want +got):\n%s", diff)
	}
}

func TestASlowConsumerDelaysNobodyElse(t *testing.T) {
	c := stage(t)
	createGroup(t, c, "case-1", "workers", fromStart())
	consume(t, c, "case-1", "workers", 20) // receives nothing
	quick := consume(t, c, "case-1", "workers", 10)
	big := esdb.EventData{EventType: "big", Data: make([]byte, 200<<10)}
	for range 200 {
		big.EventID = uuid.New()
		appendTo(t, c, "case-1", esdb.Any{}, big)
	}
	for range 180 {
		ack(t, quick, next(t, quick))
	}
}

func TestSubscriptionsEndWithTheirNode(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	createGroup(t, c, "case-1", "workers", fromStart())
	s, err := c.SubscribeToPersistentSubscription(context.Background(), "case-1", "workers", esdb.SubscribeToPersistentSubscriptionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	wantDropped(t, s, codes.Unavailable)
}
