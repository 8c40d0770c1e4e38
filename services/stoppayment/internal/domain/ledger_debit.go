package domain

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// By whose word it is known where a debit went (查明依据).
const (
	ByPayee   = "payee-row" // the bank of the account that was paid
	ByOfficer = "officer"   // an officer, who gave an order because of it
)

// maxNamed bounds how many movements an account remembers by the word of others.
const maxNamed = 2_000

// nameless tells whether a row is a debit of which the account's own bank does not
// say where it went. Cash has gone nowhere else.
func nameless(r event.Row) bool {
	return !r.Credit && r.Kind != "cash" && (r.Counter == nil || r.Counter.ID == "")
}

// payee is the account that a debit went to, if the row tells.
func payee(r event.Row) (id identity.AccountID, known, candidate bool) {
	if r.Credit || nameless(r) {
		return "", false, !r.Credit
	}
	if r.Counter == nil || r.Counter.ID == "" {
		return "", false, false // cash
	}
	return r.Counter.ID, true, true
}

// leaves is where a debit went, cash included, if the row tells.
func leaves(r event.Row) (id identity.AccountID, known, candidate bool) {
	if r.Counter != nil {
		id = r.Counter.ID
	}
	return id, id != "", !r.Credit
}

// rows are those of the statement, each debit with the account that it went to as
// far as that has been found out.
func (a Account) rows() []event.Row {
	rows, _ := a.named(a.Named)
	return rows
}

// named gives each movement that others have told of a debit of its own, by the rule
// by which inflows have their rows, and the nameless ones the account that they went
// to. What banks have told counts first; what an officer has is the same movement, if
// it can be. It tells the row of each; -1: none.
func (a Account) named(told []event.CounterpartyFound) (rows []event.Row, place []int) {
	rows = a.Statement.Rows
	if len(told) == 0 {
		return rows, nil
	}
	rows, place = slices.Clone(rows), make([]int, len(told))
	for _, basis := range []string{ByPayee, ByOfficer} {
		m := newMatcher(rows, payee)
		m.firm = true
		m.settle(told, basis)
		for n, t := range told {
			if t.Basis != basis {
				continue
			}
			row, fits := m.row[t.Transfer.ID]
			if !fits {
				place[n] = -1
				continue
			}
			if place[n] = row; nameless(rows[row]) {
				to := t.Transfer.To
				rows[row].Counter = &to
			}
		}
	}
	return rows, place
}

// settle places what others have told. The serial number of another bank's row need
// not be that of the account's own; an officer's has to be, or the very same time.
func (m matcher) settle(told []event.CounterpartyFound, basis string) {
	var all []Inflow
	for _, t := range told {
		if t.Basis == basis {
			mirrored := t.Transfer
			mirrored.From = t.Transfer.To
			all = append(all, Inflow{Case: t.Case, Source: mirrored})
		}
	}
	rest, last := inTurn(all), m
	if basis == ByOfficer {
		last.window = 0
	}
	pass := func(m matcher, keys func(*Inflow) []key) {
		rest = slices.DeleteFunc(rest, func(in *Inflow) bool { return m.place(in, keys(in)) })
	}
	for _, keys := range []func(*Inflow) []key{bySerial, byCounter, byAmount} {
		pass(m, keys)
	}
	pass(last, func(in *Inflow) []key { return []key{{amount: in.Source.Amount, guess: true, named: true}} })
}

// nameDebits takes down where debits went. What another bank's rows show is kept if
// it tells where a nameless one went, with all that it shows of the same payer, so
// that none of them is taken for another; before the account's own rows are there
// nobody can tell, and it is kept. What an officer says is kept always.
func nameDebits(a Account, cmd NameDebits) ([]event.AccountEvent, error) {
	told := slices.Clone(a.Named)
	for _, d := range cmd.Debits {
		if found := (event.CounterpartyFound{Case: d.Case, Transfer: d.Transfer, Basis: d.Basis, Order: d.Order, At: cmd.At}); a.tells(found, told) {
			told = append(told, found)
		}
	}
	added := told[len(a.Named):]
	if len(added) == 0 {
		return nil, nil
	}
	_, place := a.named(told)
	helps := func(n int) bool { return place[n] >= 0 && nameless(a.Statement.Rows[place[n]]) }
	useful := !a.Stated
	for n := range added {
		useful = useful || helps(len(a.Named)+n)
	}
	var events []event.AccountEvent
	for n, found := range added {
		if found.Basis == ByOfficer || !a.Stated || useful && place[len(a.Named)+n] >= 0 {
			events = append(events, found)
		}
	}
	return reattribute(a, events, cmd.Method, cmd.At)
}

// tells tells whether what was found out is news of this account.
func (a Account) tells(found event.CounterpartyFound, told []event.CounterpartyFound) bool {
	t := found.Transfer
	if t.From.ID != a.Ref.ID || t.To.ID == "" || t.To.ID == a.Ref.ID || t.Amount <= 0 || len(told) >= maxNamed {
		return false
	}
	return !slices.ContainsFunc(told, func(k event.CounterpartyFound) bool {
		return k.Transfer.ID == t.ID || found.Basis == ByOfficer && k.Basis == ByOfficer && SameMovement(k.Transfer, t)
	})
}

// SameMovement tells whether two transfers, each by somebody's word, are one: between
// the same accounts, of the same amount, with the same serial number or, where one of
// them has none, at the same time.
func SameMovement(a, b event.Transfer) bool {
	if a.From.ID != b.From.ID || a.To.ID != b.To.ID || a.Amount != b.Amount {
		return false
	}
	if a.Serial != "" && b.Serial != "" {
		return a.Serial == b.Serial
	}
	return a.At.Equal(b.At)
}

