package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// follower runs Follow and passes on what it is told.
type follower struct {
	told chan eventlog.Delivery
	end  chan error
}

func follow(ctx context.Context, log *eventlog.Log, after eventlog.Position, prefixes ...string) *follower {
	f := &follower{told: make(chan eventlog.Delivery, 100_000), end: make(chan error, 1)}
	go func() {
		f.end <- log.Follow(ctx, after, prefixes, func(d eventlog.Delivery) error {
			f.told <- d
			return nil
		})
	}()
	return f
}

// next is the next delivery that is not a checkpoint.
func (f *follower) next(t *testing.T) eventlog.Delivery {
	t.Helper()
	timeout := time.After(patient)
	for {
		select {
		case d := <-f.told:
			if d.Event != nil || d.CaughtUp {
				return d
			}
		case err := <-f.end:
			t.Fatalf("the follower ended: %v", err)
		case <-timeout:
			t.Fatal("the follower is told nothing")
		}
	}
}

// event is the next event.
func (f *follower) event(t *testing.T) eventlog.Recorded {
	t.Helper()
	for {
		if d := f.next(t); d.Event != nil {
			return *d.Event
		}
	}
}

func (f *follower) caughtUp(t *testing.T) {
	t.Helper()
	if d := f.next(t); !d.CaughtUp {
		t.Fatalf("told of %+v, want to be caught up", d.Event)
	}
}

func TestFollowDeliversOldThenNewInLogOrder(t *testing.T) {
	log := newLog(t)
	var want, got []string
	add := func(stream string, n int, wanted bool) {
		for _, e := range events(n) {
			mustAppend(t, log, stream, e)
			if wanted {
				want = append(want, e.ID.String())
			}
		}
	}
	add("case-1", 3, true)
	add("alert-1", 3, false)
	add("case-2", 3, true)
	add("account-1", 1, true)
	f := follow(t.Context(), log, eventlog.Start, "case-", "account-")
	for range 7 {
		got = append(got, f.event(t).ID.String())
	}
	f.caughtUp(t)
	add("alert-1", 3, false)
	add("case-1", 2, true)
	for range 2 {
		d := f.next(t)
		if d.CaughtUp {
			t.Fatal("caught up twice in one subscription")
		}
		got = append(got, d.Event.ID.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-appended +delivered):\n%s", diff)
	}
}

func TestFollowGoesOnAfterAPosition(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "case-1", events(5)...)
	all, end, err := log.ReadAll(t.Context(), eventlog.Start, []string{"case-"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	f := follow(t.Context(), log, all[2].Position, "case-")
	for _, want := range all[3:] {
		if diff := cmp.Diff(want, f.event(t)); diff != "" {
			t.Errorf("(-recorded +delivered):\n%s", diff)
		}
	}
	f.caughtUp(t)
	follow(t.Context(), log, end, "case-").caughtUp(t) // nothing is left before
}

func TestFollowWithoutPrefixesLeavesTheNodesOwnStreamsOut(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "$yuanlu-settings", event(1))
	mustAppend(t, log, "case-1", event(1))
	if err := log.SetMaxCount(t.Context(), "case-1", 10); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, "other", event(2))
	f := follow(t.Context(), log, eventlog.Start)
	for _, want := range []string{"case-1", "other"} {
		if r := f.event(t); r.Stream != want {
			t.Errorf("told of %s, want %s", r.Stream, want)
		}
	}
	f.caughtUp(t)
}

func TestFollowTellsHowFarItIsWithoutEvents(t *testing.T) {
	log := newLog(t)
	for range 10 {
		mustAppend(t, log, "alert-1", events(100)...)
	}
	last, err := log.Last(t.Context(), "alert-1")
	if err != nil {
		t.Fatal(err)
	}
	f := follow(t.Context(), log, eventlog.Start, "case-")
	var at eventlog.Position
	timeout := time.After(patient)
	for at < last.Position/2 {
		select {
		case d := <-f.told:
			if d.Event != nil {
				t.Fatalf("told of %s", d.Event.Stream)
			}
			if d.Checkpoint != eventlog.Start {
				at = d.Checkpoint
			}
		case <-timeout:
			t.Fatalf("told to be at %d only, the log is at %d", at, last.Position)
		}
	}
	// A checkpoint is a place to go on from, and no event is lost by it.
	e := event(1)
	mustAppend(t, log, "case-1", e)
	if r := follow(t.Context(), log, at, "case-").event(t); r.ID != e.ID {
		t.Errorf("told of %v, want %v", r.ID, e.ID)
	}
}

