package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel/trace"
)

// maxRefused bounds the spans of refused deliveries that are remembered, so that
// a redelivery can link to the one before.
const maxRefused = 4096

// competing is one part in the group of a topic.
type competing struct {
	*PersistentSubscriber
	topic   string
	group   eventlog.Group
	out     chan *message.Message
	timeout atomic.Int64 // of a message, as the node has it; nanoseconds

	mu      sync.Mutex
	refused map[uuid.UUID]trace.SpanContext
}

func newCompeting(s *PersistentSubscriber, topic string, g eventlog.Group) *competing {
	return &competing{
		PersistentSubscriber: s, topic: topic, group: g,
		out: make(chan *message.Message), refused: map[uuid.UUID]trace.SpanContext{},
	}
}

func (c *competing) about() slog.Attr {
	return slog.Group("subscription", slog.String("name", c.group.Name), slog.String("topic", c.topic))
}

// run works until the context ends or the group is gone for good. It leaves a
// closed channel behind.
func (c *competing) run(ctx context.Context) {
	defer close(c.out)
	consumer := c.log.Consumer(c.group, c.cfg.Window)
	defer consumer.Close() // when all have answered
	var workers sync.WaitGroup
	defer workers.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	err := c.prepare(ctx)
	slots := make(chan struct{}, c.cfg.Parallel)
	for missing := 0; err == nil; {
		var claim *eventlog.Claim
		claim, err = consumer.Next(ctx)
		switch {
		case errors.Is(err, eventlog.ErrNotFound) && !c.cfg.MustExist:
			c.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "the group is gone and is created anew", c.about())
			if err = pauseFor(ctx, nackDelay(missing)); err == nil {
				err = c.prepare(ctx)
			}
			missing++
			continue
		case err != nil:
			continue
		}
		missing = 0
		select {
		case slots <- struct{}{}:
			workers.Go(func() { c.work(ctx, claim, func() { <-slots }) })
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if ctx.Err() == nil {
		c.cfg.Logger.LogAttrs(ctx, slog.LevelError, "subscription ended", c.about(), slog.Any("error", err))
	}
}

// prepare sees to it that there is a group, however long that takes.
func (c *competing) prepare(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		bounded, cancel := context.WithTimeout(ctx, ensureWithin)
		timeout, err := c.ensure(bounded, c.group)
		cancel()
		if err == nil {
			c.timeout.Store(int64(timeout))
			return nil
		}
		if ctx.Err() != nil || !errors.Is(err, eventlog.ErrUnavailable) {
			return err
		}
		if attempt == 0 {
			c.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "the group cannot be reached, trying again", c.about(), slog.Any("error", err))
		}
		if err := pauseFor(ctx, nackDelay(attempt)); err != nil {
			return err
		}
	}
}

// pauseFor waits, or returns the error of the context that ended meanwhile.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work has one claim answered. free gives the slot to the next one.
func (c *competing) work(ctx context.Context, claim *eventlog.Claim, free func()) {
	v, err := c.deliver(ctx, claim)
	free()
	switch v {
	case ended: // nothing is said, and the node gives it out again
	case acked:
		c.forgive(claim.Event.ID)
		claim.Ack()
	case nacked:
		if IsPermanent(err) || claim.Retries+1 >= c.cfg.MaxDeliveries {
			c.park(ctx, claim, reasonText(err))
			return
		}
		c.giveBack(ctx, claim, reasonText(err))
	}
}

// deliver offers a claim to the consumer and returns the answer, with the reason
// of a refusal.
func (c *competing) deliver(ctx context.Context, claim *eventlog.Claim) (verdict, error) {
	if claim.Retries >= c.cfg.MaxDeliveries*unheard {
		return nacked, Permanent(fmt.Errorf("given out %d times and never answered", claim.Retries))
	}
	m, err := c.cfg.Decode(claim.Event)
	if err != nil {
		return nacked, Permanent(fmt.Errorf("cannot be decoded: %w", err))
	}
	ctx, span := c.processing(ctx, c.topic, claim.Event, m.Metadata, c.before(claim.Event.ID))
	ctx, reason := withRefusal(ctx)
	offered, cancel := context.WithDeadline(ctx, claim.At.Add(time.Duration(c.timeout.Load())))
	defer cancel() // the consumer's context ends with its answer
	deliverable(offered, m, claim.Event, claim.Retries+1)
	v := c.offer(ctx, offered, claim, m)
	processed(span, v)
	if v == nacked {
		c.remember(claim.Event.ID, span.SpanContext())
	}
	return v, reason.reason()
}

// offer hands a message over, unless its time is up or its connection gone
// before somebody takes it: the node has given it to another by then. Once it
// has been taken, its answer is waited for however long that takes, so that
// there are never more handlers at work than allowed.
func (c *competing) offer(ctx, offered context.Context, claim *eventlog.Claim, m *message.Message) verdict {
	select {
	case <-claim.Over(): // both may be true, and this one counts
		return ended
	case <-offered.Done():
		return ended
	default:
	}
	select {
	case c.out <- m:
	case <-claim.Over():
		return ended
	case <-offered.Done():
		return ended
	}
	begin := time.Now()
	c.meters.delivered(ctx, claim.Retries+1)
	v := answerOf(ctx, m)
	c.meters.answered(ctx, v, time.Since(begin))
	return v
}

// park sets a message aside with the reason.
func (c *competing) park(ctx context.Context, claim *eventlog.Claim, reason string) {
	c.forgive(claim.Event.ID)
	if !claim.Park(reason) {
		return
	}
	c.meters.parks.Add(ctx, 1, c.meters.by)
	c.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "a message was parked", c.about(),
		slog.String("stream", claim.Event.Stream), slog.Uint64("revision", claim.Event.Revision),
		slog.String("type", claim.Event.Type), slog.Int("deliveries", claim.Retries+1), slog.String("reason", reason))
}

// giveBack returns a refused message to the node after a pause, which ends
// before the node takes it back by itself.
func (c *competing) giveBack(ctx context.Context, claim *eventlog.Claim, reason string) {
	timeout := time.Duration(c.timeout.Load())
	left := timeout - timeout/10 - time.Since(claim.At)
	pause := min(c.cfg.NackDelay(claim.Retries), left)
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-claim.Over():
			return
		case <-ctx.Done():
			return // the node gives it out again as it is
		}
	}
	claim.Retry(reason)
}

// before is the span of the last delivery of an event that was refused here.
func (c *competing) before(id uuid.UUID) trace.SpanContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[id]
}

func (c *competing) remember(id uuid.UUID, span trace.SpanContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.refused) >= maxRefused {
		clear(c.refused) // a missing link is no loss
	}
	c.refused[id] = span
}

func (c *competing) forgive(id uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refused, id)
}
