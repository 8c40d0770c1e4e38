package network

import (
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// freeze (冻结) restrains an account: as a whole, or up to an amount.
type freeze struct {
	by     string
	whole  bool
	amount money.Fen
	until  time.Time
}

// mayPay tells whether the holder may take the amount out at that time.
func (a *account) mayPay(at time.Time, amount money.Fen) error {
	if at.Before(a.stopUntil) {
		return ErrStopped
	}
	free := a.balance
	if f := a.freeze; f != nil && at.Before(f.until) {
		if f.whole {
			return ErrFrozen
		}
		free -= min(f.amount, a.balance)
		if amount > free && amount <= a.balance {
			return ErrFrozen
		}
	}
	if amount > free {
		return ErrInsufficient
	}
	return nil
}

// Stop (止付) lets money in and none out until that time, and gives the account
// as it was at that moment. A second stop never shortens the first.
func (n *Network) Stop(key Key, until time.Time) (Statement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Statement{}, ErrNotFound
	}
	if until.After(a.stopUntil) {
		a.stopUntil = until
	}
	return a.statement(), nil
}

// Lift (止付解除) ends a stop.
func (n *Network) Lift(key Key) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return ErrNotFound
	}
	a.stopUntil = time.Time{}
	return nil
}

// FreezeOrder asks to freeze an account. By is who freezes. Limit 0 is the whole
// account (全额), else the amount in fen (限额).
type FreezeOrder struct {
	By        string
	Limit     money.Fen
	At, Until time.Time
}

// Frozen (冻结结果) is what a freeze came to, in fen. With [ErrQueued] it tells
// of the earlier freeze.
type Frozen struct {
	By                       string
	Applied, Frozen, Balance money.Fen
	Until                    time.Time
}

// Freeze (冻结) carries out a freeze, or gives [ErrQueued] and the freeze that
// stands before it (轮候).
func (n *Network) Freeze(key Key, o FreezeOrder) (Frozen, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Frozen{}, ErrNotFound
	}
	if f := a.freeze; f != nil && o.At.Before(f.until) && f.by != o.By {
		return Frozen{By: f.by, Frozen: f.held(a.balance), Balance: a.balance, Until: f.until}, ErrQueued
	}
	f := &freeze{by: o.By, whole: o.Limit == 0, amount: o.Limit, until: o.Until}
	a.freeze = f
	out := Frozen{By: o.By, Applied: o.Limit, Frozen: f.held(a.balance), Balance: a.balance, Until: o.Until}
	if f.whole {
		out.Applied = a.balance
	}
	return out, nil
}

// held is how much of a balance the freeze holds.
func (f *freeze) held(balance money.Fen) money.Fen {
	if f.whole {
		return balance
	}
	return min(f.amount, balance)
}

// Payout asks a bank to pay out of a frozen account.
type Payout struct {
	Serial           string
	At               time.Time
	From, To         Key
	FromName, ToName string
	Amount           money.Fen
}

// Returned is the summary (摘要) of rows by which frozen money is given back.
const Returned = "返还"

// Return (返还) pays frozen money to the payee, at whatever bank, and gives the
// number of the receipt. The freeze goes on over the rest.
func (n *Network) Return(p Payout, sameName func(a, b string) bool) (receipt string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	from, ok := n.accounts[p.From]
	to, known := n.accounts[p.To]
	switch {
	case !ok || !known || p.From == p.To:
		return "", ErrNotFound
	case !sameName(from.Holder, p.FromName) || !sameName(to.Holder, p.ToName):
		return "", ErrName
	case p.Amount <= 0:
		return "", ErrAmount
	case from.freeze == nil || !p.At.Before(from.freeze.until) || p.Amount > from.freeze.held(from.balance):
		return "", ErrNotFrozen
	}
	pay := Payment{Serial: p.Serial, At: p.At, From: p.From, To: p.To, Amount: p.Amount, Summary: Returned}
	if err := n.move(pay, from, to); err != nil {
		return "", err
	}
	if !from.freeze.whole {
		from.freeze.amount -= p.Amount
	}
	n.receipts++
	return "R" + strconv.Itoa(n.receipts), nil
}
