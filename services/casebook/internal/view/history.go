package view

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// Extent is how far a history reaches at an instant.
type Extent struct {
	At       time.Time         // the instant; if none was asked for, when the last event was recorded
	Position eventlog.Position // of the last event; Start if there is none
}

// members selects the events of a case, ?1, as known at an instant, ?2: those of
// the streams that belong to it, and those of the others up to the last that
// concerns it, as a chain verifies from its first event only.
const members = `(SELECT stream, 9223372036854775807 AS upto FROM histories WHERE case_id = ?1 AND known <= ?2
	UNION ALL SELECT stream, max(position) FROM concerns WHERE case_id = ?1 AND known <= ?2 GROUP BY stream) m
	CROSS JOIN events e ON e.stream = m.stream AND e.position <= m.upto WHERE e.known <= ?2`

// ofStream selects the events of a stream, ?1, as known at an instant, ?2.
const ofStream = `events e WHERE e.stream = ?1 AND e.known <= ?2`

// Extent tells how far the history of a case reaches at the given instant; the
// zero instant means all that is known.
func (h Histories) Extent(ctx context.Context, id string, at time.Time) (Extent, error) {
	return h.extent(ctx, members, id, at)
}

// StreamExtent tells how far a stream reaches at the given instant; the zero
// instant means all that is known.
func (h Histories) StreamExtent(ctx context.Context, stream string, at time.Time) (Extent, error) {
	return h.extent(ctx, ofStream, stream, at)
}

func (h Histories) extent(ctx context.Context, from, id string, at time.Time) (Extent, error) {
	var position eventlog.Position
	var last int64
	row := h.DB().QueryRowContext(ctx, "SELECT coalesce(max(e.position), 0), coalesce(max(e.known), 0) FROM "+from, id, instant(at))
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
	return h.each(ctx, members, id, within, after, limit, func(r Row, correlation string, concerned bool) bool {
		r.Own = concerned || correlation == id || whole(r.Stream)
		return each(r)
	})
}

// EachOfStream gives each the events of a stream in the same way.
func (h Histories) EachOfStream(ctx context.Context, stream string, within Extent, after eventlog.Position, limit int, each func(Row) (more bool)) error {
	return h.each(ctx, ofStream, stream, within, after, limit, func(r Row, _ string, _ bool) bool {
		r.Own = true
		return each(r)
	})
}

func (h Histories) each(ctx context.Context, from, id string, within Extent, after eventlog.Position, limit int, each func(r Row, correlation string, concerned bool) bool) error {
	// The places are sorted before the contents are read.
	rows, err := h.DB().QueryContext(ctx, `SELECT position, stream, revision, type, id, case_id, recorded, data, meta,
		EXISTS (SELECT 1 FROM concerns c WHERE c.case_id = ?1 AND c.position = events.position AND c.known <= ?2) FROM events
		WHERE position IN (SELECT e.position FROM `+from+` AND e.position > ?3 AND e.position <= ?4 ORDER BY e.position LIMIT ?5) ORDER BY position`,
		id, instant(within.At), after, within.Position, limit)
	return eachRow(rows, err, func(scan func(...any) error) (bool, error) {
		var r Row
		var correlation string
		var recorded int64
		var concerned bool
		if err := scan(&r.Position, &r.Stream, &r.Revision, &r.Type, &r.ID, &correlation, &recorded, &r.Data, &r.Meta, &concerned); err != nil {
			return false, err
		}
		r.Recorded = time.Unix(0, recorded).UTC()
		return each(r, correlation, concerned), nil
	})
}

// Stream is what is known of one stream at an instant.
type Stream struct {
	Name     string
	Begun    eventlog.Position // the place of its first event
	Position eventlog.Position // and of its last
	Events   int
	Since    time.Time // when the first became known
	Last     time.Time // when the last did
}

// Streams lists the streams of one kind, or of all if it is "", as known at an
// instant: the first begun first, after a position, at most limit of them.
func (h Histories) Streams(ctx context.Context, kind string, at time.Time, after eventlog.Position, limit int) ([]Stream, error) {
	rows, err := h.DB().QueryContext(ctx, `SELECT s.stream, s.position, s.known, count(*), max(e.known), max(e.position)
		FROM (SELECT stream, position, known FROM events INDEXED BY streams
			WHERE revision = 0 AND known <= ?1 AND position > ?2 AND (?3 = '' OR stream LIKE ?3 || '-%') ORDER BY position LIMIT ?4) s
		CROSS JOIN events e ON e.stream = s.stream AND e.known <= ?1 GROUP BY s.position ORDER BY s.position`,
		instant(at), after, kind, limit)
	all := []Stream{}
	err = eachRow(rows, err, func(scan func(...any) error) (bool, error) {
		var s Stream
		var since, last int64
		if err := scan(&s.Name, &s.Begun, &since, &s.Events, &last, &s.Position); err != nil {
			return false, err
		}
		s.Since, s.Last = time.Unix(0, since).UTC(), time.Unix(0, last).UTC()
		all = append(all, s)
		return true, nil
	})
	return all, err
}

func eachRow(rows *sql.Rows, err error, each func(scan func(...any) error) (more bool, err error)) error {
	if err != nil {
		return fmt.Errorf("read a history: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		more, err := each(rows.Scan)
		if err != nil {
			return fmt.Errorf("read a history: %w", err)
		}
		if !more {
			return nil
		}
	}
	return rows.Err()
}

// instant writes a time as the view keeps it; the zero time is after all.
func instant(at time.Time) int64 {
	switch {
	case at.IsZero() || at.Year() > 2261:
		return math.MaxInt64
	case at.Year() < 1678:
		return 0
	}
	return at.UnixNano()
}
