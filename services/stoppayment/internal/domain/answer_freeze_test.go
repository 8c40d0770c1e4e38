package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// unlawful is the n-th release of freeze-1, by which its bank is to let go of what
// nobody may hold any more.
func unlawful(n int, at time.Time, by event.Officer) event.FreezeReleaseRequested {
	return event.FreezeReleaseRequested{
		Order: nth("release", "freeze-1", n), Target: "freeze-1", Case: "case-a", Account: mule, Cause: domain.LiftUnlawful,
		Approver: by, Operator: li, Investigator: wang, Due: at.Add(domain.LiftTerm), At: at,
	}
}

func freezeAnswer(at time.Time) domain.AnswerFreeze {
	return domain.AnswerFreeze{Order: "freeze-1", Done: true, ResultCode: "0000", ExecutedAt: at, Applied: 100, Frozen: 100, Balance: 100, At: at}
}

func then(at time.Time, amount string) string { return at.Format(time.RFC3339) + " " + amount }

func TestWhatABankHasFrozenIsInTheBooksOrIsLetGo(t *testing.T) {
	asked := given{requested(), approved(), executed(four, 100), freezeRequested()}
	all, later, six := releaseRequested(0), five.Add(time.Hour), 6
	withdrawn := and(asked, all, event.FreezeLifted{Order: "freeze-1", By: all.Order, Cause: "unrelated", At: five})
	failed := and(asked, event.FreezeFailed{Order: "freeze-1", Cause: bank.Technical, At: five})
	lapsed := and(frozen, event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth})
	late := func(kind, expected string, at, answered time.Time) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{
			Order: "freeze-1", Kind: kind, Expected: expected, Found: then(at, "1.00"), At: answered, HoldsUntil: identity.AddMonths(at, six),
		}
	}
	refused, other, ahead, over, ended := freezeAnswer(later), freezeAnswer(later), freezeAnswer(five), freezeAnswer(five), freezeAnswer(five)
	refused.Done, refused.Cause = false, bank.Technical
	ahead.ExecutedAt = five.Add(10 * time.Minute)
	over.Frozen = 500
	ended.BankExpires = five.Add(-time.Hour)
	clipped := event.BankDiscrepancyFound{Order: "freeze-1", Kind: "frozen-above-balance", Expected: "1.00", Found: "5.00", At: five}
	converted := event.StopLifted{Order: "order-1", Cause: "converted", At: five}
	estest.Run(t, domain.AccountDecider(), []row{
		{
			Rule: "carried out after it was withdrawn, it is let go", Given: withdrawn, When: freezeAnswer(later),
			Then: given{late(domain.ExecutedAfterRelease, "lifted", later, later), unlawful(2, later, leader)},
		},
		{
			Rule: "and not twice for the same word", When: freezeAnswer(later),
			Given: and(withdrawn, late(domain.ExecutedAfterRelease, "lifted", later, later), unlawful(2, later, leader)),
		},
		{
			Rule: "carried out after it had failed, it is let go", Given: failed, When: freezeAnswer(later),
			Then: given{late(domain.ExecutedAfterFailure, bank.Technical, later, later), unlawful(1, later, leader)},
		},
		{
			Rule: "carried out anew after its end, it is let go", Given: lapsed, When: freezeAnswer(sixMonth.Add(time.Hour)),
			Then: given{
				late(domain.ExecutedAfterRelease, "lapsed", sixMonth.Add(time.Hour), sixMonth.Add(time.Hour)), unlawful(1, sixMonth.Add(time.Hour), leader),
			},
		},
		{Rule: "the word that was booked once is nothing new after the end", Given: lapsed, When: freezeAnswer(five)},
		{
			Rule: "a bank whose clock is ahead has frozen all the same", Given: asked, When: ahead,
			Then: given{freezeExecuted(five, 100), converted, event.BankDiscrepancyFound{
				Order: "freeze-1", Kind: domain.ExecutedImplausible, Expected: five.Format(time.RFC3339), Found: ahead.ExecutedAt.Format(time.RFC3339), At: five,
			}},
		},
		{
			Rule: "an end before the beginning does not count", Given: asked, When: ended,
			Then: given{freezeExecuted(five, 100), event.BankDiscrepancyFound{
				Order: "freeze-1", Kind: domain.ExpiryDiffers, Expected: sixMonth.Format(time.RFC3339), Found: ended.BankExpires.Format(time.RFC3339), At: five,
			}, converted},
		},
		{
			Rule: "that it has failed after all is shown, and the freeze stands", Given: frozen, When: refused,
			Then: given{event.BankDiscrepancyFound{Order: "freeze-1", Kind: domain.AnswerDiffers, Expected: then(five, "1.00"), Found: bank.Technical, At: later}},
		},
		{
			Rule: "another answer is shown", Given: frozen, When: other,
			Then: given{event.BankDiscrepancyFound{Order: "freeze-1", Kind: domain.AnswerDiffers, Expected: then(five, "1.00"), Found: then(later, "1.00"), At: later}},
		},
		{Rule: "the same word again is one, although less of it counted", Given: and(frozen, clipped), When: over},
	})
}

