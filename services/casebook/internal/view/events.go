// Package view indexes every event of every service by the case it belongs to.
package view

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/view"
)

// known is when an event became known: the latest recordedAt of its stream up
// to and including it, so that what is known of a stream at any instant has no
// gap, even where two machines' clocks differ. Both are nanoseconds since 1970,
// UTC. histories says which streams belong to a case, and since when. concerns
// says it of single events of the streams that serve many cases: those that name
// (mentions) what belongs to a case (ties), since both are known.
const schema = `CREATE TABLE events (
	position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
	case_id TEXT NOT NULL, recorded INTEGER NOT NULL, known INTEGER NOT NULL, data BLOB NOT NULL, meta BLOB NOT NULL);
	CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
	CREATE INDEX events_by_position ON events (stream, position, known, recorded);
	CREATE INDEX streams ON events (position, stream, known) WHERE revision = 0;
	CREATE TABLE histories (case_id TEXT NOT NULL, stream TEXT NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (case_id, stream)) WITHOUT ROWID;
	CREATE TABLE ties (name TEXT NOT NULL, case_id TEXT NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (name, case_id)) WITHOUT ROWID;
	CREATE INDEX ties_by_case ON ties (case_id);
	CREATE TABLE mentions (name TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (name, position)) WITHOUT ROWID;
	CREATE TABLE concerns (case_id TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (case_id, position)) WITHOUT ROWID`

// Histories (卷宗) are the histories of all cases.
type Histories struct {
	*view.View
	log *eventlog.Log
}

// categories are the beginnings of the names of all streams that are indexed.
func categories() []string {
	all := kinds()
	for n, kind := range all {
		all[n] = kind + "-"
	}
	return all
}

// Open opens the index.
func Open(ctx context.Context, city service.City) (Histories, error) {
	v, err := view.Open(ctx, city.Log, view.Config{
		Path: city.ViewPath("casebook"), Schema: schema, Prefixes: categories(), Logger: city.Logger,
		Apply: func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
			return apply(ctx, tx, r, city.Logger)
		},
	})
	return Histories{v, city.Log}, err
}

// apply keeps one event, whatever state it is in: an event that cannot be read
// stays in the history, where the chain of hashes tells what is wrong with it.
func apply(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, logger *slog.Logger) error {
	var meta es.Meta
	if err := json.Unmarshal(r.Meta, &meta); err != nil {
		logger.Error("an event's metadata cannot be read", slog.String("stream", r.Stream), slog.Uint64("revision", r.Revision))
	}
	if meta.RecordedAt.IsZero() {
		meta.RecordedAt = r.Created
	}
	recorded := meta.RecordedAt.UnixNano()
	known, err := knownAt(ctx, tx, r, recorded)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO events (position, stream, revision, type, id, case_id, recorded, known, data, meta)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Position, r.Stream, r.Revision, r.Type, r.ID.String(), meta.Correlation, recorded, known, bytesOf(r.Data), bytesOf(r.Meta)); err != nil {
		return err
	}
	return writer{tx, r, known, logger}.file(ctx, meta.Correlation)
}

func knownAt(ctx context.Context, tx *sql.Tx, r eventlog.Recorded, recorded int64) (int64, error) {
	if r.Revision == 0 {
		return recorded, nil
	}
	var before int64
	err := tx.QueryRowContext(ctx, "SELECT known FROM events WHERE stream = ? AND revision < ? ORDER BY revision DESC LIMIT 1", r.Stream, r.Revision).Scan(&before)
	if errors.Is(err, sql.ErrNoRows) {
		return recorded, nil // its predecessors have been truncated
	}
	return max(before, recorded), err
}

// bytesOf keeps an empty value from becoming NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Row is one event of a history.
type Row struct {
	Position eventlog.Position
	Stream   string
	Revision uint64
	Type     string
	ID       string
	Recorded time.Time
	Data     []byte
	Meta     []byte
	// Own tells whether the event belongs to what was asked for. The others of its
	// stream are there as links of the chain only.
	Own bool
}

// Amounts tells whether the stream is one that a case's amounts can stand in.
func (r Row) Amounts() bool {
	kind, _ := kindOf(r.Stream)
	return !beside(kind)
}

// ErrBeyond tells of a position that the log does not have yet.
var ErrBeyond = errors.New("the log does not reach up to there")

// Wait returns once the view has seen all of the log that an earlier reader
// can have seen (after), and, if latest is set, all that the log has by now. For
// what nobody can have seen it does not wait: that is [ErrBeyond].
func (h Histories) Wait(ctx context.Context, after eventlog.Position, latest bool) error {
	if at, _ := h.Position(); after > at {
		_, end, err := h.last(ctx, nil)
		if err != nil {
			return err
		}
		if after > end {
			return ErrBeyond
		}
	}
	if latest {
		last, _, err := h.last(ctx, categories())
		if err != nil {
			return err
		}
		after = max(after, last)
	}
	for {
		changed := h.Changed()
		at, caughtUp := h.Position()
		if at >= after && caughtUp {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the history has not been read up to there: %w", ctx.Err())
		}
	}
}

// last is the place of the newest event that the view has not read, in the
// streams with one of the prefixes or without any in all, and end how far the
// log has been read for it.
func (h Histories) last(ctx context.Context, prefixes []string) (last, end eventlog.Position, err error) {
	const page = 1000
	at, _ := h.Position()
	for {
		events, next, err := h.log.ReadAll(ctx, at, prefixes, page)
		if err != nil {
			return last, at, err
		}
		if len(events) > 0 {
			last = events[len(events)-1].Position
		}
		if len(events) < page {
			return last, next, nil
		}
		at = next
	}
}
