package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

const (
	bar   = 6  // height of the bar of shares
	strip = 7  // width of the bank's colour
	pad   = 13 // left of the text
)

// box draws one node.
func (p *painter) box(b *box) {
	p.printf("<g>\n<title>%s</title>\n", escape(p.told(b)))
	switch b.node.Kind {
	case flow.Cash, flow.Unknown:
		p.sink(b)
	case flow.Victim:
		p.victim(b)
	case flow.Account:
		p.account(b)
	}
	p.printf("</g>\n")
}

// frame draws the outline. Free money has a broken, thick one.
func (p *painter) frame(b *box, stroke, fill, more string) {
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"%s\" stroke=\"%s\"%s/>\n", b.x, b.y, b.w, b.h, fill, stroke, more)
}

func (p *painter) sink(b *box) {
	w := flow.CashedOut
	if b.node.Kind == flow.Unknown {
		w = flow.Untraceable
	}
	l := lookOf(w)
	p.frame(b, l.color, "#FFF1EA", " stroke-width=\"2\" stroke-dasharray=\"6 3\"")
	y := b.y + b.h/2
	p.sign(b.x+24, y, 11, w, false)
	p.text(b.x+46, y-3, 14, fmt.Sprintf(" font-weight=\"bold\" fill=\"%s\"", l.color), l.name+" "+Short(b.node.Here))
	p.text(b.x+46, y+14, 11, " fill=\"#52606D\"", fmt.Sprintf("%s · %d 户 %d 笔", l.english, len(b.left), movements(b)))
}

// movements counts what has arrived at a box.
func movements(b *box) int {
	n := 0
	for _, l := range b.left {
		n += len(l.edges)
	}
	return n
}

func (p *painter) victim(b *box) {
	p.frame(b, "#334E68", "#F0F4F8", " stroke-width=\"1.6\"")
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", b.x, b.y+3, strip, b.h-6, p.palette.of(b.node.Ref.Bank))
	face, y := p.in.Faces[b.node.Ref.ID], b.y+b.h/2
	p.text(b.x+pad, y-11, 12, " font-weight=\"bold\"", "被害人 "+cut(face.Holder, 12, 130))
	p.text(b.x+pad, y+5, 11, " fill=\"#52606D\"", cut(p.bank(b.node.Ref.Bank)+" "+face.Number, 11, b.w-pad-8))
	p.text(b.x+pad, y+22, 13, " font-weight=\"bold\"", "转出 "+Short(b.node.Left))
}

// account draws an account, or several of one bank put together.
func (p *painter) account(b *box) {
	n := b.node
	w := b.state()
	stroke, fill, more := "#9AA5B1", "#FFFFFF", " stroke-width=\"1\""
	if w.Escaped() && n.Here > 0 {
		stroke, fill, more = lookOf(w).color, "#FFF7F2", " stroke-width=\"2\" stroke-dasharray=\"6 3\""
	}
	if b.members > 1 {
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"#FFFFFF\" stroke=\"#9AA5B1\"/>\n", b.x+4, b.y+4, b.w, b.h)
	}
	p.outline(b, stroke, fill, more)
	inset := 3
	if b.marked() {
		inset = 10 // clear of the cut corners
		p.mark(b.x+pad+9, b.y+b.h/2-bar/2, n.Ref.Kind)
	}
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", b.x+1, b.y+inset, strip, b.h-2*inset, p.palette.of(n.Ref.Bank))
	p.sign(b.x+b.w-18, b.y+b.h/2-bar/2, 10, w, n.Here <= 0)
	switch {
	case b.members > 1:
		p.several(b)
	case b.compact:
		p.lines(b, b.y+(b.h-compactH)/2, 16, 31)
	default:
		p.lines(b, b.y+(b.h-fullH)/2, 17, 32, 46)
	}
	p.shares(b)
}

// marked tells whether a box has the mark of its kind.
func (b *box) marked() bool { return b.members == 1 && !ordinary(b.node.Ref.Kind) }

// lines writes bank, number and holder, the amounts, and what restrains the
// account; on two lines the last two are one.
func (p *painter) lines(b *box, y int, at ...int) {
	n, face, room, x := b.node, p.in.Faces[b.node.Ref.ID], b.w-pad-34, b.x+pad
	bank := p.bank(n.Ref.Bank)
	if b.marked() {
		x, room = x+markRoom, room-markRoom
	}
	p.printf("<text x=\"%d\" y=\"%d\" font-size=\"12\"><tspan font-weight=\"bold\">%s</tspan> <tspan>%s</tspan></text>\n",
		x, y+at[0], escape(bank), escape(cut(face.Number+" "+face.Holder, 12, room-width(bank, 12)-4)))
	amounts := "流入 " + Short(n.In)
	switch {
	case n.Here == n.In:
		amounts += " · 全部留存"
	case n.Here <= 0:
		amounts += " · 已全部转出"
	default:
		amounts += " · 留存 " + Short(n.Here)
	}
	if len(at) == 2 {
		short := "入" + Short(n.In)
		if n.Here != n.In {
			short += " 留" + Short(max(0, n.Here))
		}
		p.text(x, y+at[1], 11, " fill=\"#323F4B\"", cut(short+" · "+strings.TrimPrefix(measured(n), forPerson)+p.prior(n), 11, room))
		return
	}
	p.text(x, y+at[1], 11, " fill=\"#323F4B\"", cut(amounts, 11, room))
	p.text(x, y+at[2], 11, " fill=\"#52606D\"", cut(measured(n)+p.prior(n), 11, room))
}

