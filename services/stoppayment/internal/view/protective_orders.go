package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// byCategory folds protective stops beside accounts: a bank has one list of what
// it is asked.
func byCategory(n *news, accounts func(context.Context, *sql.Tx, eventlog.Recorded) error) func(context.Context, *sql.Tx, eventlog.Recorded) error {
	protective := view.Folding("stoppayment", event.ProtectiveCodec(), event.ErrUnknown, n.applyProtective)
	return func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
		if strings.HasPrefix(r.Stream, "protective-") {
			return protective(ctx, tx, r)
		}
		return accounts(ctx, tx, r)
	}
}

// applyProtective folds one event in, and has every desk look: these are few.
func (n *news) applyProtective(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.ProtectiveEvent) error {
	n.touchAll()
	o := protectiveOrders{exec: execIn(ctx, tx), r: r, id: strings.TrimPrefix(r.Stream, "protective-")}
	switch e := e.(type) {
	case event.ProtectiveStopRequested:
		return o.insert(e.Accounts, e.Case, bank.TxStop, domain.Waiting, event.Officer{})
	case event.ProtectiveStopApproved:
		signed, err := json.Marshal(e.Approver)
		if err != nil {
			return err
		}
		return o.exec("UPDATE orders SET state = ?, approver = ? WHERE protective = ? AND state = ?", domain.Approved, signed, o.id, domain.Waiting)
	case event.ProtectiveStopRejected:
		return o.exec("UPDATE orders SET state = ? WHERE protective = ? AND state = ?", domain.Rejected, o.id, domain.Waiting)
	case event.ProtectiveRenewalRequested:
		return o.insert(e.Accounts, "", bank.TxSecondStop, domain.Approved, e.Approver)
	case event.ProtectiveExemptionGranted:
		return o.exempt(e)
	case event.ProtectiveReleaseRequested:
		return o.release(e)
	case event.ProtectiveOrderSent:
		return o.exec("UPDATE orders SET state = ? WHERE id = ? AND state = ?", domain.Sent, e.Order, domain.Approved)
	case event.ProtectiveStopApplied:
		return o.exec("UPDATE orders SET state = ? WHERE id = ?", domain.Executed, e.Order)
	case event.ProtectiveStopFailed:
		return o.exec("UPDATE orders SET state = ? WHERE id = ?", domain.Failed, e.Order)
	case event.ProtectiveStopLapsed:
		return o.exec("UPDATE orders SET state = ? WHERE protective = ? AND account = ? AND state = ? AND tx <> ?", domain.Lapsed, o.id, e.Account, domain.Executed, bank.TxLift)
	case event.ProtectiveStopLifted:
		if err := o.exec("UPDATE orders SET state = ? WHERE protective = ? AND account = ? AND state = ? AND tx <> ?", domain.Lifted, o.id, e.Account, domain.Executed, bank.TxLift); err != nil {
			return err
		}
		return o.exec("UPDATE orders SET state = ? WHERE id = ?", domain.Executed, e.Order)
	case event.ProtectiveLiftRequested:
		return o.insert(e.Accounts, "", bank.TxLift, domain.Approved, event.Officer{})
	case event.ProtectiveSubjectNotified, event.ProtectiveObjectionFiled, event.ProtectiveObjectionDecided, event.ProtectiveObjectionOverdue: // no order moves
	}
	return nil
}

// protectiveOrders is the list of orders while one event of a protective stop is
// folded into it.
type protectiveOrders struct {
	exec func(string, ...any) error
	r    eventlog.Recorded
	id   string
}

func (o protectiveOrders) insert(accounts []event.ProtectedAccount, c identity.CaseID, tx string, state domain.OrderState, approver event.Officer) error {
	signed, err := json.Marshal(approver)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := o.exec(`INSERT INTO orders (id, position, account, kase, bank, tx, state, level, type, request, approver, protective)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
			a.Order, o.r.Position, a.Account.ID, c, a.Account.Bank, tx, state, o.r.Type, o.r.Data, signed, o.id); err != nil {
			return err
		}
	}
	return nil
}

// exempt asks for less to be held; the account's bank is that of its first order.
func (o protectiveOrders) exempt(e event.ProtectiveExemptionGranted) error {
	signed, err := json.Marshal(e.Officer)
	if err != nil {
		return err
	}
	return o.exec(`INSERT INTO orders (id, position, account, kase, bank, tx, state, level, type, request, approver, protective)
		SELECT ?, ?, account, kase, bank, ?, ?, 0, ?, ?, ?, protective FROM orders WHERE protective = ? AND account = ? ORDER BY position LIMIT 1`,
		e.Order, o.r.Position, bank.TxStop, domain.Approved, o.r.Type, o.r.Data, signed, o.id, e.Account)
}

// release takes back what banks have not answered on the released accounts and
// asks them to let go. A release before the approval is of all.
func (o protectiveOrders) release(e event.ProtectiveReleaseRequested) error {
	if err := o.exec("UPDATE orders SET state = ? WHERE protective = ? AND state = ?", domain.Lifted, o.id, domain.Waiting); err != nil {
		return err
	}
	for _, a := range e.Accounts {
		if err := o.exec("UPDATE orders SET state = ? WHERE protective = ? AND account = ? AND state IN (?, ?) AND tx <> ?",
			domain.Lifted, o.id, a.Account.ID, domain.Approved, domain.Sent, bank.TxLift); err != nil {
			return err
		}
	}
	return o.insert(e.Accounts, "", bank.TxLift, domain.Approved, e.Officer)
}
