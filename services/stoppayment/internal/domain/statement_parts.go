package domain

import (
	"strconv"

	"github.com/yuanlu/yuanlu/api/event"
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
