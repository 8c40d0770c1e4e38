package domain

import (
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
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
	given.Corrects = s.Corrects && now.Replacing != o.ID && slices.ContainsFunc(now.Statements, ofOrder(o.ID)) && !now.counted(given)
	if !given.Corrects && now.has(given) {
		return events, nil
	}
	events = append(events, given)
	_, parts, complete := now.correcting(given).assemble(given)
	if !complete {
		return events, nil
	}
	for _, f := range EvolveAccount(now, given).judge(together(parts), now.Aside) {
		events = now.note(events, o, f, at)
	}
	return reattribute(a, events, method, at)
}

// correcting notes that a statement, or a part of one, corrects the one before:
// all of it is going to be replaced.
func (a Account) correcting(given event.StatementReceived) Account {
	if given.Corrects {
		a.Replacing = given.Order
	}
	return a
}

// has tells whether a statement, or a part of one, is nothing new.
func (a Account) has(given event.StatementReceived) bool {
	if given.Parts > 1 {
		for _, p := range a.Partial {
			if p.Order == given.Order && p.Part == given.Part && p.Parts == given.Parts {
				return sameStatement(p, given)
			}
		}
	}
	return a.Replacing != given.Order && a.counted(given)
}

// counted tells whether a statement, or a part of one, counts already. A part does
// if what counts came in as many, and this one was the same.
func (a Account) counted(given event.StatementReceived) bool {
	if given.Parts > 1 {
		return slices.ContainsFunc(a.Came, func(p event.StatementReceived) bool {
			return p.Order == given.Order && p.Part == given.Part && p.Parts == given.Parts && sameStatement(p, given)
		})
	}
	for _, s := range a.Statements {
		if s.Order == given.Order {
			return s.Opening == given.Opening && slices.EqualFunc(s.Rows, a.read(given).rows, identical)
		}
	}
	return false
}

// judge lists all that is odd about a statement that has come whole and that the
// account has taken in, or not. What was put aside before is not told of again.
func (a Account) judge(whole event.StatementReceived, before []identity.OrderID) []event.BankDiscrepancyFound {
	read := a.read(whole)
	if read.fault.Kind != "" {
		return append(read.notes, read.fault)
	}
	whole.Rows = read.rows
	found := append(read.notes, oddities(a.Ref.ID, whole.Rows)...)
	n := slices.IndexFunc(a.Statements, ofOrder(whole.Order))
	switch {
	case n < 0 || !sameStatement(a.Statements[n], whole):
		return append(found, event.BankDiscrepancyFound{Kind: StatementIncomplete, Found: "rows"})
	case slices.Contains(a.Aside, whole.Order):
		return append(found, event.BankDiscrepancyFound{Kind: StatementConflicts, Found: string(a.Statement.Order)})
	}
	for _, other := range a.Aside {
		if !slices.Contains(before, other) {
			found = append(found, event.BankDiscrepancyFound{Kind: StatementConflicts, Found: string(other)})
		}
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
	case known && o.State == Failed: // it told of no balance
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
