package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/refund/internal/domain"
	"pgregory.net/rapid"
)

// moved is a transfer some minutes after noon.
func moved(id identity.TransferID, from, to event.Account, minute int, amount money.Fen) event.Transfer {
	return event.Transfer{ID: id, From: from, To: to, Amount: amount, At: noon.Add(time.Duration(minute) * time.Minute), Serial: string(id)}
}

func found(t event.Transfer, level int, lots ...event.Lot) event.DownstreamAccountFound {
	return event.DownstreamAccountFound{Case: "c-1", Account: t.To, Level: level, Source: t, Lots: lots}
}

func traced(t event.Transfer, lots ...event.Lot) event.TransferTraced {
	return event.TransferTraced{Case: "c-1", Source: t, Lots: lots}
}

func TestAFlowTableKeepsTheHopsFromTheVictimToTheFrozenAccount(t *testing.T) {
	one, two, x := account("one", "103100000026"), account("two", "103100000026"), account("x", "103100000026")
	t1 := moved("t-1", victimA, one, 0, 3_000_000)
	t2 := moved("t-2", victimB, one, 9, 5_000_000) // as the victim remembers; the bank has it earlier
	hop, tail := moved("h-1", one, two, 5, 4_000_000), moved("h-2", two, mule, 6, 2_500_000)
	declared := []domain.Declared{{Victim: "p-1", Transfer: t1}, {Victim: "p-1", Transfer: t2}}
	chase := []event.PursuitEvent{
		event.PursuitOpened{Case: "c-1"},
		found(t1, 1, lot("t-1", 3_000_000)),
		traced(t2, lot("t-2", 5_000_000)),
		found(hop, 2, lot("t-1", 900_000)),
		found(moved("away", one, x, 5, 1_000_000), 2, lot("t-1", 1_000_000)),                                 // goes elsewhere
		found(tail, 3, lot("t-1", 900_000), lot("t-2", 1_100_000), event.Lot{Amount: 500_000}),               //
		traced(moved("late", one, two, 7, 600_000), lot("t-2", 600_000)),                                     // after the money had gone on
		traced(moved("others", x, mule, 8, 70_000), event.Lot{Case: "c-2", Transfer: "t-1", Amount: 70_000}), // another case's money
		traced(moved("dark", two, mule, 6, 80_000), event.Lot{Amount: 80_000}),                               // nobody's that is known
		traced(moved("orphan", other, two, 4, 90_000), lot("t-1", 90_000)),                                   // from where no victim's money went
		traced(hop, lot("t-1", 1_000_000), lot("t-2", 1_200_000)),                                            // found anew, with more
	}
	rows, err := domain.FlowTable(history{opened()}.state(), domain.Edges("c-1", declared, chase))
	if err != nil {
		t.Fatal(err)
	}
	want := []event.FlowRow{
		{Seq: 1, Level: 1, Transfer: t1, Carried: 3_000_000},
		{Seq: 2, Level: 1, Transfer: t2, Carried: 5_000_000},
		{Seq: 3, Level: 2, Transfer: hop, Carried: 2_200_000},
		{Seq: 4, Level: 3, Transfer: tail, Carried: 2_000_000},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("another table (-want +got):\n%s", diff)
	}
}

func TestADeclaredTransferThatTheChaseMetUnderAnotherIDIsOneRow(t *testing.T) {
	own := moved("t-1", victimA, mule, 0, 3_000_000)
	asRow := own
	asRow.ID = "row-1"
	edges := domain.Edges("c-1", []domain.Declared{{Victim: "p-1", Transfer: own}}, []event.PursuitEvent{found(asRow, 1, lot("t-1", 3_000_000))})
	if len(edges) != 1 || edges[0].Transfer.ID != "t-1" || edges[0].Level != 1 {
		t.Errorf("edges %+v", edges)
	}
}

func TestTheChaseMayGoInCirclesAndTheTableEnds(t *testing.T) {
	one := account("one", "103100000026")
	t1 := moved("t-1", victimA, one, 0, 3_000_000)
	l := lot("t-1", 1_000_000)
	chase := []event.PursuitEvent{
		found(moved("a", one, mule, 1, 1_000_000), 2, l), traced(moved("b", mule, one, 2, 1_000_000), l), traced(moved("c", one, mule, 3, 1_000_000), l),
	}
	rows, err := domain.FlowTable(history{opened()}.state(), domain.Edges("c-1", []domain.Declared{{Victim: "p-1", Transfer: t1}}, chase))
	if err != nil || len(rows) != 4 {
		t.Errorf("%d rows, %v; want the circle and back: 4", len(rows), err)
	}
}

func TestAFlowTableDoesNotHangOnTheOrderInWhichItWasLearnt(t *testing.T) {
	accounts := []event.Account{victimA, mule}
	for n := range 5 {
		accounts = append(accounts, account(fmt.Sprintf("x-%d", n), "103100000026"))
	}
	declared := []domain.Declared{{Victim: "p-1", Transfer: moved("t-1", victimA, accounts[2], 0, 3_000_000)}}
	rapid.Check(t, func(rt *rapid.T) {
		edges := domain.Edges("c-1", declared, nil)
		for n := range rapid.IntRange(0, 14).Draw(rt, "n") {
			from, to := rapid.SampledFrom(accounts[1:]).Draw(rt, "from"), rapid.SampledFrom(accounts[1:]).Draw(rt, "to")
			hop := moved(identity.TransferID(fmt.Sprintf("h-%02d", n)), from, to, rapid.IntRange(0, 5).Draw(rt, "minute"), 100)
			edges = append(edges, domain.Edge{Transfer: hop, Level: rapid.IntRange(1, 3).Draw(rt, "level"), Lots: []event.Lot{lot("t-1", 100)}})
		}
		p := history{opened()}.state()
		one, err := domain.FlowTable(p, edges)
		if err != nil {
			rt.Fatal(err)
		}
		two, err := domain.FlowTable(p, rapid.Permutation(edges).Draw(rt, "order"))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(one, two); diff != "" {
			rt.Fatalf("two tables of one graph:\n%s", diff)
		}
	})
}
