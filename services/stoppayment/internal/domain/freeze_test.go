package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var (
	bureau   = event.Officer{PoliceNo: "090800", Unit: "440900000000", Level: identity.City}
	five     = four.Add(time.Hour)
	sixMonth = time.Date(2022, 1, 17, 9, 0, 0, 0, time.UTC)
	frozen   = given{requested(), approved(), executed(four, 100), freezeRequested(), freezeExecuted(five, 100)}
)

func and(history given, more ...event.AccountEvent) given {
	return append(history[:len(history):len(history)], more...)
}

func TestI21_I27_LongTermsTakeAGraveCaseAndACityLevelChief(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 100)}
	ask := func(months int, grave bool, asset string, by event.Officer) domain.RequestFreeze {
		r := requestFreeze()
		r.TermMonths, r.Grave, r.Asset, r.Approver = months, grave, asset, by
		return r
	}
	then := func(r domain.RequestFreeze) given {
		e := freezeRequested()
		e.TermMonths, e.Grave, e.Asset, e.Approver = r.TermMonths, r.Grave, r.Asset, r.Approver
		return given{e}
	}
	year := ask(12, true, "", bureau)
	bonds, shares := ask(24, false, domain.Securities, leader), ask(6, false, domain.Equity, leader)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a station approves none", Given: stopped, When: ask(1, false, "", station), Err: domain.ErrFreezeLevel},
		{Rule: "seven months in an ordinary case are refused", Given: stopped, When: ask(7, false, "", bureau), Err: domain.ErrGraveLevel},
		{Rule: "seven months approved by a county are refused", Given: stopped, When: ask(7, true, "", leader), Err: domain.ErrGraveLevel},
		{Rule: "a year in a grave case, approved by the city, is given", Given: stopped, When: year, Then: then(year)},
		{Rule: "thirteen months are refused to everyone", Given: stopped, When: ask(13, true, "", bureau), Err: domain.ErrFreezeTerm},
		{Rule: "no term is refused", Given: stopped, When: ask(0, false, "", bureau), Err: domain.ErrFreezeTerm},
		{Rule: "I27: securities are frozen for two years", Given: stopped, When: bonds, Then: then(bonds)},
		{Rule: "I27: and not longer", Given: stopped, When: ask(25, true, domain.Securities, bureau), Err: domain.ErrFreezeTerm},
		{Rule: "I27: equity is frozen for six months", Given: stopped, When: shares, Then: then(shares)},
		{Rule: "I27: and not longer, in a grave case neither", Given: stopped, When: ask(7, true, domain.Equity, bureau), Err: domain.ErrFreezeTerm},
		{Rule: "an asset that the law does not know is refused", Given: stopped, When: ask(1, false, "gold", bureau), Err: domain.ErrAsset},
	})
}

func renewal(months int, at time.Time) domain.RequestRenewal {
	return domain.RequestRenewal{Freeze: "freeze-1", NoticeNo: "N2", TermMonths: months, Approver: leader, Operator: li, Investigator: wang, At: at}
}

func renewalRequested(at time.Time) event.FreezeRenewalRequested {
	return event.FreezeRenewalRequested{
		Order: identity.OrderID(identity.Derive("renewal", "freeze-1", "1").String()), Target: "freeze-1", Case: "case-a", Account: mule, NoticeNo: "N2",
		TermMonths: 6, Ordinal: 1, Approver: leader, Operator: li, Investigator: wang, At: at,
	}
}

