package channel

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

const (
	// inFlight is how many batches a bank has at once: while one is on its way,
	// what is approved meanwhile gathers for the next.
	inFlight = 2
	// marking is how many accounts are told at once that an order was taken, over
	// all banks.
	marking = 64
	// enough is how often an order is not taken before that is shown.
	enough = 5
	// most bounds how many orders a courier keeps in mind.
	most = 2000
	// breaks is how many attempts in a row fail before the bank is left alone. The
	// first that gets no reply in time is enough.
	breaks = 3
)

// courier carries the orders of one bank. But for the batches on their way, all
// of it happens in one goroutine.
type courier struct {
	Sender
	way     service.BankChannel
	to      channel.Peer
	log     *slog.Logger
	breaker circuitbreaker.CircuitBreaker[bank.BatchReceipt]
	sending failsafe.Executor[bank.BatchReceipt]
	marks   chan struct{} // holds one for each account that is being told
	wake    chan struct{}
	done    chan outcome
	running sync.WaitGroup

	flying int
	size   int // of the next batch at most
	minds  map[identity.OrderID]*mind
	shown  reachability
	cause  string // of the last failure on the way
	proven bool   // some batch was taken since the start, or since the last failure
}

// mind is what a courier keeps in mind of one order.
type mind struct {
	row   view.Row
	since time.Time // when the courier first saw it
	tries int
	next  time.Time // not before
	away  bool      // it is in a batch on its way
	alone bool      // the bank chokes on it, so that it goes without others
	told  bool      // that it cannot be delivered
}

// reachability is what the bank's stream says, as far as the courier knows.
type reachability int

const (
	unknownReach reachability = iota
	reachable
	unreachable
)

func newCourier(s Sender, way service.BankChannel, marks chan struct{}) *courier {
	c := &courier{
		Sender: s, way: way, to: s.peer(way), log: s.logger(way.Bank), marks: marks, wake: make(chan struct{}, 1), done: make(chan outcome),
		size: bank.MaxBatch, minds: map[identity.OrderID]*mind{},
	}
	onTheWay := func(_ bank.BatchReceipt, err error) bool {
		f, ok := errors.AsType[*failure](err)
		return ok && !f.content
	}
	c.breaker = circuitbreaker.NewBuilder[bank.BatchReceipt]().HandleIf(onTheWay).
		WithFailureThreshold(breaks).WithSuccessThreshold(1).WithDelay(s.Pace.Rest).WithJitterFactor(.2).Build()
	retry := retrypolicy.NewBuilder[bank.BatchReceipt]().HandleIf(onTheWay).AbortOnErrors(circuitbreaker.ErrOpen).
		WithMaxRetries(breaks-1).WithBackoff(s.Pace.Retry, 10*s.Pace.Retry).WithJitterFactor(.2).ReturnLastFailure().Build()
	c.sending = failsafe.With[bank.BatchReceipt](retry, c.breaker)
	return c
}

// look tells the courier that its bank has orders to take.
func (c *courier) look() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been told
	}
}

func (c *courier) run(ctx context.Context) {
	defer c.to.HTTP.CloseIdleConnections()
	defer c.running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.wake:
		case <-timer.C:
		case o := <-c.done:
			c.settle(ctx, o)
		case <-ctx.Done():
			return
		}
		timer.Reset(c.step(ctx))
	}
}

// idle is how long a courier rests that has nothing to do until it is woken.
const idle = time.Hour

