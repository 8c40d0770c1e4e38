package flow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
)

// What another case of the city held is told of when an order is given, and it
// has events of its own, which tell when it ends.
func TestWhatOthersHoldIsTheirLastWord(t *testing.T) {
	day := func(n int) time.Time { return four.AddDate(0, 0, n) }
	told := func(by string, days int) event.PriorRestraintFound {
		return event.PriorRestraintFound{Order: "stop-first", Kind: "1001", By: by, Until: day(days), At: four}
	}
	b := requested(first, 1, paid)
	b.Order, b.Case = "stop-b", "case-b"
	stopped := []event.AccountEvent{
		b,
		event.StopExecuted{Order: "stop-b", Case: "case-b", ExecutedAt: four, ExpiresAt: day(2)},
		requested(first, 1, paid),
		event.PriorRestraintFound{Order: "stop-first", Kind: "0001", By: "440982000000", Case: "case-b", Until: day(2), At: four},
	}
	city := flow.Prior{Kind: "0001", By: "case-b", Until: day(2)}
	for rule, c := range map[string]struct {
		more []event.AccountEvent
		want []flow.Prior
	}{
		"a stop of another case of the city, once":      {nil, []flow.Prior{city}},
		"it has been lifted":                            {[]event.AccountEvent{event.StopLifted{Order: "stop-b", Cause: "error"}}, nil},
		"it has lapsed":                                 {[]event.AccountEvent{event.StopLapsed{Order: "stop-b"}}, nil},
		"a court's freeze":                              {[]event.AccountEvent{told("某院", 30)}, []flow.Prior{city, {Kind: "1001", By: "某院", Until: day(30)}}},
		"which ends sooner than was said at first":      {[]event.AccountEvent{told("某院", 30), told("某院", 20)}, []flow.Prior{city, {Kind: "1001", By: "某院", Until: day(20)}}},
		"which has ended, contrary to the first word":   {[]event.AccountEvent{told("某院", 30), told("某院", 0)}, []flow.Prior{city}},
		"which was renewed after it had seemed to end":  {[]event.AccountEvent{told("某院", 0), told("某院", 30)}, []flow.Prior{city, {Kind: "1001", By: "某院", Until: day(30)}}},
		"another court's word is about another measure": {[]event.AccountEvent{told("某院", 30), told("他院", 0)}, []flow.Prior{city, {Kind: "1001", By: "某院", Until: day(30)}}},
	} {
		t.Run(rule, func(t *testing.T) {
			g := build(opened(), accounts{"first": slices.Concat(stopped, c.more)})
			for _, n := range g.Nodes {
				if n.Ref.ID == first.ID {
					if diff := cmp.Diff(c.want, n.Prior); diff != "" {
						t.Error(diff)
					}
				}
			}
		})
	}
}
