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
// row, when he has no serial number.
const matchWindow = 10 * time.Minute

// match finds the row of each inflow: first every one whose serial number tells
// it, then the rest by amount and a time nearby. A row is one movement; if two
// cases trace money in the same movement, it is the row of both. In which order
// the inflows have become known makes no difference.
func match(a Account) (traced map[int][]Inflow, missing []Inflow) {
	m := matcher{traced: map[int][]Inflow{}, row: map[identity.TransferID]int{}, rows: a.Statement.Rows}
	inflows := slices.SortedStableFunc(slices.Values(a.Inflows), func(a, b Inflow) int {
		return cmp.Or(a.Source.At.Compare(b.Source.At), cmp.Compare(a.Source.ID, b.Source.ID), cmp.Compare(a.Case, b.Case))
	})
	bySerial := m.group(func(r event.Row) (number, bool) { return number{r.Serial, r.Amount}, r.Serial != "" })
	var later []Inflow
	for _, in := range inflows {
		placed := in.Source.Serial != "" && m.place(in, bySerial[number{in.Source.Serial, in.Source.Amount}], 0, nil)
		if !placed && sum(in.Lots) > 0 {
			later = append(later, in)
		}
	}
	byAmount := m.group(func(r event.Row) (number, bool) { return number{amount: r.Amount}, true })
	for _, in := range later {
		rows := byAmount[number{amount: in.Source.Amount}]
		near := func(n int) bool { return m.rows[n].At.Sub(in.Source.At).Abs() <= matchWindow }
		from := 0
		if rows != nil {
			from, _ = slices.BinarySearchFunc(rows.at, in.Source.At.Add(-matchWindow), func(n int, t time.Time) int { return m.rows[n].At.Compare(t) })
		}
		if !m.place(in, rows, from, near) {
			missing = append(missing, in)
		}
	}
	return m.traced, missing
}

// number is what a row goes by.
type number struct {
	serial string
	amount money.Fen
}

// matcher gives each inflow a row of its own, or the row of the same movement.
type matcher struct {
	rows   []event.Row
	traced map[int][]Inflow
	row    map[identity.TransferID]int
}

// candidates are credits that go by the same, oldest first. next leads past
// those that are taken.
type candidates struct{ at, next []int }

func (m matcher) group(by func(event.Row) (number, bool)) map[number]*candidates {
	groups := map[number]*candidates{}
	for n, r := range m.rows {
		key, ok := by(r)
		if !r.Credit || !ok {
			continue
		}
		c := groups[key]
		if c == nil {
			c = &candidates{}
			groups[key] = c
		}
		c.next = append(c.next, len(c.at))
		c.at = append(c.at, n)
	}
	return groups
}

// place gives the inflow the row of its movement or, from the given candidate
// on, the first that is free and fits.
func (m matcher) place(in Inflow, c *candidates, from int, fits func(int) bool) bool {
	if c == nil {
		return false
	}
	if n, there := m.row[in.Source.ID]; there {
		if m.rows[n].Amount != in.Source.Amount || (fits != nil && !fits(n)) {
			return false
		}
		m.traced[n] = append(m.traced[n], in)
		return true
	}
	i := c.free(from)
	for i < len(c.at) && len(m.traced[c.at[i]]) > 0 { // taken under another key
		c.next[i] = i + 1
		i = c.free(i)
	}
	if i == len(c.at) || (fits != nil && !fits(c.at[i])) {
		return false
	}
	c.next[i] = i + 1
	m.traced[c.at[i]], m.row[in.Source.ID] = []Inflow{in}, c.at[i]
	return true
}

// free finds the first candidate from i on that is not known to be taken, and
// shortens the way for the next.
func (c *candidates) free(i int) int {
	end := i
	for end < len(c.at) && c.next[end] != end {
		end = c.next[end]
	}
	for i < end {
		i, c.next[i] = c.next[i], end
	}
	return end
}
