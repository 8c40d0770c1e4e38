package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

// printed is a sheet as someone reads it who has nothing but its bytes.
type printed struct {
	cards                    map[string]string // what each says, line by line, by its number
	accounts                 int
	whole                    money.Fen
	places                   map[string]money.Fen
	left, top, right, bottom int // what ink there is
	smallest                 int // text, in px
}

func read(t *testing.T, sheets [][]byte) []printed {
	t.Helper()
	all := make([]printed, 0, len(sheets))
	for _, s := range sheets {
		r := reader{t: t, p: printed{cards: map[string]string{}, places: map[string]money.Fen{}, left: 9999, top: 9999, smallest: 9999}}
		r.sheet(s)
		all = append(all, r.p)
	}
	return all
}

// reader goes through one sheet.
type reader struct {
	t        *testing.T
	p        printed
	patterns bool // in the definitions
	text     *line
	card     []string // lines, while in one
	group    bool
}

// line is a text element.
type line struct {
	x, y, size int
	anchor     string
	said       strings.Builder
	title      bool
}

func (r *reader) sheet(s []byte) {
	r.t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(s))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			r.start(e)
		case xml.CharData:
			if r.text != nil {
				r.text.said.Write(e)
			}
		case xml.EndElement:
			r.end(e.Name.Local)
		}
	}
}

func (r *reader) start(e xml.StartElement) {
	a := map[string]string{}
	for _, v := range e.Attr {
		a[v.Name.Local] = v.Value
	}
	number := func(name string) int {
		n, err := strconv.Atoi(a[name])
		if err != nil {
			r.t.Errorf("%s %s=%q", e.Name.Local, name, a[name])
		}
		return n
	}
	switch e.Name.Local {
	case "defs":
		r.patterns = true
	case "g":
		r.group, r.card = true, nil
	case "text":
		r.text = &line{x: number("x"), y: number("y"), size: number("font-size"), anchor: a["text-anchor"]}
	case "title":
		r.text = &line{title: true}
	case "rect":
		if !r.patterns && a["x"] != "" { // not the white of the sheet
			r.ink(number("x"), number("y"))
			r.ink(number("x")+number("width"), number("y")+number("height"))
		}
	case "circle":
		if !r.patterns {
			r.ink(number("cx")-number("r"), number("cy")-number("r"))
			r.ink(number("cx")+number("r"), number("cy")+number("r"))
		}
	case "path":
		if !r.patterns {
			r.path(a["d"])
		}
	}
}

var steps = regexp.MustCompile(`([MLHVZ])(?:(-?\d+))?(?: (-?\d+))?`)

// path follows lines; there are no curves on paper.
func (r *reader) path(d string) {
	if rest := steps.ReplaceAllString(d, ""); rest != "" {
		r.t.Errorf("a path that cannot be followed: %s in %s", rest, d)
	}
	x, y := 0, 0
	for _, m := range steps.FindAllStringSubmatch(d, -1) {
		a, _ := strconv.Atoi(m[2])
		b, _ := strconv.Atoi(m[3])
		switch m[1] {
		case "H":
			x = a
		case "V":
			y = a
		case "M", "L":
			x, y = a, b
		}
		r.ink(x, y)
	}
}

func (r *reader) ink(x, y int) {
	r.p.left, r.p.top, r.p.right, r.p.bottom = min(r.p.left, x), min(r.p.top, y), max(r.p.right, x), max(r.p.bottom, y)
}

var (
	own   = regexp.MustCompile(`^本页合计 This sheet 账户 (\d+) 户，被害人 \d+ 个，共 (\S+)元$`)
	place = regexp.MustCompile(`^(\S+) (-?[\d,]+\.\d\d)元$`)
	named = regexp.MustCompile(`^(№\d+|被\d+) `)
)

func (r *reader) end(name string) {
	switch name {
	case "defs":
		r.patterns = false
	case "g":
		if m := named.FindStringSubmatch(strings.Join(r.card, "\n")); m != nil {
			if r.p.cards[m[1]] != "" {
				r.t.Errorf("%s is twice on a sheet", m[1])
			}
			r.p.cards[m[1]] = strings.Join(r.card, "\n")
		} else {
			r.t.Errorf("a card without a number: %q", r.card)
		}
		r.group = false
	case "title":
		r.text = nil
	case "text":
		r.line()
		r.text = nil
	}
}

// line takes in a line of text.
func (r *reader) line() {
	l, said := r.text, r.text.said.String()
	wide := chart.Width(said, l.size)
	switch l.anchor {
	case "middle":
		r.ink(l.x-wide/2, l.y-l.size)
		r.ink(l.x+wide/2, l.y)
	case "end":
		r.ink(l.x-wide, l.y-l.size)
	default:
		r.ink(l.x, l.y-l.size)
		r.ink(l.x+wide, l.y)
	}
	r.p.smallest = min(r.p.smallest, l.size)
	if r.group {
		if l.anchor == "" {
			r.card = append(r.card, said)
		}
		return
	}
	if m := own.FindStringSubmatch(said); m != nil {
		r.p.accounts, _ = strconv.Atoi(m[1])
		r.p.whole = r.fen(m[2])
	} else if m := place.FindStringSubmatch(said); m != nil {
		r.p.places[m[1]] += r.fen(m[2])
	}
}

// fen reads an amount in yuan.
func (r *reader) fen(s string) money.Fen {
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", ".", "").Replace(s), 10, 64)
	if err != nil {
		r.t.Errorf("an amount %q", s)
	}
	return money.Fen(n)
}
