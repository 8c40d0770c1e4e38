package es_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/rule"
	"pgregory.net/rapid"
)

var errOver = rule.New("count-over", "超出上限", "the sum would be too large", "")

// bounded is the counter with rules that rest on its state: it refuses what
// would take it over a hundred, and does nothing with what it has counted last.
func bounded(log es.Log) es.Case[counter, count, counted] {
	c := counters(log)
	plain := c.Decide
	c.Decide = func(s counter, cmd count) ([]counted, error) {
		switch {
		case s.Total+cmd.By*cmd.Times > 100:
			return nil, errOver
		case len(s.Each) > 0 && s.Each[len(s.Each)-1] == cmd.By:
			return nil, nil
		}
		return plain(s, cmd)
	}
	return c
}

// watched is a log that counts its reads and can be restored from a backup:
// each restored one is another stream underneath.
type watched struct {
	es.Log
	epoch, reads *int
}

func (w watched) beneath(stream string) string { return fmt.Sprintf("%s~%d", stream, *w.epoch) }

func (w watched) Read(ctx context.Context, stream string, from uint64) iter.Seq2[eventlog.Recorded, error] {
	*w.reads++
	return func(yield func(eventlog.Recorded, error) bool) {
		for r, err := range w.Log.Read(ctx, w.beneath(stream), from) {
			r.Stream = stream
			if !yield(r, err) {
				return
			}
		}
	}
}

func (w watched) Append(ctx context.Context, stream string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error) {
	return w.Log.Append(ctx, w.beneath(stream), expect, events...)
}

// restore puts the log back to where the stream had its first n events.
func (w watched) restore(tb teller, stream string, n int) {
	kept := stored(tb, w, stream)[:n]
	*w.epoch++
	for _, r := range kept {
		if _, err := w.Log.Append(tb.Context(), w.beneath(stream), eventlog.Any, r.Event); err != nil {
			tb.Fatal(err)
		}
	}
}

func watch(log es.Log) watched { return watched{log, new(int), new(int)} }

// cached is one process with a cache, on a log that can fail.
type cached struct {
	es.Case[counter, count, counted]
	log *flaky
	now time.Time
}

func newCached(log es.Log, later time.Duration) *cached {
	f := &flaky{Log: log}
	p := &cached{Case: bounded(f), log: f, now: noon()}
	recorded := noon().Add(later)
	p.Now = func() time.Time { // no two commands are recorded at the same moment
		recorded = recorded.Add(time.Minute)
		return recorded
	}
	p.restart()
	return p
}

func (p *cached) restart() {
	p.Cache = es.NewCache[counter, counted](1 << 20)
	p.Cache.SetNow(func() time.Time { return p.now })
}

// order is a command with the revision that its giver has seen.
type order struct {
	cause    es.Cause
	expected es.Expected
	cmd      count
}

// ought is what a command leads to on what the log has.
func ought(c es.Case[counter, count, counted], past es.Past[counter, counted], o order) (repeated bool, events []counted, err error) {
	for n, m := range past.Metas {
		if m.Command == o.cause.Command {
			events = append(events, past.Events[n])
		}
	}
	if len(events) > 0 {
		return true, events, nil
	}
	if o.expected != es.AnyRevision && int64(o.expected) != past.Revision {
		return false, nil, es.ErrStale
	}
	events, err = c.Decide(past.State, o.cmd)
	return false, events, err
}

func load(t teller, c es.Case[counter, count, counted], id string) es.Past[counter, counted] {
	t.Helper()
	past, err := c.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return past
}