// prior tells that someone else restrains the account too (轮候).
func (p *painter) prior(n flow.Node) string {
	if len(n.Prior) == 0 {
		return ""
	}
	until := n.Prior[0].Until
	if until.IsZero() {
		return " · 他方在先控制"
	}
	return " · 他方控制至 " + day(until)
}

func (p *painter) several(b *box) {
	n, room := b.node, b.w-pad-34
	var parts []string
	for _, w := range append(flow.Everywhere(), passed) {
		if count := b.controls[w]; count > 0 {
			parts = append(parts, fmt.Sprintf("%s%d", lookOf(w).name, count))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(b.kinds)) {
		parts = append(parts, fmt.Sprintf("%s%d", kindOf(k).mark, b.kinds[k]))
	}
	y, lines := b.y+(b.h-fullH)/2, []string{fmt.Sprintf("流入 %s · 留存 %s", Short(n.In), Short(max(0, n.Here))), strings.Join(parts, " ")}
	head := fmt.Sprintf("其余 %d 户", b.members)
	if b.compact {
		y = b.y + (b.h-compactH)/2 - 2
		head += " · 入" + Short(n.In)
		lines = lines[1:]
	}
	p.printf("<text x=\"%d\" y=\"%d\" font-size=\"12\"><tspan font-weight=\"bold\">%s</tspan> <tspan>%s</tspan></text>\n",
		b.x+pad, y+17, escape(p.bank(n.Ref.Bank)), escape(cut(head, 12, room-width(p.bank(n.Ref.Bank), 12)-4)))
	for i, line := range lines {
		p.text(b.x+pad, y+32+14*i, 11, " fill=\"#323F4B\"", cut(line, 11, room))
	}
}

// state is what the sign of a box tells.
func (b *box) state() flow.Where {
	if b.members > 1 {
		return worst(b)
	}
	return state(b.node)
}

// worst is the state among several that asks most for someone to act.
func worst(b *box) flow.Where {
	for _, w := range []flow.Where{flow.Unstopped, flow.Withheld, flow.BeyondLevel, flow.UnderMinimum, flow.Pending, flow.Unverified, flow.Stopped, flow.Frozen} {
		if b.controls[w] > 0 {
			return w
		}
	}
	return state(b.node)
}

// shares draws the bar: how much of what reached the account is where, the rest
// grey for what went on.
func (p *painter) shares(b *box) {
	n := b.node
	x, y, room := b.x+pad-1, b.y+b.h-bar-3, b.w-2*pad+8
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#E4E7EB\"/>\n", x, y, room, bar)
	if n.In <= 0 {
		return
	}
	end := x + room
	for _, s := range n.Shares {
		if w := min(portion(s.Amount, n.In, room), end-x); w > 0 { // where the rows show more than the chase, the parts exceed the whole
			p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x, y, w, bar, p.filling(s.Where))
			x += w
		}
	}
}

// portion is a part of a length. What is not nothing shows at least a little.
func portion(part, whole money.Fen, length int) int {
	if part <= 0 || whole <= 0 {
		return 0
	}
	share, _, err := money.Fen(length).Share(min(part, whole), whole)
	if err != nil {
		return 0
	}
	return max(2, int(share))
}

// told is all of a node in words, with exact amounts.
func (p *painter) told(b *box) string {
	n := b.node
	var t []string
	say := func(format string, args ...any) { t = append(t, fmt.Sprintf(format, args...)) }
	face := p.in.Faces[n.Ref.ID]
	switch {
	case n.Kind == flow.Cash || n.Kind == flow.Unknown:
		say("%s %s 元", lookOf(n.Shares[0].Where).name, n.Here)
		return strings.Join(t, "\n")
	case n.Kind == flow.Victim:
		say("被害人 %s %s %s", p.bank(n.Ref.Bank), face.Number, face.Holder)
		say("转出 %s 元", n.Left)
		return strings.Join(t, "\n")
	case b.members > 1:
		say("%s 第 %d 级其余 %d 户（?expand=all 全部展开）", p.bank(n.Ref.Bank), n.Level, b.members)
	default:
		say("第 %d 级 %s %s %s", n.Level, p.bank(n.Ref.Bank), face.Number, face.Holder)
	}
	if name := KindName(n.Ref.Kind); b.members == 1 && name != "" {
		say("账户类别 %s", name)
	}
	for _, k := range slices.Sorted(maps.Keys(b.kinds)) {
		say("其中%s %d 户", KindName(k), b.kinds[k])
	}
	say("涉案流入 %s 元，转出 %s 元，留存 %s 元，权属认定 %s 元", n.In, n.Left, n.Here, n.Held)
	for _, s := range n.Shares {
		say("%s %s 元", lookOf(s.Where).name, s.Amount)
	}
	if n.Told && b.members == 1 {
		say("账户余额 %s 元", n.Balance)
	}
	for _, m := range n.Measures {
		say("%s", Told(m))
	}
	for _, o := range n.Prior {
		say("在先措施 %s %s", o.Kind, o.By)
	}
	if n.Odd > 0 && b.members == 1 {
		say("反馈差异 %d 项", n.Odd)
	}
	return strings.Join(t, "\n")
}
