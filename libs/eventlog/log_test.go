package eventlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestAppendExpectations(t *testing.T) {
	log := newLog(t)
	cases := []struct {
		rule   string
		before int // events in the stream
		expect eventlog.Expect
		want   uint64
		err    error
	}{
		{"a new stream takes an event that expects no stream", 0, eventlog.NoStream, 0, nil},
		{"a new stream takes an event that expects anything", 0, eventlog.Any, 0, nil},
		{"a new stream refuses an event that expects a stream", 0, eventlog.Exists, 0, eventlog.ErrConflict},
		{"a new stream refuses an event that expects a revision", 0, 3, 0, eventlog.ErrConflict},
		{"a stream takes an event at its revision", 2, 1, 2, nil},
		{"a stream takes an event that expects a stream", 2, eventlog.Exists, 2, nil},
		{"a stream takes an event that expects anything", 2, eventlog.Any, 2, nil},
		{"a stream refuses an event at an older revision", 2, 0, 0, eventlog.ErrConflict},
		{"a stream refuses an event at a newer revision", 2, 5, 0, eventlog.ErrConflict},
		{"a stream refuses an event that expects no stream", 2, eventlog.NoStream, 0, eventlog.ErrConflict},
	}
	for i, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			stream := fmt.Sprintf("case-%d", i)
			if c.before > 0 {
				mustAppend(t, log, stream, events(c.before)...)
			}
			appended, err := log.Append(t.Context(), stream, c.expect, event(9))
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if appended.Revision != c.want || appended.Position == eventlog.Start {
				t.Errorf("appended at %+v, want revision %d and a position", appended, c.want)
			}
		})
	}
}

func TestAppendRefusesWhatMakesNoSense(t *testing.T) {
	log := newLog(t)
	if _, err := log.Append(t.Context(), "case-1", eventlog.Any); err == nil {
		t.Error("nothing was appended without an error")
	}
	if _, err := log.Append(t.Context(), "case-1", -7, event(1)); err == nil {
		t.Error("an unknown expectation was accepted")
	}
}

func TestAppendTwiceIsStoredOnce(t *testing.T) {
	log := newLog(t)
	batch := events(3)
	for _, expect := range []eventlog.Expect{eventlog.NoStream, eventlog.Any} {
		stream := fmt.Sprintf("case-%d", expect)
		first, err := log.Append(t.Context(), stream, expect, batch...)
		if err != nil {
			t.Fatal(err)
		}
		second, err := log.Append(t.Context(), stream, expect, batch...)
		if err != nil {
			t.Fatal(err)
		}
		if first != second {
			t.Errorf("the second append landed at %+v, the first at %+v", second, first)
		}
		got, err := readAll(t, log, stream, 0)
		if err != nil || len(got) != 3 {
			t.Errorf("%d events stored, error %v; want 3", len(got), err)
		}
	}
}

func TestAppendTooLarge(t *testing.T) {
	log := newLog(t)
	big := func(n int) eventlog.Event {
		e := event(0)
		e.Data = bytes.Repeat([]byte("1"), n)
		return e
	}
	many := make([]eventlog.Event, 40)
	for i := range many {
		many[i] = big(100_000)
	}
	cases := []struct {
		rule string
		es   []eventlog.Event
		err  error
	}{
		{"an event just below the limit is stored", []eventlog.Event{big(1<<20 - 200)}, nil},
		{"one event above the limit is refused", []eventlog.Event{big(1<<20 + 1)}, eventlog.ErrTooLarge},
		{"an event above the limit of the transport is refused", []eventlog.Event{big(20 << 20)}, eventlog.ErrTooLarge},
		{"a batch above the limit is refused", many, eventlog.ErrTooLarge},
	}
	for i, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			_, err := log.Append(t.Context(), fmt.Sprintf("case-%d", i), eventlog.NoStream, c.es...)
			if !errors.Is(err, c.err) {
				t.Errorf("error %.200v, want %v", err, c.err)
			}
		})
	}
}

func TestReadReturnsWhatWasAppended(t *testing.T) {
	log := newLog(t)
	before := time.Now().Add(-time.Minute)
	batch := events(5)
	batch[3].Data = []byte{0xff, 0x00} // not JSON
	appended := mustAppend(t, log, "case-1", batch...)
	got, err := readAll(t, log, "case-1", 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d events from revision 2 on, want 3", len(got))
	}
	for i, r := range got {
		if diff := cmp.Diff(batch[i+2], r.Event); diff != "" {
			t.Errorf("event %d (-appended +read):\n%s", i+2, diff)
		}
		if r.Stream != "case-1" || r.Revision != uint64(i+2) || r.Created.Before(before) || r.Created.Location() != time.UTC {
			t.Errorf("event %d is recorded as %s/%d at %v", i+2, r.Stream, r.Revision, r.Created)
		}
		if i > 0 && r.Position <= got[i-1].Position {
			t.Errorf("position %d follows position %d", r.Position, got[i-1].Position)
		}
	}
	if last := got[2]; last.Position != appended.Position || last.Revision != appended.Revision {
		t.Errorf("the last event is at %d/%d, the append said %+v", last.Revision, last.Position, appended)
	}
	if past, err := readAll(t, log, "case-1", 77); err != nil || len(past) != 0 {
		t.Errorf("%d events and error %v after the end, want none", len(past), err)
	}
}

