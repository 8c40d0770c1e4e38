package flow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

func ids(paths [][]flow.Edge) (all [][]string) {
	for _, p := range paths {
		var way []string
		for _, e := range p {
			way = append(way, string(e.ID))
		}
		all = append(all, way)
	}
	return all
}

func TestWhyWasThisAccountStopped(t *testing.T) {
	t2, t3 := transfer("t2", first, second, 60_000, 1), transfer("t3", first, third, 30_000, 2)
	t4, back := transfer("t4", second, third, 20_000, 3), transfer("t5", third, first, 1_000, 4)
	stop := requested(third, 2, t3)
	stop.ParentOrder = "stop-first"
	chase := append(opened(), found(first, second, 2, t2, 60_000, ""), found(first, third, 2, t3, 30_000, ""))
	in := flow.Histories{Rows: domain.Rows{}, Pursuit: chase, Accounts: accounts{
		"first":  {requested(first, 1, paid), executed(first, 11_000), attributed(11_000, 11_000, out(t2, 60_000), out(t3, 30_000))},
		"second": {requested(second, 2, t2), executed(second, 40_000), attributed(40_000, 40_000, out(t4, 20_000))},
		"third": {
			stop,
			event.StopApproved{Order: "stop-third", Approver: leader, Standing: "standing-1", At: four},
			executed(third, 49_000),
			attributed(49_000, 49_000, out(back, 1_000)),
		},
	}}
	g := flow.Build(four, in)
	x, known := flow.Explain(g, in, "third", "stop-third")
	if !known || x.Kind != flow.Stop || x.Basis != flow.Automatic || x.Standing != "standing-1" || x.Approver != leader || x.ParentOrder != "stop-first" {
		t.Errorf("explained: %+v", x)
	}
	if diff := cmp.Diff([][]string{{"t1", "t3"}, {"t1", "t2", "t4"}}, ids(x.Paths)); diff != "" {
		t.Errorf("the paths, the one that the order follows first: %s", diff)
	}
	x, _ = flow.Explain(g, in, "first", "stop-first")
	if diff := cmp.Diff([][]string{{"t1"}}, ids(x.Paths)); diff != "" || x.More {
		t.Errorf("a cycle is no path: %s", diff)
	}
	if _, known := flow.Explain(g, in, "third", "another"); known {
		t.Error("an unknown order is explained")
	}
}

func TestAnOfficersOwnOrderIsCalledThat(t *testing.T) {
	named := transfer("manual", first, second, 60_000, 1)
	manual := found(first, second, 2, named, 0, "")
	manual.Lots, manual.Manual = nil, true
	in := flow.Histories{Rows: domain.Rows{}, Pursuit: append(opened(), manual), Accounts: accounts{"second": {requested(second, 2, named)}}}
	x, _ := flow.Explain(flow.Build(four, in), in, "second", "stop-second")
	if x.Basis != flow.Manual || len(x.Paths) != 1 || !x.Paths[0][1].Manual {
		t.Errorf("explained: %+v", x)
	}
}

func TestManyPathsAreToldAsMore(t *testing.T) {
	chase := opened()
	histories := accounts{}
	var outs []event.Outflow
	for i := range 8 {
		middle := event.Account{ID: identity.AccountID(rune('a' + i)), Bank: "104100000004"}
		in, on := transfer(string(rune('a'+i))+"-in", first, middle, 1000, 1), transfer(string(rune('a'+i))+"-on", middle, third, 1000, 2)
		outs = append(outs, out(in, 1000))
		chase = append(chase, found(first, middle, 2, in, 1000, ""), found(middle, third, 3, on, 1000, ""))
		histories[middle.ID] = []event.AccountEvent{attributed(0, 0, out(on, 1000))}
	}
	histories["first"] = []event.AccountEvent{attributed(92_000, 92_000, outs...)}
	histories["third"] = []event.AccountEvent{requested(third, 3, transfer("c-on", event.Account{ID: "c"}, third, 1000, 2))}
	in := flow.Histories{Rows: domain.Rows{}, Pursuit: chase, Accounts: histories}
	x, _ := flow.Explain(flow.Build(four, in), in, "third", "stop-third")
	if len(x.Paths) != 5 || !x.More || x.Paths[0][2].ID != "c-on" {
		t.Errorf("%d paths, more %t: %v", len(x.Paths), x.More, ids(x.Paths))
	}
}

func TestASecondStopTellsWhoAskedForIt(t *testing.T) {
	second := requested(first, 1, paid)
	second.Order, second.Ordinal = "second", 2
	in := flow.Histories{Rows: domain.Rows{}, Pursuit: opened(), Accounts: accounts{"first": {requested(first, 1, paid), second}}}
	x, _ := flow.Explain(flow.Build(four, in), in, "first", "second")
	if x.Basis != flow.Renewed || x.Ordinal != 2 || len(x.Paths) != 1 {
		t.Errorf("by an officer: %+v", x)
	}
	again := opened()[1].(event.DownstreamAccountFound)
	again.Order = "second"
	in.Pursuit = append(in.Pursuit, again)
	if x, _ = flow.Explain(flow.Build(four, in), in, "first", "second"); x.Basis != flow.Automatic {
		t.Errorf("by the chase: %+v", x)
	}
}
