package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// PersistentConfig says what a group of competing workers reads and how.
type PersistentConfig struct {
	// Group is the name of the group: each message goes to one of the
	// subscribers with this name, in whatever process. A contract: the node
	// keeps account of the group, and a new name begins at the start. Required.
	Group string
	// Source tells what a topic is: Queue by default, the stream that a
	// Publisher writes; Categories for the streams of the services.
	Source Source
	// GroupName is the name of the group in the node; the default is Group for
	// a topic that is a stream, and "Group@topic" for one that is not, since
	// the node tells groups on the log apart by their name alone.
	GroupName func(group, topic string) string
	// Decode makes a message of an event; the default is what a Subscriber
	// delivers. A message that cannot be decoded is parked at once.
	Decode func(r eventlog.Recorded) (*message.Message, error)
	// Settings are what the group is created with if there is none yet. By
	// default MaxRetries is ten times MaxDeliveries, hence 100 and not the 10 of
	// eventlog, so that the node does not park by itself what this side would
	// have parked with a reason.
	Settings eventlog.GroupSettings
	// MustExist ends a subscription whose group does not exist, instead of
	// creating it, also when it is deleted later on.
	MustExist bool
	// Parallel is the most messages being processed at a time; default 16.
	Parallel int
	// Window is the most messages that the node gives out to one subscription
	// and that are not answered; default Parallel. A refused message counts
	// during the pause before it is given back.
	Window int
	// MaxDeliveries is with which delivery a refused message is parked, counted
	// by the node over all consumers and restarts; default 10, negative for
	// never. A message that is never answered, because each handler dies of it,
	// is parked after ten times as many.
	MaxDeliveries int
	// NackDelay is the pause before a refused message is given back to the
	// node, which delivers it again at once; retries counts its deliveries
	// before this one. The default begins at 100 ms, doubles up to 5 s and is
	// jittered by half. It is cut so that it ends within the message timeout.
	NackDelay func(retries int) time.Duration
	// Logger gets what goes wrong; the default is silence.
	Logger *slog.Logger
}

// Source tells what a topic is: a stream or, if that is empty, the streams
// whose names begin with one of the prefixes.
type Source func(topic string) (stream string, prefixes []string)

// Queue is the stream in which a Publisher keeps the topic.
func Queue(topic string) (stream string, prefixes []string) { return TopicStream(topic), nil }

// Categories are the streams that a Subscriber reads for the topic.
func Categories(topic string) (stream string, prefixes []string) { return "", TopicPrefixes(topic) }

const (
	// unheard is how many times more often than MaxDeliveries a message is
	// given out that nobody has answered.
	unheard = 10
	// ensureWithin bounds SubscribeInitialize.
	ensureWithin = 10 * time.Second
)

