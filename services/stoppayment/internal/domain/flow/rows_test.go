package flow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// shown is the first account, stopped, with what its bank shows and what the ledger
// makes of it.
func shown(t *testing.T, rows ...event.Row) []event.AccountEvent {
	t.Helper()
	balance := money.Fen(0)
	for n, r := range rows {
		if balance -= r.Amount; r.Credit {
			balance += 2 * r.Amount
		}
		rows[n].Balance, rows[n].Kind = balance, "transfer"
	}
	events := []event.AccountEvent{
		requested(first, 1, paid),
		event.InflowTraced{Case: kase, Source: paid, Lots: lots(100_000)},
		executed(first, balance),
		event.StatementReceived{Order: "stop-first", Rows: rows},
	}
	f, _, err := domain.Attribute(domain.AccountDecider().Replay(events...), event.DirectTimestamp)
	if err != nil {
		t.Fatal(err)
	}
	f.Revision = 1
	return append(events, f)
}

// The picture takes a row for a transfer if, and only if, the attribution does.
func TestARowShowsATransferAsTheAttributionHasIt(t *testing.T) {
	stranger := event.Account{ID: "stranger", Bank: "102100099996"}
	row := func(serial string, late time.Duration, from *event.Account) event.Row {
		return event.Row{Serial: serial, At: paid.At.Add(late), Credit: true, Amount: 100_000, Counter: from}
	}
	for name, c := range map[string]struct {
		rows  []event.Row
		shown string // serial number
	}{
		"by the serial number":                              {[]event.Row{row("S1", 0, &victims)}, "S1"},
		"by the payer, though the banks count differently":  {[]event.Row{row("B-77", 2*time.Minute, &victims)}, "B-77"},
		"not by a serial number that another has given too": {[]event.Row{row("S1", 5*time.Hour, &stranger)}, ""},
		"its own, of two of the same serial number":         {[]event.Row{row("S1", 0, &victims), row("S1", 5*time.Hour, &stranger)}, "S1"},
		"none of another payer":                             {[]event.Row{row("B-77", 0, &stranger)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			history := shown(t, c.rows...)
			g := build(opened(), accounts{"first": history})
			got := g.Edges[0].Evidence
			reached := money.Fen(0)
			f, _ := history[len(history)-1].(event.FundsAttributed)
			for _, l := range f.Reached {
				reached += l.Amount
			}
			if (got != nil) != (c.shown != "") || (got != nil && (got.Row.Serial != c.shown || got.Order != "stop-first")) {
				t.Errorf("shown by %+v, want %q", got, c.shown)
			}
			if g.Totals.Traced != reached {
				t.Errorf("the picture has %s traced, the attribution %s", g.Totals.Traced, reached)
			}
		})
	}
}

