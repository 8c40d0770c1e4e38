package load_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/load"
)

// slow takes its time for each write.
func slow(took time.Duration) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		timer := time.NewTimer(took)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestARoundCountsWhatWasAnsweredWithinIt(t *testing.T) {
	for _, row := range []struct {
		rule    string
		writers int
		took    time.Duration
		want    float64
	}{
		{"one writer at 10 ms makes 100 a second", 1, 10 * time.Millisecond, 100},
		{"four writers make four times as many", 4, 10 * time.Millisecond, 400},
		{"the time between the end of a span and the last answer does not count", 1, 300 * time.Millisecond, 3},
	} {
		t.Run(row.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := load.Hammer(t.Context(), row.writers, 200*time.Millisecond, time.Second, slow(row.took), nil)
				if err != nil {
					t.Fatal(err)
				}
				// One answer may fall on either edge.
				if d := got.Rate() - row.want; d < -float64(row.writers) || d > float64(row.writers) {
					t.Errorf("%g/s, want %g/s", got.Rate(), row.want)
				}
			})
		})
	}
}

func TestTheFirstErrorEndsARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		begin := time.Now()
		_, err := load.Hammer(t.Context(), 3, time.Second, time.Hour, func(ctx context.Context, w int) error {
			if w == 1 && time.Since(begin) > 2*time.Second {
				return broken
			}
			return slow(10*time.Millisecond)(ctx, w)
		}, nil)
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("the round went on for %v", took)
		}
	})
}

func TestARoundInWhichNothingEndsShowsARateOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got, err := load.Hammer(t.Context(), 1, time.Millisecond, time.Second, slow(time.Minute), nil); err != nil || got.Rate() != 0 {
			t.Errorf("%g/s, %v", got.Rate(), err)
		}
	})
}

func TestWholeRunsAreCountedOverTheTimeThatTheyTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := load.Again(t.Context(), time.Millisecond, 250*time.Millisecond, func(ctx context.Context) (int, error) {
			return 50, slow(100*time.Millisecond)(ctx, 0)
		}, nil)
		if err != nil || got.Rate() != 500 || got.Count() != 3 {
			t.Errorf("%g/s in %d runs, %v; want 500/s in 3", got.Rate(), got.Count(), err)
		}
	})
}

func TestSubjectsTakeTurnsAndTheOrderIsTurnedRound(t *testing.T) {
	b := &load.Bench{Options: load.Options{Rounds: 3}, Report: &figure.Report{}, Say: func(string, ...any) {}}
	var order string
	err := load.InTurn(b, t.Context(), "letters", []string{"a", "b", "c"}, func(subject string, _ int) error {
		order += subject
		return nil
	})
	if diff := cmp.Diff("abccbaabc", order); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAReadThatBringsTooLittleIsAnError(t *testing.T) {
	if _, err := load.Exactly(3)(2, nil); !errors.Is(err, load.ErrMissing) {
		t.Errorf("got %v", err)
	}
	if n, err := load.Exactly(3)(3, nil); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
