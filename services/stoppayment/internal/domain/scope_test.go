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

// limited is the order of a stop of an amount.
func limited(amount money.Fen) event.StopRequested {
	r := requested()
	r.Scope, r.Amount = domain.ScopeAmount, amount
	return r
}

func holding(held money.Fen) event.StopExecuted {
	e := executed(four, 900_000_000)
	e.Held = held
	return e
}

func TestI10_AStopOfAnAmountHoldsNoMoreThanWasTraced(t *testing.T) {
	wish := func(scope string, amount money.Fen) domain.RequestStop {
		r := request()
		r.Scope, r.Amount = scope, amount
		return r
	}
	city := request()
	city.DefaultScope = domain.ScopeAmount
	bare := city
	bare.Source, bare.Lots, bare.Standing = event.Transfer{}, nil, nil
	untraced := requested()
	untraced.Source, untraced.Lots = event.Transfer{}, nil
	wanted := bare
	wanted.Scope = domain.ScopeAmount
	foreign := event.InflowTraced{Case: "case-b", Source: event.Transfer{ID: "t9", To: mule, Amount: 50, At: four}, Lots: []event.Lot{{Case: "case-b", Victim: "v", Transfer: "t9", Amount: 50}}}
	manual := wish(domain.ScopeAmount, 483_000_000)
	manual.Lots = nil
	claimed := limited(483_000_000)
	claimed.Lots = nil
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "by the city's way it holds what was traced", When: city, Then: given{limited(483_000_000), approved(), traced()}},
		{Rule: "an officer can want the whole account all the same", When: func() domain.RequestStop { r := city; r.Scope = domain.ScopeAll; return r }(), Then: given{requested(), approved(), traced()}},
		{Rule: "one who names an amount and no scope wants that amount stopped", When: wish("", 500_000), Then: given{limited(500_000), approved(), traced()}},
		{Rule: "where the city stops whole accounts too", When: func() domain.RequestStop { r := wish("", 500_000); r.DefaultScope = domain.ScopeAll; return r }(), Then: given{limited(500_000), approved(), traced()}},
		{Rule: "and no more than was traced", When: wish("", 483_000_001), Err: domain.ErrScopeAmount},
		{Rule: "nor an amount below zero", When: wish("", -1), Err: domain.ErrScopeAmount},
		{Rule: "the whole account and an amount is a contradiction", When: wish(domain.ScopeAll, 500_000), Err: domain.ErrScopeBoth},
		{Rule: "or a part of what was traced", When: wish(domain.ScopeAmount, 1), Then: given{limited(1), approved(), traced()}},
		{Rule: "one fen more than was traced is refused", When: wish(domain.ScopeAmount, 483_000_001), Err: domain.ErrScopeAmount},
		{Rule: "what other cases traced counts", Given: given{foreign}, When: wish(domain.ScopeAmount, 483_000_050), Then: given{limited(483_000_050), approved(), traced()}},
		{Rule: "and no more than that", Given: given{foreign}, When: wish(domain.ScopeAmount, 483_000_051), Err: domain.ErrScopeAmount},
		{Rule: "a negative amount is refused", When: wish(domain.ScopeAmount, -1), Err: domain.ErrScopeAmount},
		{Rule: "an officer who names a transfer answers for its amount", When: manual, Then: given{claimed, approved()}},
		{Rule: "where nothing was traced the city's way cannot be kept: the whole account is stopped", When: bare, Then: given{untraced}},
		{Rule: "and an officer's wish is refused", When: wanted, Err: domain.ErrScopeAmount},
	})
}

func TestWhatTheBankHoldsIsComparedWithTheAmount(t *testing.T) {
	asked := given{limited(483_000_000), approved(), traced()}
	with := func(held money.Fen) domain.AnswerStop {
		a := answer(four, 900_000_000)
		a.Held = held
		return a
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "as asked", Given: asked, When: with(483_000_000), Then: given{holding(483_000_000)}},
		{Rule: "a bank that names no amount has stopped the whole account", Given: asked, When: with(0), Then: given{
			holding(0), event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ScopeWider, Expected: "4830000.00", Found: domain.ScopeAll, At: four},
		}},
		{Rule: "another amount", Given: asked, When: with(5), Then: given{
			holding(5), event.BankDiscrepancyFound{Order: "order-1", Kind: domain.HeldDiffers, Expected: "4830000.00", Found: "0.05", At: four},
		}},
	})
}

// more is a second transfer of the same case into the account.
func more(amount money.Fen) domain.TraceInflow {
	source := event.Transfer{ID: "t2", From: victims, To: mule, Amount: amount, At: four.Add(-10 * time.Minute), Serial: "S9"}
	return domain.TraceInflow{
		Case: "case-a", Source: source, Lots: []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t2", Amount: amount}}, Basis: 7,
		Method: event.DirectTimestamp, At: later,
	}
}

func moreTraced(amount money.Fen) event.InflowTraced {
	c := more(amount)
	return event.InflowTraced{Case: c.Case, Source: c.Source, Lots: c.Lots, Basis: c.Basis}
}

func raise(order identity.OrderID, amount money.Fen, of money.Fen) event.StopRaiseRequested {
	return event.StopRaiseRequested{
		Order: order, Target: "order-1", Case: "case-a", Account: mule, Level: 1, Amount: amount, Source: more(of).Source, Unit: "440982000000",
		Operator: li, Investigator: wang, At: later,
	}
}

