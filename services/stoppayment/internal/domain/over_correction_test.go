package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// An hour after the bank has lifted it, the stop is spoken of again.
var (
	after    = later.Add(time.Hour)
	nextDay  = four.Add(24 * time.Hour)
	liftedSo = given{requested(), approved(), executed(four, 100), liftRequested(), lifted()}
	askedNow = bySelf("order-1", 2, domain.LiftUnlawful, after)
)

// word is what the bank says then.
func word(edit func(*domain.AnswerStop)) domain.AnswerStop {
	w := answer(four, 100)
	w.At = after
	edit(&w)
	return w
}

// put is a correction as it is stored.
func put(edit func(*event.StopAnswerCorrected)) event.StopAnswerCorrected {
	c := event.StopAnswerCorrected{Order: "order-1", ExecutedAt: four, ExpiresAt: end, BalanceBefore: 100, ResultCode: "0000", At: after}
	edit(&c)
	return c
}

func TestI12_ABankThatSaysOfAStopThatIsOverThatItStillRunsIsAskedToLetGo(t *testing.T) {
	corrects := func(edit func(*domain.AnswerStop)) domain.AnswerStop {
		return word(func(w *domain.AnswerStop) { w.Corrects = true; edit(w) })
	}
	otherEnd := func(w *domain.AnswerStop) { w.BankExpires = nextDay }
	otherTime := func(w *domain.AnswerStop) { w.ExecutedAt = four.Add(-time.Minute) }
	sooner := put(func(c *event.StopAnswerCorrected) { c.ExpiresAt, c.BankExpiresAt = nextDay, nextDay })
	before := put(func(c *event.StopAnswerCorrected) {
		c.ExecutedAt, c.ExpiresAt, c.BankExpiresAt = four.Add(-time.Minute), end.Add(-time.Minute), end.Add(-time.Minute)
	})
	differs := discrepancyOf(domain.AnswerDiffers, "2021-07-17T08:00:00Z 1.00", "2021-07-17T07:59:00Z 1.00", after)
	differs.HoldsUntil = end.Add(-time.Minute)
	holds := discrepancyOf(domain.HoldsAfterEnd, "lifted", "2021-07-18T08:00:00Z", after)
	holds.HoldsUntil = nextDay
	denied := and(liftedSo, discrepancyOf(domain.AnswerWithdrawn, "", bank.NotFound, after))
	allTheSame := put(func(c *event.StopAnswerCorrected) { c.BankExpiresAt = end })
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a correction names another end, that is still to come", Given: liftedSo, When: corrects(otherEnd), Then: given{
			sooner, discrepancyOf(domain.ExpiryDiffers, "2021-07-19T08:00:00Z", "2021-07-18T08:00:00Z", after), askedNow,
		}},
		{Rule: "it names another beginning, and with it another end", Given: liftedSo, When: corrects(otherTime), Then: given{before, askedNow}},
		{Rule: "another answer that is not called a correction does", Given: liftedSo, When: word(otherTime), Then: given{differs, askedNow}},
		{Rule: "the same answer names another end now", Given: liftedSo, When: word(otherEnd), Then: given{holds, askedNow}},
		{Rule: "it had said that it never held, and now says otherwise", Given: denied, When: corrects(func(*domain.AnswerStop) {}), Then: given{allTheSame, askedNow}},
		{Rule: "of the balance alone: it says nothing of its hold", Given: liftedSo, When: corrects(func(w *domain.AnswerStop) { w.BalanceBefore = 200 }), Then: given{
			put(func(c *event.StopAnswerCorrected) { c.BalanceBefore = 200 }),
		}},
		{Rule: "nor where it repeats the end that it had named", Given: liftedSo, When: corrects(func(w *domain.AnswerStop) { w.BalanceBefore, w.BankExpires = 200, end }), Then: given{
			put(func(c *event.StopAnswerCorrected) { c.BalanceBefore = 200 }),
		}},
	})
}

