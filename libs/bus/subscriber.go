package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// SubscriberConfig says what a subscriber reads and how it works through it.
type SubscriberConfig struct {
	// Name of the subscription and of its checkpoint. It is a contract: a new
	// name begins at the start of the log. Required.
	Name string
	// Checkpoints remembers how far the subscription is. Required.
	Checkpoints CheckpointStore
	// CheckpointName is the name of the checkpoint of one topic; the default
	// is Name alone, with which a subscriber takes one topic at a time.
	CheckpointName func(name, topic string) string
	// Prefixes tells which streams a topic is, by the beginning of their
	// names; TopicPrefixes by default.
	Prefixes func(topic string) []string
	// OrderKey groups events: those with the same key are delivered one after
	// the other, different keys in parallel. The default is the stream.
	OrderKey func(r eventlog.Recorded) string
	// Skip tells which events the consumer has no use for. They are passed over and
	// never become messages; the checkpoint moves on over them. nil: none.
	Skip func(r eventlog.Recorded) bool
	// Parallel is the most messages being processed at a time; default 64.
	Parallel int
	// Pending is the most events held in memory; default 4096. Events behind a
	// message that keeps failing count, so that in the end it stops all keys.
	Pending int
	// SaveEvery and SaveAfter are how often the checkpoint is saved: after so
	// long, default 1 second, or so many messages, default 1000.
	SaveEvery time.Duration
	SaveAfter int
	// MinBackoff and MaxBackoff bound the pause before a message is delivered
	// again after a Nack, which doubles each time; default 100 ms and 5 s.
	MinBackoff, MaxBackoff time.Duration
	// Logger gets what goes wrong; the default is silence.
	Logger *slog.Logger
}

func (cfg *SubscriberConfig) complete() error {
	if cfg.Name == "" {
		return errors.New("a subscriber needs a name")
	}
	if cfg.Checkpoints == nil {
		return errors.New("a subscriber needs a checkpoint store")
	}
	if _, ok := cfg.Checkpoints.(handlerCommits); ok {
		if cfg.OrderKey != nil || cfg.Parallel > 1 {
			return errors.New("a handler that commits the position itself handles one message at a time")
		}
		cfg.OrderKey, cfg.Parallel = func(eventlog.Recorded) string { return "" }, 1
	}
	if cfg.CheckpointName == nil {
		cfg.CheckpointName = func(name, _ string) string { return name }
	}
	if cfg.Prefixes == nil {
		cfg.Prefixes = TopicPrefixes
	}
	if cfg.OrderKey == nil {
		cfg.OrderKey = func(r eventlog.Recorded) string { return r.Stream }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Parallel = positive(cfg.Parallel, 64)
	cfg.Pending = max(positive(cfg.Pending, 4096), cfg.Parallel)
	cfg.SaveEvery = positive(cfg.SaveEvery, time.Second)
	cfg.SaveAfter = positive(cfg.SaveAfter, 1000)
	cfg.MinBackoff = positive(cfg.MinBackoff, 100*time.Millisecond)
	cfg.MaxBackoff = max(positive(cfg.MaxBackoff, 5*time.Second), cfg.MinBackoff)
	return nil
}

func positive[N int | time.Duration](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// backoff is the pause after a refused attempt, counted from 1.
func (cfg *SubscriberConfig) backoff(attempt int) time.Duration {
	pause := cfg.MinBackoff
	for ; attempt > 1 && pause < cfg.MaxBackoff; attempt-- {
		pause *= 2
	}
	return min(pause, cfg.MaxBackoff)
}

// Subscriber is a Watermill subscriber that catches up with the log from its
// checkpoint and then follows it.
type Subscriber struct {
	log *eventlog.Log
	cfg SubscriberConfig
	tracing
	meters *meters

	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
	active  map[*subscription]context.CancelFunc
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber returns a subscriber on the log, which stays its caller's to close.
func NewSubscriber(log *eventlog.Log, cfg SubscriberConfig) (*Subscriber, error) {
	if log == nil {
		return nil, errors.New("a subscriber needs a log")
	}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	s := &Subscriber{log: log, cfg: cfg, tracing: newTracing(), active: map[*subscription]context.CancelFunc{}}
	s.meters = newMeters(cfg.Name, s.observe)
	return s, nil
}

// Subscribe delivers the topic from the checkpoint on, until the context ends
// or the subscriber is closed; then it closes the channel. It returns at once,
// also while the log cannot be reached: delivery begins when it can.
//
// The next message of a key comes after the Ack of the one before. After a
// Nack the same message comes again, after a pause. A message not answered
// when the subscription ends comes again next time.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	prefixes := s.cfg.Prefixes(topic)
	if len(prefixes) == 0 || slices.Contains(prefixes, "") {
		return nil, fmt.Errorf("topic %q names no streams", topic)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	sub := &subscription{
		Subscriber: s,
		topic:      topic,
		prefixes:   prefixes,
		checkpoint: s.cfg.CheckpointName(s.cfg.Name, topic),
		out:        make(chan *message.Message),
	}
	for other := range s.active {
		if other.checkpoint == sub.checkpoint && other.topic != topic {
			return nil, fmt.Errorf("topics %q and %q would share the checkpoint %q", other.topic, topic, sub.checkpoint)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	s.active[sub] = cancel
	s.running.Go(func() {
		defer s.forget(sub)
		sub.run(ctx)
	})
	return sub.out, nil
}

func (s *Subscriber) forget(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[sub]() // frees the context
	delete(s.active, sub)
}

// Close ends all subscriptions, saves their checkpoints and returns when their
// channels are closed. It leaves the log open and can be called twice.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.active {
		cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
	s.meters.close()
	return nil
}

// observe tells how far the subscriptions are, the last of them.
func (s *Subscriber) observe(ctx context.Context) gauges {
	g := gauges{lag: -1, parked: -1, age: -1}
	var keepers []*keeper
	s.mu.Lock()
	for sub := range s.active {
		if k := sub.keeper.Load(); k != nil {
			keepers = append(keepers, k)
		}
	}
	s.mu.Unlock()
	if len(keepers) == 0 {
		return g
	}
	end, err := s.log.End(ctx)
	for _, k := range keepers {
		g.age = max(g.age, k.age().Seconds())
		if position, _ := k.commit.progress(); err == nil {
			g.lag = max(g.lag, int64(end-min(position, end))) //nolint:gosec // positions are far below 2^63
		}
	}
	return g
}
