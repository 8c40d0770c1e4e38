package chart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// Measures of what stands on a sheet, in px of its viewBox: 0.21 mm each.
const (
	columnsOfSheet = 4
	cardGutter     = 34 // between columns: room for the lines
	cardGap        = 5
	cardWidth      = (sheetWidth - 2*sheetEdge - (columnsOfSheet-1)*cardGutter) / columnsOfSheet
	cardAnchor     = 24 // where lines reach a card, below its top
	signRoom       = 36 // right of the text
	lineHeight     = 14
	ruleHeight     = 26
	small, large   = 11, 12 // sizes of text
	mostSources    = 8      // that a card names one by one
	mostTargets    = 8      // lines about where the money went on to
	mostOfOneSheet = 3      // targets on one sheet that are named one by one
	mostRows       = 8      // of who it is, and of what it holds: a card is never higher than a sheet
)

// card is a victim or an account on paper. Nobody rests a pointer on paper: it
// says in full, to the fen, where its money came from and went to, each account
// by the number of its row in the table (资金流向表) and by its sheet.
type card struct {
	box    *box
	no     string // №12, or 被1 of a victim
	place  int    // in the order of the graph
	sheet  int    // from 1
	in     []*link
	out    []*link
	parent *card
	family []*card // those whose money came from it
	kids   []*card // of them, those that stand right of it
	rows   []row   // what it is and holds
}

// row is one line of text.
type row struct {
	size  int
	parts []part
}

// part is a piece of text.
type part struct {
	text string
	bold bool
}

// deal makes cards of all victims and accounts, in the order of the graph.
// Places where money ends have none: who paid into them says so.
func (p *painter) deal(boxes []*box, links []*link) []*card {
	var cards []*card
	accounts, victims := 0, 0
	for _, b := range boxes {
		c := &card{box: b, place: len(cards)}
		switch b.node.Kind {
		case flow.Victim:
			victims++
			c.no = "被" + strconv.Itoa(victims)
		case flow.Account:
			accounts++
			c.no = "№" + strconv.Itoa(accounts)
		case flow.Cash, flow.Unknown:
			continue
		}
		b.card, cards = c, append(cards, c)
	}
	for _, l := range links {
		l.from.card.out = append(l.from.card.out, l)
		if l.to.card != nil {
			l.to.card.in = append(l.to.card.in, l)
		}
	}
	for _, c := range cards {
		c.rows = p.particulars(c)
		c.box.w = cardWidth
	}
	return cards
}

// place packs the cards. How many lines a card has depends on which sheets the
// others are on, which depends on how high the cards are: it begins with as few
// as can be, and gives a card more when it turns out to need them, so that it
// comes to an end.
func (p *painter) place(cards []*card, high int) []*sheetPlan {
	for _, c := range cards {
		c.box.h = c.height(0)
	}
	for {
		plans, enough := pack(cards, high), true
		for _, c := range cards {
			if needed := c.height(len(p.ways(c))); needed > c.box.h {
				c.box.h, enough = needed, false
			}
		}
		if enough {
			return plans
		}
	}
}

// height is that of a card with so many lines about sources and targets.
func (c *card) height(more int) int {
	return max(54, 7+lineHeight*(len(c.rows)+more)+bar+5)
}

// room is how wide its text may be, in px.
func (c *card) room() int {
	if c.box.marked() {
		return cardWidth - pad - signRoom - markRoom
	}
	return cardWidth - pad - signRoom
}