func TestI63_ACachedPastLeadsToWhatTheLogWouldLeadTo(t *testing.T) {
	log, _ := openLog(t)
	streams := 0
	rapid.Check(t, func(t *rapid.T) {
		streams++
		id, w := fmt.Sprint("c", streams), watch(log)
		plain := bounded(w)
		processes := []*cached{newCached(w, time.Second), newCached(w, 2*time.Second)}
		var given []order
		t.Repeat(map[string]func(*rapid.T){
			"a command": func(t *rapid.T) {
				p := rapid.SampledFrom(processes).Draw(t, "process")
				o := order{cause(fmt.Sprint(id, len(given)), "in"), es.AnyRevision, count{
					By: rapid.IntRange(-1, 9).Draw(t, "by"), Times: rapid.IntRange(0, 3).Draw(t, "times"),
				}}
				if rapid.IntRange(0, 3).Draw(t, "insists") == 0 {
					o.expected = es.Expected(load(t, plain, id).Revision + rapid.Int64Range(-1, 1).Draw(t, "off"))
				}
				if len(given) > 0 && rapid.IntRange(0, 3).Draw(t, "repeats") == 0 {
					o = rapid.SampledFrom(given).Draw(t, "which")
				}
				given = append(given, o)
				before := load(t, plain, id)
				repeated, events, refused := ought(plain, before, o)
				p.log.next = rapid.SampledFrom([]fault{none, none, none, notStored, answerLost}).Draw(t, "fault")
				faulty := p.log.next != none
				out, err := p.Handle(t.Context(), id, o.cause, o.expected, o.cmd)
				p.log.next = none
				if faulty && errors.Is(err, eventlog.ErrUnavailable) {
					return // whoever asks again is told; if not, a stale past's append took the fault
				}
				if !errors.Is(err, refused) || (err == nil) != (refused == nil) {
					t.Fatalf("%+v: got %v, want %v", o, err, refused)
				}
				if diff := cmp.Diff(events, out.Events, cmpopts.EquateEmpty()); diff != "" || out.Repeated != repeated {
					t.Fatalf("%+v: repeated %t, want %t (-want +got):\n%s", o, out.Repeated, repeated, diff)
				}
				if now := load(t, plain, id); repeated && now.Revision >= out.Revision {
					return // it may not know yet what others have done since
				} else if now.Revision != out.Revision || !cmp.Equal(now.State, out.State) {
					t.Fatalf("%+v is told %+v, the log says %+v", o, out, now.State)
				}
			},
			"a restart": func(t *rapid.T) { rapid.SampledFrom(processes).Draw(t, "process").restart() },
			"a while passes": func(*rapid.T) {
				for _, p := range processes {
					p.now = p.now.Add(2 * es.Trust)
				}
			},
			"a restore": func(t *rapid.T) {
				past := load(t, plain, id)
				whole := []int{0} // appends are stored whole, and so are they backed up
				for n := range past.Metas {
					if n+1 == len(past.Metas) || past.Metas[n+1].Command != past.Metas[n].Command {
						whole = append(whole, n+1)
					}
				}
				w.restore(t, "counter-"+id, rapid.SampledFrom(whole).Draw(t, "kept"))
				for _, p := range processes {
					p.now = p.now.Add(2 * es.Trust)
				}
			},
			"": func(t *rapid.T) {
				want := load(t, plain, id)
				chained(t, stored(t, w, "counter-"+id))
				p := rapid.SampledFrom(processes).Draw(t, "reader")
				if !rapid.Bool().Draw(t, "reads") {
					return // what is cached stays as it was
				}
				got := load(t, p.Case, id)
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(want), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("another past (-log +cached):\n%s", diff)
				}
			},
		})
	})
}

func TestWhatIsDecidedOnACachedPastReadsNothing(t *testing.T) {
	log, _ := openLog(t)
	w := watch(log)
	p := newCached(w, 0)
	mustHandle(t, p.Case, "1", cause("a", ""), count{By: 1, Times: 1})
	for _, row := range []struct {
		rule  string
		cause es.Cause
		cmd   count
		after time.Duration
		reads int
	}{
		{"what leads to events", cause("b", ""), count{By: 2, Times: 1}, 0, 0},
		{"what leads to nothing is asked of the log", cause("c", ""), count{By: 2, Times: 1}, 0, 1},
		{"a repetition", cause("b", ""), count{By: 2, Times: 1}, 0, 0},
		{"a past that was not confirmed of late is asked of the log", cause("d", ""), count{By: 3, Times: 1}, es.Trust + 1, 1},
		{"and then is confirmed again", cause("e", ""), count{By: 4, Times: 1}, 0, 0},
	} {
		t.Run(row.rule, func(t *testing.T) {
			p.now, *w.reads = p.now.Add(row.after), 0
			known := p.Done("1", row.cause.Command)
			if out := mustHandle(t, p.Case, "1", row.cause, row.cmd); *w.reads != row.reads || out.Repeated != known {
				t.Errorf("%d reads, want %d; repeated %t, known as done %t", *w.reads, row.reads, out.Repeated, known)
			}
		})
	}
}

