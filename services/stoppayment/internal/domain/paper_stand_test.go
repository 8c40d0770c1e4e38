package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// standing is what the account looks like where a stop by the channel, which names no
// registration, is in force.
func standing() given { return given{requested(), approved(), traced(), executed(four, 100)} }

// inPlaceOf is the stop's execution that takes the telephone order in.
func inPlaceOf() event.StopExecuted {
	e := executed(four, 100)
	e.InPlaceOf = []identity.RegistrationID{"paper-1"}
	return e
}

func TestI14_AStopInForceStandsInThePlaceOfATelephoneOrderWhicheverCameFirst(t *testing.T) {
	stood := registered()
	stood.Order = "order-1"
	first := given{registered(), requested(), approved(), traced()}
	firstStood := and(first, inPlaceOf())
	expire := domain.ExpirePaper{Registration: "paper-1", At: papersBy}
	unfollowed := event.PaperOrderExpired{Registration: "paper-1", Due: papersBy}
	elsewhere := register()
	elsewhere.Case = "case-b"
	foreign := registered()
	foreign.Case = "case-b"
	lapsed := event.StopLapsed{Order: "order-1", ExpiredAt: four.Add(48 * time.Hour)}
	after := register()
	after.AskedAt, after.Due, after.At = four.Add(49*time.Hour), papersBy, four.Add(49*time.Hour)
	afterEvent := registered()
	afterEvent.AskedAt, afterEvent.At = after.AskedAt, after.At
	frozen := freezeExecuted(four.Add(time.Hour), 100)
	frozen.InPlaceOf = []identity.RegistrationID{"paper-1"}
	lateStop := requested()
	lateStop.Order, lateStop.At = "order-9", papersBy.Add(-time.Hour)
	lateDone := executed(papersBy.Add(-time.Minute), 100)
	lateDone.Order = "order-9"
	again := byHandLift()
	again.Case = "case-b"
	twice := follows()
	twice.Order = "order-7"
	papers := domain.ReconcilePaper{Registration: "paper-1", Case: "case-a", Document: "茂公止〔2021〕1号", Officer: li, At: papersBy.Add(time.Hour)}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "what is held already owes no papers", Given: standing(), When: register(), Then: given{stood}},
		{Rule: "not what another case holds", Given: standing(), When: elsewhere, Then: given{foreign}},
		{Rule: "nor what is over", Given: and(standing(), lapsed), When: after, Then: given{afterEvent}},
		{Rule: "nor what is about to be lifted", Given: and(standing(), liftRequested()), When: register(), Then: given{registered()}},
		{Rule: "nor what is on its way", Given: standing()[:3], When: register(), Then: given{registered()}},
		{Rule: "the stop that the chase orders afterwards stands in its place", Given: first, When: answer(four, 100), Then: given{inPlaceOf()}},
		{Rule: "not in that of another case's", Given: and(given{foreign}, standing()[:3]...), When: answer(four, 100), Then: given{executed(four, 100)}},
		{
			Rule: "so does a freeze", Given: given{registered(), freezeRequested()},
			When: domain.AnswerFreeze{Order: "freeze-1", Done: true, ResultCode: "0000", ExecutedAt: frozen.ExecutedAt, Applied: 100, Frozen: 100, Balance: 100, At: frozen.ExecutedAt},
			Then: given{frozen},
		},
		{Rule: "nothing expires then", Given: firstStood, When: expire},
		{Rule: "nor once the stop has lapsed", Given: and(firstStood, lapsed), When: expire},
		{Rule: "nor where it stood before", Given: and(standing(), stood), When: expire},
		{Rule: "no order follows it any more", Given: and(firstStood, lapsed), When: twice, Err: domain.ErrStoppedAlready},
		{Rule: "papers that come all the same are kept, however late", Given: firstStood, When: papers, Then: given{event.PaperOrderReconciled{Registration: "paper-1", Document: "茂公止〔2021〕1号", Officer: li, At: papersBy.Add(time.Hour)}}},
		{Rule: "while another case's stop holds the account nothing is let go", Given: given{foreign, lateStop, event.StopApproved{Order: "order-9"}, lateDone}, When: expire, Then: given{unfollowed}},
		{Rule: "it is once that has ended", Given: given{foreign, lateStop, event.StopApproved{Order: "order-9"}, lateDone, unfollowed, event.StopLapsed{Order: "order-9"}}, When: expire, Then: given{again}},
		{Rule: "once", Given: given{foreign, lateStop, event.StopApproved{Order: "order-9"}, lateDone, unfollowed, event.StopLapsed{Order: "order-9"}, again}, When: expire},
		{Rule: "nor while the bank has the stop of the case", Given: given{registered(), lateStop, event.StopApproved{Order: "order-9"}}, When: expire, Then: given{unfollowed}},
		{Rule: "it is where that comes to nothing", Given: given{registered(), lateStop, event.StopApproved{Order: "order-9"}, unfollowed}, When: domain.AnswerStop{Order: "order-9", Cause: "technical", ResultCode: "0101", At: papersBy}, Then: given{
			event.StopFailed{Order: "order-9", ResultCode: "0101", Cause: "technical", At: papersBy}, byHandLift(),
		}},
	})
	d := domain.AccountDecider()
	ended := given{foreign, lateStop, event.StopApproved{Order: "order-9"}, lateDone, unfollowed, event.StopLapsed{Order: "order-9"}}
	if clock := clockOf(t, ended, "paper:paper-1"); clock.At.After(papersBy) {
		t.Errorf("the account is free of every other order and nothing is let go before %v", clock.At)
	}
	if slices.ContainsFunc(domain.DueOnAccount(d.Replay(ended[:5]...)), func(a es.Alarm) bool { return a.Name == "paper:paper-1" }) {
		t.Error("a clock of the papers runs while another case's stop holds the account")
	}
	a := d.Replay(firstStood...)
	for _, id := range []identity.OrderID{"order-1", "paper-1"} {
		want := map[identity.OrderID]string{"order-1": "missing", "paper-1": ""}[id]
		if o, err := a.Measure(id); err != nil || a.Compliance(o, later) != want {
			t.Errorf("notices about %s: %q, want %q (%v)", id, a.Compliance(o, later), want, err)
		}
	}
	told := d.Replay(and(given{registered(), event.HolderNotified{Order: "paper-1", Case: "case-a", About: "measure", Via: "sms", At: four}}, firstStood[1:]...)...)
	if o, _ := told.Find("order-1"); told.Compliance(o, later) != "told" {
		t.Errorf("who was told of the telephone order counts as %q about the stop in its place", told.Compliance(o, later))
	}
}