// particulars are who it is, where its money is, and what restrains it.
func (p *painter) particulars(c *card) []row {
	n, face := c.box.node, p.in.Faces[c.box.node.Ref.ID]
	if n.Kind == flow.Victim {
		who := []part{{c.no, true}, {"被害人", true}, {p.bank(n.Ref.Bank), true}, {face.Number, false}, {face.Holder, false}}
		return append(atMost(wrap(who, " ", large, c.room())), wrap([]part{{"转出 " + n.Left.String() + "元", true}}, "", small, c.room())...)
	}
	who := []part{{c.no, true}, {p.bank(n.Ref.Bank), true}, {face.Number, false}, {face.Holder, false}}
	var facts []part
	if len(c.in) != 1 {
		facts = append(facts, part{"流入 " + n.In.String() + "元", false})
	}
	for _, s := range n.Shares {
		facts = append(facts, part{lookOf(s.Where).name + " " + s.Amount.String() + "元", true})
	}
	if n.Here <= 0 {
		facts = append(facts, part{"已全部转出", false})
	}
	facts = append(facts, part{strings.TrimSpace(measured(n)), false})
	if prior := p.prior(n); prior != "" {
		facts = append(facts, part{strings.TrimPrefix(prior, " · "), false})
	}
	return append(atMost(wrap(who, " ", large, c.room())), atMost(wrap(facts, " · ", small, c.room()))...)
}

// atMost shortens what nobody is called and nothing is worth in full.
func atMost(rows []row) []row {
	if len(rows) > mostRows {
		rows = append(rows[:mostRows-1], row{rows[0].size, []part{{"…", false}}})
	}
	return rows
}

// wrap sets parts in lines that are no wider than the room; a part that is wider
// by itself is broken. Nothing is left out.
func wrap(parts []part, between string, size, room int) []row {
	var rows []row
	used := 0
	for _, p := range parts {
		for p.text != "" {
			piece, gap := p.text, 0
			if used > 0 {
				gap = width(between, size)
			}
			if used > 0 && used+gap+width(piece, size) > room {
				used = 0
				continue
			}
			if used == 0 {
				piece = start(p.text, size, room)
				rows = append(rows, row{size: size})
			} else {
				rows[len(rows)-1].parts = append(rows[len(rows)-1].parts, part{between, false})
			}
			last := &rows[len(rows)-1]
			last.parts = append(last.parts, part{piece, p.bold})
			used += gap + width(piece, size)
			p.text = p.text[len(piece):]
		}
	}
	return rows
}

// start is as much of a text as fits, one character at least.
func start(s string, size, room int) string {
	runes, n := []rune(s), 1
	for n < len(runes) && width(string(runes[:n+1]), size) <= room {
		n++
	}
	return string(runes[:n])
}

// ways are the lines about where the money came from and went to.
func (p *painter) ways(c *card) []row {
	var rows []row
	say := func(texts ...string) {
		i := slices.IndexFunc(texts, func(s string) bool { return width(s, small) <= c.room() })
		if i < 0 {
			i = len(texts) - 1
		}
		rows = append(rows, row{small, []part{{cut(texts[i], small, c.room()), false}}})
	}
	named := c.in
	if len(named) > mostSources {
		named = named[:mostSources-1]
	}
	for _, l := range named {
		say(l.source()...)
	}
	if rest := c.in[len(named):]; len(rest) > 0 {
		say(fmt.Sprintf("← %s另 %d 户 共 %s元", sheetsOf(c, rest), len(rest), sum(rest)), fmt.Sprintf("← 另 %d 户 共 %s元", len(rest), sum(rest)))
	}
	ways := c.targets()
	if len(ways) > mostTargets {
		ways = append(ways[:mostTargets-1], beyond(ways[mostTargets-1:]))
	}
	for _, w := range ways {
		say(w.texts...)
	}
	return rows
}

// source says where a link comes from, in full and, if that is too long, without
// the day.
func (l *link) source() []string {
	head := "← "
	if l.astray() {
		head = "← 回流 "
	}
	head += l.to.card.calls(l.from.card)
	if l.carried <= 0 {
		return []string{head + " 人工指令", head}
	}
	head += " " + l.carried.String() + "元"
	at := second(l.edges[0].Transfer.At)[5:]
	if len(l.edges) > 1 {
		head += fmt.Sprintf(" %d笔", len(l.edges))
		return []string{head + " " + at + "起", head + " " + at[6:] + "起", head}
	}
	return []string{head + " " + at, head + " " + at[6:], head}
}

