package rest

import (
	"context"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

type streamInput struct {
	Stream string `path:"stream" maxLength:"200" doc:"its name, such as bank-102100099996"`
	AsOf
	Turn
}

type streamOutput struct {
	Body struct {
		Stream string `json:"stream"`
		Sheet
	}
}

// stream shows a page of one stream's events, whichever case each belongs to, if
// any: what a bank has answered to orders that nobody gave, when its machine was
// away, who held an account, which stops a unit approved in advance.
func (a API) stream(ctx context.Context, in *streamInput) (*streamOutput, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	after, err := in.resume(&in.AsOf)
	if err != nil {
		return nil, err
	}
	if err := a.wait(ctx, in.AsOf); err != nil {
		return nil, err
	}
	extent, err := a.Histories.StreamExtent(ctx, in.Stream, in.At)
	if err == nil && extent.Position == eventlog.Start {
		err = errNoStream
	}
	if err != nil {
		return nil, err
	}
	out := &streamOutput{}
	out.Body.Stream = in.Stream
	out.Body.Sheet, err = sheet(extent, after, func(each func(view.Row) bool) error {
		return a.Histories.EachOfStream(ctx, in.Stream, extent, after, in.Limit, each)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type streamsInput struct {
	Kind string `query:"kind" enum:"case,alert,pursuit,account,refund,approval,protective,shield,bank" doc:"all of them, if absent"`
	AsOf
	service.Page
}

// streamRow is one stream as known at the instant.
type streamRow struct {
	Stream   string            `json:"stream"`
	Events   int               `json:"events"`
	Since    time.Time         `json:"since" doc:"when the first became known"`
	Last     time.Time         `json:"last" doc:"when the last did"`
	Position eventlog.Position `json:"position" doc:"of the last"`
}

type streamsOutput struct {
	Body struct {
		Items      []streamRow `json:"items"`
		NextCursor string      `json:"nextCursor,omitempty"`
	}
}

// streams lists streams, the first begun first.
func (a API) streams(ctx context.Context, in *streamsInput) (*streamsOutput, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	after, err := in.Page.After()
	if err != nil {
		return nil, err
	}
	if err := a.wait(ctx, in.AsOf); err != nil {
		return nil, err
	}
	found, err := a.Histories.Streams(ctx, in.Kind, in.At, eventlog.Position(after), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &streamsOutput{}
	out.Body.Items = make([]streamRow, len(found))
	for n, s := range found {
		out.Body.Items[n] = streamRow{s.Name, s.Events, s.Since, s.Last, s.Position}
	}
	if len(found) == in.Limit {
		out.Body.NextCursor = service.Cursor(uint64(found[len(found)-1].Begun))
	}
	return out, nil
}
