package eventnode_test

import (
	"fmt"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// ear listens to a subscription; every wait is bounded by the context that the
// subscription was opened with.
type ear struct {
	t   testing.TB
	sub *esdb.Subscription
}

func followAll(t testing.TB, c *esdb.Client, o esdb.SubscribeToAllOptions) ear {
	t.Helper()
	sub, err := c.SubscribeToAll(ctx(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return ear{t, sub}
}

func follow(t testing.TB, c *esdb.Client, stream string, o esdb.SubscribeToStreamOptions) ear {
	t.Helper()
	sub, err := c.SubscribeToStream(ctx(t), stream, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return ear{t, sub}
}

// next describes what comes next: an event as stream/revision, a checkpoint as
// @position, the rest in words.
func (e ear) next() string {
	e.t.Helper()
	switch got := e.sub.Recv(); {
	case got.EventAppeared != nil && got.EventAppeared.OriginalEvent() != nil:
		ev := got.EventAppeared.OriginalEvent()
		return fmt.Sprintf("%s/%d", ev.StreamID, ev.EventNumber)
	case got.CheckPointReached != nil:
		return fmt.Sprintf("@%d", got.CheckPointReached.Commit)
	case got.CaughtUp != nil:
		return "caught up"
	case got.SubscriptionDropped != nil:
		return "dropped"
	default:
		return "unknown"
	}
}

func (e ear) hears(want ...string) {
	e.t.Helper()
	got := make([]string, 0, len(want))
	for range want {
		got = append(got, e.next())
		if got[len(got)-1] == "dropped" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		e.t.Fatalf("heard (-want +got):\n%s", diff)
	}
}

func TestAStreamIsFollowed(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 2)
	fill(t, c, "case-2", 1)
	fromStart := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	fromStart.hears("case-1/0", "case-1/1", "caught up")
	after := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.Revision(0)})
	after.hears("case-1/1", "caught up")
	live := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.End{}})
	live.hears("caught up")
	early := follow(t, c, "case-3", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	early.hears("caught up")

	fill(t, c, "case-2", 1)
	fill(t, c, "case-1", 2)
	fill(t, c, "case-3", 1)
	for _, e := range []ear{fromStart, after, live} {
		e.hears("case-1/2", "case-1/3")
	}
	early.hears("case-3/0")
}

func TestAFollowedStreamMayBeDeletedAndGoOn(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 2)
	e := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.End{}})
	e.hears("caught up")
	remove(t, c, "case-1")
	fill(t, c, "case-1", 1)
	e.hears("case-1/2")
	again := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	again.hears("case-1/2", "caught up")

	if _, err := c.TombstoneStream(ctx(t), "case-1", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	e.hears("case-1/9223372036854775807", "dropped")
}

func TestTheLogIsFollowed(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 1)
	fill(t, c, "alert-1", 1)
	fromStart := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	fromStart.hears("case-1/0", "alert-1/0", "caught up")
	after := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Position{Commit: 1, Prepare: 1}})
	after.hears("alert-1/0", "caught up")
	live := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	live.hears("caught up")
	describe(t, c, "case-1", esdb.StreamMetadata{})
	fill(t, c, "case-1", 1)
	for _, e := range []ear{fromStart, after, live} {
		e.hears("$$case-1/0", "case-1/1")
	}
	_, err := c.SubscribeToAll(ctx(t), esdb.SubscribeToAllOptions{From: esdb.Position{Commit: 99, Prepare: 99}})
	if err == nil {
		t.Error("a position of another log was accepted")
	}
}

func TestALongLogIsCaughtUpWithInOrder(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 3000)
	e := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	s := follow(t, c, "case-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	for revision := range 3000 {
		e.hears(fmt.Sprintf("case-1/%d", revision))
		s.hears(fmt.Sprintf("case-1/%d", revision))
	}
	e.hears("caught up")
	s.hears("caught up")
}

func TestFiltersPickByStreamOrType(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.Any{}, esdb.EventData{EventType: "opened.v1", Data: []byte("x")})
	appendTo(t, c, "alert-1", esdb.Any{}, esdb.EventData{EventType: "graded.v1", Data: []byte("x")})
	appendTo(t, c, "pursuit-1", esdb.Any{}, esdb.EventData{EventType: "opened.v2", Data: []byte("x")})
	for name, tc := range map[string]struct {
		filter esdb.SubscriptionFilter
		want   []string
	}{
		"by stream prefix":     {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-", "pursuit-"}}, []string{"case-1/0", "pursuit-1/0"}},
		"by stream expression": {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^a.*-1$"}, []string{"alert-1/0"}},
		"by type prefix":       {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"opened"}}, []string{"case-1/0", "pursuit-1/0"}},
		"by type expression":   {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: `v1$`}, []string{"case-1/0", "alert-1/0"}},
		"without system types": {*esdb.ExcludeSystemEventsFilter(), []string{"case-1/0", "alert-1/0", "pursuit-1/0"}},
		"nothing at all":       {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"refund-"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: &tc.filter})
			e.hears(append(tc.want, "@3", "caught up")...)
		})
	}
	notRE2 := &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "(?!case)"}
	if _, err := c.SubscribeToAll(ctx(t), esdb.SubscribeToAllOptions{Filter: notRE2}); err == nil {
		t.Error("an expression that RE2 does not know was accepted")
	}
}

func TestAFilterReportsCheckpointsFromWhichToGoOn(t *testing.T) {
	c := stage(t)
	fill(t, c, "noise-1", 9)
	fill(t, c, "case-1", 1) // position 10
	fill(t, c, "noise-1", 5)
	o := esdb.SubscribeToAllOptions{
		From: esdb.Start{}, MaxSearchWindow: 2, CheckpointInterval: 2, // every four events
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-"}},
	}
	e := followAll(t, c, o)
	e.hears("@4", "@8", "case-1/0", "@12", "@15", "caught up")
	fill(t, c, "noise-1", 3)
	fill(t, c, "case-1", 1) // position 19: the fourth since the checkpoint
	e.hears("case-1/1", "@19")
	fill(t, c, "case-1", 2)
	e.hears("case-1/2", "case-1/3")

	for position, want := range map[uint64][]string{
		8:  {"case-1/0", "@12", "@16", "case-1/1", "case-1/2", "@20", "case-1/3", "@21", "caught up"},
		10: {"@14", "@18", "case-1/1", "case-1/2", "case-1/3", "@21", "caught up"},
		19: {"case-1/2", "case-1/3", "@21", "caught up"},
		21: {"caught up"},
	} {
		t.Run(fmt.Sprintf("after %d, which is left out", position), func(t *testing.T) {
			o := o
			o.From = esdb.Position{Commit: position, Prepare: position}
			followAll(t, c, o).hears(want...)
		})
	}
}

func TestASubscriptionEndsWithItsNode(t *testing.T) {
	n := start(t, eventnode.Config{})
	e := followAll(t, dial(t, n), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	e.hears("caught up")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	e.hears("dropped")
}

func TestASlowSubscriberMissesNothing(t *testing.T) {
	c := stage(t)
	e := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.End{}})
	e.hears("caught up")
	big := make([]byte, 64<<10)
	for range 200 { // far more than the transport buffers
		appendTo(t, c, "case-1", esdb.Any{}, esdb.EventData{EventType: "t", Data: big})
	}
	for revision := 0; revision < 200; {
		got := e.next()
		if got == "caught up" {
			continue // it fell behind and is told when that is over
		}
		if want := fmt.Sprintf("case-1/%d", revision); got != want {
			t.Fatalf("heard %s, want %s", got, want)
		}
		revision++
	}
}
