package es_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"pgregory.net/rapid"
)

// asked is a command that somebody has given, as the model knows it.
type asked struct {
	word, input string
	cmd         count
	stored      bool
}

// world is two replicas that write to one stream, and what a client of theirs
// believes has happened.
type world struct {
	replicas []*flaky
	id       string
	asked    []*asked
	effects  []int
}

func (w *world) give(t *rapid.T, a *asked, fault fault) {
	f := w.replicas[rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")]
	f.next = fault
	out, err := counters(f).Handle(t.Context(), w.id, cause(a.word, a.input), es.AnyRevision, a.cmd)
	f.next = none
	switch {
	case a.cmd.By < 0:
		if !errors.Is(err, errNegative) {
			t.Fatalf("%+v was not refused: %v", a, err)
		}
		return
	case a.stored, a.cmd.Times == 0, fault == none:
		if err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
	case !errors.Is(err, eventlog.ErrUnavailable):
		t.Fatalf("%+v met a fault and got %v", a, err)
	}
	if out.Repeated != a.stored && err == nil {
		t.Fatalf("%+v: repeated %t", a, out.Repeated)
	}
	if !a.stored && fault != notStored && a.cmd.Times > 0 {
		a.stored = true
		for range a.cmd.Times {
			w.effects = append(w.effects, a.cmd.By)
		}
	}
	if err == nil {
		if diff := cmp.Diff(w.effects, out.State.Each); diff != "" {
			t.Fatalf("%+v is told another state (-want +got):\n%s", a, diff)
		}
	}
}

func TestI63_WhateverCrashesEachCommandHasOneEffect(t *testing.T) {
	log, node := openLog(t)
	second := dial(t, node)
	streams := 0
	rapid.Check(t, func(t *rapid.T) {
		streams++
		w := &world{replicas: []*flaky{{Log: log}, {Log: second}}, id: fmt.Sprint("m", streams)}
		faults := rapid.SampledFrom([]fault{none, none, notStored, answerLost})
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			if len(w.asked) > 0 && rapid.Bool().Draw(t, "repeat") {
				w.give(t, rapid.SampledFrom(w.asked).Draw(t, "which"), faults.Draw(t, "fault"))
				continue
			}
			a := &asked{word: fmt.Sprint(w.id, len(w.asked)), input: "in", cmd: count{
				By: rapid.IntRange(-1, 5).Draw(t, "by"), Times: rapid.IntRange(0, 3).Draw(t, "times"), At: noon(),
			}}
			w.asked = append(w.asked, a)
			w.give(t, a, faults.Draw(t, "fault"))
		}
		for _, a := range w.asked { // a client repeats until it is answered
			w.give(t, a, none)
		}
		past, err := counters(log).Load(t.Context(), w.id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w.effects, past.State.Each); diff != "" {
			t.Fatalf("effects lost or doubled (-want +got):\n%s", diff)
		}
		chained(t, stored(t, log, "counter-"+w.id))
	})
}
