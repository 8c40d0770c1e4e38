package network_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/network"
	"pgregory.net/rapid"
)

var noon = time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC)

func key(i int) network.Key {
	return network.Key{Bank: "102100099996", Number: "62000" + strconv.Itoa(i)}
}

func open(t *testing.T, n *network.Network, i int, opening money.Fen) {
	t.Helper()
	if err := n.Open(network.Account{Key: key(i), Holder: "holder " + strconv.Itoa(i), Kind: "01"}, opening); err != nil {
		t.Fatal(err)
	}
}

func sameName(a, b string) bool { return a == b }

// What the accounts hold and what was paid in cash is what they were opened
// with, whatever is asked of the network, and each statement adds up.
func TestMoneyIsConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := network.New()
		count := rapid.IntRange(2, 6).Draw(t, "accounts")
		var opened money.Fen
		for i := range count {
			opening := money.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "opening"))
			opened += opening
			if err := n.Open(network.Account{Key: key(i), Holder: "h"}, opening); err != nil {
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

func act(t *rapid.T, n *network.Network, count, step int) {
	at := noon.Add(time.Duration(step) * time.Minute)
	from, to := rapid.IntRange(0, count).Draw(t, "from"), rapid.IntRange(0, count).Draw(t, "to")
	amount := money.Fen(rapid.Int64Range(-5, 600_000).Draw(t, "amount"))
	serial := strconv.Itoa(step)
	switch rapid.IntRange(0, 5).Draw(t, "act") {
	case 0:
		_ = n.Pay(network.Payment{Serial: serial, At: at, From: key(from), Amount: amount})
	case 1:
		_, _ = n.Stop(key(from), at.Add(5*time.Minute))
	case 2:
		_, _ = n.Freeze(key(from), network.FreezeOrder{By: "p", Limit: max(0, amount), At: at, Until: at.Add(time.Hour)})
	case 3:
		_, _ = n.Return(network.Payout{Serial: serial, At: at, From: key(from), To: key(to), FromName: "h", ToName: "h", Amount: amount}, sameName)
	default:
		_ = n.Pay(network.Payment{Serial: serial, At: at, From: key(from), To: key(to), Amount: amount})
	}
}

func addsUp(t *rapid.T, n *network.Network, k network.Key) {
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

func TestAStoppedAccountTakesMoneyAndGivesNone(t *testing.T) {
	n := network.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 1000)
	s, err := n.Stop(key(1), noon.Add(48*time.Hour))
	if err != nil || s.Balance != 1000 {
		t.Fatalf("%+v, %v", s, err)
	}
	out := network.Payment{Serial: "1", At: noon.Add(time.Hour), From: key(1), To: key(2), Amount: 10}
	if err := n.Pay(out); !errors.Is(err, network.ErrStopped) {
		t.Errorf("out of a stopped account: %v", err)
	}
	if err := n.Pay(network.Payment{Serial: "2", At: noon, From: key(2), To: key(1), Amount: 10}); err != nil {
		t.Errorf("into a stopped account: %v", err)
	}
	out.At = noon.Add(48 * time.Hour)
	if err := n.Pay(out); err != nil {
		t.Errorf("after the 48 hours: %v", err)
	}
	if _, err := n.Stop(key(1), noon.Add(96*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := n.Lift(key(1)); err != nil {
		t.Fatal(err)
	}
	if err := n.Pay(out); err != nil {
		t.Errorf("after the stop was lifted: %v", err)
	}
}

func TestAFrozenAmountLeavesOnlyByReturn(t *testing.T) {
	n := network.New()
	open(t, n, 1, 1000)
	open(t, n, 2, 0)
	until := noon.AddDate(0, 6, 0)
	f, err := n.Freeze(key(1), network.FreezeOrder{By: "police", Limit: 600, At: noon, Until: until})
	if err != nil || f.Frozen != 600 || f.Applied != 600 || f.Balance != 1000 {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := n.Pay(network.Payment{At: noon, From: key(1), To: key(2), Amount: 401}); !errors.Is(err, network.ErrFrozen) {
		t.Errorf("more than is free: %v", err)
	}
	if err := n.Pay(network.Payment{At: noon, From: key(1), To: key(2), Amount: 400}); err != nil {
		t.Errorf("what is free: %v", err)
	}
	payout := network.Payout{At: noon, From: key(1), To: key(2), FromName: "holder 1", ToName: "holder 2", Amount: 500}
	for name, change := range map[string]struct {
		edit func(*network.Payout)
		want error
	}{
		"a payee that does not exist": {func(p *network.Payout) { p.To.Number = "1" }, network.ErrNotFound},
		"a payee of another name":     {func(p *network.Payout) { p.ToName = "other" }, network.ErrName},
		"more than is frozen":         {func(p *network.Payout) { p.Amount = 601 }, network.ErrNotFrozen},
		"nothing":                     {func(p *network.Payout) { p.Amount = 0 }, network.ErrAmount},
		"after the freeze":            {func(p *network.Payout) { p.At = until }, network.ErrNotFrozen},
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
	if err := n.Pay(network.Payment{At: noon, From: key(1), To: key(2), Amount: 1}); !errors.Is(err, network.ErrFrozen) {
		t.Errorf("the rest stays frozen: %v", err)
	}
}

func TestASecondFreezerWaitsInLine(t *testing.T) {
	n := network.New()
	open(t, n, 1, 1000)
	if _, err := n.Freeze(key(1), network.FreezeOrder{By: "court", At: noon, Until: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f, err := n.Freeze(key(1), network.FreezeOrder{By: "police", At: noon, Until: noon.Add(time.Hour)})
	if !errors.Is(err, network.ErrQueued) || f.By != "court" || f.Frozen != 1000 {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, err := n.Freeze(key(1), network.FreezeOrder{By: "police", At: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}); err != nil {
		t.Errorf("after the first freeze: %v", err)
	}
}

func TestWhatABankRefuses(t *testing.T) {
	n := network.New()
	open(t, n, 1, 100)
	open(t, n, 2, 0)
	if err := n.Open(network.Account{Key: key(1)}, 0); !errors.Is(err, network.ErrExists) {
		t.Errorf("an account twice: %v", err)
	}
	if err := n.Open(network.Account{Key: key(9)}, -1); !errors.Is(err, network.ErrAmount) {
		t.Errorf("a negative opening: %v", err)
	}
	for name, c := range map[string]struct {
		p    network.Payment
		want error
	}{
		"from nobody":        {network.Payment{From: key(9), To: key(1), Amount: 1}, network.ErrNotFound},
		"to nobody":          {network.Payment{From: key(1), To: key(9), Amount: 1}, network.ErrNotFound},
		"to itself":          {network.Payment{From: key(1), To: key(1), Amount: 1}, network.ErrNotFound},
		"nothing":            {network.Payment{From: key(1), To: key(2)}, network.ErrAmount},
		"a negative amount":  {network.Payment{From: key(1), To: key(2), Amount: -1}, network.ErrAmount},
		"more than is there": {network.Payment{From: key(1), To: key(2), Amount: 101}, network.ErrInsufficient},
	} {
		if err := n.Pay(c.p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