// Confirmed tells which of the transfers from an account that an officer has named
// are among those that its bank has shown, each of which is one movement.
func (Rows) Confirmed(named, shown []event.Transfer) []bool {
	rows := make([]event.Row, len(shown))
	for n, t := range shown {
		rows[n] = event.Row{Serial: t.Serial, At: t.At, Amount: t.Amount, Counter: &t.To}
	}
	slices.SortStableFunc(rows, func(a, b event.Row) int { return a.At.Compare(b.At) })
	m := newMatcher(rows, payee)
	m.firm = true
	confirmed := make([]bool, len(named))
	for _, keys := range []func(*Inflow) []key{bySerial, byCounter} {
		for n, t := range named {
			if t.To.ID != "" && !confirmed[n] {
				t.From = t.To
				in := Inflow{Source: t}
				confirmed[n] = m.place(&in, keys(&in))
			}
		}
	}
	return confirmed
}

// Nameless tells whether money of a case has gone on from the account and nobody
// knows where.
func (a Account) Nameless(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Attribution.Outflows, func(out event.Outflow) bool {
		return !out.Cash && out.Transfer.To.ID == "" && slices.ContainsFunc(out.Lots, func(l event.Lot) bool { return l.Case == c })
	})
}

// PaidBy lists what accounts have paid in by the rows of this one, of each all that
// it has paid if some of it is no inflow that is traced, for the payers that are
// asked for.
func (a Account) PaidBy(c identity.CaseID, asked func(identity.AccountID) bool) (debits []Debit) {
	credits := map[identity.AccountID][]int{}
	for n, row := range a.Statement.Rows {
		if id, _, credit := payer(row); credit && id != "" && id != a.Ref.ID && asked(id) {
			credits[id] = append(credits[id], n)
		}
	}
	if len(credits) == 0 {
		return nil
	}
	traced, _ := match(a)
	for _, rows := range credits {
		claimed := func(in Inflow) bool { return sum(in.Lots) > 0 }
		if !slices.ContainsFunc(rows, func(n int) bool { return !slices.ContainsFunc(traced[n], claimed) }) {
			continue
		}
		twins := map[likeness]int{}
		for _, n := range rows {
			row := a.Statement.Rows[n]
			like := likenessOf(row)
			debits = append(debits, Debit{Case: c, Transfer: a.paid(row, twins[like]), Basis: ByPayee, Order: a.Statement.Order})
			twins[like]++
		}
	}
	slices.SortFunc(debits, func(a, b Debit) int {
		return cmp.Or(cmp.Compare(a.Transfer.From.ID, b.Transfer.From.ID), a.Transfer.At.Compare(b.Transfer.At), cmp.Compare(a.Transfer.ID, b.Transfer.ID))
	})
	return debits
}

// paid is the movement that a credit shows. Its name is a function of the row.
func (a Account) paid(row event.Row, twin int) event.Transfer {
	id := identity.Derive("credit", string(a.Ref.ID), row.Serial, row.At.UTC().Format(time.RFC3339), string(row.Counter.ID), row.Amount.Decimal(), strconv.Itoa(twin))
	return event.Transfer{ID: identity.TransferID(id.String()), From: *row.Counter, To: a.Ref, Amount: row.Amount, At: row.At, Serial: row.Serial}
}

// Rows (流水印证) is the rule by which rows and transfers are the same movement, for
// those who tell of them.
type Rows struct{}

// Shown are the rows of [Account.Shown] of an account with this history.
func (Rows) Shown(account []event.AccountEvent, in, out []event.Transfer) (credits, debits map[identity.TransferID]event.Row) {
	var a Account
	for _, e := range account {
		a = EvolveAccount(a, e)
	}
	return a.Shown(in, out)
}

// Same is [SameMovement].
func (Rows) Same(a, b event.Transfer) bool { return SameMovement(a, b) }

// Shown (流水印证) are the rows of the account's statement that show movements, by
// their names: the credits of all inflows, as the attribution matches them, and the
// debits. Movements into the account and out of it that go by other names are matched
// besides, by the same rule.
func (a Account) Shown(in, out []event.Transfer) (credits, debits map[identity.TransferID]event.Row) {
	credits, debits = map[identity.TransferID]event.Row{}, map[identity.TransferID]event.Row{}
	traced, _ := match(a)
	for n, ins := range traced {
		for _, in := range ins {
			credits[in.Source.ID] = a.Statement.Rows[n]
		}
	}
	rows, names := a.rows(), namer{account: a.Ref}
	for _, row := range rows {
		if !row.Credit {
			debits[names.transfer(row, names.next(row)).ID] = row
		}
	}
	in = slices.DeleteFunc(slices.Clone(in), func(t event.Transfer) bool { // of an inflow the attribution has the last word
		return slices.ContainsFunc(a.Inflows, func(known Inflow) bool { return known.Source.ID == t.ID })
	})
	besides(credits, newMatcher(a.Statement.Rows, payer), in)
	mirrored := slices.Clone(out)
	for n := range mirrored {
		mirrored[n].From = mirrored[n].To
	}
	besides(debits, newMatcher(rows, leaves), mirrored)
	return credits, debits
}

// besides finds the rows of what has none yet.
func besides(shown map[identity.TransferID]event.Row, m matcher, all []event.Transfer) {
	for _, keys := range []func(*Inflow) []key{bySerial, byCounter, byAmount} {
		for _, t := range all {
			in := Inflow{Source: t}
			if _, found := shown[t.ID]; !found && m.place(&in, keys(&in)) {
				shown[t.ID] = m.rows[m.row[t.ID]]
			}
		}
	}
}