func TestAFirstCommandReadsNothingAndALaterOneIsDecidedOnTheLog(t *testing.T) {
	log, _ := openLog(t)
	w := watch(log)
	p := newCached(w, 0)
	p.First = func(count) bool { return true }
	if mustHandle(t, p.Case, "1", cause("a", ""), count{By: 1, Times: 2}); *w.reads != 0 {
		t.Errorf("the first command took %d reads", *w.reads)
	}
	p.restart()
	if again := mustHandle(t, p.Case, "1", cause("a", ""), count{By: 1, Times: 2}); !again.Repeated || len(again.Events) != 2 {
		t.Errorf("given again: %+v", again)
	}
	p.restart()
	if out := mustHandle(t, p.Case, "1", cause("b", ""), count{By: 5, Times: 1}); out.Revision != 2 || out.State.Total != 7 {
		t.Errorf("a later one: %+v", out)
	}
	p.restart()
	if _, err := p.Handle(t.Context(), "1", cause("c", ""), es.AnyRevision, count{By: 50, Times: 2}); !errors.Is(err, errOver) {
		t.Errorf("what the log forbids: %v", err)
	}
	p.restart()
	if _, err := p.Handle(t.Context(), "1", cause("d", ""), 2, count{By: 9, Times: 1}); err != nil {
		t.Errorf("on the revision that the log has: %v", err)
	}
	chained(t, stored(t, w, "counter-1"))
}

func TestI61_WhatAnotherProcessHasDoneIsChainedToAsItIsStored(t *testing.T) {
	log, _ := openLog(t)
	one, two := newCached(log, time.Second), newCached(log, 2*time.Second)
	mustHandle(t, one.Case, "1", cause("a", ""), count{By: 1, Times: 1})
	mustHandle(t, two.Case, "1", cause("b", ""), count{By: 2, Times: 1})
	if again := mustHandle(t, one.Case, "1", cause("b", ""), count{By: 2, Times: 1}); !again.Repeated {
		t.Error("what the other process has done was done again")
	}
	mustHandle(t, one.Case, "1", cause("c", ""), count{By: 3, Times: 1})
	chained(t, stored(t, log, "counter-1"))
}

func TestACacheStaysWithinItsBounds(t *testing.T) {
	log, _ := openLog(t)
	c := counters(log)
	const limit = 40_000
	c.Cache = es.NewCache[counter, counted](limit)
	for n := range 60 {
		for round := range 2 {
			mustHandle(t, c, fmt.Sprint(n), cause(fmt.Sprint(n, round), ""), count{By: 1, Times: 1})
		}
		if streams, bytes := c.Cache.Held(); bytes > limit || streams == 0 {
			t.Fatalf("%d bytes of %d streams are held", bytes, streams)
		}
	}
	streams, _ := c.Cache.Held()
	if streams >= 60 {
		t.Errorf("all of %d streams are held", streams)
	}
	for round := range 60 { // a stream that is too long is not held, and works all the same
		mustHandle(t, c, "long", cause(fmt.Sprint("long", round), ""), count{By: 1, Times: 1})
	}
	if past := load(t, c, "long"); past.State.Total != 60 {
		t.Errorf("total %d, want 60", past.State.Total)
	}
	if again := mustHandle(t, c, "long", cause("long3", ""), count{By: 1, Times: 1}); !again.Repeated {
		t.Error("a repetition on a long stream was carried out")
	}
}

// BenchmarkHandle: one command on a stream of a thousand events. The folded
// state of the counter is copied each time; the log does not fsync faster for it.
func BenchmarkHandle(b *testing.B) {
	for _, row := range []struct {
		name  string
		cache *es.Cache[counter, counted]
	}{{"uncached", nil}, {"cached", es.NewCache[counter, counted](64 << 20)}} {
		b.Run(row.name, func(b *testing.B) {
			log, _ := openLog(b)
			c := counters(log)
			c.Cache = row.cache
			if _, err := c.Handle(b.Context(), "1", cause("fill", ""), es.AnyRevision, count{By: 1, Times: 1000, At: noon()}); err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				n++
				if _, err := c.Handle(b.Context(), "1", cause(fmt.Sprint(n), ""), es.AnyRevision, count{By: 1, Times: 1, At: noon()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
