package rest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/casebook/internal/domain"
	"github.com/yuanlu/yuanlu/services/casebook/internal/view"
)

type figuresOutput struct {
	Body struct {
		At       time.Time         `json:"at" doc:"the instant asked for; without one, when the last event became known"`
		Position eventlog.Position `json:"position" doc:"of the last event of the history at that instant"`
		domain.Figures
	}
}

// figures sums up what a case's events say. No counter is kept anywhere.
func (a API) figures(ctx context.Context, in *Asked) (*figuresOutput, error) {
	if err := mayRead(ctx); err != nil {
		return nil, err
	}
	extent, err := a.extent(ctx, *in)
	if err != nil {
		return nil, err
	}
	out := &figuresOutput{}
	out.Body.At, out.Body.Position = extent.At, extent.Position
	codec := event.Codecs()
	var unread, unreadable error
	out.Body.Figures = domain.Fold(identity.CaseID(in.Case), func(yield func(domain.Said) bool) {
		unread = a.Histories.Each(ctx, in.Case, extent, eventlog.Start, math.MaxInt32, func(r view.Row) bool {
			if !r.Amounts() {
				return true
			}
			e, err := codec.Decode(r.Type, r.Data)
			switch {
			case errors.Is(err, event.ErrUnknown):
				return true // newer than this build, so that it has no amount known to it
			case err != nil:
				unreadable = fmt.Errorf("%s at %d: %w", r.Stream, r.Revision, err)
				return false
			}
			return yield(domain.Said{Stream: r.Stream, Event: e})
		})
	})
	if err := errors.Join(unread, unreadable); err != nil {
		return nil, err
	}
	return out, nil
}
