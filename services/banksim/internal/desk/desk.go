// Package desk is a bank's front end to a city: it asks for orders and notices,
// acknowledges them, carries them out in the network and answers. Nothing is
// carried out twice and no answer is lost, whenever the city goes away.
package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// City is what a desk needs of a city. Both calls persist while the city is away.
type City interface {
	Get(ctx context.Context, path string, out any) error
	Post(ctx context.Context, path, key string, body, out any) error
}

// Clock is the city's clock.
type Clock interface {
	Now() time.Time
	Wait(ctx context.Context, t time.Time) error
}

// Desk (银行专席) serves one bank.
type Desk struct {
	Bank      identity.BankCode
	Behaviour Behaviour
	Network   *banknet.Network
	City      City
	Clock     Clock
	Log       *slog.Logger
	// Mine tells whether an account is in this desk's books. What is asked about
	// others is left alone: another play against the same city has a desk of the
	// same bank. Nil means that all are.
	Mine func(account banknet.Key) bool
	// Advance brings the story up to a time, before a measure takes hold then.
	Advance func(now time.Time)
	// Seen is told of each order when it is first seen, Answered once the city
	// has taken the answer.
	Seen, Answered func(bank.Order)
	// Elsewhere names an order of another bank, for a bank that answers what is
	// not its own. Nil, or an empty name, means that none is known.
	Elsewhere func(bank identity.BankCode) string

	mu      sync.Mutex
	entries map[string]*entry
	taken   int
}

// entry is an order or notice that the desk knows.
type entry struct {
	busy    bool
	silent  bool // is never answered
	tries   int
	next    time.Time // earliest time to try again, real time
	answer  *bank.Answer
	receipt *bank.NoticeAnswer
	number  int // in the order of coming
	// overtaken is closed when an order that came later has been answered.
	overtaken chan struct{}
}

const (
	longPoll = "wait=20"
	// atOnce is how many orders of one bank are in work at a time.
	atOnce = 64
	// An order that is still listed some time after its answer was taken is
	// answered again, a few times, with the same words under the same key.
	repeatAfter = 3 * time.Second
	retryAfter  = 200 * time.Millisecond // after a refusal
	maxTries    = 20
	// The pause where nothing in a list is new.
	shortestPause = 10 * time.Millisecond
	longestPause  = 100 * time.Millisecond
)

// Run serves until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	d.mu.Lock()
	d.entries = map[string]*entry{}
	d.mu.Unlock()
	var loops sync.WaitGroup
	loops.Go(func() { d.serve(ctx, d.orders) })
	loops.Go(func() { d.serve(ctx, d.notices) })
	loops.Go(func() { d.activate(ctx) })
	loops.Wait()
}

// task is one order or notice in work.
type task struct {
	id string
	do func(ctx context.Context, e *entry) error
}

// serve asks for tasks and works them off, several at a time.
func (d *Desk) serve(ctx context.Context, list func(context.Context) (tasks []task, listed int, err error)) {
	slots, pause := make(chan struct{}, atOnce), shortestPause
	var work sync.WaitGroup
	defer work.Wait()
	for d.up(ctx) == nil {
		tasks, listed, err := list(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			d.Log.Warn("a bank cannot ask for orders", slog.String("bank", string(d.Bank)), slog.Any("error", err))
		}
		fresh := 0
		for _, t := range tasks {
			e := d.take(t.id)
			if e == nil {
				continue
			}
			fresh++
			slots <- struct{}{}
			work.Go(func() {
				defer func() { <-slots }()
				d.work(ctx, t, e)
			})
		}
		if fresh > 0 || (err == nil && listed == 0) {
			pause = shortestPause
			continue
		}
		if rest(ctx, pause) != nil {
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// up waits while the bank is down.
func (d *Desk) up(ctx context.Context) error {
	if until := d.Behaviour.down(d.Clock.Now()); !until.IsZero() {
		return d.Clock.Wait(ctx, until)
	}
	return ctx.Err()
}

// take claims a task, or gives nil if it is in work or done.
func (d *Desk) take(id string) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.entries[id]
	if !ok {
		d.taken++
		e = &entry{number: d.taken}
		d.entries[id] = e
	}
	if e.busy || e.silent || e.tries >= maxTries || time.Now().Before(e.next) {
		return nil
	}
	e.busy = true
	e.tries++
	return e
}

func (d *Desk) mine(number string) bool { return d.Mine == nil || d.Mine(d.key(number)) }

func (d *Desk) key(number string) banknet.Key {
	return banknet.Key{Bank: d.Bank, Number: identity.NormaliseAccount(number)}
}

func (d *Desk) work(ctx context.Context, t task, e *entry) {
	err := t.do(ctx, e)
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("a bank's answer was not taken", slog.String("bank", string(d.Bank)), slog.String("id", t.id), slog.Any("error", err))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e.busy, e.next = false, time.Now().Add(repeatAfter)
	if err != nil {
		e.next = time.Now().Add(retryAfter)
	}
}

func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
