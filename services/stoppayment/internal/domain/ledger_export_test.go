package domain

import "github.com/yuanlu/yuanlu/api/event"

// OutflowSize shows what an outflow is taken to weigh.
func OutflowSize(o event.Outflow) int { return outflowSize(o) }

// Union shows what one statement all of them make.
func Union(all []event.StatementReceived) event.StatementReceived { return union(all) }
