package eventnode_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// given prepares a stream for the table of expectations.
type given func(t *testing.T, c *esdb.Client, stream string, events []esdb.EventData)

func none(*testing.T, *esdb.Client, string, []esdb.EventData) {}

func three(t *testing.T, c *esdb.Client, stream string, events []esdb.EventData) {
	t.Helper()
	appendTo(t, c, stream, esdb.NoStream{}, events...)
}

func softly(t *testing.T, c *esdb.Client, stream string, events []esdb.EventData) {
	t.Helper()
	three(t, c, stream, events)
	remove(t, c, stream)
}

func burnt(t *testing.T, c *esdb.Client, stream string, events []esdb.EventData) {
	t.Helper()
	three(t, c, stream, events)
	if _, err := c.TombstoneStream(ctx(t), stream, esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
}

func described(t *testing.T, c *esdb.Client, stream string, _ []esdb.EventData) {
	t.Helper()
	describe(t, c, stream, esdb.StreamMetadata{})
}

const (
	ok      = esdb.ErrorCode(-2)
	wrong   = esdb.ErrorCodeWrongExpectedVersion
	deleted = esdb.ErrorCodeStreamDeleted
)

type expectationCase struct {
	name     string
	given    given
	expected esdb.ExpectedRevision
	events   []esdb.EventData
	want     esdb.ErrorCode
	next     uint64
}

// expectations is the whole table of what an append may expect of a stream. A
// prepared stream has the three old events, if it has any.
func expectations(old, fresh []esdb.EventData) []expectationCase {
	mixed := []esdb.EventData{old[1], fresh[0]}
	return []expectationCase{
		{"any on no stream writes", none, esdb.Any{}, fresh, ok, 1},
		{"no stream on no stream writes", none, esdb.NoStream{}, fresh, ok, 1},
		{"exists on no stream is wrong", none, esdb.StreamExists{}, fresh, wrong, 0},
		{"exists on a stream with metadata only writes", described, esdb.StreamExists{}, fresh, ok, 1},
		{"revision 0 on no stream is wrong", none, esdb.Revision(0), fresh, wrong, 0},
		{"any on a stream writes", three, esdb.Any{}, fresh, ok, 4},
		{"exists on a stream writes", three, esdb.StreamExists{}, fresh, ok, 4},
		{"the last revision writes", three, esdb.Revision(2), fresh, ok, 4},
		{"a revision ahead is wrong", three, esdb.Revision(3), fresh, wrong, 0},
		{"a huge revision is wrong", three, esdb.Revision(1 << 63), fresh, wrong, 0},
		{"a passed revision is wrong", three, esdb.Revision(1), fresh, wrong, 0},
		{"no stream on a stream is wrong", three, esdb.NoStream{}, fresh, wrong, 0},
		{"no stream again is a repetition", three, esdb.NoStream{}, old, ok, 2},
		{"the first half again is a repetition", three, esdb.NoStream{}, old[:2], ok, 1},
		{"the second half again is a repetition", three, esdb.Revision(0), old[1:], ok, 2},
		{"a repetition at another revision is wrong", three, esdb.Revision(0), old[2:], wrong, 0},
		{"a repetition with a new end is wrong", three, esdb.Revision(1), []esdb.EventData{old[2], fresh[0]}, wrong, 0},
		{"a known id at the last revision is written again", three, esdb.Revision(2), old[:1], ok, 3},
		{"any again is a repetition", three, esdb.Any{}, old[:2], ok, 1},
		{"exists again is a repetition", three, esdb.StreamExists{}, old, ok, 2},
		{"any with known and new ids is wrong", three, esdb.Any{}, mixed, wrong, 0},
		{"any with new and known ids writes", three, esdb.Any{}, []esdb.EventData{fresh[0], old[1]}, ok, 4},
		{"no events at a passed revision is wrong", three, esdb.Revision(1), nil, wrong, 0},
		{"no events at any revision is nothing", three, esdb.Any{}, nil, ok, 2},
		{"any on a deleted stream goes on", softly, esdb.Any{}, fresh, ok, 4},
		{"no stream on a deleted stream goes on", softly, esdb.NoStream{}, fresh, ok, 4},
		{"the last revision on a deleted stream goes on", softly, esdb.Revision(2), fresh, ok, 4},
		{"a passed revision on a deleted stream is wrong", softly, esdb.Revision(1), fresh, wrong, 0},
		{"exists on a deleted stream says deleted", softly, esdb.StreamExists{}, fresh, deleted, 0},
		{"any on a burnt stream says deleted", burnt, esdb.Any{}, fresh, deleted, 0},
		{"no stream on a burnt stream says deleted", burnt, esdb.NoStream{}, fresh, deleted, 0},
		{"a repetition on a burnt stream says deleted", burnt, esdb.Any{}, old, deleted, 0},
	}
}

func TestExpectedRevision(t *testing.T) {
	c := stage(t)
	old := notes("0", "1", "2")
	for i, tc := range expectations(old, notes("a", "b")) {
		t.Run(tc.name, func(t *testing.T) {
			stream := fmt.Sprintf("table-%d", i)
			tc.given(t, c, stream, old)
			r, err := c.AppendToStream(ctx(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: tc.expected}, tc.events...)
			if tc.want != ok {
				wantCode(t, err, tc.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.NextExpectedVersion != tc.next {
				t.Errorf("revision = %d, want %d", r.NextExpectedVersion, tc.next)
			}
		})
	}
}

func TestARepetitionIsAnsweredWithThePositionOfTheFirstTime(t *testing.T) {
	dir := t.TempDir()
	n := start(t, eventnode.Config{Dir: dir})
	c := dial(t, n)
	events := notes("a", "b", "c")
	appendTo(t, c, "other-1", esdb.Any{}, events...) // the same ids elsewhere do not count
	first := appendTo(t, c, "case-1", esdb.NoStream{}, events...)
	appendTo(t, c, "case-1", esdb.Any{}, note("later"))

	repeat := func(c *esdb.Client) {
		t.Helper()
		for _, expected := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}, esdb.StreamExists{}} {
			again := appendTo(t, c, "case-1", expected, events...)
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("repeated with %T (-first +again):\n%s", expected, diff)
			}
		}
		if got := len(read(t, c, "case-1", esdb.ReadStreamOptions{}, 100)); got != 4 {
			t.Errorf("stream has %d events, want 4", got)
		}
	}
	repeat(c)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	repeat(dial(t, start(t, eventnode.Config{Dir: dir})))
}

