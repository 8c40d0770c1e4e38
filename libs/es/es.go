// Package es is the kernel of every service: a decider that is pure, and the
// one loop that carries a command to it and its events to the log.
package es

import (
	"time"
)

// Decider is the whole of an aggregate's rules. All four are pure: no I/O, no
// clock, no randomness; a command carries the time it is given at.
type Decider[S, C, E any] struct {
	Initial S
	// Decide returns what happens because of the command: no events when
	// nothing is left to do, a *rule.Violation when it must not be done.
	Decide func(S, C) ([]E, error)
	// Evolve folds one event into the state. It does not judge.
	Evolve func(S, E) S
	// Due lists the clocks running in this state; nil when there are none.
	Due func(S) []Alarm
}

// Alarm is a clock that runs out: a deadline is a function of the state, so
// that no timer can be lost.
type Alarm struct {
	Name string    // which clock; part of the wake-up's command id
	At   time.Time // when it runs out
}

// Replay folds a history, oldest first.
func (d Decider[S, C, E]) Replay(events ...E) S {
	s := d.Initial
	for _, e := range events {
		s = d.Evolve(s, e)
	}
	return s
}

// Codec writes and reads the events of one category under their stored names.
// Decode fails on a name it does not know, and never panics.
type Codec[E any] interface {
	Encode(E) (name string, data []byte, err error)
	Decode(name string, data []byte) (E, error)
}
