package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

func payerNamed(name string) *event.Account {
	return &event.Account{ID: identity.AccountID(name), Bank: mule.Bank}
}

// paidIn is a credit of 500 from an account, or from nobody the bank names.
func paidIn(from *event.Account, serial string, n int) event.Row {
	return event.Row{Serial: serial, At: minute(n), Credit: true, Amount: 500, Kind: "transfer", Counter: from}
}

// claimed is 500 that a victim says to have paid.
func claimed(from *event.Account, serial string, n int) domain.Inflow {
	in := domain.Inflow{
		Case: "A", Source: event.Transfer{ID: identity.TransferID(fmt.Sprint("t-", serial, n)), Amount: 500, At: minute(n), Serial: serial, To: mule},
		Lots: []event.Lot{{Case: "A", Victim: "a", Amount: 500}},
	}
	if from != nil {
		in.Source.From = *from
	}
	return in
}

func TestATracedInflowNeverTakesTheRowOfAnotherPayer(t *testing.T) {
	victim, innocent := payerNamed("victim"), payerNamed("innocent")
	institution := &event.Account{ID: "order-77", Bank: mule.Bank, Kind: identity.OrderNumberAccount}
	for name, c := range map[string]struct {
		rows []event.Row
		in   domain.Inflow
		want int // -1: none
	}{
		"its own, though another came before":             {[]event.Row{paidIn(innocent, "P1", 1), paidIn(victim, "V1", 3)}, claimed(victim, "", 2), 1},
		"none, where all are others'":                     {[]event.Row{paidIn(innocent, "P1", 2)}, claimed(victim, "", 2), -1},
		"none, where the serial numbers differ too":       {[]event.Row{paidIn(innocent, "SALARY", 2)}, claimed(victim, "S-A", 2), -1},
		"its own, though the serial numbers differ":       {[]event.Row{paidIn(victim, "BANK-1", 2)}, claimed(victim, "S-A", 2), 0},
		"none of nobody's with another serial number":     {[]event.Row{paidIn(nil, "BANK-1", 2)}, claimed(victim, "S-A", 2), -1},
		"the nearest of nobody's":                         {[]event.Row{paidIn(nil, "", 1), paidIn(nil, "", 5), paidIn(nil, "", 9)}, claimed(victim, "", 6), 1},
		"its own before a nearer one of nobody's":         {[]event.Row{paidIn(victim, "", 1), paidIn(nil, "", 5)}, claimed(victim, "", 5), 0},
		"the nearest, if nobody knows whose card it was":  {[]event.Row{paidIn(innocent, "", 1), paidIn(innocent, "", 6)}, claimed(nil, "", 5), 1},
		"by an institution's order":                       {[]event.Row{paidIn(institution, "", 5)}, claimed(victim, "", 5), 0},
		"by its serial number, from a misnamed account":   {[]event.Row{paidIn(innocent, "S-A", 5)}, claimed(victim, "S-A", 6), 0},
		"not by a number that another bank has given too": {[]event.Row{paidIn(innocent, "1", 5)}, claimed(victim, "1", 300), -1},
		"by its serial number however wrong the time":     {[]event.Row{paidIn(nil, "S-A", 5)}, claimed(victim, "S-A", 300), 0},
		"none too far in time":                            {[]event.Row{paidIn(victim, "", 1)}, claimed(victim, "", 20), -1},
	} {
		t.Run(name, func(t *testing.T) {
			a := domain.Account{Ref: mule, Inflows: []domain.Inflow{c.in}}
			a.Statement.Rows = c.rows
			traced, missing := domain.Match(a)
			got := -1
			for n := range traced {
				got = n
			}
			if got != c.want || (len(missing) == 1) != (c.want < 0) {
				t.Errorf("row %d, want %d; %d missing", got, c.want, len(missing))
			}
		})
	}
}

// Of many who pay the same amount in, some of them victims, in a statement that
// often lacks serial numbers, each victim has a row of his own and nobody else's.
func TestI33_EqualAmountsWithoutSerialNumbersGoToThoseWhoPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := domain.Account{Ref: mule, Stated: true}
		for n := range rapid.IntRange(1, 40).Draw(t, "rows") {
			who := rapid.IntRange(0, 5).Draw(t, "who") // the first three are victims
			serial := ""
			if rapid.Bool().Draw(t, "the bank gives a serial number") {
				serial = fmt.Sprint("B", n)
			}
			row := paidIn(payerNamed(fmt.Sprint("payer-", who)), serial, 0)
			row.At = minute(0).Add(time.Duration(n) * 10 * time.Second)
			a.Balance += row.Amount
			row.Balance = a.Balance
			a.Statement.Rows = append(a.Statement.Rows, row)
			if who > 2 {
				continue
			}
			in := claimed(row.Counter, "", n)
			in.Case, in.Source.At = identity.CaseID(fmt.Sprint(who)), row.At
			if rapid.Bool().Draw(t, "the victim has his own bank's number") {
				in.Source.Serial = fmt.Sprint("V", n)
			}
			a.Inflows = append(a.Inflows, in)
		}
		traced, missing := domain.Match(a)
		if len(missing) > 0 {
			t.Fatalf("%d of %d have no row", len(missing), len(a.Inflows))
		}
		for n, ins := range traced {
			if len(ins) != 1 || ins[0].Source.From.ID != a.Statement.Rows[n].Counter.ID {
				t.Fatalf("row %d of %s is taken for %+v", n, a.Statement.Rows[n].Counter.ID, ins)
			}
		}
		a.Inflows = rapid.Permutation(slices.Clone(a.Inflows)).Draw(t, "order")
		if again, _ := domain.Match(a); cmp.Diff(traced, again) != "" {
			t.Fatal("the order in which the inflows become known makes a difference")
		}
		got, _, err := domain.Attribute(a, event.DirectTimestamp)
		if err != nil {
			t.Fatal(err)
		}
		var all money.Fen
		for _, l := range got.Held {
			all += l.Amount
		}
		if all != a.Balance {
			t.Fatalf("lots of %d on a balance of %d", all, a.Balance)
		}
	})
}