func TestANodeThatForgetsIDsWritesARepetitionTwice(t *testing.T) {
	c := dial(t, start(t, eventnode.Config{ForgetEventIDs: true}))
	e := note("x")
	appendTo(t, c, "case-1", esdb.Any{}, e)
	if r := appendTo(t, c, "case-1", esdb.Any{}, e); r.NextExpectedVersion != 1 {
		t.Errorf("revision = %d, want 1", r.NextExpectedVersion)
	}
	if r := appendTo(t, c, "case-1", esdb.NoStream{}, e); r.NextExpectedVersion != 0 {
		t.Errorf("with an expected revision: %d, want the first, 0", r.NextExpectedVersion)
	}
}

func TestConcurrentRepetitionsOfOneAppendAreWrittenOnce(t *testing.T) {
	c := stage(t)
	events := notes("a", "b")
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			r, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, events...)
			if err != nil || r.NextExpectedVersion != 1 || r.CommitPosition != 2 {
				t.Errorf("append = %+v, %v", r, err)
			}
		})
	}
	group.Wait()
	if got := len(readAll(t, c, esdb.ReadAllOptions{}, 100)); got != 2 {
		t.Errorf("%d events, want 2", got)
	}
}

func TestAWrongRevisionIsToldWithTheCurrentOne(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("0", "1")...)
	_, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(7)}, note("x"))
	wantCode(t, err, esdb.ErrorCodeWrongExpectedVersion)
	if !strings.Contains(err.Error(), "expecting '7' but got '1'") {
		t.Errorf("error = %v", err)
	}
	_, err = c.AppendToStream(ctx(t), "case-2", esdb.AppendToStreamOptions{ExpectedRevision: esdb.StreamExists{}}, note("x"))
	if !strings.Contains(err.Error(), "expecting 'stream_exists' but got 'no_stream'") {
		t.Errorf("error = %v", err)
	}
}

