package domain

import (
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Attribute (权属认定) says whose money is on the account and whose has gone on,
// by replaying the statement row by row. Inflows that the statement does not
// show come back as missing.
//
// By DIRECT_TIMESTAMP a debit is taken from the latest credit before it that
// covers it in full (时间戳一一对应). Where no single credit does, the debit is
// shared over all that is on the account, which is one pot from then on, and the
// result is no longer exact, so that a refund needs a public notice (41号
// art. 8(3)).
//
// What is sent to the very same account has not left it: it is put by until the
// row that brings it back.
func Attribute(a Account, method event.Method) (event.FundsAttributed, []Inflow, error) {
	traced, missing := match(a)
	rows := a.rows()
	result := event.FundsAttributed{Method: method, Exact: true}
	pool := newPool(method, len(rows)+1)
	pool.bring([]event.Lot{{Amount: a.Statement.Opening}})
	names, away := namer{account: a.Ref}, transit{}
	for n, row := range rows {
		self := row.Counter != nil && a.Ref.ID != "" && row.Counter.ID == a.Ref.ID
		if row.Credit {
			if back, ok := away.back(row.Amount); self && ok {
				pool.bring(back)
				continue
			}
			lots := creditLots(row, traced[n])
			result.Credits++
			result.Reached = append(result.Reached, known(lots)...)
			pool.bring(lots)
			continue
		}
		twin := names.next(row)
		taken, exact, err := pool.take(row.Amount)
		if err != nil {
			return event.FundsAttributed{}, nil, err
		}
		if self {
			away.put(row.Amount, taken)
			continue
		}
		carried := known(taken)
		if len(carried) == 0 {
			continue
		}
		result.Exact = result.Exact && exact
		result.Left = append(result.Left, carried...)
		result.Outflows = append(result.Outflows, event.Outflow{Transfer: names.transfer(row, twin), Cash: inCash(row), Lots: carried})
	}
	result.Left = append(result.Left, away.lost()...)
	result.Held, result.Left, result.Reached = merge(pool.lots()), merge(result.Left), merge(result.Reached)
	result.Balance = a.Balance
	return result, missing, nil
}

// namer names the debits of an account. The name is a function of the row; rows
// that are alike to the last digit are told apart by their place.
type namer struct {
	account event.Account
	seen    map[likeness]int
}

func (n *namer) next(row event.Row) (twin int) {
	if n.seen == nil {
		n.seen = map[likeness]int{}
	}
	like := likenessOf(row)
	twin = n.seen[like]
	n.seen[like]++
	return twin
}

func (n *namer) transfer(row event.Row, twin int) event.Transfer {
	counter := identity.AccountID("")
	if row.Counter != nil {
		counter = row.Counter.ID
	}
	id := identity.Derive("transfer", string(n.account.ID), row.Serial, row.At.UTC().Format(time.RFC3339), string(counter), row.Amount.Decimal(), strconv.Itoa(twin))
	t := event.Transfer{ID: identity.TransferID(id.String()), From: n.account, Amount: row.Amount, At: row.At, Serial: row.Serial}
	if row.Counter != nil {
		t.To = *row.Counter
	}
	return t
}

// transit is what the account has sent to itself and not yet got back, by
// amount.
type transit map[money.Fen][][]event.Lot

func (t transit) put(amount money.Fen, lots []event.Lot) { t[amount] = append(t[amount], lots) }

func (t transit) back(amount money.Fen) (lots []event.Lot, ok bool) {
	if len(t[amount]) == 0 {
		return nil, false
	}
	lots, t[amount] = t[amount][0], t[amount][1:]
	return lots, true
}

// lost is what has not come back, in an order of its own that is always the
// same.
func (t transit) lost() []event.Lot {
	var amounts []money.Fen
	for amount := range t {
		amounts = append(amounts, amount)
	}
	slices.Sort(amounts)
	var lots []event.Lot
	for _, amount := range amounts {
		for _, sent := range t[amount] {
			lots = append(lots, known(sent)...)
		}
	}
	return lots
}

// likeness is all by which a bank tells one movement from another.
type likeness struct {
	serial  string
	at      int64
	credit  bool
	amount  money.Fen
	counter identity.AccountID
	cash    bool
}

func likenessOf(r event.Row) likeness {
	l := likeness{serial: r.Serial, at: r.At.UnixNano(), credit: r.Credit, amount: r.Amount, cash: r.Counter == nil}
	if r.Counter != nil {
		l.counter = r.Counter.ID
	}
	return l
}

// alike tells whether two rows are the same movement, as far as a bank tells.
func alike(a, b event.Row) bool { return likenessOf(a) == likenessOf(b) }

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

// merge adds up the lots of the same owner, in order of first appearance, and
// drops the empty.
func merge(lots []event.Lot) []event.Lot {
	var sums []event.Lot
	place := make(map[event.Lot]int, min(len(lots), 64))
	for _, l := range lots {
		if l.Amount == 0 {
			continue
		}
		if n, there := place[ownerOf(l)]; there {
			sums[n].Amount += l.Amount
			continue
		}
		place[ownerOf(l)] = len(sums)
		sums = append(sums, l)
	}
	return sums
}

// ownerOf is a lot without its amount.
func ownerOf(l event.Lot) event.Lot {
	l.Amount = 0
	return l
}

func sameLots(a, b []event.Lot) bool { return slices.Equal(a, b) }
