package domain_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// busy is an account of n rows: credits, of which some are traced to one of a
// few victims, and debits to accounts that are all different.
func busy(n, victims int) domain.Account {
	a := domain.Account{Ref: mule, Stated: true}
	a.Statement.Order = "order-1"
	for i := range n {
		r := event.Row{Serial: fmt.Sprintf("SER%09d", i), At: four.Add(time.Duration(i-n) * time.Second), Kind: "transfer"}
		if i%2 == 0 {
			r.Credit, r.Amount = true, money.Fen(10_000+i%977)
			a.Balance += r.Amount
			if i%8 == 0 {
				id := identity.TransferID("t-" + r.Serial)
				owner := identity.CaseID(fmt.Sprint("case-", i/8%victims))
				a.Inflows = append(a.Inflows, domain.Inflow{
					Case: owner, Source: event.Transfer{ID: id, Serial: r.Serial, Amount: r.Amount, At: r.At, To: mule},
					Lots: []event.Lot{{Case: owner, Victim: identity.PartyID("v-" + owner), Transfer: identity.TransferID("d-" + owner), Amount: r.Amount}},
				})
			}
		} else {
			r.Amount = money.Fen(9_000 + i%1500)
			a.Balance -= r.Amount
			other := event.Account{ID: identity.AccountID(fmt.Sprintf("account-%027d", i)), Bank: mule2.Bank}
			r.Counter = &other
		}
		r.Balance = a.Balance
		a.Statement.Rows = append(a.Statement.Rows, r)
	}
	return a
}

func BenchmarkAttribute(b *testing.B) {
	for _, method := range []event.Method{event.DirectTimestamp, event.ProRata, event.FIFO, event.LIFO} {
		for _, rows := range []int{1250, 5000, 20_000} {
			b.Run(fmt.Sprintf("%s-%d", method, rows), func(b *testing.B) {
				a := busy(rows, 10)
				for b.Loop() {
					if _, missing, err := domain.Attribute(a, method); err != nil || len(missing) > 0 {
						b.Fatal(len(missing), err)
					}
				}
			})
		}
	}
}

// BenchmarkAnswer is all that a bank's answer of so many rows leads to, without
// the log.
func BenchmarkAnswer(b *testing.B) {
	for _, rows := range []int{1250, 5000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			full := busy(rows, 10)
			a := domain.AccountDecider().Replay(requested(), approved())
			a.Inflows = full.Inflows
			cmd := answer(four, full.Balance)
			cmd.Statement = domain.Statement{Given: true, Rows: full.Statement.Rows}
			for b.Loop() {
				if _, err := domain.DecideAccount(a, cmd); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestWhatRowsAndOutflowsWeighIsNotUnderrated(t *testing.T) {
	a := busy(10, 2)
	sealed := a.Statement.Rows[1].Counter
	sealed.Number.Subject, sealed.Number.Suite, sealed.Number.Field = string(sealed.ID), "SM4-GCM", "account-number"
	sealed.Number.Nonce, sealed.Number.Cipher = make([]byte, 12), make([]byte, 35)
	sealed.Holder = sealed.Number
	for _, r := range a.Statement.Rows {
		stored, err := json.Marshal(r)
		if err != nil || len(stored) > domain.RowSize(r) || domain.RowSize(r) > 3*len(stored)+500 {
			t.Errorf("a row of %d bytes is taken for %d, %v", len(stored), domain.RowSize(r), err)
		}
	}
	f, _, err := domain.Attribute(a, event.ProRata)
	if err != nil || len(f.Outflows) == 0 {
		t.Fatal(err)
	}
	for _, o := range f.Outflows {
		if stored, err := json.Marshal(o); err != nil || len(stored) > domain.OutflowSize(o) {
			t.Errorf("an outflow of %d bytes is taken for %d, %v", len(stored), domain.OutflowSize(o), err)
		}
	}
}
