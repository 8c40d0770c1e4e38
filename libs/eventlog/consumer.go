package eventlog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Consumer takes part in a group. One goroutine calls Next; claims are answered
// from any.
type Consumer struct {
	log    *Log
	group  Group
	window int
	pause  pauses
	down   bool

	session *session // nil between two connections
	feed    *feed[*Claim]
}

// Claim is an event that the node has given to this consumer and to no other,
// until it is answered, or its time is up, or the connection breaks. What is not
// answered is given out again. Only the first answer counts; it is on its way
// when the method returns true, and false says that it is too late for one.
type Claim struct {
	Event   Recorded
	Retries int       // how often the node has given it out before
	At      time.Time // when it came, by the clock of this process

	session  *session
	resolved *esdb.ResolvedEvent
	answered atomic.Bool
}

// Ack says that the event has been processed.
func (c *Claim) Ack() bool { return c.answer(answer{action: acknowledge}) }

// Retry asks for the event to be given out again, which the node does at once.
func (c *Claim) Retry(reason string) bool {
	return c.answer(answer{action: esdb.NackActionRetry, reason: reason})
}

// Park sets the event aside, in the node's stream of parked events and with the
// reason, until ReplayParked.
func (c *Claim) Park(reason string) bool {
	return c.answer(answer{action: esdb.NackActionPark, reason: reason})
}

// Over is closed when the claim can no longer be answered, because its
// connection is gone.
func (c *Claim) Over() <-chan struct{} { return c.session.over }

func (c *Claim) answer(a answer) bool {
	if !c.answered.CompareAndSwap(false, true) {
		return false
	}
	a.resolved = c.resolved
	return c.session.answer(a)
}

// Consumer prepares to take part in a group with at most window events in its
// hands at a time. Nothing is dialled before Next. The consumer must be closed.
func (l *Log) Consumer(g Group, window int) *Consumer {
	return &Consumer{log: l, group: g, window: max(window, 1), pause: newPauses()}
}

// Next waits for the next event. When the connection breaks it connects again,
// with growing pauses; the node gives out again what was not answered by then.
//
// It fails only when the context ends, the log is closed, or going on is in
// vain: ErrNotFound without the group, ErrDeleted if its stream was deleted for
// good, ErrDenied if the node will not have us.
func (c *Consumer) Next(ctx context.Context) (*Claim, error) {
	for {
		claim, err := c.take(ctx)
		if err == nil {
			if c.down {
				c.down = false
				c.log.logger.LogAttrs(ctx, slog.LevelInfo, "consuming again", slog.String("group", c.group.Name))
			}
			c.pause.reset()
			return claim, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case c.log.feeds.isClosed():
			return nil, errClosed
		}
		c.hangUp()
		if final := finalOf(err); final != nil {
			return nil, final
		}
		if !c.down {
			c.down = true
			c.log.logger.LogAttrs(ctx, slog.LevelWarn, "the group cannot be consumed, trying again",
				slog.String("group", c.group.Name), slog.Any("error", err))
		}
		if err := c.pause.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// finalOf is why there is no use in connecting again; nil if there may be.
func finalOf(err error) error {
	code := codeOf(err)
	switch {
	case code == esdb.ErrorCodeResourceNotFound:
		return ErrNotFound
	case code == esdb.ErrorCodeStreamDeleted:
		return ErrDeleted
	case code == esdb.ErrorCodeAccessDenied, code == esdb.ErrorCodeUnauthenticated:
		return ErrDenied
	case code == esdb.ErrorCodeUnsupportedFeature, status.Code(err) == codes.InvalidArgument:
		return err
	}
	return nil
}

func (c *Consumer) take(ctx context.Context) (*Claim, error) {
	if c.feed == nil {
		if err := c.dial(ctx); err != nil {
			return nil, err
		}
	}
	return c.feed.take(ctx, 0)
}

// dial begins a session. It outlives the context, so that answers can be given
// when that has ended; Close ends it.
func (c *Consumer) dial(ctx context.Context) error {
	connection, err := c.log.feeds.acquire(ctx)
	if err != nil {
		return err
	}
	s := newSession(c.window)
	options := esdb.SubscribeToPersistentSubscriptionOptions{BufferSize: uint32(number(c.window, 1))}
	c.session = s
	c.feed = start(context.WithoutCancel(ctx), c.log.feeds, connection, func(ctx context.Context, client *esdb.Client) (source[*Claim], error) {
		var sub *esdb.PersistentSubscription
		var err error
		if c.group.Stream != "" {
			sub, err = client.SubscribeToPersistentSubscription(ctx, c.group.Stream, c.group.Name, options)
		} else {
			sub, err = client.SubscribeToPersistentSubscriptionToAll(ctx, c.group.Name, options)
		}
		if err != nil {
			s.end()
			close(s.written)
			return source[*Claim]{}, err
		}
		go s.write(sub)
		return consuming(s, sub), nil
	})
	return nil
}

// hangUp ends the session without ceremony.
func (c *Consumer) hangUp() {
	if c.feed != nil {
		c.session.end()
		c.feed.stop()
		c.feed = nil
	}
}

// Close ends the part in the group. Answers given before are sent first, as far
// as the node can be reached; what was not answered is given out again.
func (c *Consumer) Close() {
	if c.feed == nil {
		return
	}
	c.session.end()
	timer := time.NewTimer(closeWithin)
	defer timer.Stop()
	select {
	case <-c.session.written:
		c.session.linger()
	case <-c.feed.connection.lost:
	case <-c.log.feeds.closed:
	case <-timer.C:
	}
	c.hangUp()
}

// consuming is the source of a consumer.
func consuming(s *session, sub *esdb.PersistentSubscription) source[*Claim] {
	return source[*Claim]{
		next: func() (*Claim, bool, error) {
			event := sub.Recv()
			switch {
			case event == nil:
				return nil, false, io.ErrUnexpectedEOF
			case event.SubscriptionDropped != nil:
				return nil, false, dropped(event.SubscriptionDropped.Error)
			case event.EventAppeared == nil || event.EventAppeared.Event == nil:
				return nil, false, nil
			}
			resolved := event.EventAppeared.Event
			claim := &Claim{Retries: event.EventAppeared.RetryCount, At: time.Now(), session: s, resolved: resolved}
			r, ok := recorded(resolved)
			if !ok { // a link whose event is gone: nothing is left to do
				if resolved.Link != nil && !claim.Ack() {
					return nil, false, errOver
				}
				return nil, false, nil
			}
			claim.Event = r
			return claim, true, nil
		},
		close: func() {
			s.end()
			<-s.written // nothing may be sent while it is being closed
			_ = sub.Close()
		},
	}
}

// errOver is the end of a session on our side.
var errOver = errors.New("the session is over")
