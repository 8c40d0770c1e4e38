package eventnode_test

import (
	"math"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func describe(t testing.TB, c *esdb.Client, stream string, m esdb.StreamMetadata) {
	t.Helper()
	if _, err := c.SetStreamMetadata(ctx(t), stream, esdb.AppendToStreamOptions{}, m); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, c *esdb.Client, stream string) {
	t.Helper()
	r, err := c.DeleteStream(ctx(t), stream, esdb.DeleteStreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Position.Commit == 0 {
		t.Error("a deletion has no position")
	}
}

func fill(t testing.TB, c *esdb.Client, stream string, n int) {
	t.Helper()
	for n > 0 {
		batch := min(n, 500)
		events := make([]esdb.EventData, batch)
		for i := range events {
			events[i] = note("x")
		}
		appendTo(t, c, stream, esdb.Any{}, events...)
		n -= batch
	}
}

func span(from, to uint64) []uint64 {
	out := []uint64{}
	for {
		out = append(out, from)
		switch {
		case from == to:
			return out
		case from < to:
			from++
		default:
			from--
		}
	}
}

func TestAStreamIsReadBothWays(t *testing.T) {
	c := stage(t)
	fill(t, c, "before-1", 3)
	fill(t, c, "case-1", 1000) // several pages
	fill(t, c, "after-1", 3)
	for _, tc := range []struct {
		name  string
		o     esdb.ReadStreamOptions
		count uint64
		want  []uint64
	}{
		{"forwards from the start", esdb.ReadStreamOptions{From: esdb.Start{}}, math.MaxUint64, span(0, 999)},
		{"forwards with a count", esdb.ReadStreamOptions{From: esdb.Start{}}, 300, span(0, 299)},
		{"forwards from a revision, which is included", esdb.ReadStreamOptions{From: esdb.Revision(990)}, 5, span(990, 994)},
		{"forwards beyond the end", esdb.ReadStreamOptions{From: esdb.Revision(1000)}, 5, []uint64{}},
		{"forwards from the end", esdb.ReadStreamOptions{From: esdb.End{}}, 5, []uint64{}},
		{"backwards from the end", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, math.MaxUint64, span(999, 0)},
		{"backwards with a count", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 2, span(999, 998)},
		{"backwards from a revision, which is included", esdb.ReadStreamOptions{From: esdb.Revision(3), Direction: esdb.Backwards}, 10, span(3, 0)},
		{"backwards from beyond the end", esdb.ReadStreamOptions{From: esdb.Revision(5000), Direction: esdb.Backwards}, 1, span(999, 999)},
		{"backwards from the start", esdb.ReadStreamOptions{From: esdb.Start{}, Direction: esdb.Backwards}, 10, span(0, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, revisions(read(t, c, "case-1", tc.o, tc.count))); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, err := readErr(t, c, "case-2", esdb.ReadStreamOptions{}, 1)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
}

func TestTheLogIsReadBothWays(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 600)
	for _, tc := range []struct {
		name  string
		o     esdb.ReadAllOptions
		count uint64
		want  []uint64
	}{
		{"forwards from the start", esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxUint64, span(1, 600)},
		{"forwards from a position, which is included", esdb.ReadAllOptions{From: esdb.Position{Commit: 10, Prepare: 10}}, 3, span(10, 12)},
		{"forwards from the end", esdb.ReadAllOptions{From: esdb.End{}}, 3, []uint64{}},
		{"backwards from the end", esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, math.MaxUint64, span(600, 1)},
		{"backwards from a position, which is left out", esdb.ReadAllOptions{From: esdb.Position{Commit: 10, Prepare: 10}, Direction: esdb.Backwards}, 3, span(9, 7)},
		{"backwards from the start", esdb.ReadAllOptions{From: esdb.Start{}, Direction: esdb.Backwards}, 3, []uint64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, positions(readAll(t, c, tc.o, tc.count))); diff != "" {
				t.Error(diff)
			}
		})
	}
	s, err := c.ReadAll(ctx(t), esdb.ReadAllOptions{From: esdb.Position{Commit: 601, Prepare: 601}}, 1)
	if _, err := drain(t, s, err); err == nil {
		t.Error("a position of another log was accepted")
	}
}

func TestMetadataLimitsWhatIsSeen(t *testing.T) {
	c := stage(t)
	limited := func(set func(*esdb.StreamMetadata)) func(*testing.T, string) {
		return func(t *testing.T, s string) {
			fill(t, c, s, 10)
			var m esdb.StreamMetadata
			set(&m)
			describe(t, c, s, m)
		}
	}
	raw := func(text string) func(*testing.T, string) {
		return func(t *testing.T, s string) {
			fill(t, c, s, 10)
			appendTo(t, c, "$$"+s, esdb.Any{}, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(text)})
		}
	}
	for i, tc := range []struct {
		name  string
		given func(*testing.T, string)
		want  []uint64
	}{
		{"the last three by count", limited(func(m *esdb.StreamMetadata) { m.SetMaxCount(3) }), span(7, 9)},
		{"a count above the length", limited(func(m *esdb.StreamMetadata) { m.SetMaxCount(30) }), span(0, 9)},
		{"none before the truncation", limited(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(4) }), span(4, 9)},
		{"the stricter of two limits", limited(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(4); m.SetMaxCount(2) }), span(8, 9)},
		{"nothing left, but still a stream", limited(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(10) }), []uint64{}},
		{"a count of zero is ignored", raw(`{"$maxCount":0}`), span(0, 9)},
		{"a negative truncation is ignored", raw(`{"$tb":-1}`), span(0, 9)},
		{"one wrong value spoils the whole", raw(`{"$maxCount":2,"$maxAge":"x"}`), span(0, 9)},
		{"text that is not an object is ignored", raw(`[1]`), span(0, 9)},
		{"other keys do not matter", raw(`{"$maxCount":1,"$acl":{"$r":"$admins"},"owner":"x"}`), span(9, 9)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stream := "limits-" + string(rune('a'+i))
			tc.given(t, stream)
			if diff := cmp.Diff(tc.want, revisions(read(t, c, stream, esdb.ReadStreamOptions{}, 100))); diff != "" {
				t.Error("forwards", diff)
			}
			back := revisions(read(t, c, stream, esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 100))
			for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
				back[i], back[j] = back[j], back[i]
			}
			if diff := cmp.Diff(tc.want, back); diff != "" {
				t.Error("backwards", diff)
			}
		})
	}
}

