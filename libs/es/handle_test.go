package es_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/rule"
)

func mustHandle(t *testing.T, c es.Case[counter, count, counted], id string, cause es.Cause, cmd count) es.Outcome[counter, counted] {
	t.Helper()
	out, err := c.Handle(t.Context(), id, cause, es.AnyRevision, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestACommandBecomesEvents(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	first := mustHandle(t, c, "1", cause("a", "in"), count{By: 2, Times: 3, At: noon()})
	want := es.Outcome[counter, counted]{
		State: counter{6, []int{2, 2, 2}}, Revision: 2,
		Events: []counted{{2, noon()}, {2, noon()}, {2, noon()}},
	}
	for n, r := range stored(t, log, "counter-1") {
		want.Places = append(want.Places, es.Place{ID: r.ID, Revision: uint64(n)})
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("the first command (-want +got):\n%s", diff)
	}
	again := mustHandle(t, c, "1", cause("b", "in"), count{By: 1, Times: 1, At: noon()})
	if again.Revision != 3 || again.State.Total != 7 || again.Repeated {
		t.Errorf("the second command: %+v", again)
	}
	events := stored(t, log, "counter-1")
	chained(t, events)
	var meta es.Meta
	if err := json.Unmarshal(events[3].Meta, &meta); err != nil {
		t.Fatal(err)
	}
	given := cause("b", "in")
	wantMeta := es.Meta{
		Correlation: "case-1", Command: given.Command, Input: "in", Actor: given.Actor, OccurredAt: noon(), RecordedAt: noon(),
		Suite: "sm3", Prev: meta.Prev, Hash: meta.Hash,
	}
	if diff := cmp.Diff(wantMeta, meta); diff != "" || len(meta.Hash) != 64 {
		t.Errorf("the metadata (-want +got):\n%s", diff)
	}
}

func TestTimesAreStoredInUTC(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	china := time.FixedZone("", 8*60*60)
	c.Now = func() time.Time { return noon().In(china) }
	given := cause("a", "")
	given.At = noon().In(china)
	mustHandle(t, c, "1", given, count{By: 1, Times: 1})
	meta := stored(t, log, "counter-1")[0].Meta
	for _, want := range []string{`"occurredAt":"2021-07-17T04:00:00Z"`, `"recordedAt":"2021-07-17T04:00:00Z"`} {
		if !bytes.Contains(meta, []byte(want)) {
			t.Errorf("no %s in %s", want, meta)
		}
	}
}

func TestWhatIsRefusedOrNothingLeavesNoTrace(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	_, err := c.Handle(t.Context(), "1", cause("a", ""), es.AnyRevision, count{By: -1, Times: 1})
	var refused *rule.Violation
	if !errors.As(err, &refused) || refused != err { //nolint:errorlint // the bare violation is the contract
		t.Errorf("a refusal came as %#v", err)
	}
	out, err := c.Handle(t.Context(), "1", cause("b", ""), es.AnyRevision, count{By: 1})
	if err != nil || out.Revision != -1 || len(out.Events) > 0 {
		t.Errorf("nothing to do led to %+v, %v", out, err)
	}
	if events := stored(t, log, "counter-1"); len(events) > 0 {
		t.Errorf("%d events", len(events))
	}
}

func TestI60_HistoryIsOnlyAddedTo(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	before := []eventlog.Recorded{}
	for n := range 20 {
		switch word := fmt.Sprint("n", n); n % 5 {
		case 3: // refused
			_, _ = c.Handle(t.Context(), "1", cause(word, ""), es.AnyRevision, count{By: -1, Times: 1})
		case 4: // a repetition
			mustHandle(t, c, "1", cause(fmt.Sprint("n", n-2), ""), count{By: 9, Times: 9})
		default:
			mustHandle(t, c, "1", cause(word, ""), count{By: n, Times: 2})
		}
		after := stored(t, log, "counter-1")
		if len(after) < len(before) {
			t.Fatalf("after command %d there are %d events, before there were %d", n, len(after), len(before))
		}
		if diff := cmp.Diff(before, after[:len(before)]); diff != "" {
			t.Fatalf("command %d changed what had been (-before +after):\n%s", n, diff)
		}
		before = after
	}
	if len(before) != 24 {
		t.Errorf("%d events, want 24", len(before))
	}
}

func TestI62_ReplayingTwiceGivesTheSameStateAndTheSameBytes(t *testing.T) {
	log, node := openLog(t)
	c := counters(log)
	for n := range 10 {
		mustHandle(t, c, "1", cause(fmt.Sprint(n), ""), count{By: n, Times: 1 + n%3, At: noon().Add(time.Duration(n) * time.Hour)})
	}
	once, err := c.Load(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	twice, err := counters(dial(t, node)).Load(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	a, errA := json.Marshal(once)
	b, errB := json.Marshal(twice)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("two replays differ: %s and %s (%v, %v)", a, b, errA, errB)
	}
	if diff := cmp.Diff(once.State, c.Replay(once.Events...)); diff != "" {
		t.Errorf("the state is not the fold of its events (-state +fold):\n%s", diff)
	}
	for n, r := range stored(t, log, "counter-1") { // what is decoded is stored again as it was
		name, data, err := codec{}.Encode(once.Events[n])
		if err != nil || name != r.Type || !bytes.Equal(data, r.Data) {
			t.Errorf("revision %d is %s, encoded again %s (%v)", n, r.Data, data, err)
		}
	}
}

func TestI63_TheSameCommandIDTwiceIsOneEffect(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	first := mustHandle(t, c, "1", cause("a", "in"), count{By: 1, Times: 2})
	mustHandle(t, c, "1", cause("b", "in"), count{By: 5, Times: 1})
	again := mustHandle(t, c, "1", cause("a", "in"), count{By: 1, Times: 2})
	want := es.Outcome[counter, counted]{State: counter{7, []int{1, 1, 5}}, Revision: 2, Events: first.Events, Repeated: true, Places: first.Places}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("the repetition (-want +got):\n%s", diff)
	}
	if _, err := c.Handle(t.Context(), "1", cause("a", "in"), 0, count{By: 1, Times: 2}); err != nil {
		t.Errorf("a repetition needs no fresh view of the case: %v", err)
	}
	if out, err := c.Handle(t.Context(), "1", cause("a", "other"), es.AnyRevision, count{By: 3, Times: 1}); !errors.Is(err, es.ErrReused) || len(out.Events) > 0 {
		t.Errorf("another request under the same id: %+v, %v", out, err)
	}
	if n := len(stored(t, log, "counter-1")); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	if other := mustHandle(t, c, "2", cause("a", "in"), count{By: 1, Times: 2}); other.Repeated {
		t.Error("a command id is taken across streams")
	}
}

func TestI63_ALostAnswerIsNoSecondEffect(t *testing.T) {
	log, _ := openLog(t)
	f := &flaky{Log: log}
	c := counters(f)
	for _, lost := range []fault{answerLost, notStored} {
		id := fmt.Sprint(lost)
		f.next = lost
		if _, err := c.Handle(t.Context(), id, cause("a", ""), es.AnyRevision, count{By: 1, Times: 2}); !errors.Is(err, eventlog.ErrUnavailable) {
			t.Fatalf("a fault came back as %v", err)
		}
		out := mustHandle(t, c, id, cause("a", ""), count{By: 1, Times: 2})
		if out.Repeated != (lost == answerLost) || len(out.Events) != 2 || out.State.Total != 2 {
			t.Errorf("given again: %+v", out)
		}
		if n := len(stored(t, log, "counter-"+id)); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	}
}

// contended is a log on which someone else always appends first.
type contended struct{ es.Log }

func (contended) Append(context.Context, string, eventlog.Expect, ...eventlog.Event) (eventlog.Appended, error) {
	return eventlog.Appended{}, eventlog.ErrConflict
}

func TestConflictsWithoutEndAreGivenUp(t *testing.T) {
	log, _ := openLog(t)
	if _, err := counters(contended{log}).Handle(t.Context(), "1", cause("a", ""), es.AnyRevision, count{By: 1, Times: 1}); !errors.Is(err, es.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

func TestACommandOnAnOutdatedViewIsRefused(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	mustHandle(t, c, "1", cause("a", ""), count{By: 1, Times: 2})
	for _, row := range []struct {
		rule string
		at   es.Expected
		want error
	}{
		{"of the revision before", 0, es.ErrStale},
		{"of a stream that was not there yet", -1, es.ErrStale},
		{"of a revision still to come", 2, es.ErrStale},
		{"of the very revision it is taken", 1, nil},
	} {
		t.Run(row.rule, func(t *testing.T) {
			out, err := c.Handle(t.Context(), "1", cause(row.rule, ""), row.at, count{By: 1, Times: 1})
			if !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if err != nil && (out.Revision != 1 || len(out.Events) > 0) {
				t.Errorf("the answer does not tell the revision: %+v", out)
			}
		})
	}
}

func TestOfTwoCommandsOnTheSameViewOneIsStale(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	mustHandle(t, c, "1", cause("a", ""), count{By: 1, Times: 1})
	carried, stale := 0, 0
	for _, r := range atOnce(8, func(n int) result {
		out, err := c.Handle(t.Context(), "1", cause(fmt.Sprint(n), ""), 0, count{By: 1, Times: 1})
		return result{out, err}
	}) {
		switch {
		case r.err == nil:
			carried++
		case errors.Is(r.err, es.ErrStale):
			stale++
		default:
			t.Error(r.err)
		}
	}
	if carried != 1 || stale != 7 {
		t.Errorf("%d carried out and %d stale", carried, stale)
	}
}

func TestAnEventThatIsNotUnderstoodStopsTheAggregate(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	for _, row := range []struct{ rule, name, data, meta string }{
		{"an unknown name", "counted.v9", `{"by":1}`, `{}`},
		{"a body that is no JSON", "counted.v1", `{`, `{}`},
		{"an empty body", "counted.v1", ``, `{}`},
		{"a body of another shape", "counted.v1", `{"by":"x"}`, `{}`},
		{"metadata that are no JSON", "counted.v1", `{"by":1}`, `[`},
		{"metadata of another shape", "counted.v1", `{"by":1}`, `{"commandId":7}`},
	} {
		t.Run(row.rule, func(t *testing.T) {
			id := fmt.Sprintf("%x", row.rule)
			mustHandle(t, c, id, cause("a", ""), count{By: 1, Times: 1})
			foreign(t, log, c.Stream(id), row.name, row.data, row.meta)
			if _, err := c.Handle(t.Context(), id, cause("b", ""), es.AnyRevision, count{By: 1, Times: 1}); err == nil {
				t.Error("the command was carried out")
			}
			if n := len(stored(t, log, c.Stream(id))); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
		})
	}
}

func TestATurnEndsWithItsContext(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	c.Turns = es.NewTurns()
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := c
	slow.Decide = func(s counter, cmd count) ([]counted, error) {
		close(entered)
		<-leave
		return c.Decide(s, cmd)
	}
	finished := make(chan error, 1)
	go func() {
		_, err := slow.Handle(t.Context(), "1", cause("a", ""), es.AnyRevision, count{By: 1, Times: 1})
		finished <- err
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Handle(ctx, "1", cause("b", ""), es.AnyRevision, count{By: 1, Times: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("one who gave up waiting got %v", err)
	}
	close(leave)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	mustHandle(t, c, "1", cause("c", ""), count{By: 1, Times: 1}) // the turn is free again
}

func TestAnEventIDIsAFunctionOfItsCause(t *testing.T) {
	base := es.EventID("counter-1", cause("a", "in"), 0, nil)
	if base != es.EventID("counter-1", cause("a", "in"), 0, nil) {
		t.Error("the same cause names another event")
	}
	if base.Version() != 5 {
		t.Errorf("not a UUIDv5: %s", base)
	}
	later := cause("a", "in")
	later.At, later.Actor, later.Correlation, later.Causation = later.At.Add(time.Hour), es.Actor{}, "x", "y"
	if base != es.EventID("counter-1", later, 0, nil) {
		t.Error("a retry names another event")
	}
	for rule, other := range map[string]any{
		"another stream":  es.EventID("counter-2", cause("a", "in"), 0, nil),
		"another command": es.EventID("counter-1", cause("b", "in"), 0, nil),
		"another input":   es.EventID("counter-1", cause("a", "im"), 0, nil),
		"another effect":  es.EventID("counter-1", cause("a", "in"), 0, []byte("{}")),
		"the next event":  es.EventID("counter-1", cause("a", "in"), 1, nil),
	} {
		if other == base {
			t.Errorf("%s has the same id", rule)
		}
	}
}

func TestEachOfTwoEqualCommandsAtOnceIsToldWhatIsStored(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log) // without turns, as two processes would be
	for round := range 20 {
		id := fmt.Sprint(round)
		told := atOnce(4, func(n int) result {
			given := cause("a", "in")
			given.At = noon().Add(time.Duration(n) * time.Second)
			out, err := c.Handle(t.Context(), id, given, es.AnyRevision, count{By: 1, Times: 1, At: given.At})
			return result{out, err}
		})
		past, err := c.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for n, r := range told {
			if diff := cmp.Diff(past.Events, r.out.Events); r.err != nil || diff != "" {
				t.Errorf("caller %d is told of what did not happen: %v (-stored +told):\n%s", n, r.err, diff)
			}
		}
	}
}
