package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type row = estest.Case[domain.AccountCommand, event.AccountEvent]

type given = []event.AccountEvent

func TestI01_TheStopEnds48HoursAfterTheBankCarriedItOut(t *testing.T) {
	at := four.Add(90 * time.Second) // the bank's time; the order was given at four
	late, early := at.Add(49*time.Hour), at.Add(24*time.Hour)
	wide, narrow := answer(at, 100), answer(at, 100)
	wide.BankExpires, narrow.BankExpires = late, early
	cut := executed(at, 100)
	cut.ExpiresAt = early
	longer := executed(at, 100)
	longer.BankExpiresAt = late
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule:  "the 48 hours count from the bank's time of execution, not from the order",
		Given: given{requested(), approved()},
		When:  answer(at, 100),
		Then:  given{executed(at, 100)},
	}, {
		Rule:  "a bank that names a later end is a discrepancy; the 48 hours stay",
		Given: given{requested(), approved()},
		When:  wide,
		Then: given{longer, event.BankDiscrepancyFound{
			Order: "order-1", Kind: "expiry-differs", Expected: "2021-07-19T08:01:30Z", Found: "2021-07-19T09:01:30Z", At: at,
		}},
	}, {
		Rule:  "a bank that names an earlier end is a discrepancy, and the earlier end counts",
		Given: given{requested(), approved()},
		When:  narrow,
		Then: given{cut, event.BankDiscrepancyFound{
			Order: "order-1", Kind: "expiry-differs", Expected: "2021-07-19T08:01:30Z", Found: "2021-07-18T08:01:30Z", At: at,
		}},
	}})
}

func second() domain.SecondStop {
	return domain.SecondStop{
		First: "order-1", Order: "order-2", Operator: li, Investigator: wang, Standing: []event.StandingApprovalGranted{granted}, At: four.Add(time.Hour),
	}
}

func secondRequested() event.StopRequested {
	r := requested()
	r.Order, r.Ordinal, r.ParentOrder, r.At = "order-2", 2, "order-1", four.Add(time.Hour)
	r.From = four.Add(48 * time.Hour) // the end of the first
	return r
}

func secondExecuted(at time.Time) event.StopExecuted {
	e := executed(at, 100)
	e.Order, e.Ordinal = "order-2", 2
	return e
}

func TestI02_AnAccountIsStoppedTwiceAtMost(t *testing.T) {
	twice := given{
		requested(), approved(), executed(four, 100), secondRequested(),
		event.StopApproved{Order: "order-2", Approver: leader, At: four},
		secondExecuted(four.Add(time.Hour)),
	}
	third := second()
	third.Order = "order-3"
	again := request()
	again.Order = "order-9"
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "a third stop is refused", Given: twice, When: third, Err: domain.ErrThirdStop,
	}, {
		Rule: "also under the name of the second", Given: twice, When: second(), Err: domain.ErrThirdStop,
	}, {
		Rule: "a stop that has lapsed counts", Given: append(twice[:6:6], event.StopLapsed{Order: "order-1"}, event.StopLapsed{Order: "order-2"}),
		When: third, Err: domain.ErrThirdStop,
	}, {
		Rule: "a third stop under the guise of a first is refused", Given: twice, When: again, Err: domain.ErrThirdStop,
	}, {
		Rule: "another agency's stops do not count, and it is told of them", Given: twice,
		When: func() domain.RequestStop {
			r := request()
			r.Order, r.Unit, r.Operator.Unit, r.Standing, r.Lots, r.Source = "order-x", "441802000000", "441802000000", nil, nil, event.Transfer{}
			return r
		}(),
		Then: given{func() event.StopRequested {
			r := requested()
			r.Order, r.Unit, r.Operator.Unit, r.Lots, r.Source = "order-x", "441802000000", "441802000000", nil, event.Transfer{}
			return r
		}(), prior("order-x", four.Add(48*time.Hour)), prior("order-x", four.Add(49*time.Hour))},
	}})
}

