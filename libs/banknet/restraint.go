package banknet

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// Kinds of restraint, as the platform lists them (在先措施).
const (
	PoliceStop   = "0001" // 公安止付
	PoliceFreeze = "0002" // 公安冻结
	CourtFreeze  = "1001" // 高法冻结
)

// Restraint (在先措施) is one measure that stands on an account, in fen and UTC.
// Limit is 0 where it holds the whole account.
type Restraint struct {
	Kind, ID, By string
	Also         []string // further orders that prolonged it or papered it
	Limit        money.Fen
	From, Until  time.Time // Until is zero while it waits
	Waiting      bool      // 轮候: not in force yet
}

// Restraints lists what stands on an account at a time: stops, then the freeze
// in force, then the freezes that wait, each in the order they came.
func (n *Network) Restraints(key Key, at time.Time) ([]Restraint, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return nil, ErrNotFound
	}
	n.settle(a, at)
	var found []Restraint
	for _, s := range a.stops {
		if s.stands(at) {
			found = append(found, Restraint{Kind: PoliceStop, ID: s.ids[0], Also: slices.Clone(s.ids[1:]), By: s.by, Limit: s.limit, From: s.from, Until: s.until})
		}
	}
	for i, f := range a.freezes {
		r := Restraint{Kind: f.kind, ID: f.id, By: f.by, Limit: f.amount, From: f.from, Until: f.until}
		if i > 0 {
			r.Waiting, r.Until = true, time.Time{}
		}
		found = append(found, r)
	}
	return found, nil
}

// Held (受限金额) gives how much of an account's balance no customer may take out
// at a time, in fen.
func (n *Network) Held(key Key, at time.Time) (held, balance money.Fen, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return 0, 0, ErrNotFound
	}
	n.settle(a, at)
	return a.held(at, ""), a.balance, nil
}

// held is how much of the balance the measures hold together, without those of
// one agency. What one agency ordered is about the same money, so that its
// largest measure counts; several agencies are after different money, so that
// theirs add up.
func (a *account) held(at time.Time, without string) money.Fen {
	var total money.Fen
	for i := range a.stops {
		s := &a.stops[i]
		if !s.stands(at) || s.by == without && without != "" {
			continue
		}
		if s.whole {
			return a.balance
		}
		if a.largest(i, at) {
			total = min(a.balance, total+min(s.limit, a.balance))
		}
	}
	f := a.freeze(at)
	if f == nil || f.by == without && without != "" {
		return total
	}
	frozen := f.held(a.balance)
	if f.whole {
		return max(frozen, total)
	}
	for i := range a.stops {
		if s := &a.stops[i]; s.by == f.by && s.stands(at) && a.largest(i, at) {
			frozen = max(0, frozen-min(s.limit, a.balance))
		}
	}
	return min(a.balance, total+frozen)
}

// largest tells whether a stop holds more than every other of its agency; of
// equals the first counts.
func (a *account) largest(i int, at time.Time) bool {
	s := &a.stops[i]
	for j := range a.stops {
		o := &a.stops[j]
		if j != i && o.by == s.by && o.stands(at) && (o.limit > s.limit || o.limit == s.limit && j < i) {
			return false
		}
	}
	return true
}

// mayPay tells whether the holder may take the amount out at that time.
func (a *account) mayPay(at time.Time, amount money.Fen) error {
	stopped := false
	for i := range a.stops {
		if s := &a.stops[i]; s.stands(at) {
			if s.whole {
				return ErrStopped
			}
			stopped = true
		}
	}
	f := a.freeze(at)
	if f == nil && !stopped {
		if amount > a.balance {
			return ErrInsufficient
		}
		return nil
	}
	if f != nil && f.whole && f.released == 0 {
		return ErrFrozen
	}
	switch free := a.balance - a.held(at, ""); {
	case amount <= free:
		return nil
	case amount > a.balance:
		return ErrInsufficient
	case f != nil && amount > a.balance-f.held(a.balance):
		return ErrFrozen
	}
	return ErrStopped
}
