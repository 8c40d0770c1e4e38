// Package estest runs given/when/then tables against a decider. A row is a
// whole sentence; events are compared exactly and in order.
package estest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/es"
)

// Case is one row: given what has happened, when this is asked, then that
// follows, or it is refused.
type Case[C, E any] struct {
	Rule  string // the rule in a sentence; the name of the test
	Given []E
	When  C
	Then  []E   // exactly these, in this order; none means nothing happens
	Err   error // the rule that refuses; then nothing happens
}

// Run runs the table.
func Run[S, C, E any](t *testing.T, d es.Decider[S, C, E], table []Case[C, E]) {
	t.Helper()
	for _, c := range table {
		t.Run(c.Rule, func(t *testing.T) {
			got, err := d.Decide(d.Replay(c.Given...), c.When)
			if !errors.Is(err, c.Err) || (c.Err == nil && err != nil) {
				t.Fatalf("refused with %v, want %v", err, c.Err)
			}
			if c.Err != nil && len(got) > 0 {
				t.Fatalf("refused, and yet %d events", len(got))
			}
			if diff := cmp.Diff(c.Then, got); diff != "" && len(c.Then)+len(got) > 0 {
				t.Errorf("other events than the rule says (-want +got):\n%s", diff)
			}
			idempotent(t, d, c, got)
		})
	}
}

// idempotent asks for the same thing again: it must not happen twice in a way
// that could pile up without end.
func idempotent[S, C, E any](t *testing.T, d es.Decider[S, C, E], c Case[C, E], got []E) {
	t.Helper()
	if c.Err != nil || len(got) == 0 {
		return
	}
	state := d.Replay(append(c.Given[:len(c.Given):len(c.Given)], got...)...)
	if again, err := d.Decide(state, c.When); err == nil && d.Due != nil && len(again) > len(got) {
		t.Errorf("asked again, even more happens: %d events after %d", len(again), len(got))
	}
}
