package domain_test

import (
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var later = four.Add(3 * time.Hour)

func lift() domain.RequestLift {
	return domain.RequestLift{
		Order: "lift-1", Target: "order-1", Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang, At: later,
	}
}

func liftRequested() event.LiftRequested {
	return event.LiftRequested{
		Order: "lift-1", Target: "order-1", Case: "case-a", Account: mule, Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang,
		Due: later.Add(72 * time.Hour), At: later,
	}
}

func lifted() event.StopLifted {
	return event.StopLifted{Order: "order-1", Cause: "unrelated", At: later.Add(time.Minute), By: "lift-1"}
}

func liftDone() domain.AnswerStopChange {
	return domain.AnswerStopChange{Order: "lift-1", Done: true, ResultCode: "0000", ExecutedAt: later.Add(time.Minute), At: later.Add(time.Minute)}
}

func TestAStopIsLiftedByAnOrderToItsBank(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 900_000_000)}
	alone, self, cause, other := lift(), lift(), lift(), lift()
	alone.Investigator = event.Officer{}
	self.Approver = li
	cause.Cause = "mood"
	other.Approver.Unit = "441802000000"
	again := lift()
	again.Order = "lift-2"
	failed := event.LiftFailed{Order: "lift-1", ResultCode: "0101", Cause: "technical", At: later}
	second := liftRequested()
	second.Order = "lift-2"
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "it is approved when it is stored", Given: stopped, When: lift(), Then: given{liftRequested()}},
		{Rule: "the same order again is the same order", Given: and(stopped, liftRequested()), When: lift()},
		{Rule: "while a lift is under way another adds nothing", Given: and(stopped, liftRequested()), When: again},
		{Rule: "the bank has done it", Given: and(stopped, liftRequested()), When: liftDone(), Then: given{lifted()}},
		{Rule: "its answer twice is one answer", Given: and(stopped, liftRequested(), lifted()), When: liftDone()},
		{
			Rule: "the bank could not do it", Given: and(stopped, liftRequested()), When: domain.AnswerStopChange{Order: "lift-1", ResultCode: "0101", Cause: "technical", At: later},
			Then: given{failed},
		},
		{Rule: "then it can be ordered again", Given: and(stopped, liftRequested(), failed), When: again, Then: given{second}},
		{Rule: "a bank that has done it all the same frees the holder", Given: and(stopped, liftRequested(), failed), When: liftDone(), Then: given{lifted()}},
		{Rule: "an unknown cause of failure is refused", Given: and(stopped, liftRequested()), When: domain.AnswerStopChange{Order: "lift-1", Cause: "mood"}, Err: domain.ErrCause},
		{Rule: "a stop cannot be lifted by one officer alone", Given: stopped, When: alone, Err: domain.ErrTwoOfficers},
		{Rule: "nor be approved by one of the two", Given: stopped, When: self, Err: domain.ErrSelfApproval},
		{Rule: "nor for an unknown cause", Given: stopped, When: cause, Err: domain.ErrLiftCause},
		{Rule: "nor by a leader of another unit", Given: stopped, When: other, Err: domain.ErrNotSuperior},
		{Rule: "what is no stop cannot be lifted", Given: and(stopped, liftRequested()), When: domain.RequestLift{Target: "lift-1"}, Err: domain.ErrNoOrder},
		{Rule: "a lift cannot have been done before it was asked", Given: and(stopped, liftRequested()), When: domain.AnswerStopChange{Order: "lift-1", Done: true, ExecutedAt: four, At: later}, Err: domain.ErrExecutedWhen},
	})
}

