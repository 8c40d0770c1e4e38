package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// PublisherConfig says how messages become events. The zero value is good.
type PublisherConfig struct {
	// Stream is where a topic is kept; TopicStream by default.
	Stream func(topic string) string
	// EventID is the id of the event; EventID by default. Two messages with
	// the same id in one topic are stored once.
	EventID func(topic string, m *message.Message) uuid.UUID
	// EventType is the stored name of the event; the default is the metadata
	// member "name", as Watermill's cqrs component sets it, or else "message".
	EventType func(m *message.Message) string
	// Logger gets one line per failed Publish at debug level; the default is
	// silence, since the caller gets the error.
	Logger *slog.Logger
}

// Publisher is a Watermill publisher that appends to the log.
type Publisher struct {
	log *eventlog.Log
	cfg PublisherConfig
	tracing

	mu     sync.RWMutex // held for reading while publishing
	closed bool
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher returns a publisher on the log, which stays its caller's to close.
func NewPublisher(log *eventlog.Log, cfg PublisherConfig) (*Publisher, error) {
	if log == nil {
		return nil, errors.New("a publisher needs a log")
	}
	if cfg.Stream == nil {
		cfg.Stream = TopicStream
	}
	if cfg.EventID == nil {
		cfg.EventID = EventID
	}
	if cfg.EventType == nil {
		cfg.EventType = eventType
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Publisher{log: log, cfg: cfg, tracing: newTracing()}, nil
}

// EventID derives the id of an event from the topic, the UUID of the message,
// the event it was made of, if it was received, and the count of Watermill's
// requeuer. The same Publish made twice is thereby stored once, whereas a
// message that is put back into its own topic is a new event. A message
// without UUID gets a random id.
func EventID(topic string, m *message.Message) uuid.UUID {
	if m.UUID == "" {
		return uuid.New()
	}
	parts := []string{"yuanlu bus", topic, m.UUID, m.Metadata.Get(metaRetries), m.Metadata.Get(MetaEventID)}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(strings.Join(parts, "\x00")))
}

// UniqueEventID makes every Publish an event of its own, whatever the UUID of
// the message. A Publish made twice is then stored twice: for writers who give
// different messages the same UUID.
func UniqueEventID(string, *message.Message) uuid.UUID { return uuid.New() }

func eventType(m *message.Message) string {
	if name := m.Metadata.Get(metaName); name != "" {
		return name
	}
	return "message"
}

// Publish stores the messages, all or none, and returns when they are on disk.
// The context of the first message bounds the call. All messages of one call
// together must fit into one append of the log (1 MiB), else the error is
// eventlog.ErrTooLarge.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	if topic == "" {
		return errors.New("a topic needs a name")
	}
	if len(messages) == 0 {
		return nil
	}
	stream := p.cfg.Stream(topic)
	ctx, end := p.publishing(messages[0].Context(), topic, messages)
	err := p.append(ctx, topic, stream, messages)
	end(err)
	if err != nil {
		p.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "messages not published",
			slog.String("topic", topic), slog.Int("messages", len(messages)), slog.Any("error", err))
		return fmt.Errorf("publish to %q: %w", topic, err)
	}
	return nil
}

func (p *Publisher) append(ctx context.Context, topic, stream string, messages []*message.Message) error {
	events := make([]eventlog.Event, len(messages))
	for i, m := range messages {
		metadata := stored(m)
		p.inject(ctx, metadata)
		meta, err := json.Marshal(metadata)
		if err != nil {
			return fmt.Errorf("encode the metadata: %w", err)
		}
		events[i] = eventlog.Event{ID: p.cfg.EventID(topic, m), Type: p.cfg.EventType(m), Data: m.Payload, Meta: meta}
	}
	_, err := p.log.Append(ctx, stream, eventlog.Any, events...)
	return err
}

// Close waits for the messages being published and refuses all later ones. It
// leaves the log open and can be called twice.
func (p *Publisher) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}
