package domain

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// matchWindow is how far a victim's memory of the time may lie from the bank's
// row, when he has no serial number.
const matchWindow = 10 * time.Minute

// credit is money that came in together: one row, or the opening balance. Its
// lots are what is left of it, by owner; each lot is ≥ 0.
type credit struct {
	lots []event.Lot
}

func (c credit) left() money.Fen {
	var sum money.Fen
	for _, l := range c.lots {
		sum += l.Amount // the statement balances, so that no sum exceeds it
	}
	return sum
}

// Attribute (权属认定) says whose money is on the account and whose has gone on,
// by replaying the statement row by row. Inflows that the statement does not
// show come back as missing.
//
// By DIRECT_TIMESTAMP a debit is taken from the latest credit before it that
// covers it in full (时间戳一一对应). Where no single credit does, the debit is
// shared over all that is on the account and the result is no longer exact, so
// that a refund needs a public notice (41号 art. 8(3)).
func Attribute(a Account, method event.Method) (event.FundsAttributed, []Inflow, error) {
	traced, missing := match(a)
	result := event.FundsAttributed{Method: method, Exact: true}
	pool := []credit{{lots: []event.Lot{{Amount: a.Statement.Opening}}}}
	for n, row := range a.Statement.Rows {
		if row.Credit {
			lots := creditLots(row, traced[n])
			result.Credits++
			result.Reached = append(result.Reached, known(lots)...)
			pool = append(pool, credit{lots})
			continue
		}
		taken, exact, err := debit(pool, row.Amount, method)
		if err != nil {
			return event.FundsAttributed{}, nil, err
		}
		carried := known(taken)
		if len(carried) == 0 {
			continue
		}
		result.Exact = result.Exact && exact
		result.Left = append(result.Left, carried...)
		result.Outflows = append(result.Outflows, outflow(a, n, carried))
	}
	for _, c := range pool {
		result.Held = append(result.Held, c.lots...)
	}
	result.Held, result.Left, result.Reached = merge(result.Held), merge(result.Left), merge(result.Reached)
	result.Balance = a.Balance
	return result, missing, nil
}

// outflow is a debit that carries victims' money. Its id is a function of the
// row; rows that are alike to the last digit are told apart by their place.
func outflow(a Account, n int, lots []event.Lot) event.Outflow {
	row, counter, twin := a.Statement.Rows[n], identity.AccountID(""), 0
	if row.Counter != nil {
		counter = row.Counter.ID
	}
	for _, earlier := range a.Statement.Rows[:n] {
		if alike(earlier, row) {
			twin++
		}
	}
	id := identity.Derive("transfer", string(a.Ref.ID), row.Serial, row.At.UTC().Format(time.RFC3339), string(counter), row.Amount.Decimal(), strconv.Itoa(twin))
	t := event.Transfer{ID: identity.TransferID(id.String()), From: a.Ref, Amount: row.Amount, At: row.At, Serial: row.Serial}
	if row.Counter != nil {
		t.To = *row.Counter
	}
	return event.Outflow{Transfer: t, Cash: row.Counter == nil, Lots: lots}
}

// alike tells whether two rows are the same movement, as far as a bank tells.
func alike(a, b event.Row) bool {
	sameCounter := a.Counter == nil && b.Counter == nil || a.Counter != nil && b.Counter != nil && a.Counter.ID == b.Counter.ID
	return a.Serial == b.Serial && a.At.Equal(b.At) && a.Credit == b.Credit && a.Amount == b.Amount && sameCounter
}

// creditLots splits a credit into what is traced, by whatever case, and what
// has no known owner. Nobody gets more than came in.
func creditLots(row event.Row, inflows []Inflow) []event.Lot {
	var lots []event.Lot
	rest := row.Amount
	for _, in := range inflows {
		for _, l := range in.Lots {
			l.Amount = min(l.Amount, rest)
			rest -= l.Amount
			lots = append(lots, l)
		}
	}
	return append(lots, event.Lot{Amount: rest})
}

// match finds the row of each inflow: first every one whose serial number tells
// it, then the rest by amount and a time nearby. A row is one movement; if two
// cases trace money in the same movement, it is the row of both.
func match(a Account) (traced map[int][]Inflow, missing []Inflow) {
	traced = map[int][]Inflow{}
	place := func(in Inflow, fits func(event.Row) bool) bool {
		for n, r := range a.Statement.Rows {
			if r.Credit && fits(r) && (len(traced[n]) == 0 || traced[n][0].Source.ID == in.Source.ID) {
				traced[n] = append(traced[n], in)
				return true
			}
		}
		return false
	}
	var later []Inflow
	for _, in := range a.Inflows {
		known := in.Source.Serial != "" && place(in, func(r event.Row) bool { return r.Serial == in.Source.Serial && r.Amount == in.Source.Amount })
		if !known && sum(in.Lots) > 0 {
			later = append(later, in)
		}
	}
	for _, in := range later {
		if !place(in, func(r event.Row) bool {
			return r.Amount == in.Source.Amount && r.At.Sub(in.Source.At).Abs() <= matchWindow
		}) {
			missing = append(missing, in)
		}
	}
	return traced, missing
}

