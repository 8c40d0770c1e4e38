package bus

import "github.com/yuanlu/yuanlu/libs/eventlog"

// Commit lets the account of a subscription be tested from outside.
type Commit struct{ c *commit }

// NewCommit begins an account.
func NewCommit(from eventlog.Position) Commit { return Commit{newCommit(from)} }

// Begin returns what marks the event as processed.
func (c Commit) Begin(at eventlog.Position) (done func()) {
	w := c.c.begin(at)
	return func() { c.c.done(w) }
}

// Pass notes that there is nothing up to a position.
func (c Commit) Pass(to eventlog.Position) { c.c.pass(to) }

// Mark is what can be saved.
func (c Commit) Mark() (eventlog.Position, int) { return c.c.mark() }

// Size is how many stretches of the log are remembered.
func (c Commit) Size() int {
	n := 0
	for w := c.c.first; w != nil; w = w.next {
		n++
	}
	return n
}

// Backoff is the pause after a refused attempt.
func (cfg SubscriberConfig) Backoff(attempt int) (pause int64) {
	if err := cfg.complete(); err != nil {
		panic(err)
	}
	return int64(cfg.backoff(attempt))
}