func TestWhatOthersHoldIsNoMoreThanTheirAmount(t *testing.T) {
	lapsed := []event.AccountEvent{requested(first, 1, paid), executed(first, 100_000), attributed(100_000, 100_000), event.StopLapsed{Order: "stop-first"}}
	court := func(by string, amount money.Fen) event.PriorRestraintFound {
		return event.PriorRestraintFound{Order: "stop-first", Kind: "1001", By: by, Amount: amount, At: four}
	}
	b := requested(first, 1, paid)
	b.Order, b.Case = "stop-b", "case-b"
	holds := event.StopExecuted{Order: "stop-b", Case: "case-b", ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour), Held: 20_000}
	frozen := []event.AccountEvent{
		event.FreezeRequested{Order: "freeze-b", Case: "case-b", Account: first, FreezeType: "01", Limit: 40_000, At: four},
		event.FreezeExecuted{Order: "freeze-b", Case: "case-b", ExecutedAt: four, ExpiresAt: four.AddDate(0, 6, 0), Frozen: 40_000, Balance: 100_000},
	}
	queued := []event.AccountEvent{
		event.FreezeRequested{Order: "freeze-first", Case: kase, Account: first, At: four},
		event.FreezeQueued{Order: "freeze-first", Former: "某院"},
	}
	for name, c := range map[string]struct {
		more []event.AccountEvent
		want map[flow.Where]money.Fen
	}{
		"a court's freeze of an amount":                                   {[]event.AccountEvent{court("某院", 30_000)}, map[flow.Where]money.Fen{flow.Elsewhere: 30_000, flow.Unstopped: 70_000}},
		"of the whole account":                                            {[]event.AccountEvent{court("某院", 0)}, map[flow.Where]money.Fen{flow.Elsewhere: 100_000}},
		"two, that may be of the same money":                              {[]event.AccountEvent{court("某院", 30_000), court("他院", 10_000)}, map[flow.Where]money.Fen{flow.Elsewhere: 30_000, flow.Unstopped: 70_000}},
		"one of an amount and one of all":                                 {[]event.AccountEvent{court("某院", 30_000), court("他院", 0)}, map[flow.Where]money.Fen{flow.Elsewhere: 100_000}},
		"its amount has changed":                                          {[]event.AccountEvent{court("某院", 30_000), court("某院", 5_000)}, map[flow.Where]money.Fen{flow.Elsewhere: 5_000, flow.Unstopped: 95_000}},
		"another case's stop of an amount":                                {[]event.AccountEvent{b, holds}, map[flow.Where]money.Fen{flow.Elsewhere: 20_000, flow.Unstopped: 80_000}},
		"another case's freeze of an amount":                              {frozen, map[flow.Where]money.Fen{flow.Elsewhere: 40_000, flow.Unstopped: 60_000}},
		"of which nothing is left":                                        {append(slices.Clip(frozen), event.FreezePartiallyReleased{Order: "freeze-b", Amount: 40_000}), map[flow.Where]money.Fen{flow.Unstopped: 100_000}},
		"the case's own freeze waits for one whose amount the bank tells": {append([]event.AccountEvent{court("某院", 30_000)}, queued...), map[flow.Where]money.Fen{flow.Elsewhere: 30_000, flow.Pending: 70_000}},
	} {
		t.Run(name, func(t *testing.T) {
			g := build(opened(), accounts{"first": slices.Concat(lapsed, c.more)})
			got := map[flow.Where]money.Fen{}
			for _, s := range g.Totals.Shares {
				got[s.Where] = s.Amount
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			balance(t, g)
		})
	}
}

// Two orders for an account, the second after the first has failed, follow the same
// movement, each under a name of its own.
func TestWhatTwoOrdersNameIsDrawnOnce(t *testing.T) {
	named := func(id, serial string, minutes int) event.DownstreamAccountFound {
		source := transfer(id, first, second, 60_000, minutes)
		source.Serial = serial
		e := found(first, second, 2, source, 0, "")
		e.Lots, e.Manual, e.SourceRevision = nil, true, 0
		return e
	}
	for name, c := range map[string]struct {
		one, other event.DownstreamAccountFound
		want       int
	}{
		"the same serial number":                 {named("m1", "A2", 1), named("m2", "A2", 2), 1},
		"the same time, one without a number":    {named("m1", "A2", 1), named("m2", "", 1), 1},
		"another serial number at the same time": {named("m1", "A2", 1), named("m2", "A3", 1), 2},
		"another time, one without a number":     {named("m1", "A2", 1), named("m2", "", 2), 2},
	} {
		t.Run(name, func(t *testing.T) {
			g := build(append(opened(), c.one, c.other), nil)
			if drawn := len(g.Edges) - 1; drawn != c.want {
				t.Errorf("%d are drawn: %+v", drawn, g.Edges)
			}
		})
	}
	moved := transfer("from-the-rows", first, second, 60_000, 3)
	moved.Serial = "B-9"
	g := build(append(opened(), named("m1", "A2", 1)), accounts{"first": {requested(first, 1, paid), attributed(40_000, 40_000, out(moved, 60_000))}})
	if len(g.Edges) != 2 {
		t.Errorf("the bank counts differently, and both are drawn: %+v", g.Edges)
	}
}
