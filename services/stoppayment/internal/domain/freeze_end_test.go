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

func freezeOf(id identity.OrderID, c identity.CaseID) event.FreezeRequested {
	r := freezeRequested()
	r.Order, r.Case = id, c
	return r
}

func TestI23_TheLineMovesOnWhenAFreezeComesToNothing(t *testing.T) {
	wait := func(id identity.OrderID) event.FreezeQueued {
		return event.FreezeQueued{Order: id, Former: "freeze-1", FormerExpires: sixMonth, At: five}
	}
	line := and(frozen, freezeOf("freeze-b", "case-b"), wait("freeze-b"), freezeOf("freeze-c", "case-c"), wait("freeze-c"))
	turn := and(line, event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}, event.FreezePromoted{Order: "freeze-b", After: "freeze-1", At: sixMonth})
	next := event.FreezePromoted{Order: "freeze-c", After: "freeze-b", At: sixMonth}
	letGo := release(0)
	letGo.Freeze, letGo.At = "freeze-b", sixMonth
	let := releaseRequested(0)
	let.Order, let.Target, let.Case, let.At, let.Due = nth("release", "freeze-b", 1), "freeze-b", "case-b", sixMonth, sixMonth.Add(domain.LiftTerm)
	estest.Run(t, domain.AccountDecider(), []row{
		{
			Rule: "the bank cannot carry out the next: the one after it follows", Given: turn,
			When: domain.AnswerFreeze{Order: "freeze-b", Cause: bank.Technical, At: sixMonth},
			Then: given{event.FreezeFailed{Order: "freeze-b", Cause: bank.Technical, At: sixMonth}, next},
		},
		{Rule: "the next is withdrawn on its way", Given: turn, When: letGo, Then: given{let}},
		{
			Rule: "and the one after it follows", Given: and(turn, let), When: domain.AnswerFollowUp{Order: let.Order, Done: true, ExecutedAt: sixMonth, At: sixMonth},
			Then: given{event.FreezeLifted{Order: "freeze-b", By: let.Order, Cause: "unrelated", At: sixMonth}, next},
		},
		{
			Rule: "while one is in force nobody follows", Given: line,
			When: domain.AnswerFreeze{Order: "freeze-b", Cause: bank.Technical, At: five},
			Then: given{event.FreezeFailed{Order: "freeze-b", Cause: bank.Technical, At: five}},
		},
	})
	if o, _ := domain.AccountDecider().Replay(turn...).Find("freeze-b"); o.Promotions != 1 {
		t.Errorf("%d promotions, want 1: by it the bank's same words are told apart", o.Promotions)
	}
}

func TestTheEndOfAFreezeClosesWhatWasToChangeIt(t *testing.T) {
	part, asked, lapsed := releaseRequested(30), renewalRequested(five), event.FreezeLapsed{Order: "freeze-1", ExpiredAt: sixMonth}
	over := and(frozen, part, asked, lapsed)
	state := domain.AccountDecider().Replay(over...)
	for _, o := range state.Orders {
		if o.State.Open() {
			t.Errorf("the %s waits for the bank still", o.Kind)
		}
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{
			Rule: "a part released after the end ends nothing a second time", Given: over,
			When: domain.AnswerFollowUp{Order: part.Order, Done: true, ExecutedAt: sixMonth, At: sixMonth},
		},
		{
			Rule: "nor does one that could not be released", Given: over,
			When: domain.AnswerFollowUp{Order: part.Order, Cause: bank.Technical, At: sixMonth},
		},
		{
			Rule: "what was renewed in time and told of too late is for a person", Given: over,
			When: domain.AnswerFollowUp{Order: asked.Order, Done: true, ExecutedAt: five, At: sixMonth.Add(time.Minute)},
			Then: given{toldLate(asked.Order, five, sixMonth.Add(time.Minute))},
		},
	})
}

