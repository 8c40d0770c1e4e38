package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// limitedStop is a stop of an amount in force.
func limitedStop() given {
	return given{limited(483_000_000), approved(), traced(), holding(483_000_000)}
}

func TestAStandingApprovalCoversARaiseOnlyIfItCoversEveryTransferThatBroughtMore(t *testing.T) {
	first := nth("raise", "order-1", 1)
	big := moreTraced(17_000_000)
	big.Source.ID, big.Source.Amount, big.Source.At = "t-big", 2_000_000_000, four.Add(-30*time.Minute)
	big.Lots = []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t-big", Amount: 17_000_000}}
	both := raise(first, 501_000_000, 1_000_000)
	both.Sources = []identity.TransferID{"t-big", "t2"}
	small := more(1_000_000)
	alone := raise(first, 484_000_000, 1_000_000)
	deep, wide := granted, granted
	deep.MaxLevel, wide.MaxAmount = 0, 3_000_000_000
	approve := func(standing ...event.StandingApprovalGranted) domain.ApproveRaise {
		return domain.ApproveRaise{Order: first, Standing: standing, At: later}
	}
	under := event.StopApproved{Order: first, Approver: leader, Standing: "standing-1", At: later}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a raise names every transfer that brought more, the latest as its source", Given: and(limitedStop(), big), When: small, Then: given{moreTraced(1_000_000), both}},
		{Rule: "the small one being within the limits is not enough", Given: and(limitedStop(), big, moreTraced(1_000_000), both), When: approve(granted)},
		{Rule: "limits that cover both are", Given: and(limitedStop(), big, moreTraced(1_000_000), both), When: approve(granted, wide), Then: given{under}},
		{Rule: "of one alone the limits are enough", Given: and(limitedStop(), moreTraced(1_000_000), alone), When: approve(granted), Then: given{under}},
		{Rule: "within the level", Given: and(limitedStop(), moreTraced(1_000_000), alone), When: approve(deep)},
		{Rule: "and not while the stop is being narrowed", Given: and(limitedStop(), moreTraced(1_000_000), alone, narrowing(100)), When: approve(granted)},
		{Rule: "nor by a person", Given: and(limitedStop(), moreTraced(1_000_000), alone, narrowing(100)), When: domain.ApproveStop{Order: first, Approver: leader, At: later}, Err: domain.ErrLiftOpen},
	})
}

// narrowing is the order to hold less.
func narrowing(keep int64) event.LiftRequested {
	r := liftRequested()
	r.Keep, r.Cause = moneyOf(keep), "disproportionate"
	return r
}

func TestWhatAPersonHasRejectedOrNarrowedIsNotRaisedAgain(t *testing.T) {
	first := nth("raise", "order-1", 1)
	raised := and(limitedStop(), moreTraced(17_000_000), raise(first, 500_000_000, 17_000_000))
	ok := event.StopApproved{Order: first, Approver: leader, Standing: "standing-1", At: later}
	rejected := event.StopRejected{Order: first, Approver: leader, Reason: "disproportionate", At: later}
	corrected := answer(four, 900_000_002)
	corrected.Held, corrected.Corrects, corrected.At = 483_000_000, true, later
	third := more(3_000_000)
	third.Source.ID, third.Lots = "t3", []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t3", Amount: 3_000_000}}
	thirdTraced := event.InflowTraced{Case: "case-a", Source: third.Source, Lots: third.Lots, Basis: 7}
	next := raise(nth("raise", "order-1", 2), 486_000_000, 3_000_000)
	next.Source = third.Source
	less := and(raised, ok, narrowing(100_000_000), narrowed(100_000_000))
	at := later.Add(time.Hour)
	done := domain.AnswerStopChange{Order: first, Done: true, ResultCode: "0000", Held: 500_000_000, ExecutedAt: at, At: at}
	before := done
	before.ExecutedAt = later.Add(time.Second)
	lessAgain := narrowing(100_000_000)
	lessAgain.Order, lessAgain.Due, lessAgain.At = nth("lift", "order-1", 2), at.Add(72*time.Hour), at
	up := event.StopRaised{Order: "order-1", By: first, Held: 500_000_000, At: at}
	differs := event.BankDiscrepancyFound{Order: first, Kind: domain.HeldDiffers, Expected: "1000000.00", Found: "5000000.00", At: at}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "what was rejected is not asked for at the bank's next word", Given: and(raised, rejected), When: corrected, Then: given{
			event.StopAnswerCorrected{Order: "order-1", ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour), BalanceBefore: 900_000_002, Held: 483_000_000, ResultCode: "0000", At: later},
		}},
		{Rule: "but what is traced after it is", Given: and(raised, rejected), When: third, Then: given{thirdTraced, next}},
		{Rule: "a narrowing ends the raise that was under way", Given: less, When: domain.AnswerStopChange{Order: first, Cause: "technical", ResultCode: "0101", At: at}},
		{Rule: "which a bank may have done before it", Given: less, When: before},
		{Rule: "a bank that does it after is told again how much to hold", Given: less, When: done, Then: given{up, differs, lessAgain}},
		{Rule: "once", Given: and(less, up, differs, lessAgain), When: done},
	})
	a := domain.AccountDecider().Replay(less...)
	if o, _ := a.Find(first); o.State != domain.Lapsed {
		t.Errorf("the raise is %s", o.State)
	}
	a = domain.AccountDecider().Replay(and(less, up, differs, lessAgain)...)
	if o, _ := a.Find("order-1"); o.Hold.Held != 500_000_000 || o.Hold.Asked != 100_000_000 {
		t.Errorf("the stop holds %v and is to hold %v", o.Hold.Held, o.Hold.Asked)
	}
}
