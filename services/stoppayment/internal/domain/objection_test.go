package domain_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

var (
	theChief = event.Officer{PoliceNo: "090900", Unit: "440982000000", Level: identity.County}
	sealed   = seal.Box{Subject: "mule-1", Cipher: []byte{1}}
	paperOf  = strings.Repeat("ab", 32)
	friday   = four.Add(5 * 24 * time.Hour)
)

func file() domain.FileObjection {
	return domain.FileObjection{
		Objection: "objection-1", Order: "order-1", Holder: sealed, Grounds: "lawful-income", Documents: []string{paperOf}, Channel: "counter",
		Officer: li, Due: friday, At: four.Add(time.Hour),
	}
}

func filed() event.ObjectionFiled {
	return event.ObjectionFiled{
		Objection: "objection-1", Order: "order-1", Case: "case-a", Holder: sealed, Grounds: "lawful-income", Documents: []string{paperOf}, Channel: "counter",
		FiledAt: four.Add(time.Hour), Due: friday, Unit: "440982000000", Officer: li,
	}
}

func decide(outcome string) domain.DecideObjection {
	return domain.DecideObjection{Objection: "objection-1", Outcome: outcome, Reason: "lawful-income", Officer: theChief, At: four.Add(2 * time.Hour)}
}

func decided(outcome string) event.ObjectionDecided {
	return event.ObjectionDecided{
		Objection: "objection-1", Order: "order-1", Outcome: outcome, Reason: "lawful-income", Officer: theChief, At: four.Add(2 * time.Hour),
	}
}

func inForce() given { return given{requested(), approved(), executed(four, 20_000_00)} }

// liftOf is the lift that follows from a decision.
func liftOf(t *testing.T, events []event.AccountEvent) event.LiftRequested {
	t.Helper()
	for _, e := range events {
		if lift, ok := e.(event.LiftRequested); ok {
			return lift
		}
	}
	t.Fatalf("no lift among %v", events)
	return event.LiftRequested{}
}

func TestAnObjectionIsTakenInWhateverHasBecomeOfTheMeasure(t *testing.T) {
	without, slip := file(), file()
	without.Documents = nil
	slip.Documents = []string{"工资单.pdf"}
	second := file()
	second.Objection = "objection-2"
	late := event.ObjectionDecided{
		Objection: "objection-1", Order: "order-1", Outcome: domain.Dismissed, Reason: "measure-ended", At: four.Add(time.Hour),
	}
	unknown := file()
	unknown.Order = "order-9"
	secondStop := given{
		requested(), approved(), executed(four, 100), secondRequested(),
		event.StopApproved{Order: "order-2", Approver: leader, At: four},
		secondExecuted(four.Add(time.Hour)),
		event.StopLapsed{Order: "order-1"},
	}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "one paper is enough", Given: inForce(), When: file(), Then: given{filed()}},
		{Rule: "none is too few", Given: inForce(), When: without, Err: domain.ErrObjectionPaper},
		{Rule: "the paper itself has no place in the log", Given: inForce(), When: slip, Err: domain.ErrObjectionPaper},
		{Rule: "sent again it is the same objection", Given: append(inForce(), filed()), When: file()},
		{Rule: "a second one while the first is open is refused", Given: append(inForce(), filed()), When: second, Err: domain.ErrObjectionOpen},
		{Rule: "after the first was dismissed it is a new one", Given: append(inForce(), filed(), decided(domain.Dismissed)), When: second, Then: given{
			func() event.ObjectionFiled { f := filed(); f.Objection = "objection-2"; return f }(),
		}},
		{Rule: "after the measure has ended it is stored and closed with that reason", Given: append(inForce(), event.StopLapsed{Order: "order-1"}), When: file(), Then: given{filed(), late}},
		{Rule: "a first stop goes on in the second", Given: secondStop, When: file(), Then: given{filed()}},
		{Rule: "a stop that was never carried out", Given: given{requested(), approved(), event.StopFailed{Order: "order-1"}}, When: file(), Then: given{filed(), func() event.ObjectionDecided {
			never := late
			never.Reason = "measure-not-carried-out"
			return never
		}()}},
		{Rule: "an unknown measure", Given: inForce(), When: unknown, Err: domain.ErrNoOrder},
	})
}

