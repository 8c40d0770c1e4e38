package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

type chaseRow = estest.Case[domain.PursuitCommand, event.PursuitEvent]

func opened() event.PursuitOpened {
	return event.PursuitOpened{Case: "case-a", ReportedAt: four, Unit: "440982000000", Operator: li, Investigator: wang}
}

func foundL1() event.DownstreamAccountFound {
	return event.DownstreamAccountFound{
		Case: "case-a", Account: mule, Level: 1, Source: paid, Lots: []event.Lot{lot}, Order: domain.StopOrder("case-a", mule.ID, 1), Operator: li, Investigator: wang,
	}
}

func TestI09_EachHopIsOneLevelDeeperAndLaterInTime(t *testing.T) {
	hop := event.Transfer{ID: "t2", From: mule, To: mule2, Amount: 7_000_000, At: paid.At.Add(time.Minute), Serial: "S2"}
	part := event.Lot{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 7_000_000}
	others := event.Lot{Case: "case-b", Victim: "zhao", Transfer: "t9", Amount: 5}
	policy := domain.Policy{MaxLevel: 2, MinAmount: 10_000}
	follow := func(t event.Transfer, lots ...event.Lot) domain.Trace {
		return domain.Trace{From: mule.ID, Transfers: []domain.TracedTransfer{{Transfer: t, Lots: lots}}, Policy: policy}
	}
	earlier := hop
	earlier.At = paid.At.Add(-time.Second)
	found := event.DownstreamAccountFound{
		Case: "case-a", Account: mule2, Level: 2, Parent: mule.ID, ParentOrder: domain.StopOrder("case-a", mule.ID, 1), ParentSourceAt: paid.At,
		Source: hop, Lots: []event.Lot{part}, Order: domain.StopOrder("case-a", mule2.ID, 1), Operator: li, Investigator: wang,
	}
	third := event.Transfer{ID: "t3", From: mule2, To: event.Account{ID: "mule-3"}, Amount: 6_000_000, At: hop.At.Add(time.Minute)}
	home := event.Transfer{ID: "t4", From: mule2, To: mule, Amount: 1_000_000, At: hop.At.Add(time.Minute)}
	small := event.Lot{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 9_999}
	estest.Run(t, domain.PursuitDecider(), []chaseRow{{
		Rule: "the account the victim paid to is level 1", Given: []event.PursuitEvent{opened()},
		When: domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{lot}}}, Policy: policy}, Then: []event.PursuitEvent{foundL1()},
	}, {
		Rule: "the next is level 2 and gets an order that names its parent", Given: []event.PursuitEvent{opened(), foundL1()},
		When: follow(hop, part, others), Then: []event.PursuitEvent{found},
	}, {
		Rule: "the same transfer again is nothing new", Given: []event.PursuitEvent{opened(), foundL1(), found}, When: follow(hop, part),
	}, {
		Rule: "more of the money into a known account is traced, without a second order", Given: []event.PursuitEvent{opened(), foundL1(), found},
		When: domain.Trace{From: mule.ID, Transfers: []domain.TracedTransfer{
			{Transfer: hop, Lots: []event.Lot{part}}, {Transfer: event.Transfer{ID: "t5", From: mule, To: mule2, Amount: 5_000_000, At: hop.At}, Lots: []event.Lot{part}},
		}, Policy: policy},
		Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: event.Transfer{ID: "t5", From: mule, To: mule2, Amount: 5_000_000, At: hop.At}, Lots: []event.Lot{part}}},
	}, {
		Rule: "money back to an earlier account makes no new level", Given: []event.PursuitEvent{opened(), foundL1(), found},
		When: domain.Trace{From: mule2.ID, Transfers: []domain.TracedTransfer{{Transfer: home, Lots: []event.Lot{part}}}, Policy: policy},
		Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: home, Lots: []event.Lot{part}}},
	}, {
		Rule: "what the ledger lets flow is followed, even if the victim remembers a later time", Given: []event.PursuitEvent{opened(), foundL1()}, When: follow(earlier, part),
		Then: []event.PursuitEvent{func() event.DownstreamAccountFound {
			f := found
			f.Source, f.ParentSourceAt = earlier, earlier.At
			return f
		}()},
	}, {
		Rule: "a transfer that a revision no longer names carries nothing", Given: []event.PursuitEvent{opened(), foundL1(), found},
		When: domain.Trace{From: mule.ID, Revision: 2, Policy: policy},
		Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: hop, SourceRevision: 2}},
	}, {
		Rule:  "an attribution heard late changes nothing (I63)",
		Given: []event.PursuitEvent{opened(), foundL1(), found, event.TransferTraced{Case: "case-a", Source: hop, Lots: []event.Lot{small}, SourceRevision: 3}},
		When:  domain.Trace{From: mule.ID, Revision: 2, Transfers: []domain.TracedTransfer{{Transfer: hop, Lots: []event.Lot{part}}}, Policy: policy},
	}, {
		Rule: "below a withheld account no order is given, for want of its parent's",
		Given: []event.PursuitEvent{opened(), foundL1(), func() event.DownstreamAccountFound {
			f := found
			f.Order, f.Withheld = "", "amount-limit"
			return f
		}()},
		When: domain.Trace{From: mule2.ID, Transfers: []domain.TracedTransfer{{Transfer: third, Lots: []event.Lot{part}}}, Policy: domain.Policy{MaxLevel: 5, MinAmount: 1}},
		Then: []event.PursuitEvent{event.DownstreamAccountFound{
			Case: "case-a", Account: event.Account{ID: "mule-3"}, Level: 3, Parent: mule2.ID, ParentSourceAt: hop.At,
			Source: third, Lots: []event.Lot{part}, Withheld: "parent-withheld", Operator: li, Investigator: wang,
		}},
	}, {
		Rule: "after a failure an officer's corrected order is a new one (I07)", Given: []event.PursuitEvent{opened(), foundL1()},
		When: domain.OrderStop{Account: mule, Operator: li, Investigator: wang, Over: domain.StopOrder("case-a", mule.ID, 1)},
		Then: []event.PursuitEvent{event.DownstreamAccountFound{
			Case: "case-a", Account: mule, Level: 1, Order: domain.StopOrder("case-a", mule.ID, 2), Operator: li, Investigator: wang, Manual: true,
		}},
	}, {
		Rule: "an officer's chain order cannot rest on a transfer before the parent had the money (I08)", Given: []event.PursuitEvent{opened(), foundL1()},
		When: domain.OrderStop{Account: mule2, Parent: mule.ID, ParentOrder: domain.StopOrder("case-a", mule.ID, 1), Source: earlier, Operator: li, Investigator: wang}, Err: domain.ErrChainTime,
	}, {
		Rule: "beyond the city's level the account is noted and no order is given", Given: []event.PursuitEvent{opened(), foundL1(), found},
		When: domain.Trace{From: mule2.ID, Transfers: []domain.TracedTransfer{{Transfer: third, Lots: []event.Lot{part}}}, Policy: policy},
		Then: []event.PursuitEvent{event.DownstreamAccountFound{
			Case: "case-a", Account: event.Account{ID: "mule-3"}, Level: 3, Parent: mule2.ID, ParentOrder: found.Order, ParentSourceAt: hop.At,
			Source: third, Lots: []event.Lot{part}, Withheld: "level-limit", Operator: li, Investigator: wang,
		}},
	}, {
		Rule: "below the city's amount no order is given", Given: []event.PursuitEvent{opened(), foundL1()}, When: follow(hop, small),
		Then: []event.PursuitEvent{func() event.DownstreamAccountFound {
			f := found
			f.Lots, f.Order, f.Withheld = []event.Lot{small}, "", "amount-limit"
			return f
		}()},
	}, {
		Rule: "money from an account outside the chase is refused", Given: []event.PursuitEvent{opened()}, When: follow(hop, part), Err: domain.ErrNoParent,
	}, {
		Rule: "an order by one officer alone is refused", Given: []event.PursuitEvent{opened()},
		When: domain.OrderStop{Account: mule, Operator: li}, Err: domain.ErrTwoOfficers,
	}, {
		Rule: "a chase that was never opened is unknown", When: follow(hop, part), Err: domain.ErrNoPursuit,
	}})
}