func TestFollowEnds(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "case-1", events(3)...)
	t.Run("with the error of its handler, as it is", func(t *testing.T) {
		enough := errors.New("enough")
		n := 0
		err := log.Follow(t.Context(), eventlog.Start, []string{"case-"}, func(eventlog.Delivery) error {
			if n++; n == 2 {
				return enough
			}
			return nil
		})
		if err != enough || n != 2 { //nolint:errorlint // the very error, not one around it
			t.Errorf("ended after %d deliveries with %v", n, err)
		}
	})
	t.Run("with the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := follow(ctx, log, eventlog.Start, "case-")
		f.event(t)
		cancel()
		if err := <-f.end; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("with the log", func(t *testing.T) {
		log := newLog(t)
		f := follow(t.Context(), log, eventlog.Start, "case-")
		f.caughtUp(t)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-f.end:
			if !errors.Is(err, eventlog.ErrUnavailable) {
				t.Errorf("ended with %v", err)
			}
		case <-time.After(patient):
			t.Error("still following a closed log")
		}
	})
}

func TestEverythingGoesOnWhenTheNodeComesBack(t *testing.T) {
	const writers, each, outages = 4, 40, 3
	s := newServer(t)
	log := openLog(t, s.connection(""))
	f := follow(t.Context(), log, eventlog.Start, "case-")
	f.caughtUp(t)

	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	defer cancel()
	progress := make(chan struct{}, writers*each)
	failed := make(chan error, writers)
	for w := range writers {
		go func() {
			stream, expect := fmt.Sprintf("case-%d", w), eventlog.NoStream
			for n := range each {
				appended, err := log.Append(ctx, stream, expect, event(n))
				if err == nil && appended.Revision != uint64(n) {
					err = fmt.Errorf("event %d was stored at %d", n, appended.Revision)
				}
				if err != nil {
					failed <- err
					return
				}
				expect = eventlog.Expect(appended.Revision)
				progress <- struct{}{}
			}
			failed <- nil
		}()
	}
	for range outages {
		for range 20 {
			<-progress
		}
		s.down(t)
		s.up(t)
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	next := map[string]uint64{}
	var last eventlog.Position
	caughtUp := 0
	for got := 0; got < writers*each && !t.Failed(); {
		d := f.next(t)
		if d.CaughtUp {
			caughtUp++
			continue
		}
		got++
		if d.Event.Revision != next[d.Event.Stream] || d.Event.Position <= last {
			t.Fatalf("%s: told of revision %d at %d after %d at %d", d.Event.Stream,
				d.Event.Revision, d.Event.Position, next[d.Event.Stream], last)
		}
		next[d.Event.Stream]++
		last = d.Event.Position
	}
	mustAppend(t, log, "case-0", event(each))
	for d := f.next(t); d.Event == nil; d = f.next(t) {
		caughtUp++
	}
	if caughtUp == 0 {
		t.Error("never caught up again")
	}
}

func TestReadGoesOnWhenTheNodeComesBack(t *testing.T) {
	s := newServer(t)
	log := openLog(t, s.connection(""))
	const total = 20_000
	for range total / 1000 {
		mustAppend(t, log, "case-1", events(1000)...)
	}
	var next uint64
	for r, err := range log.Read(t.Context(), "case-1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Revision != next {
			t.Fatalf("revision %d, want %d", r.Revision, next)
		}
		if next++; next == 100 {
			s.down(t)
			s.up(t)
		}
	}
	if next != total {
		t.Errorf("read %d of %d", next, total)
	}
}
