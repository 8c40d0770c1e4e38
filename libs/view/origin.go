package view

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

const (
	// lookWithin bounds the look-up of an event that the view has only passed.
	lookWithin = 3 * time.Second
	// askAgain is the pause before a log that is away is asked again.
	askAgain = time.Second
)

// mark is a place in the log and which event lies there. The log grows at its end
// only, so that two logs with the same event at the same place, taken at the same
// moment, are the same up to there.
type mark struct {
	at    eventlog.Position // Start: no place
	event string
}

func markOf(r eventlog.Recorded) mark {
	return mark{r.Position, fmt.Sprintf("%s %d", r.ID, r.Created.UnixNano())}
}

// progress is how far a view has folded the log. A position alone would not do: a
// log restored from a backup has other events, or none, behind the restored ones.
type progress struct {
	folded mark // the last event folded in
	passed mark // an event behind it that was passed over, so that a restart need not begin at folded
}

func (p progress) at() eventlog.Position { return max(p.folded.at, p.passed.at) }

// table holds one row, the progress.
const table = `CREATE TABLE position (folded INTEGER NOT NULL, event TEXT NOT NULL, passed INTEGER NOT NULL, passed_event TEXT NOT NULL);
	INSERT INTO position VALUES (0, '', 0, '')`

func load(ctx context.Context, db *sql.DB) (p progress, err error) {
	row := db.QueryRowContext(ctx, "SELECT folded, event, passed, passed_event FROM position")
	return p, row.Scan(&p.folded.at, &p.folded.event, &p.passed.at, &p.passed.event)
}

func (p progress) save(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE position SET folded = ?, event = ?, passed = ?, passed_event = ?",
		p.folded.at, p.folded.event, p.passed.at, p.passed.event)
	return err
}

// settle makes sure that the rows come from this log before more is folded in: it
// goes back to the last place that is proven, and grows the view anew if what was
// folded in is not in the log. It waits for a log that is away.
func (v *View) settle(ctx context.Context) error {
	for asked := false; ; asked = true {
		err := v.prove(ctx)
		if !errors.Is(err, eventlog.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		if !asked {
			v.warn(ctx, "the view cannot be compared with the log yet, trying again", slog.Any("error", err))
		}
		timer := time.NewTimer(askAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (v *View) prove(ctx context.Context) error {
	p, err := load(ctx, v.edit) // the file knows best: a commit may have been cut off after it was made
	if err != nil {
		return err
	}
	for _, m := range []mark{p.passed, p.folded} { // the first that is proven proves all before it
		ok, err := v.holds(ctx, m)
		if err != nil {
			return err
		}
		if ok {
			if m != p.passed {
				p.passed = mark{} // nothing is lost: what lies behind folded is passed over again
			}
			v.moved(p)
			return nil
		}
	}
	if p.folded.at == eventlog.Start {
		v.moved(progress{}) // nothing was folded in: begin again
		return nil
	}
	v.warn(ctx, "the log does not hold the last event of the view: it was restored, replaced or scavenged there; the view grows anew",
		slog.Uint64("position", uint64(p.folded.at)))
	return v.regrow(ctx)
}

// holds tells whether the log has the event of the mark at its place. That there is
// none proves nothing, and counts as no: to fold all again is never wrong.
func (v *View) holds(ctx context.Context, m mark) (bool, error) {
	if m.at == eventlog.Start {
		return false, nil
	}
	r, err := v.log.At(ctx, m.at)
	switch {
	case errors.Is(err, eventlog.ErrBeyond), errors.Is(err, eventlog.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	return markOf(r) == m, nil
}

// regrow empties the view in one transaction; its readers see all or nothing.
func (v *View) regrow(ctx context.Context) error {
	tx, err := v.edit.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("empty view: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it is a no-op
	names, err := tables(ctx, tx)
	if err != nil {
		return fmt.Errorf("empty view: %w", err)
	}
	for _, name := range names { // their indexes go with them
		if _, err := tx.ExecContext(ctx, `DROP TABLE "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			return fmt.Errorf("empty view: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, v.cfg.Schema+";"+table); err != nil {
		return fmt.Errorf("empty view: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("empty view: %w", err)
	}
	v.moved(progress{})
	return nil
}

func tables(ctx context.Context, tx *sql.Tx) (names []string, err error) {
	found, err := tx.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }() // its error shows in Err
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, found.Err()
}

// passing is the mark of an event that was passed over; before, if it cannot be told.
func (v *View) passing(ctx context.Context, at eventlog.Position, before mark) mark {
	if at <= before.at {
		return before
	}
	bounded, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	r, err := v.log.At(bounded, at)
	if err != nil {
		return before
	}
	return markOf(r)
}

func (v *View) warn(ctx context.Context, text string, attrs ...slog.Attr) {
	if v.cfg.Logger != nil {
		v.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, text, append(attrs, slog.String("view", v.cfg.Path))...)
	}
}
