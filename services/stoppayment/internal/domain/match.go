package domain

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// matchWindow is how far a victim's memory of the time may lie from the bank's
// row, when no serial number tells which it is.
const matchWindow = 10 * time.Minute

// match finds the row of each inflow: first every one whose serial number tells
// it, then those whose other side is the account that it came from, then the rest
// by amount and a time nearby. A row that another account has paid in is nobody
// else's. A row is one movement; if two cases trace money in the same movement,
// it is the row of both. In which order the inflows have become known makes no
// difference.
func match(a Account) (traced map[int][]Inflow, missing []Inflow) {
	m := newMatcher(a.Statement.Rows, payer)
	rest := inTurn(a.Inflows)
	for _, keys := range []func(*Inflow) []key{bySerial, byCounter, byAmount} {
		rest = slices.DeleteFunc(rest, func(in *Inflow) bool { return m.place(in, keys(in)) || sum(in.Lots) == 0 })
	}
	for _, in := range rest {
		missing = append(missing, *in)
	}
	return m.traced, missing
}

// inTurn are movements in an order that does not depend on that of their arrival.
func inTurn(all []Inflow) []*Inflow {
	turn := make([]*Inflow, len(all))
	for n := range all {
		turn[n] = &all[n]
	}
	slices.SortStableFunc(turn, func(a, b *Inflow) int {
		return cmp.Or(a.Source.At.Compare(b.Source.At), cmp.Compare(a.Source.ID, b.Source.ID), cmp.Compare(a.Case, b.Case))
	})
	return turn
}

// key is what a row goes by: its amount, with its serial number, with its other
// side, or with neither.
type key struct {
	amount  money.Fen
	serial  string
	counter identity.AccountID
	guess   bool // by amount alone
	known   bool // of a guess: the row tells who has paid
	named   bool // of a guess: the row has a serial number
}

func bySerial(in *Inflow) []key {
	if in.Source.Serial == "" {
		return nil
	}
	return []key{{amount: in.Source.Amount, serial: in.Source.Serial}}
}

func byCounter(in *Inflow) []key {
	if in.Source.From.ID == "" {
		return nil
	}
	return []key{{amount: in.Source.Amount, counter: in.Source.From.ID}}
}

// byAmount is a guess. Where both sides have a serial number they are different
// ones by now, and where both know who has paid it was somebody else.
func byAmount(in *Inflow) []key {
	guess := key{amount: in.Source.Amount, guess: true}
	keys := []key{guess}
	add := func(known, named bool) {
		guess.known, guess.named = known, named
		keys = append(keys, guess)
	}
	if in.Source.Serial == "" {
		add(false, true)
	}
	if in.Source.From.ID == "" {
		add(true, false)
		if in.Source.Serial == "" {
			add(true, true)
		}
	}
	return keys
}

// payer is the account that has paid a credit in, if the row tells: an account goes
// by its bank and its number, and an order number of a payment institution tells
// of no account.
func payer(r event.Row) (id identity.AccountID, known, candidate bool) {
	if !r.Credit {
		return "", false, false
	}
	if r.Counter == nil || r.Counter.ID == "" || r.Counter.Kind == identity.OrderNumberAccount {
		return "", false, true
	}
	return r.Counter.ID, r.Counter.Bank != "", true
}

// otherSide is the other side of a row, and whether the row can be one of those that
// are looked for.
type otherSide func(event.Row) (id identity.AccountID, known, candidate bool)

// matcher gives each inflow a row of its own, or the row of the same movement.
type matcher struct {
	rows   []event.Row
	other  otherSide
	window time.Duration // how far the times may lie apart
	firm   bool          // who is told of by a row is never mistaken
	groups map[key]*candidates
	traced map[int][]Inflow
	row    map[identity.TransferID]int
}

func newMatcher(rows []event.Row, other otherSide) matcher {
	m := matcher{rows: rows, other: other, window: matchWindow, groups: map[key]*candidates{}, traced: map[int][]Inflow{}, row: map[identity.TransferID]int{}}
	for n, r := range rows {
		from, known, candidate := other(r)
		if !candidate {
			continue
		}
		m.put(n, key{amount: r.Amount, guess: true, known: known, named: r.Serial != ""})
		if r.Serial != "" {
			m.put(n, key{amount: r.Amount, serial: r.Serial})
		}
		if from != "" {
			m.put(n, key{amount: r.Amount, counter: from})
		}
	}
	return m
}

func (m matcher) put(n int, k key) {
	c := m.groups[k]
	if c == nil {
		c = &candidates{}
		m.groups[k] = c
	}
	c.later, c.earlier = append(c.later, len(c.rows)), append(c.earlier, len(c.rows))
	c.rows = append(c.rows, n)
}

// place gives the inflow the row of its movement or, of those that go by the
// keys, the nearest in time that is free.
func (m matcher) place(in *Inflow, keys []key) bool {
	if n, there := m.row[in.Source.ID]; there {
		if m.rows[n].Amount != in.Source.Amount {
			return false
		}
		m.traced[n] = append(m.traced[n], *in)
		return true
	}
	best := -1
	for _, k := range keys {
		for _, n := range m.nearest(m.groups[k], in.Source.At) {
			if m.fits(in, k, n) && (best < 0 || m.nearer(in.Source.At, n, best)) {
				best = n
			}
		}
	}
	if best < 0 {
		return false
	}
	m.traced[best], m.row[in.Source.ID] = []Inflow{*in}, best
	return true
}

// fits tells whether a row that goes by a key can be the inflow's. A serial number
// alone tells only where the row does not name another account as the payer: two
// banks may count alike. With the time it tells all the same, for victims misname
// their own accounts.
func (m matcher) fits(in *Inflow, k key, n int) bool {
	near := m.apart(in.Source.At, n) <= m.window
	if k.serial == "" {
		return near
	}
	from, known, _ := m.other(m.rows[n])
	return near && !m.firm || !known || in.Source.From.ID == "" || from == in.Source.From.ID
}

func (m matcher) apart(at time.Time, n int) time.Duration { return m.rows[n].At.Sub(at).Abs() }

// nearer orders rows by how far from a time they are; of two as far the earlier
// row is nearer.
func (m matcher) nearer(at time.Time, a, b int) bool {
	return cmp.Or(cmp.Compare(m.apart(at, a), m.apart(at, b)), cmp.Compare(a, b)) < 0
}

// nearest are the last free candidate before a time and the first from it on.
func (m matcher) nearest(c *candidates, at time.Time) (rows []int) {
	if c == nil {
		return nil
	}
	from, _ := slices.BinarySearchFunc(c.rows, at, func(n int, t time.Time) int { return m.rows[n].At.Compare(t) })
	for i := walk(c.later, from); i < len(c.rows); i = walk(c.later, i) {
		if len(m.traced[c.rows[i]]) == 0 {
			rows = append(rows, c.rows[i])
			break
		}
		c.later[i] = i + 1
	}
	for i := walk(c.earlier, from-1); i >= 0; i = walk(c.earlier, i) {
		if len(m.traced[c.rows[i]]) == 0 {
			return append(rows, c.rows[i])
		}
		c.earlier[i] = i - 1
	}
	return rows
}

// candidates are rows that go by the same key, oldest first. later and earlier lead
// past those that are taken.
type candidates struct{ rows, later, earlier []int }

// walk finds the first place from i on, one way, that is not known to be taken,
// and shortens the way for the next.
func walk(next []int, i int) int {
	end := i
	for end >= 0 && end < len(next) && next[end] != end {
		end = next[end]
	}
	for i >= 0 && i < len(next) && i != end {
		i, next[i] = next[i], end
	}
	return end
}