func TestAnObjectionThatIsRightLiftsTheStopInTheSameBreath(t *testing.T) {
	d := domain.AccountDecider()
	state := d.Replay(append(inForce(), filed(), event.ObjectionAccepted{Objection: "objection-1", Officer: li, At: four.Add(time.Hour)})...)
	events, err := d.Decide(state, decide(domain.Upheld))
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	lift := liftOf(t, events)
	said, _ := events[0].(event.ObjectionDecided)
	if said.Outcome != domain.Upheld || said.LiftOrder != lift.Order || lift.Order == "" {
		t.Errorf("the decision %+v names another order than %s", said, lift.Order)
	}
	if lift.Target != "order-1" || lift.Keep != 0 || lift.Cause != "objection" || lift.Objection != "objection-1" || lift.Approver != theChief {
		t.Errorf("lift %+v", lift)
	}
	for _, e := range events {
		state = d.Evolve(state, e)
	}
	if again, err := d.Decide(state, decide(domain.Upheld)); err != nil || len(again) > 0 {
		t.Errorf("decided again: %v, %v", again, err)
	}
	part := decide(domain.Partly)
	part.Keep = 5_000_00
	state = d.Replay(append(inForce(), filed())...)
	if events, err = d.Decide(state, part); err != nil || liftOf(t, events).Keep != 5_000_00 {
		t.Errorf("right in part: %v, %v", events, err)
	}
}

func TestWhoDecidesOnAnObjectionHasHadNoHandInTheMeasure(t *testing.T) {
	by := func(who event.Officer, outcome string) domain.DecideObjection {
		d := decide(outcome)
		d.Officer = who
		return d
	}
	withdrawn := func(who event.Officer, paper string) domain.DecideObjection {
		d := by(who, domain.Withdrawn)
		d.Document = paper
		return d
	}
	elsewhere := event.Officer{PoliceNo: "080100", Unit: "440981000000", Level: identity.County}
	cityChief := event.Officer{PoliceNo: "010100", Unit: "440900000000", Level: identity.City}
	keepAll, keepNone := decide(domain.Partly), decide(domain.Upheld)
	keepAll.Keep = 20_000_00
	keepNone.Keep = 1
	silent := decide(domain.Dismissed)
	silent.Reason = ""
	open := slices.Clip(append(inForce(), filed()))
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "not the operator", Given: open, When: by(li, domain.Dismissed), Err: domain.ErrDeciderInvolved},
		{Rule: "not the investigator", Given: open, When: by(wang, domain.Upheld), Err: domain.ErrDeciderInvolved},
		{Rule: "nor once the measure has ended", Given: append(open, event.StopLapsed{Order: "order-1"}), When: by(leader, domain.Dismissed), Err: domain.ErrDeciderInvolved},
		{Rule: "not the approver", Given: open, When: by(leader, domain.Dismissed), Err: domain.ErrDeciderInvolved},
		{Rule: "nor may he note that its holder withdraws it", Given: open, When: withdrawn(leader, paperOf), Err: domain.ErrDeciderInvolved},
		{Rule: "which takes a paper of the holder", Given: open, When: withdrawn(theChief, ""), Err: domain.ErrWithdrawalPaper},
		{Rule: "its hash and not the paper itself", Given: open, When: withdrawn(theChief, "撤回申请.pdf"), Err: domain.ErrWithdrawalPaper},
		{Rule: "with it another notes the withdrawal", Given: open, When: withdrawn(theChief, paperOf), Then: given{func() event.ObjectionDecided {
			d := decided(domain.Withdrawn)
			d.Document = paperOf
			return d
		}()}},
		{Rule: "a leader of another unit does not decide", Given: open, When: by(elsewhere, domain.Dismissed), Err: domain.ErrNotSuperior},
		{Rule: "nor is one below the unit of the measure enough", Given: open, When: by(station, domain.Dismissed), Err: domain.ErrNotSuperior},
		{Rule: "the city's bureau does", Given: open, When: by(cityChief, domain.Dismissed), Then: given{func() event.ObjectionDecided {
			d := decided(domain.Dismissed)
			d.Officer = cityChief
			return d
		}()}},
		{Rule: "another dismisses it", Given: open, When: decide(domain.Dismissed), Then: given{decided(domain.Dismissed)}},
		{Rule: "with a reason", Given: open, When: silent, Err: domain.ErrReason},
		{Rule: "right in part keeps less than is held", Given: open, When: keepAll, Err: domain.ErrKeepAmount},
		{Rule: "right in part keeps something", Given: open, When: decide(domain.Partly), Err: domain.ErrKeepAmount},
		{Rule: "right in full keeps nothing", Given: open, When: keepNone, Err: domain.ErrKeepAmount},
		{Rule: "an outcome that there is not", Given: open, When: decide("maybe"), Err: domain.ErrOutcome},
		{Rule: "once decided it stays so", Given: append(open, decided(domain.Dismissed)), When: decide(domain.Upheld), Err: domain.ErrObjectionDecided},
		{Rule: "right, and the measure has lapsed meanwhile: nothing is left to lift", Given: append(open, event.StopLapsed{Order: "order-1"}), When: decide(domain.Upheld), Then: given{decided(domain.Upheld)}},
		{Rule: "an objection that there is not", Given: inForce(), When: decide(domain.Upheld), Err: domain.ErrNoObjection},
	})
}