func TestABankThatHoldsOnAfterTheEndOfAFreezeIsAskedToLetGo(t *testing.T) {
	asked := given{requested(), approved(), executed(four, 100), freezeRequested()}
	long := freezeAnswer(five)
	long.BankExpires = sixMonth.Add(24 * time.Hour)
	state := domain.AccountDecider().Replay(asked...)
	booked, err := domain.DecideAccount(state, long)
	if err != nil {
		t.Fatal(err)
	}
	all := unlawful(1, sixMonth, leader)
	lapse := given{event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}, all}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "at the end it is asked", Given: and(asked, booked...), When: domain.ExpireFreeze{Order: "freeze-1", At: sixMonth}, Then: lapse},
		{
			Rule: "and when it has let go, that is all", Given: and(asked, and(booked, lapse...)...),
			When: domain.AnswerFollowUp{Order: all.Order, Done: true, ResultCode: "0000", ExecutedAt: sixMonth, At: sixMonth},
			Then: given{event.FreezeLifted{Order: "freeze-1", By: all.Order, Cause: domain.LiftUnlawful, At: sixMonth}},
		},
	})
	after := domain.AccountDecider().Replay(and(asked, append(and(booked, lapse...), event.FreezeLifted{Order: "freeze-1", By: all.Order, At: sixMonth})...)...)
	if o, _ := after.Find("freeze-1"); o.State != domain.Lapsed || !o.BankUntil.IsZero() {
		t.Errorf("the freeze is %s and held until %v, want it to stay as it ended", o.State, o.BankUntil)
	}
}

func TestTheSameAuthorityRenewsAndReleasesAFreeze(t *testing.T) {
	grave := freezeRequested()
	grave.Approver, grave.Grave, grave.TermMonths = bureau, true, 12
	byCity := given{requested(), approved(), executed(four, 100), grave, freezeExecuted(five, 100)}
	neighbour := event.Officer{PoliceNo: "080999", Unit: "440981000000", Level: identity.County}
	foreign, own, renew, renewOwn := release(0), release(0), renewal(6, five), renewal(6, five)
	foreign.Approver, renew.Approver = neighbour, neighbour
	own.Approver, renewOwn.Approver = li, wang
	asked := renewalRequested(five)
	asked.Approver = bureau
	renewed := and(frozen, asked, event.FreezeRenewed{Order: "freeze-1", By: asked.Order, Ordinal: 1, ExpiresAt: sixMonth.AddDate(0, 6, 0), At: five})
	court := domain.TransferByCourt{Freeze: "freeze-1", Court: "某区法院", Document: "1", Amount: 10, Officer: neighbour, At: five}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the neighbour's chief does not release", Given: frozen, When: foreign, Err: domain.ErrNotSuperior},
		{Rule: "nor renew", Given: frozen, When: renew, Err: domain.ErrNotSuperior},
		{Rule: "nor take note of a court", Given: frozen, When: court, Err: domain.ErrNotSuperior},
		{Rule: "who carries it out does not approve a release", Given: frozen, When: own, Err: domain.ErrSelfApproval},
		{Rule: "nor a renewal", Given: frozen, When: renewOwn, Err: domain.ErrSelfApproval},
		{Rule: "what the city approved the county does not release", Given: byCity, When: release(0), Err: domain.ErrAuthority},
		{Rule: "nor renew", Given: byCity, When: renewal(6, five), Err: domain.ErrAuthority},
		{Rule: "nor what the city renewed", Given: renewed, When: release(0), Err: domain.ErrAuthority},
	})
	filed := domain.PursuitDecider().Replay(opened(), event.FreezeProposed{Case: "case-a", CaseNo: caseNo, FiledAt: four})
	_, err := domain.PursuitDecider().Decide(filed, domain.ApproveFreeze{
		NoticeNo: "N1", TermMonths: 6, Approver: neighbour, Operator: li, Investigator: wang, At: five,
	})
	if err == nil || err.Error() != domain.ErrNotSuperior.Error() {
		t.Errorf("the neighbour's chief approves a freeze: %v", err)
	}
}

