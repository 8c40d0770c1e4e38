package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

// pageBytes bounds one page, since a bank's statement can be long.
const pageBytes = 8 << 20

type historyInput struct {
	Asked
	Turn
}

// Turn is which page of a history is wanted. It is exported since huma fills no
// other embedded struct.
type Turn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"500"`
	Cursor string `query:"cursor" maxLength:"64" doc:"nextCursor of the page before; at may then be left out"`
}

// item is one event as it is stored, or a link of the chain.
type item struct {
	Position   eventlog.Position `json:"position"`
	Stream     string            `json:"stream"`
	Revision   uint64            `json:"revision"`
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	OccurredAt time.Time         `json:"occurredAt,omitzero"`
	RecordedAt time.Time         `json:"recordedAt,omitzero"`
	Actor      es.Actor          `json:"actor,omitzero"`
	Data       json.RawMessage   `json:"data,omitempty" doc:"the stored content, byte for byte"`
	DataBytes  []byte            `json:"dataBytes,omitempty" doc:"in place of data where the stored content is not compact JSON, base64"`
	Meta       string            `json:"meta,omitempty" doc:"the stored metadata, byte for byte"`
	Link       bool              `json:"link,omitempty" doc:"an event that is not of this case, for the chain alone"`
	Hash       string            `json:"hash,omitempty" doc:"of a link"`
	PrevHash   string            `json:"prevHash,omitempty" doc:"of a link"`
}

// Sheet is one page of a history.
type Sheet struct {
	At         time.Time         `json:"at" doc:"the instant asked for; without one, when the last event became known"`
	Position   eventlog.Position `json:"position" doc:"of the last event of the history at that instant"`
	Complete   bool              `json:"complete" doc:"the history ends with this page"`
	Events     []item            `json:"events"`
	NextCursor string            `json:"nextCursor,omitempty"`
}

type historyOutput struct {
	Body struct {
		Case string `json:"case"`
		Sheet
	}
}

// history shows a page of a case's events. The same question has the same
// answer, to the byte.
func (a API) history(ctx context.Context, in *historyInput) (*historyOutput, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	after, err := in.resume(&in.AsOf)
	if err != nil {
		return nil, err
	}
	extent, err := a.extent(ctx, in.Asked)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Case = in.Case
	out.Body.Sheet, err = sheet(extent, after, func(each func(view.Row) bool) error {
		return a.Histories.Each(ctx, in.Case, extent, after, in.Limit, each)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// sheet writes a page of what is read.
func sheet(extent view.Extent, after eventlog.Position, read func(each func(view.Row) bool) error) (Sheet, error) {
	out := Sheet{At: extent.At, Position: extent.Position, Events: []item{}}
	size, last := 0, after
	err := read(func(r view.Row) bool {
		it := shown(r)
		out.Events = append(out.Events, it)
		size += len(it.Data) + len(it.DataBytes) + len(it.Meta)
		last = r.Position
		return size < pageBytes
	})
	out.Complete = last >= extent.Position
	if !out.Complete {
		out.NextCursor = cursor(last, extent.At)
	}
	return out, err
}

// shown writes one event.
func shown(r view.Row) item {
	it := item{Position: r.Position, Stream: r.Stream, Revision: r.Revision, Type: r.Type, ID: r.ID}
	var meta es.Meta
	_ = json.Unmarshal(r.Meta, &meta) // what cannot be read stays out; the bytes are shown as they are
	if !r.Own {
		it.Link, it.Hash, it.PrevHash = true, meta.Hash, meta.Prev
		return it
	}
	it.OccurredAt, it.RecordedAt, it.Actor, it.Meta = meta.OccurredAt, r.Recorded, meta.Actor, string(r.Meta)
	var compact bytes.Buffer
	if err := json.Compact(&compact, r.Data); err == nil && bytes.Equal(compact.Bytes(), r.Data) {
		it.Data = r.Data
	} else {
		it.DataBytes = r.Data
	}
	return it
}

// cursor writes where the next page begins, and of which instant it is.
func cursor(after eventlog.Position, at time.Time) string {
	return service.Cursor(uint64(after)) + "." + strconv.FormatInt(at.UnixNano(), 36)
}

// resume reads the cursor: where to begin, and the instant of the first page.
func (t Turn) resume(as *AsOf) (eventlog.Position, error) {
	if t.Cursor == "" {
		return eventlog.Start, nil
	}
	place, instant, _ := strings.Cut(t.Cursor, ".")
	after, err := service.Page{Cursor: place}.After()
	if err != nil {
		return 0, err
	}
	nanos, err := strconv.ParseInt(instant, 36, 64)
	at := time.Unix(0, nanos).UTC()
	if err != nil || !as.At.IsZero() && !as.At.Equal(at) {
		return 0, service.ErrCursor
	}
	as.At = at
	return eventlog.Position(after), nil
}
