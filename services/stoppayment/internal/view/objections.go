package view

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const remedySchema = `CREATE TABLE objections (
	id TEXT PRIMARY KEY, position INTEGER NOT NULL, account TEXT NOT NULL, ord TEXT NOT NULL, protective TEXT NOT NULL DEFAULT '', kase TEXT NOT NULL, unit TEXT NOT NULL,
	grounds TEXT NOT NULL, channel TEXT NOT NULL, filed INTEGER NOT NULL, due INTEGER NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
	overdue INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', decided INTEGER NOT NULL DEFAULT 0);
	CREATE INDEX objections_by_outcome ON objections (outcome, position);
	CREATE TABLE notices (
	ord TEXT NOT NULL, about TEXT NOT NULL, position INTEGER NOT NULL, account TEXT NOT NULL, kase TEXT NOT NULL, since INTEGER NOT NULL,
	told INTEGER NOT NULL DEFAULT 0, deferred INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (ord, about));
	CREATE INDEX notices_by_told ON notices (told, position);
	CREATE TABLE followed (ord TEXT PRIMARY KEY, registration TEXT NOT NULL) WITHOUT ROWID;
	CREATE TABLE wrong_stops (
	ord TEXT PRIMARY KEY, position INTEGER NOT NULL, account TEXT NOT NULL, kase TEXT NOT NULL, objection TEXT NOT NULL, cause TEXT NOT NULL,
	damage INTEGER NOT NULL, responsible TEXT NOT NULL, follow TEXT NOT NULL, at INTEGER NOT NULL);
	CREATE INDEX wrong_stops_by_at ON wrong_stops (at, position);
	CREATE TABLE disproportions (
	ord TEXT PRIMARY KEY, position INTEGER NOT NULL, account TEXT NOT NULL, kase TEXT NOT NULL, held INTEGER NOT NULL, attributable INTEGER NOT NULL,
	at INTEGER NOT NULL, open INTEGER NOT NULL DEFAULT 1);
	CREATE INDEX disproportions_by_open ON disproportions (open, position);` + protectiveSchema

// Remedies (救济列表) are the objections of all accounts, the notices that holders
// have had or lack, the wrong stops, and the protective stops.
type Remedies struct{ *view.View }

// OpenRemedies opens the lists.
func OpenRemedies(ctx context.Context, city service.City) (Remedies, error) {
	accounts := light(view.Folding("stoppayment-remedies", event.AccountCodec(), event.ErrUnknown, applyRemedy))
	protective := view.Folding("stoppayment-remedies", event.ProtectiveCodec(), event.ErrUnknown, applyProtective)
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("stoppayment-remedies"), Schema: remedySchema, Prefixes: []string{"account-", "protective-"}, Logger: city.Logger, Linger: linger,
		Apply: func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
			switch {
			case strings.HasPrefix(r.Stream, "protective-"):
				return protective(ctx, tx, r)
			case r.Type == "stop-requested.v1" && !bytes.Contains(r.Data, []byte(`"registration":`)):
				return nil // it takes over from no paper: most do not
			case listed(r.Type):
				return accounts(ctx, tx, r)
			}
			return nil
		},
	})
	return Remedies{v}, err
}

// listed tells which events of an account show in these lists; the others, with
// their long statements, need not be read.
func listed(name string) bool {
	switch name {
	case "objection-filed.v1", "objection-accepted.v1", "objection-decided.v1", "objection-overdue.v1", "holder-notified.v1",
		"holder-notice-deferred.v1", "wrong-stop-confirmed.v1", "disproportion-found.v1", "stop-executed.v1", "stop-narrowed.v1",
		"stop-lifted.v1", "stop-lapsed.v1", "freeze-executed.v1", "freeze-lifted.v1", "freeze-lapsed.v1", "freeze-partially-released.v1",
		"paper-order-registered.v1", "stop-requested.v1":
		return true
	}
	return false
}

