package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// longHeld is a stop that its bank wants to hold for 72 hours.
func longHeld() given {
	long := executed(four, 100)
	long.BankExpiresAt = four.Add(72 * time.Hour)
	return given{requested(), approved(), long}
}

var end = four.Add(48 * time.Hour)

func stopLapsed(stop identity.OrderID, at time.Time) event.StopLapsed {
	return event.StopLapsed{Order: stop, ExpiredAt: at}
}

func TestI12_AtTheLapseABankThatNamedALaterEndIsAskedToLetGoSoThatTheHolderIsReallyFree(t *testing.T) {
	second := secondExecuted(four.Add(time.Hour))
	also := event.StopApproved{Order: "order-2", Approver: leader, At: four}
	first := bySelf("order-1", 1, domain.LiftUnlawful, end)
	asked := and(longHeld(), liftRequested()) // an officer's lift is still with the bank
	again := bySelf("order-1", 2, domain.LiftUnlawful, end)
	again.Due = liftRequested().Due
	expire := domain.ExpireStop{Order: "order-1", At: end}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the bank is asked at our end", Given: longHeld(), When: expire, Then: given{stopLapsed("order-1", end), first}},
		{Rule: "once", Given: and(longHeld(), stopLapsed("order-1", end), first), When: expire},
		{Rule: "woken after the bank's own end, nothing is left to ask for", Given: longHeld(), When: domain.ExpireStop{Order: "order-1", At: four.Add(72 * time.Hour)}, Then: given{stopLapsed("order-1", end)}},
		{Rule: "a lift that was under way is asked anew within the same term", Given: asked, When: expire, Then: given{stopLapsed("order-1", end), again}},
		{
			Rule: "while the second stop holds by right nothing is asked", Given: and(longHeld(), secondRequested(), also, second), When: expire,
			Then: given{stopLapsed("order-1", end)},
		},
		{
			Rule: "when that one ends, the first is let go too", Given: and(longHeld(), secondRequested(), also, second, stopLapsed("order-1", end)),
			When: domain.ExpireStop{Order: "order-2", At: end.Add(time.Hour)},
			Then: given{stopLapsed("order-2", end.Add(time.Hour)), bySelf("order-1", 1, domain.LiftUnlawful, end.Add(time.Hour))},
		},
	})
}

func TestABankThatHoldsOnAfterTheEndIsAskedUntilItLetsGo(t *testing.T) {
	auto := bySelf("order-1", 1, domain.LiftUnlawful, end)
	over := and(longHeld(), stopLapsed("order-1", end))
	asked := and(over, auto)
	done := domain.AnswerStopChange{Order: auto.Order, Done: true, ResultCode: "0000", ExecutedAt: end.Add(time.Minute), At: end.Add(time.Minute)}
	refused := domain.AnswerStopChange{Order: auto.Order, ResultCode: "0101", Cause: "technical", At: end.Add(time.Minute)}
	failed := event.LiftFailed{Order: auto.Order, ResultCode: "0101", Cause: "technical", At: end.Add(time.Minute)}
	free := event.StopLifted{Order: "order-1", Cause: domain.LiftUnlawful, At: end.Add(time.Minute), By: auto.Order}
	ended := refused
	ended.Cause = "ended"
	byHand, part, after := lift(), lift(), lift()
	byHand.At, part.At, part.Keep, after.At = end.Add(time.Hour), end.Add(time.Hour), 50, four.Add(72*time.Hour)
	wanted := liftRequested()
	wanted.At, wanted.Due = byHand.At, byHand.At.Add(72*time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "it lets go", Given: asked, When: done, Then: given{free}},
		{Rule: "its answer twice is one answer", Given: and(asked, free), When: done},
		{Rule: "it cannot", Given: asked, When: refused, Then: given{failed}},
		{Rule: "then it is asked again", Given: and(asked, failed), When: domain.RepeatOrder{Order: auto.Order, At: end.Add(time.Hour)}, Then: given{func() event.LiftRequested {
			l := bySelf("order-1", 2, domain.LiftUnlawful, end.Add(time.Hour))
			l.Due, l.Repeats = auto.Due, auto.Order
			return l
		}()}},
		{Rule: "nothing stands there any more", Given: asked, When: ended, Then: given{
			event.BankDiscrepancyFound{Order: auto.Order, Kind: "ended-at-bank", Expected: "order-1", Found: "ended", At: end.Add(time.Minute)}, free,
		}},
		{Rule: "an officer may order the lift too", Given: over, When: byHand, Then: given{wanted}},
		{Rule: "but there is no part of it to keep", Given: over, When: part, Err: domain.ErrNotInForce},
		{Rule: "after the bank's own end it is a no-op (I13)", Given: over, When: after},
		{Rule: "after the bank has let go it is a no-op (I13)", Given: and(asked, free), When: byHand},
		{Rule: "the term to lift runs for it", Given: asked, When: domain.LiftLate{Order: auto.Order, At: auto.Due}, Then: given{event.LiftOverdue{Order: auto.Order, Due: auto.Due, Awaits: "bank"}}},
	})
	state := domain.AccountDecider().Replay(and(asked, failed)...)
	clockOf(t, and(asked, failed), "lift:"+string(auto.Order))
	if o, _ := state.Find("order-1"); o.State != domain.Lapsed || !o.BankHolds(end.Add(time.Hour)) || o.BankHolds(four.Add(72*time.Hour)) {
		t.Errorf("the stop is %s, held until %v", o.State, o.BankUntil)
	}
	state = domain.AccountDecider().Replay(and(asked, failed, free)...)
	if o, _ := state.Find("order-1"); o.State != domain.Lapsed || o.BankHolds(end.Add(time.Hour)) {
		t.Errorf("let go, the stop is %s, held until %v", o.State, o.BankUntil)
	}
}

