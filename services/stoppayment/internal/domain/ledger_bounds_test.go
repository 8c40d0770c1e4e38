package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// mebibyte is what the log takes in one append.
const mebibyte = 1 << 20

// noMoney is a request for a stop that brings no inflow with it.
func noMoney() event.StopRequested {
	r := requested()
	r.Lots, r.Source = nil, event.Transfer{}
	return r
}

func TestMissingInflowsAreReportedOnceEachAndWithoutEnd(t *testing.T) {
	a := domain.AccountDecider().Replay(noMoney(), approved())
	a = apply(t, a, stoppedWith(7, 7))
	reported, most := 0, 0
	for n := range 1_050 {
		id := identity.TransferID(fmt.Sprint("t-", n))
		events, err := domain.DecideAccount(a, domain.TraceInflow{
			Case: "A", Source: event.Transfer{ID: id, From: victims, To: mule, Amount: 5, At: minute(0)},
			Lots: []event.Lot{{Case: "A", Victim: "a", Transfer: id, Amount: 5}}, Method: event.DirectTimestamp, At: four,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			a = domain.EvolveAccount(a, e)
		}
		found := len(kinds(events))
		reported, most = reported+found, max(most, found)
	}
	if reported != 1_000 || most > 1 || len(a.Discrepancies) > 50 {
		t.Errorf("%d reported, at most %d at a time, %d remembered", reported, most, len(a.Discrepancies))
	}
}

func TestManyMissingInflowsAreOneDiscrepancy(t *testing.T) {
	a := domain.AccountDecider().Replay(noMoney(), approved())
	for n := range 150 {
		id := identity.TransferID(fmt.Sprint("t-", n))
		a = domain.EvolveAccount(a, event.InflowTraced{
			Case: "A", Source: event.Transfer{ID: id, From: victims, To: mule, Amount: 5, At: minute(0)}, Lots: []event.Lot{{Case: "A", Transfer: id, Amount: 5}},
		})
	}
	cmd := stoppedWith(7, 7)
	a = apply(t, a, cmd)
	if len(a.Discrepancies) != 1 || len(a.Discrepancies[0].Transfers) != 150 {
		t.Errorf("%d discrepancies", len(a.Discrepancies))
	}
}

// boxed is an account as heavy as banks make them.
func boxed(id string) event.Account {
	b := seal.Box{Subject: "account-" + id, Version: 1, Suite: "SM4-GCM", Field: "account-number", Nonce: make([]byte, 12), Cipher: make([]byte, 36)}
	return event.Account{ID: identity.AccountID(id), Bank: mule.Bank, Kind: "01", Number: b, Holder: b}
}

// weigh is what events weigh in the log, or a little more.
func weigh(t *testing.T, events []event.AccountEvent) int {
	t.Helper()
	stored, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return len(stored) + 1_000*len(events)
}

func TestI73_TheLongestStatementThatThereCanBeFitsTheLog(t *testing.T) {
	const parts, rows = domain.MaxParts, bank.RowsPerAnswer
	n := parts * rows
	total := money.Fen(n)
	id := identity.TransferID(identity.Derive("t").String())
	a := domain.AccountDecider().Replay(noMoney(), approved(), event.InflowTraced{
		Case: "A", Source: event.Transfer{ID: id, From: victims, To: mule, Amount: total, At: minute(0), Serial: "R0"},
		Lots: []event.Lot{{Case: "A", Victim: "a", Transfer: id, Amount: total}},
	})
	all := []event.Row{{Serial: "R0", At: minute(0), Credit: true, Amount: total, Balance: total, Kind: "transfer", Counter: &victims}}
	for i := 1; i < n; i++ {
		other := boxed(identity.Derive("account", fmt.Sprint(i)).String())
		all = append(all, event.Row{Serial: fmt.Sprint("2021071712345678901234", i), At: minute(1), Amount: 1, Balance: total - money.Fen(i), Kind: "transfer", Counter: &other})
	}
	give := func(cmd domain.AccountCommand) int {
		events, err := domain.DecideAccount(a, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if heavy := weigh(t, events); heavy > mebibyte {
			t.Fatalf("an append of %d bytes", heavy)
		}
		for _, e := range events {
			a = domain.EvolveAccount(a, e)
		}
		return len(events)
	}
	give(answer(four, 1))
	for p := range parts {
		s := domain.Statement{Given: true, Rows: all[p*rows : (p+1)*rows], Part: p + 1, Parts: parts}
		if p > 0 {
			s.Opening = all[p*rows-1].Balance
		}
		give(domain.AddRows{Order: "order-1", Statement: s, Method: event.DirectTimestamp, At: four})
	}
	for a.Continued < a.Attribution.Parts {
		if give(domain.ContinueAttribution{At: four}) == 0 {
			t.Fatal("it goes no further")
		}
	}
	f := a.Attribution
	if len(f.Outflows) != 6_000 || len(f.Names) != 6_000 || byOwner(f.Left)["A"] != total-1 {
		t.Errorf("%d outflows with %d names, left %v", len(f.Outflows), len(f.Names), f.Left)
	}
	if !slices.ContainsFunc(a.Discrepancies, func(d event.BankDiscrepancyFound) bool { return d.Kind == domain.TooLarge && d.Found == "outflows" }) {
		t.Errorf("nobody is told that not all are followed: %v", a.Discrepancies)
	}
}

func TestI73_OwnersWithoutEndAreReportedAndNeverStopTheAnswer(t *testing.T) {
	for owners, attributed := range map[int]bool{700: true, 3_000: false} {
		a := domain.AccountDecider().Replay(noMoney(), approved())
		var rows []event.Row
		balance := money.Fen(0)
		for i := range owners {
			id, c := identity.Derive("t", fmt.Sprint(i)).String(), identity.CaseID(identity.Derive("c", fmt.Sprint(i)).String())
			lot := event.Lot{Case: c, Victim: identity.PartyID(id), Transfer: identity.TransferID(id), Amount: 1000}
			a = domain.EvolveAccount(a, event.InflowTraced{
				Case: c, Source: event.Transfer{ID: lot.Transfer, From: victims, To: mule, Amount: 1000, At: minute(0), Serial: fmt.Sprint("R", i)}, Lots: []event.Lot{lot},
			})
			balance += 1000
			rows = append(rows, event.Row{Serial: fmt.Sprint("R", i), At: minute(0), Credit: true, Amount: 1000, Balance: balance, Kind: "transfer", Counter: &victims})
		}
		for i := range 6 {
			balance -= 100_000
			rows = append(rows, event.Row{Serial: fmt.Sprint("D", i), At: minute(1), Amount: 100_000, Balance: balance, Kind: "transfer", Counter: &mule2})
		}
		a = apply(t, a, answer(four, balance))
		cmd := domain.AddRows{Order: "order-1", Statement: domain.Statement{Given: true, Rows: rows}, Method: event.ProRata, At: four}
		events, err := domain.DecideAccount(a, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if heavy := weigh(t, events[1:]); heavy > mebibyte-300<<10 { // the rows come in parts of their own
			t.Errorf("%d owners: %d bytes", owners, heavy)
		}
		for _, e := range events {
			a = domain.EvolveAccount(a, e)
		}
		if (a.Attribution.Revision > 0) != attributed || !a.Stated {
			t.Errorf("%d owners: revision %d", owners, a.Attribution.Revision)
		}
		if diff := cmp.Diff(!attributed, slices.Contains(kinds(events), "too-large owners")); diff != "" {
			t.Errorf("%d owners: %v", owners, kinds(events))
		}
		for a.Continued < a.Attribution.Parts {
			events, err := domain.DecideAccount(a, domain.ContinueAttribution{At: four})
			if err != nil || len(events) == 0 || weigh(t, events) > mebibyte {
				t.Fatalf("%d events of %d bytes, %v", len(events), weigh(t, events), err)
			}
			for _, e := range events {
				a = domain.EvolveAccount(a, e)
			}
		}
	}
}

func TestTheAnswerToAQueryIsBounded(t *testing.T) {
	a := domain.AccountDecider().Replay(queried())
	cmd := told(1, 0)
	for n := range 500 {
		held := boxed(fmt.Sprintf("account-%028d", n))
		cmd.Accounts = append(cmd.Accounts, held)
		for range 200 {
			cmd.Measures = append(cmd.Measures, event.Measure{Account: held.ID, Kind: bank.MeasureCourtFreeze, By: "某某市中级人民法院执行局第一执行庭"})
		}
	}
	events, err := domain.DecideAccount(a, cmd)
	if err != nil || weigh(t, events) > mebibyte || weigh(t, events) > domain.AnswerSize(cmd)+mebibyte/4 {
		t.Errorf("%d bytes, taken for %d, %v", weigh(t, events), domain.AnswerSize(cmd), err)
	}
	if diff := cmp.Diff([]string{"too-large 500accounts", "too-large 100000measures"}, kinds(events)); diff != "" {
		t.Errorf("discrepancies (-want +got):\n%s", diff)
	}
}

func TestByHandWhatHasNotComeBackStaysAway(t *testing.T) {
	a := domain.AccountDecider().Replay(noMoney(), approved(), inflowA())
	a = apply(t, a, stoppedWith(200, 0, credit("S-A", 1, 400, 400), debitTo(&mule, "SELF", 2, 150, 250), debitTo(&mule2, "X", 3, 50, 200)))
	f := a.Attribution
	say := domain.ProposeManual{
		Proposal: "p", Case: "A", Basis: f.Revision, Reason: "court", Officer: li, At: four,
		Parts: []event.ManualPart{{Lots: f.Held}, {Transfer: f.Outflows[0].Transfer.ID, Lots: f.Outflows[0].Lots}},
	}
	b := apply(t, apply(t, a, say), domain.ConfirmManual{Proposal: "p", Officer: wang, At: four})
	if diff := cmp.Diff(f.Left, b.Attribution.Left); diff != "" || b.Attribution.Method != event.Manual {
		t.Errorf("repeating what is computed changes what has left (-computed +by hand):\n%s", diff)
	}
	say.Parts = []event.ManualPart{{Lots: []event.Lot{{Case: "A", Victim: "a", Transfer: "t-a", Amount: 150}, {Amount: 50}}}}
	if _, err := domain.DecideAccount(a, say); !errors.Is(err, domain.ErrManualOwner) {
		t.Errorf("some of A's is lost: %v", err)
	}
}

func TestADebitThatNamesNobodyAndIsNotCashIsNotCash(t *testing.T) {
	for kind, want := range map[string][]string{"transfer": {"counterparty-missing X"}, "cash": nil} {
		a := domain.AccountDecider().Replay(noMoney(), approved(), inflowA())
		out := debitTo(nil, "X", 2, 400, 0)
		out.Kind = kind
		cmd := stoppedWith(0, 0, credit("S-A", 1, 400, 400), out)
		events, err := domain.DecideAccount(a, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, kinds(events)); diff != "" {
			t.Errorf("%s: discrepancies (-want +got):\n%s", kind, diff)
		}
		if a = apply(t, a, cmd); a.Attribution.Outflows[0].Cash != (kind == "cash") {
			t.Errorf("%s: cash %v", kind, a.Attribution.Outflows[0].Cash)
		}
	}
}

func TestACaseWhoseMoneyIsNotHereAfterAllIsNamed(t *testing.T) {
	a := domain.AccountDecider().Replay(noMoney(), approved(), inflowA())
	a = apply(t, a, stoppedWith(500, 100, credit("S-A", 1, 400, 500)))
	in := inflowA()
	back := domain.TraceInflow{Case: in.Case, Source: in.Source, Basis: 9, Method: event.DirectTimestamp, At: four}
	a = apply(t, a, back)
	if diff := cmp.Diff([]identity.CaseID{"A"}, a.Attribution.FormerCases); diff != "" || a.Attribution.Revision != 2 {
		t.Errorf("revision %d (-want +got):\n%s", a.Attribution.Revision, diff)
	}
}

func TestAListOfAllThatStandsEndsWhatIsNotOnIt(t *testing.T) {
	court, other := domain.Measure{Kind: bank.MeasureCourtFreeze, By: "某区法院", Amount: 5}, domain.Measure{Kind: bank.MeasurePoliceFreeze, By: "某市公安局"}
	held := func(a domain.Account) (by []string) {
		for _, r := range a.Restraints(four.Add(2 * time.Hour)) {
			if !r.Own {
				by = append(by, r.By)
			}
		}
		return by
	}
	cmd := answer(four, 900)
	cmd.Measures = []domain.Measure{court, other}
	a := apply(t, domain.AccountDecider().Replay(requested(), approved()), cmd)
	asked := queried()
	asked.TxCode, asked.Mode = bank.TxAllAccounts, ""
	said := domain.AnswerQuery{Order: asked.Order, Done: true, ResultCode: "0000", At: four.Add(time.Hour), Measures: []event.Measure{{Kind: other.Kind, By: other.By}}}
	b := apply(t, domain.EvolveAccount(a, asked), said)
	if diff := cmp.Diff([]string{other.By}, held(b)); diff != "" {
		t.Errorf("by a query (-want +got):\n%s", diff)
	}
	again := queried()
	again.Order = "query-2"
	b = apply(t, domain.EvolveAccount(b, again), domain.AnswerQuery{Order: "query-2", Done: true, ResultCode: "0000", At: four.Add(time.Hour), Measures: []event.Measure{{Kind: court.Kind, By: court.By, Amount: 5}}})
	if diff := cmp.Diff([]string{other.By, court.By}, held(b)); diff != "" {
		t.Errorf("it came again, and a query of the rows lists not all (-want +got):\n%s", diff)
	}
	more := request()
	more.Order, more.Case = "order-b", "case-b"
	c := apply(t, a, more) // under the standing approval
	cmd.Order, cmd.Measures, cmd.AllMeasures = "order-b", []domain.Measure{court}, true
	if diff := cmp.Diff([]string{court.By}, held(apply(t, c, cmd))); diff != "" {
		t.Errorf("by the answer to a stop (-want +got):\n%s", diff)
	}
}
