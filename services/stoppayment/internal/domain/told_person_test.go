package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestI25_AnOrderThatItsBankKnowsNothingOfIsShownAtOnceWhileTheStopStands(t *testing.T) {
	stands := given{requested(), approved(), executed(four, 100)}
	whole, part := liftRequested(), liftRequested()
	part.Keep, part.Cause = 50, "disproportionate"
	says := domain.AnswerStopChange{Order: "lift-1", ResultCode: "0001", Cause: bank.UnknownOrder, At: later}
	failed := event.LiftFailed{Order: "lift-1", ResultCode: "0001", Cause: bank.UnknownOrder, At: later}
	shown := event.BankDiscrepancyFound{Order: "lift-1", Kind: domain.UnknownAtBank, Expected: "order-1", Found: bank.UnknownOrder, At: later}
	first := nth("raise", "order-1", 1)
	raised := and(limitedStop(), moreTraced(17_000_000), raise(first, 500_000_000, 17_000_000), event.StopApproved{Order: first, Approver: leader, At: later})
	saysOfRaise, shownOfRaise := says, shown
	saysOfRaise.Order, shownOfRaise.Order = first, first
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a lift", Given: and(stands, whole), When: says, Then: given{failed, shown}},
		{Rule: "once", Given: and(stands, whole, failed, shown), When: says},
		{Rule: "an order to hold less", Given: and(stands, part), When: says, Then: given{failed, shown}},
		{Rule: "one to hold more", Given: raised, When: saysOfRaise, Then: given{
			event.StopFailed{Order: first, ResultCode: "0001", Cause: bank.UnknownOrder, At: later}, shownOfRaise,
		}},
		{Rule: "where the stop itself is on its way, its answer tells", Given: given{requested(), approved(), whole}, When: says, Then: given{failed}},
		{Rule: "an officer may ask again", Given: and(stands, whole, failed, shown), When: domain.RequestLift{Order: "lift-2", Target: "order-1", Cause: "unrelated", Approver: leader, Operator: li, Investigator: wang, At: later}, Then: given{func() event.LiftRequested {
			l := whole
			l.Order = "lift-2"
			return l
		}()}},
	})
}

// refuse answers an order by itself, and each that repeats it, as something that the
// bank cannot do, until nobody asks it any more. It returns how often that was.
func refuse(t *testing.T, a domain.Account, kind domain.Kind, answer func(domain.Order, time.Time) domain.AccountCommand) (domain.Account, int) {
	t.Helper()
	now := four.Add(4 * time.Hour)
	for n := range 2 * domain.MaxRepeats {
		open := slices.IndexFunc(a.Orders, func(o domain.Order) bool { return o.Kind == kind && o.State.Open() })
		if open < 0 {
			return a, n
		}
		a = apply(t, a, answer(a.Orders[open], now))
		clocks := domain.DueOnAccount(a)
		if again := slices.IndexFunc(clocks, func(c es.Alarm) bool { return c.Name == "repeat:"+string(a.Orders[open].ID) }); again >= 0 {
			now = clocks[again].At
			a = apply(t, a, domain.Wake(clocks[again], now))
		}
	}
	t.Fatal("the bank is asked for ever")
	return a, 0
}

func TestI25_WhenABankIsNotAskedAgainAPersonIsToldOnce(t *testing.T) {
	long := executed(four, 100)
	long.ExpiresAt = four.AddDate(0, 1, 0) // stands beyond all repeats
	stopped := domain.AccountDecider().Replay(requested(), approved(), long, liftRequested())
	lift := func(o domain.Order, now time.Time) domain.AccountCommand {
		return domain.AnswerStopChange{Order: o.ID, ResultCode: "0101", Cause: bank.Technical, At: now}
	}
	asked := releaseRequested(0)
	frozenSo := domain.AccountDecider().Replay(and(frozen, asked)...)
	release := func(o domain.Order, now time.Time) domain.AccountCommand {
		return domain.AnswerFollowUp{Order: o.ID, ResultCode: "0101", Cause: bank.Technical, At: now}
	}
	for _, c := range []struct {
		rule   string
		a      domain.Account
		kind   domain.Kind
		target string
		answer func(domain.Order, time.Time) domain.AccountCommand
	}{
		{"a lift", stopped, domain.KindLift, "order-1", lift},
		{"a release", frozenSo, domain.KindRelease, "freeze-1", release},
	} {
		t.Run(c.rule, func(t *testing.T) {
			a, times := refuse(t, c.a, c.kind, c.answer)
			if times != domain.MaxRepeats+1 {
				t.Errorf("the bank is asked %d times", times)
			}
			told := slices.DeleteFunc(slices.Clone(a.Discrepancies), func(d event.BankDiscrepancyFound) bool { return d.Kind != domain.RepeatsEnded })
			last := a.Orders[len(a.Orders)-1]
			if len(told) != 1 || told[0].Order != last.ID || told[0].Expected != c.target || told[0].Found != bank.Technical {
				t.Errorf("a person is told %+v", told)
			}
		})
	}
}

func TestWhatABankTakesBackIsNotCountedAsStopped(t *testing.T) {
	never := answer(four, 0)
	never.Done, never.Corrects, never.Cause, never.At = false, true, bank.NotFound, later
	denied := discrepancyOf(domain.AnswerWithdrawn, "", bank.NotFound, later)
	allTheSame := answer(four, 100)
	allTheSame.Corrects, allTheSame.At = true, later
	corrected := event.StopAnswerCorrected{Order: "order-1", ExecutedAt: four, ExpiresAt: end, BalanceBefore: 100, ResultCode: "0000", At: later}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "a person is told", Given: inForce1(), When: never, Then: given{denied}},
		{Rule: "once", Given: and(inForce1(), denied), When: never},
		{Rule: "that it held after all is a correction too", Given: and(inForce1(), denied), When: allTheSame, Then: given{corrected}},
		{Rule: "the same answer, sent twice, is none", Given: and(inForce1(), denied), When: answer(four, 100)},
		{Rule: "and to take that back is news", Given: and(inForce1(), denied, corrected), When: never, Then: given{denied}},
	})
	for _, c := range []struct {
		rule    string
		history given
		counts  bool
	}{
		{"it says that it holds", inForce1(), true},
		{"that it never did", and(inForce1(), denied), false},
		{"that it does after all", and(inForce1(), denied, corrected), true},
		{"that it never did, once more", and(inForce1(), denied, corrected, denied), false},
	} {
		a := domain.AccountDecider().Replay(c.history...)
		o, _ := a.Find("order-1")
		if a.Stopped() != c.counts || a.StoppedAmount() > 0 != c.counts || o.Stopped() > 0 != c.counts {
			t.Errorf("%s: stopped %v, %v fen, of the stop %v", c.rule, a.Stopped(), a.StoppedAmount(), o.Stopped())
		}
		if o.State != domain.Executed {
			t.Errorf("%s: the stop is %s, which is for a person to decide", c.rule, o.State)
		}
	}
}
