package domain_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"pgregory.net/rapid"
)

// tenfold calls ten times what was traced too much, from 10,000 yuan on.
func tenfold() domain.Proportion {
	return domain.Proportion{Factor: 10, Floor: 10_000_00, Percent: 110}
}

// smallLoss is a stop that follows a transfer of 1,000 yuan.
func smallLoss() given {
	r := requested()
	r.Source.Amount = 1_000_00
	r.Lots = []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 1_000_00}}
	in := event.InflowTraced{Case: "case-a", Source: r.Source, Lots: r.Lots}
	return given{r, approved(), in}
}

func found(events []event.AccountEvent) (all []event.DisproportionFound) {
	for _, e := range events {
		if f, ok := e.(event.DisproportionFound); ok {
			all = append(all, f)
		}
	}
	return all
}

func TestMuchMoreHeldThanWasTracedIsSaidOnceForEachLevel(t *testing.T) {
	for rule, c := range map[string]struct {
		balance money.Fen
		want    bool
	}{
		"ten times and above the floor": {10_000_00, true},
		"a fen less than ten times":     {9_999_99, false},
		"a hundred times":               {100_000_00, true},
	} {
		t.Run(rule, func(t *testing.T) {
			d := tenfold().Watch(domain.AccountDecider())
			events, err := d.Decide(d.Replay(smallLoss()...), answer(four, c.balance))
			if err != nil {
				t.Fatal(err)
			}
			said := found(events)
			if (len(said) == 1) != c.want {
				t.Fatalf("said %+v", said)
			}
			if !c.want {
				return
			}
			want := event.DisproportionFound{Order: "order-1", Case: "case-a", Held: c.balance, Attributable: 1_000_00, At: four}
			if diff := cmp.Diff(want, said[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := tenfold().Watch(domain.AccountDecider())
	past := append(smallLoss(), executed(four, 50_000_00), event.DisproportionFound{Order: "order-1", Case: "case-a", Held: 50_000_00, Attributable: 1_000_00, At: four})
	attributed := func(held money.Fen) event.FundsAttributed {
		return event.FundsAttributed{Revision: 1, Balance: 50_000_00, Held: []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: held}}}
	}
	for rule, c := range map[string]struct {
		traced money.Fen
		want   int
	}{
		"the same level again is no news":        {900_00, 0},
		"a hundred times is":                     {400_00, 1},
		"nothing of it is left: the whole is":    {0, 1},
		"more was traced: no disproportion left": {40_000_00, 0},
	} {
		t.Run(rule, func(t *testing.T) {
			watched := tenfold().Watch(d)
			watched.Decide = tenfold().Watch(fixed(attributed(c.traced))).Decide
			events, err := watched.Decide(d.Replay(past...), domain.TraceInflow{At: four})
			if err != nil || len(found(events)) != c.want {
				t.Errorf("%+v, %v", found(events), err)
			}
		})
	}
}

// fixed decides the same whatever is asked.
func fixed(events ...event.AccountEvent) (d watchedDecider) {
	d = domain.AccountDecider()
	d.Decide = func(domain.Account, domain.AccountCommand) ([]event.AccountEvent, error) { return events, nil }
	return d
}

func TestTheCityMayNarrowByItselfAndAPersonMayInOneStep(t *testing.T) {
	auto := tenfold()
	auto.Auto = true
	d := auto.Watch(domain.AccountDecider())
	events, err := d.Decide(d.Replay(smallLoss()...), answer(four, 50_000_00))
	if err != nil {
		t.Fatal(err)
	}
	if lift := liftOf(t, events); lift.Keep != 1_000_00 || lift.Cause != "disproportionate" || lift.Approver != leader || lift.Target != "order-1" {
		t.Errorf("lift %+v", lift)
	}
	past := append(smallLoss(), executed(four, 50_000_00))
	narrow := domain.NarrowMeasure{Order: "order-1", Percent: 110, Officer: theChief, At: four.Add(time.Hour)}
	events, err = d.Decide(d.Replay(past...), narrow)
	if err != nil || len(events) != 1 || liftOf(t, events).Keep != 1_000_00 {
		t.Fatalf("%v, %v", events, err)
	}
	left := event.FundsAttributed{Revision: 1, Balance: 50_000_00, Held: []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: 400_00}}}
	if less, err := d.Decide(d.Replay(append(slices.Clip(past), left)...), narrow); err != nil || liftOf(t, less).Keep != 440_00 {
		t.Errorf("what is left of it, and a tenth: %v, %v", less, err)
	}
	if again, err := d.Decide(d.Replay(append(past, events...)...), narrow); err != nil || len(again) > 0 {
		t.Errorf("while the bank is at it: %v, %v", again, err)
	}
	for rule, c := range map[string]struct {
		past given
		want error
	}{
		"what is held is what was traced": {append(smallLoss(), executed(four, 1_000_00)), domain.ErrProportionate},
		"it has ended":                    {append(slices.Clip(past), event.StopLapsed{Order: "order-1"}), domain.ErrNotHeld},
		"nothing was traced":              {given{func() event.StopRequested { r := requested(); r.Lots = nil; return r }(), approved(), executed(four, 50_000_00)}, domain.ErrNothingTraced},
	} {
		t.Run(rule, func(t *testing.T) {
			if _, err := d.Decide(d.Replay(c.past...), narrow); err == nil || err.Error() != c.want.Error() {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestWhatANarrowedStopHoldsIsNeverLessThanWhatWasTracedNorMoreThanCameIn(t *testing.T) {
	d := domain.AccountDecider()
	rapid.Check(t, func(t *rapid.T) {
		came := money.Fen(rapid.Int64Range(1, 1_000_000_00).Draw(t, "came in"))
		traced := money.Fen(rapid.Int64Range(1, int64(came)).Draw(t, "is left of it"))
		held := traced + money.Fen(rapid.Int64Range(1, 1_000_000_00).Draw(t, "of the holder's own"))
		percent := rapid.Int64Range(-10, 2000).Draw(t, "percent")
		past := smallLoss()
		in, _ := past[2].(event.InflowTraced)
		in.Source.Amount, in.Lots = came, []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: came}}
		request, _ := past[0].(event.StopRequested)
		request.Source, request.Lots = in.Source, in.Lots
		past = given{request, past[1], in, executed(four, held), event.FundsAttributed{
			Revision: 1, Balance: held, Held: []event.Lot{{Case: "case-a", Victim: "yang", Transfer: "t1", Amount: traced}},
		}}
		events, err := d.Decide(d.Replay(past...), domain.NarrowMeasure{Order: "order-1", Percent: percent, Officer: theChief, At: four})
		if errors.Is(err, domain.ErrProportionate) {
			return // its margin reaches what is held
		}
		if err != nil || len(events) != 1 {
			t.Fatalf("%v, %v", events, err)
		}
		lift, ok := events[0].(event.LiftRequested)
		if !ok || lift.Keep < traced || lift.Keep > came || lift.Keep >= held {
			t.Fatalf("of %d that came in %d is left, %d is held, %d is kept", came, traced, held, lift.Keep)
		}
	})
}

type watchedDecider = es.Decider[domain.Account, domain.AccountCommand, event.AccountEvent]

func TestWhatComesInUnderAStopOfTheWholeAccountCountsAsHeld(t *testing.T) {
	d := tenfold().Watch(domain.AccountDecider())
	merchant := append(smallLoss(), executed(four, 100_00)) // 100 yuan when it was stopped
	asked := event.AccountQueryRequested{Order: "query-1", Case: "case-a", Account: mule, TxCode: "100309", Operator: li, Investigator: wang, At: four.Add(time.Hour)}
	now := money.Fen(1_000_000_00)
	reply := domain.AnswerQuery{Order: "query-1", Done: true, ResultCode: "0000", Balance: &now, At: four.Add(2 * time.Hour)}
	events, err := d.Decide(d.Replay(and(merchant, asked)...), reply)
	if said := found(events); err != nil || len(said) != 1 || said[0].Held != now || said[0].Attributable != 1_000_00 {
		t.Fatalf("a million came in and was told in a query: %+v, %v", said, err)
	}
	past := and(merchant, append(given{asked}, events...)...)
	narrow := domain.NarrowMeasure{Order: "order-1", Percent: 110, Officer: theChief, At: four.Add(3 * time.Hour)}
	if events, err = d.Decide(d.Replay(past...), narrow); err != nil || liftOf(t, events).Keep != 1_000_00 {
		t.Errorf("narrowed: %v, %v", events, err)
	}
	old := reply
	old.At = four.Add(-time.Hour) // said before the stop was carried out
	before := d.Replay(and(smallLoss(), asked, event.AccountQueryAnswered{Order: "query-1", Balance: &now, At: old.At}, executed(four, 100_00))...)
	if _, err = d.Decide(before, narrow); !errors.Is(err, domain.ErrProportionate) {
		t.Errorf("an older word counts: %v", err)
	}
	salary := event.StatementReceived{Order: "query-1", Opening: 100_00, Rows: []event.Row{{Serial: "R1", At: four.Add(time.Hour), Credit: true, Amount: 999_900_00, Balance: now, Kind: "transfer"}}}
	if events, err = d.Decide(d.Replay(and(merchant, asked, event.AccountQueryAnswered{Order: "query-1", At: four.Add(2 * time.Hour)}, salary)...), narrow); err != nil || liftOf(t, events).Keep != 1_000_00 {
		t.Errorf("told in a statement: %v, %v", events, err)
	}
}
