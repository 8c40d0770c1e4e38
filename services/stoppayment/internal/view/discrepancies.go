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
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
)

const banksSchema = `CREATE TABLE orders (id TEXT PRIMARY KEY, bank TEXT NOT NULL, asked INTEGER NOT NULL, undelivered INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
	CREATE INDEX orders_undelivered ON orders (bank) WHERE undelivered = 1;
	CREATE TABLE accounts (id TEXT PRIMARY KEY, bank TEXT NOT NULL) WITHOUT ROWID;
	CREATE TABLE banks (code TEXT PRIMARY KEY, since INTEGER NOT NULL DEFAULT 0, cause TEXT NOT NULL DEFAULT '', answered INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
	CREATE TABLE discrepancies (position INTEGER PRIMARY KEY, kind TEXT NOT NULL, bank TEXT NOT NULL, kase TEXT NOT NULL, account TEXT NOT NULL, event BLOB NOT NULL);
	CREATE INDEX discrepancies_by_bank ON discrepancies (bank, position);
	CREATE INDEX discrepancies_by_case ON discrepancies (kase, position)`

// Banks (银行往来) is what does not fit in what banks say, and how each of them
// can be reached.
type Banks struct{ *view.View }

// What a discrepancy can be.
const (
	Differs         = "bank-discrepancy" // an answer, or a statement, does not fit
	Stray           = "stray-answer"     // an answer to what is not the bank's to answer
	StraysDropped   = "strays-dropped"   // more of them came than are kept one by one
	DeliveryFailed  = "delivery-failed"  // the machine channel cannot deliver an order
	accountPrefix   = "account-"
	protectedPrefix = "protective-"
	bankPrefix      = "bank-"
	requestedSuffix = "-requested.v1"
)

// Discrepancy (差异) is one finding.
type Discrepancy struct {
	Position eventlog.Position
	Kind     string
	Bank     identity.BankCode // "" if not known
	Case     identity.CaseID   // "" of what belongs to no account
	Account  identity.AccountID
	Event    event.Event
}

// Reach is how a bank can be reached.
type Reach struct {
	UnreachableSince time.Time // zero: its machine takes orders, or it has none
	Cause            string
	AnsweredAt       time.Time // its last answer; zero if there was none
	Undelivered      int       // open orders that the machine channel could not deliver
}

// OpenBanks opens the list.
func OpenBanks(ctx context.Context, city service.City) (Banks, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("stoppayment-banks"), Schema: banksSchema, Prefixes: []string{accountPrefix, protectedPrefix, bankPrefix}, Logger: city.Logger,
		Apply: banksFold{codec: event.Codecs()}.apply, Linger: linger,
	})
	return Banks{v}, err
}

// answers are the events that only a bank's answer brings about.
func answers(name string) bool {
	switch name {
	case "stop-executed.v1", "stop-failed.v1", "stop-answer-corrected.v1", "stop-narrowed.v1", "stop-raised.v1", "lift-failed.v1",
		"freeze-executed.v1", "freeze-queued.v1", "freeze-failed.v1", "freeze-renewed.v1", "freeze-lifted.v1", "freeze-partially-released.v1",
		"freeze-follow-up-failed.v1", "account-query-answered.v1", "statement-received.v1":
		return true
	}
	return false
}

// brief is what an event of an account says of the order it is about.
type brief struct {
	Order   string    `json:"order"`
	Account ref       `json:"account"`
	At      time.Time `json:"at"`
	Source  struct {
		To ref `json:"to"`
	} `json:"source"`
	Accounts []struct { // of a protective stop
		Order   string `json:"order"`
		Account ref    `json:"account"`
	} `json:"accounts"`
}

type ref struct {
	ID   string `json:"id"`
	Bank string `json:"bank"`
}

type banksFold struct{ codec event.Codec[event.Event] }

// apply folds one event in. Most events of an account concern nothing here and
// are not even decoded.
func (f banksFold) apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
	var meta es.Meta
	if err := json.Unmarshal(r.Meta, &meta); err != nil {
		return err
	}
	w := banksWriter{tx, r, meta}
	account, ofAccount := strings.CutPrefix(r.Stream, accountPrefix)
	switch {
	case strings.HasSuffix(r.Type, requestedSuffix), r.Type == "inflow-traced.v1":
		return w.asked(ctx)
	case r.Type == "order-sent.v1":
		return w.delivered(ctx, false)
	case r.Type == "bank-discrepancy-found.v1":
		return w.found(ctx, Differs, account)
	case r.Type == "order-delivery-failed.v1":
		if err := w.delivered(ctx, true); err != nil {
			return err
		}
		return w.found(ctx, DeliveryFailed, account)
	case ofAccount && answers(r.Type):
		return w.answered(ctx, account)
	case !strings.HasPrefix(r.Stream, bankPrefix):
		return nil
	}
	e, err := f.codec.Decode(r.Type, r.Data)
	if errors.Is(err, event.ErrUnknown) {
		return nil // newer than this build: the list does without it
	}
	if err != nil {
		return err
	}
	switch e := e.(type) {
	case event.BankUnreachable:
		return w.exec(ctx, "INSERT INTO banks (code, since, cause) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET since = excluded.since, cause = excluded.cause", e.Bank, e.At.UnixMilli(), e.Cause)
	case event.BankReachable:
		return w.exec(ctx, "UPDATE banks SET since = 0, cause = '' WHERE code = ?", e.Bank)
	case event.StrayAnswerReceived:
		return w.insert(ctx, Stray, e.Bank, "")
	case event.StrayAnswersDropped:
		return w.insert(ctx, StraysDropped, e.Bank, "")
	}
	return nil
}

type banksWriter struct {
	tx   *sql.Tx
	r    eventlog.Recorded
	meta es.Meta
}

