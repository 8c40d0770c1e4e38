package chart

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// fonts are those of the machine that shows the drawing; none is fetched.
const fonts = `'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','SimHei',sans-serif`

// look is how a place of money looks: sign, colour, shape and pattern, so that
// no one of them alone has to be told apart.
type look struct {
	sign, color, shape string
	name, english      string
}

// looks of everything a sign can tell. The colours can be told apart by people
// who do not see red and green as others do (Okabe and Ito).
func lookOf(w flow.Where) look {
	switch w {
	case flow.Returned:
		return look{"还", "#56B4E9", "circle", "已返还", "returned"}
	case flow.Frozen:
		return look{"冻", "#0072B2", "square", "已冻结", "frozen"}
	case flow.Stopped:
		return look{"止", "#009E73", "circle", "已止付", "stopped"}
	case flow.Transferred:
		return look{"划", "#56B4E9", "square", "法院划拨", "court"}
	case flow.Elsewhere:
		return look{"他", "#AA5C8F", "square", "他方控制", "held by others"}
	case flow.Pending:
		return look{"待", "#C98A00", "hexagon", "待反馈", "awaiting"}
	case flow.Unverified:
		return look{"核", "#7F7F7F", "hexagon", "待核实", "unverified"}
	case flow.Withheld:
		return look{"议", "#D55E00", "diamond", "待人工决定", "for a person"}
	case flow.UnderMinimum:
		return look{"小", "#D55E00", "diamond", "低于起点", "under minimum"}
	case flow.BeyondLevel:
		return look{"外", "#D55E00", "diamond", "超出层级", "beyond level"}
	case flow.Unstopped:
		return look{"未", "#D55E00", "diamond", "未控制", "not held"}
	case flow.CashedOut:
		return look{"现", "#B03A00", "diamond", "已取现", "cash"}
	case flow.Untraceable:
		return look{"？", "#B03A00", "diamond", "去向不明", "unknown"}
	}
	return look{"过", "#9AA5B1", "circle", "已转出", "passed on"}
}

// ink is the colour of the character on a sign: dark on the two light colours,
// so that it is read in a print without colours too.
func (l look) ink() string {
	if l.color == "#56B4E9" || l.color == "#C98A00" || l.color == "#9AA5B1" {
		return inkMark
	}
	return "#FFFFFF"
}

// palette gives every bank of the city a colour of its own, the same in every
// drawing.
type palette map[identity.BankCode]string

func newPalette(banks identity.Banks) palette {
	p := palette{}
	for n, b := range banks.All() {
		p[b.Code] = hue(n*137%360, 62-n%3*12, 40+n/3%3*9)
	}
	return p
}

func (p palette) of(code identity.BankCode) string {
	if c, known := p[code]; known {
		return c
	}
	return "#555555"
}

// hue writes a colour of a hue (degrees), saturation and lightness (per cent).
func hue(h, s, l int) string {
	chroma := (100 - abs(2*l-100)) * s // of 10,000
	x := chroma * (60 - abs(h%120-60)) / 60
	rest := l*100 - chroma/2
	var r, g, b int
	switch h / 60 {
	case 0:
		r, g = chroma, x
	case 1:
		r, g = x, chroma
	case 2:
		g, b = chroma, x
	case 3:
		g, b = x, chroma
	case 4:
		r, b = x, chroma
	default:
		r, b = chroma, x
	}
	byteOf := func(v int) int { return min(255, (v+rest)*255/10_000) }
	return fmt.Sprintf("#%02X%02X%02X", byteOf(r), byteOf(g), byteOf(b))
}

func abs(n int) int { return max(n, -n) }

// painter writes the drawing.
type painter struct {
	in      Input
	palette palette
	out     bytes.Buffer
	top     int    // where the columns begin
	suffix  string // of the ids of patterns: sheets in one document have their own
}

// filling names the pattern of a place.
func (p *painter) filling(w flow.Where) string { return fmt.Sprintf("url(#p-%s%s)", w, p.suffix) }

func (p *painter) printf(format string, args ...any) { fmt.Fprintf(&p.out, format, args...) }

// text writes a line; what it says is escaped.
func (p *painter) text(x, y, size int, style, s string) {
	p.printf("<text x=\"%d\" y=\"%d\" font-size=\"%d\"%s>%s</text>\n", x, y, size, style, escape(s))
}

