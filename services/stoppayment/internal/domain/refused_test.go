package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// attempt names the n-th order of case-a for an account.
func attempt(a event.Account, n int) identity.OrderID { return domain.StopOrder("case-a", a.ID, n) }

// byHand is an officer's own order of level 1.
func byHand(a event.Account, n int) event.DownstreamAccountFound {
	return event.DownstreamAccountFound{Case: "case-a", Account: a, Level: 1, Order: attempt(a, n), Operator: li, Investigator: wang, Manual: true}
}

// takenBack is an order of case-a that its account did not take up.
func takenBack(a event.Account, order, stands identity.OrderID, withheld string) event.OrderRefused {
	return event.OrderRefused{Case: "case-a", Account: a.ID, Order: order, Cause: "account-stopped-already", Stands: stands, Withheld: withheld, At: paid.At}
}

func TestOfTwoWhoOrderAtOnceOneIsRefusedAndNoOrderRestsOnOneThatMayComeToNothing(t *testing.T) {
	below := moved("below", mule, mule2, time.Minute, 5_000_00)
	order := func(over identity.OrderID) domain.OrderStop {
		return domain.OrderStop{Account: mule, Operator: li, Investigator: wang, Over: over}
	}
	chained := func(parent identity.OrderID) domain.OrderStop {
		return domain.OrderStop{Account: mule2, Parent: mule.ID, ParentOrder: parent, Source: below.Transfer, Operator: li, Investigator: wang}
	}
	waiting := foundL1()
	waiting.Order, waiting.Withheld = "", domain.WithheldKind
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "the first of two officers is heard", Given: []event.PursuitEvent{opened()}, When: order(""), Then: []event.PursuitEvent{byHand(mule, 1)}},
		{Rule: "the second is refused while the first order is on its way", Given: []event.PursuitEvent{opened(), byHand(mule, 1)}, When: order(""), Err: domain.ErrStoppedAlready},
		{Rule: "an officer is refused while the chase's own order is on its way", Given: []event.PursuitEvent{opened(), foundL1()}, When: order(""), Err: domain.ErrStoppedAlready},
		{
			Rule: "the chase gives none while an officer's is on its way", Given: []event.PursuitEvent{opened(), byHand(mule, 1)},
			When: domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{lot}}}, Policy: domain.Policy{MaxLevel: 2, MinAmount: 1}},
			Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: paid, Lots: []event.Lot{lot}}},
		},
		{Rule: "of two corrected orders the second is refused", Given: []event.PursuitEvent{opened(), foundL1(), byHand(mule, 2)}, When: order(attempt(mule, 1)), Err: domain.ErrStoppedAlready},
		{Rule: "no chain order names one that its account does not have yet", Given: []event.PursuitEvent{opened(), foundL1()}, When: chained(""), Err: domain.ErrChainParent},
		{Rule: "nor an earlier one than the last", Given: []event.PursuitEvent{opened(), foundL1(), byHand(mule, 2)}, When: chained(attempt(mule, 1)), Err: domain.ErrChainParent},
		{Rule: "there is no chain order below an account without one", Given: []event.PursuitEvent{opened(), waiting}, When: chained(""), Err: domain.ErrChainParent},
	})
}

func TestI08_AnOrderThatItsAccountRefusedIsTakenBackAndNothingNamesIt(t *testing.T) {
	given := []event.PursuitEvent{opened(), foundL1(), byHand(mule, 2)}
	ghost := takenBack(mule, attempt(mule, 2), attempt(mule, 1), "")
	below, policy := moved("below", mule, mule2, time.Minute, 5_000_00), domain.Policy{MaxLevel: 3, MinAmount: 1}
	child := chain(below, 2, paid.At)
	bad := child
	bad.ParentOrder = attempt(mule, 2)
	refusedChild := event.OrderRefused{Case: "case-a", Account: mule2.ID, Order: attempt(mule2, 1), Cause: "chain-parent-missing", Withheld: domain.WithheldParent, At: paid.At}
	second := child
	second.Order = attempt(mule2, 2)
	alone := takenBack(mule, attempt(mule, 1), "", domain.WithheldRefused)
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{
			Rule: "the chase goes back to the order that the account has", Given: given,
			When: domain.NoteRefused{Account: mule.ID, Order: attempt(mule, 2), Cause: "account-stopped-already", Stands: attempt(mule, 1), At: paid.At}, Then: []event.PursuitEvent{ghost},
		},
		{
			Rule: "once", Given: append(given[:3:3], ghost),
			When: domain.NoteRefused{Account: mule.ID, Order: attempt(mule, 2), Cause: "account-stopped-already", Stands: attempt(mule, 1), At: paid.At},
		},
		{
			Rule: "what is below names the order that there is", Given: append(given[:3:3], ghost),
			When: domain.Trace{From: mule.ID, Transfers: []domain.TracedTransfer{below}, Policy: policy}, Then: []event.PursuitEvent{child},
		},
		{
			Rule: "an order below that named the other one waits for its parent", Given: append(given[:3:3], bad, ghost),
			When: domain.NoteRefused{Account: mule2.ID, Order: attempt(mule2, 1), Cause: "chain-parent-missing", At: paid.At}, Then: []event.PursuitEvent{refusedChild},
		},
		{
			Rule: "and is given anew, under a name of its own", Given: append(given[:3:3], bad, ghost, refusedChild),
			When: domain.FollowUp{Account: mule.ID, Policy: policy, At: paid.At}, Then: []event.PursuitEvent{second},
		},
		{
			Rule: "where the account has none there is none", Given: []event.PursuitEvent{opened(), foundL1()},
			When: domain.NoteRefused{Account: mule.ID, Order: attempt(mule, 1), Cause: "account-stopped-already", At: paid.At}, Then: []event.PursuitEvent{alone},
		},
		{
			Rule: "and what is below it waits", Given: []event.PursuitEvent{opened(), foundL1(), alone},
			When: domain.Trace{From: mule.ID, Transfers: []domain.TracedTransfer{below}, Policy: policy}, Then: []event.PursuitEvent{func() event.DownstreamAccountFound {
				e := held(child, domain.WithheldParent)
				e.ParentOrder = ""
				return e
			}()},
		},
		{
			Rule: "then an officer can order it", Given: []event.PursuitEvent{opened(), foundL1(), alone},
			When: domain.OrderStop{Account: mule, Operator: li, Investigator: wang}, Then: []event.PursuitEvent{byHand(mule, 2)},
		},
		{Rule: "an account that the chase has not met has refused nothing", Given: given, When: domain.NoteRefused{Account: "elsewhere", Order: "x"}},
	})
}

