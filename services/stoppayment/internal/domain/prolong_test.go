package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// prolonging is a second stop that its bank carries out at a time before the first has
// ended.
func prolonging(at time.Time) event.StopExecuted {
	e := secondExecuted(at)
	e.From, e.ExpiresAt = end, end.Add(48*time.Hour)
	return e
}

// secondAnswer is what a bank says to the second stop, at one time of another.
func secondAnswer(at, begins, ends time.Time) domain.AnswerStop {
	a := answer(begins, 100)
	a.Order, a.At, a.BankExpires = "order-2", at, ends
	return a
}

func secondAsked() given {
	return given{requested(), approved(), executed(four, 100), secondRequested(), event.StopApproved{Order: "order-2", Approver: leader, At: four}}
}

func TestI03_AnEarlySecondStopRunsFromTheEndOfTheFirstHoweverItsBankPutsIt(t *testing.T) {
	early, after := end.Add(-20*time.Hour), end.Add(3*time.Hour)
	last := end.Add(48 * time.Hour)
	done := prolonging(early)
	late := secondExecuted(after)
	short := prolonging(early)
	short.ExpiresAt = early.Add(48 * time.Hour)
	long := prolonging(early)
	long.BankExpiresAt = last.Add(time.Hour)
	differs := func(found time.Time) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{Order: "order-2", Kind: domain.ExpiryDiffers, Expected: last.Format(time.RFC3339), Found: found.Format(time.RFC3339), At: early}
	}
	lapsed := and(secondAsked(), event.StopLapsed{Order: "order-1", ExpiredAt: end})
	told := prolonging(early)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "when it acted, and the end of the prolongation", Given: secondAsked(), When: secondAnswer(early, early, last), Then: given{done}},
		{Rule: "when it acted, and no end", Given: secondAsked(), When: secondAnswer(early, early, time.Time{}), Then: given{done}},
		{Rule: "the end of the first as the beginning, and the end", Given: secondAsked(), When: secondAnswer(early, end, last), Then: given{done}},
		{Rule: "the end of the first as the beginning alone", Given: secondAsked(), When: secondAnswer(early, end, time.Time{}), Then: given{done}},
		{Rule: "the one after the other is the same", Given: and(secondAsked(), done), When: secondAnswer(early.Add(time.Minute), end, last)},
		{Rule: "also when it is said after the end of the first", Given: and(secondAsked(), done), When: secondAnswer(after, end, last)},
		{Rule: "carried out before the end and told of after it, it has prolonged the first", Given: lapsed, When: secondAnswer(after, early, last), Then: given{told}},
		{Rule: "carried out after the end it holds for its own 48 hours", Given: lapsed, When: secondAnswer(after, after, time.Time{}), Then: given{late}},
		{Rule: "a bank that counts from when it acted is told of, and the earlier end counts", Given: secondAsked(), When: secondAnswer(early, early, early.Add(48*time.Hour)), Then: given{short, differs(early.Add(48 * time.Hour))}},
		{Rule: "one that names a later end is asked to let go at ours", Given: secondAsked(), When: secondAnswer(early, early, last.Add(time.Hour)), Then: given{long, differs(last.Add(time.Hour))}},
		{Rule: "at the end of the first only that lapses, and nobody is asked to let go", Given: and(secondAsked(), done), When: domain.ExpireStop{Order: "order-1", At: end}, Then: given{event.StopLapsed{Order: "order-1", ExpiredAt: end}}},
		{Rule: "the second ends after 96 hours in all", Given: and(lapsed, done), When: domain.ExpireStop{Order: "order-2", At: last}, Then: given{event.StopLapsed{Order: "order-2", ExpiredAt: last}}},
		{Rule: "and not before", Given: and(lapsed, done), When: domain.ExpireStop{Order: "order-2", At: last.Add(-time.Second)}},
	})
}

func TestI03_ASecondStopThatFollowsNoRunningFirstProlongsNothing(t *testing.T) {
	at := four.Add(2 * time.Hour)
	alone := secondExecuted(at)
	asked := secondRequested()
	asked.At, asked.From = end.Add(time.Hour), time.Time{}
	afterwards := second()
	afterwards.At, afterwards.Standing = asked.At, nil
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "of a first that was lifted nothing is left to prolong", Given: and(secondAsked(), event.StopLifted{Order: "order-1", Cause: "error", At: at.Add(-time.Minute)}), When: secondAnswer(at, at, time.Time{}), Then: given{alone}},
		{Rule: "nor of one that its bank says it never held", Given: and(secondAsked(), event.BankDiscrepancyFound{Order: "order-1", Kind: domain.AnswerWithdrawn}), When: secondAnswer(at, at, time.Time{}), Then: given{alone}},
		{Rule: "asked for after the lapse, its order names no beginning", Given: given{requested(), approved(), executed(four, 100), event.StopLapsed{Order: "order-1", ExpiredAt: end}}, When: afterwards, Then: given{asked}},
	})
}