func TestARenewalThatABankRefusesIsShownAndMayBeAskedAgain(t *testing.T) {
	week := sixMonth.AddDate(0, 0, -7)
	asked := renewalRequested(week)
	for cause, kind := range map[string]string{bank.Ended: domain.EndedAtBank, bank.UnknownOrder: domain.UnknownAtBank} {
		refused := given{
			event.BankDiscrepancyFound{Order: asked.Order, Kind: kind, Expected: "freeze-1", Found: cause, At: week},
			event.FreezeFollowUpFailed{Order: asked.Order, Cause: cause, At: week},
		}
		again := asked
		again.Order = nth("renewal", "freeze-1", 2)
		estest.Run(t, domain.AccountDecider(), []row{
			{Rule: cause + " is shown", Given: and(frozen, asked), When: domain.AnswerFollowUp{Order: asked.Order, Cause: cause, At: week}, Then: refused},
			{Rule: cause + ": it is asked again", Given: and(frozen, and(given{asked}, refused...)...), When: renewal(6, week), Then: given{again}},
			{
				Rule: cause + ": the officers are reminded", Given: and(frozen, and(given{asked}, refused...)...), When: domain.WarnFreeze{Order: "freeze-1", At: week},
				Then: given{event.FreezeExpiryWarned{Order: "freeze-1", Case: "case-a", ExpiresAt: sixMonth, Days: 7}},
			},
		})
	}
}

func TestI25_ABankThatCannotReleaseIsAskedAgainWithinTheSameTerm(t *testing.T) {
	all := releaseRequested(0)
	cannot := event.FreezeFollowUpFailed{Order: all.Order, Cause: bank.Technical, At: five}
	again := all
	again.Order, again.At, again.Repeats = nth("release", "freeze-1", 2), five.Add(domain.FirstRepeat), all.Order
	failed := and(frozen, all, cannot)
	unknown := cannot
	unknown.Cause = bank.UnknownOrder
	asking := domain.RepeatOrder{Order: all.Order, At: again.At}
	overdue := event.LiftOverdue{Order: all.Order, Due: all.Due, Awaits: "bank"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "ten minutes later", Given: failed, When: asking, Then: given{again}},
		{Rule: "not sooner", Given: failed, When: domain.RepeatOrder{Order: all.Order, At: five}},
		{Rule: "once", Given: and(failed, again), When: asking},
		{Rule: "the term runs on meanwhile", Given: failed, When: domain.ReleaseOverdue{Order: all.Order, At: all.Due}, Then: given{overdue}},
		{Rule: "and over it nobody is told twice", Given: and(failed, overdue, again), When: domain.ReleaseOverdue{Order: again.Order, At: all.Due}},
		{Rule: "not what the bank does not know", Given: and(frozen, all, unknown), When: asking},
		{Rule: "not what has ended", Given: and(failed, event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}), When: asking},
		{Rule: "a chief may be faster", Given: failed, When: release(0), Then: given{func() event.FreezeReleaseRequested { r := again; r.At = five; return r }()}},
	})
	clockOf(t, failed, "repeat:"+string(all.Order))
	if at := clockOf(t, failed, "release:"+string(all.Order)).At; !at.Equal(all.Due) {
		t.Errorf("the term ends at %v, want %v", at, all.Due)
	}
}

func TestABankThatNeverReleasesIsAskedSeldomerAndNotForEver(t *testing.T) {
	d := domain.AccountDecider()
	a := d.Replay(and(frozen, releaseRequested(0))...)
	order, at, asked := releaseRequested(0).Order, five, 0
	var longest time.Duration
	for ; asked <= domain.MaxRepeats; asked++ {
		a = d.Evolve(a, event.FreezeFollowUpFailed{Order: order, Cause: bank.Technical, At: at})
		var next es.Alarm
		for _, c := range domain.DueOnAccount(a) {
			if c.Name == "repeat:"+string(order) {
				next = c
			}
		}
		if next.Name == "" {
			break
		}
		longest = max(longest, next.At.Sub(at))
		events, err := d.Decide(a, domain.Wake(next, next.At))
		if err != nil || len(events) != 1 {
			t.Fatal(events, err)
		}
		a, at, order = d.Evolve(a, events[0]), next.At, events[0].(event.FreezeReleaseRequested).Order
	}
	if asked != domain.MaxRepeats || longest != domain.LongestRepeat {
		t.Errorf("asked %d times, at most every %v", asked, longest)
	}
}
