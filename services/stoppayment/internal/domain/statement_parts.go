package domain

import (
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// addRows takes a further part of a statement. An order that has not been
// answered has none.
func addRows(a Account, cmd AddRows) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.State.Open() {
		return nil, ErrNoOrder
	}
	events, err := a.receive(o, nil, cmd.Statement, cmd.Method, cmd.At)
	if err != nil {
		return nil, err
	}
	return a.afterwards(events, cmd.At), nil
}

// expireStatement reports a statement that lacks parts. It counts all the same
// if they come after all.
func expireStatement(a Account, cmd ExpireStatement) ([]event.AccountEvent, error) {
	for _, due := range a.dueOnLedger() {
		if due.Name != statementClock+string(cmd.Order) || cmd.At.Before(due.At) {
			continue
		}
		there, of := a.lacking(cmd.Order)
		return []event.AccountEvent{event.BankDiscrepancyFound{
			Order: cmd.Order, Kind: StatementIncomplete, Expected: strconv.Itoa(of), Found: strconv.Itoa(there), At: cmd.At,
		}}, nil
	}
	return nil, nil
}

// assemble adds a part to those of its statement, and takes them out when all are
// there. Where a statement counts already that came in as many parts, its own stand
// in for those that have not come, if all add up: a bank need not repeat what it
// does not change.
func (a Account) assemble(e event.StatementReceived) (_ Account, parts []event.StatementReceived, complete bool) {
	if e.Parts <= 1 {
		return a, []event.StatementReceived{e}, true
	}
	other := func(p event.StatementReceived) bool {
		return p.Order == e.Order && p.Parts == e.Parts && p.Part != e.Part
	}
	parts = make([]event.StatementReceived, e.Parts)
	parts[e.Part-1] = e
	for _, p := range a.Partial {
		if other(p) {
			parts[p.Part-1] = p
		}
	}
	filled := slices.Clone(parts)
	for _, p := range a.Came {
		if other(p) && filled[p.Part-1].Part == 0 {
			filled[p.Part-1] = p
		}
	}
	a.Partial = slices.DeleteFunc(slices.Clone(a.Partial), ofOrder(e.Order))
	a.Reported = slices.DeleteFunc(slices.Clone(a.Reported), func(id identity.OrderID) bool { return id == e.Order })
	switch {
	case !slices.ContainsFunc(parts, lacks):
		return a, parts, true
	case !slices.ContainsFunc(filled, lacks) && a.read(together(filled)).fault.Kind == "":
		return a, filled, true
	}
	a.Partial = append(a.Partial, slices.DeleteFunc(parts, lacks)...)
	return a, nil, false
}

// lacks tells whether a part has not come.
func lacks(part event.StatementReceived) bool { return part.Part == 0 }

func ofOrder(id identity.OrderID) func(event.StatementReceived) bool {
	return func(s event.StatementReceived) bool { return s.Order == id }
}

// together is one statement of all its parts.
func together(parts []event.StatementReceived) event.StatementReceived {
	whole := parts[0]
	if len(parts) == 1 {
		return whole
	}
	whole.Rows = nil
	for _, p := range parts {
		whole.Rows = append(whole.Rows, p.Rows...)
	}
	return whole
}

// apart are the parts in which a whole statement came, sharing its rows; none of
// one in one piece.
func apart(whole event.StatementReceived, parts []event.StatementReceived) []event.StatementReceived {
	if len(parts) == 1 {
		return nil
	}
	came, from := make([]event.StatementReceived, len(parts)), 0
	for n, p := range parts {
		to := from + len(p.Rows)
		p.Rows, p.At, p.Corrects = whole.Rows[from:to:to], time.Time{}, false
		came[n], from = p, to
	}
	return came
}
