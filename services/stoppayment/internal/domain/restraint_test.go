package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestAnOfficerIsToldWhoHoldsTheAccountAlready(t *testing.T) {
	other := request()
	other.Order, other.Case, other.Lots, other.Standing, other.Source = "order-b", "case-b", nil, nil, event.Transfer{}
	wants := requested()
	wants.Order, wants.Case, wants.Lots, wants.Source = "order-b", "case-b", nil, event.Transfer{}
	court := domain.Measure{Kind: "1001", By: "广州市中级人民法院", Amount: 5, Until: four.Add(1000 * time.Hour)}
	ours := domain.Measure{Kind: "0001", By: "公安机关440982000000", Until: four.Add(48 * time.Hour)}
	told := event.PriorRestraintFound{Order: "order-1", Kind: "1001", By: court.By, Amount: 5, Until: court.Until, At: four}
	with := func(measures ...domain.Measure) domain.AnswerStop {
		a := answer(four, 100)
		a.Measures = measures
		return a
	}
	refused := domain.AnswerStop{Order: "order-1", ResultCode: "0002", Cause: "queued", Measures: []domain.Measure{court}, At: four}
	estest.Run(t, domain.AccountDecider(), []row{
		{Rule: "another case of the city holds it", Given: given{requested(), approved(), executed(four, 100)}, When: other, Then: given{wants, func() event.PriorRestraintFound {
			p := prior("order-b", four.Add(48*time.Hour))
			return p
		}()}},
		{Rule: "a stop that has lapsed holds nothing", Given: given{requested(), approved(), executed(four, 100), event.StopLapsed{Order: "order-1"}}, When: other, Then: given{wants}},
		{Rule: "the bank names a court, and this city", Given: given{requested(), approved()}, When: with(court, ours), Then: given{executed(four, 100), told}},
		{Rule: "what it said before is not said again", Given: given{requested(), approved(), told}, When: with(court), Then: given{executed(four, 100)}},
		{Rule: "a bank that cannot stop names who has", Given: given{requested(), approved()}, When: refused, Then: given{
			event.StopFailed{Order: "order-1", ResultCode: "0002", Cause: "queued", At: four}, told,
		}},
	})
	a := domain.AccountDecider().Replay(requested(), approved(), executed(four, 100), told)
	stop := domain.Restraint{Kind: "0001", By: "440982000000", Order: "order-1", Case: "case-a", Until: four.Add(48 * time.Hour), Own: true}
	foreign := domain.Restraint{Kind: "1001", By: court.By, Amount: 5, Until: court.Until}
	if diff := cmp.Diff([]domain.Restraint{stop, foreign}, a.Restraints(four)); diff != "" {
		t.Errorf("what holds the account (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]domain.Restraint{foreign}, a.Others("case-a", "440982000000", four)); diff != "" {
		t.Errorf("what others hold (-want +got):\n%s", diff)
	}
	if all := a.Restraints(court.Until); len(all) != 1 || !all[0].Own {
		t.Errorf("after the court's measure has ended: %+v", all)
	}
}
