package view

import (
	"context"
	"fmt"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/view"
)

// The states in these queries are written out and the indexes named, so that they
// are answered from what is open alone: a page costs what is on it, however many
// orders the bank has ever had.

const (
	forBank     = columns + "INDEXED BY orders_open WHERE bank = ? AND state IN ('approved', 'sent') ORDER BY position LIMIT ?"
	toSend      = columns + "INDEXED BY orders_to_send WHERE bank = ? AND state = 'approved' ORDER BY position LIMIT ?"
	banksToSend = "SELECT DISTINCT bank FROM orders INDEXED BY orders_to_send WHERE state = 'approved'"
	// Beside min, SQLite takes the other columns from the row that has it.
	openByBank = "SELECT bank, count(*), min(position), id FROM orders INDEXED BY orders_open WHERE state IN ('approved', 'sent') GROUP BY bank"
)

// ForBank lists the open orders of a bank, oldest first.
func (o Orders) ForBank(ctx context.Context, code identity.BankCode, limit int) ([]Row, error) {
	return o.query(ctx, forBank, code, limit)
}

// ToSend lists the orders that a bank has not taken yet, oldest first.
func (o Orders) ToSend(ctx context.Context, code identity.BankCode, limit int) ([]Row, error) {
	return o.query(ctx, toSend, code, limit)
}

// BanksToSend lists the banks that have orders to take.
func (o Orders) BanksToSend(ctx context.Context) ([]identity.BankCode, error) {
	return view.List(ctx, o.DB(), func(scan view.Scan) (code identity.BankCode, err error) {
		err = scan(&code)
		return code, err
	}, banksToSend)
}

// Backlog (待办) is how many orders of a bank are open, and which is the oldest.
type Backlog struct {
	Count  int
	Oldest identity.OrderID
}

// OpenByBank counts the open orders of every bank that has any.
func (o Orders) OpenByBank(ctx context.Context) (map[identity.BankCode]Backlog, error) {
	open := map[identity.BankCode]Backlog{}
	err := view.Each(ctx, o.DB(), func(scan view.Scan) error {
		var code identity.BankCode
		var at eventlog.Position
		var is Backlog
		err := scan(&code, &is.Count, &at, &is.Oldest)
		open[code] = is
		return err
	}, openByBank)
	if err != nil {
		return nil, fmt.Errorf("count open orders: %w", err)
	}
	return open, nil
}
