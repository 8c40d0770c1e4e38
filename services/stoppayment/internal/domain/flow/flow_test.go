package flow_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"pgregory.net/rapid"
)

type accounts = map[identity.AccountID][]event.AccountEvent

func TestWhereTheMoneyIsNow(t *testing.T) {
	t2 := transfer("t2", first, second, 60_000, 1)
	toCash := transfer("t3", first, event.Account{}, 10_000, 2)
	freeze := func(frozen money.Fen) []event.AccountEvent {
		return []event.AccountEvent{
			event.FreezeRequested{Order: "freeze-first", Case: kase, Account: first, At: four},
			event.FreezeExecuted{Order: "freeze-first", Case: kase, Account: first, ExecutedAt: four, ExpiresAt: four.AddDate(0, 6, 0), Frozen: frozen, Balance: 100_000},
			event.StopLifted{Order: "stop-first", Cause: "converted", At: four},
		}
	}
	stopped := []event.AccountEvent{requested(first, 1, paid), executed(first, 100_000), attributed(100_000, 100_000)}
	tookBack := event.BankDiscrepancyFound{Order: "stop-first", Kind: "answer-withdrawn", Found: "not-found"}
	another := requested(first, 1, paid)
	another.Order, another.Case = "stop-b", "case-b"
	for name, c := range map[string]struct {
		chase    []event.PursuitEvent
		accounts accounts
		want     map[flow.Where]money.Fen
	}{
		"reported, and no order has reached the account": {opened(), nil, map[flow.Where]money.Fen{flow.Pending: 100_000}},
		"an order that waits for approval": {
			opened(),
			accounts{"first": {requested(first, 1, paid)}},
			map[flow.Where]money.Fen{flow.Pending: 100_000},
		},
		"stopped with all of it there": {opened(), accounts{"first": stopped}, map[flow.Where]money.Fen{flow.Stopped: 100_000}},
		"stopped, before the bank has sent rows: no more than the balance is certain": {
			opened(),
			accounts{"first": {requested(first, 1, paid), executed(first, 30_000)}},
			map[flow.Where]money.Fen{flow.Stopped: 30_000, flow.Unverified: 70_000},
		},
		"a stop of an amount leaves the rest free": {
			opened(),
			accounts{"first": {requested(first, 1, paid), func() event.AccountEvent { e := executed(first, 100_000); e.Held = 40_000; return e }(), attributed(100_000, 100_000)}},
			map[flow.Where]money.Fen{flow.Stopped: 40_000, flow.Unstopped: 60_000},
		},
		"a stop that was narrowed": {
			opened(),
			accounts{"first": slices.Concat(stopped, []event.AccountEvent{event.StopNarrowed{Order: "stop-first", Held: 90_000}})},
			map[flow.Where]money.Fen{flow.Stopped: 90_000, flow.Unstopped: 10_000},
		},
		"a stop that has lapsed": {
			opened(),
			accounts{"first": slices.Concat(stopped, []event.AccountEvent{event.StopLapsed{Order: "stop-first"}})},
			map[flow.Where]money.Fen{flow.Unstopped: 100_000},
		},
		"a stop that its bank says it never carried out": {
			opened(),
			accounts{"first": slices.Concat(stopped, []event.AccountEvent{tookBack})},
			map[flow.Where]money.Fen{flow.Unstopped: 100_000},
		},
		"and that it did carry out after all": {
			opened(),
			accounts{"first": slices.Concat(stopped, []event.AccountEvent{tookBack, event.StopAnswerCorrected{Order: "stop-first", ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour), BalanceBefore: 100_000}})},
			map[flow.Where]money.Fen{flow.Stopped: 100_000},
		},
		"a stop that failed while another case's holds": {
			opened(),
			accounts{"first": {
				requested(first, 1, paid),
				event.StopFailed{Order: "stop-first", Cause: "technical"},
				another,
				event.StopExecuted{Order: "stop-b", Case: "case-b", ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour)},
			}},
			map[flow.Where]money.Fen{flow.Elsewhere: 100_000},
		},
		"frozen, and the freeze is smaller than what was stopped": {
			opened(),
			accounts{"first": slices.Concat(stopped, freeze(70_000))},
			map[flow.Where]money.Fen{flow.Frozen: 70_000, flow.Unstopped: 30_000},
		},
		"returned in part": {
			opened(),
			accounts{"first": slices.Concat(stopped, freeze(100_000), []event.AccountEvent{
				event.FrozenFundsReturned{Order: "freeze-first", Payment: "p1", Amount: 25_000, Remaining: 75_000},
			})},
			map[flow.Where]money.Fen{flow.Returned: 25_000, flow.Frozen: 75_000},
		},
		"released in part, and the freeze lifted": {
			opened(),
			accounts{"first": slices.Concat(stopped, freeze(100_000), []event.AccountEvent{
				event.FreezePartiallyReleased{Order: "freeze-first", Amount: 20_000, Remaining: 80_000},
				event.FreezeLifted{Order: "freeze-first", Cause: "unrelated"},
			})},
			map[flow.Where]money.Fen{flow.Unstopped: 100_000},
		},
		"gone on, taken out in cash, and held": {
			append(opened(), found(first, second, 2, t2, 60_000, "")),
			accounts{
				"first":  {requested(first, 1, paid), executed(first, 30_000), attributed(30_000, 30_000, out(t2, 60_000), out(toCash, 10_000))},
				"second": {requested(second, 2, t2), event.StopFailed{Order: "stop-second", Cause: "closed"}},
			},
			map[flow.Where]money.Fen{flow.Stopped: 30_000, flow.CashedOut: 10_000, flow.Unstopped: 60_000},
		},
		"an account that the chase has not met yet": {
			opened(),
			accounts{"first": {requested(first, 1, paid), executed(first, 40_000), attributed(40_000, 40_000, out(t2, 60_000))}},
			map[flow.Where]money.Fen{flow.Stopped: 40_000, flow.Pending: 60_000},
		},
		"beyond the level": {
			append(opened(), found(first, second, 2, t2, 60_000, "level-limit")),
			accounts{"first": {requested(first, 1, paid), executed(first, 40_000), attributed(40_000, 40_000, out(t2, 60_000))}},
			map[flow.Where]money.Fen{flow.Stopped: 40_000, flow.BeyondLevel: 60_000},
		},
		"under the minimum": {
			append(opened(), found(first, second, 2, t2, 60_000, "amount-limit")),
			accounts{"first": {requested(first, 1, paid), executed(first, 40_000), attributed(40_000, 40_000, out(t2, 60_000))}},
			map[flow.Where]money.Fen{flow.Stopped: 40_000, flow.UnderMinimum: 60_000},
		},
		"a transfer without a counterparty is not cash": {
			opened(),
			accounts{"first": {
				requested(first, 1, paid), executed(first, 90_000),
				event.StatementReceived{Order: "stop-first", Opening: 100_000, Rows: []event.Row{{Serial: "S-t3", At: toCash.At, Amount: 10_000, Balance: 90_000, Kind: "transfer"}}},
				attributed(90_000, 90_000, out(toCash, 10_000)),
			}},
			map[flow.Where]money.Fen{flow.Stopped: 90_000, flow.Untraceable: 10_000},
		},
		"the bank's rows do not show what the victim paid": {
			opened(),
			accounts{"first": {requested(first, 1, paid), executed(first, 0), event.FundsAttributed{Revision: 1, Method: event.DirectTimestamp}}},
			map[flow.Where]money.Fen{flow.Unverified: 100_000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := build(c.chase, c.accounts)
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

// balance demands that what was reported is the sum of where it is.
func balance(tb testing.TB, g flow.Graph) {
	tb.Helper()
	var sum, nodes money.Fen
	for _, s := range g.Totals.Shares {
		sum += s.Amount
	}
	for _, n := range g.Nodes {
		var here money.Fen
		for _, s := range n.Shares {
			here += s.Amount
		}
		if n.Kind != flow.Victim && here != n.In-n.Left {
			tb.Errorf("%s: %d of %d is somewhere", n.ID, here, n.In-n.Left)
		}
		nodes += here
	}
	if sum != g.Totals.Reported || nodes != sum {
		tb.Errorf("reported %d, somewhere %d, on nodes %d", g.Totals.Reported, sum, nodes)
	}
}

func TestACycleOfTransfersIsDrawnOnceAndBalances(t *testing.T) {
	there, back := transfer("t2", first, second, 60_000, 1), transfer("t3", second, first, 20_000, 2)
	g := build(append(opened(), found(first, second, 2, there, 60_000, ""), event.TransferTraced{Case: kase, Source: back, Lots: lots(20_000), SourceRevision: 1}), accounts{
		"first":  {requested(first, 1, paid), executed(first, 60_000), attributed(60_000, 60_000, out(there, 60_000))},
		"second": {requested(second, 2, there), executed(second, 40_000), attributed(40_000, 40_000, out(back, 20_000))},
	})
	balance(t, g)
	if len(g.Nodes) != 3 || len(g.Edges) != 3 || g.Totals.Reported != 100_000 {
		t.Errorf("%d nodes, %d edges, reported %s", len(g.Nodes), len(g.Edges), g.Totals.Reported)
	}
	if n, _ := g.Node("first"); n.In != 120_000 || n.Left != 60_000 || n.Share(flow.Stopped) != 60_000 {
		t.Errorf("the first account: %+v", n)
	}
}

func TestAnAttributionInPartsCountsAllOfThem(t *testing.T) {
	t2, t3 := transfer("t2", first, second, 60_000, 1), transfer("t3", first, third, 30_000, 2)
	head := attributed(10_000, 10_000, out(t2, 60_000))
	head.Parts, head.Left, head.Reached = 2, lots(90_000), lots(100_000)
	g := build(opened(), accounts{"first": {
		requested(first, 1, paid), executed(first, 10_000), head,
		event.OutflowsAttributed{Revision: 1, Part: 2, Parts: 2, Outflows: []event.Outflow{out(t3, 30_000)}},
		event.OutflowsAttributed{Revision: 7, Part: 2, Parts: 2, Outflows: []event.Outflow{out(t3, 30_000)}}, // of another one
	}})
	balance(t, g)
	if n, _ := g.Node("first"); n.Left != 90_000 {
		t.Errorf("left %s", n.Left)
	}
}

func TestWhatAnOfficerNamedIsDrawnUntilABankShowsIt(t *testing.T) {
	named := transfer("manual", first, second, 60_000, 1)
	manual := found(first, second, 2, named, 0, "")
	manual.Lots, manual.Manual, manual.SourceRevision = nil, true, 0
	g := build(append(opened(), manual), nil)
	if len(g.Edges) != 2 || !g.Edges[1].Manual || g.Edges[1].Carried != 0 {
		t.Fatalf("before: %+v", g.Edges)
	}
	shown := named
	shown.ID = "from-the-rows"
	g = build(append(opened(), manual), accounts{"first": {requested(first, 1, paid), attributed(40_000, 40_000, out(shown, 60_000))}})
	balance(t, g)
	if len(g.Edges) != 2 || g.Edges[1].Manual || g.Edges[1].Carried != 60_000 {
		t.Errorf("after: %+v", g.Edges)
	}
}

// TestI74_ReportedIsWhereItIsNow draws random money through random accounts and
// cuts every history at any event: whatever is known, nothing is lost and
// nothing is counted twice.
func TestI74_ReportedIsWhereItIsNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := make([]event.Account, rapid.IntRange(1, 9).Draw(t, "accounts"))
		for i := range all {
			all[i] = event.Account{ID: identity.AccountID(rune('a' + i)), Bank: "103100000026"}
		}
		source := event.Transfer{ID: "t1", From: victims, To: all[0], Amount: 1_000_000, At: four}
		chase := []event.PursuitEvent{
			event.PursuitOpened{Case: kase, ReportedAt: four},
			event.DownstreamAccountFound{Case: kase, Account: all[0], Level: 1, Source: source, Lots: lots(1_000_000), Order: "stop-a"},
		}
		on, histories, outflows := make([]money.Fen, len(all)), accounts{}, make([][]event.Outflow, len(all))
		on[0] = 1_000_000
		for n := range rapid.IntRange(0, 25).Draw(t, "moves") {
			from, to := rapid.IntRange(0, len(all)-1).Draw(t, "from"), rapid.IntRange(-1, len(all)-1).Draw(t, "to")
			if on[from] == 0 || from == to {
				continue
			}
			amount := money.Fen(rapid.Int64Range(1, int64(on[from])).Draw(t, "amount"))
			move := event.Transfer{ID: identity.TransferID(rune('A' + n)), From: all[from], Amount: amount, At: four.Add(time.Duration(n) * time.Second)}
			on[from] -= amount
			if to >= 0 {
				move.To = all[to]
				on[to] += amount
				chase = append(chase, found(all[from], all[to], 2, move, amount, rapid.SampledFrom([]string{"", "level-limit", "amount-limit", "kind"}).Draw(t, "withheld")))
			}
			outflows[from] = append(outflows[from], out(move, amount))
		}
		for i, a := range all {
			events := []event.AccountEvent{
				requested(a, 1, source), executed(a, on[i]), attributed(on[i], on[i], outflows[i]...),
				rapid.SampledFrom([]event.AccountEvent{
					event.StopLapsed{Order: identity.OrderID("stop-" + string(a.ID))}, event.StopNarrowed{Order: identity.OrderID("stop-" + string(a.ID)), Held: 5},
				}).Draw(t, "end"),
			}
			histories[a.ID] = events[:rapid.IntRange(0, len(events)).Draw(t, "known")]
		}
		chase = chase[:rapid.IntRange(2, len(chase)).Draw(t, "chased")]
		for _, id := range slices.Collect(maps.Keys(histories)) {
			if !slices.Contains(flow.Accounts(chase), id) {
				delete(histories, id)
			}
		}
		g := build(chase, histories)
		if g.Totals.Reported != 1_000_000 {
			t.Fatalf("reported %s", g.Totals.Reported)
		}
		var sum money.Fen
		for _, s := range g.Totals.Shares {
			sum += s.Amount
		}
		if sum != g.Totals.Reported {
			t.Fatalf("reported %s, somewhere %s: %v", g.Totals.Reported, sum, g.Totals.Shares)
		}
		if diff := cmp.Diff(g, build(chase, histories)); diff != "" {
			t.Fatalf("the same histories, another picture: %s", diff)
		}
	})
}
