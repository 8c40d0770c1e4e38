package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

var (
	golden = flag.Bool("golden", false, "write the golden drawing instead of comparing with it")
	look   = flag.String("look", "", "write the drawings of these tests to a directory, to be looked at")
)

// samples are drawings of every size.
func samples() map[string]chart.Input {
	all := fan(430, 40, 3)
	all.All = true
	return map[string]chart.Input{"5": fan(5, 5, 1), "70": fan(62, 20, 2), "500": fan(430, 40, 3), "500 one by one": all, "200": fan(190, 30, 5), "tangle": tangle(), "market": market(), "nothing yet": {Graph: newPlay(1).graph()}}
}

func TestTheGoldenDrawing(t *testing.T) {
	got, file := chart.Draw(fan(5, 5, 1)), filepath.Join("testdata", "small.svg")
	if *golden {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("another drawing (-golden writes it): %s", diff)
	}
}

func TestI62_TheSamePictureIsTheSameBytes(t *testing.T) {
	for name := range samples() {
		if a, b := chart.Draw(samples()[name]), chart.Draw(samples()[name]); !bytes.Equal(a, b) {
			t.Errorf("%s accounts: two drawings differ", name)
		}
	}
}

func TestADrawingIsWellFormedAndAsksForNothing(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			got := chart.Draw(in)
			if *look != "" {
				if err := os.WriteFile(filepath.Join(*look, strings.ReplaceAll(name, " ", "-")+".svg"), got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			harmless(t, got)
		})
	}
}

// harmless demands a drawing that any viewer can show and none can be harmed by.
func harmless(t *testing.T, drawing []byte) {
	t.Helper()
	known := []string{"svg", "title", "defs", "pattern", "rect", "path", "circle", "text", "tspan", "g", "style", "line"}
	decoder := xml.NewDecoder(bytes.NewReader(drawing))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(known, start.Name.Local) {
			t.Errorf("an element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || strings.Contains(a.Value, "url(") && !strings.HasPrefix(a.Value, "url(#p-") {
				t.Errorf("an attribute %s=%q", a.Name.Local, a.Value)
			}
		}
	}
}

func TestWhatABankCallsItsCustomerIsTextAndNothingElse(t *testing.T) {
	in := fan(5, 5, 1)
	for id := range in.Faces {
		in.Faces[id] = chart.Face{Holder: `</text><script>alert(1)</script>&"'` + "\x00\ufffe", Number: `"><image href="http://x"/>`}
	}
	harmless(t, chart.Draw(in))
}

func TestNothingIsDrawnOnAnythingElse(t *testing.T) {
	tag := regexp.MustCompile(`<rect x="(-?\d+)" y="(-?\d+)" width="(\d+)" height="(\d+)" rx="2" fill="#FFFFFF" fill-opacity="0.88"/>`)
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			boxes, accounts := chart.Boxes(in)
			if accounts != in.Graph.Totals.Accounts {
				t.Errorf("%d accounts drawn of %d", accounts, in.Graph.Totals.Accounts)
			}
			apart(t, "boxes", boxes)
			var tags []chart.Rect
			for _, m := range tag.FindAllSubmatch(chart.Draw(in), -1) {
				var n [4]int
				for i := range n {
					n[i], _ = strconv.Atoi(string(m[i+1])) // the pattern has digits alone
				}
				tags = append(tags, chart.Rect{X: n[0], Y: n[1], W: n[2], H: n[3]})
			}
			apart(t, "amounts", tags)
		})
	}
}

func apart(t *testing.T, what string, places []chart.Rect) {
	t.Helper()
	for n, a := range places {
		for _, b := range places[n+1:] {
			if a.Overlap(b) {
				t.Errorf("%s overlap: %v %v", what, a, b)
			}
		}
	}
}

func TestManyAccountsArePutTogetherByBankUnlessAllAreAskedFor(t *testing.T) {
	in := fan(430, 40, 3)
	together, _ := chart.Boxes(in)
	in.All = true
	each, _ := chart.Boxes(in)
	if len(together) > 140 || len(each) < 430 {
		t.Errorf("%d boxes together, %d one by one", len(together), len(each))
	}
	if got := string(chart.Draw(fan(430, 40, 3))); !strings.Contains(got, "其余") || !strings.Contains(got, "?expand=all") {
		t.Error("a large drawing does not tell that accounts were put together")
	}
	if got := string(chart.Draw(fan(62, 20, 2))); strings.Contains(got, "其余 ") {
		t.Error("70 accounts are not shown one by one")
	}
}

func TestEveryPlaceOfMoneyHasItsOwnSign(t *testing.T) {
	seen := map[string]flow.Where{}
	for _, w := range flow.Everywhere() {
		name, english := chart.WhereName(w)
		if other, twice := seen[name]; twice || name == "" || english == "" {
			t.Errorf("%s and %s are both called %s", w, other, name)
		}
		seen[name] = w
	}
}

func TestAmountsAsOfficersSayThem(t *testing.T) {
	for amount, want := range map[money.Fen]string{
		0: "0元", 1: "0.01元", 8_500_00: "8,500元", 8_500_50: "8,500.50元", 9_999_99: "9,999.99元", 10_000_00: "1万", 304_000_00: "30.4万", 4_830_000_00: "483万",
		10_050_00: "1.01万", 12_345_678_00: "1,234.57万", 100_000_000_00: "1亿", 282_000_000_00: "2.82亿", -30_000_00: "-3万",
	} {
		if got := chart.Short(amount); got != want {
			t.Errorf("%d fen: %s, want %s", amount, got, want)
		}
	}
}
