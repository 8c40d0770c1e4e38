package domain

import (
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// OutflowSize shows what an outflow is taken to weigh.
func OutflowSize(o event.Outflow) int { return outflowSize(o) }

// Union shows what one statement all of them make, each the answer to a stop, and
// which do not fit.
func Union(all []event.StatementReceived) (event.StatementReceived, []identity.OrderID) {
	stretches := make([]stretch, len(all))
	for n, s := range all {
		stretches[n] = stretch{StatementReceived: s, own: true, until: s.Rows[len(s.Rows)-1].At}
	}
	return union(stretches)
}

// Match shows which inflow has which row, and which have none.
func Match(a Account) (traced map[int][]Inflow, missing []Inflow) { return match(a) }
