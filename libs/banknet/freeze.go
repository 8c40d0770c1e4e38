package banknet

import (
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// freeze (冻结) restrains an account: as a whole, or up to an amount.
type freeze struct {
	id, by, kind string
	whole        bool
	amount       money.Fen // of a limited freeze
	released     money.Fen // of a whole freeze: what the holder may take all the same
	months       int       // its term, or
	term         time.Duration
	from, until  time.Time
}

// held is how much of a balance the freeze holds.
func (f *freeze) held(balance money.Fen) money.Fen {
	if f.whole {
		return max(0, balance-f.released)
	}
	return min(f.amount, balance)
}

// begin starts the term.
func (f *freeze) begin(at time.Time) {
	f.from = at
	if f.months > 0 {
		f.until = identity.AddMonths(at, f.months)
		return
	}
	f.until = at.Add(f.term)
}

// freeze is the one in force at a time, or nil.
func (a *account) freeze(at time.Time) *freeze {
	if len(a.freezes) == 0 || !at.Before(a.freezes[0].until) {
		return nil
	}
	return &a.freezes[0]
}

// spend uses up what was released from a whole freeze.
func (a *account) spend(amount money.Fen) {
	if len(a.freezes) > 0 && a.freezes[0].whole {
		a.freezes[0].released = max(0, a.freezes[0].released-amount)
	}
}

// FreezeOrder asks to freeze an account. ID is the order's, By is who freezes.
// Limit 0 is the whole account (全额), else the amount in fen (限额). The term is
// that many months from when it takes hold (程序规定 art. 243) or, where Months is
// 0, the time from At to Until. Kind is [PoliceFreeze] where it is empty.
type FreezeOrder struct {
	ID, By, Kind string
	Limit        money.Fen
	At, Until    time.Time
	Months       int
}

// Frozen (冻结结果) is what a freeze came to, in fen. With [ErrQueued] it tells
// of the earlier freeze.
type Frozen struct {
	ID, By                   string
	Applied, Frozen, Balance money.Fen
	At, Until                time.Time
}

func (a *account) frozen(f *freeze) Frozen {
	out := Frozen{ID: f.id, By: f.by, Applied: f.amount, Frozen: f.held(a.balance), Balance: a.balance, At: f.from, Until: f.until}
	if f.whole {
		out.Applied = a.balance
	}
	return out
}

// Activation (轮候生效) is a freeze that waited and has taken hold.
type Activation struct {
	Key Key
	Frozen
}

// Freeze (冻结) carries a freeze out. Where one stands before it, it waits in
// line (轮候) and [ErrQueued] comes with that earlier one. The same ID once more
// changes nothing.
func (n *Network) Freeze(key Key, o FreezeOrder) (Frozen, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Frozen{}, ErrNotFound
	}
	if o.Limit < 0 || o.Limit > money.Max {
		return Frozen{}, ErrAmount
	}
	n.settle(a, o.At)
	place := a.place(o.ID)
	if place < 0 {
		if len(a.freezes) >= maxMeasures {
			return Frozen{}, ErrTooMany
		}
		f := freeze{id: o.ID, by: o.By, kind: o.Kind, whole: o.Limit == 0, amount: o.Limit, months: o.Months, term: o.Until.Sub(o.At), from: o.At}
		if f.kind == "" {
			f.kind = PoliceFreeze
		}
		place = len(a.freezes)
		a.freezes = append(a.freezes, f)
		if place == 0 {
			a.freezes[0].begin(o.At)
		} else {
			n.waiting[key] = a
		}
	}
	if place > 0 {
		return a.frozen(&a.freezes[0]), ErrQueued
	}
	return a.frozen(&a.freezes[0]), nil
}

// place is where in line a freeze stands, or -1.
func (a *account) place(id string) int {
	return slices.IndexFunc(a.freezes, func(f freeze) bool { return f.id == id && id != "" })
}

// settle ends the freezes whose term is over, each at its own end, so that the
// next in line begins where the one before it ended.
func (n *Network) settle(a *account, at time.Time) {
	for len(a.freezes) > 0 && !at.Before(a.freezes[0].until) {
		n.advance(a, a.freezes[0].until)
	}
}

// advance ends the freeze in force and begins the earliest that waits.
func (n *Network) advance(a *account, at time.Time) {
	ended := a.freezes[0]
	if at.Before(ended.until) {
		ended.until = at
	}
	if len(a.former) >= maxMeasures {
		a.former = slices.Delete(a.former, 0, 1)
	}
	a.former = append(a.former, ended)
	a.freezes = slices.Delete(a.freezes, 0, 1)
	if len(a.freezes) > 0 {
		a.freezes[0].begin(at)
		n.activated = append(n.activated, Activation{a.Key, a.frozen(&a.freezes[0])})
	}
	if len(a.freezes) < 2 {
		delete(n.waiting, a.Key)
	}
}

