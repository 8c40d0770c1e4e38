package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// Kinds of streams that need more than their events' own correlation.
const (
	alertKind      = "alert"
	accountKind    = "account"
	approvalKind   = "approval"
	protectiveKind = "protective"
	shieldKind     = "shield"
	bankKind       = "bank"
)

// kinds are all kinds of streams that are indexed: those of the aggregates of all
// services, the ones with a chain of hashes.
func kinds() []string {
	return []string{"case", alertKind, "pursuit", accountKind, "refund", approvalKind, protectiveKind, shieldKind, bankKind}
}

// kindOf is the kind of a stream, and what it is about.
func kindOf(stream string) (kind, id string) {
	kind, id, _ = strings.Cut(stream, "-")
	return kind, id
}

// beside tells of a kind whose streams serve many cases at once: a bank's, an own
// account's, a unit's approvals. A single event of them concerns a case, if it
// names what belongs to one.
func beside(kind string) bool {
	return slices.Contains([]string{approvalKind, shieldKind, bankKind}, kind)
}

// whole tells of a stream that belongs to a history with all of its events,
// however they are correlated: an alert has no case at first, a protective stop
// need not have any.
func whole(stream string) bool {
	kind, _ := kindOf(stream)
	return kind == alertKind || kind == protectiveKind
}

// brief is what ties an event to a case, whatever event it stands in.
type brief struct {
	Case       string `json:"case"`
	Alert      string `json:"alert"`
	Order      string `json:"order"`
	Approval   string `json:"approval"`
	Standing   string `json:"standing"`
	Protective string `json:"protective"`
	Accounts   []struct {
		Order string `json:"order"`
	} `json:"accounts"` // of a protective stop
}

// telling tells of an event that has a brief.
func telling(kind, name string) bool {
	switch kind {
	case alertKind:
		return name == "payment-discovered.v1"
	case accountKind:
		return strings.HasSuffix(name, "-requested.v1") || name == "stop-approved.v1"
	}
	return kind == protectiveKind || beside(kind)
}

// names are those by which the event speaks of what can belong to a case.
func (b brief) names() []string {
	var all []string
	add := func(kind, id string) {
		if id != "" {
			all = append(all, kind+":"+id)
		}
	}
	add(protectiveKind, b.Protective)
	add(approvalKind, b.Approval)
	add("order", b.Order)
	for _, a := range b.Accounts {
		add("order", a.Order)
	}
	return all
}

// owner is a history that something belongs to, and since when that is known.
type owner struct {
	id    string
	known int64
}

// writer files one event.
type writer struct {
	tx     *sql.Tx
	r      eventlog.Recorded
	known  int64
	logger *slog.Logger
}

func (w writer) exec(ctx context.Context, query string, args ...any) error {
	_, err := w.tx.ExecContext(ctx, query, args...)
	return err
}

// file puts the event into the histories it belongs to.
func (w writer) file(ctx context.Context, correlation string) error {
	kind, id := kindOf(w.r.Stream)
	b := w.brief(kind)
	switch {
	case beside(kind):
		return w.mention(ctx, correlation, b.names())
	case kind == protectiveKind:
		return w.protective(ctx, id, correlation, b)
	case correlation == "":
		return nil
	}
	own := owner{correlation, w.known}
	if err := w.member(ctx, own); err != nil {
		return err
	}
	switch kind {
	case alertKind:
		return w.opened(ctx, id, b.Case)
	case accountKind:
		return w.ordered(ctx, own, b)
	}
	return nil
}

// brief reads the event, if it has something to tell. What cannot be read ties
// nothing; the event stays in its stream, where the chain of hashes tells what is
// wrong with it.
func (w writer) brief(kind string) brief {
	var b brief
	if !telling(kind, w.r.Type) {
		return b
	}
	if err := json.Unmarshal(w.r.Data, &b); err != nil {
		w.logger.Error("an event cannot be read", slog.String("stream", w.r.Stream), slog.Uint64("revision", w.r.Revision))
		return brief{}
	}
	return b
}

// member makes the event's stream part of a history.
func (w writer) member(ctx context.Context, of owner) error {
	return w.exec(ctx, "INSERT OR IGNORE INTO histories (case_id, stream, known) VALUES (?, ?, ?)", of.id, w.r.Stream, of.known)
}

