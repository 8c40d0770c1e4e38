package launder_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/launder"
)

func published() launder.Params {
	return launder.Params{
		Reported: 483_000_000, Level1: 30_400_000, Attributable: 149_300_000, Stopped: 210_700_000,
		Level2: 61, Level3: 6, Banks: 20, ProRata: 5, Spread: 25,
		At: -39 * time.Minute, FanOut: 7 * time.Minute, Attempts: 12, AttemptsFrom: 20 * time.Minute,
	}
}

func banks(n int) []string {
	var out []string
	for i := range n {
		out = append(out, "bank-"+strconv.Itoa(i))
	}
	return out
}

// lot is money of one owner that came with one credit.
type lot struct {
	victims bool
	rest    money.Fen
}

// book is the oracle: an account whose debits are attributed on their own, by
// nothing but the rule.
type book struct {
	lots    []lot
	credits int
	blurred bool // a debit was shared by all
}

func (b *book) balance() (sum money.Fen) {
	for _, l := range b.lots {
		sum += l.rest
	}
	return sum
}

func (b *book) held() (sum money.Fen) {
	for _, l := range b.lots {
		if l.victims {
			sum += l.rest
		}
	}
	return sum
}

// debit takes an amount off and tells how much of it was the victim's.
func (b *book) debit(t *testing.T, amount money.Fen) money.Fen {
	t.Helper()
	for i, l := range slices.Backward(b.lots) {
		if l.rest >= amount {
			b.lots[i].rest -= amount
			if l.victims {
				return amount
			}
			return 0
		}
	}
	b.blurred = true
	whole, victims, taken := b.balance(), money.Fen(0), money.Fen(0)
	for i, l := range b.lots {
		share, rest, err := amount.Share(l.rest, whole)
		if err != nil || rest != 0 {
			t.Fatalf("a share of a pro-rata debit is not whole: %d of %d, %v", l.rest, whole, err)
		}
		b.lots[i].rest -= share
		taken += share
		if l.victims {
			victims += share
		}
	}
	if taken != amount {
		t.Fatalf("%d was shared, %d was paid", taken, amount)
	}
	return victims
}

// attribute plays a plan's moves up to the start and gives the books.
func attribute(t *testing.T, plan launder.Plan) (map[string]*book, money.Fen) {
	t.Helper()
	books, cash := map[string]*book{"victim": {lots: []lot{{true, plan.VictimOpening}}}}, money.Fen(0)
	for _, a := range plan.Accounts {
		books[a.Name] = &book{}
		if a.Opening > 0 {
			books[a.Name].lots = []lot{{false, a.Opening}}
		}
	}
	last := time.Duration(-1 << 62)
	for _, m := range plan.Moves {
		if m.At <= last {
			t.Fatalf("two moves at %s or out of order", m.At)
		}
		last = m.At
		if m.Attempt {
			continue
		}
		from, to := books[m.From], books[m.To]
		if from == nil || (m.To != "" && to == nil) || m.Amount <= 0 || from.balance() < m.Amount {
			t.Fatalf("cannot be paid: %+v", m)
		}
		victims := from.debit(t, m.Amount)
		if to == nil {
			cash += victims
			continue
		}
		if victims != 0 && victims != m.Amount {
			t.Fatalf("mixed money goes on: %d of %+v", victims, m)
		}
		to.lots = append(to.lots, lot{victims > 0, m.Amount})
		to.credits++
	}
	return books, cash
}

func checkPlan(t *testing.T, seed uint64, plan launder.Plan, proRata int) {
	t.Helper()
	books, cash := attribute(t, plan)
	var got launder.Figures
	seen := map[string]bool{}
	blurred := 0
	for _, a := range plan.Accounts {
		b := books[a.Name]
		if a.Level == 0 {
			if b.held() != 0 {
				t.Errorf("seed %d: a bystander holds the victim's money", seed)
			}
			continue
		}
		if b.held() <= 0 {
			t.Errorf("seed %d: %s holds nothing of the victim's", seed, a.Name)
		}
		if b.blurred {
			blurred++
		}
		if a.Level == 1 {
			got.StoppedLevel1 = b.balance()
			if b.balance() != b.held() || b.credits != 1 {
				t.Errorf("seed %d: level 1 is mixed", seed)
			}
		}
		got.Accounts++
		got.Stopped += b.balance()
		got.Attributable += b.held()
		got.Levels = max(got.Levels, a.Level)
		seen[a.Bank] = true
	}
	got.Banks = len(seen)
	got.Reported = plan.VictimOpening - books["victim"].held()
	if d := cmp.Diff(plan.Planned, got); d != "" {
		t.Errorf("seed %d: planned, and found:\n%s", seed, d)
	}
	if got.Attributable+cash != got.Reported {
		t.Errorf("seed %d: %s on accounts and %s in cash is not %s", seed, got.Attributable, cash, got.Reported)
	}
	if blurred != proRata && proRata >= 0 {
		t.Errorf("seed %d: %d accounts cannot be told apart, want %d", seed, blurred, proRata)
	}
}

