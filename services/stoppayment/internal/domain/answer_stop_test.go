package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func discrepancyOf(kind, expected, found string, at time.Time) event.BankDiscrepancyFound {
	return event.BankDiscrepancyFound{Order: "order-1", Kind: kind, Expected: expected, Found: found, At: at}
}

func TestACorrectionTakesThePlaceOfTheAnswerAndHoldsNobodyLonger(t *testing.T) {
	was := given{requested(), approved(), executed(four, 100)}
	correction := func(at time.Time) domain.AnswerStop {
		cmd := answer(four.Add(time.Hour), 0)
		cmd.ExecutedAt, cmd.BalanceBefore, cmd.Corrects = at, 200, true
		return cmd
	}
	corrected := func(at, expires time.Time) event.StopAnswerCorrected {
		e := event.StopAnswerCorrected{Order: "order-1", ExecutedAt: at, ExpiresAt: expires, BalanceBefore: 200, ResultCode: "0000", At: four.Add(time.Hour)}
		if there := at.Add(48 * time.Hour); there.After(expires) {
			e.BankExpiresAt = there // by its own count the bank holds longer
		}
		return e
	}
	named := corrected(four.Add(time.Minute), four.Add(48*time.Hour))
	named.BankExpiresAt = four.Add(72 * time.Hour)
	end := four.Add(48 * time.Hour)
	withdrawn := correction(four)
	withdrawn.Done, withdrawn.Cause = false, "not-found"
	same := answer(four, 100)
	same.Corrects = true
	wide := correction(four.Add(time.Minute))
	wide.BankExpires = four.Add(72 * time.Hour)
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "a later execution does not move the end, and that the bank holds longer is told", Given: was, When: correction(four.Add(30 * time.Minute)), Then: given{
			corrected(four.Add(30*time.Minute), end), discrepancyOf("expiry-differs", "2021-07-19T08:00:00Z", "2021-07-19T08:30:00Z", four.Add(time.Hour)),
		},
	}, {
		Rule: "an earlier one does", Given: was, When: correction(four.Add(-time.Minute)), Then: given{corrected(four.Add(-time.Minute), end.Add(-time.Minute))},
	}, {
		Rule: "a later end that the bank names is a discrepancy and does not count", Given: was, When: wide,
		Then: given{
			named,
			discrepancyOf("expiry-differs", "2021-07-19T08:00:00Z", "2021-07-20T08:00:00Z", four.Add(time.Hour)),
		},
	}, {
		Rule: "that nothing was stopped after all is for a person to look at", Given: was, When: withdrawn,
		Then: given{discrepancyOf("answer-withdrawn", "", "not-found", four.Add(time.Hour))},
	}, {
		Rule: "a correction that corrects nothing is nothing", Given: was, When: same,
	}, {
		Rule: "the same correction again is nothing", Given: append(was[:3:3], corrected(four.Add(30*time.Minute), end)), When: correction(four.Add(30 * time.Minute)),
	}})
}

func TestACorrectedStatementRevisesTheLedgerEvenIfRowsAreGone(t *testing.T) {
	a := domain.AccountDecider().Replay(requested(), approved(), inflowA())
	right := stoppedWith(350, 100, credit("S-A", 1, 400, 500), debitTo(&mule2, "S-X", 2, 150, 350))
	wrong := stoppedWith(250, 100, append(right.Statement.Rows[:2:2], debitTo(&mule2, "S-Y", 3, 100, 250))...)
	a = apply(t, a, wrong)
	if a.Attribution.Revision != 1 || len(a.Attribution.Outflows) != 2 {
		t.Fatalf("revision %d, %d outflows", a.Attribution.Revision, len(a.Attribution.Outflows))
	}
	unmarked := apply(t, a, right)
	if unmarked.Attribution.Revision != 1 || len(unmarked.Discrepancies) != 1 || unmarked.Discrepancies[0].Kind != domain.AnswerDiffers {
		t.Errorf("without a mark: revision %d, %+v", unmarked.Attribution.Revision, unmarked.Discrepancies)
	}
	right.Corrects = true
	a = apply(t, a, right)
	if a.Attribution.Revision != 2 || len(a.Attribution.Outflows) != 1 || byOwner(a.Attribution.Held)["A"] != 250 {
		t.Errorf("corrected: revision %d, %d outflows, held %v", a.Attribution.Revision, len(a.Attribution.Outflows), a.Attribution.Held)
	}
	if events, err := domain.DecideAccount(a, right); err != nil || len(events) > 0 {
		t.Errorf("the same correction again: %v, %v", events, err)
	}
}

func TestAnswersLateAndOutOfOrderAreTaken(t *testing.T) {
	late := answer(four, 100)
	late.At = four.Add(49 * time.Hour)
	frozen := given{requested(), approved(), freezeRequested(), freezeExecuted(four, 100)}
	second := answer(four.Add(time.Hour), 100)
	estest.Run(t, domain.AccountDecider(), []row{{
		Rule: "told after the 48 hours: on record, and the officer sees it", Given: given{requested(), approved()}, When: late,
		Then: given{executed(four, 100), discrepancyOf("answer-late", "2021-07-19T08:00:00Z", "2021-07-19T09:00:00Z", four.Add(49*time.Hour))},
	}, {
		Rule:  "one from the future, told again later, is the same answer",
		Given: given{requested(), approved(), executed(four, 100), discrepancyOf("executed-at-implausible", "2021-07-17T08:00:00Z", "2021-07-17T09:00:00Z", four)},
		When: func() domain.AnswerStop {
			cmd := answer(four.Add(time.Hour), 100)
			cmd.At = four.Add(time.Minute)
			return cmd
		}(),
	}, {
		Rule: "the answer to the freeze has come before: the bank is asked to lift the stop", Given: frozen, When: second,
		Then: given{executed(four.Add(time.Hour), 100), bySelf("order-1", 1, domain.LiftConverted, four.Add(time.Hour))},
	}, {
		Rule: "a refusal after the execution changes nothing and is a discrepancy", Given: given{requested(), approved(), executed(four, 100)},
		When: domain.AnswerStop{Order: "order-1", ResultCode: "0001", Cause: "not-found", At: four},
		Then: given{discrepancyOf("answer-differs", "2021-07-17T08:00:00Z 1.00", "not-found", four)},
	}})
}

func TestAnEndBeforeTheBeginningIsADiscrepancyAndThe48HoursStay(t *testing.T) {
	cmd := answer(four, 100)
	cmd.BankExpires = four.Add(-time.Hour)
	events, err := domain.DecideAccount(domain.AccountDecider().Replay(requested(), approved()), cmd)
	if err != nil {
		t.Fatal(err)
	}
	want := []event.AccountEvent{executed(four, 100), discrepancyOf("expiry-differs", "2021-07-19T08:00:00Z", "2021-07-17T07:00:00Z", four)}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
