package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// moved is a transfer of money of case-a.
func moved(id string, from, to event.Account, after time.Duration, amount money.Fen) domain.TracedTransfer {
	return domain.TracedTransfer{
		Transfer: event.Transfer{ID: identity.TransferID(id), From: from, To: to, Amount: amount, At: paid.At.Add(after), Serial: "S" + id},
		Lots:     []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: amount}},
	}
}

// chain is an account found by the chase with an order that names its parent.
func chain(t domain.TracedTransfer, level int, parentSourceAt time.Time) event.DownstreamAccountFound {
	return event.DownstreamAccountFound{
		Case: "case-a", Account: t.Transfer.To, Level: level, Parent: t.Transfer.From.ID, ParentOrder: domain.StopOrder("case-a", t.Transfer.From.ID, 1),
		ParentSourceAt: parentSourceAt, Source: t.Transfer, Lots: t.Lots, Order: domain.StopOrder("case-a", t.Transfer.To.ID, 1), Operator: li, Investigator: wang,
	}
}

// held is the same account without an order.
func held(e event.DownstreamAccountFound, why string) event.DownstreamAccountFound {
	e.Order, e.Withheld = "", why
	return e
}

func tracedIn(t domain.TracedTransfer) event.TransferTraced {
	return event.TransferTraced{Case: "case-a", Source: t.Transfer, Lots: t.Lots}
}

func TestThePolicyTellsWhatTheChaseOrdersByItself(t *testing.T) {
	institution := event.Account{ID: "institution", Bank: "105100000017", Kind: "05"}
	below := event.Account{ID: "below", Bank: "105100000017"}
	policy := domain.Policy{MaxLevel: 3, MinAmount: 100_00, MaxAge: time.Hour, HumanKinds: []identity.AccountKind{"03", "04", "05"}}
	at := paid.At.Add(2 * time.Hour)
	follow := func(from event.Account, transfers ...domain.TracedTransfer) domain.Trace {
		return domain.Trace{From: from.ID, Transfers: transfers, Policy: policy, At: at}
	}
	fresh, old := moved("fresh", mule, mule2, 90*time.Minute, 5_000_00), moved("old", mule, mule2, time.Minute, 5_000_00)
	kind := moved("kind", mule, institution, 90*time.Minute, 5_000_00)
	through := moved("through", institution, below, 95*time.Minute, 4_000_00)
	part, rest := moved("part", mule, mule2, 90*time.Minute, 60_00), moved("rest", mule, mule2, 91*time.Minute, 40_00)
	given := []event.PursuitEvent{opened(), foundL1()}
	behind := held(chain(through, 3, kind.Transfer.At), "parent-withheld")
	behind.ParentOrder = ""
	waiting := []event.PursuitEvent{held(chain(kind, 2, paid.At), "kind"), behind}
	manual := event.DownstreamAccountFound{
		Case: "case-a", Account: institution, Level: 2, Parent: mule.ID, ParentOrder: domain.StopOrder("case-a", mule.ID, 1), ParentSourceAt: paid.At,
		Source: kind.Transfer, Order: domain.StopOrder("case-a", institution.ID, 1), Operator: li, Investigator: wang, Manual: true,
	}
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "money that left the parent within the time is stopped", Given: given, When: follow(mule, fresh), Then: []event.PursuitEvent{chain(fresh, 2, paid.At)}},
		{Rule: "money that left it earlier needs a person, and is followed", Given: given, When: follow(mule, old), Then: []event.PursuitEvent{held(chain(old, 2, paid.At), "age")}},
		{
			Rule: "the victim's own transfers are stopped however old", Given: []event.PursuitEvent{opened(), event.FirstOrderOverdue{Case: "case-a"}},
			When: domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{lot}}}, Policy: policy, At: paid.At.Add(48 * time.Hour)},
			Then: []event.PursuitEvent{foundL1()},
		},
		{Rule: "a payment institution's account needs a person", Given: given, When: follow(mule, kind), Then: []event.PursuitEvent{held(chain(kind, 2, paid.At), "kind")}},
		{
			Rule: "behind it the money is followed, and waits for the parent's order", Given: append(given[:2:2], held(chain(kind, 2, paid.At), "kind")),
			When: follow(institution, through), Then: []event.PursuitEvent{behind},
		},
		{
			Rule: "an officer orders it by one call", Given: append(given[:2:2], waiting...),
			When: domain.OrderStop{Account: institution, Parent: mule.ID, ParentOrder: domain.StopOrder("case-a", mule.ID, 1), Source: kind.Transfer, Operator: li, Investigator: wang, At: paid.At},
			Then: []event.PursuitEvent{manual},
		},
		{
			Rule: "and those behind it get their orders", Given: append(append(given[:2:2], waiting...), manual),
			When: domain.FollowUp{Account: institution.ID, Policy: policy, At: at}, Then: []event.PursuitEvent{chain(through, 3, kind.Transfer.At)},
		},
		{
			Rule: "once", Given: append(append(given[:2:2], waiting...), manual, chain(through, 3, kind.Transfer.At)),
			When: domain.FollowUp{Account: institution.ID, Policy: policy, At: at},
		},
		{Rule: "a part below the smallest amount is followed", Given: given, When: follow(mule, part), Then: []event.PursuitEvent{held(chain(part, 2, paid.At), "amount-limit")}},
		{
			Rule: "many small parts add up to an order", Given: append(given[:2:2], held(chain(part, 2, paid.At), "amount-limit")),
			When: follow(mule, part, rest), Then: []event.PursuitEvent{chain(rest, 2, paid.At)},
		},
		{
			Rule: "money old when first met and new when met again leads to an order", Given: append(given[:2:2], held(chain(old, 2, paid.At), "age")),
			When: follow(mule, old, fresh), Then: []event.PursuitEvent{chain(fresh, 2, paid.At)},
		},
	})
}