// debit takes an amount out of the pool and tells whose it was.
func debit(pool []credit, amount money.Fen, method event.Method) (taken []event.Lot, exact bool, err error) {
	order := make([]int, len(pool))
	for i := range order {
		order[i] = i
	}
	switch method {
	case event.ProRata:
		taken, err = share(pool, order, amount)
		return taken, false, err
	case event.FIFO:
		taken, err = drain(pool, order, amount)
		return taken, false, err
	case event.LIFO:
		slices.Reverse(order)
		taken, err = drain(pool, order, amount)
		return taken, false, err
	case event.DirectTimestamp:
	}
	for i := range slices.Backward(pool) {
		if left := pool[i].left(); left >= amount {
			single := len(known(pool[i].lots)) == 0 || len(positive(pool[i].lots)) == 1
			taken, err = share(pool, []int{i}, amount)
			return taken, single || left == amount, err
		}
	}
	taken, err = share(pool, order, amount)
	return taken, false, err
}

// drain empties the credits in the given order until the amount is reached.
func drain(pool []credit, order []int, amount money.Fen) (taken []event.Lot, err error) {
	for _, i := range order {
		part := min(amount, pool[i].left())
		if part == 0 {
			continue
		}
		lots, err := share(pool, []int{i}, part)
		if err != nil {
			return nil, err
		}
		taken = append(taken, lots...)
		amount -= part
	}
	if amount > 0 {
		return nil, money.ErrOverflow // the statement was checked; unreachable
	}
	return merge(taken), nil
}

// share takes an amount out of the named credits, each lot giving in
// proportion: the floor of its share, what is left over by largest remainder,
// ties to the earliest lot.
func share(pool []credit, credits []int, amount money.Fen) ([]event.Lot, error) {
	type part struct {
		lot       *event.Lot
		give      money.Fen
		remainder uint64
	}
	var total money.Fen
	var shares []part
	for _, i := range credits {
		for j := range pool[i].lots {
			total += pool[i].lots[j].Amount
			shares = append(shares, part{lot: &pool[i].lots[j]})
		}
	}
	if total < amount || total == 0 {
		return nil, money.ErrOverflow // more leaves than there is; the statement was checked
	}
	rest := amount
	for i := range shares {
		s := &shares[i]
		var err error
		if s.give, s.remainder, err = amount.Share(s.lot.Amount, total); err != nil {
			return nil, err
		}
		rest -= s.give
	}
	byRemainder := make([]*part, len(shares))
	for i := range shares {
		byRemainder[i] = &shares[i]
	}
	slices.SortStableFunc(byRemainder, func(a, b *part) int { return cmp.Compare(b.remainder, a.remainder) })
	for i := money.Fen(0); i < rest; i++ {
		byRemainder[i].give++
	}
	var taken []event.Lot
	for i := range shares {
		s := &shares[i]
		s.lot.Amount -= s.give
		out := *s.lot
		out.Amount = s.give
		taken = append(taken, out)
	}
	return merge(taken), nil
}

// known keeps the lots with an owner candidate.
func known(lots []event.Lot) []event.Lot {
	var some []event.Lot
	for _, l := range lots {
		if l.Known() && l.Amount > 0 {
			some = append(some, l)
		}
	}
	return some
}

func positive(lots []event.Lot) []event.Lot {
	var some []event.Lot
	for _, l := range lots {
		if l.Amount > 0 {
			some = append(some, l)
		}
	}
	return some
}

// merge adds up the lots of the same owner, in order of first appearance, and
// drops the empty.
func merge(lots []event.Lot) []event.Lot {
	var sums []event.Lot
	for _, l := range lots {
		if l.Amount == 0 {
			continue
		}
		i := slices.IndexFunc(sums, func(s event.Lot) bool { return sameOwner(s, l) })
		if i < 0 {
			sums = append(sums, l)
			continue
		}
		sums[i].Amount += l.Amount
	}
	return sums
}

func sameOwner(a, b event.Lot) bool {
	return a.Case == b.Case && a.Victim == b.Victim && a.Transfer == b.Transfer
}

func sameLots(a, b []event.Lot) bool { return slices.Equal(a, b) }

func sameAttribution(a, b event.FundsAttributed) bool {
	return a.Method == b.Method && a.Exact == b.Exact && a.Credits == b.Credits && a.Balance == b.Balance &&
		sameLots(a.Held, b.Held) && sameLots(a.Left, b.Left) && sameLots(a.Reached, b.Reached) &&
		slices.EqualFunc(a.Outflows, b.Outflows, func(x, y event.Outflow) bool {
			return x.Transfer.ID == y.Transfer.ID && sameLots(x.Lots, y.Lots)
		})
}

// covers tells whether a statement holds every row of an earlier one.
func covers(now, before event.StatementReceived) bool {
	rest := slices.Clone(now.Rows)
	for _, r := range before.Rows {
		n := slices.IndexFunc(rest, func(o event.Row) bool { return alike(o, r) })
		if n < 0 {
			return false
		}
		rest = slices.Delete(rest, n, n+1)
	}
	return true
}

func sameStatement(a, b event.StatementReceived) bool {
	return a.Opening == b.Opening && slices.EqualFunc(a.Rows, b.Rows, alike)
}

// balances checks that the rows add up, row by row, to the balance that the
// bank reports. It tells what does not fit, or "".
func balances(s event.StatementReceived, balance money.Fen) string {
	at := s.Opening
	if at < 0 {
		return "opening-negative"
	}
	var last time.Time
	for _, r := range s.Rows {
		delta := r.Amount
		if !r.Credit {
			delta = -delta
		}
		var err error
		switch at, err = at.Add(delta); {
		case err != nil || r.Amount <= 0 || at < 0 || at > money.Max*100:
			return "row-amount"
		case at != r.Balance:
			return "row-balance"
		case r.At.Before(last):
			return "row-order"
		}
		last = r.At
	}
	if at != balance {
		return "closing-balance"
	}
	return ""
}
