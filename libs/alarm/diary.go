package alarm

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
)

// diary keeps the clocks that end something apart from those that only remind, so
// that many reminders keep no end waiting. Its zero value is empty and has no
// reminders.
type diary[S any] struct {
	ends, reminders agenda[S]
	reminds         func(es.Alarm) bool
}

// of is where a clock is kept.
func (d *diary[S]) of(alarm es.Alarm) *agenda[S] {
	if d.reminds != nil && d.reminds(alarm) {
		return &d.reminders
	}
	return &d.ends
}

// next is the clock that runs out first.
func (d *diary[S]) next() (item[S], bool) {
	end, ok := d.ends.next()
	reminder, also := d.reminders.next()
	if !ok || (also && reminder.at.Before(end.at)) {
		return reminder, also
	}
	return end, ok
}

// due lists what has run out, ends before reminders, at most so many and one of
// each stream. It is never empty while there is a clock: one that is woken too
// early is not lost.
func (d *diary[S]) due(now time.Time, most int) []item[S] {
	var list []item[S]
	if end, ok := d.ends.next(); ok && !end.at.After(now) {
		list = d.ends.due(now, most)
	}
	if reminder, ok := d.reminders.next(); ok && !reminder.at.After(now) && len(list) < most {
		for _, it := range d.reminders.due(now, most-len(list)) {
			if !slices.ContainsFunc(list, func(o item[S]) bool { return o.id == it.id }) {
				list = append(list, it)
			}
		}
	}
	if len(list) == 0 {
		if first, ok := d.next(); ok {
			list = append(list, first)
		}
	}
	return list
}

// set replaces the clocks of a stream.
func (d *diary[S]) set(id string, state S, alarms []es.Alarm) {
	var ends, reminders []es.Alarm
	for _, alarm := range alarms {
		if d.of(alarm) == &d.reminders {
			reminders = append(reminders, alarm)
		} else {
			ends = append(ends, alarm)
		}
	}
	d.ends.set(id, state, ends)
	d.reminders.set(id, state, reminders)
}

// drop forgets one clock that has been acted on.
func (d *diary[S]) drop(id string, alarm es.Alarm) { d.of(alarm).drop(id, alarm) }

// delay puts off one clock.
func (d *diary[S]) delay(id string, alarm es.Alarm, at time.Time) { d.of(alarm).delay(id, alarm, at) }