func TestI12_ACorrectionThatIsSilentOnTheEndDoesNotHideThatTheBankHoldsOn(t *testing.T) {
	richer := word(func(w *domain.AnswerStop) { w.Corrects, w.BalanceBefore = true, 200 })
	silent := put(func(c *event.StopAnswerCorrected) { c.BalanceBefore, c.BankExpiresAt = 200, four.Add(72*time.Hour) })
	overNow := richer
	overNow.At = end.Add(time.Minute)
	silentThen := silent
	silentThen.At = overNow.At
	second := secondExecuted(four.Add(time.Hour))
	covered := and(longHeld(), secondRequested(), event.StopApproved{Order: "order-2", Approver: leader, At: four}, second, stopLapsed("order-1", end))
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "of a stop in force", Given: longHeld(), When: richer, Then: given{silent}},
		{Rule: "at its end the bank is asked", Given: and(longHeld(), silent), When: domain.ExpireStop{Order: "order-1", At: end}, Then: given{
			stopLapsed("order-1", end), bySelf("order-1", 1, domain.LiftUnlawful, end),
		}},
		{Rule: "of one that is over while the second one runs", Given: covered, When: overNow, Then: given{
			silentThen, discrepancyOf(domain.AnswerLate, "2021-07-19T08:00:00Z", "2021-07-19T08:01:00Z", overNow.At),
		}},
		{Rule: "at the end of that one the bank is asked", Given: and(covered, silentThen), When: domain.ExpireStop{Order: "order-2", At: end.Add(time.Hour)}, Then: given{
			stopLapsed("order-2", end.Add(time.Hour)), bySelf("order-1", 1, domain.LiftUnlawful, end.Add(time.Hour)),
		}},
	})
}

func TestI12_ACorrectionWhoseBeginningCannotBeTakesNoLaterEndBack(t *testing.T) {
	ahead := answer(four.Add(10*time.Minute), 200)
	ahead.Corrects, ahead.At = true, four
	tooEarly := ahead
	tooEarly.ExecutedAt = four.Add(-time.Hour)
	runsOn := put(func(c *event.StopAnswerCorrected) {
		c.BalanceBefore, c.BankExpiresAt, c.At = 200, four.Add(72*time.Hour), four
	})
	implausible := func(said string) event.BankDiscrepancyFound {
		return discrepancyOf(domain.ExecutedImplausible, "2021-07-17T08:00:00Z", said, four)
	}
	otherwise := discrepancyOf(domain.AnswerDiffers, "2021-07-17T08:00:00Z 1.00", "2021-07-17T08:00:00Z 2.00", four)
	otherwise.HoldsUntil = four.Add(72 * time.Hour)
	beside := and(inForce1(), otherwise) // named by another answer, which is no correction
	denied := and(longHeld(), discrepancyOf(domain.AnswerWithdrawn, "", bank.NotFound, four))
	holdsAfterAll := answer(four, 100)
	holdsAfterAll.Corrects = true
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "ahead of the time when it is said", Given: beside, When: ahead, Then: given{runsOn, implausible("2021-07-17T08:10:00Z")}},
		{Rule: "before the bank was asked", Given: beside, When: tooEarly, Then: given{runsOn, implausible("2021-07-17T07:00:00Z")}},
		{Rule: "be it the answer itself that had named that end", Given: longHeld(), When: ahead, Then: given{runsOn, implausible("2021-07-17T08:10:00Z")}},
		{
			Rule: "woken late, the bank is asked to let go", Given: and(beside, runsOn, implausible("2021-07-17T08:10:00Z")),
			When: domain.ExpireStop{Order: "order-1", At: four.Add(4000 * time.Minute)},
			Then: given{stopLapsed("order-1", end), bySelf("order-1", 1, domain.LiftUnlawful, four.Add(4000*time.Minute))},
		},
		{Rule: "what the bank denied in between it has taken back", Given: denied, When: holdsAfterAll, Then: given{
			put(func(c *event.StopAnswerCorrected) { c.At = four }),
		}},
	})
}

