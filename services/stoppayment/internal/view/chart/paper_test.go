package chart_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

func TestTheGoldenSheet(t *testing.T) {
	got, file := chart.Stack(chart.Sheets(tangle())), filepath.Join("testdata", "tangle-a4.svg")
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
		t.Errorf("another sheet (-golden writes it): %s", diff)
	}
}

func TestI62_TheSamePictureIsTheSameSheets(t *testing.T) {
	for name := range samples() {
		if a, b := chart.Stack(chart.Sheets(samples()[name])), chart.Stack(chart.Sheets(samples()[name])); !bytes.Equal(a, b) {
			t.Errorf("%s accounts: two prints differ", name)
		}
	}
}

func TestSheetsAreWholeByThemselvesAndBelowEachOther(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			sheets := chart.Sheets(in)
			all := chart.Stack(sheets)
			if *look != "" {
				if err := os.WriteFile(filepath.Join(*look, "a4-"+strings.ReplaceAll(name, " ", "-")+".svg"), all, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			harmless(t, all)
			for n, sheet := range sheets {
				harmless(t, sheet)
				for _, want := range []string{
					fmt.Sprintf("第 %d/%d 页", n+1, len(sheets)), string(kase), "截至 2021-07-17 16:", "报案损失 " + in.Graph.Totals.Reported.String() + "元",
					`width="297mm" height="210mm" viewBox="0 0 1414 1000"`, fmt.Sprintf(`y="%dmm"`, n*210),
				} {
					if !bytes.Contains(sheet, []byte(want)) {
						t.Errorf("sheet %d lacks %s", n+1, want)
					}
				}
				if _, body, _ := bytes.Cut(sheet, []byte("\n")); !bytes.Contains(all, body) {
					t.Errorf("sheet %d is another one among all", n+1)
				}
			}
			for _, want := range []string{"@page{size:A4 landscape;margin:0}", fmt.Sprintf(`width="297mm" height="%dmm"`, 210*len(sheets))} {
				if !bytes.Contains(all, []byte(want)) {
					t.Errorf("all sheets lack %s", want)
				}
			}
		})
	}
}

func TestEveryAccountStandsOnOneSheetUnderTheNumberOfItsRowInTheTable(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			on := map[string]int{}
			for _, s := range read(t, chart.Sheets(in)) {
				for no := range s.cards {
					on[no]++
				}
			}
			numbers := numbered(in.Graph)
			for id, no := range numbers {
				if on[no] != 1 {
					t.Errorf("%s (%s) is on %d sheets", no, id, on[no])
				}
			}
			if len(on) != len(numbers) {
				t.Errorf("%d cards of %d", len(on), len(numbers))
			}
		})
	}
}

// numbered are the numbers of victims and accounts, by id.
func numbered(g flow.Graph) map[string]string {
	numbers := map[string]string{}
	victims, accounts := 0, 0
	for _, n := range g.Nodes {
		switch n.Kind {
		case flow.Victim:
			victims++
			numbers[n.ID] = fmt.Sprintf("被%d", victims)
		case flow.Account:
			accounts++
			numbers[n.ID] = fmt.Sprintf("№%d", accounts)
		case flow.Cash, flow.Unknown:
		}
	}
	return numbers
}

func TestTheSumsOfTheSheetsAreTheTotalsOfTheCase(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			accounts, whole := 0, money.Fen(0)
			at := map[string]money.Fen{}
			for _, s := range read(t, chart.Sheets(in)) {
				accounts += s.accounts
				whole += s.whole
				for place, amount := range s.places {
					at[place] += amount
				}
			}
			if accounts != in.Graph.Totals.Accounts || whole != in.Graph.Totals.Reported {
				t.Errorf("%d accounts and %s, of %d and %s", accounts, whole, in.Graph.Totals.Accounts, in.Graph.Totals.Reported)
			}
			for _, s := range in.Graph.Totals.Shares {
				place, _ := chart.WhereName(s.Where)
				if at[place] != s.Amount {
					t.Errorf("%s: %s on the sheets, %s in the case", place, at[place], s.Amount)
				}
				delete(at, place)
			}
			for place, amount := range at {
				if amount != 0 {
					t.Errorf("%s %s is on sheets and not in the case", place, amount)
				}
			}
		})
	}
}

func TestWhatLeadsToAnotherSheetNamesItAtBothEnds(t *testing.T) {
	crossings := 0
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			sheets := read(t, chart.Sheets(in))
			on, numbers, sources, targets := map[string]int{}, numbered(in.Graph), map[string]map[string]bool{}, map[string]map[string]bool{}
			for n, s := range sheets {
				for no := range s.cards {
					on[no] = n + 1
				}
			}
			note := func(of map[string]map[string]bool, a, b string) {
				if of[a] == nil {
					of[a] = map[string]bool{}
				}
				of[a][b] = true
			}
			for _, e := range in.Graph.Edges {
				if a, b := numbers[e.From], numbers[e.To]; a != "" && b != "" && a != b {
					note(targets, a, b)
					note(sources, b, a)
				}
			}
			for to, froms := range sources {
				for from := range froms {
					if on[from] == on[to] {
						continue
					}
					crossings++
					if text := sheets[on[to]-1].cards[to]; len(froms) <= 8 && !strings.Contains(text, fmt.Sprintf("第%d页%s ", on[from], from)) {
						t.Errorf("%s does not say that its money came from %s on sheet %d: %s", to, from, on[from], text)
					}
					if text := sheets[on[from]-1].cards[from]; !names(text, on[to]) {
						t.Errorf("%s does not say that its money went to sheet %d: %s", from, on[to], text)
					}
				}
			}
		})
	}
	if crossings < 400 {
		t.Errorf("only %d movements lead to another sheet", crossings)
	}
}