func TestI03_TheSecondStopComesWhileOrAfterTheFirstAndBeforeAnyFreeze(t *testing.T) {
	first := given{requested(), approved(), executed(four, 100)}
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "while the first is in force", Given: first, When: second(),
		Then: given{secondRequested(), event.StopApproved{Order: "order-2", Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)}},
	}, {
		Rule: "not before the first was carried out", Given: given{requested(), approved()}, When: second(), Err: domain.ErrStoppedAlready,
	}, {
		Rule: "not when the first has failed", Given: given{requested(), approved(), event.StopFailed{Order: "order-1", Cause: "not-found"}},
		When: second(), Err: domain.ErrNoFirstStop,
	}, {
		Rule:  "not after a freeze that has lapsed",
		Given: append(first[:3:3], freezeRequested(), freezeExecuted(four.Add(time.Hour), 100), event.FreezeLapsed{Order: "freeze-1"}),
		When:  second(), Err: domain.ErrFrozenAlready,
	}, {
		Rule: "not once the account is frozen", Given: append(first[:3:3], freezeRequested(), freezeExecuted(four.Add(time.Hour), 100)),
		When: second(), Err: domain.ErrFrozenAlready,
	}})
	a := domain.AccountDecider().Replay(append(first[:3:3], secondRequested(), event.StopApproved{Order: "order-2"}, secondExecuted(four.Add(48*time.Hour)))...)
	last := domain.DueOnAccount(a)
	if end := last[len(last)-1].At; end.Sub(four) > 96*time.Hour {
		t.Errorf("the two stops last until %v, more than 96 hours after %v", end, four)
	}
}

func TestI04_NothingIsExecutedWithoutApprovalByAnother(t *testing.T) {
	open := request()
	open.Standing = nil
	waiting := given{requested()}
	own := granted
	own.By = li
	byOperator := request()
	byOperator.Standing = []event.StandingApprovalGranted{own}
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "without a standing approval the order waits", When: open, Then: given{requested(), traced()},
	}, {
		Rule: "under a standing approval it is approved at once and cites it", When: request(), Then: given{requested(), approved(), traced()},
	}, {
		Rule: "the operator's own standing approval does not count", When: byOperator, Then: given{requested(), traced()},
	}, {
		Rule: "a bank's answer to a waiting order is refused", Given: waiting, When: answer(four, 100), Err: domain.ErrNotApproved,
	}, {
		Rule: "the operator cannot approve", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: li, At: four}, Err: domain.ErrSelfApproval,
	}, {
		Rule: "nor can the investigator", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: wang, At: four}, Err: domain.ErrSelfApproval,
	}, {
		Rule: "another can", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: leader, At: four},
		Then: given{event.StopApproved{Order: "order-1", Approver: leader, At: four}},
	}, {
		Rule: "a rejected order stays rejected", Given: given{requested(), event.StopRejected{Order: "order-1", Approver: leader}},
		When: domain.ApproveStop{Order: "order-1", Approver: leader, At: four}, Err: domain.ErrDecided,
	}})
}

func TestAnOrderWithoutATransferIsNeverCoveredInAdvance(t *testing.T) {
	bare := requested()
	bare.Source = event.Transfer{}
	if domain.Covers(granted, bare, four) {
		t.Error("an order of unknown amount is within the limits of an approval")
	}
}

func TestAnImplausibleTimeOfExecutionIsADiscrepancyAndTheNearestThatCanBeCounts(t *testing.T) {
	ahead, before := answer(four, 100), answer(four, 100)
	ahead.ExecutedAt = four.Add(10 * time.Minute) // the answer came at four
	before.ExecutedAt = four.Add(-10 * time.Minute)
	odd := func(found string) event.BankDiscrepancyFound {
		return event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ExecutedImplausible, Expected: "2021-07-17T08:00:00Z", Found: found, At: four}
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "in the future: it was now", Given: given{requested(), approved()}, When: ahead, Then: given{executed(four, 100), odd("2021-07-17T08:10:00Z")}},
		{Rule: "before the order: it was then", Given: given{requested(), approved()}, When: before, Then: given{executed(four, 100), odd("2021-07-17T07:50:00Z")}},
	})
}

func TestAStandingApprovalHoldsOnlyWithinItsLimits(t *testing.T) {
	for name, spoil := range map[string]func(*event.StandingApprovalGranted){
		"amount": func(g *event.StandingApprovalGranted) { g.MaxAmount = 482_999_999 },
		"level":  func(g *event.StandingApprovalGranted) { g.MaxLevel = 0 },
		"unit":   func(g *event.StandingApprovalGranted) { g.Unit = "441802000000" },
		"ended":  func(g *event.StandingApprovalGranted) { g.Until = four },
		"to be":  func(g *event.StandingApprovalGranted) { g.From = four.Add(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			g := granted
			spoil(&g)
			if domain.Covers(g, requested(), four) {
				t.Error("covers an order outside its limits")
			}
		})
	}
	if !domain.Covers(granted, requested(), four) {
		t.Error("does not cover an order within its limits")
	}
}

