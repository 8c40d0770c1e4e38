package race_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/race"
)

// floor is how much of what was possible the service has to stop when banks
// answer within a second, in hundredths of a per cent.
const floor = 98_00

func run(tb testing.TB, p race.Params) race.Table {
	tb.Helper()
	table, err := race.Run(p)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

func TestTheServiceStopsWhatCanBeStoppedWhenBanksAnswerWithinASecond(t *testing.T) {
	p := race.Defaults()
	p.Frauds, p.Delays = 20, []time.Duration{time.Second}
	table := run(t, p)
	t.Log("\n" + table.String())
	if got := table.Reached(time.Second); got < floor {
		t.Errorf("%d hundredths of a per cent of what was possible; want %d", got, floor)
	}
}

func TestTheSameSeedIsTheSameTable(t *testing.T) {
	p := race.Defaults()
	p.Frauds, p.Delays = 5, []time.Duration{time.Minute}
	if a, b := run(t, p).String(), run(t, p).String(); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}

func BenchmarkRace(b *testing.B) {
	var table race.Table
	for b.Loop() {
		table = run(b, race.Defaults())
	}
	got := table.Reached(time.Second)
	b.ReportMetric(float64(got)/100, "%of-possible")
	b.Log("\n" + table.String())
	if got < floor {
		b.Errorf("%d hundredths of a per cent of what was possible; want %d", got, floor)
	}
}