// names tells whether a card sends its reader to a sheet.
func names(text string, sheet int) bool {
	for line := range strings.Lines(text) {
		var first, last int
		if _, err := fmt.Sscanf(line, "→ 第%d至%d页", &first, &last); err == nil && first <= sheet && sheet <= last {
			return true
		}
		if strings.HasPrefix(line, "→") && strings.Contains(line, fmt.Sprintf("第%d页", sheet)) {
			return true
		}
	}
	return false
}

func TestNothingOnASheetIsDrawnOnAnythingElseOrBeyondItsPlace(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			sheets, beyond := chart.Cards(in)
			if beyond > 0 {
				t.Errorf("a line is %d px wider than its card", beyond)
			}
			for _, cards := range sheets {
				apart(t, "cards", cards)
			}
			for n, s := range read(t, chart.Sheets(in)) {
				if s.left < 24 || s.top < 24 || s.right > 1414-24 || s.bottom > 1000-24 { // 5 mm stay white
					t.Errorf("sheet %d is drawn from %d,%d to %d,%d", n+1, s.left, s.top, s.right, s.bottom)
				}
				if tenths := s.smallest * 2970 / 1414; tenths < 22 {
					t.Errorf("sheet %d has text of %d.%d mm", n+1, tenths/10, tenths%10)
				}
			}
		})
	}
}

func TestAPageOfSeventyAccountsIsLegibleAndFewSheets(t *testing.T) {
	if n := len(chart.Sheets(fan(62, 20, 2))); n > 3 {
		t.Errorf("70 accounts take %d sheets", n)
	}
	if n := len(chart.Sheets(fan(430, 40, 3))); n > 15 {
		t.Errorf("500 accounts take %d sheets", n)
	}
}

func TestANameAsLongAsNoneIsStaysOnItsSheet(t *testing.T) {
	in := market()
	for id := range in.Faces {
		in.Faces[id] = chart.Face{Number: strings.Repeat("6228480", 90), Holder: strings.Repeat("茂名市电白区", 900)}
	}
	sheets, beyond := chart.Cards(in)
	for _, cards := range sheets {
		apart(t, "cards", cards)
		for _, c := range cards {
			if c.Y+c.H > 1000 {
				t.Errorf("a card reaches to %d", c.Y+c.H)
			}
		}
	}
	if beyond > 0 {
		t.Errorf("a line is %d px wider than its card", beyond)
	}
}

func TestKindsOfAccountAreToldWithoutColours(t *testing.T) {
	screen, paper := string(chart.Draw(market())), string(chart.Stack(chart.Sheets(market())))
	seen := map[string]identity.AccountKind{}
	for _, kind := range append(identity.HumanKinds(), identity.OrderNumberAccount) {
		name, mark := chart.KindName(kind)+" "+chart.KindNameEN(kind)+" 6 户", chart.Mark(kind)
		if other, twice := seen[mark]; twice {
			t.Errorf("%s and %s are both drawn as %s", kind, other, mark)
		}
		seen[mark] = kind
		character, _, _ := strings.Cut(mark, " ")
		for where, drawing := range map[string]string{"screen": screen, "paper": paper} {
			if !strings.Contains(drawing, ">"+name+"<") {
				t.Errorf("the legend of the %s lacks %s", where, name)
			}
			if n := strings.Count(drawing, ">"+character+"</text>"); n < 7 { // six accounts and the legend
				t.Errorf("on %s %s is drawn %d times", where, character, n)
			}
		}
	}
	if plain := string(chart.Draw(fan(5, 5, 1))); strings.Contains(plain, ">账户类别<") {
		t.Error("ordinary accounts have a legend of kinds")
	}
	for _, w := range flow.Everywhere() {
		for kind := range seen {
			if character, _, _ := strings.Cut(kind, " "); strings.HasPrefix(chart.Sign(w), character) {
				t.Errorf("%s means a kind of account and %s", character, w)
			}
		}
	}
}

func TestASignThatNoAmountExplainsIsInTheLegend(t *testing.T) {
	in := fan(5, 5, 1)
	for n := range in.Graph.Nodes { // all that was frozen has been returned
		for i, s := range in.Graph.Nodes[n].Shares {
			if s.Where == flow.Frozen {
				in.Graph.Nodes[n].Shares[i].Where = flow.Returned
			}
		}
	}
	for i, s := range in.Graph.Totals.Shares {
		if s.Where == flow.Frozen {
			in.Graph.Totals.Shares[i].Where = flow.Returned
		}
	}
	for where, drawing := range map[string][]byte{"screen": chart.Draw(in), "paper": chart.Stack(chart.Sheets(in))} {
		if !bytes.Contains(drawing, []byte(">已冻结 frozen<")) {
			t.Errorf("the %s does not say what 冻 means", where)
		}
	}
}

func TestACaseWithoutMovementsSaysSo(t *testing.T) {
	nothing := chart.Input{Graph: newPlay(1).graph()}
	for where, drawing := range map[string][]byte{"screen": chart.Draw(nothing), "paper": chart.Stack(chart.Sheets(nothing))} {
		if !bytes.Contains(drawing, []byte("截至该时点尚无资金流向")) {
			t.Errorf("on %s an empty case is a blank", where)
		}
	}
}
