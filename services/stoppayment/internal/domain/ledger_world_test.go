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

const (
	worldAccounts = 5
	outside       = worldAccounts // a bank that is never asked
	cashed        = worldAccounts + 1
)

// town is a handful of accounts among which money has moved, as their banks know
// it.
type town struct {
	refs     []event.Account
	opening  []money.Fen
	rows     [][]event.Row
	declared []event.InflowTraced // victims' transfers into the accounts
	reported money.Fen
}

func methods() *rapid.Generator[event.Method] {
	return rapid.SampledFrom([]event.Method{event.DirectTimestamp, event.ProRata, event.FIFO, event.LIFO})
}

// drawTown moves money of two victims, and of nobody known, to and fro between
// accounts, one movement a second; no account is overdrawn.
func drawTown(t *rapid.T) town {
	w := town{refs: make([]event.Account, worldAccounts+1), opening: make([]money.Fen, worldAccounts), rows: make([][]event.Row, worldAccounts)}
	for n := range w.refs {
		w.refs[n] = event.Account{ID: identity.AccountID(fmt.Sprint("acc-", n)), Bank: mule.Bank}
	}
	balance := make([]money.Fen, worldAccounts)
	for n := range balance {
		w.opening[n] = money.Fen(rapid.Int64Range(0, 1000).Draw(t, "opening"))
		balance[n] = w.opening[n]
	}
	book := func(n int, at time.Time, serial string, credit bool, amount money.Fen, other *event.Account) {
		if credit {
			balance[n] += amount
		} else {
			balance[n] -= amount
		}
		kind := "transfer"
		if other == nil {
			kind = "cash"
		}
		w.rows[n] = append(w.rows[n], event.Row{Serial: serial, At: at, Credit: credit, Amount: amount, Balance: balance[n], Counter: other, Kind: kind})
	}
	for step := range rapid.IntRange(1, 40).Draw(t, "movements") {
		at, serial := four.Add(time.Duration(step-60)*time.Second), fmt.Sprint("M", step)
		from, to := rapid.IntRange(-1, worldAccounts-1).Draw(t, "from"), rapid.IntRange(0, cashed).Draw(t, "to")
		switch {
		case from < 0 && to < worldAccounts: // a victim pays
			amount := money.Fen(rapid.Int64Range(1, 5000).Draw(t, "paid"))
			owner := identity.CaseID(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "victim"))
			id := identity.TransferID("declared-" + serial)
			source := event.Transfer{ID: id, From: victims, To: w.refs[to], Amount: amount, At: at, Serial: serial}
			w.declared = append(w.declared, event.InflowTraced{Case: owner, Source: source, Lots: []event.Lot{{Case: owner, Victim: identity.PartyID(owner), Transfer: id, Amount: amount}}})
			w.reported += amount
			book(to, at, serial, true, amount, &victims)
		case from < 0 || from == to || balance[from] == 0:
		default:
			amount := money.Fen(rapid.Int64Range(1, int64(balance[from])).Draw(t, "moved"))
			switch to {
			case cashed:
				book(from, at, serial, false, amount, nil)
			case outside:
				book(from, at, serial, false, amount, &w.refs[outside])
			default:
				book(from, at, serial, false, amount, &w.refs[to])
				book(to, at, serial, true, amount, &w.refs[from])
			}
		}
	}
	return w
}

// answerOf is what the bank of an account answers to its stop.
func (w town) answerOf(n int, method event.Method) domain.AnswerStop {
	cmd := answer(four, w.opening[n])
	if rows := w.rows[n]; len(rows) > 0 {
		cmd.BalanceBefore = rows[len(rows)-1].Balance
	}
	cmd.Method = method
	cmd.Statement = domain.Statement{Given: true, Opening: w.opening[n], Rows: w.rows[n]}
	return cmd
}

