package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// mule3 is another account that money may have gone to.
var mule3 = event.Account{ID: "mule-3", Bank: "105100000017"}

// went is a debit of 500, 10 minutes after the inflow, by somebody's word.
func went(basis string, to event.Account, serial string, at time.Time) domain.Debit {
	id := identity.TransferID(fmt.Sprint(basis, to.ID, serial, at.Unix()))
	return domain.Debit{Case: "A", Basis: basis, Transfer: event.Transfer{ID: id, From: mule, To: to, Amount: 500, At: at, Serial: serial}}
}

// debit is a row of 500 out of the account, to nobody whom the bank names.
func debit(serial string, at time.Time, to *event.Account) event.Row {
	return event.Row{Serial: serial, At: at, Amount: 500, Kind: "transfer", Counter: to}
}

func TestADebitThatNamesNobodyGoesWhereAnotherSaysThatItWent(t *testing.T) {
	ten := minute(10)
	row := debit("A2", ten, nil)
	cash := row
	cash.Kind = "cash"
	bank := func(to event.Account, serial string, at time.Time) domain.Debit {
		return went(domain.ByPayee, to, serial, at)
	}
	officer := func(to event.Account, serial string, at time.Time) domain.Debit {
		return went(domain.ByOfficer, to, serial, at)
	}
	for name, c := range map[string]struct {
		rows []event.Row
		told []domain.Debit
		want []string // where each debit went
	}{
		"nobody says":                                         {[]event.Row{row}, nil, []string{""}},
		"the payee's row, by its serial number":               {[]event.Row{row}, []domain.Debit{bank(mule2, "A2", ten.Add(time.Hour))}, []string{"mule-2"}},
		"the payee's row, by its time, of another number":     {[]event.Row{row}, []domain.Debit{bank(mule2, "Q7", ten.Add(3*time.Second))}, []string{"mule-2"}},
		"not the payee's row of another time and number":      {[]event.Row{row}, []domain.Debit{bank(mule2, "Q7", ten.Add(20*time.Minute))}, []string{""}},
		"an officer, by the serial number":                    {[]event.Row{row}, []domain.Debit{officer(mule2, "A2", ten.Add(time.Hour))}, []string{"mule-2"}},
		"an officer, by the very time":                        {[]event.Row{row}, []domain.Debit{officer(mule2, "Z1", ten)}, []string{"mule-2"}},
		"an officer without a serial number, nearly the time": {[]event.Row{debit("", ten, nil)}, []domain.Debit{officer(mule2, "", ten.Add(time.Minute))}, []string{"mule-2"}},
		"not an officer of another number and time":           {[]event.Row{row}, []domain.Debit{officer(mule2, "Z1", ten.Add(time.Minute))}, []string{""}},
		"cash has gone nowhere else":                          {[]event.Row{cash}, []domain.Debit{officer(mule2, "A2", ten), bank(mule2, "A2", ten)}, []string{""}},
		"one credit names one debit": {
			[]event.Row{row, debit("A3", ten.Add(time.Minute), nil)}, []domain.Debit{bank(mule2, "Q7", ten)}, []string{"mule-2", ""},
		},
		"an officer and the payee's row speak of one debit": {
			[]event.Row{row, debit("A3", ten, nil)}, []domain.Debit{officer(mule2, "A2", ten), bank(mule2, "A2", ten)}, []string{"mule-2", ""},
		},
		"two orders of officers speak of one debit": {
			[]event.Row{row, debit("A2", ten, nil)}, []domain.Debit{officer(mule2, "A2", ten), officer(mule2, "A2", ten.Add(time.Second))}, []string{"mule-2", ""},
		},
		"of two to the same payee, the one that the bank names is not the other": {
			[]event.Row{debit("A1", ten, &mule2), row}, []domain.Debit{bank(mule2, "Q6", ten), bank(mule2, "Q7", ten.Add(time.Second))}, []string{"mule-2", "mule-2"},
		},
		"what the account's own bank names stands":        {[]event.Row{debit("A2", ten, &mule3)}, []domain.Debit{bank(mule2, "A2", ten)}, []string{"mule-3"}},
		"a bank knows better than an officer":             {[]event.Row{row}, []domain.Debit{officer(mule3, "A2", ten), bank(mule2, "A2", ten)}, []string{"mule-2"}},
		"what others say of another account changes none": {[]event.Row{row}, []domain.Debit{{Case: "A", Basis: domain.ByPayee, Transfer: event.Transfer{ID: "x", From: mule3, To: mule2, Amount: 500, At: ten, Serial: "A2"}}}, []string{""}},
	} {
		for _, late := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, late: %t", name, late), func(t *testing.T) {
				a := namedLedger(t, c.rows, c.told, late)
				got := make([]string, len(c.rows))
				for n, out := range a.Attribution.Outflows {
					got[n] = string(out.Transfer.To.ID)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("where the debits went (-want +got):\n%s", diff)
				}
				if left := byOwner(a.Attribution.Left)["A"]; left != money.Fen(500*len(c.rows)) {
					t.Errorf("%d of the victim's have left", left)
				}
			})
		}
	}
}