func TestAgedEventsAreNotSeen(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := dial(t, start(t, eventnode.Config{Now: func() time.Time { return now }}))
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("0", "1")...)
	now = now.Add(90 * time.Second)
	appendTo(t, c, "case-1", esdb.Any{}, note("2"))
	var m esdb.StreamMetadata
	m.SetMaxAge(2 * time.Minute)
	describe(t, c, "case-1", m)

	now = now.Add(30 * time.Second)
	if diff := cmp.Diff(span(0, 2), revisions(read(t, c, "case-1", esdb.ReadStreamOptions{}, 9))); diff != "" {
		t.Error("at two minutes", diff)
	}
	now = now.Add(time.Second)
	if diff := cmp.Diff(span(2, 2), revisions(read(t, c, "case-1", esdb.ReadStreamOptions{}, 9))); diff != "" {
		t.Error("after two minutes", diff)
	}
	if diff := cmp.Diff(span(2, 2), revisions(read(t, c, "case-1", esdb.ReadStreamOptions{}, 1))); diff != "" {
		t.Error("the count is of events delivered", diff)
	}
	now = now.Add(time.Hour)
	if got := read(t, c, "case-1", esdb.ReadStreamOptions{}, 9); len(got) != 0 {
		t.Errorf("%d events, want an empty stream", len(got))
	}
}

func TestAMetastreamKeepsItsLastWord(t *testing.T) {
	c := stage(t)
	_, err := c.GetStreamMetadata(ctx(t), "case-1", esdb.ReadStreamOptions{})
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
	for n := range uint64(3) {
		var m esdb.StreamMetadata
		m.SetMaxCount(n + 1)
		m.AddCustomProperty("owner", "desk")
		describe(t, c, "case-1", m)
	}
	m, err := c.GetStreamMetadata(ctx(t), "case-1", esdb.ReadStreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m.MaxCount() == nil || *m.MaxCount() != 3 || m.CustomProperties()["owner"] != "desk" {
		t.Errorf("metadata = %+v", m)
	}
	if got := revisions(read(t, c, "$$case-1", esdb.ReadStreamOptions{}, 10)); len(got) != 1 || got[0] != 2 {
		t.Errorf("the metastream shows revisions %v, want 2 alone", got)
	}
}

func TestADeletedStreamGoesOnWhereItEnded(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 3)
	remove(t, c, "case-1")
	_, err := readErr(t, c, "case-1", esdb.ReadStreamOptions{}, 10)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)

	if r := appendTo(t, c, "case-1", esdb.NoStream{}, note("again")); r.NextExpectedVersion != 3 {
		t.Errorf("revision = %d, want 3", r.NextExpectedVersion)
	}
	if diff := cmp.Diff(span(3, 3), revisions(read(t, c, "case-1", esdb.ReadStreamOptions{}, 10))); diff != "" {
		t.Error(diff)
	}
	m, err := c.GetStreamMetadata(ctx(t), "case-1", esdb.ReadStreamOptions{})
	if err != nil || m.TruncateBefore() == nil || *m.TruncateBefore() != 3 {
		t.Errorf("metadata = %+v, %v", m, err)
	}

	remove(t, c, "case-1")
	var limits esdb.StreamMetadata
	limits.SetMaxCount(5)
	describe(t, c, "case-1", limits) // metadata brings it back too, empty
	if got := read(t, c, "case-1", esdb.ReadStreamOptions{}, 10); len(got) != 0 {
		t.Errorf("%d events, want none", len(got))
	}
	m, err = c.GetStreamMetadata(ctx(t), "case-1", esdb.ReadStreamOptions{})
	if err != nil || *m.TruncateBefore() != 4 || *m.MaxCount() != 5 {
		t.Errorf("metadata = %+v, %v", m, err)
	}
	// The log has kept all: 3 events, deletion, 1 event and its metadata, deletion,
	// metadata and its truncation.
	if got := len(readAll(t, c, esdb.ReadAllOptions{}, 100)); got != 9 {
		t.Errorf("the log has %d events, want 9", got)
	}
}

