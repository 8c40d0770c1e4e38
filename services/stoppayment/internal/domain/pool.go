package domain

import (
	"cmp"
	"slices"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/money"
)

// credit is money that came in together: one row, or the opening balance. Its
// lots are what is left of it, by owner; each lot is more than 0.
type credit struct {
	lots []event.Lot
	left money.Fen
}

// pool (资金池) is what is on an account while its statement is replayed: the
// credits, oldest first, as far as they are not spent. By PRO_RATA it is one
// credit throughout.
type pool struct {
	method  event.Method
	credits []credit
	first   int               // all before it are spent
	place   map[event.Lot]int // by owner, in the one credit of PRO_RATA
	most    []money.Fen       // of DIRECT_TIMESTAMP: a tree of the greatest rest, leaves from size on
	size    int
}

// newPool makes a pool that up to n credits can be brought to, pots included.
func newPool(method event.Method, n int) *pool {
	p := &pool{method: method, size: 1}
	switch method {
	case event.ProRata:
		p.credits, p.place = []credit{{}}, map[event.Lot]int{}
	case event.FIFO, event.LIFO:
	case event.DirectTimestamp, event.Manual:
		for p.size < n+1 {
			p.size *= 2
		}
		p.most = make([]money.Fen, 2*p.size)
	}
	return p
}

// bring puts in what came in together.
func (p *pool) bring(lots []event.Lot) {
	if p.method == event.ProRata {
		pot := &p.credits[0]
		for _, l := range lots {
			if l.Amount == 0 {
				continue
			}
			n, there := p.place[ownerOf(l)]
			if !there {
				n = len(pot.lots)
				p.place[ownerOf(l)] = n
				pot.lots = append(pot.lots, ownerOf(l))
			}
			pot.lots[n].Amount += l.Amount
			pot.left += l.Amount
		}
		return
	}
	c := credit{}
	for _, l := range lots {
		if l.Amount > 0 {
			c.lots = append(c.lots, l)
			c.left += l.Amount
		}
	}
	if c.left == 0 {
		return
	}
	p.credits = append(p.credits, c)
	p.note(len(p.credits) - 1)
}

// take takes an amount out and tells whose it was, and whether one credit
// matches it for certain.
func (p *pool) take(amount money.Fen) (taken []event.Lot, exact bool, err error) {
	switch p.method {
	case event.ProRata:
		taken, err = p.credits[0].share(amount)
		return taken, false, err
	case event.FIFO:
		taken, err = p.oldest(amount)
		return taken, false, err
	case event.LIFO:
		taken, err = p.newest(amount)
		return taken, false, err
	case event.DirectTimestamp, event.Manual:
	}
	at, found := p.latest(amount)
	if !found {
		at = p.mix()
	}
	c := &p.credits[at]
	exact = found && (len(c.lots) == 1 || c.left == amount || !slices.ContainsFunc(c.lots, event.Lot.Known))
	taken, err = c.share(amount)
	c.lots = slices.DeleteFunc(c.lots, func(l event.Lot) bool { return l.Amount == 0 })
	p.note(at)
	return taken, exact, err
}

func (p *pool) oldest(amount money.Fen) (taken []event.Lot, err error) {
	for amount > 0 && p.first < len(p.credits) {
		c := &p.credits[p.first]
		part := min(amount, c.left)
		lots, err := c.share(part)
		if err != nil {
			return nil, err
		}
		taken = append(taken, lots...)
		amount -= part
		if c.left == 0 {
			p.first++
		}
	}
	return settled(taken, amount)
}

func (p *pool) newest(amount money.Fen) (taken []event.Lot, err error) {
	for amount > 0 && len(p.credits) > 0 {
		c := &p.credits[len(p.credits)-1]
		part := min(amount, c.left)
		lots, err := c.share(part)
		if err != nil {
			return nil, err
		}
		taken = append(taken, lots...)
		amount -= part
		if c.left == 0 {
			p.credits = p.credits[:len(p.credits)-1]
		}
	}
	return settled(taken, amount)
}

// settled refuses what leaves more than there was; the statement was checked.
func settled(taken []event.Lot, missing money.Fen) ([]event.Lot, error) {
	if missing > 0 {
		return nil, money.ErrOverflow
	}
	return merge(taken), nil
}

// mix makes one credit of all that is left.
func (p *pool) mix() int {
	var all []event.Lot
	for n := p.first; n < len(p.credits); n++ {
		all = append(all, p.credits[n].lots...)
		p.credits[n] = credit{}
		p.note(n)
	}
	p.first = len(p.credits)
	pot := credit{lots: merge(all)}
	for _, l := range pot.lots {
		pot.left += l.Amount
	}
	p.credits = append(p.credits, pot)
	p.note(p.first)
	return p.first
}

// note keeps the tree right after a credit has changed.
func (p *pool) note(n int) {
	if p.most == nil {
		return
	}
	n += p.size
	p.most[n] = p.credits[n-p.size].left
	for n > 1 {
		n /= 2
		p.most[n] = max(p.most[2*n], p.most[2*n+1])
	}
}

// latest finds the latest credit that covers an amount.
func (p *pool) latest(amount money.Fen) (at int, found bool) {
	if p.most[1] < amount {
		return 0, false
	}
	n := 1
	for n < p.size {
		if n = 2*n + 1; p.most[n] < amount {
			n--
		}
	}
	return n - p.size, true
}

// lots is all that is left.
func (p *pool) lots() []event.Lot {
	var all []event.Lot
	for _, c := range p.credits {
		all = append(all, c.lots...)
	}
	return all
}

// share takes an amount out of a credit, each lot giving in proportion: the
// floor of its share, what is left over by largest remainder, ties to the
// earliest lot.
func (c *credit) share(amount money.Fen) ([]event.Lot, error) {
	if c.left < amount {
		return nil, money.ErrOverflow // more leaves than there is; the statement was checked
	}
	if c.left == amount || len(c.lots) == 1 {
		return c.simple(amount), nil
	}
	taken := slices.Clone(c.lots)
	remainders, order := make([]uint64, len(taken)), make([]int, len(taken))
	rest := amount
	for n, l := range c.lots {
		give, remainder, err := amount.Share(l.Amount, c.left)
		if err != nil {
			return nil, err
		}
		taken[n].Amount, remainders[n], order[n] = give, remainder, n
		rest -= give
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, n := range order[:rest] {
		taken[n].Amount++
	}
	for n := range taken {
		c.lots[n].Amount -= taken[n].Amount
	}
	c.left -= amount
	return taken, nil
}

// simple is share where there is nothing to round.
func (c *credit) simple(amount money.Fen) []event.Lot {
	taken := slices.Clone(c.lots)
	if c.left == amount {
		for n := range c.lots {
			c.lots[n].Amount = 0
		}
	} else {
		taken[0].Amount = amount
		c.lots[0].Amount -= amount
	}
	c.left -= amount
	return taken
}
