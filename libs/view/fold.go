package view

import (
	"context"
	"database/sql"
	"errors"

	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Folding makes an Apply of a view out of a fold of decoded events. An event
// that the codec calls unknown is newer than this build: the view counts it and
// does without it.
func Folding[E any](name string, codec es.Codec[E], unknown error, fold func(context.Context, *sql.Tx, eventlog.Recorded, E) error) func(context.Context, *sql.Tx, eventlog.Recorded) error {
	skipped, err := otel.Meter("view").Int64Counter("yuanlu.view.events.skipped", metric.WithDescription("events that are newer than this build"))
	if err != nil {
		otel.Handle(err) // the name is a constant; without the counter the view works all the same
	}
	of := metric.WithAttributes(attribute.String("view", name))
	return func(ctx context.Context, tx *sql.Tx, r eventlog.Recorded) error {
		e, err := codec.Decode(r.Type, r.Data)
		if errors.Is(err, unknown) {
			skipped.Add(ctx, 1, of)
			return nil
		}
		if err != nil {
			return err
		}
		return fold(ctx, tx, r, e)
	}
}