func TestI09_CyclesAndManyWaysToAnAccountAreNormal(t *testing.T) {
	policy := domain.Policy{MaxLevel: 3, MinAmount: 1}
	a, b, c := event.Account{ID: "a"}, event.Account{ID: "b"}, event.Account{ID: "c"}
	toA := domain.TracedTransfer{Transfer: event.Transfer{ID: "p", From: victims, To: a, Amount: 100, At: paid.At}, Lots: []event.Lot{{Case: "case-a", Amount: 100}}}
	first := event.DownstreamAccountFound{
		Case: "case-a", Account: a, Level: 1, Source: toA.Transfer, Lots: toA.Lots, Order: domain.StopOrder("case-a", "a", 1), Operator: li, Investigator: wang,
	}
	ab, ba, aa, bc, ac := moved("ab", a, b, 0, 90), moved("ba", b, a, 0, 80), moved("aa", a, a, 0, 70), moved("bc", b, c, 0, 60), moved("ac", a, c, time.Minute, 50)
	given := []event.PursuitEvent{opened(), first}
	deep := chain(bc, 3, paid.At)
	far := held(func() event.DownstreamAccountFound { e := chain(bc, 4, paid.At); return e }(), "level-limit")
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "a hop in no time is one level deeper", Given: given, When: domain.Trace{From: "a", Transfers: []domain.TracedTransfer{ab}, Policy: policy}, Then: []event.PursuitEvent{chain(ab, 2, paid.At)}},
		{Rule: "money that comes back is traced, and makes no level", Given: append(given[:2:2], chain(ab, 2, paid.At)), When: domain.Trace{From: "b", Transfers: []domain.TracedTransfer{ba}, Policy: policy}, Then: []event.PursuitEvent{tracedIn(ba)}},
		{Rule: "an account's transfer to itself is traced", Given: given, When: domain.Trace{From: "a", Transfers: []domain.TracedTransfer{aa}, Policy: policy}, Then: []event.PursuitEvent{tracedIn(aa)}},
		{
			Rule: "an account met deep keeps its order when met by a shorter way", Given: append(given[:2:2], chain(ab, 2, paid.At), deep),
			When: domain.Trace{From: "a", Transfers: []domain.TracedTransfer{ab, ac}, Policy: policy}, Then: []event.PursuitEvent{tracedIn(ac)},
		},
		{
			Rule: "one that was too deep is ordered when met by a shorter way", Given: append(given[:2:2], chain(ab, 2, paid.At), far),
			When: domain.Trace{From: "a", Transfers: []domain.TracedTransfer{ab, ac}, Policy: policy}, Then: []event.PursuitEvent{chain(ac, 2, paid.At)},
		},
	})
}

