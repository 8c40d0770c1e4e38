// Package view folds events into the lists that stop-payment shows: the queue
// of orders to approve and the orders that each bank has to carry out.
package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const schema = `CREATE TABLE orders (
	id TEXT PRIMARY KEY, position INTEGER NOT NULL, account TEXT NOT NULL, kase TEXT NOT NULL, bank TEXT NOT NULL, tx TEXT NOT NULL,
	state TEXT NOT NULL, level INTEGER NOT NULL, type TEXT NOT NULL, request BLOB NOT NULL, approver BLOB NOT NULL DEFAULT '{}');
	CREATE INDEX orders_by_bank ON orders (bank, state, position);
	CREATE INDEX orders_by_state ON orders (state, position)`

// Row is one order. Request is the stored event that asked for it.
type Row struct {
	Order    identity.OrderID
	Position eventlog.Position
	Account  identity.AccountID
	Case     identity.CaseID
	Bank     identity.BankCode
	TxCode   string
	State    domain.OrderState
	Level    int
	Type     string // stored name of Request
	Request  []byte
	Approver event.Officer
}

// Orders (指令列表) is every order with where it stands.
type Orders struct{ *view.View }

// Open opens the list.
func Open(ctx context.Context, city service.City) (Orders, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("stoppayment"), Schema: schema, Prefixes: []string{"account-"}, Logger: city.Logger,
		Apply: view.Folding("stoppayment", event.AccountCodec(), event.ErrUnknown, apply),
	})
	return Orders{v}, err
}

func apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.AccountEvent) error {
	exec := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	insert := func(id identity.OrderID, a event.Account, c identity.CaseID, tx string, state domain.OrderState, level int, approver event.Officer) error {
		signed, err := json.Marshal(approver)
		if err != nil {
			return err
		}
		return exec("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, r.Position, a.ID, c, a.Bank, tx, state, level, r.Type, r.Data, signed)
	}
	move := func(id identity.OrderID, to domain.OrderState) error {
		return exec("UPDATE orders SET state = ? WHERE id = ?", to, id)
	}
	switch e := e.(type) {
	case event.StopRequested:
		code := bank.TxStop
		if e.Ordinal == domain.MaxStops {
			code = bank.TxSecondStop
		}
		return insert(e.Order, e.Account, e.Case, code, domain.Waiting, e.Level, event.Officer{})
	case event.StopApproved:
		signed, err := json.Marshal(e.Approver)
		if err != nil {
			return err
		}
		return exec("UPDATE orders SET state = ?, approver = ? WHERE id = ?", domain.Approved, signed, e.Order)
	case event.FreezeRequested:
		return insert(e.Order, e.Account, e.Case, bank.TxFreeze, domain.Approved, 0, e.Approver)
	case event.StopRejected:
		return move(e.Order, domain.Rejected)
	case event.OrderSent:
		return move(e.Order, domain.Sent)
	case event.StopExecuted:
		return move(e.Order, domain.Executed)
	case event.StopFailed:
		return move(e.Order, domain.Failed)
	case event.StopLapsed:
		return move(e.Order, domain.Lapsed)
	case event.StopLifted:
		return move(e.Order, domain.Lifted)
	case event.FreezeExecuted:
		return move(e.Order, domain.Executed)
	case event.FreezeQueued:
		return move(e.Order, domain.Queued)
	case event.FreezeFailed:
		return move(e.Order, domain.Failed)
	case event.FreezeLapsed:
		return move(e.Order, domain.Lapsed)
	case event.BankDiscrepancyFound, event.StatementReceived, event.InflowTraced, event.FundsAttributed, event.FrozenFundsReturned: // no order moves
	}
	return nil
}

const columns = "SELECT id, position, account, kase, bank, tx, state, level, type, request, approver FROM orders "

// ForBank lists the open orders of a bank, oldest first.
func (o Orders) ForBank(ctx context.Context, code identity.BankCode, limit int) ([]Row, error) {
	return o.query(ctx, columns+"WHERE bank = ? AND state IN (?, ?) ORDER BY position LIMIT ?", code, domain.Approved, domain.Sent, limit)
}

// InState lists orders by where they stand, oldest first, after a position.
func (o Orders) InState(ctx context.Context, state domain.OrderState, after eventlog.Position, limit int) ([]Row, error) {
	return o.query(ctx, columns+"WHERE state = ? AND position > ? ORDER BY position LIMIT ?", state, after, limit)
}

// One finds an order; [domain.ErrNoOrder] if the list does not know it.
func (o Orders) One(ctx context.Context, id identity.OrderID) (Row, error) {
	rows, err := o.query(ctx, columns+"WHERE id = ?", id)
	if err != nil {
		return Row{}, err
	}
	if len(rows) == 0 {
		return Row{}, domain.ErrNoOrder
	}
	return rows[0], nil
}

func (o Orders) query(ctx context.Context, query string, args ...any) ([]Row, error) {
	rows, err := o.DB().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var list []Row
	for rows.Next() {
		var r Row
		var approver []byte
		if err := rows.Scan(&r.Order, &r.Position, &r.Account, &r.Case, &r.Bank, &r.TxCode, &r.State, &r.Level, &r.Type, &r.Request, &approver); err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		if err := json.Unmarshal(approver, &r.Approver); err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
