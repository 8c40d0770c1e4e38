// Package view folds events into the lists that warning shows.
package view

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
)

const schema = `CREATE TABLE alerts (
	id TEXT PRIMARY KEY, place INTEGER NOT NULL, position INTEGER NOT NULL, supplier TEXT NOT NULL, external TEXT NOT NULL,
	signal TEXT NOT NULL, type TEXT NOT NULL, level TEXT NOT NULL DEFAULT '', unit TEXT NOT NULL DEFAULT '',
	sign_due TEXT NOT NULL DEFAULT '', contact_due TEXT NOT NULL DEFAULT '', signed INTEGER NOT NULL DEFAULT 0,
	contacts INTEGER NOT NULL DEFAULT 0, breaches INTEGER NOT NULL DEFAULT 0, case_id TEXT NOT NULL DEFAULT '',
	outcome TEXT NOT NULL DEFAULT '', closed INTEGER NOT NULL DEFAULT 0);
	CREATE INDEX alerts_by_place ON alerts (closed, place)`

// Row is one alert in the queue.
type Row struct {
	Alert      identity.AlertID `json:"alert"`
	Level      event.AlertLevel `json:"level"`
	Supplier   string           `json:"supplier"`
	ExternalID string           `json:"externalId"`
	FraudType  string           `json:"fraudType,omitempty"`
	SignalAt   time.Time        `json:"signalAt"`
	To         identity.Unit    `json:"to,omitempty"`
	SignDue    time.Time        `json:"signDue,omitzero"`
	ContactDue time.Time        `json:"contactDue,omitzero"`
	Signed     bool             `json:"signed"`
	Contacts   int              `json:"contacts"`
	Breaches   int              `json:"breaches" doc:"clocks that ran out"`
	Case       identity.CaseID  `json:"case,omitempty"`
	Outcome    string           `json:"outcome,omitempty"`
	Place      uint64           `json:"-"` // in the queue; never 0
}

// Alerts (预警队列) is the queue of alerts: the most urgent level first, in it
// the oldest.
type Alerts struct{ *view.View }

// Open opens the queue.
func Open(ctx context.Context, city service.City) (Alerts, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("warning"), Schema: schema, Prefixes: []string{"alert-"}, Logger: city.Logger,
		Apply: view.Folding("warning", event.AlertCodec(), event.ErrUnknown, apply),
	})
	return Alerts{v}, err
}

// positionBits are what is left of 63 bits beside the rank of a level.
const positionBits = 60

// rank orders levels, most urgent first. A level that this build does not know
// comes before all, so that nobody overlooks it.
func rank(l event.AlertLevel) int64 {
	order := []event.AlertLevel{event.Critical, event.High, event.Medium, event.Low, event.Advisory}
	return int64(slices.Index(order, l)) + 2
}

func apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.AlertEvent) error {
	id := r.Stream[len("alert-"):]
	set := func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, append(args, id)...)
		return err
	}
	switch e := e.(type) {
	case event.WarningOrderImported:
		return set("INSERT INTO alerts (place, position, supplier, external, signal, type, id) VALUES (?, ?, ?, ?, ?, ?, ?)",
			r.Position, r.Position, e.Supplier, e.ExternalID, text(e.SignalAt), e.FraudType)
	case event.WarningGraded:
		return set("UPDATE alerts SET level = ?, place = ? + position WHERE id = ?", e.Level, rank(e.Level)<<positionBits)
	case event.WarningDispatched:
		return set("UPDATE alerts SET unit = ?, sign_due = ?, contact_due = ? WHERE id = ?", e.To, text(e.SignDue), text(e.ContactDue))
	case event.WarningSigned:
		return set("UPDATE alerts SET signed = 1 WHERE id = ?")
	case event.ContactAttempted:
		return set("UPDATE alerts SET contacts = contacts + 1 WHERE id = ?")
	case event.PaymentDiscovered:
		return set("UPDATE alerts SET case_id = ? WHERE id = ?", e.Case)
	case event.WarningBreached:
		return set("UPDATE alerts SET breaches = breaches + 1 WHERE id = ?")
	case event.WarningClosed:
		return set("UPDATE alerts SET closed = 1, outcome = ? WHERE id = ?", e.Outcome)
	case event.DissuasionDelivered: // not in the queue
	}
	return nil
}

// text writes a time for the table; "" stands for none.
func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parse(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, s)
}

// Page lists up to limit alerts, open or closed, that stand behind the given
// place in the queue (0: from its head).
func (a Alerts) Page(ctx context.Context, closed bool, after uint64, limit int) ([]Row, error) {
	cursor := int64(min(after, math.MaxInt64)) //nolint:gosec // SQLite counts to 2^63; no page ends beyond
	return view.List(ctx, a.DB(), row, `SELECT id, place, level, supplier, external, type, signal, unit, sign_due, contact_due, signed, contacts, breaches, case_id, outcome
		FROM alerts WHERE closed = ? AND place > ? ORDER BY place LIMIT ?`, closed, cursor, limit)
}

func row(scan view.Scan) (Row, error) {
	var r Row
	var signal, signDue, contactDue string
	err := scan(&r.Alert, &r.Place, &r.Level, &r.Supplier, &r.ExternalID, &r.FraudType, &signal, &r.To, &signDue, &contactDue,
		&r.Signed, &r.Contacts, &r.Breaches, &r.Case, &r.Outcome)
	if err != nil {
		return r, err
	}
	var errs [3]error
	r.SignalAt, errs[0] = parse(signal)
	r.SignDue, errs[1] = parse(signDue)
	r.ContactDue, errs[2] = parse(contactDue)
	return r, errors.Join(errs[:]...)
}
