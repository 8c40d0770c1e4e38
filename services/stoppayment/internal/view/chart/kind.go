package chart

import (
	"fmt"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// inkMark is the ink of what is told without any colour.
const inkMark = "#1F2933"

// kindLook is how a kind of account is told: by names, and where it is not a
// person's or a firm's account at a bank, by a character in a frame of its own.
type kindLook struct{ mark, shape, name, english string }

func kindOf(kind identity.AccountKind) kindLook {
	switch kind {
	case identity.PersonalAccount:
		return kindLook{name: "个人", english: "person"}
	case identity.CorporateAccount:
		return kindLook{name: "对公", english: "firm"}
	case identity.UtilityAccount:
		return kindLook{"公", "house", "公共事业", "public utility"}
	case identity.MerchantAccount:
		return kindLook{"商", "awning", "商户（收单）", "merchant"}
	case identity.InstitutionAccount:
		return kindLook{"付", "double", "支付机构", "payment institution"}
	case identity.OrderNumberAccount:
		return kindLook{"单", "ticket", "支付订单号", "payment order number"}
	case "":
		return kindLook{}
	}
	return kindLook{"类", "double", string(kind), "other kind"}
}

// KindName (账户类别名称) says a kind of account in Chinese.
func KindName(kind identity.AccountKind) string { return kindOf(kind).name }

// KindNameEN says a kind of account in English.
func KindNameEN(kind identity.AccountKind) string { return kindOf(kind).english }

// ordinary tells whether an account is a person's or a firm's at a bank.
func ordinary(kind identity.AccountKind) bool { return kindOf(kind).mark == "" }

// markRoom is how much of a box the mark of a kind takes, in px.
const markRoom = 25

// mark draws the mark of a kind around a centre, black on white: its frame and
// its character say the same, and neither needs a colour.
func (p *painter) mark(x, y int, kind identity.AccountKind) {
	l := kindOf(kind)
	style := fmt.Sprintf("fill=\"#FFFFFF\" stroke=\"%s\" stroke-width=\"1.5\" stroke-linejoin=\"round\"", inkMark)
	switch l.shape {
	case "house":
		p.printf("<path d=\"M%d %dL%d %dV%dH%dV%dZ\" %s/>\n", x, y-13, x+10, y-7, y+9, x-10, y-7, style)
	case "awning":
		p.printf("<path d=\"M%d %dH%dL%d %dH%dV%dH%dV%dH%dZ\" %s/>\n", x-7, y-12, x+7, x+11, y-7, x+9, y+9, x-9, y-7, x-11, style)
		p.printf("<path d=\"M%d %dH%d\" stroke=\"%s\" stroke-width=\"1.5\"/>\n", x-9, y-7, x+9, inkMark)
	case "ticket":
		p.printf("<path d=\"M%d %dH%dV%dL%d %dL%d %dV%dH%dV%dL%d %dL%d %dZ\" %s/>\n",
			x-10, y-9, x+10, y-3, x+7, y, x+10, y+3, y+9, x-10, y+3, x-7, y, x-10, y-3, style)
	default:
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"22\" height=\"22\" rx=\"2\" %s/>\n", x-11, y-11, style)
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"17\" height=\"17\" rx=\"1\" fill=\"none\" stroke=\"%s\" stroke-width=\"1\"/>\n", x-8, y-8, inkMark)
	}
	p.text(x, y+4, 12, fmt.Sprintf(" text-anchor=\"middle\" font-weight=\"bold\" fill=\"%s\"", inkMark), l.mark)
}

// outline draws the frame of an account: with cut corners where it is not a
// person's or a firm's at a bank.
func (p *painter) outline(b *box, stroke, fill, more string) {
	if ordinary(b.node.Ref.Kind) || b.members > 1 {
		p.frame(b, stroke, fill, more)
		return
	}
	const cut = 7
	right, low := b.x+b.w, b.y+b.h
	p.printf("<path d=\"M%d %dH%dL%d %dV%dL%d %dH%dL%d %dV%dZ\" fill=\"%s\" stroke=\"%s\"%s/>\n",
		b.x+cut, b.y, right-cut, right, b.y+cut, low-cut, right-cut, low, b.x+cut, b.x, low-cut, b.y+cut, fill, stroke, more)
}

// kinds counts the accounts of the picture that are not a person's or a firm's
// at a bank, in the order of their codes.
func kinds(g flow.Graph) (order []identity.AccountKind, count map[identity.AccountKind]int) {
	count = map[identity.AccountKind]int{}
	for _, n := range g.Nodes {
		if n.Kind == flow.Account && !ordinary(n.Ref.Kind) {
			count[n.Ref.Kind]++
		}
	}
	for _, k := range append(identity.HumanKinds(), identity.OrderNumberAccount) {
		if count[k] > 0 {
			order = append(order, k)
		}
	}
	return order, count
}

// kindLegend says what the marks of kinds mean, if there are any.
func (p *painter) kindLegend(wide, y int) int {
	order, count := kinds(p.in.Graph)
	if len(order) == 0 {
		return y
	}
	x := margin
	y += 28
	p.text(x, y, 12, " fill=\"#52606D\"", "账户类别")
	x += 64
	for _, k := range order {
		l := kindOf(k)
		text := fmt.Sprintf("%s %s %d 户", l.name, l.english, count[k])
		w := markRoom + width(text, 12) + 22
		if x+w > wide-margin {
			x, y = margin+64, y+28
		}
		p.mark(x+11, y-4, k)
		p.text(x+markRoom+2, y, 12, "", text)
		x += w
	}
	return y
}
