package view

import (
	"context"
	"database/sql"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// linger is how long the lists wait for more that no bank waits for: in a flood they
// write a transaction where the list of orders writes a dozen, and leave it the core.
const linger = 25 * time.Millisecond

// ledger tells whose money is where: events of many rows, on which no list of
// orders, clocks or remedies hangs.
func ledger(name string) bool {
	switch name {
	case "statement-received.v1", "funds-attributed.v1", "outflows-attributed.v1", "inflow-traced.v1", "counterparty-found.v1":
		return true
	}
	return false
}

// light folds what is no event of the ledger. Those are most of what is stored, and
// decoding them costs more than all the rest.
func light(fold func(context.Context, *sql.Tx, eventlog.Recorded) error) func(context.Context, *sql.Tx, eventlog.Recorded) error {
	return func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
		if ledger(r.Type) {
			return nil
		}
		return fold(ctx, tx, r)
	}
}
