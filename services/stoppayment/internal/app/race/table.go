package race

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// total adds up what a contestant has come to over all frauds.
type total struct {
	atReport, stopped money.Fen
	held              []hold
	lost              map[string]money.Fen
	refused           map[string]int
	events, frauds    int
}

func (t *total) add(o outcome) {
	if t.lost == nil {
		t.lost, t.refused = map[string]money.Fen{}, map[string]int{}
	}
	t.atReport += o.atReport
	t.stopped += o.stopped
	t.held = append(t.held, o.held...)
	t.events += o.events
	t.frauds++
	for why, amount := range o.lost {
		t.lost[why] += amount
	}
	for code, n := range o.refused {
		t.refused[code] += n
	}
}

// line is one bank delay: this service, the same with stops of an amount, the
// paper practice.
type line struct {
	bank                   time.Duration
	service, amount, paper total
}

// Table (赛果) is what a race has come to.
type Table struct {
	Params Params
	Lost   money.Fen // by all victims
	best   total
	lines  []line
}

// Reached is the share, in hundredths of a per cent, of what was possible that
// this service has stopped with the given bank delay; -1 if none was raced.
func (t Table) Reached(bank time.Duration) int64 {
	for _, l := range t.lines {
		if l.bank == bank {
			return int64(l.service.stopped * 10_000 / max(t.best.stopped, 1))
		}
	}
	return -1
}

// String writes the table for people.
func (t Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d frauds, seed %d: %s yuan lost, %s yuan of it still in accounts when the reports came in\n",
		t.Params.Frauds, t.Params.Seed, t.Lost, t.best.atReport)
	fmt.Fprintf(&b, "(a) this service, %s per hop; (b) on paper, %s to the first order and %s per level; (c) the best possible\n\n",
		t.Params.Hop, t.Params.First, t.Params.Next)
	fmt.Fprintf(&b, "%-8s | %6s %15s | %6s %15s | %6s %15s | %7s %7s\n", "bank", "(a) %", "yuan", "(b) %", "yuan", "(c) %", "yuan", "(a)/(c)", "(b)/(c)")
	for _, l := range t.lines {
		fmt.Fprintf(&b, "%-8s | %6s %15s | %6s %15s | %6s %15s | %7s %7s\n", l.bank,
			percent(l.service.stopped, t.best.atReport), l.service.stopped, percent(l.paper.stopped, t.best.atReport), l.paper.stopped,
			percent(t.best.stopped, t.best.atReport), t.best.stopped, percent(l.service.stopped, t.best.stopped), percent(l.paper.stopped, t.best.stopped))
	}
	t.innocent(&b)
	for _, l := range t.lines {
		t.reasons(&b, "(a), bank "+l.bank.String(), l.service)
		t.reasons(&b, "(a) by amount, bank "+l.bank.String(), l.amount)
	}
	return b.String()
}

// innocent writes whose money was held for nothing.
func (t Table) innocent(b *strings.Builder) {
	fmt.Fprintf(b, "\n%-26s | %8s %8s | %12s %12s %12s | %8s\n", "other people's money, yuan", "accounts", "honest", "median", "p90", "mean", "of (c) %")
	write := func(name string, of total) {
		honest, innocent := 0, make([]money.Fen, len(of.held))
		for i, h := range of.held {
			innocent[i] = h.innocent
			if h.honest {
				honest++
			}
		}
		median, p90, mean := spread(innocent)
		fmt.Fprintf(b, "%-26s | %8d %8d | %12s %12s %12s | %8s\n", name, len(of.held), honest, median, p90, mean, percent(of.stopped, t.best.stopped))
	}
	for _, l := range t.lines {
		write("(a) bank "+l.bank.String(), l.service)
		write("(a) by amount, bank "+l.bank.String(), l.amount)
		write("(b) bank "+l.bank.String(), l.paper)
	}
	write("(c)", t.best)
}

// reasons writes why a contestant has not stopped the rest.
func (t Table) reasons(b *strings.Builder, name string, of total) {
	fmt.Fprintf(b, "\nnot stopped by %s; %d events, refused %v\n", name, of.events, of.refused)
	whys := slices.SortedFunc(maps.Keys(of.lost), func(x, y string) int {
		return cmp.Or(cmp.Compare(of.lost[y], of.lost[x]), cmp.Compare(x, y))
	})
	for _, why := range whys {
		fmt.Fprintf(b, "  %6s %15s  %s\n", percent(of.lost[why], t.best.atReport), of.lost[why], why)
	}
}

// percent writes a share with two decimals, cut and not rounded, so that 98.00
// is never less than that.
func percent(part, whole money.Fen) string {
	share := part * 10_000 / max(whole, 1)
	return fmt.Sprintf("%d.%02d", share/100, share%100)
}

// spread gives the median, the ninth decile and the mean.
func spread(amounts []money.Fen) (median, p90, mean money.Fen) {
	if len(amounts) == 0 {
		return 0, 0, 0
	}
	slices.Sort(amounts)
	var sum money.Fen
	for _, a := range amounts {
		sum += a
	}
	n := len(amounts)
	return amounts[n/2], amounts[n*9/10], sum / money.Fen(n)
}
