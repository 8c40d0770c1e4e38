package banknet_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
	"pgregory.net/rapid"
)

var noon = time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC)

func key(i int) banknet.Key {
	return banknet.Key{Bank: "102100099996", Number: "62000" + strconv.Itoa(i)}
}

func open(t *testing.T, n *banknet.Network, i int, opening money.Fen) {
	t.Helper()
	if err := n.Open(banknet.Account{Key: key(i), Holder: "holder " + strconv.Itoa(i), Kind: "01"}, opening); err != nil {
		t.Fatal(err)
	}
}

func sameName(a, b string) bool { return a == b }

// What the accounts hold and what was paid in cash is what they were opened
// with, whatever is asked of the network, and each statement adds up.
func TestMoneyIsConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := banknet.New()
		count := rapid.IntRange(2, 6).Draw(t, "accounts")
		var opened money.Fen
		for i := range count {
			opening := money.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "opening"))
			opened += opening
			if err := n.Open(banknet.Account{Key: key(i), Holder: "h"}, opening); err != nil {
				t.Fatal(err)
			}
		}
		for step := range rapid.IntRange(0, 60).Draw(t, "steps") {
			act(t, n, count, step)
		}
		totals, err := n.Totals()
		if err != nil || totals.Openings != opened || totals.Balances+totals.Cash != opened {
			t.Fatalf("%+v, %v; opened with %d", totals, err, opened)
		}
		for i := range count {
			addsUp(t, n, key(i))
		}
	})
}

func act(t *rapid.T, n *banknet.Network, count, step int) {
	at := noon.Add(time.Duration(step) * time.Minute)
	from, to := key(rapid.IntRange(0, count).Draw(t, "from")), key(rapid.IntRange(0, count).Draw(t, "to"))
	amount := money.Fen(rapid.Int64Range(-5, 600_000).Draw(t, "amount"))
	by := rapid.SampledFrom([]string{"one", "another"}).Draw(t, "agency")
	earlier := strconv.Itoa(rapid.IntRange(0, step).Draw(t, "earlier"))
	serial := strconv.Itoa(step)
	before, balance, known := n.Held(from, at)
	switch rapid.IntRange(0, 9).Draw(t, "act") {
	case 0:
		withinFree(t, n.Pay(banknet.Payment{Serial: serial, At: at, From: from, Amount: amount}), amount, before, balance, known)
	case 1:
		_, _ = n.Stop(from, banknet.StopOrder{ID: serial, By: by, Limit: max(0, amount), At: at, Until: at.Add(9 * time.Minute)})
	case 2:
		_, _ = n.Freeze(from, banknet.FreezeOrder{ID: serial, By: by, Limit: max(0, amount), At: at, Until: at.Add(12 * time.Minute)})
	case 3:
		payout := banknet.Payout{Serial: serial, At: at, From: from, To: to, FromName: "h", ToName: "h", Amount: amount}
		_, _ = n.Return(payout, sameName)
	case 4:
		_ = n.Lift(from, earlier, at)
	case 5:
		_, _ = n.NarrowStop(from, earlier, amount, at)
	case 6:
		_, _ = n.Release(from, earlier, max(0, amount), at)
	case 7:
		_, _ = n.Renew(from, banknet.RenewOrder{ID: earlier, At: at, Until: at.Add(20 * time.Minute)})
	default:
		withinFree(t, n.Pay(banknet.Payment{Serial: serial, At: at, From: from, To: to, Amount: amount}), amount, before, balance, known)
	}
	if held, balance, err := n.Held(from, at); err == nil && (held < 0 || held > balance) {
		t.Fatalf("%d is held of %d", held, balance)
	}
}

// withinFree checks that a payment was made out of what nobody held.
func withinFree(t *rapid.T, paid error, amount, held, balance money.Fen, known error) {
	if paid == nil && (known != nil || amount > balance-held) {
		t.Fatalf("%d was paid out of %d of which %d was held", amount, balance, held)
	}
	if paid != nil && known == nil && (errors.Is(paid, banknet.ErrStopped) || errors.Is(paid, banknet.ErrFrozen)) && amount <= balance-held {
		t.Fatalf("%d was refused of %d of which %d was held: %v", amount, balance, held, paid)
	}
}