// Activated gives the freezes of one bank that have taken hold since it was last
// asked, because those before them ended by then.
func (n *Network) Activated(bank identity.BankCode, at time.Time) []Activation {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.waiting {
		n.settle(a, at)
	}
	var out []Activation
	n.activated = slices.DeleteFunc(n.activated, func(a Activation) bool {
		if a.Key.Bank == bank {
			out = append(out, a)
		}
		return a.Key.Bank == bank
	})
	return out
}

// ended tells whether a freeze of that ID was there before.
func (a *account) ended(id string) bool {
	return id != "" && slices.ContainsFunc(a.former, func(f freeze) bool { return f.id == id })
}

// RenewOrder (续冻) asks to prolong a freeze: by months from its present end, or,
// where Months is 0, until that time.
type RenewOrder struct {
	ID     string // of the freeze
	At     time.Time
	Months int
	Until  time.Time
}

// Renew (续冻) prolongs a freeze in force. One whose term is over has ended by
// itself and gives [ErrLate] (程序规定 art. 240); one that still waits [ErrQueued].
func (n *Network) Renew(key Key, o RenewOrder) (Frozen, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Frozen{}, ErrNotFound
	}
	n.settle(a, o.At)
	switch place := a.place(o.ID); {
	case place < 0 && a.ended(o.ID):
		return Frozen{}, ErrLate
	case place < 0:
		return Frozen{}, ErrNoMeasure
	case place > 0:
		return a.frozen(&a.freezes[0]), ErrQueued
	}
	f := &a.freezes[0]
	until := o.Until
	if o.Months > 0 {
		until = identity.AddMonths(f.until, o.Months)
	}
	if until.After(f.until) {
		f.until = until
	}
	return a.frozen(f), nil
}

// Released (解冻结果) is what the release of a freeze came to, in fen: what was
// set free and what is still frozen under it.
type Released struct {
	Amount, Frozen, Balance money.Fen
	Until                   time.Time // of what is still frozen; zero where nothing is
}

// Release (解除冻结) ends a freeze, or with an amount above 0 sets as much of it
// free (部分解除). Where the freeze ends the earliest that waits takes hold.
// Releasing what has ended already changes nothing.
func (n *Network) Release(key Key, id string, amount money.Fen, at time.Time) (Released, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Released{}, ErrNotFound
	}
	if amount < 0 {
		return Released{}, ErrAmount
	}
	n.settle(a, at)
	place := a.place(id)
	switch {
	case place < 0 && a.ended(id):
		return Released{Balance: a.balance}, nil
	case place < 0:
		return Released{}, ErrNoMeasure
	case place > 0:
		a.freezes = slices.Delete(a.freezes, place, place+1)
		if len(a.freezes) < 2 {
			delete(n.waiting, key)
		}
		return Released{Balance: a.balance}, nil
	}
	f := &a.freezes[0]
	held := f.held(a.balance)
	switch {
	case amount == 0 || !f.whole && amount == f.amount:
		n.advance(a, at)
		return Released{Amount: held, Balance: a.balance}, nil
	case f.whole && amount > held, !f.whole && amount > f.amount:
		return Released{}, ErrNotFrozen
	case f.whole:
		f.released += amount
	default:
		f.amount -= amount
	}
	return Released{Amount: amount, Frozen: f.held(a.balance), Balance: a.balance, Until: f.until}, nil
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

// Return (返还) pays money that the police have frozen to the payee, at whatever
// bank, and gives the number of the receipt. The freeze goes on over the rest.
// What the measures of others hold stays.
func (n *Network) Return(p Payout, sameName func(a, b string) bool) (receipt string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	from, ok := n.accounts[p.From]
	to, known := n.accounts[p.To]
	if !ok || !known || p.From == p.To {
		return "", ErrNotFound
	}
	n.settle(from, p.At)
	f := from.freeze(p.At)
	switch {
	case !sameName(from.Holder, p.FromName) || !sameName(to.Holder, p.ToName):
		return "", ErrName
	case p.Amount <= 0:
		return "", ErrAmount
	case f == nil || f.kind != PoliceFreeze || p.Amount > f.held(from.balance):
		return "", ErrNotFrozen
	case p.Amount > from.balance-from.held(p.At, f.by):
		return "", ErrStopped
	}
	pay := Payment{Serial: p.Serial, At: p.At, From: p.From, To: p.To, Amount: p.Amount, Summary: Returned}
	if err := n.move(pay, from, to); err != nil {
		return "", err
	}
	if !f.whole {
		f.amount -= p.Amount
	}
	n.receipts++
	return "R" + strconv.Itoa(n.receipts), nil
}
