// Package view folds events into the lists that stop-payment shows: the queue
// of orders to approve and the orders that each bank has to carry out.
package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

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
	state TEXT NOT NULL, level INTEGER NOT NULL, type TEXT NOT NULL, request BLOB NOT NULL, approver BLOB NOT NULL DEFAULT '{}', target TEXT NOT NULL DEFAULT '',
	protective TEXT NOT NULL DEFAULT '');
	CREATE INDEX orders_by_protective ON orders (protective) WHERE protective <> '';
	CREATE INDEX orders_by_target ON orders (target) WHERE target <> '';
	CREATE INDEX orders_open ON orders (bank, position) WHERE state IN ('approved', 'sent');
	CREATE INDEX orders_to_send ON orders (bank, position) WHERE state = 'approved';
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
	// Protective is the protective stop that gave the order; "" for all others.
	Protective identity.ProtectiveID
}

// Orders (指令列表) is every order with where it stands.
type Orders struct {
	*view.View
	news *news
}

// Open opens the list.
func Open(ctx context.Context, city service.City) (Orders, error) {
	n := newNews()
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("stoppayment"), Schema: schema, Prefixes: []string{"account-", "protective-"}, Logger: city.Logger,
		Apply:     byCategory(n, light(view.Folding("stoppayment", event.AccountCodec(), event.ErrUnknown, n.apply))),
		Committed: n.tell,
	})
	return Orders{v, n}, err
}

// NewsFor returns a channel that is closed when a bank has an order to carry out
// that it did not have. Ask before reading, so that none slips between.
func (o Orders) NewsFor(bank identity.BankCode) <-chan struct{} { return o.news.next(bank) }

func (n *news) apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.AccountEvent) error {
	o := orders{ctx: ctx, tx: tx, r: r, news: n}
	switch e := e.(type) { //nolint:gochecksumtype // see followed
	case event.StopRequested:
		code := bank.TxStop
		if e.Ordinal == domain.MaxStops {
			code = bank.TxSecondStop
		}
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: code, level: e.Level})
	case event.StopRaiseRequested:
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: bank.TxStop, level: e.Level, target: e.Target})
	case event.LiftRequested:
		code := bank.TxLift
		if e.Keep > 0 {
			code = bank.TxStop // with the stop that it narrows
		}
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: code, target: e.Target, approver: e.Approver})
	case event.FreezeRequested:
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: bank.TxFreeze, approver: e.Approver})
	case event.FreezeRenewalRequested:
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: bank.TxRenewFreeze, target: e.Target, approver: e.Approver})
	case event.FreezeReleaseRequested:
		return o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: bank.TxUnfreeze, target: e.Target, approver: e.Approver})
	case event.AccountQueryRequested: // nobody has to approve it
		if err := o.insert(entry{id: e.Order, account: e.Account, kase: e.Case, tx: e.TxCode}); err != nil {
			return err
		}
		return o.move(e.Order, domain.Approved)
	case event.AccountQueryAnswered:
		if e.Cause != "" {
			return o.move(e.Order, domain.Failed)
		}
		return o.move(e.Order, domain.Executed)
	case event.StopApproved:
		signed, err := json.Marshal(e.Approver)
		if err != nil {
			return err
		}
		return o.open("UPDATE orders SET state = ?, approver = ? WHERE id = ? RETURNING bank", domain.Approved, signed, e.Order)
	case event.OrderSent:
		return o.move(e.Order, domain.Sent)
	}
	return o.followed(e)
}

// orders is the list while one event is folded into it.
type orders struct {
	ctx context.Context //nolint:containedctx // lives as long as one call of apply
	tx  *sql.Tx
	r   eventlog.Recorded

	news *news
}

// entry is a new line of the list. One with an approver is approved.
type entry struct {
	id       identity.OrderID
	account  event.Account
	kase     identity.CaseID
	tx       string
	level    int
	target   identity.OrderID
	approver event.Officer
}

func (o orders) exec(query string, args ...any) error {
	_, err := o.tx.ExecContext(o.ctx, query, args...)
	return err
}

// open runs a statement that makes orders open to their banks, and returns these.
func (o orders) open(query string, args ...any) error {
	return view.Each(o.ctx, o.tx, func(scan view.Scan) error {
		var bank identity.BankCode
		err := scan(&bank)
		o.news.touch(bank)
		return err
	}, query, args...)
}

