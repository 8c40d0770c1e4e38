package chart

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
