package desk

import "time"

// Delay is how long an order lies about.
func (b Behaviour) Delay(id string) time.Duration { return b.delay(id) }

// Up tells when the bank is up again.
func (b Behaviour) Up(now time.Time) time.Time { return b.down(now) }
