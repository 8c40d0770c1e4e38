package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
)

// FirstOrderWithin is how long after a report the first stop is ordered at the
// latest (银发〔2016〕86号: 30 minutes).
const FirstOrderWithin = 30 * time.Minute

// firstOrderClock is the name of its clock.
const firstOrderClock = "first-order"

// DueOnPursuit lists the running clocks: the thirty minutes to the first order.
func DueOnPursuit(p Pursuit) []es.Alarm {
	if p.Case == "" || p.Ordered || p.Overdue {
		return nil
	}
	return []es.Alarm{{Name: firstOrderClock, At: p.ReportedAt.Add(FirstOrderWithin)}}
}

// WakePursuit makes the command for a clock of a chase that has run out.
func WakePursuit(_ es.Alarm, at time.Time) PursuitCommand { return NoteOverdue{At: at} }

// overdue is the event that the first order is late, once, no matter whether the
// clock tells it or an order that comes too late. Who took the report answers
// for it.
func overdue(p Pursuit, at time.Time) []event.PursuitEvent {
	due := p.ReportedAt.Add(FirstOrderWithin)
	if p.Ordered || p.Overdue || at.Before(due) {
		return nil
	}
	return []event.PursuitEvent{event.FirstOrderOverdue{Case: p.Case, ReportedAt: p.ReportedAt, Due: due, Responsible: p.Operator}}
}