func TestAnObjectionIsOverdueOnce(t *testing.T) {
	overdue := event.ObjectionOverdue{Objection: "objection-1", Due: friday, Unit: "440982000000"}
	d := domain.AccountDecider()
	state := d.Replay(append(inForce(), filed())...)
	var clock []string
	for _, a := range d.Due(state) {
		if !a.At.Equal(friday) {
			continue
		}
		clock = append(clock, a.Name)
		if woken := domain.Wake(a, friday); woken != (domain.ObjectionDue{Objection: "objection-1", At: friday}) {
			t.Errorf("wakes %#v", woken)
		}
		if c := state.CaseOf(a); c != "case-a" {
			t.Errorf("for case %q", c)
		}
	}
	if len(clock) != 1 {
		t.Fatalf("%v run until Friday", clock)
	}
	wake := domain.ObjectionDue{Objection: "objection-1", At: friday}
	early := wake
	early.At = friday.Add(-time.Second)
	estest.Run(t, d, []row{
		{Rule: "on time", Given: append(inForce(), filed()), When: wake, Then: given{overdue}},
		{Rule: "a second before", Given: append(inForce(), filed()), When: early},
		{Rule: "not twice", Given: append(inForce(), filed(), overdue), When: wake},
		{Rule: "not when it is decided", Given: append(inForce(), filed(), decided(domain.Dismissed)), When: wake},
	})
	for _, over := range []given{append(inForce(), filed(), overdue), append(inForce(), filed(), decided(domain.Dismissed))} {
		for _, a := range d.Due(d.Replay(over...)) {
			if a.Name == clock[0] {
				t.Errorf("%s still runs", a.Name)
			}
		}
	}
}

func TestAnObjectionToAStopThatAFreezeHasFollowedReachesTheFreeze(t *testing.T) {
	other := event.Officer{PoliceNo: "090800", Unit: "440982000000", Level: identity.County}
	by := func(d domain.DecideObjection, who event.Officer) domain.DecideObjection {
		d.Officer = who
		return d
	}
	frozen := append(inForce(), filed(),
		event.FreezeRequested{Order: "freeze-1", Case: "case-a", CaseNo: "A1", Account: mule, FreezeType: "02", TermMonths: 6, Approver: theChief, Operator: li, Investigator: wang, At: four},
		event.FreezeExecuted{Order: "freeze-1", Case: "case-a", Account: mule, ExecutedAt: four, ExpiresAt: four.AddDate(0, 6, 0), Applied: 20_000_00, Frozen: 20_000_00, Balance: 20_000_00},
		event.StopLifted{Order: "order-1", Cause: "converted", At: four})
	part := decide(domain.Partly)
	part.Keep = 5_000_00
	d := domain.AccountDecider()
	for rule, c := range map[string]struct {
		cmd    domain.DecideObjection
		amount money.Fen
	}{
		"right in full: all of it": {by(decide(domain.Upheld), other), 0},
		"right in part: the rest":  {by(part, other), 15_000_00},
	} {
		t.Run(rule, func(t *testing.T) {
			events, err := d.Decide(d.Replay(frozen...), c.cmd)
			if err != nil || len(events) != 2 {
				t.Fatalf("%v, %v", events, err)
			}
			release, ok := events[1].(event.FreezeReleaseRequested)
			if !ok || release.Target != "freeze-1" || release.Amount != c.amount || release.Cause != "objection" || release.Objection != "objection-1" {
				t.Errorf("release %+v", events[1])
			}
		})
	}
	if _, err := d.Decide(d.Replay(frozen...), decide(domain.Upheld)); !errors.Is(err, domain.ErrDeciderInvolved) {
		t.Errorf("who approved the freeze decides: %v", err)
	}
}
