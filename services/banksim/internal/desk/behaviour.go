package desk

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
)

// Behaviour (银行行为) is what a bank does otherwise than a good bank would. The
// zero value answers at once and rightly. Times are the city's.
type Behaviour struct {
	AnswerAfter  time.Duration // from taking an order to carrying it out
	AnswerWithin time.Duration // if longer, that time is drawn for each order between the two
	Seed         uint64        // of what is drawn
	AnswersLate  time.Duration // from carrying an order out to answering it
	Expiry       time.Duration // of a stop, instead of 48 hours
	FreezeMonths int           // the term of a freeze, instead of what was ordered
	Mismatch     string        // the cause by which each stop is refused
	Wrong        Fault         // what is wrong in each answer to a stop
	CorrectAfter time.Duration // after which a wrong answer is corrected; 0 never
	PageRows     int           // rows of one answer, if fewer than may be
	Details      bool          // rows tell the machine, the place and the papers of each transfer
	AnswersTwice bool
	NeverAnswers bool
	LaterFirst   bool // an order waits until one that came later has been answered
	Down         []Window
}

// Window (停机时段) is a time in which a bank is down.
type Window struct{ From, Until time.Time }

// Fault (错误反馈) is a way in which an answer is wrong.
type Fault string

// The faults.
const (
	NegativeBalance Fault = "negative-balance" // a balance below zero
	Contradiction   Fault = "contradiction"    // rows that do not come to the balances beside them
	BeforeInflow    Fault = "before-inflow"    // a transfer out before the money came in
	ZeroCycle       Fault = "zero-cycle"       // money out and back in the same second
	UnknownOrder    Fault = "unknown-order"    // an answer to an order that there is not, before the right one
	OthersOrder     Fault = "others-order"     // an answer to another bank's order, before the right one
)

// Faults lists all faults.
func Faults() []Fault {
	return []Fault{NegativeBalance, Contradiction, BeforeInflow, ZeroCycle, UnknownOrder, OthersOrder}
}

// delay is how long an order lies about before it is carried out.
func (b Behaviour) delay(id string) time.Duration {
	if b.AnswerWithin <= b.AnswerAfter {
		return b.AnswerAfter
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))                    // never fails
	r := rand.New(rand.NewPCG(b.Seed, h.Sum64())) //nolint:gosec // a play, no secret
	return b.AnswerAfter + time.Duration(r.Int64N(int64(b.AnswerWithin-b.AnswerAfter)))
}

// down gives when the bank will be up again; the zero time if it is up.
func (b Behaviour) down(now time.Time) time.Time {
	for _, w := range b.Down {
		if !now.Before(w.From) && now.Before(w.Until) {
			return w.Until
		}
	}
	return time.Time{}
}

// IsDown tells whether the bank is down at a time.
func (b Behaviour) IsDown(now time.Time) bool { return !b.down(now).IsZero() }

// patience is how long an order waits for a later one to go first.
const patience = 5 * time.Second

// letLaterGoFirst waits until an order that was taken later has been answered,
// or until none has been for so long that there is none.
func (d *Desk) letLaterGoFirst(ctx context.Context, e *entry) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	d.mu.Lock()
	overtaken := make(chan struct{})
	e.overtaken = overtaken
	d.mu.Unlock()
	done := make(chan error, 1)
	go func() { done <- d.Clock.Wait(waiting, d.Clock.Now().Add(patience)) }()
	select {
	case <-overtaken:
		return ctx.Err()
	case err := <-done:
		return err
	}
}

// answeredNow lets the orders go on that were to be overtaken by this one.
func (d *Desk) answeredNow(e *entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range d.entries {
		if other.overtaken != nil && other.number < e.number {
			close(other.overtaken)
			other.overtaken = nil
		}
	}
	e.overtaken = nil
}

// spoil makes an answer wrong.
func spoil(a bank.Answer, f Fault) bank.Answer {
	rows := append([]bank.Transaction(nil), a.Transactions...)
	a.Transactions = rows
	switch f {
	case NegativeBalance:
		a.AccountBalance = "-1.00"
		if len(rows) > 0 {
			rows[len(rows)-1].Balance = "-1.00"
		}
	case Contradiction:
		if len(rows) > 0 {
			last := &rows[len(rows)-1]
			last.Amount = plus(last.Amount, 1)
		} else {
			a.OpeningBalance = plus(a.OpeningBalance, 1)
		}
	case BeforeInflow:
		a.Transactions, a.OpeningBalance = outflowFirst(rows, a.OpeningBalance)
	case ZeroCycle:
		a.Transactions = zeroCycle(rows, a.AccountBalance)
	case UnknownOrder, OthersOrder:
	}
	return a
}
