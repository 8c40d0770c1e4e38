package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// mixed is the account of the published vector: 10,000 of nobody known, then
// 40,000 of A and 50,000 of B, then 60,000 to X.
func mixed() domain.Account {
	at := func(minute int) time.Time { return four.Add(time.Duration(minute) * time.Minute) }
	inflow := func(c identity.CaseID, serial string, minute int, amount money.Fen) domain.Inflow {
		id := identity.TransferID("from-" + string(c))
		return domain.Inflow{
			Case: c, Source: event.Transfer{ID: id, Amount: amount, At: at(minute), Serial: serial},
			Lots: []event.Lot{{Case: c, Victim: identity.PartyID(c), Transfer: id, Amount: amount}},
		}
	}
	return domain.Account{
		Ref: mule, Stated: true, Balance: 40_000,
		Inflows: []domain.Inflow{inflow("A", "S-A", 1, 40_000), inflow("B", "S-B", 2, 50_000)},
		Statement: event.StatementReceived{Opening: 10_000, Rows: []event.Row{
			{Serial: "S-A", At: at(1), Credit: true, Amount: 40_000, Balance: 50_000},
			{Serial: "S-B", At: at(2), Credit: true, Amount: 50_000, Balance: 100_000},
			{Serial: "S-X", At: at(3), Amount: 60_000, Balance: 40_000, Counter: &mule2},
		}},
	}
}

func byOwner(lots []event.Lot) map[identity.CaseID]money.Fen {
	sums := map[identity.CaseID]money.Fen{}
	for _, l := range lots {
		sums[l.Case] += l.Amount
	}
	return sums
}

func TestThePublishedVectorsOfAttribution(t *testing.T) {
	for method, want := range map[event.Method]struct{ left, held map[identity.CaseID]money.Fen }{
		event.ProRata: {map[identity.CaseID]money.Fen{"A": 24_000, "B": 30_000}, map[identity.CaseID]money.Fen{"A": 16_000, "B": 20_000, "": 4_000}},
		event.FIFO:    {map[identity.CaseID]money.Fen{"A": 40_000, "B": 10_000}, map[identity.CaseID]money.Fen{"B": 40_000}},
		event.LIFO:    {map[identity.CaseID]money.Fen{"A": 10_000, "B": 50_000}, map[identity.CaseID]money.Fen{"A": 30_000, "": 10_000}},
		// No single credit covers 60,000, so that it is shared and not exact.
		event.DirectTimestamp: {map[identity.CaseID]money.Fen{"A": 24_000, "B": 30_000}, map[identity.CaseID]money.Fen{"A": 16_000, "B": 20_000, "": 4_000}},
	} {
		t.Run(string(method), func(t *testing.T) {
			got, missing, err := domain.Attribute(mixed(), method)
			if err != nil || len(missing) > 0 {
				t.Fatal(err, missing)
			}
			if diff := cmp.Diff(want.left, byOwner(got.Left)); diff != "" {
				t.Errorf("to X (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.held, byOwner(got.Held)); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
			if got.Exact {
				t.Error("claims a one-to-one match that there is not")
			}
		})
	}
}

func TestI38_ADebitThatOneCreditCoversIsMatchedOneToOne(t *testing.T) {
	a := mixed()
	a.Statement.Rows[2].Amount, a.Statement.Rows[2].Balance, a.Balance = 45_000, 55_000, 55_000
	got, _, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || !got.Exact || got.Credits != 2 {
		t.Fatalf("exact %v with %d credits, %v", got.Exact, got.Credits, err)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"B": 45_000}, byOwner(got.Left)); diff != "" {
		t.Errorf("the latest credit that covers the debit is B's (-want +got):\n%s", diff)
	}
	if len(got.Outflows) != 1 || got.Outflows[0].Transfer.To.ID != mule2.ID || got.Outflows[0].Transfer.Serial != "S-X" {
		t.Errorf("outflows %+v", got.Outflows)
	}
}

func TestAnInflowThatTheStatementLacksIsReported(t *testing.T) {
	a := mixed()
	a.Inflows[1].Source.Serial, a.Inflows[1].Source.At = "", four.Add(-time.Hour)
	_, missing, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || len(missing) != 1 || missing[0].Case != "B" {
		t.Errorf("missing %+v, %v", missing, err)
	}
}

// Money is conserved whatever rows come, in whatever order.
func TestI33_LotsAlwaysSumToWhatCameInAndStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]event.Method{event.DirectTimestamp, event.ProRata, event.FIFO, event.LIFO}).Draw(t, "method")
		a := draw(t)
		got, missing, err := domain.Attribute(a, method)
		if err != nil || len(missing) > 0 {
			t.Fatal(err, missing)
		}
		held, left, reached := byOwner(got.Held), byOwner(got.Left), byOwner(got.Reached)
		var total money.Fen
		for owner, amount := range held {
			total += amount
			if amount < 0 {
				t.Fatalf("%q holds %d", owner, amount)
			}
		}
		if total != a.Balance {
			t.Fatalf("lots of %d on a balance of %d", total, a.Balance)
		}
		for owner := range reached {
			if reached[owner] != held[owner]+left[owner] {
				t.Fatalf("%q: reached %d, held %d, left %d", owner, reached[owner], held[owner], left[owner])
			}
		}
		for _, out := range got.Outflows {
			if sum := byOwner(out.Lots); len(sum) == 0 || sum[""] > 0 {
				t.Fatalf("an outflow of nobody's money is followed: %+v", out)
			}
		}
	})
}

