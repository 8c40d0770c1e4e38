package chart

import (
	"cmp"
	"slices"

	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// sheetPlan is what stands on one sheet.
type sheetPlan struct {
	cards []*card
	tops  [columnsOfSheet]int // how far down each column is taken
	rule  int                 // where continued families begin below others; 0: nowhere
	ruled int                 // in so many columns from the left
}

// packer lays families of cards on sheets: an account stands right of the one
// that its money came from, and what does not fit is continued, families first.
type packer struct {
	high   int // room for cards on a sheet, in px
	sheets []*sheetPlan
	rest   []*card // to be continued
}

// pack puts every card on one sheet, and says which.
func pack(cards []*card, high int) []*sheetPlan {
	p := &packer{high: high, sheets: []*sheetPlan{{}}}
	for _, c := range cards {
		if c.parent == nil {
			p.begin(c)
		}
	}
	p.proceed()
	for n, s := range p.sheets {
		for _, c := range s.cards {
			c.sheet = n + 1
		}
	}
	return p.sheets
}

// descend makes families: each account belongs to the one of a lower level that
// most of its money came from. Those that passed money on to accounts come
// first, then those where someone has to act, then the larger ones.
func descend(cards []*card) {
	for _, c := range cards {
		most := -1
		for n, l := range c.in {
			if l.from.node.Level < c.box.node.Level && (most < 0 || l.carried > c.in[most].carried) {
				most = n
			}
		}
		if most >= 0 {
			c.parent = c.in[most].from.card
			c.parent.family = append(c.parent.family, c)
		}
	}
	for _, c := range cards {
		slices.SortStableFunc(c.family, func(a, b *card) int {
			return cmp.Or(cmp.Compare(min(1, len(b.family)), min(1, len(a.family))), cmp.Compare(urgency(b.box.node), urgency(a.box.node)))
		})
	}
}

// urgency is how much an account asks for someone to act.
func urgency(n flow.Node) int { return (&item{box: &box{node: n}}).urgent() }

// begin lays the family of one that the money came from first: its column is
// its level.
func (p *packer) begin(c *card) {
	wide, high, left := p.grow(c, columnsOfSheet, p.high)
	column := min(c.box.node.Level, columnsOfSheet-wide)
	if !p.last().fits(column, wide, high, p.high) {
		p.sheets = append(p.sheets, &sheetPlan{})
	}
	p.last().lay(c, column, p.last().free(column, wide))
	p.rest = append(p.rest, left...)
}

// proceed lays what was left, wide families first, then by number: below what
// is there where the columns on the left have room, else on sheets of its own.
func (p *packer) proceed() {
	if len(p.rest) == 0 {
		return
	}
	s := p.last()
	for s.ruled < columnsOfSheet && s.tops[s.ruled] <= p.high*3/5 {
		s.rule, s.ruled = max(s.rule, s.tops[s.ruled]+ruleHeight), s.ruled+1
	}
	for n := range s.tops {
		if s.tops[n] = p.high + 1; n < s.ruled {
			s.tops[n] = s.rule
		}
	}
	for len(p.rest) > 0 {
		now := p.rest
		p.rest = nil
		slices.SortStableFunc(now, func(a, b *card) int {
			return cmp.Or(cmp.Compare(b.deep(), a.deep()), cmp.Compare(a.place, b.place))
		})
		for _, c := range now {
			p.next(c)
		}
	}
}

// next lays one family in the leftmost columns that have room for it.
func (p *packer) next(c *card) {
	wide, high, left := p.grow(c, columnsOfSheet, p.high)
	p.rest = append(p.rest, left...)
	for column := range columnsOfSheet - wide + 1 {
		if p.last().fits(column, wide, high, p.high) {
			p.last().lay(c, column, p.last().free(column, wide))
			return
		}
	}
	p.sheets = append(p.sheets, &sheetPlan{})
	p.last().lay(c, 0, 0) // what grow gives fits on a sheet of its own
}

// grow gives a card as much of its family as there are columns and room for,
// and tells how wide and how high that is, and who is left.
func (p *packer) grow(c *card, columns, room int) (wide, high int, left []*card) {
	c.kids, wide, high = nil, 1, 0
	for _, k := range c.family {
		remains := room - high
		if len(c.kids) > 0 && k.needs(columns-1) > remains || columns == 1 || k.box.h > remains {
			left = append(left, k)
			continue
		}
		w, h, rest := p.grow(k, columns-1, remains)
		c.kids, left = append(c.kids, k), append(left, rest...)
		wide, high = max(wide, w+1), high+h+cardGap
	}
	return wide, max(c.box.h, high-cardGap), left
}

// needs is the height of a whole family in so many columns.
func (c *card) needs(columns int) int {
	high := 0
	if columns > 1 {
		for _, k := range c.family {
			high += k.needs(columns-1) + cardGap
		}
	}
	return max(c.box.h, high-cardGap)
}

// deep is how many columns a whole family takes.
func (c *card) deep() int {
	most := 0
	for _, k := range c.family {
		most = max(most, k.deep())
	}
	return most + 1
}

func (p *packer) last() *sheetPlan { return p.sheets[len(p.sheets)-1] }

// free is where something so wide can stand in a column.
func (s *sheetPlan) free(column, wide int) int { return slices.Max(s.tops[column : column+wide]) }

func (s *sheetPlan) fits(column, wide, high, room int) bool {
	return s.free(column, wide)+high <= room
}

// lay puts a card and those that stand with it in their places, and tells how
// high they are together.
func (s *sheetPlan) lay(c *card, column, y int) int {
	s.cards = append(s.cards, c)
	c.box.x, c.box.y = sheetEdge+column*(cardWidth+cardGutter), y
	at := y
	for _, k := range c.kids {
		at += s.lay(k, column+1, at) + cardGap
	}
	s.tops[column] = max(s.tops[column], y+c.box.h+cardGap)
	return max(c.box.h, at-cardGap-y)
}
