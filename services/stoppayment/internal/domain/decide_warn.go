package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// stopWarnings are the hours before the end of a stop at which the officers are
// warned that the money is not secured: the examination before filing takes
// longer than two stops (公通字〔2015〕32号), so that a stop can end first.
func stopWarnings() []int { return []int{24, 6, 1} }

// Reminds tells whether a clock only warns of an end. Many of these can run out at
// one instant, and no end waits for them.
func Reminds(clock es.Alarm) bool {
	return strings.HasPrefix(clock.Name, stopWarnClock) || strings.HasPrefix(clock.Name, warnClock)
}

// WarnStop wakes a stop that ends soon.
type WarnStop struct {
	Order identity.OrderID
	Filed bool // the case is filed, so that a freeze could be ordered
	At    time.Time
}

func (WarnStop) isAccountCommand() {}

// nextStopWarning is the number of hours before the end that comes next; 0 if
// none is left or none is needed: a freeze is ordered, another stop of the case
// holds the account for longer, or the stop is being lifted.
func (a Account) nextStopWarning(o Order) int {
	if lifting, _ := a.lifting(o.ID); lifting || a.secured(o) {
		return 0
	}
	for _, hours := range stopWarnings() {
		if o.Hold.Warned == 0 || hours < o.Hold.Warned {
			return hours
		}
	}
	return 0
}

// secured tells whether something takes over from a stop.
func (a Account) secured(stop Order) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		switch {
		case o.Case != stop.Case:
			return false
		case o.Kind == KindFreeze:
			return o.State.Open() || o.State == Executed || o.State == Queued
		}
		return o.Kind == KindStop && o.State == Executed && o.ExpiresAt.After(stop.ExpiresAt)
	})
}

// warnStop warns once for each of the hours. Of those that have passed when it
// is woken, only the nearest to the end counts.
func warnStop(a Account, cmd WarnStop) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok || o.Kind != KindStop || o.State != Executed || a.nextStopWarning(o) == 0 || !cmd.At.Before(o.ExpiresAt) {
		return nil, nil
	}
	reached := 0
	for _, hours := range stopWarnings() {
		if !cmd.At.Before(o.ExpiresAt.Add(-time.Duration(hours) * time.Hour)) {
			reached = hours
		}
	}
	if reached == 0 || (o.Hold.Warned > 0 && reached >= o.Hold.Warned) {
		return nil, nil
	}
	awaits := "filing"
	if cmd.Filed {
		awaits = "freeze"
	}
	return []event.AccountEvent{event.StopExpiryWarned{Order: o.ID, Case: o.Case, ExpiresAt: o.ExpiresAt, Hours: reached, Awaits: awaits}}, nil
}
