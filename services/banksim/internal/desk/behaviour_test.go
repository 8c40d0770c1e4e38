package desk_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
)

// moving is a clock that goes wherever somebody waits for.
type moving struct {
	mu    *sync.Mutex
	now   *time.Time
	waits *[]time.Duration
}

func newMoving() moving {
	now := noon
	return moving{new(sync.Mutex), &now, &[]time.Duration{}}
}

func (c moving) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return *c.now }

func (c moving) Wait(ctx context.Context, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.waits = append(*c.waits, t.Sub(*c.now))
	if t.After(*c.now) {
		*c.now = t
	}
	return ctx.Err()
}

// run serves a desk until the test ends.
func run(t *testing.T, d *desk.Desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { d.Run(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
}

func answerIn(t *testing.T, body string) bank.Answer {
	t.Helper()
	var a bank.Answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestASlowBankTakesItsTimeForEachOrder(t *testing.T) {
	b := desk.Behaviour{AnswerAfter: time.Minute, AnswerWithin: 10 * time.Minute, Seed: 7}
	seen := map[time.Duration]bool{}
	for i := range 50 {
		id := "o-" + strconv.Itoa(i)
		by := b.Delay(id)
		if by < time.Minute || by >= 10*time.Minute || by != b.Delay(id) {
			t.Errorf("%s waits %s, then %s", id, by, b.Delay(id))
		}
		seen[by] = true
	}
	other := b
	other.Seed = 8
	if len(seen) < 40 || other.Delay("o-1") == b.Delay("o-1") {
		t.Errorf("%d different times of 50", len(seen))
	}
	_, d := bench(t)
	clock := newMoving()
	c := newOffice(stopOrder())
	d.City, d.Clock, d.Behaviour = c, clock, b
	run(t, d)
	a := answerIn(t, c.await(t, "o-1-answer"))
	if want := identity.FormatPlatformTime(noon.Add(b.Delay("o-1"))); a.StartTime != want {
		t.Errorf("carried out at %s, want %s", a.StartTime, want)
	}
}

func TestALateBankCarriesOutAtOnceAndAnswersLater(t *testing.T) {
	_, d := bench(t)
	clock := newMoving()
	c := newOffice(stopOrder())
	d.City, d.Clock, d.Behaviour = c, clock, desk.Behaviour{AnswersLate: time.Hour}
	run(t, d)
	if a := answerIn(t, c.await(t, "o-1-answer")); a.StartTime != "20210717120000" || !clock.Now().Equal(noon.Add(time.Hour)) {
		t.Errorf("carried out at %s, answered at %s", a.StartTime, clock.Now())
	}
}

func TestABankIsDownInEachOfItsWindows(t *testing.T) {
	b := desk.Behaviour{Down: []desk.Window{{From: noon, Until: noon.Add(time.Minute)}, {From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}}}
	for offset, want := range map[time.Duration]time.Duration{
		-time.Second: 0, 0: time.Minute, time.Minute: 0, 90 * time.Minute: 2 * time.Hour, 2 * time.Hour: 0,
	} {
		until := b.Up(noon.Add(offset))
		if until.IsZero() != (want == 0) || want > 0 && !until.Equal(noon.Add(want)) {
			t.Errorf("at %s: down until %s", offset, until)
		}
	}
}

func TestAWrongAnswerIsWrongInItsWayAndNothingElse(t *testing.T) {
	for fault, wrong := range map[desk.Fault]func(a bank.Answer) bool{
		desk.NegativeBalance: func(a bank.Answer) bool { return a.AccountBalance == "-1.00" },
		desk.Contradiction:   func(a bank.Answer) bool { return !addsUp(t, a) },
		desk.BeforeInflow: func(a bank.Answer) bool {
			return addsUp(t, a) && a.Transactions[0].Direction == "D" && a.Transactions[0].Time < a.Transactions[1].Time && a.Transactions[1].Direction == "C"
		},
		desk.ZeroCycle: func(a bank.Answer) bool {
			n := len(a.Transactions)
			out, back := a.Transactions[n-2], a.Transactions[n-1]
			return addsUp(t, a) && out.Time == back.Time && out.Amount == back.Amount && out.Direction == "D" && back.Direction == "C" &&
				out.CounterNumber == back.CounterNumber && out.CounterNumber != "" && out.SerialNumber != back.SerialNumber
		},
	} {
		t.Run(string(fault), func(t *testing.T) {
			_, d := bench(t)
			c := newOffice(stopOrder())
			d.City, d.Clock, d.Behaviour = c, newMoving(), desk.Behaviour{Wrong: fault, CorrectAfter: time.Hour}
			run(t, d)
			if a := answerIn(t, c.await(t, "o-1-answer")); !wrong(a) || a.CorrectsAnswer || a.Result != bank.ResultOK || a.StartTime == "" {
				t.Errorf("%+v", a)
			}
			a := answerIn(t, c.await(t, "o-1-answer-correction"))
			if wrong(a) || !addsUp(t, a) || !a.CorrectsAnswer || a.AccountBalance != "143.00" || len(a.Transactions) != 2 {
				t.Errorf("the correction: %+v", a)
			}
		})
	}
}

// addsUp tells whether the rows of an answer come to the balances beside them.
func addsUp(t *testing.T, a bank.Answer) bool {
	t.Helper()
	read := func(s string) money.Fen {
		f, err := money.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	balance := read(a.OpeningBalance)
	for _, r := range a.Transactions {
		if r.Direction == "C" {
			balance += read(r.Amount)
		} else {
			balance -= read(r.Amount)
		}
		if balance != read(r.Balance) {
			return false
		}
	}
	return balance == read(a.AccountBalance)
}

func TestAWrongBankNeedNotCorrectItself(t *testing.T) {
	_, d := bench(t)
	c := newOffice(stopOrder())
	d.City, d.Behaviour = c, desk.Behaviour{Wrong: desk.Contradiction}
	run(t, d)
	c.await(t, "o-1-answer")
	second := stopOrder()
	second.ApplicationID, second.AccountName = "o-2", "nobody"
	c.add(second)
	if a := answerIn(t, c.await(t, "o-2-answer")); a.FailureCause != bank.MismatchName {
		t.Errorf("what was refused is refused rightly: %+v", a)
	}
	if n := len(c.bodies("o-1-answer-correction")); n != 0 {
		t.Errorf("%d corrections", n)
	}
}

func TestAnAnswerGoesAstrayBeforeTheRightOne(t *testing.T) {
	for fault, path := range map[desk.Fault]string{desk.UnknownOrder: "/v1/bank/orders/o-1x/answer", desk.OthersOrder: "/v1/bank/orders/other-7/answer"} {
		_, d := bench(t)
		c := newOffice(stopOrder())
		d.City, d.Behaviour = c, desk.Behaviour{Wrong: fault}
		d.Elsewhere = func(b identity.BankCode) string {
			if b != icbc {
				t.Errorf("asked for %s", b)
			}
			return "other-7"
		}
		run(t, d)
		right, stray := c.await(t, "o-1-answer"), c.await(t, "o-1-answer-stray")
		if right != stray || c.path("o-1-answer-stray") != path || c.path("o-1-answer") != "/v1/bank/orders/o-1/answer" {
			t.Errorf("%s: to %s", fault, c.path("o-1-answer-stray"))
		}
	}
}

func TestALaterOrderIsAnsweredFirst(t *testing.T) {
	_, d := bench(t)
	second := stopOrder()
	second.ApplicationID = "o-2"
	c := newOffice(stopOrder())
	clock := newHeld()
	d.City, d.Clock, d.Behaviour = c, clock, desk.Behaviour{LaterFirst: true}
	run(t, d)
	<-clock.waiting // the first order lets others go first
	c.add(second)
	<-clock.waiting // so does the second
	clock.endLast()
	c.await(t, "o-1-answer")
	c.await(t, "o-2-answer")
	if one, two := c.when("o-1-answer"), c.when("o-2-answer"); two > one {
		t.Errorf("the first order was answered as number %d, the second as number %d", one, two)
	}
}

// held lets nobody go on until it is told to.
type held struct {
	stopped
	mu      *sync.Mutex
	ends    *[]chan struct{}
	waiting chan struct{}
}

func newHeld() held {
	return held{stopped{noon}, new(sync.Mutex), &[]chan struct{}{}, make(chan struct{}, 8)}
}

// endLast ends the wait that began last.
func (c held) endLast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close((*c.ends)[len(*c.ends)-1])
}

func (c held) Wait(ctx context.Context, _ time.Time) error {
	end := make(chan struct{})
	c.mu.Lock()
	*c.ends = append(*c.ends, end)
	c.mu.Unlock()
	c.waiting <- struct{}{}
	select {
	case <-end:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestALongStatementComesInPages(t *testing.T) {
	n, d := bench(t)
	for i := range 700 {
		pay(t, n, banknet.Payment{Serial: "D" + strconv.Itoa(i), At: noon, Amount: 1, From: banknet.Key{Bank: abc, Number: "6202"}, To: card})
	}
	for name, c := range map[string]struct{ rows, pages int }{"as many rows as may be": {0, 3}, "fewer": {100, 8}, "more than may be": {1000, 3}} {
		o := newOffice(stopOrder())
		d := &desk.Desk{Bank: d.Bank, Network: n, Clock: d.Clock, Log: d.Log, City: o, Behaviour: desk.Behaviour{PageRows: c.rows}}
		run(t, d)
		var whole bank.Answer
		for p := 1; p <= c.pages; p++ {
			key := "o-1-answer"
			if p > 1 {
				key += "-p" + strconv.Itoa(p)
			}
			a := answerIn(t, o.await(t, key))
			if a.Page != p || a.Pages != c.pages || a.Result != bank.ResultOK || len(a.Transactions) > bank.RowsPerAnswer {
				t.Errorf("%s: page %d of %d has %d rows", name, a.Page, a.Pages, len(a.Transactions))
			}
			if p == 1 {
				whole = a
				continue
			}
			if last := whole.Transactions[len(whole.Transactions)-1]; a.OpeningBalance != last.Balance {
				t.Errorf("%s: page %d begins with %s after %s", name, p, a.OpeningBalance, last.Balance)
			}
			whole.Transactions = append(whole.Transactions, a.Transactions...)
		}
		if len(whole.Transactions) != 702 || !addsUp(t, whole) {
			t.Errorf("%s: %d rows in all", name, len(whole.Transactions))
		}
		if len(o.bodies("o-1-answer-p"+strconv.Itoa(c.pages+1))) != 0 {
			t.Errorf("%s: one page too many", name)
		}
	}
}

func TestAFreezeThatWaitedIsAnsweredAgainWhenItTakesHold(t *testing.T) {
	n, d := bench(t)
	court := banknet.FreezeOrder{ID: "c", By: "某法院", Kind: banknet.CourtFreeze, At: noon, Until: noon.Add(time.Hour)}
	if _, err := n.Freeze(card, court); err != nil {
		t.Fatal(err)
	}
	freeze := told(bank.TxFreeze, "f-1", "")
	freeze.FreezeType, freeze.Balance = bank.FreezeLimited, "20.00"
	c := newOffice(freeze)
	d.City = c
	run(t, d)
	if a := answerIn(t, c.await(t, "f-1-answer")); a.Result != bank.ResultQueued || a.FormerApplicationDepartment != "某法院" || a.FormerFrozenExpireTime != "20210717130000" {
		t.Errorf("%+v", a)
	}
	if _, err := n.Release(card, "c", 0, noon); err != nil {
		t.Fatal(err)
	}
	a := answerIn(t, c.await(t, "f-1-answer-active"))
	if a.Result != bank.ResultOK || a.FrozedBalance != "20.00" || a.StartTime != "20210717120000" || a.ExpireTime != "20220117120000" {
		t.Errorf("%+v", a)
	}
	if n := len(c.bodies("f-1-answer-active")); n != 1 {
		t.Errorf("%d times", n)
	}
}

func TestFaultsHaveNames(t *testing.T) {
	for _, f := range desk.Faults() {
		if f == "" || strings.ToLower(string(f)) != string(f) {
			t.Errorf("%q", f)
		}
	}
}