func TestI22_AFreezeEndsUnlessItsRenewalIsOnRecordBefore(t *testing.T) {
	late := sixMonth.Add(-24 * time.Hour)
	asked := renewalRequested(late)
	answer := domain.AnswerFollowUp{Order: asked.Order, Done: true, ResultCode: "0000", ExecutedAt: late, At: late}
	year := time.Date(2022, 7, 17, 9, 0, 0, 0, time.UTC)
	renewed := event.FreezeRenewed{Order: "freeze-1", By: asked.Order, Ordinal: 1, ExpiresAt: year, ResultCode: "0000", At: late}
	sooner, refused, tardy := answer, answer, answer
	sooner.BankExpires = year.Add(-time.Hour)
	refused.Done, refused.Cause = false, bank.Technical
	tardy.ExecutedAt, tardy.At = sixMonth.Add(time.Minute), sixMonth.Add(time.Hour)
	lapsed := event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}
	alone, long := renewal(6, late), renewal(7, late)
	alone.Approver = li
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "before the end it can be renewed", Given: frozen, When: renewal(6, late), Then: given{asked}},
		{Rule: "at the end it is too late", Given: frozen, When: renewal(6, sixMonth), Err: domain.ErrNoFreeze},
		{Rule: "a renewal has the same limits as the freeze", Given: frozen, When: long, Err: domain.ErrGraveLevel},
		{Rule: "who asks does not approve", Given: frozen, When: alone, Err: domain.ErrSelfApproval},
		{Rule: "one renewal at a time", Given: and(frozen, asked), When: renewal(6, late), Err: domain.ErrRenewalOpen},
		{Rule: "it goes on from its old end", Given: and(frozen, asked), When: answer, Then: given{renewed}},
		{
			Rule: "of two ends the earlier counts", Given: and(frozen, asked), When: sooner,
			Then: given{
				event.FreezeRenewed{Order: "freeze-1", By: asked.Order, Ordinal: 1, ExpiresAt: sooner.BankExpires, ResultCode: "0000", At: late},
				event.BankDiscrepancyFound{Order: asked.Order, Kind: "expiry-differs", Expected: year.Format(time.RFC3339), Found: sooner.BankExpires.Format(time.RFC3339), At: late},
			},
		},
		{Rule: "the same answer twice is one answer", Given: and(frozen, asked, renewed), When: answer},
		{
			Rule: "a bank that cannot is told of, and may be asked again", Given: and(frozen, asked), When: refused,
			Then: given{event.FreezeFollowUpFailed{Order: asked.Order, Cause: bank.Technical, ResultCode: "0000", At: late}},
		},
		{Rule: "an order alone renews nothing", Given: and(frozen, asked), When: domain.ExpireFreeze{Order: "freeze-1", At: sixMonth}, Then: given{lapsed}},
		{Rule: "a renewed freeze does not end at its old end", Given: and(frozen, asked, renewed), When: domain.ExpireFreeze{Order: "freeze-1", At: sixMonth}},
		{
			Rule: "what a bank renews after the end is not revived, and shown", Given: and(frozen, asked, lapsed), When: tardy,
			Then: given{
				event.BankDiscrepancyFound{
					Order: asked.Order, Kind: "renewed-after-end", Found: tardy.ExecutedAt.Format(time.RFC3339), At: tardy.At,
					HoldsUntil: identity.AddMonths(tardy.ExecutedAt, 6),
				},
				unlawful(1, tardy.At, leader),
			},
		},
	})
}

func TestTheOfficersAreRemindedToRenew(t *testing.T) {
	month, week := sixMonth.AddDate(0, 0, -30), sixMonth.AddDate(0, 0, -7)
	warned := func(days int) event.FreezeExpiryWarned {
		return event.FreezeExpiryWarned{Order: "freeze-1", Case: "case-a", ExpiresAt: sixMonth, Days: days}
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a month before", Given: frozen, When: domain.WarnFreeze{Order: "freeze-1", At: month}, Then: given{warned(30)}},
		{Rule: "once", Given: and(frozen, warned(30)), When: domain.WarnFreeze{Order: "freeze-1", At: month.Add(time.Hour)}},
		{Rule: "a service that slept tells of the nearest only", Given: frozen, When: domain.WarnFreeze{Order: "freeze-1", At: week}, Then: given{warned(7)}},
		{Rule: "not while a renewal is under way", Given: and(frozen, renewalRequested(month)), When: domain.WarnFreeze{Order: "freeze-1", At: week}},
	})
	due := domain.DueOnAccount(domain.AccountDecider().Replay(and(frozen, warned(30))...))
	if last := due[len(due)-1]; !last.At.Equal(week) {
		t.Errorf("clocks %v, want the next reminder a week before the end", due)
	}
}

