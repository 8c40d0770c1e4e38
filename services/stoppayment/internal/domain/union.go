package domain

import (
	"cmp"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// stretch (明细区间) is a statement, and how far it tells of the account.
type stretch struct {
	event.StatementReceived

	own   bool // of a bank's answer to a stop that it carried out, not to a query
	until time.Time
}

// stretchOf tells how far a statement goes: to the moment of the stop, to the
// answer of a query that names the balance of then, else to its last row.
func (a Account) stretchOf(s event.StatementReceived) stretch {
	o, _ := a.Find(s.Order)
	t := stretch{StatementReceived: s, own: o.Kind == KindStop && !o.ExecutedAt.IsZero(), until: o.Query.Until}
	if t.own || o.Kind == KindQuery && t.until.IsZero() && o.Reported != nil {
		t.until = o.ExecutedAt
	}
	if n := len(s.Rows); n > 0 && (!t.own || s.Rows[n-1].At.After(t.until)) {
		t.until = s.Rows[n-1].At
	}
	return t
}

// firmer orders statements by how much they count where they contradict each
// other: what a stop has shown before what a query has, rows before none, and the
// later before the earlier.
func firmer(a, b stretch) int {
	yes := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(yes(a.own), yes(b.own)), cmp.Compare(yes(len(a.Rows) > 0), yes(len(b.Rows) > 0)),
		b.until.Compare(a.until), cmp.Compare(len(b.Rows), len(a.Rows)), cmp.Compare(a.Order, b.Order),
	)
}

// union is one statement of all that fit together: the firmest, and what overlaps
// or adjoins it. The others are put aside. In which order they have come makes no
// difference.
func union(all []stretch) (whole event.StatementReceived, aside []identity.OrderID) {
	rest := slices.SortedFunc(slices.Values(all), firmer)
	one := rest[0]
	rest = rest[1:]
	for grown := true; grown; {
		grown = false
		for n, s := range rest {
			if joined, ok := join(one, s); ok {
				one, rest, grown = joined, slices.Delete(rest, n, n+1), true
				break
			}
		}
	}
	for _, s := range rest {
		aside = append(aside, s.Order)
	}
	return one.StatementReceived, aside
}

// join makes one of two statements if one holds the other, or one goes on where
// the other ends.
func join(a, b stretch) (stretch, bool) {
	switch rows, ok := goOn(a.StatementReceived, b.StatementReceived); {
	case len(b.Rows) == 0 && !a.passes(b), len(a.Rows) == 0 && !b.passes(a):
		return a, false
	case len(b.Rows) > 0 && covers(a.StatementReceived, b.StatementReceived), len(b.Rows) == 0:
	case covers(b.StatementReceived, a.StatementReceived):
		a.Opening, a.Rows = b.Opening, b.Rows
	case ok:
		a.Rows = rows
	default:
		if rows, ok = goOn(b.StatementReceived, a.StatementReceived); !ok {
			return a, false
		}
		a.Opening, a.Rows = b.Opening, rows
	}
	if b.until.After(a.until) {
		a.until = b.until
	}
	return a, true
}

// passes tells whether the account had the balance of a statement without rows:
// in the end, if that one goes as far, else at some time.
func (s stretch) passes(empty stretch) bool {
	if !empty.until.Before(s.until) {
		return closing(s.StatementReceived) == empty.Opening
	}
	return s.Opening == empty.Opening || slices.ContainsFunc(s.Rows, func(r event.Row) bool { return r.Balance == empty.Opening })
}

// goOn adds to the rows of a those of b that come after them.
func goOn(a, b event.StatementReceived) ([]event.Row, bool) {
	if len(a.Rows) == 0 || len(b.Rows) == 0 {
		return nil, false
	}
	before := a.Opening
	for n, r := range a.Rows {
		overlap := min(len(a.Rows)-n, len(b.Rows))
		if before == b.Opening && identical(r, b.Rows[0]) && slices.EqualFunc(a.Rows[n:n+overlap], b.Rows[:overlap], identical) {
			return append(slices.Clip(a.Rows), b.Rows[overlap:]...), true
		}
		before = r.Balance
	}
	if before == b.Opening && !b.Rows[0].At.Before(a.Rows[len(a.Rows)-1].At) {
		return append(slices.Clip(a.Rows), b.Rows...), true
	}
	return nil, false
}

// closing is the balance with which a statement ends.
func closing(s event.StatementReceived) money.Fen {
	if len(s.Rows) == 0 {
		return s.Opening
	}
	return s.Rows[len(s.Rows)-1].Balance
}

// covers tells whether a statement holds every row of an earlier one.
func covers(now, before event.StatementReceived) bool {
	if len(now.Rows) < len(before.Rows) {
		return false
	}
	rest := make(map[likeness]int, len(now.Rows))
	for _, r := range now.Rows {
		rest[likenessOf(r)]++
	}
	for _, r := range before.Rows {
		like := likenessOf(r)
		if rest[like] == 0 {
			return false
		}
		rest[like]--
	}
	return true
}

// identical rows are alike and leave the same balance.
func identical(a, b event.Row) bool { return alike(a, b) && a.Balance == b.Balance && a.Kind == b.Kind }

func sameStatement(a, b event.StatementReceived) bool {
	return a.Opening == b.Opening && slices.EqualFunc(a.Rows, b.Rows, identical)
}
