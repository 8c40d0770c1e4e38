package channel

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

// letter is one order of a batch, and what has become of it.
type letter struct {
	row   view.Row
	order bank.Order

	taken    bool
	cause    string // why it was not taken; "" if only that could not be stored
	hopeless bool   // sending it again would not help
}

// outcome is what has become of a batch.
type outcome struct {
	letters []letter
	err     error
}

// next picks the orders of the next batch, oldest first, and tells when one that
// is waiting for its next attempt is due.
func (c *courier) next(ctx context.Context, limit int) ([]letter, time.Duration, error) {
	asked := bank.MaxBatch + len(c.minds)
	rows, err := c.Orders.ToSend(ctx, c.way.Bank, asked)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) < asked {
		c.forget(rows)
	}
	now, wait := time.Now(), idle
	var batch []letter
	for _, row := range rows {
		m := c.minds[row.Order]
		switch {
		case m == nil && len(c.minds) >= most:
			continue // until some of the others have been taken
		case m == nil:
			m = &mind{row: row, since: now}
			c.minds[row.Order] = m
		case m.away:
			continue
		case m.next.After(now):
			wait = min(wait, m.next.Sub(now))
			continue
		}
		if len(batch) == limit || m.alone && len(batch) > 0 {
			continue // seen, so that it can be shown if it has to wait
		}
		order, err := c.Write(ctx, row)
		if privacy.Lost(err) || errors.Is(err, event.ErrUnknown) {
			// One order that nobody can read any more, or that this build cannot
			// write, must not hold up the others.
			m.tries, m.next = m.tries+1, now.Add(c.Pace.AgainMost)
			c.tell(ctx, m, unwritable)
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		batch = append(batch, letter{row: row, order: order})
		if m.alone {
			limit = 1
		}
	}
	return batch, wait, nil
}

// forget drops what is not on the list any more.
func (c *courier) forget(rows []view.Row) {
	listed := make(map[identity.OrderID]bool, len(rows))
	for _, r := range rows {
		listed[r.Order] = true
	}
	for id, m := range c.minds {
		if !listed[id] && !m.away {
			delete(c.minds, id)
		}
	}
}

// start sends a batch, beside the courier's own work.
func (c *courier) start(ctx context.Context, letters []letter) {
	for _, l := range letters {
		c.minds[l.row.Order].away = true
	}
	c.flying++
	c.running.Go(func() {
		o := outcome{letters, c.deliver(ctx, letters)}
		select {
		case c.done <- o:
		case <-ctx.Done():
		}
	})
}

// deliver sends a batch, and takes in what the bank says of each order.
func (c *courier) deliver(ctx context.Context, letters []letter) error {
	batch := bank.Batch{BatchID: uuid.NewString(), BankID: string(c.way.Bank), SentTime: identity.FormatPlatformTime(c.App.City.Clock.Now())}
	for _, l := range letters {
		batch.Items = append(batch.Items, l.order)
	}
	receipt, err := c.insist(ctx, batch)
	f, _ := errors.AsType[*failure](err)
	said := read(receipt)
	for n := range letters {
		switch {
		case f != nil:
			letters[n].cause = f.cause
		case err == nil:
			judge(&letters[n], said[letters[n].order.ApplicationID])
		}
	}
	if err == nil {
		c.mark(ctx, batch.BatchID, letters)
	}
	return err
}

// insist sends a batch, again if need be.
func (c *courier) insist(ctx context.Context, batch bank.Batch) (bank.BatchReceipt, error) {
	body, err := json.Marshal(batch)
	if err != nil {
		return bank.BatchReceipt{}, err
	}
	var last *failure
	attempt := func(e failsafe.Execution[bank.BatchReceipt]) (bank.BatchReceipt, error) { //nolint:contextcheck // the execution's context is made from ctx
		r, err := c.post(e.Context(), batch.BatchID, body)
		if f, ok := errors.AsType[*failure](err); ok {
			last = f
			if f.cause == timeout {
				c.breaker.Open() // each further attempt would take as long
			}
		}
		return r, err
	}
	receipt, err := c.sending.WithContext(ctx).GetWithExecution(attempt)
	if err != nil && last != nil {
		err = last // also where the next attempt was not made any more
	}
	return receipt, err
}

// mark stores which orders the bank has taken. Those of which that could not be
// stored go out again.
func (c *courier) mark(ctx context.Context, batch string, letters []letter) {
	var group sync.WaitGroup
	defer group.Wait()
	for n := range letters {
		l := &letters[n]
		if !l.taken {
			continue
		}
		c.marks <- struct{}{}
		group.Go(func() {
			defer func() { <-c.marks }()
			err := c.markSent(ctx, l.row, batch)
			if err == nil {
				return
			}
			l.taken = false
			if ctx.Err() == nil {
				c.log.Error("that a bank has taken an order could not be stored", slog.String("order", string(l.row.Order)), slog.Any("error", err))
			}
		})
	}
}

// post is one attempt. Each is signed anew.
func (c *courier) post(ctx context.Context, id string, body []byte) (bank.BatchReceipt, error) {
	var receipt bank.BatchReceipt
	ctx, cancel := context.WithTimeout(ctx, c.way.Timeout)
	defer cancel()
	reply, err := c.to.Send(ctx, http.MethodPost, c.way.URL, body)
	if err != nil || reply.Status != http.StatusOK {
		return receipt, failed(ctx, reply, err)
	}
	if err := json.Unmarshal(reply.Body, &receipt); err != nil || receipt.BatchID != id || len(receipt.Items) > bank.MaxBatch {
		return receipt, &failure{cause: malformed, err: err}
	}
	return receipt, nil
}

// read is what a bank says of each order. Of an order that it speaks of twice,
// differently, it has said nothing.
func read(receipt bank.BatchReceipt) map[string]bank.OrderReceipt {
	said := make(map[string]bank.OrderReceipt, len(receipt.Items))
	for _, r := range receipt.Items {
		if before, twice := said[r.ApplicationID]; twice && before != r {
			r.Result = bank.Unknown
		}
		said[r.ApplicationID] = r
	}
	return said
}

// judge takes the bank's word for an order.
func judge(l *letter, said bank.OrderReceipt) {
	switch {
	case said.Result == bank.Accepted:
		l.taken = true
	case said.Result != bank.Refused:
		l.cause = unsaid
	case said.Cause == bank.Unreadable, said.Cause == bank.NotOurs:
		l.cause, l.hopeless = said.Cause, true
	case said.Cause == bank.Busy:
		l.cause = bank.Busy
	default:
		l.cause = bank.Technical // whatever else it says, in a code that is known here
	}
}