func TestI12_WhatABankHasLetGoOfAndHoldsAgainItIsAskedToLetGoOfAgain(t *testing.T) {
	failed := event.StopFailed{Order: "order-1", ResultCode: "0001", Cause: bank.NotFound, At: four}
	wrongly := discrepancyOf(domain.ExecutedAfterFailure, bank.NotFound, "2021-07-17T08:00:00Z 1.00", after)
	wrongly.HoldsUntil = end
	first := bySelf("order-1", 1, domain.LiftUnlawful, after)
	free := event.StopLifted{Order: "order-1", Cause: domain.LiftUnlawful, At: after, By: first.Order}
	once := given{requested(), approved(), failed, wrongly, first, free}
	again := wrongly
	again.HoldsUntil = nextDay
	withdrawn := given{requested(), approved(), liftRequested(), lifted()}
	ran := discrepancyOf(domain.ExecutedAfterLift, "", "2021-07-17T08:00:00Z", after)
	ran.HoldsUntil = end
	longer := ran
	longer.HoldsUntil = four.Add(72 * time.Hour)
	unknown := event.LiftFailed{Order: "lift-1", ResultCode: "0001", Cause: bank.UnknownOrder, At: later}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a stop that had failed, with another end", Given: once, When: word(func(w *domain.AnswerStop) { w.BankExpires = nextDay }), Then: given{again, askedNow}},
		{
			Rule: "one that was withdrawn, with a later end", Given: and(withdrawn, ran, askedNow, event.StopLifted{Order: "order-1", Cause: domain.LiftUnlawful, At: after, By: askedNow.Order}),
			When: word(func(w *domain.AnswerStop) { w.BankExpires = four.Add(72 * time.Hour) }), Then: given{longer, bySelf("order-1", 3, domain.LiftUnlawful, after)},
		},
		{
			Rule: "a lift that its bank knew nothing of stands in no one's way", Given: given{requested(), approved(), liftRequested(), unknown, failed},
			When: word(func(*domain.AnswerStop) {}), Then: given{wrongly, func() event.LiftRequested {
				l := askedNow
				l.Due = liftRequested().Due // the same three days
				return l
			}()},
		},
	})
}

func TestI12_AMeasureOfAnAmountGivesNoRightToHoldMoreBesideIt(t *testing.T) {
	second := secondRequested()
	second.Scope, second.Amount = domain.ScopeAmount, 50
	runs := secondExecuted(four.Add(time.Hour))
	runs.Held = 50
	beside := and(longHeld(), second, event.StopApproved{Order: "order-2", Approver: leader, At: four}, runs)
	part := freezeRequested()
	part.FreezeType, part.Limit = bank.FreezeLimited, 60
	converted := event.StopLifted{Order: "order-1", Cause: domain.LiftConverted, At: later}
	frozenPart := and(longHeld(), part, freezeExecuted(later, 60), converted)
	long := word(func(w *domain.AnswerStop) {
		w.Corrects, w.BalanceBefore, w.BankExpires = true, 200, four.Add(72*time.Hour)
	})
	runsOn := put(func(c *event.StopAnswerCorrected) { c.BalanceBefore, c.BankExpiresAt = 200, four.Add(72*time.Hour) })
	told := discrepancyOf(domain.ExpiryDiffers, "2021-07-19T08:00:00Z", "2021-07-20T08:00:00Z", after)
	frozenAll := and(longHeld(), freezeRequested(), freezeExecuted(later, 100), converted)
	frozen := and(frozenAll, runsOn, told)
	forYears := put(func(c *event.StopAnswerCorrected) { c.BankExpiresAt = four.AddDate(2, 0, 0) })
	lapse := freezeExecuted(later, 100).ExpiresAt
	release := event.FreezeReleaseRequested{
		Order: nth("release", "freeze-1", 1), Target: "freeze-1", Case: "case-a", Account: mule, Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang,
		Due: after.Add(72 * time.Hour), At: after,
	}
	partly := release
	partly.Amount = 30
	released := domain.AnswerFollowUp{Order: release.Order, Done: true, ResultCode: "0000", ExecutedAt: after, At: after}
	asked := bySelf("order-1", 1, domain.LiftUnlawful, after)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a second stop of an amount", Given: beside, When: domain.ExpireStop{Order: "order-1", At: end}, Then: given{stopLapsed("order-1", end), bySelf("order-1", 1, domain.LiftUnlawful, end)}},
		{Rule: "a freeze of an amount", Given: frozenPart, When: long, Then: given{runsOn, told, asked}},
		{Rule: "one of the whole account does", Given: frozenAll, When: long, Then: given{runsOn, told}},
		{Rule: "but not what is left of a freeze", Given: and(frozen, partly), When: released, Then: given{
			event.FreezePartiallyReleased{Order: "freeze-1", By: partly.Order, Amount: 30, Remaining: 70, Cause: "unrelated", At: after}, asked,
		}},
		{Rule: "nor one that is released", Given: and(frozen, release), When: released, Then: given{
			event.FreezeLifted{Order: "freeze-1", By: release.Order, Cause: "unrelated", At: after}, asked,
		}},
		{Rule: "nor one that has lapsed", Given: and(frozenAll, forYears), When: domain.ExpireFreeze{Order: "freeze-1", At: lapse}, Then: given{
			event.FreezeLapsed{Order: "freeze-1", ExpiredAt: lapse}, bySelf("order-1", 1, domain.LiftUnlawful, lapse),
		}},
	})
}