func applyRemedy(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, e event.AccountEvent) error {
	exec := execIn(ctx, tx)
	account := strings.TrimPrefix(r.Stream, "account-")
	switch e := e.(type) { //nolint:gochecksumtype // see listed
	case event.ObjectionFiled:
		return exec("INSERT INTO objections (id, position, account, ord, kase, unit, grounds, channel, filed, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Objection, r.Position, account, e.Order, e.Case, e.Unit, e.Grounds, e.Channel, e.FiledAt.UnixMilli(), e.Due.UnixMilli())
	case event.ObjectionAccepted:
		return exec("UPDATE objections SET accepted = ? WHERE id = ?", e.At.UnixMilli(), e.Objection)
	case event.ObjectionOverdue:
		return exec("UPDATE objections SET overdue = 1 WHERE id = ?", e.Objection)
	case event.ObjectionDecided:
		return exec("UPDATE objections SET outcome = ?, reason = ?, decided = ? WHERE id = ?", e.Outcome, e.Reason, e.At.UnixMilli(), e.Objection)
	case event.WrongStopConfirmed:
		follow, err := json.Marshal(append([]string{}, e.Follow...))
		if err != nil {
			return err
		}
		return exec("INSERT INTO wrong_stops VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Order, r.Position, account, e.Case, e.Objection, e.Cause, e.Damage, e.Responsible, string(follow), e.At.UnixMilli())
	case event.StopExecuted:
		return errors.Join(applyNotice(exec, r, account, e), takeOver(ctx, tx, e.Order, e.InPlaceOf))
	case event.FreezeExecuted:
		return errors.Join(applyNotice(exec, r, account, e), takeOver(ctx, tx, e.Order, e.InPlaceOf))
	case event.DisproportionFound:
		return exec("INSERT OR REPLACE INTO disproportions VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
			e.Order, r.Position, account, e.Case, e.Held, e.Attributable, e.At.UnixMilli())
	}
	return applyNotice(exec, r, account, e)
}

// applyNotice keeps what each holder is owed: a word on each measure that was
// carried out, and on its early end.
func applyNotice(exec func(string, ...any) error, r eventlog.Recorded, account string, e event.AccountEvent) error {
	owed := func(order identity.OrderID, about string, c identity.CaseID, since time.Time) error {
		return exec("INSERT OR IGNORE INTO notices (ord, about, position, account, kase, since) VALUES (?, ?, ?, ?, ?, ?)",
			order, about, r.Position, account, c, since.UnixMilli())
	}
	over := func(order identity.OrderID) error {
		return exec("UPDATE disproportions SET open = 0 WHERE ord = ?", order)
	}
	// Only the end of what was carried out is told, and its case is that of the measure.
	ended := func(order identity.OrderID, at time.Time) error {
		return errors.Join(over(order), exec(`INSERT OR IGNORE INTO notices (ord, about, position, account, kase, since)
			SELECT ord, ?, ?, account, kase, ? FROM notices WHERE ord = ? AND about = ?`, domain.AboutLift, r.Position, at.UnixMilli(), order, domain.AboutMeasure))
	}
	switch e := e.(type) { //nolint:gochecksumtype // see listed
	case event.PaperOrderRegistered:
		if e.Order != "" {
			return nil // the holder is told of the order that is in its place
		}
		return owed(identity.OrderID(e.Registration), domain.AboutMeasure, e.Case, e.AskedAt)
	case event.StopRequested:
		if e.Registration == "" {
			return nil
		}
		return exec("INSERT OR REPLACE INTO followed VALUES (?, ?)", e.Order, e.Registration)
	case event.StopExecuted:
		return owed(e.Order, domain.AboutMeasure, e.Case, e.ExecutedAt)
	case event.FreezeExecuted:
		return owed(e.Order, domain.AboutMeasure, e.Case, e.ExecutedAt)
	case event.StopLifted:
		if e.Cause == "converted" {
			return over(e.Order)
		}
		return ended(e.Order, e.At)
	case event.FreezeLifted:
		return ended(e.Order, e.At)
	case event.StopNarrowed:
		return over(e.Order)
	case event.FreezePartiallyReleased:
		return over(e.Order)
	case event.StopLapsed:
		return over(e.Order)
	case event.FreezeLapsed:
		return over(e.Order)
	case event.HolderNotified:
		return exec("UPDATE notices SET told = ? WHERE ord = ? AND about = ? AND told = 0", e.At.UnixMilli(), e.Order, e.About)
	case event.HolderNoticeDeferred:
		return exec("UPDATE notices SET deferred = ? WHERE ord = ? AND about = ?", e.Until.UnixMilli(), e.Order, e.About)
	}
	return nil
}

// takeOver hands what the holder is owed about telephone or paper orders over to the
// order that was carried out in their place, with what he was told of them: the one
// that it names, and those that it names not.
func takeOver(ctx context.Context, tx *sql.Tx, order identity.OrderID, others []identity.RegistrationID) error {
	var named identity.RegistrationID
	err := tx.QueryRowContext(ctx, "SELECT registration FROM followed WHERE ord = ?", order).Scan(&named)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("take a notice over: %w", err)
	default:
		others = append(slices.Clip(others), named)
	}
	for _, registration := range others {
		if err := takeOne(ctx, tx, order, registration); err != nil {
			return err
		}
	}
	return nil
}

func takeOne(ctx context.Context, tx *sql.Tx, order identity.OrderID, registration identity.RegistrationID) error {
	var told, deferred int64
	err := tx.QueryRowContext(ctx, "DELETE FROM notices WHERE about = ? AND ord = ? RETURNING told, deferred", domain.AboutMeasure, registration).Scan(&told, &deferred)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("take a notice over: %w", err)
	}
	return execIn(ctx, tx)("UPDATE notices SET told = max(told, ?), deferred = max(deferred, ?) WHERE ord = ? AND about = ?", told, deferred, order, domain.AboutMeasure)
}

