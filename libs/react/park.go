package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// parking is what is kept of a message that cannot be carried out.
type parking struct {
	Subscription string            `json:"subscription"`
	Stream       string            `json:"stream"`
	Revision     uint64            `json:"revision"`
	Position     eventlog.Position `json:"position"`
	Event        uuid.UUID         `json:"event"`
	Type         string            `json:"type"`
	Reason       string            `json:"reason"` // code of the rule, or what was wrong
}

// lot is what has been parked, as far as its stream has been read. A log
// recognises a repetition for certain only at an exact revision.
type lot struct {
	mu       sync.Mutex
	events   map[uuid.UUID]bool
	revision eventlog.Expect // of the last event read
}

// add parks an event unless it is there already.
func (l *lot) add(ctx context.Context, log *eventlog.Log, stream string, event eventlog.Event) (added bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events == nil {
		l.events, l.revision = map[uuid.UUID]bool{}, eventlog.NoStream
	}
	for {
		if err := l.read(ctx, log, stream); err != nil || l.events[event.ID] {
			return false, err
		}
		if _, err := log.Append(ctx, stream, l.revision, event); !errors.Is(err, eventlog.ErrConflict) {
			return err == nil, err
		}
	}
}

func (l *lot) read(ctx context.Context, log *eventlog.Log, stream string) error {
	for r, err := range log.Read(ctx, stream, uint64(l.revision+1)) { //nolint:gosec // at least 0
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		l.events[r.ID], l.revision = true, eventlog.Expect(r.Revision) //nolint:gosec // revisions are far below 2^63
	}
	return nil
}

// park stores, as an event, that a message was not acted on and why.
func (r *Reactor[E, I]) park(ctx context.Context, recorded eventlog.Recorded, reason string) error {
	data, err := json.Marshal(parking{r.Name, recorded.Stream, recorded.Revision, recorded.Position, recorded.ID, recorded.Type, reason})
	if err != nil {
		return fmt.Errorf("park: %w", err)
	}
	id := identity.Derive("parked", r.Name, recorded.ID.String(), reason)
	added, err := r.lot.add(ctx, r.Log, "parked-"+r.Name, eventlog.Event{ID: id, Type: "message-parked.v1", Data: data, Meta: []byte(`{}`)})
	if err != nil {
		return fmt.Errorf("park: %w", err)
	}
	if !added {
		return nil
	}
	r.parked.Add(1)
	r.count(ctx)
	r.Logger.Error("a message was parked", slog.String("subscription", r.Name), slog.String("stream", recorded.Stream),
		slog.Uint64("revision", recorded.Revision), slog.String("type", recorded.Type), slog.String("reason", reason))
	return nil
}

// count shows parked messages as a metric, for an alert to rest on.
func (r *Reactor[E, I]) count(ctx context.Context) {
	counter, err := otel.Meter("react").Int64Counter("yuanlu.messages.parked", metric.WithDescription("messages that could not be acted on"))
	if err != nil {
		otel.Handle(err)
		return
	}
	counter.Add(ctx, 1, metric.WithAttributes(attribute.String("subscription", r.Name)))
}
