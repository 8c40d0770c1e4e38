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

// longAgo is the answer to a query about a time long before the stop, of which the
// rows do not reach up to it.
func longAgo(rows int, opening money.Fen) (event.AccountQueryRequested, domain.AnswerQuery) {
	asked := queried()
	asked.From, asked.Until = four.Add(-60*24*time.Hour), four.Add(-30*24*time.Hour)
	said, balance := told(0, opening), opening
	said.Balance = nil
	for n := range rows {
		balance += 10
		said.Statement.Rows = append(said.Statement.Rows, event.Row{
			Serial: fmt.Sprint("OLD-", n), At: four.Add(-50*24*time.Hour + time.Duration(n)*time.Hour), Credit: true, Amount: 10, Balance: balance, Kind: "transfer", Counter: &victims,
		})
	}
	said.Statement.Given = true
	return asked, said
}

func TestTheRowsOfLongAgoDoNotTakeThePlaceOfTheLedger(t *testing.T) {
	a := domain.AccountDecider().Replay(requested(), approved(), inflowA())
	a = apply(t, a, stoppedWith(350, 100, credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 150, 350)))
	before := a.Attribution
	asked, said := longAgo(5, 7)
	a = domain.EvolveAccount(a, asked)
	events, err := domain.DecideAccount(a, said)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"statement-conflicts order-1"}, kinds(events)); diff != "" {
		t.Errorf("discrepancies (-want +got):\n%s", diff)
	}
	a = apply(t, a, said)
	if a.Balance != 350 || len(a.Statement.Rows) != 2 || cmp.Diff(before, a.Attribution) != "" {
		t.Errorf("balance %d, %d rows, %+v", a.Balance, len(a.Statement.Rows), a.Attribution)
	}
	if again, err := domain.DecideAccount(a, said); err != nil || len(again) > 0 {
		t.Errorf("the same again: %v, %v", again, err)
	}
}

func TestAStopThatComesAfterAnOldQueryPutsItAside(t *testing.T) {
	asked, said := longAgo(5, 7)
	a := apply(t, domain.AccountDecider().Replay(requested(), approved(), inflowA(), asked), said)
	if !a.Stated || a.Balance != 57 {
		t.Fatalf("alone it counts: %v, %d", a.Stated, a.Balance)
	}
	cmd := stoppedWith(500, 100, credit("S-A", 1, 400, 500))
	events, err := domain.DecideAccount(a, cmd)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"statement-conflicts query-1"}, kinds(events)); diff != "" {
		t.Errorf("discrepancies (-want +got):\n%s", diff)
	}
	if a = apply(t, a, cmd); a.Balance != 500 || byOwner(a.Attribution.Held)["A"] != 400 {
		t.Errorf("balance %d, held %v", a.Balance, a.Attribution.Held)
	}
}

// Pieces of one account's rows and statements of something else, from queries and
// from one stop, in any order: what the stop has shown is in the ledger whatever
// comes, the ledger is a piece of what has happened, and what is not in it is put
// aside.
func TestI33_NoQueryTakesThePlaceOfWhatTheStopHasShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := busy(40, 3)
		rows := full.Statement.Rows
		from := rapid.IntRange(0, 39).Draw(t, "the stop's first row")
		opening := func(n int) money.Fen {
			if n == 0 {
				return 0
			}
			return rows[n-1].Balance
		}
		stop := answer(four, full.Balance)
		stop.Statement = domain.Statement{Given: true, Opening: opening(from), Rows: rows[from:]}
		cmds := []domain.AccountCommand{stop}
		a := domain.AccountDecider().Replay(requested(), approved())
		for n := range rapid.IntRange(1, 4).Draw(t, "queries") {
			asked, said := longAgo(rapid.IntRange(0, 60).Draw(t, "rows of something else"), 7)
			if rapid.Bool().Draw(t, "of the account itself") {
				lo := rapid.IntRange(0, 38).Draw(t, "first")
				hi := rapid.IntRange(lo+1, 40).Draw(t, "last")
				said.Statement = domain.Statement{Given: true, Opening: opening(lo), Rows: rows[lo:hi]}
			}
			asked.Order = identity.OrderID(fmt.Sprint("query-", n))
			said.Order = asked.Order
			a = domain.EvolveAccount(a, asked)
			cmds = append(cmds, said)
		}
		give := func(order []int) domain.Account {
			b := a
			for _, n := range order {
				b = apply2(t, b, cmds[n])
				balanced(t, b)
			}
			return b
		}
		one := give(indexes(len(cmds)))
		got := one.Statement.Rows
		if len(got) < 40-from || one.Balance != full.Balance {
			t.Fatalf("%d rows, balance %d", len(got), one.Balance)
		}
		for n, r := range slices.Backward(got) {
			if want := rows[40-len(got)+n]; r.Serial != want.Serial {
				t.Fatalf("row %d is %s, want %s", n, r.Serial, want.Serial)
			}
		}
		for _, s := range one.Statements {
			inside := !slices.ContainsFunc(s.Rows, func(r event.Row) bool {
				return !slices.ContainsFunc(got, func(x event.Row) bool { return x.Serial == r.Serial })
			})
			if aside := slices.Contains(one.Aside, s.Order); len(s.Rows) > 0 && aside == inside {
				t.Fatalf("%s: in the ledger %v, put aside %v", s.Order, inside, aside)
			}
		}
		other := give(rapid.Permutation(indexes(len(cmds))).Draw(t, "order"))
		if diff := cmp.Diff(one.Statement, other.Statement); diff != "" {
			t.Fatalf("in another order (-first +second):\n%s", diff)
		}
	})
}

