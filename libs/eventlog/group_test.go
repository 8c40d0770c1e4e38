package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func group(stream string) eventlog.Group { return eventlog.Group{Name: "g", Stream: stream} }

func createGroup(t *testing.T, log *eventlog.Log, g eventlog.Group, s eventlog.GroupSettings) {
	t.Helper()
	if err := log.CreateGroup(t.Context(), g, s); err != nil {
		t.Fatal(err)
	}
}

// next is the next claim of a consumer.
func next(t *testing.T, c *eventlog.Consumer) *eventlog.Claim {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	claim, err := c.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return claim
}

// eventually waits for what the node does in its own time.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !holds(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestGroupIsManaged(t *testing.T) {
	log := newLog(t)
	settings := eventlog.GroupSettings{
		Strategy: eventlog.Pinned, MessageTimeout: 7 * time.Second, MaxRetries: 3, MaxConsumers: 4,
		CheckpointAfter: time.Second, MinCheckpoint: 5, MaxCheckpoint: 50,
		LiveBuffer: 60, HistoryBuffer: 70, ReadBatch: 8,
	}
	for name, g := range map[string]eventlog.Group{
		"of a stream":          {Name: "a/b 原路%", Stream: "case-1/%2F"},
		"of a part of the log": {Name: "part", Prefixes: []string{"case-", "alert-"}},
		"of the log":           {Name: "all"},
	} {
		t.Run(name, func(t *testing.T) {
			createGroup(t, log, g, settings)
			if err := log.CreateGroup(t.Context(), g, settings); !errors.Is(err, eventlog.ErrExists) {
				t.Errorf("created twice: %v", err)
			}
			info, err := log.InfoOfGroup(t.Context(), g)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(g, info.Group); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(settings, info.Settings); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
			changed := settings
			changed.Strategy, changed.MaxRetries = eventlog.DispatchToSingle, 9
			if err := log.UpdateGroup(t.Context(), g, changed); err != nil {
				t.Fatal(err)
			}
			all, err := log.Groups(t.Context())
			if err != nil || len(all) != 1 {
				t.Fatalf("%d groups: %v", len(all), err)
			}
			g.Prefixes = nil // which the node does not tell
			if diff := cmp.Diff(eventlog.GroupInfo{Group: g, Settings: changed}, all[0], cmpopts.IgnoreFields(eventlog.GroupInfo{}, "Status", "Lag")); diff != "" {
				t.Errorf("(-want +listed):\n%s", diff)
			}
			if err := log.DeleteGroup(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			_, missing := log.InfoOfGroup(t.Context(), g)
			for what, err := range map[string]error{
				"ask": missing, "delete": log.DeleteGroup(t.Context(), g),
				"update": log.UpdateGroup(t.Context(), g, settings), "replay": log.ReplayParked(t.Context(), g, 0),
			} {
				if !errors.Is(err, eventlog.ErrNotFound) {
					t.Errorf("%s without a group: %v", what, err)
				}
			}
		})
	}
}

func TestClaimIsAnsweredOnce(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "case-1", events(3)...)
	createGroup(t, log, group("case-1"), eventlog.GroupSettings{MinCheckpoint: 1, MaxCheckpoint: 1})
	c := log.Consumer(group("case-1"), 10)
	defer c.Close()
	first, second, third := next(t, c), next(t, c), next(t, c)
	if !first.Ack() || first.Ack() || first.Retry("late") || first.Park("late") {
		t.Error("a claim was answered twice, or not at all")
	}
	if !second.Retry("not now") || !third.Park("never") {
		t.Error("an answer came too late")
	}
	if again := next(t, c); again.Event.ID != second.Event.ID || again.Retries != 1 || !again.Ack() {
		t.Errorf("given out again: revision %d, after %d", again.Event.Revision, again.Retries)
	}
	info := func() eventlog.GroupInfo {
		info, err := log.InfoOfGroup(t.Context(), group("case-1"))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	eventually(t, "one is parked and nothing is left", func() bool {
		told := info()
		return told.Parked == 1 && told.Outstanding == 0 && told.Lag == 0 && told.Consumers == 1
	})
	if err := log.ReplayParked(t.Context(), group("case-1"), 0); err != nil {
		t.Fatal(err)
	}
	if again := next(t, c); again.Event.ID != third.Event.ID || !again.Ack() {
		t.Errorf("replayed: revision %d", again.Event.Revision)
	}
}

