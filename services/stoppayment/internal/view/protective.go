package view

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const protectiveSchema = `
	CREATE TABLE protective (
	id TEXT PRIMARY KEY, position INTEGER NOT NULL, kase TEXT NOT NULL, unit TEXT NOT NULL, state TEXT NOT NULL, consent TEXT NOT NULL,
	requested INTEGER NOT NULL, cap INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0);
	CREATE INDEX protective_by_state ON protective (state, position);
	CREATE TABLE protected (
	id TEXT NOT NULL, account TEXT NOT NULL, ord TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, id)) WITHOUT ROWID;
	CREATE INDEX protected_by_id ON protected (id)`

func applyProtective(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.ProtectiveEvent) error {
	exec := execIn(ctx, tx)
	id := strings.TrimPrefix(r.Stream, "protective-")
	state := func(to domain.ProtectiveState) error {
		return exec("UPDATE protective SET state = ? WHERE id = ?", to, id)
	}
	over := func() error { // with the last account
		return exec("UPDATE protective SET state = ? WHERE id = ? AND state = ? AND NOT EXISTS (SELECT 1 FROM protected WHERE id = ? AND state IN (?, ?))",
			domain.ProtectiveEnded, id, domain.ProtectiveActive, id, domain.Waiting, domain.Executed)
	}
	account := func(account identity.AccountID, to domain.OrderState, expires time.Time) error {
		if err := exec("UPDATE protected SET state = ?, expires = ? WHERE account = ? AND id = ?", to, max(0, expires.UnixMilli()), account, id); err != nil {
			return err
		}
		return over()
	}
	switch e := e.(type) {
	case event.ProtectiveStopRequested:
		for _, a := range e.Accounts {
			if err := exec("INSERT INTO protected (id, account, ord, state) VALUES (?, ?, ?, ?)", id, a.Account.ID, a.Order, domain.Waiting); err != nil {
				return err
			}
		}
		return exec("INSERT INTO protective (id, position, kase, unit, state, consent, requested, cap) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			id, r.Position, e.Case, e.Responsible, domain.ProtectiveWaiting, e.Consent, e.At.UnixMilli(), e.CapAt.UnixMilli())
	case event.ProtectiveStopApproved:
		return state(domain.ProtectiveActive)
	case event.ProtectiveStopRejected:
		return state(domain.ProtectiveRejected)
	case event.ProtectiveStopApplied:
		return account(e.Account, domain.Executed, e.ExpiresAt)
	case event.ProtectiveStopLapsed:
		return account(e.Account, domain.Lapsed, time.Time{})
	case event.ProtectiveStopLifted:
		return account(e.Account, domain.Lifted, time.Time{})
	case event.ProtectiveReleaseRequested:
		return state(domain.ProtectiveEnded)
	case event.ProtectiveSubjectNotified:
		return exec("UPDATE protective SET told = ? WHERE id = ?", e.At.UnixMilli(), id)
	case event.ProtectiveStopFailed:
		if err := exec("UPDATE protected SET state = ? WHERE id = ? AND ord = ? AND state = ?", domain.Failed, id, e.Order, domain.Waiting); err != nil {
			return err
		}
		return over()
	case event.ProtectiveOrderSent, event.ProtectiveRenewalRequested, event.ProtectiveExemptionGranted: // the list shows none of it
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
// position.
func (v Remedies) Protectives(ctx context.Context, state domain.ProtectiveState, after eventlog.Position, limit int) ([]Protective, error) {
	query := `SELECT p.id, p.position, p.kase, p.unit, p.state, p.consent, p.requested, p.cap, p.told,
		(SELECT COUNT(*) FROM protected a WHERE a.id = p.id), (SELECT COUNT(*) FROM protected a WHERE a.id = p.id AND a.state = ?),
		COALESCE((SELECT MAX(a.expires) FROM protected a WHERE a.id = p.id), 0)
		FROM protective p WHERE p.state = ? AND p.position > ? ORDER BY p.position LIMIT ?`
	return list(ctx, v.DB(), func(scan func(...any) error) (p Protective, err error) {
		var requested, limit, told, expires int64
		err = scan(&p.ID, &p.Position, &p.Case, &p.Responsible, &p.State, &p.Consent, &requested, &limit, &told, &p.Accounts, &p.InForce, &expires)
		p.Requested, p.Cap, p.Told, p.Expires = moment(requested), moment(limit), moment(told), moment(expires)
		return p, err
	}, query, domain.Executed, state, after, limit)
}

// Protections names the protective stops that an account is or was under and that
// were asked for since a time.
func (v Remedies) Protections(ctx context.Context, account identity.AccountID, since time.Time) ([]identity.ProtectiveID, error) {
	return list(ctx, v.DB(), func(scan func(...any) error) (id identity.ProtectiveID, err error) {
		err = scan(&id)
		return id, err
	}, "SELECT p.id FROM protected a JOIN protective p ON p.id = a.id WHERE a.account = ? AND p.requested >= ? AND p.state <> ? ORDER BY p.position LIMIT 100",
		account, since.UnixMilli(), domain.ProtectiveRejected)
}
