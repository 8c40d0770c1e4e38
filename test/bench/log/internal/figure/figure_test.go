package figure_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
)

func TestASpreadIsTheMedianBetweenTheExtremes(t *testing.T) {
	for _, row := range []struct {
		rule             string
		rounds           []float64
		median, low, top float64
	}{
		{"of three rounds the middle one, in whatever order they came", []float64{9, 1, 5}, 5, 1, 9},
		{"of an even number the mean of the two in the middle", []float64{4, 1, 2, 100}, 3, 1, 100},
		{"of one round itself", []float64{7}, 7, 7, 7},
		{"of none nothing", nil, 0, 0, 0},
	} {
		t.Run(row.rule, func(t *testing.T) {
			want := figure.Spread{Median: row.median, Min: row.low, Max: row.top, Rounds: row.rounds}
			if diff := cmp.Diff(want, figure.Of(row.rounds...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPercentileIsASampleThatTheShareDoesNotExceed(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for n := range hundred {
		hundred[n] = time.Duration(n + 1)
	}
	slices.Reverse(hundred)
	for _, row := range []struct {
		rule    string
		samples []time.Duration
		q       float64
		want    time.Duration
	}{
		{"the median of a hundred is the fiftieth", hundred, 0.50, 50},
		{"99 of a hundred", hundred, 0.99, 99},
		{"a share between two samples takes the larger one", hundred, 0.985, 99},
		{"all of them", hundred, 1, 100},
		{"none of them is the smallest", hundred, 0, 1},
		{"the worst of three is not hidden by their p99", []time.Duration{1, 30, 2}, 0.99, 30},
		{"no samples", nil, 0.5, 0},
	} {
		t.Run(row.rule, func(t *testing.T) {
			if got := figure.Percentile(slices.Clone(row.samples), row.q); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}

func TestATargetIsMetOrMissed(t *testing.T) {
	for _, row := range []struct {
		rule     string
		must     figure.Must
		measured figure.Spread
		against  figure.Spread
		given    figure.Verdict
		want     figure.Verdict
	}{
		{"just the share that was asked for", figure.AtLeast(0.5, "x"), figure.Of(50), figure.Of(100), "", figure.OK},
		{"a little less than the share", figure.AtLeast(0.5, "x"), figure.Of(49), figure.Of(100), "", figure.Short},
		{"the median counts, not the best round", figure.AtLeast(0.5, "x"), figure.Of(10, 20, 90), figure.Of(100), "", figure.Short},
		{"as much is not more", figure.MoreThan("x"), figure.Of(100), figure.Of(100), "", figure.Short},
		{"more is more", figure.MoreThan("x"), figure.Of(101), figure.Of(100), "", figure.OK},
		{"below the limit", figure.LessThan(2, figure.Seconds), figure.Of(1.9), figure.Spread{}, "", figure.OK},
		{"at the limit is not below it", figure.LessThan(2, figure.Seconds), figure.Of(2), figure.Spread{}, "", figure.Short},
		{"nothing measured is not below a limit", figure.LessThan(2, figure.Seconds), figure.Spread{}, figure.Spread{}, "", figure.NoFigure},
		{"no yardstick, no verdict", figure.MoreThan("x"), figure.Of(1), figure.Spread{}, "", figure.NoFigure},
		{"nothing asked", figure.Must{}, figure.Of(1), figure.Of(1), "", figure.Info},
		{"what failed stays failed", figure.LessThan(2, figure.Seconds), figure.Of(1), figure.Spread{}, figure.Failed, figure.Failed},
	} {
		t.Run(row.rule, func(t *testing.T) {
			var r figure.Report
			r.Add(figure.Row{Must: row.must, Measured: row.measured, Against: row.against, Verdict: row.given})
			if got := r.Rows[0].Verdict; got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestTheTableShowsEveryFigureBesideItsYardstick(t *testing.T) {
	var r figure.Report
	r.Tell("cores", "2")
	r.Add(figure.Row{
		What: "appends", Must: figure.AtLeast(0.8, "the ceiling"), Unit: figure.PerSecond,
		Measured: figure.Of(9_000, 8_000, 1_234_567), Yardstick: "ceiling", Against: figure.Of(12_000), Note: "why",
	})
	r.Add(figure.Row{What: "of a stranger", Verdict: figure.NoFigure, Note: "not installed"})
	var out strings.Builder
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	const want = `cores        2

| what          | must reach           | measured: median [min – max]      | yardstick         | ratio |           |
| ------------- | -------------------- | --------------------------------- | ----------------- | ----- | --------- |
| appends       | ≥ 80 % of the ceiling | 9,000/s [8,000/s – 1,234,567/s] | ceiling: 12,000/s | 0.75  | short (1) |
| of a stranger | –                    | –                                 | –                 | –     | n/a (2)   |

(1) why
(2) not installed

0 ok, 1 short, 1 not available, 0 failed
`
	squeeze := func(s string) string {
		for _, from := range []string{"  ", "--"} {
			for strings.Contains(s, from) {
				s = strings.ReplaceAll(s, from, from[:1])
			}
		}
		return s
	}
	if diff := cmp.Diff(squeeze(want), squeeze(out.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheReportGoesThroughJSONUnchanged(t *testing.T) {
	var r, back figure.Report
	r.Tell("cores", "2")
	r.Add(figure.Row{What: "memory", Must: figure.LessThan(128, figure.MiB), Unit: figure.MiB, Measured: figure.Of(90, 91)})
	var out strings.Builder
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
