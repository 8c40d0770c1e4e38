// Package react runs process managers: it hears the log as Watermill messages,
// asks a pure function what each means for its service, and carries the
// answers out as commands. Every effect is idempotent by command id, so that
// hearing a message twice, or two replicas hearing it, is harmless.
package react

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// Reactor is one process manager. E is what it hears, I what it wants done.
type Reactor[E, I any] struct {
	Name       string   // the subscription: a contract, it names the checkpoint
	Categories []string // of the streams it hears
	Codec      es.Codec[E]
	// React is pure: one event in, intents out. Source tells the stream it is from.
	React func(source Source, e E) []I
	// Carry carries one intent out. Intents of one message are carried one
	// after the other, in the order given.
	Carry func(ctx context.Context, cause es.Cause, intent I) error
	// OrderKey groups messages that must be heard in order; nil for their stream.
	OrderKey func(r eventlog.Recorded) string
	// Idle tells, by its stored name, of an event that React makes nothing of: it is
	// passed over unread. nil: all are heard.
	Idle  func(name string) bool
	Actor es.Actor
	// Parallel is the most messages that are carried out at a time; the bus's own
	// bound if 0.
	Parallel int
	// As is the reactor whose command ids it uses; Name if empty. Of two that
	// give the same commands, the second finds those of the first done.
	As string

	Log    *eventlog.Log
	Clock  clock.Clock
	Logger *slog.Logger

	parked atomic.Int64
	lot    lot
}

// Source tells where an event was heard.
type Source struct {
	ID       uuid.UUID // of the event
	Key      string    // the aggregate's id: the stream without its category
	Revision uint64    // of the event in its stream
	Meta     es.Meta
}

// Parked counts the messages parked since the start.
func (r *Reactor[E, I]) Parked() int64 { return r.parked.Load() }

// Run hears and reacts until ctx ends.
func (r *Reactor[E, I]) Run(ctx context.Context) error {
	sub, err := bus.NewSubscriber(r.Log, bus.SubscriberConfig{
		Name: r.Name, Checkpoints: bus.StreamCheckpoints(r.Log), OrderKey: r.OrderKey, Parallel: r.Parallel, Logger: r.Logger,
		Skip: func(e eventlog.Recorded) bool { return r.Idle != nil && r.Idle(e.Type) },
	})
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", r.Name, err)
	}
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{}) // hear logs each failure, once
	if err != nil {
		return fmt.Errorf("router of %s: %w", r.Name, err)
	}
	router.AddMiddleware(middleware.Recoverer)
	router.AddConsumerHandler(r.Name, strings.Join(r.Categories, ","), sub, r.hear)
	return router.Run(ctx)
}

// hear handles one message. An error means a fault of the moment: the message
// comes again. What can never succeed is parked with its reason instead.
func (r *Reactor[E, I]) hear(m *message.Message) error {
	recorded, ok := bus.Recorded(m)
	if !ok {
		return fmt.Errorf("message %s has no stored event", m.UUID)
	}
	var meta es.Meta
	if err := json.Unmarshal(recorded.Meta, &meta); err != nil {
		return r.park(m.Context(), recorded, "metadata-unreadable")
	}
	e, err := r.Codec.Decode(recorded.Type, recorded.Data)
	if err != nil {
		return r.park(m.Context(), recorded, "event-unreadable")
	}
	_, key, _ := strings.Cut(recorded.Stream, "-")
	for n, intent := range r.React(Source{recorded.ID, key, recorded.Revision, meta}, e) {
		err := r.Carry(m.Context(), r.cause(recorded, meta, n), intent)
		var refused *rule.Violation
		switch {
		case errors.As(err, &refused):
			if err := r.park(m.Context(), recorded, refused.Rule.Code); err != nil {
				return err
			}
		case err != nil:
			r.Logger.Warn("a message is not carried out yet; it comes again", slog.String("subscription", r.Name),
				slog.String("stream", recorded.Stream), slog.Uint64("revision", recorded.Revision), slog.Any("error", err))
			return err
		}
	}
	return nil
}

// Command is the id of the n-th command that a reactor gives because of an event.
func Command(reactor string, event uuid.UUID, n int) uuid.UUID {
	return uuid.NewSHA1(event, fmt.Appendf(nil, "%s\x1f%d", reactor, n))
}

func (r *Reactor[E, I]) cause(recorded eventlog.Recorded, meta es.Meta, n int) es.Cause {
	as := r.As
	if as == "" {
		as = r.Name
	}
	return es.Cause{
		Command: Command(as, recorded.ID, n),
		Actor:   r.Actor, Correlation: meta.Correlation, Causation: recorded.ID.String(), At: r.Clock.Now(),
	}
}