// escape makes a text safe inside an element or an attribute.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\'':
			b.WriteString("&#39;")
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF, r == 0x7F:
			b.WriteRune('�') // XML cannot carry it
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// width is about how wide a text is, in px: a Chinese character is as wide as
// it is high, a Latin one a little more than half.
func width(s string, size int) int {
	w := 0
	for _, r := range s {
		switch {
		case r >= 0x2E80, strings.ContainsRune("←→№…", r):
			w += size * 100
		case strings.ContainsRune(" .,:·-|()", r):
			w += size * 32
		default:
			w += size * 57
		}
	}
	return w / 100
}

// cut shortens a text to a width, in px.
func cut(s string, size, most int) string {
	if width(s, size) <= most {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && width(string(runes)+"…", size) > most {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// sign draws the sign of a state around a centre. A hollow one is of a measure
// that holds nothing of the case.
func (p *painter) sign(x, y, r int, w flow.Where, hollow bool) {
	l := lookOf(w)
	fill, ink := l.color, l.ink()
	if hollow {
		fill, ink = "#FFFFFF", inkMark
	}
	style := fmt.Sprintf("fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\"", fill, l.color)
	switch l.shape {
	case "square":
		p.printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" %s/>\n", x-r, y-r, 2*r, 2*r, style)
	case "diamond":
		d := r + 3
		p.printf("<path d=\"M%d %dL%d %dL%d %dL%d %dZ\" %s/>\n", x, y-d, x+d, y, x, y+d, x-d, y, style)
	case "hexagon":
		d := r / 2
		p.printf("<path d=\"M%d %dL%d %dL%d %dL%d %dL%d %dL%d %dZ\" %s/>\n", x-d-1, y-r, x+d+1, y-r, x+r+1, y, x+d+1, y+r, x-d-1, y+r, x-r-1, y, style)
	default:
		p.printf("<circle cx=\"%d\" cy=\"%d\" r=\"%d\" %s/>\n", x, y, r, style)
	}
	size := r + 2
	p.text(x, y+size*36/100, size, fmt.Sprintf(" text-anchor=\"middle\" font-weight=\"bold\" fill=\"%s\"", ink), l.sign)
}

// patterns are the fills of the bars: each place has its own lines.
func (p *painter) patterns() {
	p.printf("<defs>\n")
	pattern := func(w flow.Where, lines string) {
		p.printf("<pattern id=\"p-%s%s\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"%s\"/>%s</pattern>\n", w, p.suffix, lookOf(w).color, lines)
	}
	stroke := func(d string) string {
		return "<path d=\"" + d + "\" stroke=\"#FFFFFF\" stroke-opacity=\"0.65\" stroke-width=\"1.4\" fill=\"none\"/>"
	}
	slash, cross := stroke("M-2 2L2 -2M0 8L8 0M6 10L10 6"), stroke("M0 0L8 8M8 0L0 8")
	gaps := "<path d=\"M4 0V8\" stroke=\"#FFFFFF\" stroke-opacity=\"0.8\" stroke-width=\"3.4\"/>"
	pattern(flow.Returned, "")
	pattern(flow.Frozen, cross)
	pattern(flow.Stopped, stroke("M2 0V8M6 0V8"))
	pattern(flow.Transferred, stroke("M-2 6L2 10M0 0L8 8M6 -2L10 2"))
	pattern(flow.Elsewhere, stroke("M0 2H8M0 6H8"))
	pattern(flow.Pending, gaps)
	pattern(flow.Unverified, stroke("M4 0V8M0 4H8"))
	for _, w := range []flow.Where{flow.Withheld, flow.UnderMinimum, flow.BeyondLevel, flow.Unstopped, flow.CashedOut, flow.Untraceable} {
		pattern(w, slash)
	}
	p.printf("</defs>\n")
}

// page puts the parts together.
func (p *painter) page(plan *layout, head []byte) []byte {
	high := p.top + plan.height + margin
	if len(plan.boxes) == 0 {
		high += 40
	}
	body := bytes.Clone(p.out.Bytes())
	p.out.Reset()
	wide := max(plan.width, minWidth)
	p.printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	p.printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"%s\" fill=\"#1F2933\" lang=\"zh-CN\">\n", wide, high, wide, high, fonts)
	p.printf("<title>%s</title>\n", escape("资金流向图 Fund flow · "+p.name()))
	p.patterns()
	p.printf("<rect width=\"%d\" height=\"%d\" fill=\"#FFFFFF\"/>\n", wide, high)
	p.out.Write(head)
	p.printf("<g transform=\"translate(%d,%d)\">\n", max(0, (wide-plan.width)/2), p.top)
	p.out.Write(body)
	p.printf("</g>\n")
	if len(plan.boxes) == 0 {
		p.nothing(wide/2, p.top+20)
	}
	p.printf("</svg>\n")
	return bytes.Clone(p.out.Bytes())
}
