package eventnode_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func TestAStreamGoesOnAfterItWasScavenged(t *testing.T) {
	cfg := eventnode.Config{Dir: t.TempDir()}
	n := start(t, cfg)
	c := dial(t, n)
	fill(t, c, "deleted", 4)
	remove(t, c, "deleted")
	fill(t, c, "counted", 5)
	describe(t, c, "counted", limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }))
	fill(t, c, "burnt", 3)
	tombstoneOf(t, c, "burnt")
	fill(t, c, "hidden", 3)
	describe(t, c, "hidden", limits(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(10) }))
	scavenge(t, n)

	for turn := range 2 {
		if r := appendTo(t, c, "deleted", esdb.NoStream{}, note("again")); r.NextExpectedVersion != uint64(4+turn) {
			t.Errorf("a deleted stream goes on at %d", r.NextExpectedVersion)
		}
		if got := revisions(read(t, c, "deleted", esdb.ReadStreamOptions{}, 10)); !slices.Equal(got, []uint64{uint64(4 + turn)}) {
			t.Errorf("it shows %v", got)
		}
		remove(t, c, "deleted")
		scavenge(t, n)
	}
	if r := appendTo(t, c, "counted", esdb.Revision(4), note("next")); r.NextExpectedVersion != 5 {
		t.Errorf("a counted stream goes on at %d", r.NextExpectedVersion)
	}
	if got := revisions(read(t, c, "counted", esdb.ReadStreamOptions{From: esdb.Revision(1)}, 10)); !slices.Equal(got, span(4, 5)) {
		t.Errorf("from a removed revision: %v", got)
	}
	if got := revisions(read(t, c, "counted", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 10)); !slices.Equal(got, span(5, 4)) {
		t.Errorf("backwards: %v", got)
	}
	_, err := readErr(t, c, "burnt", esdb.ReadStreamOptions{}, 10)
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	_, err = c.AppendToStream(ctx(t), "burnt", esdb.AppendToStreamOptions{}, note("x"))
	wantCode(t, err, esdb.ErrorCodeStreamDeleted)
	// Nothing of what is gone comes back when the limits are lifted.
	for _, stream := range []string{"hidden", "counted", "deleted"} {
		describe(t, c, stream, esdb.StreamMetadata{})
	}
	if got := read(t, c, "hidden", esdb.ReadStreamOptions{}, 10); len(got) != 0 {
		t.Errorf("a removed event is back: %v", revisions(got))
	}
	if got := revisions(read(t, c, "counted", esdb.ReadStreamOptions{}, 10)); !slices.Equal(got, span(3, 5)) {
		t.Errorf("counted shows %v", got)
	}
	for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1000) {
		if e.Event.EventType == "" {
			t.Errorf("$all shows a stub at %d", e.Event.Position.Commit)
		}
	}
	sound(t, n, cfg)
}

func TestPositionsOfRemovedEventsCanBeUsed(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	fill(t, c, "kept", 2)    // positions 1, 2
	fill(t, c, "removed", 5) // 3 to 7
	fill(t, c, "kept", 2)    // 8, 9
	remove(t, c, "removed")  // 10, the metadata
	scavenge(t, n)
	at := func(p uint64) esdb.Position { return esdb.Position{Commit: p, Prepare: p} }
	for p, want := range map[uint64][]uint64{2: {2, 8, 9, 10}, 3: {8, 9, 10}, 5: {8, 9, 10}, 7: {8, 9, 10}, 8: {8, 9, 10}} {
		if got := positions(readAll(t, c, esdb.ReadAllOptions{From: at(p)}, 10)); !slices.Equal(got, want) {
			t.Errorf("from %d: %v, want %v", p, got, want)
		}
	}
	for p, want := range map[uint64][]uint64{9: {8, 2, 1}, 8: {2, 1}, 6: {2, 1}, 3: {2, 1}} {
		got := positions(readAll(t, c, esdb.ReadAllOptions{From: at(p), Direction: esdb.Backwards}, 10))
		if !slices.Equal(got, want) {
			t.Errorf("backwards from %d: %v, want %v", p, got, want)
		}
	}
	followAll(t, c, esdb.SubscribeToAllOptions{From: at(4)}).hears("kept/2", "kept/3", "$$removed/0", "caught up")
	follow(t, c, "removed", esdb.SubscribeToStreamOptions{From: esdb.Revision(2)}).hears("caught up")
	live := follow(t, c, "removed", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	live.hears("caught up")
	fill(t, c, "removed", 1)
	live.hears("removed/5")
	filtered := followAll(t, c, esdb.SubscribeToAllOptions{From: at(3), Filter: &esdb.SubscriptionFilter{
		Type: esdb.StreamFilterType, Prefixes: []string{"removed"},
	}})
	filtered.hears("removed/5")
}

func TestLinksToRemovedEventsPointNowhere(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	fill(t, c, "target", 4)
	for i := range 4 {
		appendTo(t, c, "links", esdb.Any{}, esdb.EventData{EventID: uuid.New(), EventType: "$>", Data: fmt.Appendf(nil, "%d@target", i)})
	}
	describe(t, c, "target", limits(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(2) }))
	scavenge(t, n)
	describe(t, c, "target", esdb.StreamMetadata{}) // the limit is no more
	for i, e := range read(t, c, "links", esdb.ReadStreamOptions{ResolveLinkTos: true}, 10) {
		if e.Link == nil || (e.Event != nil) != (i >= 2) {
			t.Errorf("link %d: link %t, event %t", i, e.Link != nil, e.Event != nil)
		}
	}
}

// TestARepetitionOfARemovedEventIsNew is a difference that callers must know.
func TestARepetitionOfARemovedEventIsNew(t *testing.T) {
	cfg := eventnode.Config{Dir: t.TempDir()}
	n := start(t, cfg)
	c := dial(t, n)
	old, kept := note("old"), note("kept")
	appendTo(t, c, "case-1", esdb.NoStream{}, old)
	appendTo(t, c, "case-1", esdb.Any{}, old) // repeated: nothing happens
	appendTo(t, c, "case-1", esdb.Revision(0), kept)
	describe(t, c, "case-1", limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(1) }))
	scavenge(t, n)
	if r := appendTo(t, c, "case-1", esdb.Any{}, kept); r.NextExpectedVersion != 1 {
		t.Errorf("what is still there is written again, at %d", r.NextExpectedVersion)
	}
	_, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, old)
	wantCode(t, err, esdb.ErrorCodeWrongExpectedVersion)
	if r := appendTo(t, c, "case-1", esdb.Any{}, old); r.NextExpectedVersion != 2 {
		t.Errorf("a removed event is repeated at %d", r.NextExpectedVersion)
	}
	sound(t, n, cfg)
}

// TestAReaderThatTheScavengerOvertakes looks at a stream as it was before, when all
// that there was then has been removed. It sees nothing, and goes on with what it
// has not seen.
func TestAReaderThatTheScavengerOvertakes(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	fill(t, c, "counted", 4)
	describe(t, c, "counted", limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }))
	before := appendTo(t, c, "other", esdb.Any{}, note("x")).CommitPosition
	fill(t, c, "counted", 3)
	describe(t, c, "counted", limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(1) }))
	scavenge(t, n)
	first, last, err := n.Seen("counted", before)
	if err != nil || first != 6 || last != 5 {
		t.Errorf("it sees %d to %d, %v", first, last, err)
	}
	if first, last, err = n.Seen("$$counted", before); err != nil || first != 1 || last != 0 {
		t.Errorf("of the metadata it sees %d to %d, %v", first, last, err)
	}
}