func addsUp(t *rapid.T, n *banknet.Network, k banknet.Key) {
	s, err := n.Statement(k)
	if err != nil {
		t.Fatal(err)
	}
	balance := s.Opening
	for i, r := range s.Rows {
		if r.Credit {
			balance += r.Amount
		} else {
			balance -= r.Amount
		}
		if balance != r.Balance || balance < 0 || (i > 0 && r.At.Before(s.Rows[i-1].At)) {
			t.Fatalf("row %d of %+v does not follow", i, s)
		}
	}
	if balance != s.Balance {
		t.Fatalf("the rows come to %d, the balance is %d", balance, s.Balance)
	}
}

func TestAFrozenAmountLeavesOnlyByReturn(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 0)
	until := noon.AddDate(0, 6, 0)
	f, err := n.Freeze(key(1), banknet.FreezeOrder{By: "police", Limit: 600, At: noon, Until: until})
	if err != nil || f.Frozen != 600 || f.Applied != 600 || f.Balance != 1000 {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := n.Pay(banknet.Payment{At: noon, From: key(1), To: key(2), Amount: 401}); !errors.Is(err, banknet.ErrFrozen) {
		t.Errorf("more than is free: %v", err)
	}
	if err := n.Pay(banknet.Payment{At: noon, From: key(1), To: key(2), Amount: 400}); err != nil {
		t.Errorf("what is free: %v", err)
	}
	payout := banknet.Payout{At: noon, From: key(1), To: key(2), FromName: "holder 1", ToName: "holder 2", Amount: 500}
	for name, change := range map[string]struct {
		edit func(*banknet.Payout)
		want error
	}{
		"a payee that does not exist": {func(p *banknet.Payout) { p.To.Number = "1" }, banknet.ErrNotFound},
		"a payee of another name":     {func(p *banknet.Payout) { p.ToName = "other" }, banknet.ErrName},
		"more than is frozen":         {func(p *banknet.Payout) { p.Amount = 601 }, banknet.ErrNotFrozen},
		"nothing":                     {func(p *banknet.Payout) { p.Amount = 0 }, banknet.ErrAmount},
	} {
		p := payout
		change.edit(&p)
		if _, err := n.Return(p, sameName); !errors.Is(err, change.want) {
			t.Errorf("%s: %v, want %v", name, err, change.want)
		}
	}
	if _, err := n.Return(payout, sameName); err != nil {
		t.Fatal(err)
	}
	if s, _ := n.Statement(key(2)); s.Balance != 900 {
		t.Errorf("the payee has %d", s.Balance)
	}
	if err := n.Pay(banknet.Payment{At: noon, From: key(1), To: key(2), Amount: 1}); !errors.Is(err, banknet.ErrFrozen) {
		t.Errorf("the rest stays frozen: %v", err)
	}
	payout.At, payout.Amount = until, 1
	if _, err := n.Return(payout, sameName); !errors.Is(err, banknet.ErrNotFrozen) {
		t.Errorf("after the freeze: %v", err)
	}
}

func TestWhatABankRefuses(t *testing.T) {
	n := banknet.New()
	open(t, n, 1, 100)
	open(t, n, 2, 0)
	if err := n.Open(banknet.Account{Key: key(1)}, 0); !errors.Is(err, banknet.ErrExists) {
		t.Errorf("an account twice: %v", err)
	}
	if err := n.Open(banknet.Account{Key: key(9)}, -1); !errors.Is(err, banknet.ErrAmount) {
		t.Errorf("a negative opening: %v", err)
	}
	for name, c := range map[string]struct {
		p    banknet.Payment
		want error
	}{
		"from nobody":        {banknet.Payment{From: key(9), To: key(1), Amount: 1}, banknet.ErrNotFound},
		"to nobody":          {banknet.Payment{From: key(1), To: key(9), Amount: 1}, banknet.ErrNotFound},
		"to itself":          {banknet.Payment{From: key(1), To: key(1), Amount: 1}, banknet.ErrNotFound},
		"nothing":            {banknet.Payment{From: key(1), To: key(2)}, banknet.ErrAmount},
		"a negative amount":  {banknet.Payment{From: key(1), To: key(2), Amount: -1}, banknet.ErrAmount},
		"more than is there": {banknet.Payment{From: key(1), To: key(2), Amount: 101}, banknet.ErrInsufficient},
	} {
		if err := n.Pay(c.p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
