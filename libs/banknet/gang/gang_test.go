package gang_test

import (
	"container/heap"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/banknet/gang"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"pgregory.net/rapid"
)

var (
	morning      = time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)
	banks        = []identity.BankCode{"102100099996", "103100000026", "105100000017", "308584000013"}
	institutions = []identity.BankCode{"323584000888", "323331000001"}
)

func draw(seed uint64, number int) *gang.Fraud {
	return gang.New(seed, number, morning, banks, institutions)
}

// tries are payments to be made, the earliest first; of one instant, by serial.
type tries []banknet.Payment

func (t tries) Len() int      { return len(t) }
func (t tries) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *tries) Push(x any)   { *t = append(*t, x.(banknet.Payment)) } //nolint:forcetypeassert // only payments are pushed
func (t tries) Less(i, j int) bool {
	return t[i].At.Before(t[j].At) || t[i].At.Equal(t[j].At) && t[i].Serial < t[j].Serial
}

func (t *tries) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// laid is what the launderers have done with a fraud when nobody was in the way
// but those accounts that were stopped from the beginning.
type laid struct {
	net  *banknet.Network
	done []banknet.Payment
}

func play(t testing.TB, f *gang.Fraud, stopped ...banknet.Key) laid {
	t.Helper()
	out := laid{net: banknet.New()}
	for _, a := range f.Accounts {
		if err := out.net.Open(a.Account, a.Opening); err != nil {
			t.Fatal(err)
		}
	}
	for n, k := range stopped {
		if _, err := out.net.Stop(k, banknet.StopOrder{ID: fmt.Sprint(n), At: f.Opened(), Until: f.ReportAt.Add(240 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	crew, plan := f.Crew(), &tries{}
	for _, p := range append(f.Life[:len(f.Life):len(f.Life)], f.Paid...) {
		heap.Push(plan, p)
	}
	for plan.Len() > 0 {
		p := heap.Pop(plan).(banknet.Payment) //nolint:forcetypeassert // only payments are pushed
		if out.net.Pay(p) != nil {
			continue // what is refused stays
		}
		out.done = append(out.done, p)
		for _, next := range crew.Arrived(p) {
			if next.At.Before(p.At.Add(30 * time.Second)) {
				t.Fatalf("%s: moved on after %s", next.Serial, next.At.Sub(p.At))
			}
			heap.Push(plan, next)
		}
	}
	return out
}

func TestMoneyIsNeitherMadeNorLostByLaunderers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := draw(rapid.Uint64().Draw(r, "seed"), rapid.IntRange(1, 500).Draw(r, "number"))
		played := play(t, f)
		totals, err := played.net.Totals()
		if err != nil {
			r.Fatal(err)
		}
		var openings money.Fen
		for _, a := range f.Accounts {
			openings += a.Opening
		}
		if totals.Openings != openings || totals.Balances+totals.Cash != openings {
			r.Fatalf("opened with %s, now %s in accounts and %s in cash", openings, totals.Balances, totals.Cash)
		}
	})
}

func TestEveryFraudIsWithinWhatIsPublished(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := draw(rapid.Uint64().Draw(r, "seed"), rapid.IntRange(1, 500).Draw(r, "number"))
		payees := map[banknet.Key]bool{}
		for _, p := range f.Paid {
			payees[p.To] = true
		}
		last := f.Paid[len(f.Paid)-1].At
		switch wait := f.ReportAt.Sub(last); {
		case f.Loss() < 500_000 || f.Loss() > 500_000_000:
			r.Errorf("a loss of %s yuan", f.Loss())
		case len(f.Paid) < 1 || len(f.Paid) > 5 || len(payees) > 3:
			r.Errorf("%d payments to %d accounts", len(f.Paid), len(payees))
		case wait < 3*time.Minute-time.Second || wait > 120*time.Minute:
			r.Errorf("reported after %s", wait)
		case f.Depth < 2 || f.Depth > 5:
			r.Errorf("%d levels", f.Depth)
		}
		perDay := map[string]money.Fen{}
		for _, p := range play(t, f).done {
			if p.To != (banknet.Key{}) {
				continue
			}
			day := p.From.Number + p.At.Add(8*time.Hour).Format("20060102")
			if perDay[day] += p.Amount; perDay[day] > 2_000_000 || p.Amount > 500_000 || p.Amount%10_000 != 0 {
				r.Errorf("%s yuan in cash at once, %s that day", p.Amount, perDay[day])
			}
		}
	})
}

func TestTheSameSeedIsTheSameFraudAndTheSameLaunderers(t *testing.T) {
	a, b := draw(7, 3), draw(7, 3)
	if diff := cmp.Diff(a.Accounts, b.Accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(play(t, a).done, play(t, b).done); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(a.Accounts, draw(8, 3).Accounts) {
		t.Error("another seed is the same fraud")
	}
}

func TestWhatIsDoneWithMoneyDoesNotDependOnWhoElseIsStopped(t *testing.T) {
	for number := 1; number <= 20; number++ {
		f := draw(7, number)
		free := map[string]banknet.Payment{}
		for _, p := range play(t, f).done {
			free[p.Serial] = p
		}
		stopped := f.Paid[0].To
		moved := 0
		for _, p := range play(t, f, stopped).done {
			if p.From == stopped {
				t.Fatalf("fraud %d: %s left a stopped account", number, p.Serial)
			}
			if p.Serial[0] != 'G' || p.To == (banknet.Key{}) {
				continue // how much a machine still gives depends on what it gave that day
			}
			moved++
			if diff := cmp.Diff(free[p.Serial], p); diff != "" {
				t.Fatalf("fraud %d: %s", number, diff)
			}
		}
		if len(f.Paid) > 1 && f.Paid[1].To != stopped && moved == 0 {
			t.Errorf("fraud %d: nothing moved although one way was open", number)
		}
	}
}
