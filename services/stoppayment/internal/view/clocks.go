package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const clocksSchema = `CREATE TABLE clocks (id TEXT PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, account TEXT NOT NULL, subject TEXT NOT NULL,
		target TEXT NOT NULL, kase TEXT NOT NULL, unit TEXT NOT NULL, warned INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
	CREATE INDEX clocks_by_time ON clocks (at, id);
	CREATE INDEX clocks_by_case ON clocks (kase, at, id);
	CREATE INDEX clocks_by_target ON clocks (target);
	CREATE TABLE subjects (id TEXT PRIMARY KEY, kase TEXT NOT NULL, unit TEXT NOT NULL, ordinal INTEGER NOT NULL) WITHOUT ROWID`

// Kinds of clocks (时钟).
const (
	ClockStop       = "stop"        // the 48 hours of a first stop
	ClockSecondStop = "second-stop" // and of the second
	ClockFreeze     = "freeze"      // the term of a freeze
	ClockLift       = "lift"        // the bank is to lift a stop
	ClockRelease    = "release"     // the bank is to release a freeze
	ClockNotice     = "lift-notice" // the holder is to be told of the end
	ClockPaper      = "paper"       // papers are to follow a telephone order
	ClockObjection  = "objection"   // an objection is to be decided
	ClockApproval   = "approval"    // a standing approval ends
	ClockFirstOrder = "first-order" // the first stop is to be ordered
	ClockProtective = "protective"  // a protective stop ends
)

// Clock (时钟) is one that runs.
type Clock struct {
	Kind    string
	At      time.Time
	Account identity.AccountID // "" where it runs for no account
	Subject string             // the order, registration, objection or approval
	Case    identity.CaseID
	Unit    identity.Unit
	Warned  int // hours before the end that were warned of last
}

// Clocks (时钟登记) is every clock of stop-payment that runs.
type Clocks struct{ *view.View }

// OpenClocks opens the list.
func OpenClocks(ctx context.Context, city service.City) (Clocks, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("stoppayment-clocks"), Schema: clocksSchema, Logger: city.Logger,
		Prefixes: []string{"account-", "pursuit-", "approval-", "protective-"}, Apply: clocksFold{codec: event.Codecs()}.apply, Linger: linger,
	})
	return Clocks{v}, err
}

type clocksFold struct{ codec event.Codec[event.Event] }

func (f clocksFold) apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
	if ledger(r.Type) {
		return nil // no clock hangs on them
	}
	_, id, _ := strings.Cut(r.Stream, "-")
	w := clockWriter{ctx: ctx, tx: tx, id: id}
	switch r.Type {
	case "transfer-traced.v1", "bank-discrepancy-found.v1", "order-sent.v1", "stop-approved.v1":
		return nil // nor on these
	case "stop-requested.v1", "downstream-account-found.v1":
		return w.often(r)
	}
	e, err := f.codec.Decode(r.Type, r.Data)
	if errors.Is(err, event.ErrUnknown) {
		return nil // newer than this build: the list does without it
	}
	if err != nil {
		return err
	}
	switch e := e.(type) {
	case event.AccountEvent:
		return w.account(e)
	case event.ApprovalEvent:
		return w.approval(e)
	case event.PursuitEvent:
		return w.pursuit(e)
	case event.ProtectiveEvent:
		return w.protective(e)
	}
	return nil
}

// often folds the two events of which a chase leaves hundreds: of each it reads no
// more than hangs on it.
func (w clockWriter) often(r eventlog.Recorded) error {
	var e struct {
		Order   identity.OrderID `json:"order"`
		Case    identity.CaseID  `json:"case"`
		Unit    identity.Unit    `json:"unit"`
		Ordinal int              `json:"ordinal"`
		Level   int              `json:"level"`
		Manual  bool             `json:"manual"`
	}
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return fmt.Errorf("decode %s: %w", r.Type, err)
	}
	if r.Type == "stop-requested.v1" {
		return w.knows(e.Order, e.Case, e.Unit, e.Ordinal)
	}
	// Only the first account that is met can end the clock: that of level 1, or an
	// officer's own.
	if e.Order != "" && (e.Level == 1 || e.Manual) {
		return w.stop(string(e.Case))
	}
	return nil
}

// clockWriter is the list while one event is folded into it.
type clockWriter struct {
	ctx context.Context //nolint:containedctx // lives as long as one call of apply
	tx  *sql.Tx
	id  string // of the stream, without its category
}

func (w clockWriter) exec(query string, args ...any) error {
	_, err := w.tx.ExecContext(w.ctx, query, args...)
	return err
}

// knows keeps whose an order is, for the clocks that run for it later.
func (w clockWriter) knows(order identity.OrderID, c identity.CaseID, unit identity.Unit, ordinal int) error {
	return w.exec("INSERT OR REPLACE INTO subjects VALUES (?, ?, ?, ?)", order, c, unit, ordinal)
}

// start runs a clock, anew if it runs already.
func (w clockWriter) start(kind, subject string, at time.Time, target identity.OrderID, c identity.CaseID, unit identity.Unit) error {
	return w.exec(`INSERT INTO clocks (id, kind, at, account, subject, target, kase, unit) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, kind = excluded.kind`, kind+"/"+subject, kind, at.UnixMilli(), w.id, subject, target, c, unit)
}