func TestI13_ALiftAfterALapseOrALiftIsANoOp(t *testing.T) {
	stopped := given{requested(), approved(), executed(four, 900_000_000)}
	lapsed := event.StopLapsed{Order: "order-1", ExpiredAt: four.Add(48 * time.Hour)}
	converted := event.StopLifted{Order: "order-1", Cause: "converted", At: later}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the stop has lapsed", Given: and(stopped, lapsed), When: lift()},
		{Rule: "it was lifted", Given: and(stopped, liftRequested(), lifted()), When: domain.RequestLift{Order: "lift-9", Target: "order-1", Cause: "error", Approver: leader, Operator: li, Investigator: wang, At: later}},
		{Rule: "a freeze has taken over", Given: and(stopped, converted), When: lift()},
		{Rule: "it has failed", Given: given{requested(), approved(), event.StopFailed{Order: "order-1", Cause: "not-found"}}, When: lift()},
		{Rule: "it was rejected", Given: given{requested(), event.StopRejected{Order: "order-1"}}, When: lift()},
		{Rule: "the bank answers the lift after the lapse: done", Given: and(stopped, liftRequested(), lapsed), When: liftDone()},
		{
			Rule: "the bank answers the lift after the lapse: not found", Given: and(stopped, liftRequested(), lapsed),
			When: domain.AnswerStopChange{Order: "lift-1", ResultCode: "0001", Cause: "unknown-order", At: later},
		},
		{Rule: "the bank answers the lift after another lift", Given: and(stopped, liftRequested(), converted), When: liftDone()},
		{Rule: "the term to lift is over after the lapse", Given: and(stopped, liftRequested(), lapsed), When: domain.LiftLate{Order: "lift-1", At: later.Add(100 * time.Hour)}},
	})
	a := domain.AccountDecider().Replay(and(stopped, liftRequested(), lapsed)...)
	if o, _ := a.Find("lift-1"); o.State != domain.Lapsed || len(domain.DueOnAccount(a)) > 0 {
		t.Errorf("after the lapse the lift is %s and %v run", o.State, domain.DueOnAccount(a))
	}
}

func TestAStopThatIsNotCarriedOutYetIsWithdrawn(t *testing.T) {
	on := given{requested(), approved()}
	keep := lift()
	keep.Keep = 100
	late := answer(later.Add(2*time.Minute), 900_000_000)
	found := event.BankDiscrepancyFound{Order: "order-1", Kind: domain.ExecutedAfterLift, Found: later.Add(2 * time.Minute).Format(time.RFC3339), At: later.Add(2 * time.Minute), HoldsUntil: later.Add(48*time.Hour + 2*time.Minute)}
	unknown := event.LiftFailed{Order: "lift-1", ResultCode: "0001", Cause: "unknown-order", At: later}
	a := domain.AccountDecider().Replay(and(on, liftRequested(), lifted())...)
	if a.Stopped() {
		t.Error("a withdrawn stop is in force")
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "nobody has approved it: it is rejected", Given: given{requested()}, When: lift(), Then: given{event.StopRejected{Order: "order-1", Approver: leader, Reason: "unrelated", At: later}}},
		{Rule: "the bank may have seen it: it is asked to lift it", Given: on, When: lift(), Then: given{liftRequested()}},
		{Rule: "it cannot be narrowed", Given: on, When: keep, Err: domain.ErrNotInForce},
		{Rule: "the bank has lifted it before it stopped anything", Given: and(on, liftRequested()), When: liftDone(), Then: given{lifted()}},
		{Rule: "a bank that carries it out afterwards is found out, and asked to let go", Given: and(on, liftRequested(), lifted()), When: late, Then: given{found, bySelf("order-1", 2, domain.LiftUnlawful, later.Add(2*time.Minute))}},
		{Rule: "once", Given: and(on, liftRequested(), lifted(), found), When: late},
		{
			Rule: "a bank that did not know the stop yet, and has carried it out since, is asked again", Given: and(on, liftRequested(), unknown),
			When: answer(later.Add(time.Minute), 900_000_000),
			Then: given{
				func() event.StopExecuted { e := executed(later.Add(time.Minute), 900_000_000); return e }(),
				func() event.LiftRequested {
					l := liftRequested()
					l.Order, l.At, l.Repeats = nth("lift", "order-1", 2), later.Add(time.Minute), "lift-1" // within the same three days
					return l
				}(),
			},
		},
	})
}

