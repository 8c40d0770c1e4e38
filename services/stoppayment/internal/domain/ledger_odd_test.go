package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// Whatever rows come, in whatever parts and under whatever answer: no crash, the
// stop is on record, and what is attributed balances.
func TestI33_NoAnswerOfABankUnbalancesTheLedgerOrKeepsTheStopFromCounting(t *testing.T) {
	fen := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64Range(0, 1000), rapid.SampledFrom([]int64{1 << 62, -1 << 62, 1<<63 - 1, -1 << 63, int64(money.Max) * 101}))
	when := rapid.Int64Range(-5, 5)
	accounts := []*event.Account{nil, &mule, &mule2, &victims}
	rapid.Check(t, func(t *rapid.T) {
		state := domain.AccountDecider().Replay(requested(), approved(), inflowA())
		for range rapid.IntRange(1, 5).Draw(t, "answers") {
			cmd := answer(four.Add(time.Duration(when.Draw(t, "executed"))*time.Hour), money.Fen(fen.Draw(t, "balance")))
			cmd.At, cmd.Corrects, cmd.Method = four, rapid.Bool().Draw(t, "corrects"), methods().Draw(t, "method")
			cmd.BankExpires = four.Add(time.Duration(when.Draw(t, "expires")) * 24 * time.Hour)
			if rapid.Bool().Draw(t, "rows") {
				cmd.Statement = domain.Statement{Given: true, Opening: money.Fen(fen.Draw(t, "opening")), Parts: rapid.IntRange(0, 3).Draw(t, "parts")}
				if cmd.Statement.Parts > 0 {
					cmd.Statement.Part = rapid.IntRange(1, cmd.Statement.Parts).Draw(t, "part")
				}
				for n := range rapid.IntRange(0, 6).Draw(t, "count") {
					cmd.Statement.Rows = append(cmd.Statement.Rows, event.Row{
						Serial: fmt.Sprint("S", rapid.IntRange(0, 3).Draw(t, "serial")), At: minute(n + int(when.Draw(t, "at"))), Credit: rapid.Bool().Draw(t, "credit"),
						Amount: money.Fen(fen.Draw(t, "amount")), Balance: money.Fen(fen.Draw(t, "after")), Counter: rapid.SampledFrom(accounts).Draw(t, "counter"),
					})
				}
			}
			events, err := domain.DecideAccount(state, cmd)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				state = domain.EvolveAccount(state, e)
				balanced(t, state)
			}
			if o, _ := state.Find("order-1"); o.State != domain.Executed || o.ExpiresAt.Sub(o.ExecutedAt) > 48*time.Hour || o.Balance < 0 {
				t.Fatalf("the stop is %s from %v to %v on %v", o.State, o.ExecutedAt, o.ExpiresAt, o.Balance)
			}
		}
	})
}

// Two banks that each say that the money came from the other first, at the same
// instant, cannot both be right. Both are reported, and the chase comes to rest.
func TestACycleOfZeroDurationIsReportedAndComesToRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := money.Fen(rapid.Int64Range(1, 1_000_000).Draw(t, "amount"))
		w := town{refs: make([]event.Account, worldAccounts+1), opening: make([]money.Fen, worldAccounts), rows: make([][]event.Row, worldAccounts)}
		for n := range w.refs {
			w.refs[n] = event.Account{ID: identity.AccountID(fmt.Sprint("acc-", n)), Bank: mule.Bank}
		}
		id := identity.TransferID("declared")
		source := event.Transfer{ID: id, From: victims, To: w.refs[0], Amount: amount, At: minute(0), Serial: "V"}
		w.declared = []event.InflowTraced{{Case: "A", Source: source, Lots: []event.Lot{{Case: "A", Victim: "A", Transfer: id, Amount: amount}}}}
		row := func(serial string, at int, in bool, balance money.Fen, other int) event.Row {
			r := event.Row{Serial: serial, At: minute(at), Credit: in, Amount: amount, Balance: balance, Counter: &victims}
			if other >= 0 {
				r.Counter = &w.refs[other]
			}
			return r
		}
		w.rows[0] = []event.Row{row("V", 0, true, amount, -1), row("BACK", 1, true, 2*amount, 1), row("OUT", 1, false, amount, 1)}
		w.rows[1] = []event.Row{row("OUT", 1, true, amount, 0), row("BACK", 1, false, 0, 0)}
		for n, a := range w.chase(t, methods().Draw(t, "method"), []int{0, 1})[:2] {
			if len(a.Discrepancies) == 0 || a.Discrepancies[0].Kind != domain.CycleInstant {
				t.Errorf("account %d: %+v", n, a.Discrepancies)
			}
		}
	})
}

func TestASecondAnswerWithFewerRowsAndOneThatFitsNoOtherAreReported(t *testing.T) {
	a, x := credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 150, 350)
	state := apply(t, domain.AccountDecider().Replay(requested(), approved(), inflowA()), stoppedWith(350, 100, a, x))
	fewer := apply(t, state, stoppedWith(350, 500, x))
	if len(fewer.Discrepancies) != 1 || fewer.Discrepancies[0].Kind != domain.StatementIncomplete || fewer.Attribution.Revision != 1 {
		t.Errorf("fewer rows: %+v, revision %d", fewer.Discrepancies, fewer.Attribution.Revision)
	}
	for _, e := range []event.AccountEvent{queried()} {
		state = domain.EvolveAccount(state, e)
	}
	other := apply(t, state, told(77, 7, credit("S-Z", 5, 70, 77)))
	if len(other.Discrepancies) != 1 || other.Discrepancies[0].Kind != domain.StatementConflicts || len(other.Statement.Rows) != 2 {
		t.Errorf("rows that fit no others: %+v, %d rows count", other.Discrepancies, len(other.Statement.Rows))
	}
}
