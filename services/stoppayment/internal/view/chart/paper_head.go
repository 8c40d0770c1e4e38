package chart

import (
	"fmt"
	"slices"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// frame is where on a sheet the cards stand; it is the same on all of them.
type frame struct {
	figures []row
	whole   int // baseline of the first line of what the case has
	own     int // of what the sheet has
	top     int // of the cards
	bottom  int
	legend  []chip
	signs   int // baseline of the first line of the legend
}

// chip is a sign with what it says.
type chip struct {
	where flow.Where
	kind  identity.AccountKind
	text  string
}

// sums is what the cards of one sheet add up to.
type sums struct {
	accounts, victims int
	whole             money.Fen
	paid              money.Fen // by victims
	shares            []flow.Share
}

// addUp sums up the money of cards: what is on the accounts, and what went out
// of the banks from them. All sheets together have the totals of the case.
func addUp(cards []*card) sums {
	var s sums
	at := map[flow.Where]money.Fen{}
	for _, c := range cards {
		if c.box.node.Kind == flow.Victim {
			s.victims++
			s.paid += c.box.node.Left
		} else {
			s.accounts++
		}
		for _, o := range c.box.node.Shares {
			at[o.Where] += o.Amount
		}
		for _, l := range c.out {
			if l.to.card == nil {
				at[l.to.node.Shares[0].Where] += l.carried
			}
		}
	}
	for _, w := range flow.Everywhere() {
		if at[w] != 0 {
			s.shares = append(s.shares, flow.Share{Where: w, Amount: at[w]})
			s.whole += at[w]
		}
	}
	return s
}

// measure says how much room head and legend take on every sheet.
func (p *painter) measure(cards []*card) frame {
	t := p.in.Graph.Totals
	f := frame{whole: sheetEdge + 56}
	facts := []part{{"报案损失 " + t.Reported.String() + "元", true}}
	for _, o := range []struct {
		name   string
		amount money.Fen
	}{{"权属在户", t.Attributable}, {"止付余额", t.Stopped}, {"冻结", t.Frozen}, {"未受控（含取现）", t.Escaped}} {
		facts = append(facts, part{o.name + " " + o.amount.String() + "元", false})
	}
	facts = append(facts, part{fmt.Sprintf("%d 户 %d 家银行 %d 级 %d 笔", t.Accounts, t.Banks, t.Levels, t.Transfers), false})
	f.figures = wrap(facts, " · ", large, sheetWidth-2*sheetEdge)
	f.whole += lineHeight * (len(f.figures) - 1)
	f.own = p.chips(p.wholeChips(), f.whole, false) + 24
	f.top = p.chips(p.mostChips(cards), f.own, false) + 18
	f.legend = p.legendChips(cards)
	f.signs = sheetHeight - sheetEdge - 4 - p.chips(f.legend, 0, false)
	f.bottom = f.signs - 27
	return f
}

func (p *painter) wholeChips() []chip {
	t := p.in.Graph.Totals
	all := []chip{{text: "全案去处 Whole case"}}
	for _, s := range t.Shares {
		all = append(all, chip{where: s.Where, text: fmt.Sprintf("%s %s元（%s）", lookOf(s.Where).name, s.Amount, permille(s.Amount, t.Reported))})
	}
	return all
}

// ownChips say what a sheet has.
func ownChips(s sums, of string) []chip {
	all := []chip{{text: fmt.Sprintf("%s 账户 %d 户，被害人 %d 个，共 %s元", of, s.accounts, s.victims, s.whole)}}
	for _, o := range s.shares {
		all = append(all, chip{where: o.Where, text: fmt.Sprintf("%s %s元", lookOf(o.Where).name, o.Amount)})
	}
	return all
}

// mostChips are as wide as those of any sheet can be: every place that an
// account has, with all amounts there as if they were on one.
func (p *painter) mostChips(cards []*card) []chip {
	most := sums{accounts: len(cards), victims: len(cards)}
	at := map[flow.Where]money.Fen{}
	for _, n := range p.in.Graph.Nodes {
		for _, s := range n.Shares {
			at[s.Where] += max(s.Amount, -s.Amount)
		}
	}
	for _, w := range flow.Everywhere() {
		if at[w] == 0 {
			continue
		}
		amount := at[w]
		most.whole += amount
		if w == flow.Unverified {
			amount = -amount // the one place that can be below zero
		}
		most.shares = append(most.shares, flow.Share{Where: w, Amount: amount})
	}
	return ownChips(most, "本页合计 This sheet")
}

// legendChips say what the signs mean that no amount explains, and the marks of
// kinds.
func (p *painter) legendChips(cards []*card) []chip {
	all := []chip{{text: "图例 Legend"}}
	boxes := make([]*box, 0, len(cards))
	for _, c := range cards {
		boxes = append(boxes, c.box)
	}
	for _, w := range p.unexplained(boxes) {
		all = append(all, chip{where: w, text: lookOf(w).name + " " + lookOf(w).english})
	}
	order, count := kinds(p.in.Graph)
	for _, k := range order {
		all = append(all, chip{kind: k, text: fmt.Sprintf("%s %s %d 户", kindOf(k).name, kindOf(k).english, count[k])})
	}
	return append(all, chip{text: "№ 资金流向表“账户”页序号 row of the table"}, chip{text: "被 被害人 victim"}, chip{text: "← 资金来自 from"}, chip{text: "→ 去往 to"},
		chip{text: "第2页№31 见该页该号 on that sheet"}, chip{text: "粗虚线框 可被转走 free to leave"}, chip{text: "空心 本案无余额 holds nothing of the case"}, chip{text: flow.Version})
}

// unexplained are the signs of accounts that no amount of the case explains: a
// freeze, say, whose money has all been returned.
func (p *painter) unexplained(boxes []*box) []flow.Where {
	var all []flow.Where
	for _, w := range append(flow.Everywhere(), passed) {
		used := slices.ContainsFunc(boxes, func(b *box) bool { return b.node.Kind == flow.Account && b.state() == w })
		told := slices.ContainsFunc(p.in.Graph.Totals.Shares, func(s flow.Share) bool { return s.Where == w })
		if used && !told {
			all = append(all, w)
		}
	}
	return all
}

// chips draws signs with what they say, in lines; it tells where the last is.
func (p *painter) chips(all []chip, y int, draw bool) int {
	const high = 25
	x := sheetEdge
	for n, c := range all {
		w := width(c.text, large) + 16
		if c.where != "" || c.kind != "" {
			w += 26
		}
		if x+w > sheetWidth-sheetEdge && n > 0 {
			x, y = sheetEdge, y+high
		}
		if draw {
			at := x
			switch {
			case c.where != "":
				p.sign(x+12, y-4, 9, c.where, false)
				at += 28
			case c.kind != "":
				p.mark(x+12, y-4, c.kind)
				at += 28
			}
			weight := ""
			if n == 0 {
				weight = " font-weight=\"bold\""
			}
			p.text(at, y, large, weight, c.text)
		}
		x += w
	}
	return y
}

// sheetHead draws what stands above and below the cards.
func (p *painter) sheetHead(plan *sheetPlan, f frame, n, of int) {
	g := p.in.Graph
	y, right := sheetEdge+16, sheetWidth-sheetEdge
	p.text(sheetEdge, y, 20, " font-weight=\"bold\"", "资金流向图")
	p.text(sheetEdge+108, y, large, "", "Fund flow")
	p.text(sheetEdge+180, y, 14, " font-weight=\"bold\"", "案件 "+p.name())
	p.text(sheetEdge+560, y, 14, "", "截至 "+second(g.At)+"（北京时间 Asia/Shanghai）")
	p.text(right-92, y, 16, " text-anchor=\"end\" font-weight=\"bold\"", fmt.Sprintf("第 %d/%d 页", n, of))
	p.text(right, y, large, " text-anchor=\"end\"", fmt.Sprintf("Sheet %d of %d", n, of))
	for i, r := range f.figures {
		p.row(r, sheetEdge, sheetEdge+36+i*lineHeight)
	}
	p.chips(p.wholeChips(), f.whole, true)
	p.chips(ownChips(addUp(plan.cards), "本页合计 This sheet"), f.own, true)
	p.printf("<path d=\"M%d %dH%d\" stroke=\"%s\"/>\n", sheetEdge, f.top-8, right, inkMark)
	p.printf("<path d=\"M%d %dH%d\" stroke=\"%s\"/>\n", sheetEdge, f.bottom+6, right, inkMark)
	p.chips(f.legend, f.signs, true)
}
