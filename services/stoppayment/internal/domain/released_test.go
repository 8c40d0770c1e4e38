package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestI26_WhatABankSaysThatItHasReleasedIsWhatIsNotHeldAnyMore(t *testing.T) {
	part, all := releaseRequested(30), releaseRequested(0)
	word := func(said money.Fen) domain.AnswerFollowUp {
		return domain.AnswerFollowUp{Order: part.Order, Done: true, ResultCode: "0000", ExecutedAt: five, Released: said, At: five}
	}
	gone := func(amount money.Fen) event.FreezePartiallyReleased {
		return event.FreezePartiallyReleased{Order: "freeze-1", By: part.Order, Amount: amount, Remaining: 100 - amount, Cause: "unrelated", At: five}
	}
	differs := func(expected, found string) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{Order: part.Order, Kind: domain.ReleasedDiffers, Expected: expected, Found: found, At: five}
	}
	lifted := event.FreezeLifted{Order: "freeze-1", By: all.Order, Cause: "unrelated", At: five}
	rest := differs("1.00", "0.60")
	rest.HoldsUntil = sixMonth
	again := unlawful(2, five, leader)
	second := word(40)
	second.Order = again.Order
	free := event.FreezeLifted{Order: "freeze-1", By: again.Order, Cause: domain.LiftUnlawful, At: five}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the amount that was ordered", Given: and(frozen, part), When: word(30), Then: given{gone(30)}},
		{Rule: "none named is what was ordered", Given: and(frozen, part), When: word(0), Then: given{gone(30)}},
		{Rule: "more than was ordered", Given: and(frozen, part), When: word(60), Then: given{gone(60), differs("0.30", "0.60")}},
		{Rule: "less than was ordered", Given: and(frozen, part), When: word(10), Then: given{gone(10), differs("0.30", "0.10")}},
		{Rule: "never more than was frozen", Given: and(frozen, part), When: word(700), Then: given{gone(100), differs("0.30", "7.00")}},
		{Rule: "an amount below zero is none", Given: and(frozen, part), When: word(-5), Then: given{
			gone(30), event.BankDiscrepancyFound{Order: part.Order, Kind: domain.AmountNegative, Found: "-0.05", At: five},
		}},
		{Rule: "of all: what was frozen", Given: and(frozen, all), When: word(100), Then: given{lifted}},
		{Rule: "of all: more has come in since", Given: and(frozen, all), When: word(150), Then: given{lifted}},
		{Rule: "of all: a bank that keeps a rest is asked for it", Given: and(frozen, all), When: word(60), Then: given{lifted, rest, again}},
		{Rule: "and then for nothing more", Given: and(frozen, all, lifted, rest, again), When: second, Then: given{free}},
	})
}

func TestI22_ARenewalInTimeThatIsToldOfTooLateIsForAPerson(t *testing.T) {
	before := sixMonth.Add(-50 * time.Minute)
	asked := renewalRequested(sixMonth.Add(-time.Hour))
	lapsed := event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}
	at := sixMonth.Add(time.Second)
	word := domain.AnswerFollowUp{Order: asked.Order, Done: true, ResultCode: "0000", ExecutedAt: before, At: at}
	longer := word
	longer.BankExpires = sixMonth.AddDate(0, 7, 0)
	told := toldLate(asked.Order, before, at)
	until := told
	until.HoldsUntil = longer.BankExpires
	let := release(0)
	let.At = at.Add(time.Hour)
	free := releaseRequested(0)
	free.At, free.Due = let.At, let.At.Add(72*time.Hour)
	anew := requestFreeze()
	anew.Order, anew.At = "freeze-2", at.Add(time.Hour)
	asFreeze := freezeRequested()
	asFreeze.Order, asFreeze.At = "freeze-2", anew.At
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the freeze has ended, and nobody asks the bank to let go by himself", Given: and(frozen, asked, lapsed), When: word, Then: given{told}},
		{Rule: "so it has where the clock comes a moment later than the answer", Given: and(frozen, asked), When: word, Then: given{lapsed, told}},
		{Rule: "told twice is told once", Given: and(frozen, asked, lapsed, told), When: word},
		{Rule: "until when the bank holds is on record", Given: and(frozen, asked, lapsed), When: longer, Then: given{until}},
		{Rule: "a chief may release it", Given: and(frozen, asked, lapsed, told), When: let, Then: given{free}},
		{Rule: "or freeze again", Given: and(frozen, asked, lapsed, told), When: anew, Then: given{asFreeze}},
	})
}
