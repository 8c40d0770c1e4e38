package view

import (
	"context"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// Extent is how far a case's history reaches at an instant.
type Extent struct {
	At       time.Time         // the instant; if none was asked for, when the last event was recorded
	Position eventlog.Position // of the last event; Start if there is none
}

// members selects the events of the streams that belong to a case, as known at
// an instant. Its parameters are the case, the instant and the instant.
const members = `FROM histories h JOIN events e ON e.stream = h.stream WHERE h.case_id = ? AND h.known <= ? AND e.known <= ?`

// Extent tells how far the history of a case reaches at the given instant; the
// zero instant means all that is known.
func (h Histories) Extent(ctx context.Context, id string, at time.Time) (Extent, error) {
	limit := instant(at)
	var position eventlog.Position
	var last int64
	row := h.DB().QueryRowContext(ctx, "SELECT coalesce(max(e.position), 0), coalesce(max(e.known), 0) "+members, id, limit, limit)
	if err := row.Scan(&position, &last); err != nil {
		return Extent{}, fmt.Errorf("extent of a history: %w", err)
	}
	if at.IsZero() {
		at = time.Unix(0, last)
	}
	return Extent{At: at.UTC(), Position: position}, nil
}

// Each gives each the events of a case within the extent and after the given
// position, in log order, at most limit of them, until it says stop.
func (h Histories) Each(ctx context.Context, id string, within Extent, after eventlog.Position, limit int, each func(Row) (more bool)) error {
	at := instant(within.At)
	// The places are sorted before the contents are read.
	rows, err := h.DB().QueryContext(ctx, `SELECT position, stream, revision, type, id, case_id, recorded, data, meta FROM events
		WHERE position IN (SELECT e.position `+members+` AND e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?) ORDER BY position`,
		id, at, at, after, within.Position, limit)
	if err != nil {
		return fmt.Errorf("read a history: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var r Row
		var recorded int64
		if err := rows.Scan(&r.Position, &r.Stream, &r.Revision, &r.Type, &r.ID, &r.Case, &recorded, &r.Data, &r.Meta); err != nil {
			return fmt.Errorf("read a history: %w", err)
		}
		r.Recorded = time.Unix(0, recorded).UTC()
		if !each(r) {
			return nil
		}
	}
	return rows.Err()
}

// instant writes a time as the view keeps it; the zero time is after all.
func instant(at time.Time) int64 {
	const last = 1<<63 - 1
	switch {
	case at.IsZero() || at.Year() > 2261:
		return last
	case at.Year() < 1678:
		return 0
	}
	return at.UnixNano()
}