// step does what can be done now, and tells when there is more to do.
func (c *courier) step(ctx context.Context) time.Duration {
	again := idle
	if err := c.show(ctx); err != nil && ctx.Err() == nil {
		c.log.Error("it could not be stored how a bank can be reached", slog.Any("error", err))
		again = time.Second
	}
	for c.flying < inFlight {
		if wait := c.breaker.RemainingDelay(); c.breaker.IsOpen() && wait > 0 {
			return min(again, wait, c.complain(ctx))
		}
		limit := c.size
		if !c.breaker.IsClosed() {
			if c.flying > 0 {
				return again // one probe at a time
			}
			limit = 1
		}
		batch, wait, err := c.next(ctx, limit)
		if err != nil {
			if ctx.Err() == nil {
				c.log.Error("the orders of a bank could not be read", slog.Any("error", err))
			}
			return time.Second
		}
		again = min(again, wait)
		if len(batch) == 0 {
			break
		}
		c.start(ctx, batch)
	}
	return min(again, c.complain(ctx))
}

// show stores that the bank's machine has stopped, or has begun again, to take
// orders, when it is seen.
func (c *courier) show(ctx context.Context) error {
	switch {
	case !c.breaker.IsClosed() && c.cause != "" && c.shown != unreachable:
		if err := c.noteUnreachable(ctx, c.cause); err != nil {
			return err
		}
		c.shown = unreachable
	case c.breaker.IsClosed() && c.proven && c.shown != reachable:
		if err := c.noteReachable(ctx); err != nil {
			return err
		}
		c.shown = reachable
	}
	return nil
}

// settle takes in what has become of a batch.
func (c *courier) settle(ctx context.Context, o outcome) {
	c.flying--
	now := time.Now()
	f, _ := errors.AsType[*failure](o.err)
	choked := f != nil && f.content
	for _, l := range o.letters {
		m := c.minds[l.row.Order]
		m.away = false
		switch {
		case l.taken:
			m.next = now.Add(c.Pace.Settle) // by then the list has seen it
			continue
		case errors.Is(o.err, circuitbreaker.ErrOpen):
			continue // it was not even sent
		case choked && len(o.letters) > 1:
			continue // on which of them will be found out
		case f != nil && !choked:
			m.tries++ // when it goes again is for the breaker to say: it is not the order's fault
			continue
		case l.cause == "":
			m.next = now.Add(c.Pace.Again) // taken, and that could not be stored
			continue
		}
		m.tries, m.alone = m.tries+1, choked
		m.next = now.Add(c.again(m.tries))
		if l.hopeless || m.tries >= enough {
			c.tell(ctx, m, l.cause)
		}
	}
	switch {
	case o.err == nil:
		c.proven, c.size = true, min(2*c.size, bank.MaxBatch)
	case f == nil: // not sent
	case choked:
		c.size = max(1, len(o.letters)/2)
	default:
		c.proven, c.cause = false, f.cause
		level := slog.LevelWarn
		if c.shown == unreachable {
			level = slog.LevelDebug // that it still does not answer is no news
		}
		c.log.Log(ctx, level, "a bank's machine has not taken a batch", slog.Int("orders", len(o.letters)), slog.String("cause", f.cause), slog.Any("error", f.err))
	}
}

// again is how long an order waits for its next attempt.
func (c *courier) again(tries int) time.Duration {
	wait := c.Pace.AgainMost
	if tries < 16 {
		wait = min(wait, c.Pace.Again<<(tries-1))
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // jitter
}

// complain shows the orders that have waited long enough for a bank that does
// not answer, and tells when there are more to show.
func (c *courier) complain(ctx context.Context) time.Duration {
	if c.shown != unreachable {
		return idle
	}
	wait := idle
	for _, m := range c.minds {
		if m.told || m.away {
			continue
		}
		if left := time.Until(m.since.Add(c.Pace.Tell)); left > 0 {
			wait = min(wait, left)
			continue
		}
		c.tell(ctx, m, c.cause)
	}
	return wait
}

// tell shows on an order's account that it cannot be delivered, once.
func (c *courier) tell(ctx context.Context, m *mind, cause string) {
	if m.told {
		return
	}
	err := c.noteUndelivered(ctx, m.row, cause, m.tries)
	if err != nil {
		c.log.Error("an order that cannot be delivered could not be shown", slog.String("order", string(m.row.Order)), slog.Any("error", err))
		return
	}
	m.told = true
}