func TestABankThatOnlyLaterTellsOfALongerHoldIsAskedToLetGo(t *testing.T) {
	longer, differs := answer(four, 100), answer(four.Add(2*time.Hour), 100)
	longer.BankExpires, longer.At = four.Add(72*time.Hour), four.Add(time.Hour)
	differs.At = four.Add(2 * time.Hour)
	named := discrepancyOf("expiry-differs", "2021-07-19T08:00:00Z", "2021-07-20T08:00:00Z", four.Add(time.Hour))
	named.HoldsUntil = four.Add(72 * time.Hour)
	other := discrepancyOf("answer-differs", "2021-07-17T08:00:00Z 1.00", "2021-07-17T10:00:00Z 1.00", four.Add(2*time.Hour))
	other.HoldsUntil = four.Add(50 * time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the same answer with another end", Given: inForce1(), When: longer, Then: given{named}},
		{Rule: "told again it is nothing new", Given: and(inForce1(), named), When: longer},
		{Rule: "another time of execution", Given: inForce1(), When: differs, Then: given{other}},
		{Rule: "at our end the bank is asked", Given: and(inForce1(), other), When: domain.ExpireStop{Order: "order-1", At: end}, Then: given{stopLapsed("order-1", end), bySelf("order-1", 1, domain.LiftUnlawful, end)}},
	})
}

func inForce1() given { return given{requested(), approved(), executed(four, 100)} }

func TestWhereTheBankHoldsOnTheHoldersObjectionStaysOpenAndFreesHim(t *testing.T) {
	over := and(longHeld(), stopLapsed("order-1", end))
	object := file()
	object.At, object.Due = end.Add(2*time.Hour), end.Add(200*time.Hour)
	taken := filed()
	taken.FiledAt, taken.Due = object.At, object.Due
	right := decide(domain.Upheld)
	right.At = object.At.Add(time.Hour)
	said := decided(domain.Upheld)
	said.At, said.LiftOrder = right.At, nth("lift", "order-1", 1)
	order := bySelf("order-1", 1, "objection", right.At)
	order.Approver, order.Objection = theChief, "objection-1"
	late := object
	late.At = four.Add(73 * time.Hour)
	closed := event.ObjectionDecided{Objection: "objection-1", Order: "order-1", Outcome: domain.Dismissed, Reason: "measure-ended", At: late.At}
	tooLate := taken
	tooLate.FiledAt = late.At
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "it is not closed", Given: over, When: object, Then: given{taken}},
		{Rule: "right, it is an order to the bank", Given: and(over, taken), When: right, Then: given{said, order}},
		{Rule: "after the bank's own end it is closed, by nobody", Given: over, When: late, Then: given{tooLate, closed}},
	})
}