// ordered keeps which case an order belongs to. A standing approval under which a
// stop was approved concerns the case as far as it had come by then: what becomes
// of it later is no longer a part of the case.
func (w writer) ordered(ctx context.Context, of owner, b brief) error {
	if b.Standing != "" {
		return w.concern(ctx, approvalKind+":"+b.Standing, of)
	}
	for _, name := range b.names() {
		if err := w.tie(ctx, name, of); err != nil {
			return err
		}
	}
	return nil
}

// protective files an event of a protective stop, which is a history of its own
// and part of those of its case, its alert and the case that this has led to.
func (w writer) protective(ctx context.Context, id, correlation string, b brief) error {
	name := protectiveKind + ":" + id
	of := []owner{{id, w.known}, {correlation, w.known}, {b.Case, w.known}, {b.Alert, w.known}}
	led, err := w.owners(ctx, alertKind+":"+b.Alert)
	if err != nil {
		return err
	}
	for _, o := range append(of, led...) {
		if o.id == "" {
			continue
		}
		if err := w.tie(ctx, name, o); err != nil {
			return err
		}
	}
	if of, err = w.owners(ctx, name); err != nil {
		return err
	}
	for _, o := range of {
		o.known = max(o.known, w.known)
		if err := w.member(ctx, o); err != nil {
			return err
		}
		for _, order := range b.names() {
			if err := w.tie(ctx, order, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// opened makes all that belongs to an alert part of the case it has led to.
func (w writer) opened(ctx context.Context, alert, id string) error {
	if id == "" {
		return nil
	}
	led := owner{id, w.known}
	if err := w.member(ctx, led); err != nil {
		return err
	}
	for _, statement := range []string{
		"INSERT OR IGNORE INTO histories (case_id, stream, known) SELECT ?2, stream, max(known, ?3) FROM histories WHERE case_id = ?1",
		"INSERT OR IGNORE INTO ties (name, case_id, known) SELECT name, ?2, max(known, ?3) FROM ties WHERE case_id = ?1",
		"INSERT OR IGNORE INTO concerns (case_id, position, stream, known) SELECT ?2, position, stream, max(known, ?3) FROM concerns WHERE case_id = ?1",
	} {
		if err := w.exec(ctx, statement, alert, led.id, led.known); err != nil {
			return err
		}
	}
	return w.tie(ctx, alertKind+":"+alert, led)
}

// owners are the histories that a name belongs to.
func (w writer) owners(ctx context.Context, name string) ([]owner, error) {
	rows, err := w.tx.QueryContext(ctx, "SELECT case_id, known FROM ties WHERE name = ?", name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	var all []owner
	for rows.Next() {
		var o owner
		if err := rows.Scan(&o.id, &o.known); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// tie makes a name belong to a history: what has been said of it by now, and what
// will be.
func (w writer) tie(ctx context.Context, name string, to owner) error {
	if err := w.exec(ctx, "INSERT OR IGNORE INTO ties (name, case_id, known) VALUES (?, ?, ?)", name, to.id, to.known); err != nil {
		return err
	}
	return w.concern(ctx, name, to)
}

// concern makes what has been said of a name by now concern a history, since both
// are known.
func (w writer) concern(ctx context.Context, name string, to owner) error {
	return w.exec(ctx, `INSERT OR IGNORE INTO concerns (case_id, position, stream, known)
		SELECT ?, position, stream, max(known, ?) FROM mentions WHERE name = ?`, to.id, to.known, name)
}

// mention files an event that concerns the histories its names belong to, and the
// one it was correlated to.
func (w writer) mention(ctx context.Context, correlation string, names []string) error {
	for _, name := range names {
		if err := w.exec(ctx, "INSERT INTO mentions (name, position, stream, known) VALUES (?, ?, ?, ?)", name, w.r.Position, w.r.Stream, w.known); err != nil {
			return err
		}
		if err := w.exec(ctx, `INSERT OR IGNORE INTO concerns (case_id, position, stream, known)
			SELECT case_id, ?, ?, max(known, ?) FROM ties WHERE name = ?`, w.r.Position, w.r.Stream, w.known, name); err != nil {
			return err
		}
	}
	if correlation == "" {
		return nil
	}
	return w.exec(ctx, "INSERT OR IGNORE INTO concerns (case_id, position, stream, known) VALUES (?, ?, ?, ?)", correlation, w.r.Position, w.r.Stream, w.known)
}