func TestI23_WhoeverWaitedLongestFollowsAFreezeThatEnds(t *testing.T) {
	other := func(id identity.OrderID, c identity.CaseID) event.FreezeRequested {
		r := freezeRequested()
		r.Order, r.Case = id, c
		return r
	}
	wait := func(id identity.OrderID) event.FreezeQueued {
		return event.FreezeQueued{Order: id, Former: "freeze-1", FormerFrozen: 100, FormerExpires: sixMonth, At: five}
	}
	line := and(frozen, other("freeze-b", "case-b"), wait("freeze-b"), other("freeze-c", "case-c"), wait("freeze-c"))
	lapsed, promoted := event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}, event.FreezePromoted{Order: "freeze-b", After: "freeze-1", At: sixMonth}
	taken := domain.AnswerFreeze{Order: "freeze-b", Done: true, ResultCode: "0000", ExecutedAt: sixMonth, Applied: 100, Frozen: 100, Balance: 100, At: sixMonth}
	court := given{requested(), approved(), executed(four, 100), freezeRequested(), event.FreezeQueued{Order: "freeze-1", Former: "某区法院", FormerExpires: sixMonth, At: five}}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the bank is asked for the next at once", Given: line, When: domain.ExpireFreeze{Order: "freeze-1", At: sixMonth}, Then: given{lapsed, promoted}},
		{
			Rule: "which is then the one in force", Given: and(line, lapsed, promoted), When: taken,
			Then: given{event.FreezeExecuted{
				Order: "freeze-b", Case: "case-b", CaseNo: caseNo, Account: mule, ExecutedAt: sixMonth, ExpiresAt: time.Date(2022, 7, 17, 9, 0, 0, 0, time.UTC),
				Applied: 100, Frozen: 100, Balance: 100, ResultCode: "0000",
			}},
		},
		{Rule: "behind another agency the bank is asked when its freeze ends", Given: court, When: domain.PromoteQueued{Order: "freeze-1", At: sixMonth}, Then: given{event.FreezePromoted{Order: "freeze-1", At: sixMonth}}},
		{Rule: "and not before", Given: court, When: domain.PromoteQueued{Order: "freeze-1", At: sixMonth.Add(-time.Second)}},
		{
			Rule: "a bank that says it again is asked again, not at once", When: domain.PromoteQueued{Order: "freeze-1", At: sixMonth.Add(time.Hour)},
			Given: and(court, event.FreezePromoted{Order: "freeze-1", At: sixMonth}, event.FreezeQueued{Order: "freeze-1", Former: "某区法院", FormerExpires: sixMonth, At: sixMonth}),
		},
		{Rule: "a case freezes an account once", Given: frozen, When: func() domain.RequestFreeze { r := requestFreeze(); r.Order = "again"; return r }(), Err: domain.ErrFreezeOpen},
	})
}

func release(amount money.Fen) domain.RequestRelease {
	return domain.RequestRelease{Freeze: "freeze-1", Amount: amount, Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang, At: five}
}

func releaseRequested(amount money.Fen) event.FreezeReleaseRequested {
	return event.FreezeReleaseRequested{
		Order: identity.OrderID(identity.Derive("release", "freeze-1", "1").String()), Target: "freeze-1", Case: "case-a", Account: mule, Amount: amount,
		Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang, Due: five.Add(72 * time.Hour), At: five,
	}
}