func (o orders) insert(e entry) error {
	signed, err := json.Marshal(e.approver)
	if err != nil {
		return err
	}
	state := domain.Approved
	if e.approver.Zero() {
		state = domain.Waiting
	} else {
		o.news.touch(e.account.Bank)
	}
	return o.exec(`INSERT INTO orders (id, position, account, kase, bank, tx, state, level, type, request, approver, target)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.id, o.r.Position, e.account.ID, e.kase, e.account.Bank, e.tx, state, e.level, o.r.Type, o.r.Data, signed, e.target)
}

func (o orders) move(id identity.OrderID, to domain.OrderState) error {
	if to == domain.Approved {
		return o.open("UPDATE orders SET state = ? WHERE id = ? RETURNING bank", to, id)
	}
	return o.exec("UPDATE orders SET state = ? WHERE id = ?", to, id)
}

// end closes a stop, and what still waits to change it.
func (o orders) end(id identity.OrderID, to domain.OrderState) error {
	if err := o.move(id, to); err != nil {
		return err
	}
	return o.exec("UPDATE orders SET state = ? WHERE target = ? AND state IN (?, ?, ?)", domain.Lapsed, id, domain.Waiting, domain.Approved, domain.Sent)
}

// lifted closes a measure that its bank has let go. One that was over before stays as
// it ended.
func (o orders) lifted(id identity.OrderID) error {
	var state domain.OrderState
	switch err := o.tx.QueryRowContext(o.ctx, "SELECT state FROM orders WHERE id = ?", id).Scan(&state); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case state == domain.Failed, state == domain.Rejected, state == domain.Lapsed, state == domain.Lifted:
		return o.end(id, state)
	}
	return o.end(id, domain.Lifted)
}

// followed folds what a bank has answered, and what has run out.
func (o orders) followed(e event.AccountEvent) error {
	switch e := e.(type) { //nolint:gochecksumtype // the rest moves no order
	case event.StopRejected:
		return o.end(e.Order, domain.Rejected)
	case event.StopExecuted:
		return o.move(e.Order, domain.Executed)
	case event.StopFailed:
		return o.end(e.Order, domain.Failed)
	case event.StopLapsed:
		return o.end(e.Order, domain.Lapsed)
	case event.StopLifted:
		if err := o.move(e.By, domain.Executed); err != nil {
			return err
		}
		return o.lifted(e.Order)
	case event.StopNarrowed:
		if err := o.exec("UPDATE orders SET state = ? WHERE target = ? AND type = 'stop-raise-requested.v1' AND state IN (?, ?, ?)", domain.Lapsed, e.Order, domain.Waiting, domain.Approved, domain.Sent); err != nil {
			return err
		}
		return o.move(e.By, domain.Executed)
	case event.StopRaised:
		return o.move(e.By, domain.Executed)
	case event.LiftFailed:
		return o.move(e.Order, domain.Failed)
	case event.FreezePromoted:
		return o.move(e.Order, domain.Approved)
	case event.FreezeRenewed:
		return o.move(e.By, domain.Executed)
	case event.FreezePartiallyReleased:
		return o.move(e.By, domain.Executed)
	case event.FreezeLifted:
		if err := o.move(e.By, domain.Executed); err != nil {
			return err
		}
		return o.lifted(e.Order)
	case event.FreezeFollowUpFailed:
		return o.move(e.Order, domain.Failed)
	case event.FreezeExecuted:
		return o.move(e.Order, domain.Executed)
	case event.FreezeQueued:
		return o.move(e.Order, domain.Queued)
	case event.FreezeFailed:
		return o.end(e.Order, domain.Failed)
	case event.FreezeLapsed:
		return o.end(e.Order, domain.Lapsed)
	}
	return nil // the rest moves no order
}

const columns = "SELECT id, position, account, kase, bank, tx, state, level, type, request, approver, protective FROM orders "

// InState lists orders by where they stand, oldest first, after a position. What
// waits for an approval is of accounts alone: a protective stop is approved as a
// whole, and has a list of its own.
func (o Orders) InState(ctx context.Context, state domain.OrderState, after eventlog.Position, limit int) ([]Row, error) {
	return o.query(ctx, columns+"WHERE state = ? AND position > ? AND (protective = '' OR state <> ?) ORDER BY position LIMIT ?", state, after, domain.Waiting, limit)
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
	return view.List(ctx, o.DB(), func(scan view.Scan) (r Row, err error) {
		var approver []byte
		if err = scan(&r.Order, &r.Position, &r.Account, &r.Case, &r.Bank, &r.TxCode, &r.State, &r.Level, &r.Type, &r.Request, &approver, &r.Protective); err != nil {
			return r, err
		}
		err = json.Unmarshal(approver, &r.Approver)
		return r, err
	}, query, args...)
}