func (w banksWriter) exec(ctx context.Context, query string, args ...any) error {
	_, err := w.tx.ExecContext(ctx, query, args...)
	return err
}

// asked keeps which bank an order and an account belong to.
func (w banksWriter) asked(ctx context.Context) error {
	var b brief
	if err := json.Unmarshal(w.r.Data, &b); err != nil {
		return err
	}
	for _, a := range b.Accounts {
		if err := w.order(ctx, a.Order, a.Account, b.At); err != nil {
			return err
		}
	}
	if w.r.Type == "inflow-traced.v1" {
		return w.order(ctx, "", b.Source.To, b.At)
	}
	return w.order(ctx, b.Order, b.Account, b.At)
}

func (w banksWriter) order(ctx context.Context, id string, account ref, at time.Time) error {
	if account.ID == "" {
		return nil // not about an account
	}
	if err := w.exec(ctx, "INSERT OR IGNORE INTO accounts VALUES (?, ?)", account.ID, account.Bank); err != nil || id == "" {
		return err
	}
	return w.exec(ctx, "INSERT OR IGNORE INTO orders (id, bank, asked) VALUES (?, ?, ?)", id, account.Bank, at.UnixMilli())
}

func (w banksWriter) delivered(ctx context.Context, failed bool) error {
	var b brief
	if err := json.Unmarshal(w.r.Data, &b); err != nil {
		return err
	}
	return w.exec(ctx, "UPDATE orders SET undelivered = ? WHERE id = ?", failed, b.Order)
}

func (w banksWriter) answered(ctx context.Context, account string) error {
	var b brief
	if err := json.Unmarshal(w.r.Data, &b); err != nil {
		return err
	}
	if err := w.exec(ctx, "UPDATE orders SET undelivered = 0 WHERE id = ? AND undelivered = 1", b.Order); err != nil {
		return err
	}
	return w.exec(ctx, "INSERT INTO banks (code, answered) SELECT bank, ? FROM accounts WHERE id = ? ON CONFLICT DO UPDATE SET answered = excluded.answered", w.meta.OccurredAt.UnixMilli(), account)
}

// found keeps a finding on an account; its case is the one that the command
// belonged to.
func (w banksWriter) found(ctx context.Context, kind, account string) error {
	var bank identity.BankCode
	if err := w.tx.QueryRowContext(ctx, "SELECT coalesce((SELECT bank FROM accounts WHERE id = ?), '')", account).Scan(&bank); err != nil {
		return err
	}
	return w.insert(ctx, kind, bank, account)
}

func (w banksWriter) insert(ctx context.Context, kind string, bank identity.BankCode, account string) error {
	stored, err := json.Marshal(map[string]json.RawMessage{w.r.Type: w.r.Data})
	if err != nil {
		return err
	}
	of := ""
	if account != "" {
		of = w.meta.Correlation
	}
	return w.exec(ctx, "INSERT INTO discrepancies VALUES (?, ?, ?, ?, ?, ?)", w.r.Position, kind, bank, of, account, stored)
}

// Discrepancies lists what was found, newest first, before a position; of one
// bank, of one case, or of all.
func (b Banks) Discrepancies(ctx context.Context, code identity.BankCode, of identity.CaseID, before eventlog.Position, limit int) ([]Discrepancy, error) {
	query, args := "SELECT position, kind, bank, kase, account, event FROM discrepancies WHERE 1", []any{}
	where := func(condition string, arg any) { query, args = query+" AND "+condition, append(args, arg) }
	if code != "" {
		where("bank = ?", code)
	}
	if of != "" {
		where("kase = ?", of)
	}
	if before != eventlog.Start {
		where("position < ?", before)
	}
	codec := event.Codecs()
	return view.List(ctx, b.DB(), func(scan view.Scan) (d Discrepancy, err error) {
		var stored []byte
		if err = scan(&d.Position, &d.Kind, &d.Bank, &d.Case, &d.Account, &stored); err != nil {
			return d, err
		}
		var named map[string]json.RawMessage
		if err = json.Unmarshal(stored, &named); err != nil {
			return d, err
		}
		for name, data := range named { // one
			d.Event, err = codec.Decode(name, data)
		}
		return d, err
	}, query+" ORDER BY position DESC LIMIT ?", append(args, limit)...)
}

// Reached tells how each bank can be reached of which anything is known.
func (b Banks) Reached(ctx context.Context) (map[identity.BankCode]Reach, error) {
	reached := map[identity.BankCode]Reach{}
	err := view.Each(ctx, b.DB(), func(scan view.Scan) error {
		var code identity.BankCode
		var since, answered int64
		var r Reach
		err := scan(&code, &since, &r.Cause, &answered)
		r.UnreachableSince, r.AnsweredAt = moment(since), moment(answered)
		reached[code] = r
		return err
	}, "SELECT code, since, cause, answered FROM banks")
	if err != nil {
		return nil, fmt.Errorf("list banks: %w", err)
	}
	err = view.Each(ctx, b.DB(), func(scan view.Scan) error {
		var code identity.BankCode
		var count int
		err := scan(&code, &count)
		r := reached[code]
		r.Undelivered = count
		reached[code] = r
		return err
	}, "SELECT bank, count(*) FROM orders WHERE undelivered = 1 GROUP BY bank")
	if err != nil {
		return nil, fmt.Errorf("list banks: %w", err)
	}
	return reached, nil
}

// Asked tells when an order was asked for; zero if the list does not know it.
func (b Banks) Asked(ctx context.Context, id identity.OrderID) (time.Time, error) {
	var at int64
	if err := b.DB().QueryRowContext(ctx, "SELECT coalesce((SELECT asked FROM orders WHERE id = ?), 0)", id).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("find order: %w", err)
	}
	return moment(at), nil
}
