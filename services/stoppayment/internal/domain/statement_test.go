package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// minute is a time of the statements below, before the stop at four.
func minute(n int) time.Time { return four.Add(time.Duration(n-30) * time.Minute) }

func credit(serial string, n int, amount, balance money.Fen) event.Row {
	return event.Row{Serial: serial, At: minute(n), Credit: true, Amount: amount, Balance: balance, Kind: "transfer", Counter: &victims}
}

func debitTo(to *event.Account, serial string, n int, amount, balance money.Fen) event.Row {
	return event.Row{Serial: serial, At: minute(n), Amount: amount, Balance: balance, Kind: "transfer", Counter: to}
}

// inflowA is 400 of case A's victim, by the serial number S-A.
func inflowA() event.InflowTraced {
	return event.InflowTraced{
		Case: "A", Source: event.Transfer{ID: "t-a", From: victims, To: mule, Amount: 400, At: minute(1), Serial: "S-A"},
		Lots: []event.Lot{{Case: "A", Victim: "a", Transfer: "t-a", Amount: 400}},
	}
}

func stoppedWith(balance money.Fen, opening money.Fen, rows ...event.Row) domain.AnswerStop {
	cmd := answer(four, balance)
	cmd.Statement = domain.Statement{Given: true, Opening: opening, Rows: rows}
	return cmd
}

// kinds are the discrepancies among events, each with its row or what was found.
func kinds(events []event.AccountEvent) (found []string) {
	for _, e := range events {
		if d, ok := e.(event.BankDiscrepancyFound); ok {
			found = append(found, fmt.Sprintf("%s %s%s", d.Kind, d.Found, d.Row))
		}
	}
	return found
}

func TestWhatIsOddAboutAStatementIsStoredTheStopIsTakenAndOnlyWhatAddsUpCounts(t *testing.T) {
	a, x := credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 150, 350)
	newest := []event.Row{x, a}
	for name, c := range map[string]struct {
		cmd    domain.AnswerStop
		kinds  []string
		counts bool
	}{
		"a statement that adds up": {stoppedWith(350, 100, a, x), nil, true},
		"a balance below zero":     {stoppedWith(-1, 100, a, x), []string{"balance-negative -0.01", "statement-unbalanced closing-balance"}, false},
		"another closing balance":  {stoppedWith(351, 100, a, x), []string{"statement-unbalanced closing-balance"}, false},
		"rows that contradict their balance": {
			stoppedWith(350, 100, a, debitTo(&mule2, "S-X", 2, 150, 340)),
			[]string{"statement-unbalanced row-balanceS-X"},
			false,
		},
		"an opening below zero": {stoppedWith(350, -50, a, x), []string{"statement-unbalanced opening-negative"}, false},
		"a debit of more than was there": {
			stoppedWith(0, 100, debitTo(&mule2, "S-X", 1, 150, -50), credit("S-A", 2, 400, 350)),
			[]string{"statement-unbalanced row-overdrawsS-X"},
			false,
		},
		"a transfer dated before the inflow it spends": {
			stoppedWith(350, 100, a, debitTo(&mule2, "S-X", 0, 150, 350)),
			[]string{"transfer-before-inflow S-X"},
			false,
		},
		"a credit dated before what came before it": {
			stoppedWith(500, 100, a, debitTo(&mule2, "S-X", 2, 150, 350), credit("S-B", 0, 150, 500)),
			[]string{"statement-unbalanced row-orderS-B"},
			false,
		},
		"a row of nothing":        {stoppedWith(500, 100, a, debitTo(&mule2, "S-X", 2, 0, 500)), []string{"statement-unbalanced row-amountS-X"}, false},
		"an amount that overflow": {stoppedWith(500, 100, credit("S-A", 1, 1<<62, 1<<62+100)), []string{"statement-unbalanced row-amountS-A"}, false},
		"the newest row first":    {stoppedWith(350, 100, newest...), []string{"row-order "}, true},
		"a row twice":             {stoppedWith(350, 100, a, a, x), []string{"row-duplicate S-A"}, true},
		"a row twice, the newest first": {
			stoppedWith(350, 100, x, x, a), []string{"row-duplicate S-X", "row-order "}, true,
		},
		"a transfer to itself": {
			stoppedWith(500, 100, a, debitTo(&mule, "S-O", 2, 200, 300), event.Row{Serial: "S-I", At: minute(2), Credit: true, Amount: 200, Balance: 500, Counter: &mule}),
			[]string{"self-transfer S-O", "self-transfer S-I"},
			true,
		},
		"there and back at the same instant": {
			stoppedWith(500, 100, a, debitTo(&mule2, "S-O", 2, 200, 300), event.Row{Serial: "S-I", At: minute(2), Credit: true, Amount: 200, Balance: 500, Counter: &mule2}),
			[]string{"cycle-instant S-I"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			state := domain.AccountDecider().Replay(requested(), approved(), inflowA())
			events, err := domain.DecideAccount(state, c.cmd)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := events[0].(event.StopExecuted); !ok {
				t.Errorf("the stop is not on record: %#v", events[0])
			}
			if diff := cmp.Diff(c.kinds, kinds(events)); diff != "" {
				t.Errorf("discrepancies (-want +got):\n%s", diff)
			}
			after := apply(t, state, c.cmd)
			if after.Stated != c.counts || (after.Attribution.Revision > 0) != c.counts || !after.Stopped() {
				t.Errorf("counts %v with revision %d", after.Stated, after.Attribution.Revision)
			}
			if c.counts && byOwner(after.Attribution.Held)["A"]+byOwner(after.Attribution.Left)["A"] != 400 {
				t.Errorf("of A's 400: held %v, left %v", after.Attribution.Held, after.Attribution.Left)
			}
			if again, err := domain.DecideAccount(after, c.cmd); err != nil || c.counts && len(again) > 0 {
				t.Errorf("the same again: %v, %v", again, err)
			}
		})
	}
}

