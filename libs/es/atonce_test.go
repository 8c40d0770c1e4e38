package es_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/yuanlu/yuanlu/libs/es"
)

// atOnce runs n commands that start together and gives back what became of each.
func atOnce[T any](n int, do func(n int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			results[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return results
}

type result struct {
	out es.Outcome[counter, counted]
	err error
}

func TestI63_TheSameCommandSixteenTimesAtOnceIsOneEffect(t *testing.T) {
	log, _ := openLog(t)
	for name, c := range replicas(log) {
		t.Run(name, func(t *testing.T) {
			id := fmt.Sprint(len(name))
			for n, r := range atOnce(16, func(int) result {
				out, err := c.Handle(t.Context(), id, cause("a", "in"), es.AnyRevision, count{By: 4, Times: 2, At: noon()})
				return result{out, err}
			}) {
				if r.err != nil || r.out.State.Total != 8 || r.out.Revision != 1 || len(r.out.Events) != 2 {
					t.Errorf("caller %d: %+v, %v", n, r.out, r.err)
				}
			}
			events := stored(t, log, c.Stream(id))
			if len(events) != 2 {
				t.Errorf("%d events, want 2", len(events))
			}
			chained(t, events)
		})
	}
}

// replicas are a process that gives each stream turns, and processes that meet.
func replicas(log es.Log) map[string]es.Case[counter, count, counted] {
	turns, meeting := counters(log), counters(log)
	turns.Turns = es.NewTurns()
	remembering := turns
	remembering.Cache = es.NewCache[counter, counted](1 << 20)
	both := meeting
	both.Cache = es.NewCache[counter, counted](1 << 20)
	return map[string]es.Case[counter, count, counted]{
		"in turns": turns, "meeting at the log": meeting, "in turns, with a cache": remembering, "meeting at the log with one cache": both,
	}
}

func TestI63_OfSixteenRequestsUnderOneIDExactlyOneWins(t *testing.T) {
	log, _ := openLog(t)
	for name, c := range replicas(log) {
		t.Run(name, func(t *testing.T) {
			id, won := fmt.Sprint(len(name)), 0
			for n, r := range atOnce(16, func(n int) result {
				out, err := c.Handle(t.Context(), id, cause("a", fmt.Sprint(n)), es.AnyRevision, count{By: n, Times: 1})
				return result{out, err}
			}) {
				switch {
				case r.err == nil:
					won++
					if got := r.out.Events[0].By; got != n {
						t.Errorf("request %d is told of the effect of %d", n, got)
					}
				case !errors.Is(r.err, es.ErrReused):
					t.Errorf("request %d: %v", n, r.err)
				}
			}
			if events := stored(t, log, c.Stream(id)); won != 1 || len(events) != 1 {
				t.Errorf("%d won and %d events are stored", won, len(events))
			}
		})
	}
}

func TestI63_AConflictNeverLosesAnEvent(t *testing.T) {
	log, node := openLog(t)
	one, two := counters(log), counters(dial(t, node))
	one.Turns, two.Turns = es.NewTurns(), es.NewTurns()
	three, four := one, two
	three.Cache, four.Cache = es.NewCache[counter, counted](1<<20), es.NewCache[counter, counted](1<<20)
	for _, c := range []struct {
		rule    string
		writers int
		via     []es.Case[counter, count, counted]
	}{
		{"a dozen writers who meet at the log", 12, []es.Case[counter, count, counted]{counters(log)}},
		{"a hundred writers in turns", 100, []es.Case[counter, count, counted]{one}},
		{"two processes of forty writers each", 80, []es.Case[counter, count, counted]{one, two}},
		{"two processes with a cache each", 40, []es.Case[counter, count, counted]{three, four}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			id, want := fmt.Sprint(c.writers), 0
			for n, r := range atOnce(c.writers, func(n int) result {
				out, err := c.via[n%len(c.via)].Handle(t.Context(), id, cause(fmt.Sprint(n), ""), es.AnyRevision, count{By: 1 << (n % 20), Times: 1 + n%2})
				return result{out, err}
			}) {
				if r.err != nil {
					t.Errorf("writer %d: %v", n, r.err)
				}
				want += (1 << (n % 20)) * (1 + n%2)
			}
			chained(t, stored(t, log, c.via[0].Stream(id)))
			past, err := c.via[0].Load(t.Context(), id)
			if err != nil || past.State.Total != want || len(past.Events) != c.writers+c.writers/2 {
				t.Errorf("total %d in %d events, want %d: %v", past.State.Total, len(past.Events), want, err)
			}
		})
	}
}