func TestTheChiefApprovesTheFreezeOfEveryOrderedAccountOnce(t *testing.T) {
	filed := event.FreezeProposed{Case: "case-a", CaseNo: caseNo, FiledAt: four, Accounts: []identity.AccountID{mule.ID}}
	chief := event.Officer{PoliceNo: "090900", Unit: "440982000000", Level: "county"}
	approve := domain.ApproveFreeze{NoticeNo: "N1", TermMonths: 6, Approver: chief, Operator: li, Investigator: wang, At: four}
	done := event.FreezeApproved{
		Case: "case-a", CaseNo: caseNo, FiledAt: four, NoticeNo: "N1", TermMonths: 6, Approver: chief, Operator: li, Investigator: wang,
		Targets: []event.FreezeTarget{{Account: mule.ID, Order: domain.FreezeOrder("case-a", mule.ID, 1)}}, At: four,
	}
	low, self, anew := approve, approve, approve
	anew.NoticeNo = "N2"
	low.Approver = station
	self.Approver = li
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "filing proposes the freeze", Given: []event.PursuitEvent{opened(), foundL1()}, When: domain.NoteFiling{CaseNo: caseNo, FiledAt: four}, Then: []event.PursuitEvent{filed}},
		{Rule: "before filing nothing is approved (I20)", Given: []event.PursuitEvent{opened(), foundL1()}, When: approve, Err: domain.ErrNotFiled},
		{Rule: "the chief approves", Given: []event.PursuitEvent{opened(), foundL1(), filed}, When: approve, Then: []event.PursuitEvent{done}},
		{Rule: "again, nothing more is frozen", Given: []event.PursuitEvent{opened(), foundL1(), filed, done}, When: approve},
		{Rule: "under another notice it is refused, not passed over", Given: []event.PursuitEvent{opened(), foundL1(), filed, done}, When: anew, Err: domain.ErrNothingToFreeze},
		{Rule: "and so where nothing was ordered yet", Given: []event.PursuitEvent{opened(), filed}, When: anew, Err: domain.ErrNothingToFreeze},
		{Rule: "a station cannot (I21)", Given: []event.PursuitEvent{opened(), foundL1(), filed}, When: low, Err: domain.ErrFreezeLevel},
		{Rule: "the operator cannot", Given: []event.PursuitEvent{opened(), foundL1(), filed}, When: self, Err: domain.ErrSelfApproval},
	})
}