func TestI10_FurtherInflowRaisesTheAmountByAnOrderThatIsNoSecondStop(t *testing.T) {
	first := nth("raise", "order-1", 1)
	on := given{limited(483_000_000), approved(), traced(), holding(483_000_000)}
	raised := and(on, moreTraced(17_000_000), raise(first, 500_000_000, 17_000_000))
	ok := event.StopApproved{Order: first, Approver: leader, Standing: "standing-1", At: later}
	done := domain.AnswerStopChange{Order: first, Done: true, ResultCode: "0000", Held: 500_000_000, At: later}
	up := event.StopRaised{Order: "order-1", By: first, Held: 500_000_000, At: later}
	failed := event.StopFailed{Order: first, ResultCode: "0101", Cause: "technical", At: later}
	third := more(3_000_000)
	third.Source.ID, third.Lots = "t3", []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t3", Amount: 3_000_000}}
	thirdTraced := event.InflowTraced{Case: "case-a", Source: third.Source, Lots: third.Lots, Basis: 7}
	again := raise(nth("raise", "order-1", 2), 503_000_000, 3_000_000)
	again.Source = third.Source
	after := again
	after.Sources = []identity.TransferID{"t2", "t3"}
	keep := liftRequested()
	keep.Keep = 100_000_000
	afterKeep := raise(first, 117_000_000, 17_000_000)
	other := more(9)
	other.Case, other.Lots = "case-b", []event.Lot{{Case: "case-b", Victim: "v", Transfer: "t2", Amount: 9}}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "more of the case's money asks for more", Given: on, When: more(17_000_000), Then: given{moreTraced(17_000_000), raise(first, 500_000_000, 17_000_000)}},
		{Rule: "heard again, nothing more", Given: raised, When: more(17_000_000)},
		{Rule: "a standing approval covers it", Given: raised, When: domain.ApproveRaise{Order: first, Standing: []event.StandingApprovalGranted{granted}, At: later}, Then: given{ok}},
		{Rule: "a person approves it", Given: raised, When: domain.ApproveStop{Order: first, Approver: leader, At: later}, Then: given{event.StopApproved{Order: first, Approver: leader, At: later}}},
		{Rule: "its operator does not", Given: raised, When: domain.ApproveStop{Order: first, Approver: li, At: later}, Err: domain.ErrSelfApproval},
		{Rule: "without approval no bank can answer it", Given: raised, When: done, Err: domain.ErrNotApproved},
		{Rule: "the bank holds more", Given: and(raised, ok), When: done, Then: given{up}},
		{Rule: "its answer twice is one", Given: and(raised, ok, up), When: done},
		{Rule: "after a failure the next money asks for all of it", Given: and(raised, ok, failed), When: third, Then: given{thirdTraced, after}},
		{Rule: "money that comes while a raise is under way waits for it", Given: raised, When: third, Then: given{thirdTraced}},
		{Rule: "and is asked for once the bank has done it", Given: and(raised, thirdTraced, ok), When: done, Then: given{up, again}},
		{Rule: "another case's money raises nothing", Given: on, When: other, Then: given{event.InflowTraced{Case: "case-b", Source: other.Source, Lots: other.Lots, Basis: 7}}},
		{Rule: "what an officer has narrowed grows only by what comes later", Given: and(on, keep, narrowed(100_000_000)), When: more(17_000_000), Then: given{moreTraced(17_000_000), afterKeep}},
		{Rule: "a stop of the whole account needs no raise", Given: given{requested(), approved(), traced(), executed(four, 1)}, When: more(17_000_000), Then: given{moreTraced(17_000_000)}},
		{Rule: "nor one that is being lifted", Given: and(on, liftRequested()), When: more(17_000_000), Then: given{moreTraced(17_000_000)}},
		{
			Rule: "money that was traced while the bank still worked on the stop raises it at once", Given: given{limited(483_000_000), approved(), traced(), moreTraced(17_000_000)},
			When: func() domain.AnswerStop { a := answer(four, 900_000_000); a.Held, a.At = 483_000_000, later; return a }(),
			Then: given{holding(483_000_000), raise(first, 500_000_000, 17_000_000)},
		},
		{Rule: "it is no second stop: that one can still be asked for", Given: and(raised, ok, up), When: second(), Then: given{
			func() event.StopRequested {
				r := secondRequested()
				r.Scope, r.Amount = domain.ScopeAmount, 500_000_000
				return r
			}(),
			event.StopApproved{Order: "order-2", Approver: leader, Standing: "standing-1", At: four.Add(time.Hour)},
		}},
	})
	a := domain.AccountDecider().Replay(and(raised, ok, up)...)
	if o, _ := a.Find("order-1"); o.Hold.Held != 500_000_000 || !o.ExpiresAt.Equal(four.Add(48*time.Hour)) {
		t.Errorf("after the raise the stop holds %v until %v", o.Hold.Held, o.ExpiresAt)
	}
}

func TestAnswersToTwoRaisesInTheWrongOrderKeepTheLaterWord(t *testing.T) {
	first, second := nth("raise", "order-1", 1), nth("raise", "order-1", 2)
	a := domain.AccountDecider().Replay(
		limited(483_000_000), approved(), traced(), holding(483_000_000), moreTraced(17_000_000), raise(first, 500_000_000, 17_000_000), raise(second, 510_000_000, 10_000_000),
		event.StopRaised{Order: "order-1", By: second, Held: 510_000_000, At: later.Add(2 * time.Minute)},
		event.StopRaised{Order: "order-1", By: first, Held: 500_000_000, At: later.Add(time.Minute)},
	)
	if o, _ := a.Find("order-1"); o.Hold.Held != 510_000_000 {
		t.Errorf("the stop holds %v", o.Hold.Held)
	}
}
