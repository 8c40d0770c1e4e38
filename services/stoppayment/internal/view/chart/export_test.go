package chart

import (
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// Rect is a place in the drawing.
type Rect struct{ X, Y, W, H int }

// Boxes are the places of the nodes of a drawing, and how many accounts each
// stands for.
func Boxes(in Input) (places []Rect, accounts int) {
	boxes, links := gather(in)
	for _, b := range arrange(boxes, links).boxes {
		places = append(places, Rect{b.x, b.y, b.w, b.h})
		if b.node.Kind == "account" {
			accounts += b.members
		}
	}
	return places, accounts
}

// Overlap tells whether two places meet.
func (r Rect) Overlap(o Rect) bool {
	return r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
}

// Width is about how wide a text is, in px.
func Width(s string, size int) int { return width(s, size) }

// Sign is the character and the shape that tell a place of money.
func Sign(w flow.Where) string { return lookOf(w).sign + " " + lookOf(w).shape }

// Mark is the character and the shape that tell a kind of account.
func Mark(kind identity.AccountKind) string { return kindOf(kind).mark + " " + kindOf(kind).shape }

// Cards are the places of the cards on each sheet, and how much wider than its
// card the widest line of any is.
func Cards(in Input) (sheets [][]Rect, beyond int) {
	in.All = true
	p := &painter{in: in, palette: newPalette(in.Banks)}
	cards := p.deal(gather(in))
	descend(cards)
	f := p.measure(cards)
	for _, plan := range p.place(cards, f.bottom-f.top) {
		var places []Rect
		for _, c := range plan.cards {
			places = append(places, Rect{c.box.x, c.box.y + f.top, c.box.w, c.box.h})
			for _, r := range append(append([]row{}, c.rows...), p.ways(c)...) {
				wide := 0
				for _, t := range r.parts {
					wide += width(t.text, r.size)
				}
				beyond = max(beyond, wide-c.room())
			}
		}
		sheets = append(sheets, places)
	}
	return sheets, beyond
}
