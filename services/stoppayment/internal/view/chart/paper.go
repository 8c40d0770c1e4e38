package chart

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// A sheet of A4 across. One px of its viewBox is 0.21 mm, so that the smallest
// text, 11 px, is 2.31 mm (6.5 pt) high.
const (
	sheetWidth  = 1414
	sheetHeight = 1000
	sheetEdge   = 44 // 9.2 mm: printers leave that much white
	sheetMM     = 210
)

// Sheets draws the picture for printing: numbered sheets of A4 across, each a
// whole SVG. Every account is drawn by itself, on one sheet; what leads to
// another sheet names it. Each sheet has the case, the instant and the totals of
// the case, and the sums of the sheet, which add up to the totals.
func Sheets(in Input) [][]byte {
	in.All = true
	p := &painter{in: in, palette: newPalette(in.Banks)}
	cards := p.deal(gather(in))
	descend(cards)
	frame := p.measure(cards)
	plans := p.place(cards, frame.bottom-frame.top)
	sheets := make([][]byte, 0, len(plans))
	for n, plan := range plans {
		sheets = append(sheets, p.sheet(plan, frame, n+1, len(plans)))
	}
	return sheets
}

// Stack puts sheets below each other in one SVG. Browsers print it sheet by
// sheet; on the screen a broken line shows where a sheet ends.
func Stack(sheets [][]byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"297mm\" height=\"%dmm\" lang=\"zh-CN\">\n", prolog, sheetMM*len(sheets))
	out.WriteString("<style>@page{size:A4 landscape;margin:0}@media print{.cut{display:none}}</style>\n")
	for n, sheet := range sheets {
		out.Write(bytes.TrimPrefix(sheet, []byte(prolog)))
		if n > 0 {
			fmt.Fprintf(&out, "<line class=\"cut\" x1=\"0\" y1=\"%dmm\" x2=\"297mm\" y2=\"%dmm\" stroke=\"#7B8794\" stroke-dasharray=\"8 6\"/>\n", n*sheetMM, n*sheetMM)
		}
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

const prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// sheet draws one.
func (p *painter) sheet(plan *sheetPlan, f frame, n, of int) []byte {
	p.out.Reset()
	p.suffix = "-" + strconv.Itoa(n)
	p.printf("%s<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"sheet-%d\" y=\"%dmm\" width=\"297mm\" height=\"%dmm\" viewBox=\"0 0 %d %d\" font-family=\"%s\" fill=\"%s\" lang=\"zh-CN\">\n",
		prolog, n, (n-1)*sheetMM, sheetMM, sheetWidth, sheetHeight, fonts, inkMark)
	p.printf("<title>%s</title>\n", escape(fmt.Sprintf("资金流向图 Fund flow · %s · 第 %d/%d 页", p.name(), n, of)))
	p.patterns()
	p.printf("<rect width=\"%d\" height=\"%d\" fill=\"#FFFFFF\"/>\n", sheetWidth, sheetHeight)
	p.sheetHead(plan, f, n, of)
	if plan.ruled > 0 && plan.tops[0] > plan.rule { // something stands below it
		y, end := f.top+plan.rule-7, sheetEdge+plan.ruled*(cardWidth+cardGutter)-cardGutter
		p.printf("<path d=\"M%d %dH%d\" stroke=\"%s\" stroke-dasharray=\"2 3\"/>\n", sheetEdge, y, end, inkMark)
		p.text(sheetEdge, y-5, small, "", "续：上级账户见“←” Continued, from ←")
	}
	if len(plan.cards) == 0 {
		p.nothing(sheetWidth/2, sheetHeight/2)
	}
	for _, c := range plan.cards {
		c.box.y += f.top
	}
	for _, c := range plan.cards {
		p.family(c)
	}
	for _, c := range plan.cards {
		p.card(c)
	}
	p.printf("</svg>\n")
	return bytes.Clone(p.out.Bytes())
}

// nothing says that there is nothing to draw.
func (p *painter) nothing(x, y int) {
	p.text(x, y, 16, " text-anchor=\"middle\" font-weight=\"bold\"", "截至该时点尚无资金流向")
	p.text(x, y+20, small, " text-anchor=\"middle\"", "No movement of money was known at that time")
}

// family draws the lines from an account to those right of it, as thick as what
// they carry.
func (p *painter) family(c *card) {
	x1, y1 := c.box.x+c.box.w, c.box.y+cardAnchor
	for _, k := range c.kids {
		bus, x2, y2, thick := x1+cardGutter/2-4, k.box.x-1, k.box.y+cardAnchor, 1
		for _, l := range k.in {
			if l.from.card == c {
				thick = 1 + root(portion(l.carried, max(1, c.box.node.In, c.box.node.Left), 100))/3
			}
		}
		if len(c.kids) > 1 || y1 != y2 {
			p.printf("<path d=\"M%d %dH%dV%d\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\"/>\n", x1, y1, bus, y2, inkText)
		} else {
			bus = x1 // straight on
		}
		p.printf("<path d=\"M%d %dH%d\" stroke=\"%s\" stroke-width=\"%d\"/>\n", bus, y2, x2-6, inkText, thick)
		p.printf("<path d=\"M%d %dL%d %dV%dZ\" fill=\"%s\"/>\n", x2, y2, x2-9, y2-5, y2+5, inkText)
	}
}

// card draws a victim or an account with all that is told about it.
func (p *painter) card(c *card) {
	rows := append(append([]row{}, c.rows...), p.ways(c)...)
	b := c.box
	b.h = c.height(len(rows) - len(c.rows))
	p.printf("<g>\n<title>%s</title>\n", escape(p.told(b)))
	if b.node.Kind == flow.Victim {
		p.frame(b, "#334E68", "#FFFFFF", " stroke-width=\"2.4\"")
	} else {
		p.framed(c)
	}
	if len(c.in) > 0 && !c.placedRight() {
		p.printf("<path d=\"M%d %dH%dM%d %dL%d %dL%d %d\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.2\"/>\n",
			b.x-13, b.y+cardAnchor, b.x-2, b.x-7, b.y+cardAnchor-4, b.x-2, b.y+cardAnchor, b.x-7, b.y+cardAnchor+4, inkText)
	}
	x, y := b.x+pad, b.y+3
	if b.marked() {
		x += markRoom
	}
	for _, r := range rows {
		y += lineHeight
		p.row(r, x, y-1)
	}
	p.printf("</g>\n")
}

// row writes a line of parts.
func (p *painter) row(r row, x, y int) {
	p.printf("<text x=\"%d\" y=\"%d\" font-size=\"%d\">", x, y, r.size)
	for _, t := range r.parts {
		weight := ""
		if t.bold {
			weight = " font-weight=\"bold\""
		}
		p.printf("<tspan%s xml:space=\"preserve\">%s</tspan>", weight, escape(t.text))
	}
	p.printf("</text>\n")
}

// placedRight tells whether a card stands right of the one that its money came
// from, with a line between.
func (c *card) placedRight() bool {
	return c.parent != nil && slices.Contains(c.parent.kids, c)
}

// framed draws the frame of an account, its bank's colour, its signs and its
// bar.
func (p *painter) framed(c *card) {
	b, w := c.box, state(c.box.node)
	stroke, more := inkMark, " stroke-width=\"1\""
	if w.Escaped() && b.node.Here > 0 {
		more = " stroke-width=\"2.6\" stroke-dasharray=\"7 4\""
	}
	p.outline(b, stroke, "#FFFFFF", more)
	inset := 3
	if b.marked() {
		inset = 10
		p.mark(b.x+pad+9, b.y+cardAnchor-2, b.node.Ref.Kind)
	}
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", b.x+2, b.y+inset, strip-1, b.h-2*inset, p.palette.of(b.node.Ref.Bank))
	p.sign(b.x+b.w-19, b.y+17, 9, w, b.node.Here <= 0)
	p.text(b.x+b.w-19, b.y+42, small, " text-anchor=\"middle\"", fmt.Sprintf("%d级", b.node.Level))
	p.shares(b)
}