func TestATraceInPartsIsFollowedPartByPart(t *testing.T) {
	policy := domain.Policy{MaxLevel: 3, MinAmount: 1}
	one, two, three := moved("1", mule, mule2, 0, 10), moved("2", mule, mule2, 1, 20), moved("3", mule, mule2, 2, 30)
	at := func(e event.DownstreamAccountFound, revision int) event.DownstreamAccountFound {
		e.SourceRevision = revision
		return e
	}
	given := []event.PursuitEvent{opened(), foundL1(), at(chain(one, 2, paid.At), 1), func() event.TransferTraced { e := tracedIn(two); e.SourceRevision = 1; return e }()}
	part := func(n int, transfers ...domain.TracedTransfer) domain.Trace {
		return domain.Trace{From: mule.ID, Revision: 2, Part: n, Names: []identity.TransferID{"2", "3"}, Transfers: transfers, Policy: policy}
	}
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{
			Rule: "the first part tells what no part names any more", Given: given, When: part(1, two),
			Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: one.Transfer, SourceRevision: 2}},
		},
		{
			Rule: "a later part adds its own", Given: given, When: part(2, three),
			Then: []event.PursuitEvent{event.TransferTraced{Case: "case-a", Source: three.Transfer, Lots: three.Lots, SourceRevision: 2}},
		},
	})
}

func TestI16_ThirtyMinutesWithoutAFirstOrderAreABreach(t *testing.T) {
	due := four.Add(30 * time.Minute)
	late := event.FirstOrderOverdue{Case: "case-a", ReportedAt: four, Due: due, Responsible: li}
	policy := domain.Policy{MaxLevel: 3, MinAmount: 1}
	level1 := func(at time.Time) domain.Trace {
		return domain.Trace{Transfers: []domain.TracedTransfer{{Transfer: paid, Lots: []event.Lot{lot}}}, Policy: policy, At: at}
	}
	tooSmall := level1(due)
	tooSmall.Policy.MinAmount = money.Max
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "the clock tells it", Given: []event.PursuitEvent{opened()}, When: domain.NoteOverdue{At: due}, Then: []event.PursuitEvent{late}},
		{Rule: "once", Given: []event.PursuitEvent{opened(), late}, When: domain.NoteOverdue{At: due}},
		{Rule: "not before", Given: []event.PursuitEvent{opened()}, When: domain.NoteOverdue{At: due.Add(-time.Nanosecond)}},
		{Rule: "not after an order", Given: []event.PursuitEvent{opened(), foundL1()}, When: domain.NoteOverdue{At: due}},
		{Rule: "an account that was held back is no order", Given: []event.PursuitEvent{opened(), held(foundL1(), "kind")}, When: domain.NoteOverdue{At: due}, Then: []event.PursuitEvent{late}},
		{Rule: "an order within the time is no breach", Given: []event.PursuitEvent{opened()}, When: level1(due.Add(-time.Nanosecond)), Then: []event.PursuitEvent{foundL1()}},
		{Rule: "an order that comes too late tells it too, before any clock", Given: []event.PursuitEvent{opened()}, When: level1(due), Then: []event.PursuitEvent{late, foundL1()}},
		{Rule: "an order after the clock tells nothing twice", Given: []event.PursuitEvent{opened(), late}, When: level1(due), Then: []event.PursuitEvent{foundL1()}},
		{Rule: "what leads to no order leaves it to the clock", Given: []event.PursuitEvent{opened()}, When: tooSmall, Then: []event.PursuitEvent{held(foundL1(), "amount-limit")}},
		{
			Rule: "an officer's order that comes too late tells it too", Given: []event.PursuitEvent{opened()}, When: domain.OrderStop{Account: mule, Operator: li, Investigator: wang, At: due},
			Then: []event.PursuitEvent{late, event.DownstreamAccountFound{
				Case: "case-a", Account: mule, Level: 1, Order: domain.StopOrder("case-a", mule.ID, 1), Operator: li, Investigator: wang, Manual: true,
			}},
		},
		{Rule: "a chase that was never opened has no clock", When: domain.NoteOverdue{At: due}, Err: domain.ErrNoPursuit},
	})
	d := domain.PursuitDecider()
	for rule, row := range map[string]struct {
		given []event.PursuitEvent
		clock bool
	}{
		"the clock runs from the report": {[]event.PursuitEvent{opened()}, true},
		"an order ends it":               {[]event.PursuitEvent{opened(), foundL1()}, false},
		"a breach ends it":               {[]event.PursuitEvent{opened(), late}, false},
		"one held back does not":         {[]event.PursuitEvent{opened(), held(foundL1(), "kind")}, true},
		"nothing runs before the report": {nil, false},
	} {
		t.Run(rule, func(t *testing.T) {
			clocks := d.Due(d.Replay(row.given...))
			if (len(clocks) == 1) != row.clock || (row.clock && !clocks[0].At.Equal(due)) {
				t.Errorf("clocks %v", clocks)
			}
		})
	}
}