func execIn(ctx context.Context, tx *sql.Tx) func(string, ...any) error {
	return func(query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
}

// Objection is one objection in the list.
type Objection struct {
	ID       identity.ObjectionID
	Position eventlog.Position
	Account  identity.AccountID
	Order    identity.OrderID
	// Protective is the protective stop it is against, instead of account and order.
	Protective identity.ProtectiveID
	Case       identity.CaseID
	Unit       identity.Unit
	Grounds    string
	Channel    string
	Filed      time.Time
	Due        time.Time
	Accepted   time.Time
	Overdue    bool
	Outcome    string
	Reason     string
	Decided    time.Time
}

// Objections lists objections, open or decided, oldest first after a position;
// of one unit unless it is "".
func (v Remedies) Objections(ctx context.Context, open bool, unit identity.Unit, after eventlog.Position, limit int) ([]Objection, error) {
	query := "SELECT id, position, account, ord, protective, kase, unit, grounds, channel, filed, due, accepted, overdue, outcome, reason, decided FROM objections " +
		"WHERE (outcome = '') = ? AND position > ? AND (? = '' OR unit = ?) ORDER BY position LIMIT ?"
	return view.List(ctx, v.DB(), func(scan view.Scan) (o Objection, err error) {
		var filed, due, accepted, decided int64
		err = scan(&o.ID, &o.Position, &o.Account, &o.Order, &o.Protective, &o.Case, &o.Unit, &o.Grounds, &o.Channel, &filed, &due, &accepted, &o.Overdue, &o.Outcome, &o.Reason, &decided)
		o.Filed, o.Due, o.Accepted, o.Decided = moment(filed), moment(due), moment(accepted), moment(decided)
		return o, err
	}, query, open, after, unit, unit, limit)
}

// Notice is one thing that a holder is owed.
type Notice struct {
	Order    identity.OrderID
	About    string
	Position eventlog.Position
	Account  identity.AccountID
	Case     identity.CaseID
	Since    time.Time
	Deferred time.Time
}

// Untold lists what holders have not been told at a time: what is missing, or
// what was put off until later.
func (v Remedies) Untold(ctx context.Context, deferred bool, at time.Time, after eventlog.Position, limit int) ([]Notice, error) {
	query := "SELECT ord, about, position, account, kase, since, deferred FROM notices " +
		"WHERE told = 0 AND (deferred > ?) = ? AND position > ? ORDER BY position LIMIT ?"
	return view.List(ctx, v.DB(), func(scan view.Scan) (n Notice, err error) {
		var since, until int64
		err = scan(&n.Order, &n.About, &n.Position, &n.Account, &n.Case, &since, &until)
		n.Since, n.Deferred = moment(since), moment(until)
		return n, err
	}, query, at.UnixMilli(), deferred, after, limit)
}

// WrongStop is one measure that should not have been.
type WrongStop struct {
	Order       identity.OrderID
	Position    eventlog.Position
	Account     identity.AccountID
	Case        identity.CaseID
	Objection   identity.ObjectionID
	Cause       string
	Damage      money.Fen
	Responsible identity.Unit
	Follow      []string
	At          time.Time
}

// WrongStops lists them, found from a time up to and without another, oldest
// first after a position.
func (v Remedies) WrongStops(ctx context.Context, from, to time.Time, after eventlog.Position, limit int) ([]WrongStop, error) {
	query := "SELECT ord, position, account, kase, objection, cause, damage, responsible, follow, at FROM wrong_stops " +
		"WHERE at >= ? AND at < ? AND position > ? ORDER BY position LIMIT ?"
	return view.List(ctx, v.DB(), func(scan view.Scan) (w WrongStop, err error) {
		var at int64
		var follow string
		if err = scan(&w.Order, &w.Position, &w.Account, &w.Case, &w.Objection, &w.Cause, &w.Damage, &w.Responsible, &follow, &at); err != nil {
			return w, err
		}
		w.At = moment(at)
		err = json.Unmarshal([]byte(follow), &w.Follow)
		return w, err
	}, query, from.UnixMilli(), to.UnixMilli(), after, limit)
}

// Total is a number of wrong stops of one cause with their damage.
type Total struct {
	Cause  string
	Count  int
	Damage money.Fen
}

// WrongTotals adds the wrong stops of a period up by cause, from the events
// themselves.
func (v Remedies) WrongTotals(ctx context.Context, from, to time.Time) ([]Total, error) {
	return view.List(ctx, v.DB(), func(scan view.Scan) (t Total, err error) {
		err = scan(&t.Cause, &t.Count, &t.Damage)
		return t, err
	}, "SELECT cause, COUNT(*), SUM(damage) FROM wrong_stops WHERE at >= ? AND at < ? GROUP BY cause ORDER BY cause", from.UnixMilli(), to.UnixMilli())
}

// Disproportion is a measure that holds much more than was traced.
type Disproportion struct {
	Order        identity.OrderID
	Position     eventlog.Position
	Account      identity.AccountID
	Case         identity.CaseID
	Held         money.Fen
	Attributable money.Fen
	At           time.Time
}

// Disproportions lists those that still stand, oldest first after a position.
func (v Remedies) Disproportions(ctx context.Context, after eventlog.Position, limit int) ([]Disproportion, error) {
	return view.List(ctx, v.DB(), func(scan view.Scan) (d Disproportion, err error) {
		var at int64
		err = scan(&d.Order, &d.Position, &d.Account, &d.Case, &d.Held, &d.Attributable, &at)
		d.At = moment(at)
		return d, err
	}, "SELECT ord, position, account, kase, held, attributable, at FROM disproportions WHERE open = 1 AND position > ? ORDER BY position LIMIT ?", after, limit)
}

// moment reads a stored time; 0 is none.
func moment(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