func TestWhatAnAccountSendsToItselfStaysItsOwners(t *testing.T) {
	state := domain.AccountDecider().Replay(requested(), approved(), inflowA())
	back := event.Row{Serial: "S-I", At: minute(3), Credit: true, Amount: 400, Balance: 500, Counter: &mule}
	state = apply(t, state, stoppedWith(500, 100, credit("S-A", 1, 400, 500), debitTo(&mule, "S-O", 2, 400, 100), back))
	f := state.Attribution
	if byOwner(f.Held)["A"] != 400 || len(f.Left) > 0 || len(f.Outflows) > 0 || byOwner(f.Reached)["A"] != 400 {
		t.Errorf("held %v, left %v, reached %v, outflows %v", f.Held, f.Left, f.Reached, f.Outflows)
	}
}

func TestWhatTheEdgeFoundIsStoredWithTheAnswer(t *testing.T) {
	state := domain.AccountDecider().Replay(requested(), approved())
	cmd := answer(four, 100)
	cmd.Findings = []event.BankDiscrepancyFound{{Kind: domain.RowCurrency, Found: "USD", Row: "S-9"}}
	events, err := domain.DecideAccount(state, cmd)
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	want := event.BankDiscrepancyFound{Order: "order-1", Kind: "row-currency", Found: "USD", Row: "S-9", At: four}
	if diff := cmp.Diff(want, events[1]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	state = apply(t, state, cmd)
	if again, err := domain.DecideAccount(state, cmd); err != nil || len(again) > 0 || len(state.Discrepancies) != 1 {
		t.Errorf("the same again: %v, %v", again, err)
	}
}

// long is a statement of so many rows in so many parts.
func long(n, parts int) (cmds []domain.AnswerStop, last money.Fen) {
	full := busy(n, 3)
	opening := money.Fen(0)
	for p := range parts {
		cmd := answer(four, full.Balance)
		cmd.Statement = domain.Statement{Given: true, Opening: opening, Rows: full.Statement.Rows[p*n/parts : (p+1)*n/parts], Part: p + 1, Parts: parts}
		opening = cmd.Statement.Rows[len(cmd.Statement.Rows)-1].Balance
		cmds = append(cmds, cmd)
	}
	return cmds, full.Balance
}

func TestAStatementInPartsCountsOnceAllAreThereInWhateverOrder(t *testing.T) {
	cmds, _ := long(60, 3)
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}, {0, 0, 2, 2, 1}} {
		a := domain.AccountDecider().Replay(requested(), approved())
		for n, part := range order {
			cmd := cmds[part]
			cmd.At = four.Add(time.Duration(n) * time.Minute)
			if n < len(order)-1 && a.Stated {
				t.Fatalf("%v counts before all parts are there", order)
			}
			a = apply(t, a, cmd)
			if !a.Stopped() {
				t.Fatalf("%v: with the first part the stop is not on record", order)
			}
		}
		if !a.Stated || len(a.Statement.Rows) != 60 || len(a.Partial) > 0 || len(a.Discrepancies) > 0 {
			t.Errorf("%v: %d rows, %d parts left, %v", order, len(a.Statement.Rows), len(a.Partial), a.Discrepancies)
		}
		if again, err := domain.DecideAccount(a, cmds[1]); err != nil || len(again) > 0 {
			t.Errorf("%v: a part that is there already: %v, %v", order, again, err)
		}
	}
}