func TestI14_ABankThatWasAskedLongerAgoThanThePapersMayTakeIsNotAskedToLetGoAtOnce(t *testing.T) {
	wrongDay, justPast, justIn := register(), register(), register()
	wrongDay.AskedAt, wrongDay.Due = four.Add(-400*24*time.Hour), four.Add(-399*24*time.Hour)
	justPast.AskedAt, justPast.Due = four.Add(-24*time.Hour), four
	justIn.AskedAt, justIn.Due = four.Add(-24*time.Hour+time.Second), four.Add(time.Second)
	in := registered()
	in.AskedAt, in.Due = justIn.AskedAt, justIn.Due
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "more than a year ago", When: wrongDay, Err: domain.ErrAskedLong},
		{Rule: "to the second", When: justPast, Err: domain.ErrAskedLong},
		{Rule: "a second before", When: justIn, Then: given{in}},
		{Rule: "nor where a stop is in force", Given: standing(), When: justPast, Err: domain.ErrAskedLong},
	})
}

func TestALeaderLetsGoOfATelephoneOrderBeforeItsTerm(t *testing.T) {
	at := four.Add(time.Hour)
	cmd := domain.RequestLift{Order: "lift-1", Target: "paper-1", Cause: "error", Approver: leader, Operator: li, Investigator: wang, At: at}
	lift := event.LiftRequested{Order: "lift-1", Target: "paper-1", Case: "case-a", Account: mule, Cause: "error", Approver: leader, Operator: li, Investigator: wang, Due: at.Add(72 * time.Hour), At: at}
	done := domain.AnswerStopChange{Order: "lift-1", Done: true, ResultCode: "0000", At: at.Add(time.Minute)}
	freed := event.StopLifted{Order: "paper-1", Cause: "error", At: done.At, By: "lift-1"}
	self, keep, stranger, unknown := cmd, cmd, cmd, cmd
	self.Approver, keep.Keep, stranger.Approver.Unit, unknown.Target = li, 100, "441802000000", "paper-9"
	expire := domain.ExpirePaper{Registration: "paper-1", At: papersBy}
	refused := event.LiftFailed{Order: "lift-1", ResultCode: "0101", Cause: "technical", At: at}
	papers := event.PaperOrderReconciled{Registration: "paper-1", Document: "茂公止〔2021〕1号", Officer: li, At: four}
	twice := follows()
	twice.Order = "order-7"
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the bank is asked by the name of the registration", Given: given{registered()}, When: cmd, Then: given{lift}},
		{Rule: "also where the papers have come", Given: given{registered(), papers}, When: cmd, Then: given{lift}},
		{Rule: "not by who asked for it", Given: given{registered()}, When: self, Err: domain.ErrSelfApproval},
		{Rule: "nor by another city's leader", Given: given{registered()}, When: stranger, Err: domain.ErrNotSuperior},
		{Rule: "whole or not at all", Given: given{registered()}, When: keep, Err: domain.ErrNotInForce},
		{Rule: "there must be one", When: unknown, Err: domain.ErrNoOrder},
		{Rule: "once", Given: given{registered(), lift}, When: cmd},
		{Rule: "and not a second time under another name", Given: given{registered(), lift}, When: func() domain.RequestLift { c := cmd; c.Order = "lift-2"; return c }()},
		{Rule: "where an order has followed that one is to be lifted", Given: given{registered(), followed()}, When: cmd, Err: domain.ErrPaperStood},
		{Rule: "or where one stands in its place", Given: given{registered(), requested(), approved(), traced(), inPlaceOf()}, When: cmd, Err: domain.ErrPaperStood},
		{Rule: "the holder is free when the bank says so", Given: given{registered(), lift}, When: done, Then: given{freed}},
		{Rule: "or when it holds nothing any more", Given: given{registered(), lift}, When: func() domain.AnswerStopChange { d := done; d.Done, d.Cause = false, "ended"; return d }(), Then: given{
			event.BankDiscrepancyFound{Order: "lift-1", Kind: "ended-at-bank", Expected: "paper-1", Found: "ended", At: done.At}, freed,
		}},
		{Rule: "no order follows it then", Given: given{registered(), lift}, When: twice, Err: domain.ErrTakenBack},
		{Rule: "the term of the papers lifts nothing once more", Given: given{registered(), lift}, When: expire, Then: given{event.PaperOrderExpired{Registration: "paper-1", Due: papersBy}}},
		{Rule: "and has no object when the bank has let go", Given: given{registered(), lift, freed}, When: expire},
		{Rule: "a bank that could not do it is asked again", Given: given{registered(), lift, refused}, When: domain.RepeatOrder{Order: "lift-1", At: at.Add(domain.FirstRepeat)}, Then: given{
			func() event.LiftRequested {
				l := lift
				l.Order, l.Repeats, l.At = nth("lift", "paper-1", 2), "lift-1", at.Add(domain.FirstRepeat)
				return l
			}(),
		}},
		{Rule: "a stop that is carried out meanwhile does not take its place", Given: given{registered(), lift, requested(), approved(), traced()}, When: answer(four, 100), Then: given{executed(four, 100)}},
		{Rule: "what has nothing to do with the case is let go by telephone too", Given: given{registered()}, When: domain.ProveUnrelated{Case: "case-a", Reason: "repaid", Officer: theChief, At: at}, Then: given{
			event.UnrelatedProven{Case: "case-a", Reason: "repaid", Due: at.Add(72 * time.Hour), Officer: theChief, At: at},
			func() event.LiftRequested {
				l := lift
				l.Order, l.Cause, l.Approver = nth("lift", "paper-1", 1), "unrelated", theChief
				return l
			}(),
		}},
	})
	a := domain.AccountDecider().Replay(registered(), lift, freed)
	if o, err := a.Measure("paper-1"); err != nil || o.State != domain.Lifted || !slices.Contains(a.Owed(o), domain.AboutLift) {
		t.Errorf("the telephone order is %s, the holder is owed %v (%v)", o.State, a.Owed(o), err)
	}
}

