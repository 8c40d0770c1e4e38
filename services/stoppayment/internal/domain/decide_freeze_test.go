package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

const caseNo = identity.CaseNo("A4409820000002021070001")

func freezeRequested() event.FreezeRequested {
	return event.FreezeRequested{
		Order: "freeze-1", Case: "case-a", CaseNo: caseNo, FiledAt: four.Add(30 * time.Minute), NoticeNo: "N1", Account: mule, FreezeType: "02",
		TermMonths: 6, Approver: leader, Operator: li, Investigator: wang, At: four.Add(time.Hour),
	}
}

func requestFreeze() domain.RequestFreeze {
	return domain.RequestFreeze{
		Order: "freeze-1", Case: "case-a", CaseNo: caseNo, FiledAt: four.Add(30 * time.Minute), NoticeNo: "N1", TermMonths: 6,
		Approver: leader, Operator: li, Investigator: wang, At: four.Add(time.Hour),
	}
}

func freezeExecuted(at time.Time, amount money.Fen) event.FreezeExecuted {
	return event.FreezeExecuted{
		Order: "freeze-1", Case: "case-a", CaseNo: caseNo, Account: mule, ExecutedAt: at, ExpiresAt: time.Date(2022, 1, 17, 9, 0, 0, 0, time.UTC),
		Applied: amount, Frozen: amount, Balance: amount, ResultCode: "0000",
	}
}

func TestI20_OnlyAFiledCaseFreezes(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 100)}
	unfiled, later, low, alone := requestFreeze(), requestFreeze(), requestFreeze(), requestFreeze()
	unfiled.FiledAt = time.Time{}
	later.FiledAt = later.At.Add(time.Second)
	low.Approver = station
	alone.Investigator = li
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "in a filed case the freeze goes to the bank", Given: stopped, When: requestFreeze(), Then: given{freezeRequested()}},
		{Rule: "without filing there is no freeze", Given: stopped, When: unfiled, Err: domain.ErrNotFiled},
		{Rule: "filing must precede it", Given: stopped, When: later, Err: domain.ErrNotFiled},
		{Rule: "a station cannot approve it", Given: stopped, When: low, Err: domain.ErrFreezeLevel},
		{Rule: "one officer is refused", Given: stopped, When: alone, Err: domain.ErrTwoOfficers},
		{Rule: "a bank cannot execute a freeze that was not asked for", Given: stopped, When: domain.AnswerFreeze{Order: "freeze-1", Done: true, ExecutedAt: four}, Err: domain.ErrNoOrder},
	})
}

func TestTheFreezeTakesOverFromTheStop(t *testing.T) {
	at := four.Add(time.Hour)
	asked := given{requested(), approved(), executed(four, 100), freezeRequested()}
	done := domain.AnswerFreeze{Order: "freeze-1", Done: true, ResultCode: "0000", ExecutedAt: at, Applied: 100, Frozen: 100, Balance: 100, At: at}
	tooMuch := done
	tooMuch.Frozen = 101
	queued := domain.AnswerFreeze{Order: "freeze-1", Cause: "queued", Former: "某区法院", FormerFrozen: 100, At: at}
	estest.Run(t, domain.AccountDecider(), []row{
		{
			Rule: "it holds for six months and ends the stop", Given: asked, When: done,
			Then: given{freezeExecuted(at, 100), event.StopLifted{Order: "order-1", Cause: "converted", At: at}},
		},
		{
			Rule: "more than the balance is not frozen, whatever the bank says (I24)", Given: asked, When: tooMuch,
			Then: given{
				freezeExecuted(at, 100),
				event.StopLifted{Order: "order-1", Cause: "converted", At: at},
				event.BankDiscrepancyFound{Order: "freeze-1", Kind: "frozen-above-balance", Expected: "1.00", Found: "1.01", At: at},
			},
		},
		{
			Rule: "behind an earlier freezer it queues", Given: asked, When: queued,
			Then: given{event.FreezeQueued{Order: "freeze-1", Former: "某区法院", FormerFrozen: 100, At: at}},
		},
		{
			Rule: "a second freeze that a bank calls executed waits behind the first (I23)",
			Given: append(asked[:4:4], freezeExecuted(at, 100), func() event.FreezeRequested {
				r := freezeRequested()
				r.Order, r.Case = "freeze-b", "case-b"
				return r
			}()),
			When: domain.AnswerFreeze{Order: "freeze-b", Done: true, ExecutedAt: at, Applied: 100, Frozen: 100, Balance: 100, At: at},
			Then: given{
				event.BankDiscrepancyFound{Order: "freeze-b", Kind: "second-freeze", Expected: "freeze-1", At: at},
				event.FreezeQueued{Order: "freeze-b", Former: "freeze-1", FormerFrozen: 100, FormerExpires: time.Date(2022, 1, 17, 9, 0, 0, 0, time.UTC), At: at},
			},
		},
		{Rule: "the same answer twice is one answer", Given: append(asked[:4:4], freezeExecuted(at, 100)), When: done},
		{
			Rule: "not renewed in time it lapses", Given: append(asked[:4:4], freezeExecuted(at, 100)),
			When: domain.ExpireFreeze{Order: "freeze-1", At: time.Date(2022, 1, 17, 9, 0, 0, 0, time.UTC)},
			Then: given{event.FreezeLapsed{Order: "freeze-1", ExpiredAt: time.Date(2022, 1, 17, 9, 0, 0, 0, time.UTC)}},
		},
	})
}

func TestI44_WhatIsNotReturnedStaysFrozenUnderTheSameClock(t *testing.T) {
	frozen := given{requested(), approved(), executed(four, 100), freezeRequested(), freezeExecuted(four.Add(time.Hour), 100)}
	back := domain.NoteReturn{Order: "freeze-1", Procedure: "p1", Payment: "pay-1", Amount: 70, At: four.Add(2 * time.Hour)}
	noted := event.FrozenFundsReturned{Order: "freeze-1", Procedure: "p1", Payment: "pay-1", Amount: 70, Remaining: 30, At: four.Add(2 * time.Hour)}
	more := back
	more.Payment, more.Amount = "pay-2", 31
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a refund leaves the remainder frozen", Given: frozen, When: back, Then: given{noted}},
		{Rule: "the same refund is booked once", Given: append(frozen[:5:5], noted), When: back},
		{Rule: "more than the remainder is refused", Given: append(frozen[:5:5], noted), When: more, Err: domain.ErrReturnTooMuch},
		{Rule: "without a freeze nothing is returned (I32)", Given: frozen[:3:3], When: back, Err: domain.ErrNoFreeze},
	})
	before, after := domain.AccountDecider().Replay(frozen...), domain.AccountDecider().Replay(append(frozen[:5:5], noted)...)
	if b, a := before.Frozen.Expires, after.Frozen.Expires; !a.Equal(b) || after.Frozen.Remaining != 30 {
		t.Errorf("the freeze runs until %v with %d, before it was %v", a, after.Frozen.Remaining, b)
	}
}