func TestAStatementThatLacksPartsIsReportedOnceAndCountsWhenTheyComeAfterAll(t *testing.T) {
	cmds, _ := long(60, 3)
	a := apply(t, domain.AccountDecider().Replay(requested(), approved()), cmds[0])
	clock := slices.IndexFunc(domain.DueOnAccount(a), func(c es.Alarm) bool { return c.Name == "statement:order-1" })
	if clock < 0 {
		t.Fatalf("no clock runs for it: %v", domain.DueOnAccount(a))
	}
	due := domain.DueOnAccount(a)[clock]
	if want := four.Add(10 * time.Minute); !due.At.Equal(want) {
		t.Errorf("due at %v, want %v", due.At, want)
	}
	if events, err := domain.DecideAccount(a, domain.Wake(due, due.At.Add(-time.Second))); err != nil || len(events) > 0 {
		t.Errorf("before its time: %v, %v", events, err)
	}
	a = apply(t, a, domain.Wake(due, due.At))
	if len(a.Discrepancies) != 1 || a.Discrepancies[0].Kind != domain.StatementIncomplete || a.Discrepancies[0].Found != "1" || a.Discrepancies[0].Expected != "3" {
		t.Errorf("reported: %+v", a.Discrepancies)
	}
	if slices.ContainsFunc(domain.DueOnAccount(a), func(c es.Alarm) bool { return c.Name == "statement:order-1" }) {
		t.Error("it would be reported again")
	}
	a = apply(t, apply(t, a, cmds[1]), cmds[2])
	if !a.Stated || len(a.Statement.Rows) != 60 {
		t.Errorf("the parts that came late do not count: %d rows", len(a.Statement.Rows))
	}
}

func TestAStatementBeyondAllBoundsIsReportedAndTheStopIsTaken(t *testing.T) {
	cmd := stoppedWith(100, 0, make([]event.Row, domain.MaxRows+1)...)
	a := apply(t, domain.AccountDecider().Replay(requested(), approved()), cmd)
	if !a.Stopped() || a.Stated || len(a.Discrepancies) != 1 || a.Discrepancies[0].Kind != domain.StatementTooLong {
		t.Errorf("stopped %v, %+v", a.Stopped(), a.Discrepancies)
	}
}

func TestStatementsThatOverlapOrAdjoinAreOne(t *testing.T) {
	full := busy(40, 3)
	rows := full.Statement.Rows
	slice := func(order identity.OrderID, from, to int) event.StatementReceived {
		s := event.StatementReceived{Order: order, Rows: rows[from:to]}
		if from > 0 {
			s.Opening = rows[from-1].Balance
		}
		return s
	}
	elsewhere := busy(6, 1).Statement
	elsewhere.Order, elsewhere.Opening = "order-9", 1
	for name, c := range map[string]struct {
		of   []event.StatementReceived
		want int
	}{
		"one alone":                     {[]event.StatementReceived{slice("o1", 0, 40)}, 40},
		"one within the other":          {[]event.StatementReceived{slice("o1", 10, 20), slice("o2", 0, 40)}, 40},
		"they overlap":                  {[]event.StatementReceived{slice("o1", 0, 25), slice("o2", 20, 40)}, 40},
		"they adjoin, the later first":  {[]event.StatementReceived{slice("o2", 20, 40), slice("o1", 0, 20)}, 40},
		"three, the middle one last":    {[]event.StatementReceived{slice("o1", 0, 12), slice("o3", 30, 40), slice("o2", 10, 31)}, 40},
		"a gap between them: the later": {[]event.StatementReceived{slice("o1", 0, 10), slice("o2", 15, 40)}, 25},
		"one of something else":         {[]event.StatementReceived{slice("o1", 0, 40), elsewhere}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			got, aside := domain.Union(c.of)
			if len(got.Rows) != c.want {
				t.Errorf("%d rows, want %d", len(got.Rows), c.want)
			}
			slices.Reverse(c.of)
			again, others := domain.Union(c.of)
			if diff := cmp.Diff(got, again) + cmp.Diff(aside, others); diff != "" {
				t.Errorf("in another order (-first +second):\n%s", diff)
			}
		})
	}
}
