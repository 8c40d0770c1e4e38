// Package view folds events into the lists that intake shows.
package view

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
)

const schema = `CREATE TABLE cases (
	id TEXT PRIMARY KEY, position INTEGER NOT NULL, received TEXT NOT NULL, unit TEXT NOT NULL, urgency TEXT NOT NULL,
	receipt TEXT NOT NULL DEFAULT '', type TEXT NOT NULL DEFAULT '', case_no TEXT NOT NULL DEFAULT '', declared INTEGER NOT NULL DEFAULT 0);
	CREATE INDEX cases_by_position ON cases (position)`

// Row is one case in the list.
type Row struct {
	Case       identity.CaseID   `json:"case"`
	ReceivedAt time.Time         `json:"receivedAt"`
	Unit       identity.Unit     `json:"unit"`
	Urgency    string            `json:"urgency"`
	ReceiptNo  string            `json:"receiptNo"`
	FraudType  string            `json:"fraudType,omitempty"`
	CaseNo     identity.CaseNo   `json:"caseNo,omitempty"`
	Declared   money.Fen         `json:"declaredFen"`
	Position   eventlog.Position `json:"-"`
}

// Cases (案件列表) is the list of cases, newest first.
type Cases struct{ *view.View }

// Open opens the list.
func Open(ctx context.Context, city service.City) (Cases, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("intake"), Schema: schema, Prefixes: []string{"case-"}, Logger: city.Logger,
		Apply: view.Folding("intake", event.CaseCodec(), event.ErrUnknown, apply),
	})
	return Cases{v}, err
}

func apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.CaseEvent) error {
	id := r.Stream[len("case-"):]
	set := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, append(args, id)...)
		return err
	}
	switch e := e.(type) {
	case event.FraudReportReceived:
		return set("INSERT INTO cases (position, received, unit, urgency, id) VALUES (?, ?, ?, ?, ?)",
			r.Position, e.ReceivedAt.UTC().Format(time.RFC3339Nano), e.Unit, e.Urgency)
	case event.LossTransferDeclared:
		return set("UPDATE cases SET declared = declared + ? WHERE id = ?", e.Transfer.Amount)
	case event.IntakeReceiptIssued:
		return set("UPDATE cases SET receipt = ? WHERE id = ?", e.ReceiptNo)
	case event.FraudTypeClassified:
		return set("UPDATE cases SET type = ? WHERE id = ?", e.Code)
	case event.CaseFiled:
		return set("UPDATE cases SET case_no = ? WHERE id = ?", e.CaseNo)
	case event.VictimIdentified, event.CaseFilingProposed, event.CaseFilingDeclined: // not in the list
	}
	return nil
}

// Page lists up to limit cases older than before (0: from the newest).
func (c Cases) Page(ctx context.Context, before eventlog.Position, limit int) ([]Row, error) {
	cursor := int64(min(before, math.MaxInt64)) //nolint:gosec // SQLite counts to 2^63; no page ends beyond
	return view.List(ctx, c.DB(), func(scan view.Scan) (r Row, err error) {
		var received string
		if err = scan(&r.Case, &r.Position, &received, &r.Unit, &r.Urgency, &r.ReceiptNo, &r.FraudType, &r.CaseNo, &r.Declared); err != nil {
			return r, err
		}
		r.ReceivedAt, err = time.Parse(time.RFC3339Nano, received)
		return r, err
	}, `SELECT id, position, received, unit, urgency, receipt, type, case_no, declared FROM cases
		WHERE ? = 0 OR position < ? ORDER BY position DESC LIMIT ?`, cursor, cursor, limit)
}
