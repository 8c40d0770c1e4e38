package chart

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// minWidth leaves the header room when the drawing is narrow, in px.
const minWidth = 1080

// header draws what the picture is of, where the money is, and what colours and
// signs mean.
func (p *painter) header(plan *layout) {
	g, wide := p.in.Graph, max(plan.width, minWidth)
	t := g.Totals
	p.text(margin, 40, 24, " font-weight=\"bold\"", "资金流向图")
	p.text(margin+132, 40, 14, " fill=\"#52606D\"", "Fund flow")
	p.text(margin+212, 40, 15, "", "案件 "+p.name())
	p.text(wide-margin, 32, 13, " text-anchor=\"end\" font-weight=\"bold\"", "截至 "+second(g.At)+"（北京时间）")
	p.text(wide-margin, 50, 11, " text-anchor=\"end\" fill=\"#52606D\"", "as known at that time, Asia/Shanghai · "+flow.Version)
	figures := fmt.Sprintf("报案损失 %s 元 · 权属在户 %s 元 · 止付余额 %s 元 · 冻结 %s 元 · 未受控（含取现）%s 元 · %d 户 %d 家银行 %d 级 %d 笔",
		t.Reported, t.Attributable, t.Stopped, t.Frozen, t.Escaped, t.Accounts, t.Banks, t.Levels, t.Transfers)
	if slices.ContainsFunc(plan.boxes, func(b *box) bool { return b.members > 1 }) {
		figures += " · 较小账户按银行合并，?expand=all 全部展开"
	}
	p.text(margin, 70, 13, "", figures)
	y := p.whole(plan, wide, 82)
	y = p.kindLegend(wide, p.legend(wide, y+12))
	for n, column := range plan.columns {
		p.column(plan, column, n, wide, y+30)
	}
	p.top = y + 50
}

// whole draws the bar of where all that was reported is, with its legend: the
// places that have money are the signs that the picture uses.
func (p *painter) whole(plan *layout, wide, y int) int {
	t := p.in.Graph.Totals
	x, room := margin, wide-2*margin
	p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" fill=\"#E4E7EB\"/>\n", x, y, room)
	for _, s := range t.Shares {
		w := min(portion(s.Amount, t.Reported, room), wide-margin-x)
		if w <= 0 {
			continue
		}
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" fill=\"%s\"><title>%s</title></rect>\n", x, y, w, p.filling(s.Where),
			escape(fmt.Sprintf("%s %s 元", lookOf(s.Where).name, s.Amount)))
		x += w
	}
	x, y = margin, y+36
	signs := t.Shares
	for _, w := range p.unexplained(plan.boxes) {
		signs = append(signs[:len(signs):len(signs)], flow.Share{Where: w})
	}
	for _, s := range signs {
		l := lookOf(s.Where)
		text := l.name + " " + l.english
		if s.Amount != 0 {
			text = fmt.Sprintf("%s %s元（%s）", l.name, s.Amount, permille(s.Amount, t.Reported))
		}
		w := 24 + width(text, 12) + 18
		if x+w > wide-margin {
			x, y = margin, y+24
		}
		p.sign(x+9, y-4, 8, s.Where, false)
		p.text(x+24, y, 12, "", text)
		x += w
	}
	return y
}

// legend lists the banks with their colours, the most money first.
func (p *painter) legend(wide, y int) int {
	type row struct {
		code     identity.BankCode
		in       money.Fen
		accounts int
	}
	var rows []row
	for _, n := range p.in.Graph.Nodes {
		if n.Kind != flow.Account {
			continue
		}
		i := slices.IndexFunc(rows, func(r row) bool { return r.code == n.Ref.Bank })
		if i < 0 {
			i, rows = len(rows), append(rows, row{code: n.Ref.Bank})
		}
		rows[i].in += n.In
		rows[i].accounts++
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(b.in, a.in), cmp.Compare(a.code, b.code)) })
	x := margin
	y += 12
	for _, r := range rows {
		text := fmt.Sprintf("%s %d 户", p.bank(r.code), r.accounts)
		w := 16 + width(text, 11) + 16
		if x+w > wide-margin {
			x, y = margin, y+18
		}
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" rx=\"2\" fill=\"%s\"/>\n", x, y-10, p.palette.of(r.code))
		p.text(x+16, y, 11, "", text)
		x += w
	}
	return y
}

// column writes the head of a level.
func (p *painter) column(plan *layout, column []*item, n, wide, y int) {
	accounts, level := 0, 0
	var in money.Fen
	for _, i := range column {
		if i.box == nil {
			continue
		}
		level = i.box.node.Level
		if i.box.node.Kind == flow.Account {
			accounts += i.box.members
			in += i.box.node.In
		}
	}
	text := "被害人"
	if level > 0 {
		text = fmt.Sprintf("第 %d 级 · %d 户 · 流入 %s", level, accounts, Short(in))
	}
	if level > 0 && accounts == 0 {
		text = "出口 Out of the banks"
	}
	x := max(0, (wide-plan.width)/2) + margin + n*(boxWidth+gutter)
	p.text(x, y, 13, " font-weight=\"bold\" fill=\"#334E68\"", text)
	p.printf("<path d=\"M%d %dH%d\" stroke=\"#BCCCDC\" stroke-width=\"1\"/>\n", x, y+6, x+boxWidth)
}