// chase lets the banks answer in the given order and follows the money from
// account to account until nothing changes any more, as the chase does.
func (w town) chase(t *rapid.T, method event.Method, order []int) []domain.Account {
	accounts := make([]domain.Account, worldAccounts)
	for n := range accounts {
		r := requested()
		r.Account, r.Lots, r.Source = w.refs[n], nil, event.Transfer{}
		accounts[n] = domain.AccountDecider().Replay(r, approved())
	}
	var todo []domain.TraceInflow
	for _, d := range w.declared {
		todo = append(todo, domain.TraceInflow{Case: d.Case, Source: d.Source, Lots: d.Lots, Method: method})
	}
	give := func(n int, cmd domain.AccountCommand) {
		events, err := domain.DecideAccount(accounts[n], cmd)
		if err != nil {
			t.Fatal(err)
		}
		before := accounts[n].Attribution.Outflows
		for _, e := range events {
			accounts[n] = domain.EvolveAccount(accounts[n], e)
			balanced(t, accounts[n])
		}
		todo = append(todo, w.hops(before, accounts[n].Attribution.Outflows, method)...)
	}
	ask := func() (news bool) { // where debits went of which their own banks do not say it
		for n := range accounts {
			known := len(accounts[n].Named)
			give(n, domain.NameDebits{Debits: w.paidBy(accounts, n), Method: method, At: four})
			news = news || len(accounts[n].Named) > known
		}
		return news
	}
	settle := func() {
		for rounds := 0; len(todo) > 0; rounds++ {
			if rounds > 20_000 {
				t.Fatal("the money goes round for ever")
			}
			cmd := todo[0]
			todo = todo[1:]
			if n := w.find(cmd.Source.To.ID); n >= 0 {
				give(n, cmd)
			}
		}
	}
	for _, n := range order {
		if rapid.Bool().Draw(t, "the chase goes on before the next answer") {
			settle()
		}
		give(n, w.answerOf(n, method))
		if rapid.Bool().Draw(t, "other banks' rows are looked at before the next answer") {
			ask()
		}
	}
	for settle(); ask(); settle() {
	}
	return accounts
}

// paidBy is what an account has paid to the others by their rows.
func (w town) paidBy(accounts []domain.Account, n int) (debits []domain.Debit) {
	for _, other := range accounts {
		debits = append(debits, other.PaidBy("A", func(id identity.AccountID) bool { return id == w.refs[n].ID })...)
	}
	return debits
}

func (w town) find(id identity.AccountID) int {
	return slices.IndexFunc(w.refs[:worldAccounts], func(a event.Account) bool { return a.ID == id })
}

// hops are the inflows that new outflows make, and those that are no more.
func (w town) hops(before, after []event.Outflow, method event.Method) (todo []domain.TraceInflow) {
	lots := func(out event.Outflow, c identity.CaseID) (own []event.Lot) {
		for _, l := range out.Lots {
			if l.Case == c {
				own = append(own, l)
			}
		}
		return own
	}
	for _, c := range []identity.CaseID{"A", "B"} {
		for _, out := range after {
			if slices.ContainsFunc(before, func(o event.Outflow) bool { return o.Transfer.ID == out.Transfer.ID && slices.Equal(o.Lots, out.Lots) }) {
				continue
			}
			todo = append(todo, domain.TraceInflow{Case: c, Source: out.Transfer, Lots: lots(out, c), Method: method})
		}
		for _, out := range before {
			if !slices.ContainsFunc(after, func(o event.Outflow) bool { return o.Transfer.ID == out.Transfer.ID }) {
				todo = append(todo, domain.TraceInflow{Case: c, Source: out.Transfer, Method: method})
			}
		}
	}
	return todo
}

// balanced holds an account against I33: the lots are the balance, and of each
// owner as much is held and has left as had come.
func balanced(t *rapid.T, a domain.Account) {
	f := a.Attribution
	if f.Revision == 0 {
		return
	}
	left, reached := byOwner(f.Left), byOwner(f.Reached)
	var total money.Fen
	all := byOwner(f.Held)
	for owner, amount := range all {
		if amount < 0 {
			t.Fatalf("%q holds %d", owner, amount)
		}
		total += amount
	}
	if total != f.Balance {
		t.Fatalf("revision %d: lots of %d on a balance of %d", f.Revision, total, f.Balance)
	}
	for owner := range reached {
		if reached[owner] != all[owner]+left[owner] {
			t.Fatalf("%q: reached %d, held %d, left %d", owner, reached[owner], all[owner], left[owner])
		}
	}
}

