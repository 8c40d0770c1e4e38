package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/stage"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

func load(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compile(t *testing.T, s *scenario.Scenario, seed uint64, salt string) *scenario.Story {
	t.Helper()
	y, err := s.Compile(seed, s.Start, salt)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestEveryScenarioThatComesWithTheProgramCanBePutOn(t *testing.T) {
	names := scenario.Names()
	for _, want := range []string{"maoming-483", "two-hops", "paid-already", "city-40"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
	for _, name := range names {
		s := load(t, name)
		if s.Name != name || (len(s.Expect) == 0 && s.Gang == nil) {
			t.Errorf("%s: its name is %s, %d cases are expected", name, s.Name, len(s.Expect))
		}
		if _, err := stage.New(compile(t, s, s.Seed, "salt")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The published figures follow from the plan, and the plan can be paid.
func TestMaomingIsPlannedAsItWasPublished(t *testing.T) {
	s := load(t, "maoming-483")
	y := compile(t, s, s.Seed, "salt")
	e, p := s.Expect[0], y.Planned
	if p.Reported != e.Reported.Fen || p.Accounts != e.Accounts || p.Banks < e.Banks || p.Levels != e.Levels || p.Stopped != e.Stopped.Fen ||
		p.StoppedLevel1 != e.StoppedLevel1.Fen || p.Attributable != e.Attributable.Fen {
		t.Errorf("planned %+v, expected %+v", *p, e)
	}
	show, err := stage.New(y)
	if err != nil {
		t.Fatal(err)
	}
	held := money.Fen(0)
	for _, a := range y.Accounts {
		statement, err := show.Network.Statement(stage.Key(a))
		if err != nil {
			t.Fatal(err)
		}
		if a.Level > 0 {
			held += statement.Balance
		}
		if a.Level > 0 && statement.Balance <= 0 {
			t.Errorf("%s is empty", a.ID)
		}
	}
	if held != p.Stopped {
		t.Errorf("the accounts hold %s, planned were %s", held, p.Stopped)
	}
}

func TestAnotherSeedCanBePutOnToo(t *testing.T) {
	s := load(t, "maoming-483")
	for seed := range uint64(40) {
		if _, err := stage.New(compile(t, s, seed, "salt")); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func TestTheSameScenarioPlayedAgainHasOtherNumbersAndTheSameAmounts(t *testing.T) {
	s := load(t, "maoming-483")
	one, two := compile(t, s, 483, "one"), compile(t, s, 483, "two")
	numbers := map[string]bool{}
	for i, a := range one.Accounts {
		b := two.Accounts[i]
		if numbers[a.Number] || a.Number == b.Number || a.Holder != b.Holder || a.Bank != b.Bank || a.Opening != b.Opening {
			t.Errorf("%+v and %+v", a, b)
		}
		numbers[a.Number] = true
		if w := identity.CheckCard(a.Number); len(w) > 0 {
			t.Errorf("%s: %v", a.ID, w)
		}
	}
	serials := map[string]bool{}
	for i, m := range one.Moves {
		if serials[m.Serial] || m.Serial == two.Moves[i].Serial || m.Amount != two.Moves[i].Amount {
			t.Errorf("move %d: %+v and %+v", i, m, two.Moves[i])
		}
		serials[m.Serial] = true
	}
	if d := cmp.Diff(one.Moves, compile(t, s, 483, "one").Moves); d != "" {
		t.Error(d)
	}
	if personal := one.Personal(); len(personal) < 3*len(one.Accounts) || !slices.Contains(personal, one.Accounts[0].Number) {
		t.Errorf("%d personal texts", len(personal))
	}
}

// minimal is a scenario to break in one place.
const minimal = `name: a
start: 2021-07-17T16:00:00+08:00
banks:
  - {id: icbc, code: "102100099996"}
people:
  - {id: v}
accounts:
  - {id: from, bank: icbc, holder: v, opening: 100.00}
  - {id: to, bank: icbc}
transfers:
  - {id: t, at: -10m, from: from, to: to, amount: 60.00}
reports:
  - {id: r, victim: v, brief: b, fraudType: "01", transfers: [t]}
officers:
  - {id: o, policeNo: "1", unit: "440982000000", level: county, role: duty-officer}
acts:
  - fileReport: {by: o, case: r, investigator: o}
`

func TestWhatCannotBePlayedIsRefusedWithItsLine(t *testing.T) {
	if _, err := scenario.Parse([]byte(minimal)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"a field that is not known":                {"opening: 100.00", "balance: 100.00", "line 8: field balance not found"},
		"an amount with three decimals":            {"60.00", "60.001", "line 11: an amount"},
		"a negative amount":                        {"60.00", "-60.00", "line 11: an amount"},
		"an amount of nothing":                     {"60.00", "0.00", "line 11: a transfer has an amount"},
		"a time without a unit":                    {"-10m", "-10", "line 11: a time"},
		"a bank code with a wrong check digit":     {"102100099996", "102100099997", "line 4: a bank code"},
		"a bank that is not declared":              {"{id: to, bank: icbc}", "{id: to, bank: ccb}", "line 9: no bank is called ccb"},
		"an account that is not declared":          {"to: to,", "to: too,", "line 11: no account is called too"},
		"a transfer to itself":                     {"to: to,", "to: from,", "line 11: a transfer has"},
		"a holder that is not declared":            {"holder: v", "holder: w", "line 8: no person is called w"},
		"an account declared twice":                {"{id: to, bank", "{id: from, bank", "line 9: account from is declared twice"},
		"a report of a transfer that is none":      {"[t]", "[u]", "line 13: no transfer is called u"},
		"an officer who is not declared":           {"{by: o", "{by: p", "line 17: no officer is called p"},
		"an act without an officer":                {"by: o, ", "", "officer is not named"},
		"an act that there is not":                 {"fileReport", "fileReports", "line 17: field fileReports not found"},
		"two acts in one entry":                    {"- fileReport", "- moveClock: +1h\n    fileReport", "exactly one act"},
		"a clock that goes back":                   {"- fileReport", "- moveClock: -1h\n  - fileReport", "line 17: the clock only goes forward"},
		"no start":                                 {"start: 2021-07-17T16:00:00+08:00\n", "", "name, start, banks and acts"},
		"a bank that behaves in a way that is not": {"99996\"}", "99996\", behaviour: {mismatch: colour}}", "line 4: mismatch is one of"},
		"a fault that there is not":                {"99996\"}", "99996\", behaviour: {wrong: colour}}", "line 4: wrong is one of"},
		"a time of being down that goes back":      {"99996\"}", "99996\", behaviour: {down: [{from: +2m, until: +1m}]}}", "line 4: the time of being down"},
		"a bank that answers before it is asked":   {"99996\"}", "99996\", behaviour: {answersLate: -1m}}", "line 4: what a bank takes its time"},
		"a machine with less than no room":         {"99996\"}", "99996\", behaviour: {machine: {capacity: -1}}}", "line 4: pageRows, freezeMonths"},
		"a kind of account that there is not":      {"{id: to, bank: icbc}", "{id: to, bank: icbc, kind: \"06\"}", "line 9: kind is 01 to 05"},
		"an earlier stop of nobody":                {"{id: to, bank: icbc}", "{id: to, bank: icbc, stopped: {until: +1h}}", "line 9: frozen and stopped need by"},
		"a gang without institutions":              {"reports:", "gang: {victim: v, transfer: g}\nreports:", "line 12: a gang has institutions"},
		"a gang whose victim is not declared":      {"reports:", "gang: {victim: w, transfer: g, institutions: [icbc]}\nreports:", "line 12: no person is called w"},
		"a gang at no bank but institutions":       {"reports:", "gang: {victim: v, transfer: g, institutions: [icbc]}\nreports:", ""},
		"a crowd of one":                           {"reports:", "crowd: {accounts: 1, opening: 1.00}\nreports:", "a crowd has 2 to"},
		"a crowd that pays too much":               {"reports:", "crowd: {accounts: 9, opening: 1.00, perMinute: 100000, until: +1d}\nreports:", "line 12: a crowd makes at most"},
		"what is no YAML":                          {"name: a", "name: [", "line"},
	} {
		s, err := scenario.Parse([]byte(strings.Replace(minimal, c.from, c.to, 1)))
		if err == nil {
			_, err = s.Compile(1, s.Start, "salt")
		}
		if !errors.Is(err, scenario.ErrScenario) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAPaymentThatCannotBeMadeIsAFaultOfTheScenario(t *testing.T) {
	s, err := scenario.Parse([]byte(strings.Replace(minimal, "60.00", "100.01", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stage.New(compile(t, s, 1, "salt")); !errors.Is(err, scenario.ErrScenario) {
		t.Errorf("got %v", err)
	}
}

func TestTimesAreRelativeToTheStart(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"-39m": -39 * time.Minute, "+2h": 2 * time.Hour, "+31d": 744 * time.Hour, "-1d2h3m4s": -(26*time.Hour + 3*time.Minute + 4*time.Second), "0": 0,
	} {
		s, err := scenario.Parse([]byte(strings.Replace(minimal, "-10m", text, 1)))
		if err != nil || s.Transfers[0].At.Duration != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"--1m", "1.5s", "d", "+", "12", "+9999999h", "-1h-2m", "x"} {
		if _, err := scenario.Parse([]byte(strings.Replace(minimal, "-10m", text, 1))); !errors.Is(err, scenario.ErrScenario) {
			t.Errorf("%s is a time: %v", text, err)
		}
	}
}

func TestAScenarioIsFoundByNameOrReadFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := load(t, path); s.Name != "a" {
		t.Errorf("read %s", s.Name)
	}
	for _, name := range []string{"no-such-scenario", filepath.Join(t.TempDir(), "none.yaml"), ""} {
		if _, err := scenario.Load(name); !errors.Is(err, scenario.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAttemptsAfterTheStartAreRefusedOnceTheAccountsAreStopped(t *testing.T) {
	s := load(t, "maoming-483")
	y := compile(t, s, s.Seed, "salt")
	show, err := stage.New(y)
	if err != nil {
		t.Fatal(err)
	}
	before, err := show.Network.Totals()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range y.Accounts {
		if a.Level > 0 {
			if _, err := show.Network.Stop(stage.Key(a), banknet.StopOrder{ID: a.ID, By: "police", At: y.Start, Until: y.Start.Add(48 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	show.Advance(y.Start.Add(24 * time.Hour))
	if made, refused, unforeseen := show.Tally(); made != 0 || refused != 12 || unforeseen != 0 {
		t.Errorf("%d made, %d refused, %d unforeseen", made, refused, unforeseen)
	}
	if after, _ := show.Network.Totals(); after != before {
		t.Errorf("from %+v to %+v", before, after)
	}
	free, err := stage.New(y)
	if err != nil {
		t.Fatal(err)
	}
	free.Advance(y.Start.Add(24 * time.Hour))
	if made, _, unforeseen := free.Tally(); made == 0 || unforeseen != made {
		t.Errorf("nothing is stopped: %d made, %d unforeseen", made, unforeseen)
	}
}
