package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestAStopThatEndsSoonIsWarnedOfOnceForEachOfItsHours(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 100)}
	end := four.Add(48 * time.Hour)
	at := func(before time.Duration) domain.WarnStop {
		return domain.WarnStop{Order: "order-1", At: end.Add(-before)}
	}
	warned := func(hours int, awaits string) event.StopExpiryWarned {
		return event.StopExpiryWarned{Order: "order-1", Case: "case-a", ExpiresAt: end, Hours: hours, Awaits: awaits}
	}
	filed := at(6 * time.Hour)
	filed.Filed = true
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "not before the twenty-fourth hour", Given: stopped, When: at(24*time.Hour + time.Second)},
		{Rule: "24 hours before the end", Given: stopped, When: at(24 * time.Hour), Then: given{warned(24, "filing")}},
		{Rule: "once", Given: and(stopped, warned(24, "filing")), When: at(23 * time.Hour)},
		{Rule: "6 hours before the end, with the case filed a freeze is missing", Given: and(stopped, warned(24, "filing")), When: filed, Then: given{warned(6, "freeze")}},
		{Rule: "1 hour before the end", Given: and(stopped, warned(6, "filing")), When: at(time.Hour), Then: given{warned(1, "filing")}},
		{Rule: "of those that have passed only the nearest to the end counts", Given: stopped, When: at(30 * time.Minute), Then: given{warned(1, "filing")}},
		{Rule: "an earlier one is not caught up with", Given: and(stopped, warned(1, "filing")), When: at(30 * time.Minute)},
		{Rule: "at the end there is nothing more to warn of", Given: stopped, When: at(0)},
		{Rule: "nor while a freeze is ordered", Given: and(stopped, freezeRequested()), When: at(time.Hour)},
		{Rule: "nor while the stop is being lifted", Given: and(stopped, liftRequested()), When: at(time.Hour)},
		{
			Rule:  "nor when a second stop holds for longer",
			Given: and(stopped, secondRequested(), event.StopApproved{Order: "order-2"}, secondExecuted(four.Add(40*time.Hour))), When: at(time.Hour),
		},
	})
	if cmd, ok := domain.Wake(clockOf(t, stopped, "stop-warning:order-1"), end).(domain.WarnStop); !ok || cmd.Order != "order-1" {
		t.Errorf("the clock wakes with %#v", cmd)
	}
	if clock := clockOf(t, and(stopped, warned(24, "filing")), "stop-warning:order-1"); !clock.At.Equal(end.Add(-6 * time.Hour)) {
		t.Errorf("after the first warning the next is due at %v", clock.At)
	}
	last := domain.DueOnAccount(domain.AccountDecider().Replay(and(stopped, warned(1, "filing"))...))
	if len(last) != 1 {
		t.Errorf("after the last warning %v run", last)
	}
}