func TestDeletionExpectsARevisionToo(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 3)
	for name, tc := range map[string]struct {
		stream   string
		expected esdb.ExpectedRevision
	}{
		"a revision that has passed":     {"case-1", esdb.Revision(1)},
		"a revision ahead":               {"case-1", esdb.Revision(3)},
		"no stream where there is one":   {"case-1", esdb.NoStream{}},
		"any stream where there is none": {"case-2", esdb.Any{}},
		"a stream that is not ascii: 案件": {"案件-1", esdb.StreamExists{}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.DeleteStream(ctx(t), tc.stream, esdb.DeleteStreamOptions{ExpectedRevision: tc.expected}); err == nil {
				t.Error("deleted")
			}
		})
	}
	if _, err := c.DeleteStream(ctx(t), "case-1", esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)}); err != nil {
		t.Error(err)
	}
}

func TestATombstoneBurnsTheName(t *testing.T) {
	c := stage(t)
	for _, name := range []string{"case-1", "案件-1"} {
		fill(t, c, name, 3)
		r, err := c.TombstoneStream(ctx(t), name, esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(2)})
		if err != nil || r.Position.Commit == 0 {
			t.Fatalf("tombstone = %+v, %v", r, err)
		}
		_, err = readErr(t, c, name, esdb.ReadStreamOptions{}, 1)
		wantCode(t, err, esdb.ErrorCodeStreamDeleted)
		_, err = c.AppendToStream(ctx(t), name, esdb.AppendToStreamOptions{}, note("x"))
		wantCode(t, err, esdb.ErrorCodeStreamDeleted)
		_, err = c.SetStreamMetadata(ctx(t), name, esdb.AppendToStreamOptions{}, esdb.StreamMetadata{})
		wantCode(t, err, esdb.ErrorCodeStreamDeleted)
		_, err = c.DeleteStream(ctx(t), name, esdb.DeleteStreamOptions{})
		wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	}
	all := readAll(t, c, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1)
	if all[0].Event.EventType != "$streamDeleted" || all[0].Event.EventNumber != math.MaxInt64 {
		t.Errorf("the log ends with %+v", all[0].Event)
	}
}

func TestLinksAreFollowedOnRequest(t *testing.T) {
	c := stage(t)
	fill(t, c, "case-1", 3)
	fill(t, c, "gone-1", 1)
	remove(t, c, "gone-1")
	link := func(target string) esdb.EventData {
		return esdb.EventData{EventID: uuid.New(), EventType: "$>", ContentType: esdb.ContentTypeBinary, Data: []byte(target)}
	}
	targets := []string{"1@case-1", "7@case-1", "0@gone-1", "0@never-1", "nonsense", "x@case-1"}
	for _, target := range targets {
		appendTo(t, c, "links-1", esdb.Any{}, link(target))
	}
	plain := read(t, c, "links-1", esdb.ReadStreamOptions{}, 10)
	if plain[0].Link != nil || plain[0].Event.EventType != "$>" {
		t.Errorf("unasked: %+v", plain[0])
	}
	got := read(t, c, "links-1", esdb.ReadStreamOptions{ResolveLinkTos: true}, 10)
	if got[0].Event == nil || got[0].Event.StreamID != "case-1" || got[0].Event.EventNumber != 1 || got[0].Link.EventNumber != 0 {
		t.Errorf("resolved: %+v", got[0])
	}
	for i, e := range got[1:] {
		if e.Event != nil || e.Link == nil {
			t.Errorf("%s: event %v, link %v; want the link alone", targets[i+1], e.Event, e.Link)
		}
	}
	all := readAll(t, c, esdb.ReadAllOptions{ResolveLinkTos: true, From: esdb.End{}, Direction: esdb.Backwards}, 6)
	if last := all[5]; last.Link == nil || last.Event.StreamID != "case-1" {
		t.Errorf("$all resolved: %+v", last)
	}
}