func TestI05_EveryOrderHasTwoOfficers(t *testing.T) {
	alone, same := request(), request()
	alone.Investigator = event.Officer{}
	same.Investigator = event.Officer{PoliceNo: li.PoliceNo, Unit: "441802000000"}
	unnumbered := request()
	unnumbered.Operator = event.Officer{Unit: "440982000000"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "an order by one officer alone is refused", When: alone, Err: domain.ErrTwoOfficers},
		{Rule: "the same officer twice is one officer", When: same, Err: domain.ErrTwoOfficers},
		{Rule: "an officer without police number is none", When: unnumbered, Err: domain.ErrTwoOfficers},
		{
			Rule: "a manual order needs two as well", Given: given{requested(), approved(), executed(four, 1)},
			When: domain.SecondStop{First: "order-1", Order: "order-2", Operator: li, At: four}, Err: domain.ErrTwoOfficers,
		},
	})
}

func TestI06_TheSameApplicationIDIsTheSameOrder(t *testing.T) {
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "asked again, nothing more happens", Given: given{requested(), approved()}, When: request()},
		{Rule: "asked again after the answer, nothing more happens", Given: given{requested(), approved(), executed(four, 1)}, When: request()},
		{Rule: "the bank's same answer twice is one answer", Given: given{requested(), approved(), executed(four, 100)}, When: answer(four, 100)},
		{
			Rule: "another answer is a discrepancy and changes nothing", Given: given{requested(), approved(), executed(four, 100)}, When: answer(four, 101),
			Then: given{event.BankDiscrepancyFound{
				Order: "order-1", Kind: domain.AnswerDiffers, Expected: "2021-07-17T08:00:00Z 1.00", Found: "2021-07-17T08:00:00Z 1.01", At: four,
			}},
		},
	})
}

func TestI07_AFailedOrderNeverBecomesAnExecutedOne(t *testing.T) {
	refusal := domain.AnswerStop{Order: "order-1", ResultCode: "0101", Cause: "mismatch-name", At: four}
	failed := event.StopFailed{Order: "order-1", ResultCode: "0101", Cause: "mismatch-name", At: four}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a mismatch fails the order", Given: given{requested(), approved()}, When: refusal, Then: given{failed}},
		{
			Rule: "it cannot be executed after that: an officer is told, and the bank asked to let go", Given: given{requested(), approved(), failed}, When: answer(four, 1),
			Then: given{event.BankDiscrepancyFound{
				Order: "order-1", Kind: domain.ExecutedAfterFailure, Expected: "mismatch-name", Found: "2021-07-17T08:00:00Z 0.01", At: four, HoldsUntil: four.Add(48 * time.Hour),
			}, bySelf("order-1", 1, domain.LiftUnlawful, four)},
		},
		{Rule: "the same refusal again is nothing new", Given: given{requested(), approved(), failed}, When: refusal},
		{
			Rule: "a cause that nobody knows is refused", Given: given{requested(), approved()},
			When: domain.AnswerStop{Order: "order-1", Cause: "mood"}, Err: domain.ErrCause,
		},
	})
}

func TestI08_AChainOrderRestsOnATransferFromItsParent(t *testing.T) {
	hop := event.Transfer{ID: "t2", From: mule, To: mule2, Amount: 7_000_000, At: four.Add(-30 * time.Minute), Serial: "S2"}
	chain := request()
	chain.Order, chain.Account, chain.Level, chain.ParentOrder, chain.ParentSourceAt = "order-l2", mule2, 2, "order-1", paid.At
	chain.Source, chain.Lots = hop, nil
	orphan, unfounded, free, earlier := chain, chain, chain, chain
	orphan.ParentOrder = ""
	unfounded.Source = event.Transfer{}
	free.Source.Amount = 0
	earlier.Source.At = paid.At.Add(-time.Second)
	want := requested()
	want.Order, want.Account, want.Level, want.ParentOrder, want.Source, want.Lots = "order-l2", mule2, 2, "order-1", hop, nil
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "with parent and transfer it is given", When: chain, Then: given{want, event.StopApproved{Order: "order-l2", Approver: leader, Standing: "standing-1", At: four}}},
		{Rule: "without a parent order it is refused", When: orphan, Err: domain.ErrChainParent},
		{Rule: "without a transfer it is refused", When: unfounded, Err: domain.ErrChainParent},
		{Rule: "a transfer of nothing is refused", When: free, Err: domain.ErrChainAmount},
		{Rule: "a transfer before the parent had the money is refused", When: earlier, Err: domain.ErrChainTime},
	})
}