func TestAnObjectionRightInPartNarrowsAFreezeThatWasOnItsWay(t *testing.T) {
	const all, kept = money.Fen(1_000_000_000), money.Fen(1000)
	boss := event.Officer{PoliceNo: "090700", Unit: "440982000000", Level: identity.County}
	history := given{requested(), approved(), executed(four, all), freezeRequested()}
	d := domain.Proportion{}.Watch(domain.AccountDecider())
	for _, cmd := range []domain.AccountCommand{
		domain.FileObjection{
			Objection: "ob-1", Order: "order-1", Holder: sealed, Grounds: "too-much", Documents: []string{paperOf}, Channel: "counter", Officer: li,
			Due: four.Add(7 * 24 * time.Hour), At: five,
		},
		domain.DecideObjection{Objection: "ob-1", Outcome: "partly", Reason: "too-much", Keep: kept, Officer: boss, At: five.Add(time.Minute)},
		domain.AnswerFreeze{Order: "freeze-1", Done: true, ExecutedAt: five, Applied: all, Frozen: all, Balance: all, At: five.Add(time.Hour)},
	} {
		events, err := d.Decide(d.Replay(history...), cmd)
		if err != nil {
			t.Fatalf("%T: %v", cmd, err)
		}
		history = and(history, events...)
	}
	rest, ok := history[len(history)-1].(event.FreezeReleaseRequested)
	if !ok || rest.Amount != all-kept || rest.Objection != "ob-1" {
		t.Errorf("the last word is %#v, want the release of %d", history[len(history)-1], all-kept)
	}
}

func TestABankThatNamesALaterEndOfAFreezeOnlyAfterwardsIsAskedToLetGo(t *testing.T) {
	theEnd := freezeExecuted(later, 100).ExpiresAt
	inForce := and(inForce1(), freezeRequested(), freezeExecuted(later, 100))
	again := freezeDone(later, 100)
	again.At, again.BankExpires = later.Add(time.Hour), theEnd.AddDate(0, 1, 0)
	named := event.BankDiscrepancyFound{
		Order: "freeze-1", Kind: domain.ExpiryDiffers, Expected: "2022-01-17T09:00:00Z", Found: "2022-02-17T09:00:00Z", At: again.At, HoldsUntil: again.BankExpires,
	}
	release := func(n int, at time.Time) event.FreezeReleaseRequested {
		return event.FreezeReleaseRequested{
			Order: nth("release", "freeze-1", n), Target: "freeze-1", Case: "case-a", Account: mule, Cause: domain.LiftUnlawful, Approver: leader, Operator: li,
			Investigator: wang, Due: at.Add(72 * time.Hour), At: at,
		}
	}
	over := and(inForce, event.FreezeLapsed{Order: "freeze-1", ExpiredAt: theEnd})
	late := again
	late.At = theEnd.Add(time.Hour)
	runsOn := named
	runsOn.Kind, runsOn.Expected, runsOn.At = domain.HoldsAfterEnd, "lapsed", late.At
	lawful := late
	lawful.BankExpires = theEnd
	free := event.FreezeLifted{Order: "freeze-1", By: nth("release", "freeze-1", 1), Cause: domain.LiftUnlawful, At: late.At}
	longer := late
	longer.BankExpires = theEnd.AddDate(1, 0, 0)
	runsLonger := runsOn
	runsLonger.Found, runsLonger.HoldsUntil = "2023-01-17T09:00:00Z", longer.BankExpires
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "while it is in force that is told", Given: inForce, When: again, Then: given{named}},
		{Rule: "once", Given: and(inForce, named), When: again},
		{Rule: "at our end the bank is asked", Given: and(inForce, named), When: domain.ExpireFreeze{Order: "freeze-1", At: theEnd}, Then: given{
			event.FreezeLapsed{Order: "freeze-1", ExpiredAt: theEnd}, release(1, theEnd),
		}},
		{Rule: "of one that is over it is asked at once", Given: over, When: late, Then: given{runsOn, release(1, late.At)}},
		{Rule: "the end that counted is no news", Given: over, When: lawful},
		{Rule: "nor is the end under which it has let go", Given: and(over, runsOn, release(1, late.At), free), When: late},
		{Rule: "a later one is", Given: and(over, runsOn, release(1, late.At), free), When: longer, Then: given{runsLonger, release(2, late.At)}},
	})
}

// toldLate is the word that a freeze was renewed in time of which its bank speaks only
// after the end.
func toldLate(order identity.OrderID, executed, at time.Time) event.BankDiscrepancyFound {
	return event.BankDiscrepancyFound{
		Order: order, Kind: domain.RenewalToldLate, Expected: sixMonth.Format(time.RFC3339), Found: executed.Format(time.RFC3339), At: at,
		HoldsUntil: identity.AddMonths(sixMonth, 6),
	}
}
