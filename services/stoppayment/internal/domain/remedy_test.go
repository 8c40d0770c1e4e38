package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func unrelated() domain.ProveUnrelated {
	return domain.ProveUnrelated{Case: "case-a", Reason: "not-involved", Officer: theChief, At: four.Add(time.Hour)}
}

func proven() event.UnrelatedProven {
	return event.UnrelatedProven{Case: "case-a", Reason: "not-involved", Due: four.Add(73 * time.Hour), Officer: theChief, At: four.Add(time.Hour)}
}

func TestI25_WhatIsProvenUnrelatedIsLiftedWithinThreeDaysAndItsOwnerTold(t *testing.T) {
	d := domain.AccountDecider()
	past := inForce()
	step := func(cmd domain.AccountCommand) []event.AccountEvent {
		t.Helper()
		events, err := d.Decide(d.Replay(past...), cmd)
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, events...)
		return events
	}
	events := step(unrelated())
	lift := liftOf(t, events)
	if len(events) != 2 || events[0] != event.AccountEvent(proven()) || lift.Cause != "unrelated" || !lift.Due.Equal(four.Add(73*time.Hour)) {
		t.Fatalf("events %+v", events)
	}
	due := four.Add(73 * time.Hour)
	past = append(past, event.StopLifted{Order: "order-1", Cause: "unrelated", By: lift.Order, At: four.Add(2 * time.Hour)})
	told := false
	for _, a := range d.Due(d.Replay(past...)) {
		if _, ok := domain.Wake(a, due).(domain.NoticeDue); ok && a.At.Equal(due) {
			told = true
		}
	}
	if !told {
		t.Error("no clock runs until the owner is to be told")
	}
	overdue := event.LiftOverdue{Order: lift.Order, Due: due, Awaits: "notice"}
	notified := event.HolderNotified{Order: "order-1", Case: "case-a", About: "lift", Reason: "unrelated", Remedy: "objection", Documents: []string{"id-card"}, Via: "sms", Officer: li, At: four.Add(3 * time.Hour)}
	wake := domain.NoticeDue{Order: lift.Order, At: due}
	estest.Run(t, d, []row{
		{Rule: "the bank has done it and the owner was not told", Given: past, When: wake, Then: given{overdue}},
		{Rule: "said once", Given: append(past[:len(past):len(past)], overdue), When: wake},
		{Rule: "the owner was told", Given: append(past[:len(past):len(past)], notified), When: wake},
		{Rule: "asked again while it is being lifted, nothing more happens", Given: append(inForce(), proven(), lift), When: unrelated(), Then: given{proven()}},
		{Rule: "proven again after the end, nothing more happens", Given: past, When: unrelated()},
		{Rule: "another case has nothing on the account", Given: inForce(), When: domain.ProveUnrelated{Case: "case-b", Reason: "x", Officer: theChief, At: four}, Err: domain.ErrNoOrder},
		{Rule: "an officer of the measure cannot end it alone", Given: inForce(), When: domain.ProveUnrelated{Case: "case-a", Reason: "x", Officer: li, At: four}, Err: domain.ErrSelfApproval},
	})
}

func TestAStopThatABankCarriesOutAfterItsReasonHasGoneIsLiftedAtOnce(t *testing.T) {
	d := domain.Proportion{}.Watch(domain.AccountDecider())
	past := given{requested(), approved(), event.OrderSent{Order: "order-1", At: four}, proven()}
	late := four.Add(90 * time.Minute)
	events, err := d.Decide(d.Replay(past...), answer(late, 100))
	if err != nil {
		t.Fatal(err)
	}
	if lift := liftOf(t, events); lift.Target != "order-1" || lift.Cause != "unrelated" || lift.Approver != theChief {
		t.Errorf("lift %+v", lift)
	}
}

func TestAWrongStopHasACauseAndConsequencesAndIsCountedOnce(t *testing.T) {
	wrong := domain.ConfirmWrongStop{
		Order: "order-1", Cause: "wrong-account", Damage: 300_00, Responsible: "440982000000", Follow: []string{"compensation"}, Officer: theChief, At: four.Add(time.Hour),
	}
	confirmed := event.WrongStopConfirmed{
		Order: "order-1", Case: "case-a", Cause: "wrong-account", Damage: 300_00, Responsible: "440982000000", Follow: []string{"compensation"}, Officer: theChief, At: four.Add(time.Hour),
	}
	without, below, objected := wrong, wrong, wrong
	without.Cause = ""
	below.Damage = -1
	foreign, blamed, own := wrong, wrong, wrong
	foreign.Officer = event.Officer{PoliceNo: "080100", Unit: "440981000000", Level: identity.County}
	blamed.Responsible = "440983000000"
	own.Cause = "bank-error"
	gone := slices.Clip(append(inForce(), event.StopLapsed{Order: "order-1"}, secondRequested(), event.StopApproved{Order: "order-2", Approver: leader, At: four}))
	executedSecond := slices.Clip(append(gone, secondExecuted(four.Add(30*time.Minute))))
	ends := bySelf("order-2", 1, "error", four.Add(time.Hour))
	ends.Approver = theChief
	ownConfirmed := confirmed
	ownConfirmed.Cause = "bank-error"
	objected.Objection = "objection-9"
	lapsed := slices.Clip(append(inForce(), event.StopLapsed{Order: "order-1"}))
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "after its end it is recorded", Given: lapsed, When: wrong, Then: given{confirmed}},
		{Rule: "once", Given: append(lapsed, confirmed), When: wrong, Err: domain.ErrWrongAlready},
		{Rule: "not without a cause", Given: lapsed, When: without, Err: domain.ErrWrongCause},
		{Rule: "not with a damage below zero", Given: lapsed, When: below, Err: domain.ErrWrongCause},
		{Rule: "not of an objection that there is not", Given: lapsed, When: objected, Err: domain.ErrNoObjection},
		{Rule: "not of what was never carried out", Given: given{requested()}, When: wrong, Err: domain.ErrNeverStopped},
		{Rule: "not by a leader of another unit", Given: lapsed, When: foreign, Err: domain.ErrNotSuperior},
		{Rule: "and not on a unit that has nothing to do with the case", Given: lapsed, When: blamed, Err: domain.ErrWrongUnit},
		{Rule: "the wrong account: the second stop of the case ends too", Given: executedSecond, When: wrong, Then: given{confirmed, ends}},
		{Rule: "even one that is still on its way", Given: gone, When: wrong, Then: given{confirmed, ends}},
		{Rule: "an error of the bank about the first alone leaves the second", Given: executedSecond, When: own, Then: given{ownConfirmed}},
	})
	d := domain.AccountDecider()
	events, err := d.Decide(d.Replay(inForce()...), wrong)
	if err != nil || len(events) != 2 || liftOf(t, events).Cause != "error" {
		t.Errorf("still in force: %v, %v", events, err)
	}
}

