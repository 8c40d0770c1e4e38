package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// byHandLift is the lift of the telephone order that no order followed in time.
func byHandLift() event.LiftRequested {
	return event.LiftRequested{
		Order: nth("lift", "paper-1", 1), Target: "paper-1", Case: "case-a", Account: mule, Cause: "unpapered", Approver: wang, Operator: li, Investigator: wang,
		Due: papersBy.Add(72 * time.Hour), At: papersBy,
	}
}

func TestI75_TheHolderIsToldOfATelephoneStopLikeOfEveryOther(t *testing.T) {
	notify := domain.NotifyHolder{Order: "paper-1", About: "measure", Reason: "fraud-funds", Remedy: "objection", Documents: []string{"id-card"}, Via: "sms", Officer: li, At: four.Add(time.Hour)}
	notified := event.HolderNotified{Order: "paper-1", Case: "case-a", About: "measure", Reason: "fraud-funds", Remedy: "objection", Documents: []string{"id-card"}, Via: "sms", Officer: li, At: four.Add(time.Hour)}
	deferral := domain.DeferNotice{Order: "paper-1", About: "measure", Reason: domain.Obstructs, Until: four.Add(72 * time.Hour), Officer: theChief, At: four.Add(time.Hour)}
	deferred := event.HolderNoticeDeferred{Order: "paper-1", Case: "case-a", About: "measure", Reason: domain.Obstructs, Until: four.Add(72 * time.Hour), Officer: theChief, At: four.Add(time.Hour)}
	expired := event.PaperOrderExpired{Registration: "paper-1", Due: papersBy}
	freed := event.StopLifted{Order: "paper-1", Cause: "unpapered", At: papersBy.Add(time.Minute), By: byHandLift().Order}
	toldOfEnd := notified
	toldOfEnd.About, toldOfEnd.Reason = "lift", "unpapered"
	failed := event.StopFailed{Order: "order-1", Cause: "technical"}
	followedAndDone := given{registered(), followed(), approved(), executed(byPhoneAt.Add(time.Minute), 100)}
	d := domain.AccountDecider()
	for rule, c := range map[string]struct {
		past  given
		about string // the measure asked about
		want  string
	}{
		"asked by telephone and nobody was told": {given{registered()}, "paper-1", "missing"},
		"told":                                   {given{registered(), notified}, "paper-1", "told"},
		"put off":                                {given{registered(), deferred}, "paper-1", "deferred"},
		"an order is on its way and nobody was told":     {given{registered(), followed(), approved()}, "paper-1", "missing"},
		"the order was carried out: it tells":            {followedAndDone, "paper-1", ""},
		"and nobody was told of it":                      {followedAndDone, "order-1", "missing"},
		"told of the telephone order before":             {append(given{registered(), notified}, followedAndDone[1:]...), "order-1", "told"},
		"put off when it was a telephone order":          {append(given{registered(), deferred}, followedAndDone[1:]...), "order-1", "deferred"},
		"the order came to nothing":                      {given{registered(), followed(), approved(), failed}, "paper-1", "missing"},
		"let go after the term, and told of the start":   {given{registered(), notified, expired, byHandLift(), freed}, "paper-1", "missing"},
		"let go after the term, and told of both":        {given{registered(), notified, expired, byHandLift(), freed, toldOfEnd}, "paper-1", "told"},
		"about to be let go: there is no end to tell of": {given{registered(), notified, expired, byHandLift()}, "paper-1", "told"},
	} {
		t.Run(rule, func(t *testing.T) {
			state := d.Replay(c.past...)
			o, err := state.Measure("order-1")
			if c.about == "paper-1" {
				o, err = state.Measure("paper-1")
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := state.Compliance(o, four.Add(2*time.Hour)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	half, long, end, unknown := notify, deferral, notify, notify
	half.Remedy = ""
	long.Until = byPhoneAt.Add(domain.MaxDeferral + time.Second)
	end.About, end.Reason = "lift", "unpapered"
	unknown.Order = "paper-9"
	estest.Run(t, d, []row{
		{Rule: "told all three", Given: given{registered()}, When: notify, Then: given{notified}},
		{Rule: "told twice the same way", Given: given{registered(), notified}, When: notify},
		{Rule: "without a remedy it is no notice", Given: given{registered()}, When: half, Err: domain.ErrNoticeIncomplete},
		{Rule: "of an end that has not come", Given: given{registered()}, When: end, Err: domain.ErrNothingToTell},
		{Rule: "of its end", Given: given{registered(), notified, expired, byHandLift(), freed}, When: end, Then: given{toldOfEnd}},
		{Rule: "put off for seven days after the bank was asked at most", Given: given{registered()}, When: deferral, Then: given{deferred}},
		{Rule: "and not for longer", Given: given{registered()}, When: long, Err: domain.ErrDeferral},
		{Rule: "of what was never registered there is nothing to tell", Given: given{registered()}, When: unknown, Err: domain.ErrNoOrder},
		{Rule: "once an order was carried out in its place, that one tells", Given: followedAndDone, When: notify, Err: domain.ErrNothingToTell},
	})
}

func TestI25_TheOwnerIsToldWithinThreeDaysThatATelephoneStopHasEnded(t *testing.T) {
	d := domain.AccountDecider()
	lift := byHandLift()
	past := given{
		registered(),
		event.PaperOrderExpired{Registration: "paper-1", Due: papersBy},
		lift,
		event.StopLifted{Order: "paper-1", Cause: "unpapered", At: papersBy.Add(time.Minute), By: lift.Order},
	}
	runs := func(past given) (wakes []domain.NoticeDue) {
		state := d.Replay(past...)
		for _, a := range d.Due(state) {
			if wake, ok := domain.Wake(a, lift.Due).(domain.NoticeDue); ok && a.At.Equal(lift.Due) && state.CaseOf(a) == "case-a" {
				wakes = append(wakes, wake)
			}
		}
		return wakes
	}
	wake := domain.NoticeDue{Order: lift.Order, At: lift.Due}
	if got := runs(past); len(got) != 1 || got[0] != wake {
		t.Fatalf("the clocks wake with %+v", got)
	}
	if got := runs(past[:3]); len(got) != 0 {
		t.Errorf("before the bank has let go: %+v", got)
	}
	overdue := event.LiftOverdue{Order: lift.Order, Due: lift.Due, Awaits: "notice"}
	told := event.HolderNotified{Order: "paper-1", Case: "case-a", About: "lift", Reason: "unpapered", Remedy: "objection", Documents: []string{"id-card"}, Via: "phone", Officer: li, At: papersBy.Add(time.Hour)}
	if got := runs(append(past[:4:4], told)); len(got) != 0 {
		t.Errorf("once he was told: %+v", got)
	}
	early := wake
	early.At = lift.Due.Add(-time.Second)
	estest.Run(t, d, []row{
		{Rule: "the owner was not told", Given: past, When: wake, Then: given{overdue}},
		{Rule: "said once", Given: append(past[:4:4], overdue), When: wake},
		{Rule: "the owner was told", Given: append(past[:4:4], told), When: wake},
		{Rule: "before the term nothing happens", Given: past, When: early},
	})
}
