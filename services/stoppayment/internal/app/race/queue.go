package race

import (
	"container/heap"
	"time"
)

// moment is something that happens at an instant; what was planned first
// happens first.
type moment struct {
	at  time.Time
	seq int
	do  func()
}

// queue is virtual time.
type queue struct {
	moments []moment
	seq     int
	now     time.Time
}

func (q *queue) Len() int      { return len(q.moments) }
func (q *queue) Swap(i, j int) { q.moments[i], q.moments[j] = q.moments[j], q.moments[i] }
func (q *queue) Push(x any)    { q.moments = append(q.moments, x.(moment)) } //nolint:forcetypeassert // only moments are pushed
func (q *queue) Less(i, j int) bool {
	a, b := q.moments[i], q.moments[j]
	return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
}

func (q *queue) Pop() any {
	last := q.moments[len(q.moments)-1]
	q.moments = q.moments[:len(q.moments)-1]
	return last
}

// at plans something; what lies in the past happens now.
func (q *queue) at(t time.Time, do func()) {
	q.seq++
	heap.Push(q, moment{at: later(t, q.now), seq: q.seq, do: do})
}

// run lets time pass until an instant, which is not reached.
func (q *queue) run(until time.Time) {
	for q.Len() > 0 && q.moments[0].at.Before(until) {
		m := heap.Pop(q).(moment) //nolint:forcetypeassert // only moments are pushed
		q.now = m.at
		m.do()
	}
	q.now = until
}