func TestMoreMoneyAfterAStopHasEnded(t *testing.T) {
	stop := func(n int, state domain.OrderState, cause string) domain.Order {
		return domain.Order{ID: identity.OrderID(fmt.Sprint("stop-", n)), Case: "case-a", Kind: domain.KindStop, Ordinal: n, Level: 2, State: state, Cause: cause}
	}
	freeze := domain.Order{ID: "freeze", Case: "case-a", Kind: domain.KindFreeze, State: domain.Lapsed}
	others := stop(1, domain.Executed, "")
	others.Case = "case-b"
	for _, row := range []struct {
		rule   string
		orders []domain.Order
		asks   bool
		want   domain.Renewal
	}{
		{"while it is under way, nothing", []domain.Order{stop(1, domain.Sent, "")}, false, domain.Renewal{}},
		{"while it is in force, nothing", []domain.Order{stop(1, domain.Executed, "")}, false, domain.Renewal{}},
		{"after a technical failure the chase asks anew", []domain.Order{stop(1, domain.Failed, bank.Technical)}, true, domain.Renewal{}},
		{"another case's stop does not hold for this one", []domain.Order{stop(1, domain.Failed, bank.Technical), others}, true, domain.Renewal{}},
		{"after a mismatch a person corrects the order (I07)", []domain.Order{stop(1, domain.Failed, bank.MismatchName)}, true, domain.Renewal{Withheld: "failed"}},
		{"after a lapse the chase asks for the second 48 hours (I03)", []domain.Order{stop(1, domain.Lapsed, "")}, true, domain.Renewal{Second: true}},
		{"after two there is no third (I02)", []domain.Order{stop(1, domain.Lapsed, ""), stop(2, domain.Lapsed, "")}, true, domain.Renewal{Withheld: "stops-used-up"}},
		{"what a person has lifted, a person decides on", []domain.Order{stop(1, domain.Lifted, "")}, true, domain.Renewal{Withheld: "lifted"}},
		{"what a person has rejected, too", []domain.Order{stop(1, domain.Rejected, "")}, true, domain.Renewal{Withheld: "rejected"}},
		{"after a freeze there is no second stop (I03)", []domain.Order{stop(1, domain.Lapsed, ""), freeze}, true, domain.Renewal{Withheld: "stops-used-up"}},
		{"an account that was never stopped has another reason", nil, false, domain.Renewal{}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			got, asks := domain.Account{Orders: row.orders}.Again("case-a")
			if asks != row.asks || (asks && (got.Second != row.want.Second || got.Withheld != row.want.Withheld)) {
				t.Errorf("asks %t: %+v", asks, got)
			}
		})
	}
	first, second := domain.StopOrder("case-a", mule.ID, 1), domain.StopOrder("case-a", mule.ID, 2)
	more := event.Transfer{ID: "t2", From: victims, To: mule, Amount: 7, At: paid.At.Add(time.Hour)}
	ask := domain.AskAgain{Account: mule, After: first, Source: more, Lots: []event.Lot{lot}}
	again := foundL1()
	again.Order, again.Source = second, more
	human := ask
	human.Withheld = domain.WithheldLifted
	marked := held(again, "lifted")
	worn := foundL1()
	worn.Order = domain.StopOrder("case-a", mule.ID, 3)
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "the chase asks again, for the new money", Given: []event.PursuitEvent{opened(), foundL1()}, When: ask, Then: []event.PursuitEvent{func() event.DownstreamAccountFound {
			e := again
			e.Level = 1
			return e
		}()}},
		{Rule: "once for each order that has ended", Given: []event.PursuitEvent{opened(), foundL1(), again}, When: ask},
		{Rule: "it marks the account for a person", Given: []event.PursuitEvent{opened(), foundL1()}, When: human, Then: []event.PursuitEvent{marked}},
		{Rule: "and marks it once", Given: []event.PursuitEvent{opened(), foundL1(), marked}, When: human},
		{
			Rule: "after three orders a person decides", Given: []event.PursuitEvent{opened(), foundL1(), again, worn},
			When: domain.AskAgain{Account: mule, After: worn.Order, Source: more, Lots: []event.Lot{lot}}, Then: []event.PursuitEvent{held(again, "attempts")},
		},
	})
	p := domain.PursuitDecider().Replay(opened(), foundL1(), marked)
	if n, _ := p.Node(mule.ID); n.Order != first || n.Withheld != "lifted" || n.Attempts != 1 {
		t.Errorf("marked, the account stands at %s", cmp.Diff(domain.Node{}, n))
	}
}