func TestWhatABankHoldsWithoutRightIsShownAndABankThatReportsItIsNotOverheard(t *testing.T) {
	d := domain.AccountDecider()
	over := d.Replay(and(longHeld(), stopLapsed("order-1", end))...)
	want := []domain.Restraint{{Kind: "0001", By: "440982000000", Order: "order-1", Case: "case-a", Until: four.Add(72 * time.Hour), Own: true, Over: true}}
	if diff := cmp.Diff(want, over.Restraints(end.Add(time.Hour))); diff != "" {
		t.Errorf("what holds the account (-want +got):\n%s", diff)
	}
	if left := over.Restraints(four.Add(72 * time.Hour)); len(left) > 0 {
		t.Errorf("after the bank's own end: %+v", left)
	}
	reports := func(until time.Time) domain.AnswerQuery {
		m := event.Measure{Kind: "0001", By: "茂名公安440982000000", Until: until}
		return domain.AnswerQuery{Order: "query-1", Done: true, ResultCode: "0000", Measures: []event.Measure{m}, At: end.Add(time.Hour)}
	}
	asked := event.AccountQueryRequested{Order: "query-1", Case: "case-a", Account: mule, TxCode: "100309", Operator: li, Investigator: wang, At: end}
	past := and(inForce1(), stopLapsed("order-1", end), asked)
	found := event.BankDiscrepancyFound{
		Order: "order-1", Kind: domain.HoldsAfterEnd, Expected: "lapsed", Found: "2021-07-20T08:00:00Z", At: end.Add(time.Hour), HoldsUntil: four.Add(72 * time.Hour),
	}
	open := found
	open.Found, open.HoldsUntil = "", end.Add(49*time.Hour)
	for rule, c := range map[string]struct {
		past given
		cmd  domain.AnswerQuery
		want given
	}{
		"our own lapsed stop still stands":     {past, reports(four.Add(72 * time.Hour)), given{found, bySelf("order-1", 1, domain.LiftUnlawful, end.Add(time.Hour))}},
		"and the bank does not say how long":   {past, reports(time.Time{}), given{open, bySelf("order-1", 1, domain.LiftUnlawful, end.Add(time.Hour))}},
		"its end has come meanwhile":           {past, reports(end), nil},
		"it is known already":                  {and(past, found, bySelf("order-1", 1, domain.LiftUnlawful, end)), reports(four.Add(72 * time.Hour)), nil},
		"our stop that is in force is no news": {and(inForce1(), asked), reports(end.Add(2 * time.Hour)), nil},
	} {
		t.Run(rule, func(t *testing.T) {
			events, err := d.Decide(d.Replay(c.past...), c.cmd)
			if err != nil {
				t.Fatal(err)
			}
			events = slices.DeleteFunc(events, func(e event.AccountEvent) bool { _, is := e.(event.AccountQueryAnswered); return is })
			if diff := cmp.Diff(c.want, events); diff != "" && len(events)+len(c.want) > 0 {
				t.Error(diff)
			}
		})
	}
}

// freezeDone is the answer that all that there is was frozen.
func freezeDone(at time.Time, all money.Fen) domain.AnswerFreeze {
	return domain.AnswerFreeze{Order: "freeze-1", Done: true, ResultCode: "0000", ExecutedAt: at, Applied: all, Frozen: all, Balance: all, At: at}
}

func TestI03_NoStopComesAfterAFreeze(t *testing.T) {
	waits := and(inForce1(), stopLapsed("order-1", end), secondRequested())
	onItsWay := and(waits, event.StopApproved{Order: "order-2", Approver: leader, At: end})
	asked := func(past given) given { return and(past, freezeRequested()) }
	freeze := freezeDone(end.Add(time.Hour), 100)
	frozenThen := freezeExecuted(end.Add(time.Hour), 100)
	frozenThen.ExpiresAt = identity.AddMonths(end.Add(time.Hour), 6)
	rejected := event.StopRejected{Order: "order-2", Reason: domain.LiftConverted, At: end.Add(time.Hour)}
	withdrawn := bySelf("order-2", 1, domain.LiftConverted, end.Add(time.Hour))
	late := answer(end.Add(2*time.Hour), 100)
	late.Order = "order-2"
	ran := executed(late.ExecutedAt, 100)
	ran.Order, ran.Ordinal = "order-2", 2
	approve := domain.ApproveStop{Order: "order-2", Approver: leader, At: end.Add(2 * time.Hour)}
	standing := granted
	standing.Until = end.Add(8 * time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "one that waits is rejected when the account is frozen", Given: asked(waits), When: freeze, Then: given{frozenThen, rejected}},
		{Rule: "one that the bank may have seen is withdrawn", Given: asked(onItsWay), When: freeze, Then: given{frozenThen, withdrawn}},
		{Rule: "carried out all the same, its lift is with the bank already", Given: and(asked(onItsWay), frozenThen, withdrawn), When: late, Then: given{ran}},
		{Rule: "a stop that waits is not approved under a freeze", Given: and(asked(waits), frozenThen), When: approve, Err: domain.ErrFrozenAlready},
		{Rule: "nor is a second one after it", Given: and(asked(waits), frozenThen, event.FreezeLapsed{Order: "freeze-1", ExpiredAt: end.Add(90 * time.Minute)}), When: approve, Err: domain.ErrFrozenAlready},
		{Rule: "nor by a standing approval", Given: and(asked(waits), frozenThen), When: domain.ApproveRaise{Order: "order-2", Standing: []event.StandingApprovalGranted{standing}, At: end.Add(2 * time.Hour)}},
	})
}

