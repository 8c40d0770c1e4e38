package eventnode_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc/codes"
)

func parkedStream(stream, group string) string {
	return "$persistentsubscription-" + stream + "::" + group + "-parked"
}

func parkedMessages(t testing.TB, c *esdb.Client, stream, group string) []*esdb.ResolvedEvent {
	t.Helper()
	out, err := readErr(t, c, parkedStream(stream, group), esdb.ReadStreamOptions{}, 100)
	if err != nil && code(err) != esdb.ErrorCodeResourceNotFound {
		t.Fatal(err)
	}
	return out
}

// waitForParked waits until so many messages are parked, which happens after the
// answer of the consumer, and returns what they point to.
func waitForParked(t testing.TB, c *esdb.Client, stream, group string, count int) []string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		list := parkedMessages(t, c, stream, group)
		if len(list) >= count {
			var out []string
			for _, e := range list {
				out = append(out, string(e.OriginalEvent().Data))
			}
			return out
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d messages are parked, want %d", len(list), count)
		}
	}
}

// wantInfo waits until the group is as described: answers are not acknowledged.
func wantInfo(t testing.TB, c *esdb.Client, stream, group, what string, ok func(*esdb.PersistentSubscriptionInfo) bool) *esdb.PersistentSubscriptionInfo {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		info, err := c.GetPersistentSubscriptionInfo(ctx(t), stream, group, esdb.GetPersistentSubscriptionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ok(info) {
			return info
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: never so; at last %+v", what, info.Stats)
		}
	}
}

func TestAParkedMessageSaysWhatItIsAndWhy(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b")...)
	createGroup(t, c, "case-1", "workers", fromStart(func(s *esdb.PersistentSubscriptionSettings) { s.MaxRetryCount = 1 }))
	s := consume(t, c, "case-1", "workers", 1)
	nack(t, s, esdb.NackActionPark, wantDelivered(t, s, "0/0")...)
	nack(t, s, esdb.NackActionRetry, wantDelivered(t, s, "1/0")...)
	nack(t, s, esdb.NackActionUnknown, wantDelivered(t, s, "1/1")...)
	waitForParked(t, c, "case-1", "workers", 2)
	type meta struct {
		Added                   time.Time
		Reason                  string
		SubscriptionEventNumber uint64
	}
	var got []meta
	for i, e := range parkedMessages(t, c, "case-1", "workers") {
		var m meta
		if err := json.Unmarshal(e.OriginalEvent().UserMetadata, &m); err != nil {
			t.Fatal(err)
		}
		if e.OriginalEvent().EventType != "$>" || m.Added.IsZero() {
			t.Errorf("parked message %d: a %s, added at %s", i, e.OriginalEvent().EventType, m.Added)
		}
		m.Added = time.Time{}
		got = append(got, m)
	}
	want := []meta{
		{Reason: "Client explicitly NAK'ed message.\nbecause", SubscriptionEventNumber: 0},
		{Reason: "Reached Max Retry Count of 1", SubscriptionEventNumber: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	resolved := read(t, c, parkedStream("case-1", "workers"), esdb.ReadStreamOptions{ResolveLinkTos: true}, 10)
	if len(resolved) != 2 || resolved[1].Event == nil || resolved[1].Event.EventNumber != 1 {
		t.Errorf("the links do not lead to the events: %v", resolved)
	}
}

func TestParkedMessagesAreReplayedInTheirOrder(t *testing.T) {
	dir := t.TempDir()
	n := start(t, eventnode.Config{Dir: dir})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c", "d")...)
	createGroup(t, c, "case-1", "workers", fromStart(diligent))
	s := consume(t, c, "case-1", "workers", 10)
	got := wantDelivered(t, s, "0/0", "1/0", "2/0", "3/0")
	nack(t, s, esdb.NackActionPark, got[2], got[0], got[1])
	ack(t, s, got[3])
	waitForParked(t, c, "case-1", "workers", 3)

	replay := func(c *esdb.Client, stopAt int) {
		t.Helper()
		if err := c.ReplayParkedMessages(ctx(t), "case-1", "workers", esdb.ReplayParkedMessagesOptions{StopAt: stopAt}); err != nil {
			t.Fatal(err)
		}
	}
	replay(c, 2)
	again := wantDelivered(t, s, "0/0", "1/0") // by their links
	var events []uint64
	for _, e := range again {
		events = append(events, e.Event.Event.EventNumber)
	}
	if diff := cmp.Diff([]uint64{2, 0}, events); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
	wantInfo(t, c, "case-1", "workers", "one is parked", func(i *esdb.PersistentSubscriptionInfo) bool { return i.Stats.ParkedMessagesCount == 1 })
	ack(t, s, again[0])
	replay(c, 0)
	last := wantDelivered(t, s, "2/0")
	nack(t, s, esdb.NackActionPark, last[0])
	// Of the three only one is done: what was not answered is still parked when the
	// node comes back, and so is what was parked again.
	if diff := cmp.Diff([]string{"2@case-1", "0@case-1", "1@case-1", "1@case-1"}, parkedFrom(t, c, 4)); diff != "" {
		t.Errorf("parked (-want +got):\n%s", diff)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, start(t, eventnode.Config{Dir: dir}))
	s = consume(t, c, "case-1", "workers", 10)
	replay(c, 0)
	events = nil
	for len(events) < 3 {
		e := next(t, s)
		ack(t, s, e)
		if e.Event.Event.EventNumber != 2 { // done, but perhaps not yet removed: at least once
			events = append(events, e.Event.Event.EventNumber)
		}
	}
	if diff := cmp.Diff([]uint64{0, 1, 1}, events); diff != "" {
		t.Errorf("replayed after the restart (-want +got):\n%s", diff)
	}
	wantInfo(t, c, "case-1", "workers", "nothing is parked", func(i *esdb.PersistentSubscriptionInfo) bool {
		return i.Stats.ParkedMessagesCount == 0 && i.Stats.TotalInFlightMessages == 0
	})
}

// parkedFrom reads all links that the parked stream has ever held, by its log.
func parkedFrom(t *testing.T, c *esdb.Client, count int) []string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var out []string
		for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1000) {
			if e.OriginalEvent().StreamID == parkedStream("case-1", "workers") {
				out = append(out, string(e.OriginalEvent().Data))
			}
		}
		if len(out) >= count || time.Now().After(deadline) {
			return out
		}
	}
}