func TestI12_WhenNobodyActsTheHolderIsFree(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 100)}
	end := four.Add(48 * time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "one second before the end nothing happens", Given: stopped, When: domain.ExpireStop{Order: "order-1", At: end.Add(-time.Second)}},
		{Rule: "at the end the stop lapses", Given: stopped, When: domain.ExpireStop{Order: "order-1", At: end}, Then: given{event.StopLapsed{Order: "order-1", ExpiredAt: end}}},
		{Rule: "it lapses once", Given: append(stopped[:3:3], event.StopLapsed{Order: "order-1", ExpiredAt: end}), When: domain.ExpireStop{Order: "order-1", At: end}},
	})
	a := domain.AccountDecider().Replay(stopped...)
	if due := domain.DueOnAccount(a); len(due) != 2 || !due[0].At.Equal(end) || !due[1].At.Equal(end.Add(-24*time.Hour)) {
		t.Errorf("clocks running: %v, want one until %v and the first warning", due, end)
	}
	if cmd, ok := domain.Wake(domain.DueOnAccount(a)[0], end).(domain.ExpireStop); !ok || cmd.Order != "order-1" {
		t.Errorf("the clock wakes with %#v", cmd)
	}
	free := domain.AccountDecider().Replay(append(stopped[:3:3], event.StopLapsed{Order: "order-1", ExpiredAt: end})...)
	if free.Stopped() || len(domain.DueOnAccount(free)) > 0 {
		t.Error("the holder is not free after the lapse")
	}
}

func TestI03_ASecondStopThatFailedCanBeAskedForAgainUnderAnotherName(t *testing.T) {
	first := given{requested(), approved(), executed(four, 100)}
	failed := event.StopFailed{Order: "order-2", Cause: "technical"}
	again := secondRequested()
	again.Order = nth("second-stop", "order-1", 2)
	ok := event.StopApproved{Order: again.Order, Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)}
	byLift := event.StopLifted{Order: "order-1", Cause: "error", By: "lift-1"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "after a technical failure", Given: and(first, secondRequested(), event.StopApproved{Order: "order-2"}, failed), When: second(), Then: given{again, ok}},
		{Rule: "after it was rejected", Given: and(first, secondRequested(), event.StopRejected{Order: "order-2"}), When: second(), Then: given{again, ok}},
		{Rule: "a first stop that was withdrawn before a bank carried it out is none", Given: given{requested(), approved(), liftRequested(), byLift}, When: second(), Err: domain.ErrTakenBack},
		{Rule: "a stop of the account can then be asked for anew", Given: given{requested(), approved(), liftRequested(), byLift}, When: func() domain.RequestStop {
			r := request()
			r.Order, r.Lots = "order-3", nil
			return r
		}(), Then: given{func() event.StopRequested { r := requested(); r.Order, r.Lots = "order-3", nil; return r }(), event.StopApproved{Order: "order-3", Approver: leader, Standing: "standing-1", At: four}}},
	})
}

func TestOnlyALeaderOfTheUnitOrASuperiorOneDecidesOnAnOrder(t *testing.T) {
	of := func(unit identity.Unit) event.Officer {
		return event.Officer{PoliceNo: "090777", Unit: unit, Level: identity.County}
	}
	waiting := given{requested()}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the city's bureau approves a county's order", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: of("440900000000"), At: four}, Then: given{event.StopApproved{Order: "order-1", Approver: of("440900000000"), At: four}}},
		{Rule: "a neighbour does not", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: of("440983000000"), At: four}, Err: domain.ErrNotSuperior},
		{Rule: "nor a station of the county", Given: waiting, When: domain.ApproveStop{Order: "order-1", Approver: of("440982010000"), At: four}, Err: domain.ErrNotSuperior},
		{Rule: "nor does a neighbour reject it", Given: waiting, When: domain.RejectStop{Order: "order-1", Approver: of("440983000000"), At: four}, Err: domain.ErrNotSuperior},
	})
}