func TestALiftThatTheBankDoesNotCarryOutInThreeDaysIsReportedOnce(t *testing.T) {
	due := later.Add(72 * time.Hour)
	asked := given{requested(), approved(), executed(later.Add(71*time.Hour), 1), liftRequested()}
	overdue := event.LiftOverdue{Order: "lift-1", Due: due, Awaits: "bank"}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "not before", Given: asked, When: domain.LiftLate{Order: "lift-1", At: due.Add(-time.Second)}},
		{Rule: "at the end of the term", Given: asked, When: domain.LiftLate{Order: "lift-1", At: due}, Then: given{overdue}},
		{Rule: "once", Given: and(asked, overdue), When: domain.LiftLate{Order: "lift-1", At: due.Add(time.Hour)}},
		{Rule: "a late lift still frees the holder", Given: and(asked, overdue), When: domain.AnswerStopChange{Order: "lift-1", Done: true, At: due.Add(time.Hour)}, Then: given{
			event.StopLifted{Order: "order-1", Cause: "unrelated", At: due.Add(time.Hour), By: "lift-1"},
		}},
	})
	if cmd, ok := domain.Wake(clockOf(t, asked, "lift:lift-1"), due).(domain.LiftLate); !ok || cmd.Order != "lift-1" {
		t.Errorf("the clock wakes with %#v", cmd)
	}
}

// narrowed is a stop that holds an amount only.
func narrowed(held money.Fen) event.StopNarrowed {
	return event.StopNarrowed{Order: "order-1", By: "lift-1", Held: held, At: later.Add(time.Minute)}
}

func TestAStopIsNarrowedToAnAmount(t *testing.T) {
	stopped := given{requested(), approved(), traced(), executed(four, 900_000_000)}
	keep := lift()
	keep.Keep, keep.Cause = 100_000_000, "disproportionate"
	asked := liftRequested()
	asked.Keep, asked.Cause = 100_000_000, "disproportionate"
	done, other := liftDone(), liftDone()
	done.Held, other.Held = 100_000_000, 120_000_000
	much, more := keep, keep
	much.Keep = lot.Amount + 1
	more.Order, more.Keep = "lift-2", 100_000_000
	whole := lift()
	whole.Order = "lift-3"
	wholeAsked := liftRequested()
	wholeAsked.Order = "lift-3"
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "the bank is asked to hold only that", Given: stopped, When: keep, Then: given{asked}},
		{Rule: "and does", Given: and(stopped, asked), When: done, Then: given{narrowed(100_000_000)}},
		{Rule: "a bank that does not say how much does what it was asked", Given: and(stopped, asked), When: liftDone(), Then: given{narrowed(100_000_000)}},
		{Rule: "a bank that holds another amount is found out", Given: and(stopped, asked), When: other, Then: given{
			narrowed(120_000_000),
			event.BankDiscrepancyFound{Order: "lift-1", Kind: domain.HeldDiffers, Expected: "1000000.00", Found: "1200000.00", At: later.Add(time.Minute)},
		}},
		{Rule: "no more can be kept than was traced", Given: stopped, When: much, Err: domain.ErrKeep},
		{Rule: "nor as much as is held already", Given: and(stopped, asked, narrowed(100_000_000)), When: more, Err: domain.ErrKeep},
		{Rule: "two narrowings at once are refused", Given: and(stopped, asked), When: more, Err: domain.ErrLiftOpen},
		{Rule: "a full lift goes before a narrowing that is under way", Given: and(stopped, asked), When: whole, Then: given{wholeAsked}},
	})
	a := domain.AccountDecider().Replay(and(stopped, asked, narrowed(100_000_000))...)
	if o, _ := a.Find("order-1"); !a.Stopped() || o.Hold.Held != 100_000_000 {
		t.Errorf("a narrowed stop holds %v and is in force: %v", o.Hold.Held, a.Stopped())
	}
}