func TestWhatABankCarriesOutAfterTheHolderWasRightInPartIsNarrowedAtOnce(t *testing.T) {
	d := domain.Proportion{}.Watch(domain.AccountDecider())
	partly := decided(domain.Partly)
	partly.Keep = 1_000_00
	stop := given{requested(), approved(), filed(), partly}
	late := four.Add(3 * time.Hour)
	events, err := d.Decide(d.Replay(stop...), answer(late, 900_000_00))
	if err != nil {
		t.Fatal(err)
	}
	if l := liftOf(t, events); l.Target != "order-1" || l.Keep != 1_000_00 || l.Cause != "objection" || l.Objection != "objection-1" || l.Approver != theChief {
		t.Errorf("lift %+v", l)
	}
	if events, err = d.Decide(d.Replay(stop...), answer(late, 900_00)); err != nil || len(events) != 1 {
		t.Errorf("less is held than he is to keep: %v, %v", events, err)
	}
	whole := decided(domain.Upheld)
	whole.Objection, whole.At = "objection-2", four.Add(2*time.Hour+time.Minute)
	again := filed()
	again.Objection = "objection-2"
	if events, err = d.Decide(d.Replay(and(stop, again, whole)...), answer(late, 900_000_00)); err != nil || liftOf(t, events).Keep != 0 {
		t.Errorf("right in full after all: %v, %v", events, err)
	}
	freeze := given{requested(), approved(), executed(four, 900_000_00), freezeRequested(), filed(), partly}
	events, err = d.Decide(d.Replay(freeze...), freezeDone(late, 900_000_00))
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(events, func(e event.AccountEvent) bool { _, is := e.(event.FreezeReleaseRequested); return is })
	if n < 0 {
		t.Fatalf("no release among %v", events)
	}
	if r, _ := events[n].(event.FreezeReleaseRequested); r.Amount != 899_000_00 || r.Cause != "objection" {
		t.Errorf("release %+v", r)
	}
}

func TestI25_OneWordOfTheBankEndsNeitherTheTermNorTheLift(t *testing.T) {
	failed := event.LiftFailed{Order: "lift-1", ResultCode: "0101", Cause: "technical", At: later.Add(time.Minute)}
	asked := given{requested(), approved(), executed(later.Add(-time.Minute), 100), liftRequested(), failed}
	term := clockOf(t, asked, "lift:lift-1")
	if !term.At.Equal(later.Add(72 * time.Hour)) {
		t.Errorf("the term ends at %v", term.At)
	}
	again := clockOf(t, asked, "repeat:lift-1")
	if wait := again.At.Sub(failed.At); wait < time.Minute || wait > time.Hour {
		t.Errorf("the bank is asked again after %v", wait)
	}
	d := domain.AccountDecider()
	events, err := d.Decide(d.Replay(asked...), domain.Wake(again, again.At))
	if err != nil || liftOf(t, events).Order == "lift-1" || liftOf(t, events).Repeats != "lift-1" || !liftOf(t, events).Due.Equal(term.At) {
		t.Fatalf("%+v, %v", events, err)
	}
	next := liftOf(t, events)
	clockOf(t, and(asked, next), "lift:"+string(next.Order))
	for _, over := range []event.AccountEvent{
		event.StopLapsed{Order: "order-1", ExpiredAt: later}, event.StopLifted{Order: "order-1", Cause: "unrelated", At: later, By: "lift-1"},
	} {
		for _, a := range d.Due(d.Replay(and(asked, over)...)) {
			if a.Name == "lift:lift-1" || a.Name == "repeat:lift-1" {
				t.Errorf("after %T %s runs on", over, a.Name)
			}
		}
	}
}
