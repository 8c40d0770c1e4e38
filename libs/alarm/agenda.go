package alarm

import (
	"container/heap"
	"time"

	"github.com/yuanlu/yuanlu/libs/es"
)

// item is one running clock of one stream.
type item[S any] struct {
	id    string
	state S
	alarm es.Alarm
	at    time.Time // alarm.At, or later after a fault
	index int
}

// runs tells whether the alarm is this clock. Times are compared as moments: the
// same one read twice can stand in two zones.
func (i item[S]) runs(alarm es.Alarm) bool {
	return i.alarm.Name == alarm.Name && i.alarm.At.Equal(alarm.At)
}

// agenda orders running clocks by the time they run out. Its zero value is
// empty.
type agenda[S any] struct {
	items []*item[S]
	byID  map[string][]*item[S]
}

func (a *agenda[S]) next() (item[S], bool) {
	if len(a.items) == 0 {
		return item[S]{}, false
	}
	return *a.items[0], true
}

// due lists the clock that is next and those that have run out with it, in order
// and at most so many, one of each stream: the second of a stream waits for what
// the first leads to.
func (a *agenda[S]) due(now time.Time, most int) []item[S] {
	var list []item[S]
	var seen []*item[S]
	streams := map[string]bool{}
	for len(a.items) > 0 && len(list) < most && len(seen) < 4*most {
		next := a.items[0]
		if len(list) > 0 && next.at.After(now) {
			break
		}
		if !streams[next.id] {
			streams[next.id] = true
			list = append(list, *next)
		}
		seen = append(seen, next)
		heap.Pop((*byTime[S])(a))
	}
	for _, it := range seen {
		heap.Push((*byTime[S])(a), it)
	}
	return list
}

// set replaces the clocks of a stream.
func (a *agenda[S]) set(id string, state S, alarms []es.Alarm) {
	if a.byID == nil {
		a.byID = map[string][]*item[S]{}
	}
	for _, old := range a.byID[id] {
		heap.Remove((*byTime[S])(a), old.index)
	}
	delete(a.byID, id)
	for _, alarm := range alarms {
		it := &item[S]{id: id, state: state, alarm: alarm, at: alarm.At}
		a.byID[id] = append(a.byID[id], it)
		heap.Push((*byTime[S])(a), it)
	}
}

// drop forgets one clock that has been acted on.
func (a *agenda[S]) drop(id string, alarm es.Alarm) {
	for i, it := range a.byID[id] {
		if it.runs(alarm) {
			heap.Remove((*byTime[S])(a), it.index)
			a.byID[id] = append(a.byID[id][:i:i], a.byID[id][i+1:]...)
			return
		}
	}
}

// delay puts off one clock.
func (a *agenda[S]) delay(id string, alarm es.Alarm, at time.Time) {
	for _, it := range a.byID[id] {
		if it.runs(alarm) {
			it.at = at
			heap.Fix((*byTime[S])(a), it.index)
			return
		}
	}
}

// byTime is the agenda as container/heap wants it.
type byTime[S any] agenda[S]

func (b *byTime[S]) Len() int           { return len(b.items) }
func (b *byTime[S]) Less(i, j int) bool { return b.items[i].at.Before(b.items[j].at) }
func (b *byTime[S]) Swap(i, j int) {
	b.items[i], b.items[j] = b.items[j], b.items[i]
	b.items[i].index, b.items[j].index = i, j
}

func (b *byTime[S]) Push(x any) {
	it, _ := x.(*item[S]) // heap.Push is only called with one
	it.index = len(b.items)
	b.items = append(b.items, it)
}

func (b *byTime[S]) Pop() any {
	last := b.items[len(b.items)-1]
	b.items = b.items[:len(b.items)-1]
	return last
}