// draw makes a statement that balances, with some credits traced to victims,
// wholly or in part.
func draw(t *rapid.T) domain.Account {
	a := domain.Account{Ref: mule, Stated: true}
	a.Statement.Opening = money.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "opening"))
	a.Balance = a.Statement.Opening
	for n := range rapid.IntRange(0, 30).Draw(t, "rows") {
		r := event.Row{Serial: fmt.Sprint("S", n), At: four.Add(time.Duration(n) * time.Second)}
		if a.Balance == 0 || rapid.Bool().Draw(t, "credit") {
			r.Credit, r.Amount = true, money.Fen(rapid.Int64Range(1, 1_000_000).Draw(t, "in"))
			a.Balance += r.Amount
			if rapid.Bool().Draw(t, "traced") {
				id := identity.TransferID("t-" + r.Serial)
				owner := identity.CaseID(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "owner"))
				part := money.Fen(rapid.Int64Range(1, int64(r.Amount)).Draw(t, "part"))
				a.Inflows = append(a.Inflows, domain.Inflow{
					Case: owner, Source: event.Transfer{ID: id, Serial: r.Serial, Amount: r.Amount, At: r.At},
					Lots: []event.Lot{{Case: owner, Victim: "v", Transfer: id, Amount: part}},
				})
			}
		} else {
			r.Amount = money.Fen(rapid.Int64Range(1, int64(a.Balance)).Draw(t, "out"))
			a.Balance -= r.Amount
			if rapid.Bool().Draw(t, "to a bank") {
				r.Counter = &mule2
			}
		}
		r.Balance = a.Balance
		a.Statement.Rows = append(a.Statement.Rows, r)
	}
	return a
}

func TestAStatementThatDoesNotAddUpIsADiscrepancyAndAttributesNothing(t *testing.T) {
	cmd := answer(four, 40_001) // the rows end at 40,000
	cmd.Statement = domain.Statement{Given: true, Opening: 10_000, Rows: mixed().Statement.Rows}
	a := domain.AccountDecider().Replay(requested(), approved())
	events, err := domain.DecideAccount(a, cmd)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if d, ok := events[2].(event.BankDiscrepancyFound); !ok || d.Kind != "statement-unbalanced" || d.Found != "closing-balance" {
		t.Errorf("got %#v", events[2])
	}
}

func TestTheAnswerOfABankIsAttributedAndALaterInflowRevisesIt(t *testing.T) {
	start := mixed()
	cmd := answer(four, 40_000)
	cmd.Statement = domain.Statement{Given: true, Opening: 10_000, Rows: start.Statement.Rows}
	inflow := event.InflowTraced{Case: "A", Source: start.Inflows[0].Source, Lots: start.Inflows[0].Lots}
	a := domain.AccountDecider().Replay(requested(), approved(), inflow)
	events, err := domain.DecideAccount(a, cmd)
	if err != nil {
		t.Fatal(err)
	}
	a = domain.AccountDecider().Replay(append([]event.AccountEvent{requested(), approved(), inflow}, events...)...)
	if a.Attribution.Revision != 1 || byOwner(a.Attribution.Held)["A"] != 16_000 {
		t.Fatalf("revision %d, held %v", a.Attribution.Revision, byOwner(a.Attribution.Held))
	}
	later := domain.TraceInflow{Case: "B", Source: start.Inflows[1].Source, Lots: start.Inflows[1].Lots, Method: event.DirectTimestamp}
	revised, err := domain.DecideAccount(a, later)
	if err != nil || len(revised) != 2 {
		t.Fatalf("%d events, %v", len(revised), err)
	}
	now, ok := revised[1].(event.FundsAttributed)
	if !ok || now.Revision != 2 || byOwner(now.Held)["B"] != 20_000 {
		t.Errorf("got %#v", revised[1])
	}
	for _, e := range revised {
		a = domain.EvolveAccount(a, e)
	}
	if again, err := domain.DecideAccount(a, later); err != nil || len(again) > 0 {
		t.Errorf("told again: %v, %v", again, err)
	}
}

