package domain

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/money"
)

// receive adds what a statement, or a part of one, brings: itself, what is wrong
// with it, and whose money it shows.
func (a Account) receive(o Order, events []event.AccountEvent, s Statement, method event.Method, at time.Time) ([]event.AccountEvent, error) {
	switch {
	case !s.Given:
		return events, nil
	case s.Parts > 1 && (s.Part < 1 || s.Part > s.Parts):
		return nil, ErrPage.At("/page")
	}
	if len(s.Rows) > MaxRows || s.Parts > MaxParts {
		return append(events, event.BankDiscrepancyFound{Order: o.ID, Kind: StatementTooLong, Found: strconv.Itoa(max(len(s.Rows), s.Parts)), At: at}), nil
	}
	now := a
	for _, e := range events {
		now = EvolveAccount(now, e)
	}
	given := event.StatementReceived{Order: o.ID, Opening: s.Opening, Rows: s.Rows, Part: s.Part, Parts: s.Parts}
	if s.Parts > 1 {
		given.At = at
	}
	if now.has(given) {
		return events, nil
	}
	events = append(events, given)
	_, whole, complete := now.assemble(given)
	if !complete {
		return events, nil
	}
	for _, f := range EvolveAccount(now, given).judge(whole) {
		events = now.note(events, o, f, at)
	}
	return reattribute(a, events, method, at)
}

// has tells whether a statement, or a part of one, is nothing new.
func (a Account) has(given event.StatementReceived) bool {
	if a.Replacing == given.Order && given.Parts <= 1 {
		return false
	}
	for _, p := range a.Partial {
		if p.Order == given.Order && p.Part == given.Part && p.Parts == given.Parts {
			return sameStatement(p, given)
		}
	}
	for _, s := range a.Statements {
		if s.Order != given.Order || a.Replacing == given.Order {
			continue
		}
		if given.Parts > 1 {
			return covers(s, given)
		}
		read := a.read(given)
		return s.Opening == given.Opening && slices.EqualFunc(s.Rows, read.rows, alike)
	}
	return false
}

// judge lists all that is odd about a statement that has come whole and that the
// account has taken in, or not.
func (a Account) judge(whole event.StatementReceived) []event.BankDiscrepancyFound {
	read := a.read(whole)
	if read.fault.Kind != "" {
		return append(read.notes, read.fault)
	}
	whole.Rows = read.rows
	found := append(read.notes, oddities(a.Ref.ID, whole.Rows)...)
	n := slices.IndexFunc(a.Statements, func(s event.StatementReceived) bool { return s.Order == whole.Order })
	switch {
	case n < 0 || !sameStatement(a.Statements[n], whole):
		found = append(found, event.BankDiscrepancyFound{Kind: StatementIncomplete, Found: "rows"})
	case !covers(a.Statement, whole):
		found = append(found, event.BankDiscrepancyFound{Kind: StatementConflicts, Found: string(a.Statement.Order)})
	}
	return found
}

// reading is what a statement says once its faults of form are put right.
type reading struct {
	rows  []event.Row
	notes []event.BankDiscrepancyFound // what was put right
	fault event.BankDiscrepancyFound   // why it does not count
}

// read finds the order of the rows in which they add up: as they are given,
// without those that are there twice, the newest first, or by their time.
func (a Account) read(s event.StatementReceived) reading {
	var balance *money.Fen
	switch o, known := a.Find(s.Order); {
	case known && o.Kind != KindQuery:
		balance = &o.Balance
	case o.Query.Until.IsZero():
		balance = o.Reported
	}
	fault := balances(s, balance)
	if fault.Kind == "" {
		return reading{rows: s.Rows}
	}
	once, notes := unique(s.Rows)
	reversed := slices.Clone(once)
	slices.Reverse(reversed)
	sorted := slices.SortedStableFunc(slices.Values(once), func(a, b event.Row) int { return a.At.Compare(b.At) })
	for n, rows := range [][]event.Row{once, reversed, sorted} {
		s.Rows = rows
		if balances(s, balance).Kind != "" {
			continue
		}
		if n > 0 {
			notes = append(notes, event.BankDiscrepancyFound{Kind: RowOrder})
		}
		return reading{rows: rows, notes: notes}
	}
	return reading{fault: fault}
}