func TestThePublishedTotalsHoldForEachSeed(t *testing.T) {
	want := launder.Figures{Reported: 483_000_000, Stopped: 210_700_000, StoppedLevel1: 30_400_000, Attributable: 149_300_000, Accounts: 68, Levels: 3}
	for seed := range uint64(300) {
		plan, err := launder.Draw(published(), launder.Source{Victim: "victim", Banks: banks(24), Seed: seed})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkPlan(t, seed, plan, 5)
		want.Banks = plan.Planned.Banks
		if plan.Planned != want || want.Banks < 20 {
			t.Errorf("seed %d: %+v", seed, plan.Planned)
		}
	}
}

func TestWhatIsDrawnWithinTheSpreadBalancesToo(t *testing.T) {
	shapes := map[int]bool{}
	for seed := range uint64(300) {
		plan, err := launder.Draw(published(), launder.Source{Victim: "victim", Banks: banks(24), Seed: seed, Vary: true})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkPlan(t, seed, plan, -1)
		f := plan.Planned
		shapes[f.Accounts] = true
		within := func(name string, got, of money.Fen) {
			if got*100 < of*74 || got*100 > of*126 {
				t.Errorf("seed %d: %s is %d, more than a quarter off %d", seed, name, got, of)
			}
		}
		within("reported", f.Reported, 483_000_000)
		within("attributable", f.Attributable, 149_300_000)
		within("stopped", f.Stopped, 210_700_000)
		within("level 1", f.StoppedLevel1, 30_400_000)
		within("accounts", money.Fen(f.Accounts), 68)
		if f.Banks < 20 {
			t.Errorf("seed %d: %d banks", seed, f.Banks)
		}
	}
	if len(shapes) < 10 {
		t.Errorf("only %d different shapes", len(shapes))
	}
}

func TestSmallPlansBalanceToo(t *testing.T) {
	p := launder.Params{
		Reported: 5_000_000, Level1: 100_000, Attributable: 1_234_567, Stopped: 2_345_678,
		Level2: 4, Level3: 1, Banks: 2, ProRata: 1, Spread: 25, At: -35 * time.Minute, FanOut: time.Minute,
	}
	for seed := range uint64(100) {
		for _, vary := range []bool{false, true} {
			plan, err := launder.Draw(p, launder.Source{Victim: "victim", Banks: banks(3), Seed: seed, Vary: vary})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			checkPlan(t, seed, plan, -1)
		}
	}
}

func TestASeedDrawsTheSamePlanEachTime(t *testing.T) {
	s := launder.Source{Victim: "victim", Banks: banks(24), Seed: 7, Vary: true}
	one, err := launder.Draw(published(), s)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := launder.Draw(published(), s)
	if d := cmp.Diff(one, two); d != "" {
		t.Error(d)
	}
	s.Seed = 8
	if other, _ := launder.Draw(published(), s); cmp.Equal(one, other) {
		t.Error("another seed draws the same plan")
	}
}

func TestWhatDoesNotFitTogetherIsRefused(t *testing.T) {
	for name, edit := range map[string]func(*launder.Params){
		"more is the victim's than was stopped":      func(p *launder.Params) { p.Stopped = p.Attributable - 1 },
		"more is the victim's than was reported":     func(p *launder.Params) { p.Attributable, p.Stopped = p.Reported, p.Reported },
		"more on level 1 than is the victim's":       func(p *launder.Params) { p.Level1 = p.Attributable },
		"no account on level 2":                      func(p *launder.Params) { p.Level2 = 0 },
		"more banks than are listed":                 func(p *launder.Params) { p.Banks = 25 },
		"too little time":                            func(p *launder.Params) { p.At = -time.Minute },
		"too many accounts to be told apart":         func(p *launder.Params) { p.ProRata = 60 },
		"nothing of others' where it is needed":      func(p *launder.Params) { p.Stopped = p.Attributable },
		"too little money for so many accounts":      func(p *launder.Params) { p.Attributable = p.Level1 + 1000 },
		"a spread that turns everything upside down": func(p *launder.Params) { p.Spread = 90 },
	} {
		p := published()
		edit(&p)
		if _, err := launder.Draw(p, launder.Source{Victim: "victim", Banks: banks(24), Seed: 1}); !errors.Is(err, launder.ErrParams) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
