package chart

import (
	"cmp"
	"slices"

	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// Measures of the drawing, in user units (px).
const (
	margin   = 28
	boxWidth = 292
	gutter   = 206 // between columns: room for the links and their amounts
	gap      = 9   // between the boxes of a column
	dummyH   = 10
	fullH    = 62 // of a box
	compactH = 45 // of a box in a column of many
	labelH   = 13
	most     = 6 // links that arrive at a box with an amount of their own
	fullUpTo = 18
)

// dummy keeps a lane free for a link that passes a column.
type dummy struct {
	link *link
	y    int // centre
}

// item is what stands in a column: a box or a lane.
type item struct {
	box   *box
	lane  *dummy
	links []*item // neighbours in the columns beside
	rank  int     // its column
	far   int     // how far the money went on from it
	place int     // in the column
	next  int     // wished place or centre, while it is worked out
	y     int     // centre
}

func (i *item) height() int {
	if i.box != nil {
		return i.box.h
	}
	return dummyH
}

// layout is a drawing with everything in its place.
type layout struct {
	boxes   []*box
	links   []*link
	columns [][]*item
	width   int
	height  int
}

// arrange gives every box its place: a column per level, in each column an
// order in which links cross little, and heights that follow the neighbours.
func arrange(boxes []*box, links []*link) *layout {
	p := &layout{boxes: boxes, links: links}
	p.rank()
	p.size()
	p.fill()
	p.order()
	p.stack()
	p.attach()
	return p
}

// rank makes columns of the levels that there are.
func (p *layout) rank() {
	var levels []int
	for _, b := range p.boxes {
		levels = append(levels, b.node.Level)
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	for _, b := range p.boxes {
		b.rank, _ = slices.BinarySearch(levels, b.node.Level)
	}
	p.columns = make([][]*item, len(levels))
}

// size makes a box as high as its text and its links ask for.
func (p *layout) size() {
	in, out, of := map[*box]int{}, map[*box]int{}, map[int]int{}
	for _, l := range p.links {
		in[l.to]++
		out[l.from]++
	}
	for _, b := range p.boxes {
		of[b.rank]++
	}
	for _, b := range p.boxes {
		b.compact = of[b.rank] > fullUpTo && b.node.Kind == flow.Account
		b.w, b.h = boxWidth, fullH
		if b.compact {
			b.h = compactH
		}
		if b.node.Kind == flow.Cash || b.node.Kind == flow.Unknown {
			b.h = 44
		}
		if n := in[b]; n > 1 {
			b.h = max(b.h, min(n, most)*labelH+6)
		}
		b.h = max(b.h, min(200, out[b]*4))
		b.x = margin + b.rank*(boxWidth+gutter)
	}
	p.width = 2*margin + len(p.columns)*boxWidth + (len(p.columns)-1)*gutter
}

// fill puts boxes and lanes into the columns. Sinks stand below.
func (p *layout) fill() {
	at := map[*box]*item{}
	for _, b := range p.boxes {
		at[b] = &item{box: b, rank: b.rank}
		p.columns[b.rank] = append(p.columns[b.rank], at[b])
	}
	tie := func(a, b *item) { a.links, b.links = append(a.links, b), append(b.links, a) }
	for _, l := range p.links {
		step := 1
		if l.back() {
			step = -1
		}
		before := at[l.from]
		for rank := l.from.rank + step; step*(l.to.rank-rank) > 0; rank += step {
			lane := &item{lane: &dummy{link: l}, rank: rank}
			p.columns[rank] = append(p.columns[rank], lane)
			l.via = append(l.via, lane.lane)
			tie(before, lane)
			before = lane
		}
		if l.from.rank != l.to.rank {
			tie(before, at[l.to])
		}
	}
}

// order moves items beside their neighbours (barycentre), to the right and back
// again, and keeps what crosses least. The accounts from which the money went on
// stand above those where it stayed, and of these the ones first where someone
// has to act.
func (p *layout) order() {
	for _, column := range p.columns {
		for _, i := range column {
			i.far = i.onwards()
		}
		slices.SortStableFunc(column, func(a, b *item) int { return cmp.Or(cmp.Compare(b.far, a.far), cmp.Compare(b.urgent(), a.urgent())) })
	}
	p.number()
	best, least := p.remember(), p.crossings()
	for round := range 10 {
		side, columns := -1, slices.Clone(p.columns)
		if round%2 == 1 {
			side = 1
			slices.Reverse(columns)
		}
		for _, column := range columns {
			p.sweep(column, side)
		}
		if now := p.crossings(); now < least {
			best, least = p.remember(), now
		}
	}
	p.columns = best
	p.number()
}

// sweep puts the items of a column into the order of their neighbours on one
// side. One without any stays where it is, as far along as it was.
func (p *layout) sweep(column []*item, side int) {
	along := func(i *item) int { return (2*i.place + 1) << 16 / (2 * len(p.columns[i.rank])) }
	for _, i := range column {
		sum, count := 0, 0
		for _, n := range i.links {
			if n.rank == i.rank+side {
				sum, count = sum+along(n), count+1
			}
		}
		if i.next = along(i); count > 0 {
			i.next = sum / count
		}
	}
	slices.SortStableFunc(column, func(a, b *item) int { return cmp.Or(cmp.Compare(b.far, a.far), cmp.Compare(a.next, b.next)) })
	for n, i := range column {
		i.place = n
	}
}

// urgent tells whether someone has to act: 2 where money is free to leave, 1
// where an answer is awaited.
func (i *item) urgent() int {
	if i.box == nil || i.box.node.Kind != flow.Account {
		return 0
	}
	switch w := state(i.box.node); {
	case w.Escaped():
		return 2
	case w == flow.Pending:
		return 1
	}
	return 0
}

// onwards tells how far the money went on from an item: 2 to an account, 1 out
// of the banks, 0 not at all.
func (i *item) onwards() int {
	far := 0
	for _, n := range i.links {
		switch {
		case n.rank <= i.rank:
		case n.box != nil && n.box.node.Kind != flow.Account:
			far = max(far, 1)
		default:
			far = 2
		}
	}
	return far
}

func (p *layout) number() {
	for _, column := range p.columns {
		for n, i := range column {
			i.place = n
		}
	}
}

func (p *layout) remember() [][]*item {
	columns := make([][]*item, len(p.columns))
	for n, column := range p.columns {
		columns[n] = slices.Clone(column)
	}
	return columns
}

// crossings counts how often links between neighbouring columns cross: the
// inversions among their ends, counted in a tree of sums.
func (p *layout) crossings() int {
	total := 0
	for n := 1; n < len(p.columns); n++ {
		var ends [][2]int
		for _, i := range p.columns[n] {
			for _, o := range i.links {
				if p.columns[n-1][min(o.place, len(p.columns[n-1])-1)] == o {
					ends = append(ends, [2]int{o.place, i.place})
				}
			}
		}
		slices.SortFunc(ends, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		tree := make([]int, len(p.columns[n])+1)
		for seen, e := range ends {
			before := 0
			for k := e[1] + 1; k > 0; k -= k & -k {
				before += tree[k]
			}
			total += seen - before
			for k := e[1] + 1; k < len(tree); k += k & -k {
				tree[k]++
			}
		}
	}
	return total
}

// stack gives the items of every column their heights: near their neighbours,
// in their order, none on another.
func (p *layout) stack() {
	for _, column := range p.columns {
		y := 0
		for _, i := range column {
			i.y = y + i.height()/2
			y += i.height() + gap
		}
		p.height = max(p.height, y-gap)
	}
	for round := range 8 {
		columns := slices.Clone(p.columns)
		if round%2 == 1 {
			slices.Reverse(columns)
		}
		for _, column := range columns {
			p.settle(column)
		}
	}
	p.raise()
	for _, column := range p.columns {
		for _, i := range column {
			if i.box != nil {
				i.box.y = i.y - i.box.h/2
			} else {
				i.lane.y = i.y
			}
		}
	}
}

// raise lifts what stands left of the tallest column of a tall drawing, so that
// whoever opens it sees where the money came from without looking for it.
func (p *layout) raise() {
	const screen = 900
	if p.height <= 3*screen/2 {
		return
	}
	for _, column := range p.columns {
		high := -gap
		for _, i := range column {
			high += i.height() + gap
		}
		if high > screen {
			return
		}
		floor := 0
		for _, i := range column {
			i.y = max(i.y*screen/p.height, floor+i.height()/2)
			floor = i.y + i.height() - i.height()/2 + gap
		}
	}
}

// settle moves the items of one column towards their neighbours, down past
// those above and up from the end of the drawing.
func (p *layout) settle(column []*item) {
	for _, i := range column {
		i.next = i.y
		if len(i.links) > 0 {
			i.next = 0
			for _, n := range i.links {
				i.next += n.y
			}
			i.next /= len(i.links)
		}
	}
	floor := 0
	for _, i := range column {
		i.y = max(i.next, floor+i.height()/2)
		floor = i.y + i.height() - i.height()/2 + gap
	}
	ceiling := p.height
	for _, i := range slices.Backward(column) {
		i.y = min(i.y, ceiling-(i.height()-i.height()/2))
		ceiling = i.y - i.height()/2 - gap
	}
}

// attach spreads the ends of links over the sides of the boxes.
func (p *layout) attach() {
	for _, l := range p.links {
		switch {
		case !l.back():
			l.from.right, l.to.left = append(l.from.right, l), append(l.to.left, l)
		case l.from.rank == l.to.rank:
			l.from.right, l.to.right = append(l.from.right, l), append(l.to.right, l)
		default:
			l.from.left, l.to.right = append(l.from.left, l), append(l.to.right, l)
		}
	}
	for _, b := range p.boxes {
		b.spread(b.left)
		b.spread(b.right)
	}
}

func (b *box) spread(side []*link) {
	slices.SortStableFunc(side, func(x, y *link) int { return cmp.Compare(x.beyond(b), y.beyond(b)) })
	for n, l := range side {
		y := b.y + (2*n+1)*b.h/(2*len(side))
		if l.from == b {
			l.y1 = y
		} else {
			l.y2 = y
		}
	}
}

// beyond is the height at which a link goes on from a box.
func (l *link) beyond(b *box) int {
	other, lane := l.to, 0
	if l.to == b {
		other, lane = l.from, len(l.via)-1
	}
	if len(l.via) > 0 {
		return l.via[lane].y
	}
	return other.y + other.h/2
}