func (cfg *PersistentConfig) complete() error {
	if cfg.Group == "" {
		return errors.New("a persistent subscriber needs a group")
	}
	if cfg.Source == nil {
		cfg.Source = Queue
	}
	if cfg.GroupName == nil {
		cfg.GroupName = func(group, topic string) string {
			if stream, _ := cfg.Source(topic); stream != "" {
				return group
			}
			return group + "@" + topic
		}
	}
	if cfg.Decode == nil {
		cfg.Decode = func(r eventlog.Recorded) (*message.Message, error) { return plain(r), nil }
	}
	if cfg.NackDelay == nil {
		cfg.NackDelay = nackDelay
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Parallel = positive(cfg.Parallel, 16)
	cfg.Window = max(positive(cfg.Window, cfg.Parallel), cfg.Parallel)
	switch {
	case cfg.MaxDeliveries < 0:
		cfg.MaxDeliveries = math.MaxInt32 / unheard
	case cfg.MaxDeliveries == 0:
		cfg.MaxDeliveries = 10
	}
	cfg.MaxDeliveries = min(cfg.MaxDeliveries, math.MaxInt32/unheard)
	cfg.Settings.MaxRetries = positive(cfg.Settings.MaxRetries, cfg.MaxDeliveries*unheard)
	cfg.Settings.MessageTimeout = positive(cfg.Settings.MessageTimeout, 30*time.Second)
	if cfg.Settings.HistoryBuffer > 0 && cfg.Settings.ReadBatch >= cfg.Settings.HistoryBuffer {
		return errors.New("a group reads fewer events at a time than it holds in memory")
	}
	return nil
}

// nackDelay doubles from 100 ms to 5 s and is jittered by half.
func nackDelay(retries int) time.Duration {
	const first, most = 100 * time.Millisecond, 5 * time.Second
	pause := most
	if retries < 6 {
		pause = min(first<<max(retries, 0), most)
	}
	return pause/2 + rand.N(pause) //nolint:gosec // a jitter keeps no secret
}

// PersistentSubscriber is a Watermill subscriber of competing workers: the node
// gives each message of a topic to one subscriber of the group, in no order
// that can be relied on, and keeps account of the answers.
type PersistentSubscriber struct {
	log *eventlog.Log
	cfg PersistentConfig
	tracing
	meters *meters

	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
	active  map[*competing]context.CancelFunc
}

var (
	_ message.Subscriber           = (*PersistentSubscriber)(nil)
	_ message.SubscribeInitializer = (*PersistentSubscriber)(nil)
)

// NewPersistentSubscriber returns a subscriber on the log, which stays its
// caller's to close.
func NewPersistentSubscriber(log *eventlog.Log, cfg PersistentConfig) (*PersistentSubscriber, error) {
	if log == nil {
		return nil, errors.New("a subscriber needs a log")
	}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	s := &PersistentSubscriber{log: log, cfg: cfg, tracing: newTracing(), active: map[*competing]context.CancelFunc{}}
	s.meters = newMeters(cfg.Group, s.observe)
	return s, nil
}

// group is the group of a topic.
func (s *PersistentSubscriber) group(topic string) (eventlog.Group, error) {
	stream, prefixes := s.cfg.Source(topic)
	if topic == "" || stream == "" && len(prefixes) == 0 {
		return eventlog.Group{}, fmt.Errorf("topic %q names no streams", topic)
	}
	return eventlog.Group{Name: s.cfg.GroupName(s.cfg.Group, topic), Stream: stream, Prefixes: prefixes}, nil
}

// Group is the group of a topic as the log knows it, to ask about it and to
// have it give out again what was parked.
func (s *PersistentSubscriber) Group(topic string) (eventlog.Group, error) { return s.group(topic) }

// SubscribeInitialize creates the group of the topic if there is none, so that
// it begins with what is published from now on even if nobody subscribes yet.
// With MustExist it fails instead.
func (s *PersistentSubscriber) SubscribeInitialize(topic string) error {
	g, err := s.group(topic)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), ensureWithin)
	defer cancel()
	_, err = s.ensure(ctx, g)
	return err
}

// ensure sees to it that there is a group and returns its message timeout.
func (s *PersistentSubscriber) ensure(ctx context.Context, g eventlog.Group) (time.Duration, error) {
	if !s.cfg.MustExist {
		err := s.log.CreateGroup(ctx, g, s.cfg.Settings)
		if err == nil {
			return s.cfg.Settings.MessageTimeout, nil
		}
		if !errors.Is(err, eventlog.ErrExists) {
			return 0, err
		}
	}
	info, err := s.log.InfoOfGroup(ctx, g)
	if err != nil {
		return 0, err
	}
	return positive(info.Settings.MessageTimeout, s.cfg.Settings.MessageTimeout), nil
}

// Subscribe takes part in the group of the topic until the context ends or the
// subscriber is closed; then it closes the channel. It returns at once, also
// while the log cannot be reached: delivery begins when it can.
//
// Up to Parallel messages are out at a time. After a Nack the message comes
// again, after a pause and perhaps to another member of the group; after
// MaxDeliveries, or a Permanent error, it is parked. A message that is not
// answered when the subscription ends is given out again.
func (s *PersistentSubscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	g, err := s.group(topic)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	w := newCompeting(s, topic, g)
	ctx, cancel := context.WithCancel(ctx)
	s.active[w] = cancel
	s.running.Go(func() {
		defer s.forget(w)
		w.run(ctx)
	})
	return w.out, nil
}

func (s *PersistentSubscriber) forget(w *competing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active[w]() // frees the context
	delete(s.active, w)
}

// Close ends all subscriptions, sends the answers given so far and returns when
// the channels are closed. It leaves the log open and can be called twice.
func (s *PersistentSubscriber) Close() error {
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

// observe asks the node how the groups are doing, each once.
func (s *PersistentSubscriber) observe(ctx context.Context) gauges {
	g := gauges{lag: -1, parked: -1, age: -1}
	groups := map[string]eventlog.Group{}
	s.mu.Lock()
	for w := range s.active {
		groups[w.group.Stream+"::"+w.group.Name] = w.group
	}
	s.mu.Unlock()
	for _, group := range groups {
		info, err := s.log.InfoOfGroup(ctx, group)
		if err != nil {
			continue
		}
		g.lag = max(g.lag, int64(min(info.Lag, math.MaxInt64)))
		g.parked = max(g.parked, 0) + info.Parked
	}
	return g
}