func TestOfSeveralCreditsThatCoverADebitTheLatestCounts(t *testing.T) {
	a := mixed()
	a.Statement.Rows[2].Amount, a.Statement.Rows[2].Balance, a.Balance = 30_000, 70_000, 70_000 // A's 40,000 would cover it too
	got, _, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || !got.Exact {
		t.Fatalf("exact %v, %v", got.Exact, err)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"B": 30_000}, byOwner(got.Left)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestADebitOutOfACreditOfTwoOwnersIsNotExact(t *testing.T) {
	a := mixed()
	a.Inflows[1].Lots[0].Amount = 20_000 // of B's 50,000 only 20,000 are known to be B's
	a.Statement.Rows[2].Amount, a.Statement.Rows[2].Balance, a.Balance = 45_000, 55_000, 55_000
	got, _, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || got.Exact || byOwner(got.Left)["B"] != 18_000 {
		t.Errorf("exact %v, left %v, %v", got.Exact, byOwner(got.Left), err)
	}
}

func TestTwoCasesInOneMovementShareItsRow(t *testing.T) {
	row := event.Row{Serial: "X1", At: four, Credit: true, Amount: 100, Balance: 100}
	source := event.Transfer{ID: "x1", Serial: "X1", Amount: 100, At: four}
	a := domain.Account{Ref: mule, Stated: true, Balance: 100, Statement: event.StatementReceived{Rows: []event.Row{row}}}
	for _, e := range []event.InflowTraced{
		{Case: "A", Source: source, Lots: []event.Lot{{Case: "A", Transfer: "a", Amount: 60}}},
		{Case: "B", Source: source, Lots: []event.Lot{{Case: "B", Transfer: "b", Amount: 40}}},
	} {
		a = domain.EvolveAccount(a, e)
	}
	got, missing, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"A": 60, "B": 40}, byOwner(got.Held)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOneRowIsOneMovementAndASerialNumberGoesBeforeAGuess(t *testing.T) {
	rows := []event.Row{
		{Serial: "S1", At: four, Credit: true, Amount: 100, Balance: 100},
		{Serial: "S2", At: four.Add(time.Minute), Credit: true, Amount: 100, Balance: 200},
	}
	inflow := func(c identity.CaseID, serial string) domain.Inflow {
		id := identity.TransferID("t-" + string(c))
		return domain.Inflow{Case: c, Source: event.Transfer{ID: id, Serial: serial, Amount: 100, At: four}, Lots: []event.Lot{{Case: c, Transfer: id, Amount: 100}}}
	}
	a := domain.Account{Ref: mule, Stated: true, Balance: 200, Statement: event.StatementReceived{Rows: rows}, Inflows: []domain.Inflow{inflow("A", ""), inflow("B", "S1")}}
	got, missing, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	if diff := cmp.Diff(map[identity.CaseID]money.Fen{"A": 100, "B": 100}, byOwner(got.Held)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	a.Inflows = append(a.Inflows, inflow("C", "S2"), inflow("D", "S2"))
	if _, missing, _ = domain.Attribute(a, event.DirectTimestamp); len(missing) != 2 {
		t.Errorf("four movements in two rows: %d missing, want 2", len(missing))
	}
}

func TestTwoDeclaredTransfersOfOneVictimStayApart(t *testing.T) {
	a := mixed()
	a.Inflows[1].Case, a.Inflows[1].Lots[0].Case, a.Inflows[1].Lots[0].Victim = "A", "A", "A"
	got, _, err := domain.Attribute(a, event.FIFO)
	if err != nil || len(got.Held) != 1 || got.Held[0].Transfer != "from-B" || len(got.Left) != 2 {
		t.Errorf("held %+v, left %+v, %v", got.Held, got.Left, err)
	}
}

func TestTwinRowsAreTwoTransfers(t *testing.T) {
	a := mixed()
	third := event.Account{ID: "mule-3"}
	out := func(to *event.Account, balance money.Fen) event.Row {
		return event.Row{Serial: "BATCH", At: four.Add(3 * time.Minute), Amount: 10_000, Balance: balance, Counter: to}
	}
	a.Statement.Rows = append(a.Statement.Rows[:2:2], out(&mule2, 90_000), out(&third, 80_000), out(&mule2, 70_000))
	a.Balance = 70_000
	got, _, err := domain.Attribute(a, event.DirectTimestamp)
	if err != nil || len(got.Outflows) != 3 {
		t.Fatalf("%d outflows, %v", len(got.Outflows), err)
	}
	ids := map[identity.TransferID]bool{}
	for _, o := range got.Outflows {
		ids[o.Transfer.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("three rows of one batch have %d names", len(ids))
	}
}

// answered is an account whose bank has answered with the mixed statement.
func answered(t *testing.T) domain.Account {
	t.Helper()
	a := domain.AccountDecider().Replay(requested(), approved())
	for _, in := range mixed().Inflows {
		a = domain.EvolveAccount(a, event.InflowTraced{Case: in.Case, Source: in.Source, Lots: in.Lots, Basis: 5})
	}
	cmd := answer(four, 40_000)
	cmd.Statement = domain.Statement{Given: true, Opening: 10_000, Rows: mixed().Statement.Rows}
	return apply(t, a, cmd)
}

func apply(t *testing.T, a domain.Account, cmd domain.AccountCommand) domain.Account {
	t.Helper()
	events, err := domain.DecideAccount(a, cmd)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		a = domain.EvolveAccount(a, e)
	}
	return a
}

func TestAStatementThatLacksEarlierRowsDoesNotWipeTheLedger(t *testing.T) {
	a := answered(t)
	other := request()
	other.Order, other.Case, other.Lots, other.Source = "order-b", "case-b", nil, event.Transfer{}
	a = apply(t, a, other)
	a = apply(t, a, domain.ApproveStop{Order: "order-b", Approver: leader, At: four})
	short := answer(four, 40_000)
	short.Order, short.Statement = "order-b", domain.Statement{Given: true, Opening: 40_000}
	a = apply(t, a, short)
	if held := byOwner(a.Attribution.Held); held["A"] != 16_000 || held["B"] != 20_000 {
		t.Errorf("held after a statement without rows: %v", held)
	}
}

func TestAStatementThatComesLaterIsTakenAndAWrongOneIsNot(t *testing.T) {
	a := domain.AccountDecider().Replay(requested(), approved(), event.InflowTraced{Case: "A", Source: mixed().Inflows[0].Source, Lots: mixed().Inflows[0].Lots})
	a = apply(t, a, answer(four, 40_000))
	wrong := answer(four, 40_000)
	wrong.Statement = domain.Statement{Given: true, Opening: 1, Rows: mixed().Statement.Rows}
	if a = apply(t, a, wrong); a.Stated {
		t.Fatal("a statement that does not add up is in the ledger")
	}
	right := answer(four, 40_000)
	right.Statement = domain.Statement{Given: true, Opening: 10_000, Rows: mixed().Statement.Rows}
	if a = apply(t, a, right); !a.Stated || byOwner(a.Attribution.Held)["A"] != 16_000 {
		t.Errorf("the corrected statement: held %v", byOwner(a.Attribution.Held))
	}
	if events, err := domain.DecideAccount(a, right); err != nil || len(events) > 0 {
		t.Errorf("the same again: %d events, %v", len(events), err)
	}
}

func TestI63_AnInflowHeardLateChangesNothing(t *testing.T) {
	a := answered(t)
	old := domain.TraceInflow{Case: "A", Source: mixed().Inflows[0].Source, Lots: []event.Lot{{Case: "A", Transfer: "from-A", Amount: 1}}, Basis: 4, Method: event.DirectTimestamp}
	if events, err := domain.DecideAccount(a, old); err != nil || len(events) > 0 {
		t.Errorf("revision 4 after revision 5: %d events, %v", len(events), err)
	}
	old.Basis = 6
	if events, err := domain.DecideAccount(a, old); err != nil || len(events) != 2 {
		t.Errorf("revision 6 after revision 5: %d events, %v", len(events), err)
	}
}

func TestASecondStopLeavesTheLedgerAsItWas(t *testing.T) {
	a := apply(t, answered(t), second())
	if len(a.Inflows) != 2 || byOwner(a.Attribution.Held)["A"] != 16_000 {
		t.Errorf("%d inflows, held %v", len(a.Inflows), byOwner(a.Attribution.Held))
	}
}