func TestOneOfManyRacingWritersWins(t *testing.T) {
	c := stage(t)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		won   int
	)
	for range 16 {
		group.Go(func() {
			_, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, note("mine"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if code(err) != esdb.ErrorCodeWrongExpectedVersion {
				t.Errorf("error = %v", err)
			}
		})
	}
	group.Wait()
	if won != 1 {
		t.Errorf("%d writers won, want 1", won)
	}
}

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	c := stage(t)
	id := uuid.New()
	events := []esdb.EventData{
		{EventID: id, EventType: "stop-executed.v1", ContentType: esdb.ContentTypeJson, Data: []byte(`{"fen":1}`), Metadata: []byte(`{"$correlationId":"c"}`)},
		{EventID: uuid.New(), EventType: "原路", ContentType: esdb.ContentTypeBinary, Data: []byte{0, 1, 255}},
		{EventID: uuid.New(), EventType: "empty.v1", ContentType: esdb.ContentTypeJson},
	}
	r := appendTo(t, c, "案件-1", esdb.NoStream{}, events...)
	got := read(t, c, "案件-1", esdb.ReadStreamOptions{}, 10)
	if len(got) != 3 {
		t.Fatalf("%d events, want 3", len(got))
	}
	for i, e := range got {
		want := events[i]
		ev := e.Event
		if ev.EventID != want.EventID || ev.EventType != want.EventType || ev.StreamID != "案件-1" || ev.EventNumber != uint64(i) ||
			!bytes.Equal(ev.Data, want.Data) || !bytes.Equal(ev.UserMetadata, want.Metadata) {
			t.Errorf("event %d = %+v, want %+v", i, ev, want)
		}
		if ev.Position.Commit != ev.Position.Prepare || *e.Commit != ev.Position.Commit {
			t.Errorf("event %d has positions %+v and %d", i, ev.Position, *e.Commit)
		}
		if ev.CreatedDate.IsZero() || ev.CreatedDate.Year() < 2000 {
			t.Errorf("event %d was created %v", i, ev.CreatedDate)
		}
	}
	for i, want := range []string{"application/json", "application/octet-stream", "application/json"} {
		if got[i].Event.ContentType != want {
			t.Errorf("event %d has content type %s, want %s", i, got[i].Event.ContentType, want)
		}
	}
	if last := got[2].Event.Position.Commit; r.CommitPosition != last {
		t.Errorf("append was answered with position %d, the last event has %d", r.CommitPosition, last)
	}
}

func TestAnAppendIsLimitedInSize(t *testing.T) {
	c := stage(t)
	sized := func(n int) esdb.EventData {
		return esdb.EventData{EventID: uuid.New(), EventType: "t", ContentType: esdb.ContentTypeBinary, Data: make([]byte, n)}
	}
	appendTo(t, c, "case-1", esdb.NoStream{}, sized(eventnode.MaxAppendBytes-2))
	for name, events := range map[string][]esdb.EventData{
		"one byte too many":                 {sized(eventnode.MaxAppendBytes - 1)},
		"many events that are not large":    {sized(400 << 10), sized(400 << 10), sized(400 << 10)},
		"a message above gRPC's own limit":  {sized(5 << 20)},
		"more to come after the limit":      {sized(2 << 20), sized(1), sized(1), sized(1), sized(1)},
		"metadata counts as well as data":   {{EventID: uuid.New(), EventType: "t", Metadata: make([]byte, 1<<20)}},
		"the type counts twice in the size": {{EventID: uuid.New(), EventType: strings.Repeat("t", 600<<10)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, events...)
			if err == nil || !strings.Contains(err.Error(), "InvalidArgument") || !strings.Contains(err.Error(), "1048576") {
				t.Errorf("error = %v", err)
			}
		})
	}
	if got := len(read(t, c, "case-1", esdb.ReadStreamOptions{}, 10)); got != 1 {
		t.Errorf("stream has %d events, want 1: an append happens as a whole or not at all", got)
	}
}

func TestNamesThatAreNoStreamAreRefused(t *testing.T) {
	c := stage(t)
	for _, name := range []string{"", "$$", "$all", strings.Repeat("x", 5000)} {
		if _, err := c.AppendToStream(ctx(t), name, esdb.AppendToStreamOptions{}, note("x")); err == nil {
			t.Errorf("append to %.10q was accepted", name)
		}
		if _, err := readErr(t, c, name, esdb.ReadStreamOptions{}, 1); err == nil {
			t.Errorf("read of %.10q was accepted", name)
		}
	}
}

func TestConcurrentWritersLeaveNoGap(t *testing.T) {
	c := stage(t)
	const writers, appends = 16, 25
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			stream := "case-" + string(rune('a'+w%4)) // four writers share a stream
			for range appends {
				if _, err := c.AppendToStream(ctx(t), stream, esdb.AppendToStreamOptions{}, notes("x", "y")...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()

	all := readAll(t, c, esdb.ReadAllOptions{}, 1<<20)
	if len(all) != writers*appends*2 {
		t.Fatalf("%d events, want %d", len(all), writers*appends*2)
	}
	next := map[string]uint64{}
	for i, e := range all {
		if e.Event.Position.Commit != uint64(i+1) {
			t.Fatalf("event %d has position %d", i, e.Event.Position.Commit)
		}
		if e.Event.EventNumber != next[e.Event.StreamID] {
			t.Fatalf("%s has revision %d after %d events", e.Event.StreamID, e.Event.EventNumber, next[e.Event.StreamID])
		}
		next[e.Event.StreamID]++
	}
}
