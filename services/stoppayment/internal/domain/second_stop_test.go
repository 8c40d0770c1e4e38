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

// again is another stop of the same case, carried out after the first has failed.
func again() given {
	r, ok, done := limited(483_000_000), approved(), holding(483_000_000)
	r.Order, ok.Order, done.Order = "order-5", "order-5", "order-5"
	return given{r, ok, done}
}

// stopsAt makes every stop of some history one of another unit.
func stopsAt(unit identity.Unit, history given) given {
	var moved given
	for _, e := range history {
		if r, ok := e.(event.StopRequested); ok {
			r.Unit, r.Operator.Unit = unit, unit
			e = r
		}
		moved = append(moved, e)
	}
	return moved
}

func TestI03_ASecondStopFollowsAFirstThatWasCarriedOutAndThatNobodyHasTakenBack(t *testing.T) {
	failed := event.StopFailed{Order: "order-1", ResultCode: "0101", Cause: "technical", At: four}
	stopped := given{requested(), approved(), executed(four, 100)}
	lapsed := event.StopLapsed{Order: "order-1", ExpiredAt: four.Add(48 * time.Hour)}
	secondFailed := and(stopped, secondRequested(), event.StopApproved{Order: "order-2"}, event.StopFailed{Order: "order-2", Cause: "technical"})
	onSecond, onFifth := second(), second()
	onSecond.First, onSecond.Order, onFifth.First = "order-2", "order-3", "order-5"
	liftFifth, liftedFifth := liftRequested(), lifted()
	liftFifth.Target, liftedFifth.Order = "order-5", "order-5"
	mistake := liftRequested()
	mistake.Cause = "error"
	withdrawn := event.StopLifted{Order: "order-1", Cause: "error", At: later, By: "lift-1"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "not a first that has failed, though another was carried out", Given: and(given{limited(483_000_000), approved(), traced(), failed}, again()...), When: second(), Err: domain.ErrNoFirstStop},
		{Rule: "nor by way of the failed one, once the other was lifted", Given: and(and(given{limited(483_000_000), approved(), traced(), failed}, again()...), liftFifth, liftedFifth), When: second(), Err: domain.ErrTakenBack},
		{Rule: "nor directly", Given: and(and(given{limited(483_000_000), approved(), traced(), failed}, again()...), liftFifth, liftedFifth), When: onFifth, Err: domain.ErrTakenBack},
		{Rule: "nor a second that has failed", Given: secondFailed, When: onSecond, Err: domain.ErrNoFirstStop},
		{Rule: "nor one that was to be lifted and lapsed first", Given: and(stopped, liftRequested(), lapsed), When: second(), Err: domain.ErrTakenBack},
		{Rule: "a corrected stop after one that was withdrawn for its own error can", Given: and(and(given{limited(483_000_000), approved(), traced(), mistake, withdrawn}, again()...)), When: onFifth, Then: given{
			func() event.StopRequested {
				r := secondRequested()
				r.Scope, r.Amount, r.ParentOrder = domain.ScopeAmount, 483_000_000, "order-5"
				return r
			}(),
			event.StopApproved{Order: "order-2", Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)},
		}},
	})
}

func TestI02_ABureauAndItsStationsStopAnAccountTwiceAndNoMore(t *testing.T) {
	own := given{requested(), approved(), executed(four, 100), event.StopLapsed{Order: "order-1"}}
	secondDone := given{secondRequested(), event.StopApproved{Order: "order-2"}, secondExecuted(four.Add(48 * time.Hour)), event.StopLapsed{Order: "order-2"}}
	by := func(unit identity.Unit) domain.RequestStop {
		r := request()
		r.Order, r.Unit, r.Operator, r.Standing = "order-9", unit, event.Officer{PoliceNo: "090300", Unit: unit}, nil
		return r
	}
	other := requested()
	other.Order, other.Unit, other.Operator = "order-9", "441802000000", event.Officer{PoliceNo: "090300", Unit: "441802000000"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a station does not begin anew where its bureau has stopped", Given: own, When: by(station.Unit), Err: domain.ErrStoppedAlready},
		{Rule: "nor a bureau where its station has", Given: stopsAt(station.Unit, own), When: by(li.Unit), Err: domain.ErrStoppedAlready},
		{Rule: "nor one station where another has", Given: stopsAt("440982020000", own), When: by(station.Unit), Err: domain.ErrStoppedAlready},
		{Rule: "twice by whichever of them", Given: and(own, stopsAt(station.Unit, secondDone)...), When: by("440982020000"), Err: domain.ErrThirdStop},
		{Rule: "another bureau counts for itself", Given: and(own, secondDone...), When: by("441802000000"), Then: given{other, traced()}},
		{Rule: "what the bank has carried out after a failure has held the money too", Given: and(given{
			requested(), approved(),
			event.StopFailed{Order: "order-1", Cause: "technical"},
			event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ExecutedAfterFailure},
		}, again()...), When: func() domain.SecondStop { s := second(); s.First = "order-5"; return s }(), Err: domain.ErrThirdStop},
		{Rule: "and so has what was withdrawn before", Given: given{
			requested(), approved(), liftRequested(), lifted(),
			event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ExecutedAfterLift},
			func() event.StopRequested { r := requested(); r.Order = "order-5"; return r }(),
			event.StopApproved{Order: "order-5"},
			event.StopFailed{Order: "order-5", Cause: "technical"},
			event.BankDiscrepancyFound{Order: "order-5", Kind: domain.ExecutedAfterFailure},
		}, When: by(li.Unit), Err: domain.ErrThirdStop},
	})
}