func TestConsumerGoesOn(t *testing.T) {
	s := newServer(t)
	log := openLog(t, s.connection(""))
	g := group("case-1")
	createGroup(t, log, g, eventlog.GroupSettings{})
	for name, disturb := range map[string]func(){
		"when the group is changed":     func() { _ = log.UpdateGroup(t.Context(), g, eventlog.GroupSettings{MaxRetries: 100}) },
		"when the node is started anew": func() { s.down(t); s.up(t) },
	} {
		t.Run(name, func(t *testing.T) {
			c := log.Consumer(g, 1)
			defer c.Close()
			mustAppend(t, log, g.Stream, event(1))
			held := next(t, c)
			disturb()
			again := next(t, c)
			if again.Event.ID != held.Event.ID {
				t.Errorf("told of revision %d, want %d", again.Event.Revision, held.Event.Revision)
			}
			select {
			case <-held.Over():
			default:
				t.Error("the old claim can still be answered")
			}
			if held.Ack() {
				t.Error("a claim of the old connection was answered")
			}
			if !again.Ack() {
				t.Error("the new claim could not be answered")
			}
			c.Close() // what was said before is heard
			eventually(t, "nothing is left", func() bool {
				info, err := log.InfoOfGroup(t.Context(), g)
				return err == nil && info.Outstanding == 0
			})
		})
	}
}

func TestConsumerEnds(t *testing.T) {
	log := newLog(t)
	t.Run("without a group", func(t *testing.T) {
		c := log.Consumer(group("nothing-1"), 1)
		defer c.Close()
		if _, err := c.Next(t.Context()); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("with the context, and can go on", func(t *testing.T) {
		createGroup(t, log, group("case-1"), eventlog.GroupSettings{})
		c := log.Consumer(group("case-1"), 1)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		mustAppend(t, log, "case-1", event(1))
		next(t, c).Ack()
	})
	t.Run("with the log", func(t *testing.T) {
		log := newLog(t)
		createGroup(t, log, group("case-1"), eventlog.GroupSettings{})
		c := log.Consumer(group("case-1"), 1)
		defer c.Close()
		time.AfterFunc(50*time.Millisecond, func() { _ = log.Close() })
		if _, err := c.Next(t.Context()); !errors.Is(err, eventlog.ErrUnavailable) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestManyAnswersAtOnceAreAllHeard(t *testing.T) {
	log := newLog(t)
	const total = 2000
	for range total / 500 {
		mustAppend(t, log, "case-1", events(500)...)
	}
	createGroup(t, log, group("case-1"), eventlog.GroupSettings{})
	c := log.Consumer(group("case-1"), 256)
	defer c.Close()
	var answering sync.WaitGroup
	seen := map[uint64]int{}
	for len(seen) < total {
		claim := next(t, c)
		seen[claim.Event.Revision]++
		answering.Go(func() { claim.Ack() })
	}
	answering.Wait()
	for revision, n := range seen {
		if n != 1 {
			t.Errorf("revision %d was given out %d times", revision, n)
		}
	}
	eventually(t, "nothing is left", func() bool {
		info, err := log.InfoOfGroup(t.Context(), group("case-1"))
		return err == nil && info.Outstanding == 0
	})
}

func TestFullDiskIsAClearErrorAndReadsGoOn(t *testing.T) {
	dir := t.TempDir()
	open := func(reserve int64) (*eventlog.Log, func()) {
		node, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0", Reserve: reserve})
		if err != nil {
			t.Fatal(err)
		}
		return openLog(t, node.Connection()), func() { _ = node.Close() }
	}
	log, end := open(0)
	mustAppend(t, log, "case-1", events(3)...)
	end()
	log, end = open(math.MaxInt64 / 2) // more than any disk has left
	begin := time.Now()
	_, err := log.Append(t.Context(), "case-1", eventlog.Any, event(3))
	if !errors.Is(err, eventlog.ErrFull) || !errors.Is(err, eventlog.ErrUnavailable) || time.Since(begin) > givesUp/2 {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	if got, err := readAll(t, log, "case-1", 0); err != nil || len(got) != 3 {
		t.Errorf("%d events: %v", len(got), err)
	}
	end()
	log, end = open(0)
	defer end()
	if got := mustAppend(t, log, "case-1", event(3)); got.Revision != 3 {
		t.Errorf("stored at %s", fmt.Sprint(got.Revision))
	}
}