// inPages is one page of an answer of n rows in all.
func inPages(balance money.Fen, part, parts int, rows []event.Row) domain.AnswerStop {
	cmd := answer(four, balance)
	opening := rows[0].Balance - 1
	cmd.Statement = domain.Statement{Given: true, Opening: opening, Rows: slices.Clone(rows), Part: part, Parts: parts}
	return cmd
}

// ones are n credits of 1 fen.
func ones(n int) (rows []event.Row) {
	for i := range n {
		rows = append(rows, event.Row{Serial: fmt.Sprint("R", i), At: minute(0).Add(time.Duration(i) * time.Second), Credit: true, Amount: 1, Balance: money.Fen(i + 1), Kind: "transfer", Counter: &victims})
	}
	return rows
}

func TestACorrectionOfAnyPageTakesItsPlace(t *testing.T) {
	rows := ones(10)
	for page := range 2 {
		for _, all := range []bool{true, false} {
			t.Run(fmt.Sprintf("page %d, all pages again: %v", page+1, all), func(t *testing.T) {
				a := domain.AccountDecider().Replay(requested(), approved())
				a = apply(t, apply(t, a, inPages(10, 1, 2, rows[:5])), inPages(10, 2, 2, rows[5:]))
				right := ones(10)
				right[5*page+3].Counter = &mule2
				var last domain.AnswerStop
				for n := range 2 {
					if !all && n != page {
						continue
					}
					last = inPages(10, n+1, 2, right[5*n:5*n+5])
					last.Corrects = true
					a = apply(t, a, last)
				}
				if got := a.Statement.Rows[5*page+3].Counter.ID; got != mule2.ID || len(a.Partial) > 0 || len(a.Statement.Rows) != 10 || a.Replacing != "" {
					t.Errorf("the other side is %s, %d rows, %d parts wait", got, len(a.Statement.Rows), len(a.Partial))
				}
				if again, err := domain.DecideAccount(a, last); err != nil || len(again) > 0 {
					t.Errorf("the same again: %v, %v", again, err)
				}
			})
		}
	}
}

func TestAStatementThatHasGrownIsTakenInWhateverPages(t *testing.T) {
	rows := ones(10)
	a := domain.AccountDecider().Replay(requested(), approved())
	a = apply(t, apply(t, a, inPages(10, 1, 2, rows[5:8])), inPages(10, 2, 2, rows[8:]))
	if len(a.Statement.Rows) != 5 {
		t.Fatalf("%d rows", len(a.Statement.Rows))
	}
	for n, some := range [][]event.Row{rows[:5], rows[5:8], rows[8:]} {
		a = apply(t, a, inPages(10, n+1, 3, some))
	}
	if len(a.Statement.Rows) != 10 || len(a.Partial) > 0 {
		t.Errorf("%d rows count, %d parts wait", len(a.Statement.Rows), len(a.Partial))
	}
}

func TestRowsOfAnAnswerThatNoStopCameOfCountAsThoseOfAQuery(t *testing.T) {
	a := domain.AccountDecider().Replay(requested(), approved(), inflowA())
	cmd := stoppedWith(0, 100, credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 500, 0))
	cmd.Done, cmd.Cause = false, "closed"
	cmd.Findings = []event.BankDiscrepancyFound{{Kind: domain.RowCurrency, Found: "USD"}}
	a = apply(t, a, cmd)
	if o, _ := a.Find("order-1"); o.State != domain.Failed || byOwner(a.Attribution.Left)["A"] != 400 || len(a.Discrepancies) != 1 {
		t.Errorf("%s, left %v, %v", o.State, a.Attribution.Left, a.Discrepancies)
	}
	if again, err := domain.DecideAccount(a, cmd); err != nil || len(again) > 0 {
		t.Errorf("the same again: %v, %v", again, err)
	}
}