func TestOnlyAnOfficerOfTheOrdersUnitOrASuperiorOneStopsASecondTime(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 100)}
	by := func(unit identity.Unit) domain.SecondStop {
		s := second()
		s.Operator, s.Standing = event.Officer{PoliceNo: "180001", Unit: unit}, nil
		return s
	}
	cityAsks := secondRequested()
	cityAsks.Operator = event.Officer{PoliceNo: "180001", Unit: "440900000000"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "not another bureau", Given: stopped, When: by("441802000000"), Err: domain.ErrForeignUnit},
		{Rule: "not one below", Given: stopped, When: by(station.Unit), Err: domain.ErrForeignUnit},
		{Rule: "the city's own", Given: stopped, When: by("440900000000"), Then: given{cityAsks}},
	})
}

func TestI10_ASecondStopIsNeverWiderThanTheFirst(t *testing.T) {
	named := executed(four, 900_000_000)
	named.Held = 300_000_000
	inAmount := func(amount money.Fen) given {
		r := secondRequested()
		r.Scope, r.Amount = domain.ScopeAmount, amount
		return given{r, event.StopApproved{Order: "order-2", Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)}}
	}
	whole := given{secondRequested(), event.StopApproved{Order: "order-2", Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)}}
	fallen, gone := traced(), traced()
	fallen.Lots = []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 100}}
	fallen.Basis, gone.Basis, gone.Lots = 9, 9, nil
	below := answer(four, 900_000_000)
	below.Held = -500
	keep := domain.RequestLift{Target: "order-1", Cause: "disproportionate", Keep: 101, Approver: leader, Operator: li, Investigator: wang, At: later}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the whole account stays the whole account where the bank names an amount", Given: given{requested(), approved(), traced(), named}, When: second(), Then: whole},
		{Rule: "which more money does not raise", Given: given{requested(), approved(), traced(), named}, When: more(17_000_000), Then: given{moreTraced(17_000_000)}},
		{Rule: "an amount stays an amount where the bank names none", Given: given{limited(483_000_000), approved(), traced(), holding(0)}, When: second(), Then: inAmount(483_000_000)},
		{Rule: "it is not what a raise asks that nobody has approved", Given: given{
			limited(483_000_000), approved(), traced(), holding(0), moreTraced(17_000_000), raise(nth("raise", "order-1", 1), 500_000_000, 17_000_000),
		}, When: second(), Then: inAmount(483_000_000)},
		{Rule: "nor what one did that has ended with its stop", Given: given{
			limited(483_000_000), approved(), traced(), holding(0), moreTraced(17_000_000), raise(nth("raise", "order-1", 1), 500_000_000, 17_000_000), event.StopLapsed{Order: "order-1"},
		}, When: second(), Then: inAmount(483_000_000)},
		{Rule: "an amount below zero is as good as none and is told", Given: given{limited(483_000_000), approved(), traced()}, When: below, Then: given{
			holding(0),
			event.BankDiscrepancyFound{Order: "order-1", Kind: domain.AmountNegative, Found: "-5.00", At: four},
			event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ScopeWider, Expected: "4830000.00", Found: domain.ScopeAll, At: four},
		}},
		{Rule: "it falls with what is traced", Given: given{limited(483_000_000), approved(), traced(), holding(483_000_000), fallen}, When: second(), Then: inAmount(100)},
		{Rule: "and nothing is left to stop where nothing is traced any more", Given: given{limited(483_000_000), approved(), traced(), holding(483_000_000), gone}, When: second(), Err: domain.ErrScopeAmount},
		{Rule: "nor is more kept", Given: given{limited(483_000_000), approved(), traced(), holding(483_000_000), fallen}, When: keep, Err: domain.ErrKeep},
	})
}
