package race

import (
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
)

// holding is what is really on an account: the victim's and other people's, in
// fen.
type holding struct{ victims, clean money.Fen }

func (h holding) balance() money.Fen { return h.victims + h.clean }

// truth knows whose money is where, to the fen. No contestant sees it. What
// leaves an account takes from all owners in proportion (按比例), as long as no
// amount is held; what is held is the victim's first.
type truth struct {
	of     map[banknet.Key]*holding
	source banknet.Key // the victim's own account: what leaves it is the victim's
	gone   money.Fen   // victims' money that nobody can stop any more
}

func newTruth(source banknet.Key) *truth {
	return &truth{of: map[banknet.Key]*holding{}, source: source}
}

func (t *truth) open(k banknet.Key, clean money.Fen) { t.of[k] = &holding{clean: clean} }

// pay moves money that the bank has moved, and tells how much of it is the
// victim's. Held may not leave the payer. Worth tells that the payee gave
// something for the money; the zero Key is cash.
func (t *truth) pay(p banknet.Payment, held money.Fen, worth bool) (money.Fen, error) {
	from := t.of[p.From]
	var part money.Fen
	if p.From == t.source {
		part = p.Amount
		from.clean -= part
	} else {
		var err error
		if part, err = from.take(p.Amount, held); err != nil {
			return 0, err
		}
	}
	to, account := t.of[p.To]
	switch {
	case !account:
		t.gone += part
	case worth:
		t.gone += part
		to.clean += p.Amount
	default:
		to.victims += part
		to.clean += p.Amount - part
	}
	return part, nil
}

// take takes an amount out of what is free, rounded to the nearest fen.
func (h *holding) take(amount, held money.Fen) (money.Fen, error) {
	free := h.balance() - min(held, h.balance())
	victims := h.victims - min(h.victims, h.balance()-free)
	part, rest, err := amount.Share(victims, free)
	if err != nil {
		return 0, err
	}
	if 2*rest >= uint64(free) { //nolint:gosec // a balance is never negative
		part++
	}
	h.victims -= part
	h.clean -= amount - part
	return part, nil
}

// inAccounts is the victim's money that is still in accounts.
func (t *truth) inAccounts() money.Fen {
	var sum money.Fen
	for _, h := range t.of {
		sum += h.victims
	}
	return sum
}