// TestI16_AnOrderThatItsAccountRefusedIsNoOrderAndTheThirtyMinutesRunOn holds the
// fold of what was stored, whichever of two refusals was noted first.
func TestI16_AnOrderThatItsAccountRefusedIsNoOrderAndTheThirtyMinutesRunOn(t *testing.T) {
	d := domain.PursuitDecider()
	alone := d.Replay(opened(), foundL1(), takenBack(mule, attempt(mule, 1), "", domain.WithheldRefused))
	if node, _ := alone.Node(mule.ID); len(d.Due(alone)) != 1 || node.Order != "" || node.Withheld != domain.WithheldRefused {
		t.Errorf("clocks %v, the account %+v", d.Due(alone), node)
	}
	events := []event.PursuitEvent{opened(), foundL1(), byHand(mule, 2), byHand(mule, 3)}
	two, three := takenBack(mule, attempt(mule, 2), attempt(mule, 1), ""), takenBack(mule, attempt(mule, 3), attempt(mule, 1), "")
	for _, refused := range [][]event.PursuitEvent{{two, three}, {three, two}} {
		p := d.Replay(append(events[:4:4], refused...)...)
		if node, _ := p.Node(mule.ID); node.Order != attempt(mule, 1) || node.Attempts != 3 || len(p.Refusals) != 2 || len(d.Due(p)) != 0 {
			t.Errorf("%+v, clocks %v", node, d.Due(p))
		}
	}
}

func TestTheStopThatCountsIsTheOneInForceElseTheOneUnderWayElseTheLast(t *testing.T) {
	stop := func(id identity.OrderID, ordinal int, s domain.OrderState, ends time.Duration) domain.Order {
		o := domain.Order{ID: id, Case: "case-a", Kind: domain.KindStop, Ordinal: ordinal, State: s}
		if ends > 0 {
			o.ExpiresAt = paid.At.Add(ends)
		}
		return o
	}
	for _, c := range []struct {
		rule   string
		orders []domain.Order
		now    identity.OrderID
		rests  identity.OrderID
	}{
		{"none", nil, "", ""},
		{"another case's is none", []domain.Order{{ID: "x", Case: "case-b", Kind: domain.KindStop, Ordinal: 1, State: domain.Executed}}, "", ""},
		{"a freeze is none", []domain.Order{{ID: "f", Case: "case-a", Kind: domain.KindFreeze, State: domain.Executed}}, "", ""},
		{"the second after the first has lapsed", []domain.Order{stop("1", 1, domain.Lapsed, 48), stop("2", 2, domain.Executed, 96)}, "2", "1"},
		{"of two in force the one that ends last", []domain.Order{stop("1", 1, domain.Executed, 48), stop("2", 2, domain.Executed, 47)}, "1", "1"},
		{"the first while the second waits", []domain.Order{stop("1", 1, domain.Executed, 48), stop("2", 2, domain.Waiting, 0)}, "1", "1"},
		{"the second that waits after the first has lapsed", []domain.Order{stop("1", 1, domain.Lapsed, 48), stop("2", 2, domain.Waiting, 0)}, "2", "1"},
		{"the last of those that came to nothing", []domain.Order{stop("1", 1, domain.Failed, 0), stop("2", 1, domain.Rejected, 0)}, "2", "2"},
	} {
		a := domain.Account{Orders: c.orders}
		if now, ok := a.StopNow("case-a"); now.ID != c.now || ok != (c.now != "") || a.StopOf("case-a") != c.rests {
			t.Errorf("%s: %s %t, others rest on %s", c.rule, now.ID, ok, a.StopOf("case-a"))
		}
	}
}

func TestARefusalIsToldByItsRule(t *testing.T) {
	if diff := cmp.Diff(domain.ErrStoppedAlready.Rule, domain.Refusal("account-stopped-already").Rule); diff != "" {
		t.Error(diff)
	}
	if got := domain.Refusal(bank.Technical).Rule.Code; got != "order-unknown" {
		t.Error(got)
	}
}
