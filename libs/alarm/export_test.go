package alarm

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
)

// Agenda is the agenda as its tests see it.
type Agenda struct{ agenda[string] }

// Set replaces the clocks of a stream.
func (a *Agenda) Set(id string, alarms ...es.Alarm) { a.set(id, id, alarms) }

// Next is the clock that runs out first, and when it is to be acted on.
func (a *Agenda) Next() (id string, alarm es.Alarm, at time.Time, ok bool) {
	next, ok := a.next()
	return next.id, next.alarm, next.at, ok
}

// Drop forgets a clock.
func (a *Agenda) Drop(id string, alarm es.Alarm) { a.drop(id, alarm) }

// Delay puts off a clock.
func (a *Agenda) Delay(id string, alarm es.Alarm, at time.Time) { a.delay(id, alarm, at) }