// astray tells whether the money went back, or stayed on its level (回流).
func (l *link) astray() bool { return l.to.node.Level <= l.from.node.Level }

// calls is what one card calls another: its number, after its sheet if that is
// another one.
func (c *card) calls(o *card) string {
	if c.sheet == o.sheet {
		return o.no
	}
	return fmt.Sprintf("第%d页%s", o.sheet, o.no)
}

// way is a line about where money went on to: the fullest text first.
type way struct {
	texts []string
	links []*link
}

// beyond is one line for what is on the last sheets.
func beyond(ways []way) way {
	var all way
	for _, w := range ways {
		all.links = append(all.links, w.links...)
	}
	first, last := all.links[0].to.card.sheet, all.links[len(all.links)-1].to.card.sheet
	text := fmt.Sprintf("→ 第%d至%d页 %d户", first, last, len(all.links))
	all.texts = []string{fmt.Sprintf("%s 共 %s元", text, sum(all.links)), text}
	return all
}

// targets says where the money of a card went on to: out of the banks, then to
// accounts, by sheet, its own first. Many on one sheet are one line.
func (c *card) targets() []way {
	var ways []way
	of := map[int][]*link{}
	var sheets []int
	for _, l := range c.out {
		if l.to.card == nil {
			text := fmt.Sprintf("→ %s %s元", lookOf(l.to.node.Shares[0].Where).name, l.carried)
			ways = append(ways, way{[]string{fmt.Sprintf("%s %d笔", text, len(l.edges)), text}, []*link{l}})
			continue
		}
		n := l.to.card.sheet
		if of[n] == nil {
			sheets = append(sheets, n)
		}
		of[n] = append(of[n], l)
	}
	slices.SortFunc(sheets, func(a, b int) int {
		return boolOrder(a != c.sheet, b != c.sheet, a-b)
	})
	for _, n := range sheets {
		if len(c.out) > mostTargets || len(of[n]) > mostOfOneSheet {
			where := fmt.Sprintf("第%d页", n)
			if n == c.sheet {
				where = "本页"
			}
			text := fmt.Sprintf("→ %s %d户", where, len(of[n]))
			ways = append(ways, way{[]string{fmt.Sprintf("%s 共 %s元", text, sum(of[n])), text}, of[n]})
			continue
		}
		for _, l := range of[n] {
			ways = append(ways, way{l.target(), []*link{l}})
		}
	}
	return ways
}

// boolOrder puts what is not so first, then by another order.
func boolOrder(a, b bool, otherwise int) int {
	switch {
	case a == b:
		return otherwise
	case b:
		return -1
	}
	return 1
}

// target says where a link leads.
func (l *link) target() []string {
	head := "→ "
	if l.astray() {
		head = "→ 回流 "
	}
	head += l.from.card.calls(l.to.card)
	if l.carried <= 0 {
		return []string{head + " 人工指令", head}
	}
	return []string{head + " " + l.carried.String() + "元", head}
}

// sheetsOf names the other sheets from which links come.
func sheetsOf(c *card, links []*link) string {
	var sheets []int
	for _, l := range links {
		if l.from.card.sheet != c.sheet {
			sheets = append(sheets, l.from.card.sheet)
		}
	}
	slices.Sort(sheets)
	sheets = slices.Compact(sheets)
	if len(sheets) == 0 {
		return ""
	}
	names := make([]string, 0, len(sheets))
	for _, n := range sheets {
		names = append(names, strconv.Itoa(n))
	}
	return "第" + strings.Join(names, "、") + "页"
}

func sum(links []*link) money.Fen {
	var all money.Fen
	for _, l := range links {
		all += l.carried
	}
	return all
}