// unique drops rows that are there twice to the last digit, the balance
// included: no two movements leave the same balance twice in a row.
func unique(rows []event.Row) (once []event.Row, notes []event.BankDiscrepancyFound) {
	type line struct {
		likeness
		balance money.Fen
	}
	seen := map[line]bool{}
	for _, r := range rows {
		l := line{likenessOf(r), r.Balance}
		switch {
		case !seen[l]:
			seen[l] = true
			once = append(once, r)
		case len(notes) < maxRowNotes:
			notes = append(notes, event.BankDiscrepancyFound{Kind: RowDuplicate, Row: r.Serial})
		}
	}
	return once, notes
}

// balances checks that the rows add up, row by row, to the balance that the
// bank reports, if it does. It tells what does not fit.
func balances(s event.StatementReceived, balance *money.Fen) event.BankDiscrepancyFound {
	fault := func(found, row string) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{Kind: StatementUnbalanced, Found: found, Row: row}
	}
	at := s.Opening
	if at < 0 {
		return fault("opening-negative", "")
	}
	for n, r := range s.Rows {
		delta := r.Amount
		if !r.Credit {
			delta = -delta
		}
		var err error
		switch at, err = at.Add(delta); {
		case err != nil || r.Amount <= 0 || at > money.Max*100:
			return fault("row-amount", r.Serial)
		case at < 0:
			return fault("row-overdraws", r.Serial)
		case at != r.Balance:
			return fault("row-balance", r.Serial)
		case n > 0 && r.At.Before(s.Rows[n-1].At) && !r.Credit:
			return event.BankDiscrepancyFound{Kind: TransferBeforeInflow, Row: r.Serial}
		case n > 0 && r.At.Before(s.Rows[n-1].At):
			return fault("row-order", r.Serial)
		}
	}
	if balance != nil && at != *balance {
		return fault("closing-balance", "")
	}
	return event.BankDiscrepancyFound{}
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

func sameStatement(a, b event.StatementReceived) bool {
	return a.Opening == b.Opening && slices.EqualFunc(a.Rows, b.Rows, alike)
}

// union is one statement of all that fit together: the longest, and what
// overlaps or adjoins it. In which order they have come makes no difference.
func union(all []event.StatementReceived) event.StatementReceived {
	if len(all) == 1 {
		return all[0]
	}
	rest := slices.SortedFunc(slices.Values(all), func(a, b event.StatementReceived) int {
		return cmp.Or(cmp.Compare(len(b.Rows), len(a.Rows)), cmp.Compare(a.Order, b.Order))
	})
	whole := rest[0]
	rest = rest[1:]
	for grown := true; grown; {
		grown = false
		for n, s := range rest {
			if joined, ok := join(whole, s); ok {
				whole, rest, grown = joined, slices.Delete(rest, n, n+1), true
				break
			}
		}
	}
	return whole
}

// join makes one of two statements if one holds the other, or one goes on where
// the other ends.
func join(a, b event.StatementReceived) (event.StatementReceived, bool) {
	if covers(a, b) {
		return a, true
	}
	if rows, ok := goOn(a, b); ok {
		a.Rows = rows
		return a, true
	}
	if rows, ok := goOn(b, a); ok {
		a.Opening, a.Rows = b.Opening, rows
		return a, true
	}
	return a, false
}

// goOn adds to the rows of a those of b that come after them.
func goOn(a, b event.StatementReceived) ([]event.Row, bool) {
	same := func(x, y event.Row) bool { return alike(x, y) && x.Balance == y.Balance }
	if len(a.Rows) == 0 || len(b.Rows) == 0 {
		return nil, false
	}
	before := a.Opening
	for n, r := range a.Rows {
		overlap := min(len(a.Rows)-n, len(b.Rows))
		if before == b.Opening && same(r, b.Rows[0]) && slices.EqualFunc(a.Rows[n:n+overlap], b.Rows[:overlap], same) {
			return append(slices.Clip(a.Rows), b.Rows[overlap:]...), true
		}
		before = r.Balance
	}
	if before == b.Opening && !b.Rows[0].At.Before(a.Rows[len(a.Rows)-1].At) {
		return append(slices.Clip(a.Rows), b.Rows...), true
	}
	return nil, false
}
