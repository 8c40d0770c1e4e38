package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var (
	byPhoneAt = four.Add(-20 * time.Minute) // by telephone
	papersBy  = byPhoneAt.Add(5 * 24 * time.Hour)
)

func register() domain.RegisterPaper {
	return domain.RegisterPaper{
		Registration: "paper-1", Case: "case-a", Account: mule, Channel: "phone", AskedAt: byPhoneAt, Operator: li, Investigator: wang, Due: papersBy, At: four,
	}
}

func registered() event.PaperOrderRegistered {
	return event.PaperOrderRegistered{
		Registration: "paper-1", Case: "case-a", Account: mule, Channel: "phone", AskedAt: byPhoneAt, Operator: li, Investigator: wang, Due: papersBy, At: four,
	}
}

// follows is the order by the channel after a telephone order.
func follows() domain.RequestStop {
	r := request()
	r.ApplicationType, r.Registration = domain.PaperType, "paper-1"
	return r
}

func followed() event.StopRequested {
	r := requested()
	r.ApplicationType, r.Registration = domain.PaperType, "paper-1"
	return r
}

func TestI14_AnOrderOfType04Or05FollowsARegistration(t *testing.T) {
	alone, ahead, foreign, bare, twice := register(), register(), follows(), follows(), follows()
	alone.Investigator = event.Officer{}
	ahead.AskedAt = four.Add(time.Hour)
	foreign.Case, foreign.Lots = "case-b", nil
	bare.Registration = ""
	twice.Order, twice.Unit = "order-7", "441802000000"
	named := request()
	named.Registration = "paper-1"
	byPhone := answer(byPhoneAt.Add(time.Minute), 100)
	byPhone.At = four.Add(time.Minute)
	expired := event.PaperOrderExpired{Registration: "paper-1", Due: papersBy}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a telephone order is registered", When: register(), Then: given{registered()}},
		{Rule: "registered again, it is the same", Given: given{registered()}, When: register()},
		{Rule: "not by one officer alone", When: alone, Err: domain.ErrTwoOfficers},
		{Rule: "nor before the bank was asked", When: ahead, Err: domain.ErrAskedAt},
		{Rule: "the order that follows names it", Given: given{registered()}, When: follows(), Then: given{followed(), approved(), traced()}},
		{Rule: "an order of type 04 without a registration is refused", Given: given{registered()}, When: bare, Err: domain.ErrNoPaper},
		{Rule: "one that nobody registered is refused", When: follows(), Err: domain.ErrNoPaper},
		{Rule: "that of another case is refused", Given: given{registered()}, When: foreign, Err: domain.ErrNoPaper},
		{Rule: "a first order of type 00 follows none", Given: given{registered()}, When: named, Err: domain.ErrNoPaper},
		{Rule: "only one order follows", Given: given{registered(), followed()}, When: twice, Err: domain.ErrPaperUsed},
		{Rule: "none follows what has expired", Given: given{registered(), expired}, When: follows(), Err: domain.ErrPaperLate},
		{Rule: "the 48 hours count from when the bank acted on the telephone", Given: given{registered(), followed(), approved()}, When: byPhone, Then: given{executed(byPhoneAt.Add(time.Minute), 100)}},
	})
}