func TestI25_WhatIsUnrelatedIsFreeWithinThreeDays(t *testing.T) {
	all, part := releaseRequested(0), releaseRequested(30)
	done := domain.AnswerFollowUp{Order: all.Order, Done: true, ResultCode: "0000", ExecutedAt: five, At: five}
	lifted := event.FreezeLifted{Order: "freeze-1", By: all.Order, Cause: "unrelated", At: five}
	lapsed := event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}
	unknown, low := release(0), release(0)
	unknown.Cause, low.Approver = "why not", station
	overdue := event.LiftOverdue{Order: all.Order, Due: all.Due, Awaits: "bank"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the bank is asked, with three days", Given: frozen, When: release(0), Then: given{all}},
		{Rule: "once", Given: and(frozen, all), When: release(0)},
		{Rule: "for a reason", Given: frozen, When: unknown, Err: domain.ErrReleaseCause},
		{Rule: "by who may order a freeze", Given: frozen, When: low, Err: domain.ErrFreezeLevel},
		{Rule: "and it is free", Given: and(frozen, all), When: done, Then: given{lifted}},
		{Rule: "a part goes, the rest stays", Given: and(frozen, part), When: done, Then: given{event.FreezePartiallyReleased{
			Order: "freeze-1", By: part.Order, Amount: 30, Remaining: 70, Cause: "unrelated", At: five,
		}}},
		{
			Rule: "a bank where nothing stands any more frees it too, and that is shown", Given: and(frozen, all),
			When: domain.AnswerFollowUp{Order: all.Order, Cause: bank.Ended, At: five},
			Then: given{event.BankDiscrepancyFound{Order: all.Order, Kind: "ended-at-bank", Expected: "freeze-1", Found: bank.Ended, At: five}, lifted},
		},
		{
			Rule: "a bank that knows of no such freeze frees nobody, and that is shown", Given: and(frozen, all),
			When: domain.AnswerFollowUp{Order: all.Order, Cause: bank.UnknownOrder, At: five},
			Then: given{
				event.BankDiscrepancyFound{Order: all.Order, Kind: "unknown-at-bank", Expected: "freeze-1", Found: bank.UnknownOrder, At: five},
				event.FreezeFollowUpFailed{Order: all.Order, Cause: bank.UnknownOrder, At: five},
			},
		},
		{Rule: "no more than is frozen", Given: frozen, When: release(101), Err: domain.ErrReleaseTooMuch},
		{Rule: "nor in two steps", Given: and(frozen, part), When: release(71), Err: domain.ErrReleaseTooMuch},
		{Rule: "what has ended needs nothing", Given: and(frozen, lapsed), When: release(0)},
		{Rule: "after three days the bank is late, once", Given: and(frozen, all), When: domain.ReleaseOverdue{Order: all.Order, At: all.Due}, Then: given{overdue}},
		{Rule: "and not twice", Given: and(frozen, all, overdue), When: domain.ReleaseOverdue{Order: all.Order, At: all.Due.Add(time.Hour)}},
	})
}

func TestI24_NoMoreIsFrozenThanTheLimitAndTheBalance(t *testing.T) {
	limited := freezeRequested()
	limited.FreezeType, limited.Limit = bank.FreezeLimited, 60
	asked := given{requested(), approved(), executed(four, 100), limited}
	answer := domain.AnswerFreeze{Order: "freeze-1", Done: true, ResultCode: "0000", ExecutedAt: five, Applied: 60, Frozen: 60, Balance: 100, At: five}
	over, short := answer, answer
	over.Applied, over.Frozen = 100, 100
	short.Frozen, short.Balance = 60, 40
	for rule, c := range map[string]struct {
		answer domain.AnswerFreeze
		want   money.Fen
		odd    int
	}{
		"as ordered": {answer, 60, 0}, "a bank that freezes more": {over, 60, 2}, "less is there than ordered": {short, 40, 1},
		"an absurd answer": {domain.AnswerFreeze{Order: "freeze-1", Done: true, ExecutedAt: five, Applied: -1, Frozen: -5, Balance: -7, At: five}, 0, 4},
	} {
		t.Run(rule, func(t *testing.T) {
			state := domain.AccountDecider().Replay(asked...)
			events, err := domain.DecideAccount(state, c.answer)
			if err != nil {
				t.Fatal(err)
			}
			odd := 0
			for _, e := range events {
				if d, ok := e.(event.BankDiscrepancyFound); ok && d.Kind != "balance-moved" {
					odd++
				}
				state = domain.EvolveAccount(state, e)
			}
			if state.Frozen.Remaining != c.want || odd != c.odd {
				t.Errorf("frozen %d with %d discrepancies, want %d with %d", state.Frozen.Remaining, odd, c.want, c.odd)
			}
		})
	}
}
