package view

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const protectiveSchema = `
	CREATE TABLE protective (
	id TEXT PRIMARY KEY, position INTEGER NOT NULL, kase TEXT NOT NULL, unit TEXT NOT NULL, state TEXT NOT NULL, consent TEXT NOT NULL,
	requested INTEGER NOT NULL, cap INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0);
	CREATE INDEX protective_by_state ON protective (state, position);
	CREATE TABLE protected (
	id TEXT NOT NULL, account TEXT NOT NULL, ord TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL DEFAULT 0, more TEXT NOT NULL DEFAULT '', PRIMARY KEY (account, id)) WITHOUT ROWID;
	CREATE INDEX protected_by_id ON protected (id)`

// protectiveFold is the list while one event of a protective stop is folded in.
type protectiveFold struct {
	exec func(string, ...any) error
	id   string
}

func (f protectiveFold) state(to domain.ProtectiveState) error {
	return f.exec("UPDATE protective SET state = ? WHERE id = ?", to, f.id)
}

// over ends it with the last account that is stopped, or is to be.
func (f protectiveFold) over() error {
	return f.exec("UPDATE protective SET state = ? WHERE id = ? AND state IN (?, ?) AND NOT EXISTS (SELECT 1 FROM protected WHERE id = ? AND (state IN (?, ?) OR more <> ''))",
		domain.ProtectiveEnded, f.id, domain.ProtectiveActive, domain.ProtectiveReleasing, f.id, domain.Waiting, domain.Executed)
}

// then carries out one change, answers the renewal that an order was, if it was
// one, and sees whether that was the last account.
func (f protectiveFold) then(answered identity.OrderID, query string, args ...any) error {
	return errors.Join(f.exec(query, args...), f.exec("UPDATE protected SET more = '' WHERE id = ? AND more = ? AND more <> ''", f.id, answered), f.over())
}

func (f protectiveFold) requested(at eventlog.Position, e event.ProtectiveStopRequested) error {
	for _, a := range e.Accounts {
		if err := f.exec("INSERT INTO protected (id, account, ord, state) VALUES (?, ?, ?, ?)", f.id, a.Account.ID, a.Order, domain.Waiting); err != nil {
			return err
		}
	}
	return f.exec("INSERT INTO protective (id, position, kase, unit, state, consent, requested, cap) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		f.id, at, e.Case, e.Responsible, domain.ProtectiveWaiting, e.Consent, e.At.UnixMilli(), e.CapAt.UnixMilli())
}

// renewed keeps that a renewal is at the bank: the account may be stopped any
// moment, even if its hours have run out.
func (f protectiveFold) renewed(e event.ProtectiveRenewalRequested) error {
	for _, a := range e.Accounts {
		if err := f.exec("UPDATE protected SET more = ? WHERE account = ? AND id = ?", a.Order, a.Account.ID, f.id); err != nil {
			return err
		}
	}
	return nil
}

func (f protectiveFold) released() error {
	return errors.Join(f.state(domain.ProtectiveReleasing),
		f.then("", "UPDATE protected SET more = '', state = CASE WHEN state = ? THEN ? ELSE state END WHERE id = ?", domain.Waiting, domain.Lifted, f.id))
}

func applyProtective(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.ProtectiveEvent) error {
	f := protectiveFold{execIn(ctx, tx), strings.TrimPrefix(r.Stream, "protective-")}
	switch e := e.(type) {
	case event.ProtectiveStopRequested:
		return f.requested(r.Position, e)
	case event.ProtectiveStopApproved:
		return f.state(domain.ProtectiveActive)
	case event.ProtectiveStopRejected:
		return f.state(domain.ProtectiveRejected)
	case event.ProtectiveRenewalRequested:
		return f.renewed(e)
	case event.ProtectiveStopApplied:
		return f.then(e.Order, "UPDATE protected SET state = ?, expires = ? WHERE account = ? AND id = ?", domain.Executed, e.ExpiresAt.UnixMilli(), e.Account, f.id)
	case event.ProtectiveStopFailed:
		return f.then(e.Order, "UPDATE protected SET state = ? WHERE id = ? AND ord = ? AND state = ?", domain.Failed, f.id, e.Order, domain.Waiting)
	case event.ProtectiveStopLapsed:
		return f.then("", "UPDATE protected SET state = ?, expires = 0 WHERE account = ? AND id = ?", domain.Lapsed, e.Account, f.id)
	case event.ProtectiveStopLifted:
		return f.then("", "UPDATE protected SET state = ?, expires = 0 WHERE account = ? AND id = ? AND state <> ?", domain.Lifted, e.Account, f.id, domain.Lapsed)
	case event.ProtectiveReleaseRequested:
		return f.released()
	case event.ProtectiveSubjectNotified:
		return f.exec("UPDATE protective SET told = ? WHERE id = ?", e.At.UnixMilli(), f.id)
	case event.ProtectiveObjectionFiled:
		return f.exec(`INSERT INTO objections (id, position, account, ord, protective, kase, unit, grounds, channel, filed, due)
			SELECT ?, ?, '', '', id, kase, ?, ?, ?, ?, ? FROM protective WHERE id = ?`,
			e.Objection, r.Position, e.Unit, e.Grounds, e.Channel, e.FiledAt.UnixMilli(), e.Due.UnixMilli(), f.id)
	case event.ProtectiveObjectionOverdue:
		return f.exec("UPDATE objections SET overdue = 1 WHERE id = ?", e.Objection)
	case event.ProtectiveObjectionDecided:
		return f.exec("UPDATE objections SET outcome = ?, reason = ?, decided = ? WHERE id = ?", e.Outcome, e.Reason, e.At.UnixMilli(), e.Objection)
	case event.ProtectiveOrderSent, event.ProtectiveExemptionGranted, event.ProtectiveLiftRequested: // the list shows none of it
	}
	return nil
}

// Protective is one protective stop in the list.
type Protective struct {
	ID          identity.ProtectiveID
	Position    eventlog.Position
	Case        identity.CaseID
	Responsible identity.Unit
	State       domain.ProtectiveState
	Consent     string
	Requested   time.Time
	Cap         time.Time
	Told        time.Time
	Accounts    int
	InForce     int
	Expires     time.Time // of the account that is free last
}

// Protectives lists protective stops by where they stand, oldest first after a
// position. Those that are released count as active until the last bank has let go.
func (v Remedies) Protectives(ctx context.Context, state domain.ProtectiveState, after eventlog.Position, limit int) ([]Protective, error) {
	query := `SELECT p.id, p.position, p.kase, p.unit, p.state, p.consent, p.requested, p.cap, p.told,
		(SELECT COUNT(*) FROM protected a WHERE a.id = p.id), (SELECT COUNT(*) FROM protected a WHERE a.id = p.id AND a.state = ?),
		COALESCE((SELECT MAX(a.expires) FROM protected a WHERE a.id = p.id), 0)
		FROM protective p WHERE p.state IN (?, ?) AND p.position > ? ORDER BY p.position LIMIT ?`
	also := state
	if state == domain.ProtectiveActive {
		also = domain.ProtectiveReleasing
	}
	return view.List(ctx, v.DB(), func(scan view.Scan) (p Protective, err error) {
		var requested, limit, told, expires int64
		err = scan(&p.ID, &p.Position, &p.Case, &p.Responsible, &p.State, &p.Consent, &requested, &limit, &told, &p.Accounts, &p.InForce, &expires)
		p.Requested, p.Cap, p.Told, p.Expires = moment(requested), moment(limit), moment(told), moment(expires)
		return p, err
	}, query, domain.Executed, state, also, after, limit)
}
