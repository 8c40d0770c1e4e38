package bus

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

const (
	// saveWithin bounds one attempt to load or save a checkpoint, and so how
	// long closing takes while the store is away.
	saveWithin = 3 * time.Second
	// warnEvery is after how many refused deliveries of one message the
	// operator is told, each time.
	warnEvery = 10
)

// subscription is one topic being worked through.
type subscription struct {
	*Subscriber
	topic      string
	prefixes   []string
	checkpoint string
	out        chan *message.Message
	keeper     atomic.Pointer[keeper] // nil until the checkpoint has been loaded
}

// run works until the context ends. It leaves a closed channel and a saved
// checkpoint behind.
func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	from, err := s.load(ctx)
	if err != nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	keep := &keeper{
		store: s.cfg.Checkpoints, name: s.checkpoint, logger: s.cfg.Logger,
		commit: newCommit(from), kick: make(chan struct{}, 1),
	}
	keep.noted(from)
	s.keeper.Store(keep)
	lanes := newLanes(s.cfg.Parallel, s.cfg.Pending)
	lanes.delay = s.cfg.backoff
	lanes.deliver = func(d *delivery) verdict { return s.deliver(ctx, d) }
	lanes.done = func(d *delivery) {
		if keep.commit.done(d.work) >= s.cfg.SaveAfter {
			keep.hurry()
		}
	}
	var saving sync.WaitGroup
	saving.Go(func() { keep.run(ctx, s.cfg.SaveEvery) })

	err = s.log.Follow(ctx, from, s.prefixes, func(d eventlog.Delivery) error {
		switch {
		case d.Event != nil && s.cfg.Skip != nil && s.cfg.Skip(*d.Event):
			keep.commit.pass(d.Event.Position)
		case d.Event != nil:
			next := &delivery{event: *d.Event, work: keep.commit.begin(d.Event.Position), attempt: 1}
			return lanes.put(ctx, s.cfg.OrderKey(*d.Event), next)
		case d.CaughtUp:
			keep.caughtUp.Store(true)
			keep.hurry()
		default:
			keep.commit.pass(d.Checkpoint)
		}
		return nil
	})
	if ctx.Err() == nil { // the log was closed first, or is not the one that the checkpoint is of
		s.cfg.Logger.LogAttrs(ctx, slog.LevelError, "subscription ended", s.about(), slog.Any("error", err))
	}
	stop()
	lanes.stop()
	saving.Wait()
	keep.last(ctx)
}

func (s *subscription) about() slog.Attr {
	return slog.Group("subscription", slog.String("name", s.cfg.Name), slog.String("topic", s.topic))
}

// load gets the checkpoint, however long that takes: a wrong place to begin
// would be worse than a late one.
func (s *subscription) load(ctx context.Context) (eventlog.Position, error) {
	for attempt := 1; ; attempt++ {
		bounded, cancel := context.WithTimeout(ctx, saveWithin)
		from, err := s.cfg.Checkpoints.Load(bounded, s.checkpoint)
		cancel()
		if err == nil {
			return from, nil
		}
		if ctx.Err() == nil && attempt == 1 {
			s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "checkpoint not loaded, trying again", s.about(), slog.Any("error", err))
		}
		timer := time.NewTimer(s.cfg.backoff(attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return eventlog.Start, ctx.Err()
		}
	}
}

// deliver offers an event to the consumer and waits for the answer.
func (s *subscription) deliver(ctx context.Context, d *delivery) verdict {
	m := plain(d.event)
	ctx, span := s.processing(ctx, s.topic, d.event, m.Metadata, d.before)
	d.before = span.SpanContext()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the consumer's context ends with its answer
	deliverable(ctx, m, d.event, d.attempt)
	v := s.meters.offer(ctx, s.out, m, d.attempt)
	processed(span, v)
	if v == nacked && d.attempt%warnEvery == 0 {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "a message keeps failing and holds up what is behind it",
			s.about(), slog.String("stream", d.event.Stream), slog.Uint64("revision", d.event.Revision),
			slog.String("type", d.event.Type), slog.Int("attempts", d.attempt))
	}
	return v
}

// offer hands a message over and waits for its answer, until the context ends.
func (m *meters) offer(ctx context.Context, out chan<- *message.Message, msg *message.Message, attempt int) verdict {
	select {
	case out <- msg:
	case <-ctx.Done():
		return ended
	}
	begin := time.Now()
	m.delivered(ctx, attempt)
	v := answerOf(ctx, msg)
	m.answered(ctx, v, time.Since(begin))
	return v
}

func answerOf(ctx context.Context, m *message.Message) verdict {
	select {
	case <-m.Acked():
		return acked
	case <-m.Nacked():
		return nacked
	case <-ctx.Done():
	}
	select { // an answer given before the end counts
	case <-m.Acked():
		return acked
	default:
		return ended
	}
}