// startOf runs a clock for an order that is known.
func (w clockWriter) startOf(kind string, order identity.OrderID, at time.Time) error {
	var c, unit string
	var ordinal int
	err := w.tx.QueryRowContext(w.ctx, "SELECT kase, unit, ordinal FROM subjects WHERE id = ?", order).Scan(&c, &unit, &ordinal)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if kind == ClockStop && ordinal == domain.MaxStops {
		kind = ClockSecondStop
	}
	return w.start(kind, string(order), at, "", identity.CaseID(c), identity.Unit(unit))
}

func (w clockWriter) move(subject string, at time.Time) error {
	return w.exec("UPDATE clocks SET at = ? WHERE subject = ?", at.UnixMilli(), subject)
}

// stop ends the clocks of a subject.
func (w clockWriter) stop(subject string) error {
	return w.exec("DELETE FROM clocks WHERE subject = ?", subject)
}

// goesOn hands the clock of an order over to the one that repeats it. One that has
// run out is not started anew.
func (w clockWriter) goesOn(kind, before, now string) error {
	return w.exec("UPDATE clocks SET id = ?, subject = ? WHERE kind = ? AND subject = ?", kind+"/"+now, now, kind, before)
}

// over ends the clocks of a measure, and of what was to change it.
func (w clockWriter) over(order identity.OrderID) error {
	return w.exec("DELETE FROM clocks WHERE subject = ? OR (target = ? AND kind <> ?)", order, order, ClockNotice)
}

// lifted turns the clock of a lift into that of the word to the holder.
func (w clockWriter) lifted(order, by identity.OrderID) error {
	if by != "" {
		if err := w.exec("UPDATE clocks SET kind = ? WHERE subject = ? AND kind IN (?, ?)", ClockNotice, by, ClockLift, ClockRelease); err != nil {
			return err
		}
	}
	return w.over(order)
}

func (w clockWriter) approval(e event.ApprovalEvent) error {
	switch e := e.(type) {
	case event.StandingApprovalGranted:
		return clockWriter{w.ctx, w.tx, ""}.start(ClockApproval, string(e.Approval), e.Until, "", "", e.Unit)
	case event.StandingApprovalNarrowed:
		return w.move(string(e.Approval), e.Until)
	case event.StandingApprovalRevoked:
		return w.stop(string(e.Approval))
	case event.StandingApprovalExpired:
		return w.stop(string(e.Approval))
	}
	return nil
}

func (w clockWriter) pursuit(e event.PursuitEvent) error {
	switch e := e.(type) { //nolint:gochecksumtype // the rest starts and ends no clock
	case event.PursuitOpened:
		return clockWriter{w.ctx, w.tx, ""}.start(ClockFirstOrder, string(e.Case), e.ReportedAt.Add(domain.FirstOrderWithin), "", e.Case, e.Unit)
	case event.FirstOrderOverdue:
		return w.stop(string(e.Case))
	}
	return nil
}

func (w clockWriter) protective(e event.ProtectiveEvent) error {
	subject := func(a identity.AccountID) string { return w.id + "/" + string(a) }
	switch e := e.(type) { //nolint:gochecksumtype // the rest starts and ends no clock
	case event.ProtectiveStopRequested:
		return w.knows(identity.OrderID(w.id), e.Case, e.Responsible, 0)
	case event.ProtectiveStopApplied:
		c, unit, err := w.whose()
		if err != nil {
			return err
		}
		return clockWriter{w.ctx, w.tx, string(e.Account)}.start(ClockProtective, subject(e.Account), e.ExpiresAt, "", c, unit)
	case event.ProtectiveObjectionFiled:
		c, unit, err := w.whose()
		if err != nil {
			return err
		}
		return clockWriter{w.ctx, w.tx, ""}.start(ClockObjection, string(e.Objection), e.Due, "", c, unit)
	case event.ProtectiveObjectionDecided:
		return w.stop(string(e.Objection))
	case event.ProtectiveObjectionOverdue:
		return w.stop(string(e.Objection))
	case event.ProtectiveStopLifted:
		return w.stop(subject(e.Account))
	case event.ProtectiveStopLapsed:
		return w.stop(subject(e.Account))
	}
	return nil
}

// whose tells the case and the unit of the protective stop that is folded in.
func (w clockWriter) whose() (c identity.CaseID, unit identity.Unit, err error) {
	err = w.tx.QueryRowContext(w.ctx, "SELECT kase, unit FROM subjects WHERE id = ?", w.id).Scan(&c, &unit)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return c, unit, err
}

// Running lists the clocks that run out before a time, the soonest first, of a
// case or of a unit and those below it; "" and the zero time are no condition.
func (c Clocks) Running(ctx context.Context, of identity.CaseID, unit identity.Unit, until time.Time, skip uint64, limit int) ([]Clock, error) {
	query, args := "SELECT kind, at, account, subject, kase, unit, warned FROM clocks WHERE 1 = 1", []any{}
	if of != "" {
		query, args = query+" AND kase = ?", append(args, of)
	}
	if !until.IsZero() {
		query, args = query+" AND at < ?", append(args, until.UnixMilli())
	}
	if unit != "" {
		query, args = query+" AND substr(unit, 1, ?) = ?", append(args, len(unit.Stem()), unit.Stem())
	}
	return view.List(ctx, c.DB(), func(scan view.Scan) (k Clock, err error) {
		var at int64
		err = scan(&k.Kind, &at, &k.Account, &k.Subject, &k.Case, &k.Unit, &k.Warned)
		k.At = moment(at)
		return k, err
	}, query+" ORDER BY at, id LIMIT ? OFFSET ?", append(args, limit, skip)...)
}