func TestAHolderObjectsToATelephoneOrder(t *testing.T) {
	object, objected := file(), filed()
	object.Order, objected.Order = "paper-1", "paper-1"
	uphold, upheld := decide(domain.Upheld), decided(domain.Upheld)
	upheld.Order, upheld.LiftOrder = "paper-1", nth("lift", "paper-1", 1)
	lift := event.LiftRequested{
		Order: upheld.LiftOrder, Target: "paper-1", Case: "case-a", Account: mule, Cause: "objection", Objection: "objection-1", Approver: theChief, Operator: li, Investigator: wang,
		Due: upheld.At.Add(72 * time.Hour), At: upheld.At,
	}
	partly, own := decide(domain.Partly), uphold
	partly.Keep, own.Officer = 100, wang
	freed := event.StopLifted{Order: "paper-1", Cause: "error", At: four}
	closed := event.ObjectionDecided{Objection: "objection-1", Order: "paper-1", Outcome: domain.Dismissed, Reason: "measure-ended", At: object.At}
	stood := given{registered(), requested(), approved(), traced(), inPlaceOf()}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "to the order by telephone that nothing has followed", Given: given{registered()}, When: object, Then: given{objected}},
		{Rule: "one at a time", Given: given{registered(), objected}, When: func() domain.FileObjection { o := object; o.Objection = "objection-2"; return o }(), Err: domain.ErrObjectionOpen},
		{Rule: "who is right is free in the same breath", Given: given{registered(), objected}, When: uphold, Then: given{upheld, lift}},
		{Rule: "by nobody who has signed it", Given: given{registered(), objected}, When: own, Err: domain.ErrDeciderInvolved},
		{Rule: "nothing is known of an amount", Given: given{registered(), objected}, When: partly, Err: domain.ErrNotInForce},
		{Rule: "what has ended is closed with that reason", Given: given{registered(), byHandLift(), freed}, When: object, Then: given{objected, closed}},
		{Rule: "once a stop stands in its place it is against that one", Given: stood, When: object, Then: given{filed()}},
		{Rule: "also where that one names it", Given: given{registered(), followed(), approved(), executed(four, 100)}, When: object, Then: given{filed()}},
	})
}
