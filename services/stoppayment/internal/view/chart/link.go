package chart

import (
	"fmt"
	"strings"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// The inks of links.
const (
	inkPlain    = "#8795A1"
	inkText     = "#3E4C59"
	inkDeclared = "#334E68"
	inkEscaped  = "#B03A00"
	inkBack     = "#7B3FA0"
)

// ink is the colour and the dashes of a link.
func (l *link) ink() (color, dash string) {
	switch {
	case l.to.node.Kind == flow.Cash || l.to.node.Kind == flow.Unknown:
		return inkEscaped, " stroke-dasharray=\"7 4\""
	case l.carried <= 0:
		return inkPlain, " stroke-dasharray=\"2 4\""
	case l.back():
		return inkBack, " stroke-dasharray=\"10 3 2 3\""
	case l.from.node.Kind == flow.Victim:
		return inkDeclared, ""
	}
	return inkPlain, ""
}

// link draws the line of a link, as thick as what it carries, with its arrow.
func (p *painter) link(l *link) {
	color, dash := l.ink()
	tenths := 12
	if whole := p.in.Graph.Totals.Reported; whole > 0 && l.carried > 0 {
		tenths += 9 * root(portion(l.carried, max(whole, l.carried), 100))
	}
	opacity := "0.6"
	if len(l.to.left) > 2*most && dash != "" {
		opacity, tenths = "0.3", 12 // many into one: the box says how many
	}
	d, x, heading := l.path()
	p.printf("<g>\n<title>%s</title>\n", escape(p.said(l)))
	p.printf("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-opacity=\"%s\" stroke-width=\"%d.%d\"%s/>\n", d, color, opacity, tenths/10, tenths%10, dash)
	size := 9 + tenths/30
	p.printf("<path d=\"M%d %dL%d %dL%d %dZ\" fill=\"%s\"/>\n</g>\n", x, l.y2, x-heading*size, l.y2-size/2, x-heading*size, l.y2+size/2, color)
}

// root is the whole square root.
func root(n int) int {
	r := 0
	for (r+1)*(r+1) <= n {
		r++
	}
	return r
}

// path is the way of a link, where it ends, and to which side it heads: 1 to
// the right, -1 to the left.
func (l *link) path() (d string, x, heading int) {
	var b strings.Builder
	curve := func(x1, y1, x2, y2 int) {
		middle := (x1 + x2) / 2
		fmt.Fprintf(&b, "C%d %d %d %d %d %d", middle, y1, middle, y2, x2, y2)
	}
	switch {
	case l.from.rank == l.to.rank:
		x1, bulge := l.from.x+l.from.w, 40+min(40, abs(l.y1-l.y2)/8)
		fmt.Fprintf(&b, "M%d %dC%d %d %d %d %d %d", x1, l.y1, x1+bulge, l.y1, x1+bulge, l.y2, x1+6, l.y2)
		return b.String(), x1, -1
	case l.back():
		x1, y1 := l.from.x, l.y1
		fmt.Fprintf(&b, "M%d %d", x1, y1)
		for n, lane := range l.via {
			right := margin + (l.from.rank-1-n)*(boxWidth+gutter) + boxWidth
			curve(x1, y1, right, lane.y)
			x1, y1 = right-boxWidth, lane.y
			fmt.Fprintf(&b, "H%d", x1)
		}
		curve(x1, y1, l.to.x+l.to.w+6, l.y2)
		return b.String(), l.to.x + l.to.w, -1
	}
	x1, y1 := l.from.x+l.from.w, l.y1
	fmt.Fprintf(&b, "M%d %d", x1, y1)
	for n, lane := range l.via {
		left := margin + (l.from.rank+1+n)*(boxWidth+gutter)
		curve(x1, y1, left, lane.y)
		x1, y1 = left+boxWidth, lane.y
		fmt.Fprintf(&b, "H%d", x1)
	}
	curve(x1, y1, l.to.x-6, l.y2)
	return b.String(), l.to.x, 1
}

// label writes amount and time where a link arrives. Where more arrive than
// there is room for, one line says how many and how much.
func (p *painter) label(l *link) {
	if l.back() {
		y := l.y2 + 4
		p.tag(l.to.x+l.to.w+12, y, "start", inkBack, "回流 "+Short(l.carried))
		return
	}
	forward := 0
	var sum money.Fen
	for _, o := range l.to.left {
		if !o.back() {
			forward++
			sum += o.carried
		}
	}
	color, _ := l.ink()
	if color == inkPlain {
		color = inkText
	}
	if forward > most {
		if l.to.node.Kind != flow.Account { // each says its part where it leaves
			p.tag(l.from.x+l.from.w+8, l.y1+4, "start", color, lookOf(l.to.node.Shares[0].Where).sign+" "+Short(l.carried))
		}
		if l == l.to.left[0] {
			p.tag(l.to.x-14, l.to.y+l.to.h/2+4, "end", color, fmt.Sprintf("%d 户转入 共 %s", forward, Short(sum)))
		}
		return
	}
	p.tag(l.to.x-14, l.y2+4, "end", color, l.words())
}

// words are the amount and the time of a link, or how many movements it is.
func (l *link) words() string {
	first := l.edges[0].Transfer.At
	switch {
	case l.carried <= 0:
		return "人工指令"
	case len(l.edges) > 1:
		return fmt.Sprintf("%s %d 笔", Short(l.carried), len(l.edges))
	}
	return Short(l.carried) + " " + second(first)[11:]
}

// tag writes a small text on white, so that lines below do not cross it.
func (p *painter) tag(x, y int, anchor, color, s string) {
	w := width(s, 11) + 6
	left := x - 3
	if anchor == "end" {
		left = x - w + 3
	}
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"12\" rx=\"2\" fill=\"#FFFFFF\" fill-opacity=\"0.88\"/>\n", left, y-10, w)
	p.text(x, y-1, 11, fmt.Sprintf(" text-anchor=\"%s\" fill=\"%s\" font-weight=\"bold\"", anchor, color), s)
}

// said is all of a link in words, with exact amounts.
func (p *painter) said(l *link) string {
	const shown = 12
	lines := []string{fmt.Sprintf("涉案 %s 元，%d 笔", l.carried, len(l.edges))}
	for n, e := range l.edges {
		if n == shown {
			lines = append(lines, fmt.Sprintf("…… 另 %d 笔", len(l.edges)-shown))
			break
		}
		text := fmt.Sprintf("%s 金额 %s 元，其中涉案 %s 元", second(e.Transfer.At), e.Transfer.Amount, e.Carried)
		if e.Transfer.Serial != "" {
			text += "，流水号 " + e.Transfer.Serial
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}