// All that was reported is somewhere: held, cashed or gone where nobody asks.
func TestI33_MoneyIsConservedOverTransfersBetweenAccounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTown(t)
		accounts := w.chase(t, methods().Draw(t, "method"), []int{0, 1, 2, 3, 4})
		var found money.Fen
		for _, a := range accounts {
			for owner, amount := range byOwner(a.Attribution.Held) {
				if owner != "" {
					found += amount
				}
			}
			for _, out := range a.Attribution.Outflows {
				if out.Cash || out.Transfer.To.ID == w.refs[outside].ID {
					for _, l := range out.Lots {
						found += l.Amount
					}
				}
			}
		}
		if found != w.reported {
			t.Fatalf("of %d reported, %d are found", w.reported, found)
		}
	})
}

func TestI33_TheOrderInWhichBanksAnswerMakesNoDifferenceInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, method := drawTown(t), methods().Draw(t, "method")
		one := w.chase(t, method, []int{0, 1, 2, 3, 4})
		other := w.chase(t, method, rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order"))
		for n := range one {
			if diff := cmp.Diff(one[n].Attribution, other[n].Attribution, cmpopts.IgnoreFields(event.FundsAttributed{}, "Revision")); diff != "" {
				t.Fatalf("account %d (-in turn +in another order):\n%s", n, diff)
			}
		}
	})
}

// However the rows of an account come, in parts, late, twice, or again after a
// correction, every version of its ledger balances, and the last one is what all
// rows at once would have led to.
func TestI33_LateAndCorrectedRowsAndSeveralCasesKeepEveryVersionBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, method := drawTown(t), methods().Draw(t, "method")
		full := w.answerOf(0, method)
		r := requested()
		r.Account, r.Lots, r.Source = w.refs[0], nil, event.Transfer{}
		a := domain.AccountDecider().Replay(r, approved())
		give := func(cmd domain.AccountCommand) {
			events, err := domain.DecideAccount(a, cmd)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				a = domain.EvolveAccount(a, e)
				balanced(t, a)
			}
		}
		var cmds []domain.AccountCommand
		for _, d := range w.declared {
			if d.Source.To.ID == w.refs[0].ID {
				cmds = append(cmds, domain.TraceInflow{Case: d.Case, Source: d.Source, Lots: d.Lots, Method: method})
			}
		}
		bare := full
		bare.Statement = domain.Statement{}
		give(bare)
		cmds = append(cmds, pages(t, full)...)
		if rapid.Bool().Draw(t, "a statement of fewer rows comes first") && len(w.rows[0]) > 0 {
			cut := rapid.IntRange(0, len(w.rows[0])-1).Draw(t, "rows")
			late := full
			late.Statement.Rows = w.rows[0][cut:]
			if cut > 0 {
				late.Statement.Opening = w.rows[0][cut-1].Balance
			}
			give(late)
		}
		for _, n := range rapid.Permutation(indexes(len(cmds))).Draw(t, "order") {
			give(cmds[n])
		}
		give(full)
		want := domain.AccountDecider().Replay(r, approved())
		want.Inflows = a.Inflows
		want = apply2(t, want, full)
		if diff := cmp.Diff(want.Attribution, a.Attribution, cmpopts.IgnoreFields(event.FundsAttributed{}, "Revision")); diff != "" {
			t.Fatalf("-at once +as it came:\n%s", diff)
		}
	})
}

func apply2(t *rapid.T, a domain.Account, cmd domain.AccountCommand) domain.Account {
	events, err := domain.DecideAccount(a, cmd)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		a = domain.EvolveAccount(a, e)
	}
	return a
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// pages cuts the statement of an answer into several answers.
func pages(t *rapid.T, full domain.AnswerStop) (cmds []domain.AccountCommand) {
	rows, n := full.Statement.Rows, rapid.IntRange(2, 4).Draw(t, "pages")
	if len(rows) < n {
		return []domain.AccountCommand{full}
	}
	opening := full.Statement.Opening
	for p := range n {
		page := full
		page.Statement = domain.Statement{Given: true, Opening: opening, Rows: rows[p*len(rows)/n : (p+1)*len(rows)/n], Part: p + 1, Parts: n}
		opening = page.Statement.Rows[len(page.Statement.Rows)-1].Balance
		cmds = append(cmds, page)
	}
	return cmds
}