func TestI03_NobodyIsHeldForMoreThan96HoursWhereTheFirstStopTurnsOutToEndEarlier(t *testing.T) {
	at, said := four.Add(2*time.Hour), four.Add(3*time.Hour)
	correction := answer(four.Add(-3*time.Minute), 100)
	correction.Corrects, correction.At = true, said
	sooner := end.Add(-3 * time.Minute)
	moved := event.StopAnswerCorrected{
		Order: "order-2", ExecutedAt: at, From: sooner, ExpiresAt: sooner.Add(48 * time.Hour), BalanceBefore: 100, ResultCode: "0000", At: said,
		BankExpiresAt: end.Add(48 * time.Hour),
	}
	history := and(secondAsked(), prolonging(at))
	denied := and(history, event.BankDiscrepancyFound{Order: "order-2", Kind: domain.AnswerWithdrawn, Found: "not-found", At: said})
	first := event.StopAnswerCorrected{Order: "order-1", ExecutedAt: four.Add(-3 * time.Minute), ExpiresAt: sooner, BalanceBefore: 100, ResultCode: "0000", At: said}
	heldAfterAll := secondAnswer(said, at, time.Time{})
	heldAfterAll.Corrects = true
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the second moves with it", Given: history, When: correction, Then: given{
			moved, first,
		}},
		{Rule: "one that its bank says it never held has nothing to move", Given: denied, When: correction, Then: given{first}},
		{Rule: "and if it has held after all, it ends 48 hours after the first all the same, where the bank counts longer", Given: and(denied, first), When: heldAfterAll, Then: given{moved}},
		{Rule: "and its bank is asked to let go at the new end", Given: and(history, moved, event.StopLapsed{Order: "order-1", ExpiredAt: sooner}), When: domain.ExpireStop{Order: "order-2", At: moved.ExpiresAt}, Then: given{
			event.StopLapsed{Order: "order-2", ExpiredAt: moved.ExpiresAt}, bySelf("order-2", 1, domain.LiftUnlawful, moved.ExpiresAt),
		}},
	})
}

func TestI15_ARenewalProlongsTheProtectiveStopFromItsEnd(t *testing.T) {
	d := domain.ProtectiveDecider()
	asked, fresh := four.Add(30*time.Hour), end
	renew := domain.RenewProtective{Reason: "danger-stands", Approver: leader, Operator: li, Investigator: wang, At: asked}
	events, err := d.Decide(d.Replay(shielded()...), renew)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	order := events[0].(event.ProtectiveRenewalRequested).Accounts[0].Order
	history := append(shielded(), events...)
	on := event.ProtectiveStopApplied{
		Order: order, Account: "own-1", Ordinal: 2, ExecutedAt: asked.Add(time.Minute), ExpiresAt: fresh.Add(48 * time.Hour), Balance: 40_000_00, ResultCode: "0000",
	}
	word := func(at, begins time.Time) domain.AnswerProtective {
		a := said(order, begins)
		a.At = at
		return a
	}
	lapsed := append(shielded(), append(events, event.ProtectiveStopLapsed{Account: "own-1", ExpiredAt: fresh})...)
	after := on
	after.ExecutedAt, after.ExpiresAt = fresh.Add(time.Hour), fresh.Add(49*time.Hour)
	ahead := append(history[:len(history):len(history)], on, func() event.ProtectiveStopApplied {
		other := on
		other.Order, other.Account = events[0].(event.ProtectiveRenewalRequested).Accounts[1].Order, "own-2"
		return other
	}())
	soon := renew
	soon.At = asked.Add(time.Hour)
	estest.Run(t, d, []protectiveRow{
		{Rule: "by when the bank acted", Given: history, When: word(asked.Add(time.Minute), asked.Add(time.Minute)), Then: shield{on}},
		{Rule: "by the end that it prolongs", Given: history, When: word(asked.Add(time.Minute), fresh), Then: shield{on}},
		{Rule: "after that end by its own 48 hours", Given: lapsed, When: word(fresh.Add(time.Hour), fresh.Add(time.Hour)), Then: shield{after}},
		{Rule: "the next is decided on when this one has begun", Given: ahead, When: soon, Err: domain.ErrRenewing},
	})
	o, _ := d.Replay(history...).Find(order)
	if got := d.Replay(history...).EndOf(o); !got.Equal(fresh.Add(48 * time.Hour)) {
		t.Errorf("the order ends at %v, want 48 hours after the end that it prolongs", got)
	}
}