// namedLedger is an account that a victim has paid into, with these debits, of which
// others tell once its bank has answered, or before.
func namedLedger(t *testing.T, debits []event.Row, told []domain.Debit, late bool) domain.Account {
	t.Helper()
	balance := money.Fen(500 * len(debits))
	source := event.Transfer{ID: "t1", From: victims, To: mule, Amount: balance, At: minute(0), Serial: "S1"}
	rows := []event.Row{{Serial: "S1", At: minute(0), Credit: true, Amount: balance, Balance: balance, Counter: &victims}}
	for _, r := range debits {
		balance -= r.Amount
		r.Balance = balance
		rows = append(rows, r)
	}
	stated := answer(four, 0)
	stated.Statement = domain.Statement{Given: true, Rows: rows}
	var cmds []domain.AccountCommand
	for rest := told; len(rest) > 0; { // a bank's rows are told of together
		n := 1
		for n < len(rest) && rest[0].Basis == domain.ByPayee && rest[n].Basis == domain.ByPayee {
			n++
		}
		cmds, rest = append(cmds, domain.NameDebits{Debits: rest[:n], At: four}), rest[n:]
	}
	if late {
		cmds = slices.Insert(cmds, 0, domain.AccountCommand(stated))
	} else {
		cmds = []domain.AccountCommand{domain.NameDebits{Debits: told, At: four}, stated}
	}
	r := requested()
	r.Lots, r.Source = nil, event.Transfer{}
	a := domain.AccountDecider().Replay(r, approved(), event.InflowTraced{Case: "A", Source: source, Lots: []event.Lot{{Case: "A", Victim: "a", Transfer: "t1", Amount: source.Amount}}})
	for _, cmd := range cmds {
		revision := a.Attribution.Revision
		events, err := domain.DecideAccount(a, cmd)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			a = domain.EvolveAccount(a, e)
		}
		again, err := domain.DecideAccount(a, cmd)
		if err != nil || len(again) > 0 {
			t.Fatalf("the same again leads to %v, %v", again, err)
		}
		if a.Attribution.Revision > revision+1 {
			t.Fatalf("%d revisions at once", a.Attribution.Revision-revision)
		}
	}
	return a
}

// What was said by hand of a debit is outdated once it is found out where it went.
func TestAManualAttributionIsOutdatedWhenADebitOfItsIsNamed(t *testing.T) {
	a := namedLedger(t, []event.Row{debit("A2", minute(10), nil)}, nil, true)
	a.Manual = &event.ManualAttributionProposed{
		Proposal: "p", Basis: 1, Parts: []event.ManualPart{{Transfer: a.Attribution.Outflows[0].Transfer.ID, Lots: a.Attribution.Outflows[0].Lots}},
	}
	a.Inflows = nil // so that nothing but what was said by hand depends on the debit
	events, err := domain.DecideAccount(a, domain.NameDebits{Debits: []domain.Debit{went(domain.ByPayee, mule2, "A2", minute(10))}, At: four})
	if err != nil {
		t.Fatal(err)
	}
	outdated := slices.ContainsFunc(events, func(e event.AccountEvent) bool {
		rejected, ok := e.(event.ManualAttributionRejected)
		return ok && rejected.Cause == "outdated"
	})
	if !outdated {
		t.Errorf("it stands: %+v", events)
	}
}

// The payee's statement tells of what nobody has traced, and of all else that the
// same account has paid; not of what is traced in full, nor of anybody else.
func TestAStatementTellsWhatAnAccountOfTheChaseHasPaidIn(t *testing.T) {
	own, innocent := payerNamed("parent"), payerNamed("innocent")
	for name, c := range map[string]struct {
		rows   []event.Row
		traced []domain.Inflow
		want   int
	}{
		"one that nobody has traced":            {[]event.Row{paidIn(own, "1", 1), paidIn(innocent, "2", 2)}, nil, 1},
		"all of the same account, if one lacks": {[]event.Row{paidIn(own, "1", 1), paidIn(own, "2", 2)}, []domain.Inflow{claimed(own, "1", 1)}, 2},
		"none, where each is traced":            {[]event.Row{paidIn(own, "1", 1)}, []domain.Inflow{claimed(own, "1", 1)}, 0},
		"none of others":                        {[]event.Row{paidIn(innocent, "1", 1), paidIn(nil, "2", 2)}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := domain.Account{Ref: mule2, Inflows: c.traced}
			a.Statement.Rows = c.rows
			got := a.PaidBy("A", func(id identity.AccountID) bool { return id == own.ID })
			if len(got) != c.want {
				t.Fatalf("%d, want %d: %+v", len(got), c.want, got)
			}
			for _, d := range got {
				if d.Transfer.From.ID != own.ID || d.Transfer.To.ID != mule2.ID || d.Transfer.Amount != 500 || d.Basis != domain.ByPayee {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

// Banks that do not name the payees of some debits lead to the same ledger as those
// that name them all, once the payees' rows are known; in between every version of
// every account balances.
func TestI33_PayeesThatOthersRowsNameAreAsGoodAsThoseThatTheBankNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, method := drawTown(t), methods().Draw(t, "method")
		hidden := w
		hidden.rows = make([][]event.Row, worldAccounts)
		for n := range w.rows {
			hidden.rows[n] = slices.Clone(w.rows[n])
			for i, r := range hidden.rows[n] {
				if !r.Credit && r.Counter != nil && w.find(r.Counter.ID) >= 0 && rapid.Bool().Draw(t, "the bank does not name the payee") {
					hidden.rows[n][i].Counter = nil
				}
			}
		}
		want := w.chase(t, method, []int{0, 1, 2, 3, 4})
		got := hidden.chase(t, method, rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order"))
		for n := range want {
			if diff := cmp.Diff(want[n].Attribution, got[n].Attribution, cmpopts.IgnoreFields(event.FundsAttributed{}, "Revision", "FormerCases")); diff != "" {
				t.Fatalf("account %d (-named +found out):\n%s", n, diff)
			}
		}
	})
}