func TestReadOfNothing(t *testing.T) {
	log := newLog(t)
	n := 0
	for _, err := range log.Read(t.Context(), "case-none", 0) {
		n++
		if !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("error %v, want not found", err)
		}
	}
	if n != 1 {
		t.Errorf("%d items, want the error only", n)
	}
	if _, err := log.Last(t.Context(), "case-none"); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("error %v, want not found", err)
	}
}

func TestReadCanBeLeftAndCancelled(t *testing.T) {
	log := newLog(t)
	for range 10 {
		mustAppend(t, log, "case-1", events(100)...)
	}
	for _, err := range log.Read(t.Context(), "case-1", 0) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	var last error
	for _, err := range log.Read(ctx, "case-1", 0) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	cancel()
	if !errors.Is(last, context.Canceled) && n < 1000 {
		t.Errorf("the read ended after %d events with %v", n, last)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	for _, err := range log.Read(ctx, "case-1", 0) {
		last = err
		break
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled read ended with %v", last)
	}
}

func TestLast(t *testing.T) {
	log := newLog(t)
	batch := events(4)
	appended := mustAppend(t, log, "case-1", batch...)
	last, err := log.Last(t.Context(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(batch[3], last.Event); diff != "" || last.Revision != 3 || last.Position != appended.Position {
		t.Errorf("the last event is %d/%d (-appended +read):\n%s", last.Revision, last.Position, diff)
	}
}

func TestSetMaxCountKeepsTheLastEvents(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "case-1", events(5)...)
	if err := log.SetMaxCount(t.Context(), "case-1", 2); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, "case-1", event(5))
	got, err := readAll(t, log, "case-1", 0)
	if err != nil || len(got) != 2 || got[0].Revision != 4 || got[1].Revision != 5 {
		t.Errorf("read %d events, error %v; want revisions 4 and 5", len(got), err)
	}
}

func TestDeleteHidesAndTheStreamGoesOn(t *testing.T) {
	log := newLog(t)
	mustAppend(t, log, "case-1", events(3)...)
	if err := log.Delete(t.Context(), "case-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(t, log, "case-1", 0); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("error %v after deletion, want not found", err)
	}
	if _, err := log.Last(t.Context(), "case-1"); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("error %v after deletion, want not found", err)
	}
	appended, err := log.Append(t.Context(), "case-1", eventlog.NoStream, event(3))
	if err != nil || appended.Revision != 3 {
		t.Errorf("appended at %+v, error %v; want revision 3", appended, err)
	}
	if got, err := readAll(t, log, "case-1", 0); err != nil || len(got) != 1 {
		t.Errorf("%d events, error %v; want the new one", len(got), err)
	}
	if err := log.Delete(t.Context(), "case-none"); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("error %v for a stream that never was, want not found", err)
	}
}

func TestReadAllPages(t *testing.T) {
	log := newLog(t)
	if page, at, err := log.ReadAll(t.Context(), eventlog.Start, []string{"case-"}, 10); err != nil || len(page) != 0 {
		t.Fatalf("an empty log has %d events up to %d, error %v", len(page), at, err)
	}
	var want []string
	for i := range 40 {
		category := []string{"case", "alert", "account"}[i%3]
		e := event(i)
		mustAppend(t, log, fmt.Sprintf("%s-%d", category, i%7), e)
		if category != "account" {
			want = append(want, e.ID.String())
		}
	}
	for _, limit := range []int{1, 4, 27, 28, 1000} {
		var got []string
		at := eventlog.Start
		for {
			page, next, err := log.ReadAll(t.Context(), at, []string{"case-", "alert-"}, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				got = append(got, r.ID.String())
			}
			if len(page) > limit || next < at {
				t.Fatalf("a page of %d from %d to %d, limit %d", len(page), at, next, limit)
			}
			if at = next; len(page) < limit {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-appended +read):\n%s", limit, diff)
		}
	}
	all, _, err := log.ReadAll(t.Context(), eventlog.Start, nil, 1000)
	if err != nil || len(all) != 40 {
		t.Errorf("%d events of all streams, error %v; want 40 and none of the node's own", len(all), err)
	}
}

func TestPing(t *testing.T) {
	log := newLog(t)
	if err := log.Ping(t.Context()); err != nil {
		t.Errorf("an empty log: %v", err)
	}
	mustAppend(t, log, "case-1", event(1))
	if err := log.Ping(t.Context()); err != nil {
		t.Errorf("a log with an event: %v", err)
	}
}

func TestOpenRefusesNonsenseWithoutQuotingIt(t *testing.T) {
	for _, connection := range []string{"", "http://admin:secret@host", "esdb://", "esdb://admin:secret@host:port"} {
		log, err := eventlog.Open(connection)
		if err == nil {
			_ = log.Close()
			t.Errorf("%q was accepted", connection)
		} else if bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