func TestI75_AMeasureShowsAsNonCompliantUntilItsHolderIsToldReasonRemedyAndPapers(t *testing.T) {
	notify := domain.NotifyHolder{Order: "order-1", About: "measure", Reason: "fraud-funds", Remedy: "objection", Documents: []string{"id-card"}, Via: "sms", Officer: li, At: four.Add(time.Hour)}
	notified := event.HolderNotified{Order: "order-1", Case: "case-a", About: "measure", Reason: "fraud-funds", Remedy: "objection", Documents: []string{"id-card"}, Via: "sms", Officer: li, At: four.Add(time.Hour)}
	deferral := domain.DeferNotice{Order: "order-1", About: "measure", Reason: domain.Obstructs, Until: four.Add(72 * time.Hour), Officer: theChief, At: four.Add(time.Hour)}
	deferred := event.HolderNoticeDeferred{Order: "order-1", Case: "case-a", About: "measure", Reason: domain.Obstructs, Until: four.Add(72 * time.Hour), Officer: theChief, At: four.Add(time.Hour)}
	lifted := event.StopLifted{Order: "order-1", Cause: "error", At: four.Add(2 * time.Hour)}
	toldOfLift := notified
	toldOfLift.About = "lift"
	d := domain.AccountDecider()
	for rule, c := range map[string]struct {
		past given
		at   time.Duration
		want string
	}{
		"nothing was carried out yet":                  {given{requested(), approved()}, time.Hour, ""},
		"carried out and nobody was told":              {inForce(), time.Hour, "missing"},
		"told":                                         {append(inForce(), notified), time.Hour, "told"},
		"put off":                                      {append(inForce(), deferred), 71 * time.Hour, "deferred"},
		"put off until now":                            {append(inForce(), deferred), 72 * time.Hour, "missing"},
		"told after all":                               {append(inForce(), deferred, notified), 73 * time.Hour, "told"},
		"lifted, and told of the stop alone":           {append(inForce(), notified, lifted), 3 * time.Hour, "missing"},
		"lifted, and told of both":                     {append(inForce(), notified, lifted, toldOfLift), 3 * time.Hour, "told"},
		"a freeze has taken over: the stop was told":   {append(inForce(), notified, event.StopLifted{Order: "order-1", Cause: "converted"}), 3 * time.Hour, "told"},
		"a freeze has taken over: the stop was untold": {append(inForce(), event.StopLifted{Order: "order-1", Cause: "converted"}), 3 * time.Hour, "missing"},
	} {
		t.Run(rule, func(t *testing.T) {
			state := d.Replay(c.past...)
			o, _ := state.Find("order-1")
			if got := state.Compliance(o, four.Add(c.at)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	half, long, idle, aboutLift := notify, deferral, deferral, notify
	half.Documents = nil
	long.Until = four.Add(domain.MaxDeferral + time.Second)
	idle.Reason = "busy"
	aboutLift.About = "lift"
	estest.Run(t, d, []row{
		{Rule: "told all three", Given: inForce(), When: notify, Then: given{notified}},
		{Rule: "told twice the same way", Given: append(inForce(), notified), When: notify},
		{Rule: "without papers it is no notice", Given: inForce(), When: half, Err: domain.ErrNoticeIncomplete},
		{Rule: "of an end that has not come", Given: inForce(), When: aboutLift, Err: domain.ErrNothingToTell},
		{Rule: "before anything was carried out", Given: given{requested(), approved()}, When: notify, Err: domain.ErrNothingToTell},
		{Rule: "put off where it would obstruct the investigation", Given: inForce(), When: deferral, Then: given{deferred}},
		{Rule: "for no other reason", Given: inForce(), When: idle, Err: domain.ErrDeferral},
		{Rule: "not for longer than seven days", Given: inForce(), When: long, Err: domain.ErrDeferral},
		{Rule: "not once he was told", Given: append(inForce(), notified), When: deferral, Err: domain.ErrToldAlready},
	})
}