func TestTheParkedStreamForgetsWhatWasReplayed(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	s := consume(t, c, "case-1", "workers", 10)
	nack(t, s, esdb.NackActionPark, wantDelivered(t, s, "0/0", "1/0", "2/0")...)
	waitForParked(t, c, "case-1", "workers", 3)
	if err := c.ReplayParkedMessages(ctx(t), "case-1", "workers", esdb.ReplayParkedMessagesOptions{}); err != nil {
		t.Fatal(err)
	}
	ack(t, s, wantDelivered(t, s, "0/0", "1/0", "2/0")...)
	deadline := time.Now().Add(patience)
	for len(parkedMessages(t, c, "case-1", "workers")) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("what was replayed stays in the parked stream")
		}
	}
}

func TestGroupsEndWithTheirDisk(t *testing.T) {
	disk := vfs.NewCrashableMem()
	broken := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".log") && op.Kind == errorfs.OpFileWrite {
			return errors.New("the disk is gone")
		}
		return nil
	})}
	n := start(t, eventnode.Config{Dir: "/store", FS: errorfs.Wrap(disk, &broken)})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, note("a"))
	createGroup(t, c, "case-1", "workers", fromStart())
	s := consume(t, c, "case-1", "workers", 10)
	got := wantDelivered(t, s, "0/0")
	broken.On()
	nack(t, s, esdb.NackActionPark, got...) // cannot be parked, so it must not be forgotten
	wantDropped(t, s, codes.Unavailable)
	crashed := disk.CrashClone(vfs.CrashCloneCfg{})
	c = dial(t, start(t, eventnode.Config{Dir: "/store", FS: crashed}))
	wantDelivered(t, consume(t, c, "case-1", "workers", 10), "0/0")
}