func TestI14_WhatNoPapersComeForIsLiftedByTheServiceItself(t *testing.T) {
	inForce := four.Add(4*24*time.Hour + 20*time.Hour) // the second stop, still running when the papers are due
	secondStop := given{
		registered(), followed(), approved(), executed(four, 1),
		event.StopLapsed{Order: "order-1"},
		secondRequested(),
		event.StopApproved{Order: "order-2", Approver: leader, At: inForce},
		secondExecuted(inForce),
	}
	expired := event.PaperOrderExpired{Registration: "paper-1", Order: "order-1", Due: papersBy}
	expire := domain.ExpirePaper{Registration: "paper-1", At: papersBy}
	reconciled := event.PaperOrderReconciled{Registration: "paper-1", Order: "order-1", Document: "茂公止〔2021〕1号", Officer: li, At: four}
	papers := domain.ReconcilePaper{Registration: "paper-1", Case: "case-a", Document: "茂公止〔2021〕1号", Officer: li, At: four}
	other, none, late, astray, stranger, colleague := papers, papers, papers, papers, papers, papers
	other.Document, none.Document, late.At, astray.Case = "茂公止〔2021〕2号", "", papersBy, "case-b"
	stranger.Officer.Unit, colleague.Officer = "441802000000", station
	reconciledBy := reconciled
	reconciledBy.Officer = station
	liftOf := event.LiftRequested{
		Order: nth("lift", "order-2", 1), Target: "order-2", Case: "case-a", Account: mule, Cause: "unpapered", Approver: leader, Operator: li, Investigator: wang,
		Due: papersBy.Add(72 * time.Hour), At: papersBy,
	}
	byHand := event.LiftRequested{
		Order: nth("lift", "paper-1", 1), Target: "paper-1", Case: "case-a", Account: mule, Cause: "unpapered", Approver: wang, Operator: li, Investigator: wang,
		Due: papersBy.Add(72 * time.Hour), At: papersBy,
	}
	unfollowed := event.PaperOrderExpired{Registration: "paper-1", Due: papersBy}
	answered := domain.AnswerStopChange{Order: byHand.Order, Done: true, ResultCode: "0000", At: papersBy.Add(time.Minute)}
	gone, unknown := answered, answered
	gone.Done, gone.Cause, unknown.Done, unknown.Cause = false, "ended", false, "unknown-order"
	freed := event.StopLifted{Order: "paper-1", Cause: "unpapered", At: answered.At, By: byHand.Order}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the papers come", Given: secondStop, When: papers, Then: given{reconciled}},
		{Rule: "the same papers again are nothing new", Given: and(secondStop, reconciled), When: papers},
		{Rule: "other papers are refused", Given: and(secondStop, reconciled), When: other, Err: domain.ErrPaperUsed},
		{Rule: "papers without a number are refused", Given: secondStop, When: none, Err: domain.ErrPaperNumber},
		{Rule: "papers of what was never registered are refused", When: papers, Err: domain.ErrNoPaper},
		{Rule: "papers of another case are refused", Given: secondStop, When: astray, Err: domain.ErrNoPaper},
		{Rule: "another agency's officer cannot bring them", Given: secondStop, When: stranger, Err: domain.ErrForeignUnit},
		{Rule: "one of a station of the same bureau can", Given: secondStop, When: colleague, Then: given{reconciledBy}},
		{Rule: "papers that come too late are refused", Given: secondStop, When: late, Err: domain.ErrPaperLate},
		{Rule: "before the term nothing happens", Given: secondStop, When: domain.ExpirePaper{Registration: "paper-1", At: papersBy.Add(-time.Second)}},
		{Rule: "at the end of the term what still holds is lifted", Given: secondStop, When: expire, Then: given{expired, liftOf}},
		{Rule: "once", Given: and(secondStop, expired, liftOf), When: expire},
		{Rule: "with papers nothing expires", Given: and(secondStop, reconciled), When: expire},
		{Rule: "an order that waits is withdrawn", Given: given{registered(), followed()}, When: expire, Then: given{
			expired, event.StopRejected{Order: "order-1", Reason: "unpapered", At: papersBy}, byHand,
		}},
		{Rule: "what no order followed is lifted by the name of the registration", Given: given{registered()}, When: expire, Then: given{unfollowed, byHand}},
		{Rule: "and so is what followed and failed", Given: given{registered(), followed(), approved(), event.StopFailed{Order: "order-1", Cause: "technical"}}, When: expire, Then: given{unfollowed, byHand}},
		{Rule: "or fails after the term", Given: given{registered(), followed(), approved(), expired}, When: domain.AnswerStop{Order: "order-1", Cause: "technical", ResultCode: "0101", At: papersBy}, Then: given{
			event.StopFailed{Order: "order-1", ResultCode: "0101", Cause: "technical", At: papersBy}, byHand,
		}},
		{Rule: "the bank has let go", Given: given{registered(), unfollowed, byHand}, When: answered, Then: given{freed}},
		{Rule: "or held nothing any more", Given: given{registered(), unfollowed, byHand}, When: gone, Then: given{
			event.BankDiscrepancyFound{Order: byHand.Order, Kind: "ended-at-bank", Expected: "paper-1", Found: "ended", At: answered.At}, freed,
		}},
		{Rule: "one that knows nothing of it is for an officer", Given: given{registered(), unfollowed, byHand}, When: unknown, Then: given{
			event.LiftFailed{Order: byHand.Order, ResultCode: "0000", Cause: "unknown-order", At: answered.At},
			event.BankDiscrepancyFound{Order: byHand.Order, Kind: domain.UnknownAtBank, Expected: "paper-1", Found: "unknown-order", At: answered.At},
		}},
		{Rule: "its answer twice is one", Given: given{registered(), unfollowed, byHand, freed}, When: answered},
		{
			Rule: "another order can follow one that failed", Given: given{registered(), followed(), approved(), event.StopFailed{Order: "order-1", Cause: "technical"}},
			When: func() domain.RequestStop { r := follows(); r.Order, r.Standing = "order-7", nil; return r }(),
			Then: given{func() event.StopRequested { r := followed(); r.Order = "order-7"; return r }(), traced()},
		},
		{
			Rule: "or was rejected", Given: given{registered(), followed(), event.StopRejected{Order: "order-1"}},
			When: func() domain.RequestStop { r := follows(); r.Order, r.Standing = "order-7", nil; return r }(),
			Then: given{func() event.StopRequested { r := followed(); r.Order = "order-7"; return r }(), traced()},
		},
		{Rule: "nor what has lapsed", Given: given{registered(), followed(), approved(), executed(four, 1), event.StopLapsed{Order: "order-1"}}, When: expire, Then: given{expired}},
	})
	if cmd, ok := domain.Wake(clockOf(t, secondStop, "paper:paper-1"), papersBy).(domain.ExpirePaper); !ok || cmd.Registration != "paper-1" {
		t.Errorf("the clock wakes with %#v", cmd)
	}
	a := domain.AccountDecider().Replay(secondStop...)
	if c := a.CaseOf(clockOf(t, secondStop, "paper:paper-1")); c != "case-a" {
		t.Errorf("the clock runs for case %q", c)
	}
}
