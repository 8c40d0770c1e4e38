package domain_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es/estest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

func TestI65_NamesAreShownToTheCasesOwnUnitAndItsSuperiorsForAPurpose(t *testing.T) {
	ask := func(unit identity.Unit, purpose string) domain.NotePlaintext {
		return domain.NotePlaintext{By: event.Officer{PoliceNo: "090001", Unit: unit}, Role: "chief", Purpose: purpose, What: "flow", At: four}
	}
	shown := func(unit identity.Unit, purpose string) []event.PursuitEvent {
		return []event.PursuitEvent{event.PlaintextViewed{Case: "case-a", User: "090001", Unit: unit, Role: "chief", Purpose: purpose, What: "flow", At: four}}
	}
	given := []event.PursuitEvent{opened()}
	again := append([]event.PursuitEvent{opened()}, shown("440982000000", "file")...)
	estest.Run(t, domain.PursuitDecider(), []chaseRow{
		{Rule: "its own unit", Given: given, When: ask("440982000000", "file"), Then: shown("440982000000", "file")},
		{Rule: "the bureau above it", Given: given, When: ask("440900000000", "court"), Then: shown("440900000000", "court")},
		{Rule: "a second look is on record, too", Given: again, When: ask("440982000000", "file"), Then: shown("440982000000", "file")},
		{Rule: "another county", Given: given, When: ask("440981000000", "file"), Err: domain.ErrOtherUnit},
		{Rule: "a station below it", Given: given, When: ask("440982510000", "file"), Err: domain.ErrOtherUnit},
		{Rule: "no unit at all", Given: given, When: ask("", "file"), Err: domain.ErrOtherUnit},
		{Rule: "no purpose", Given: given, When: ask("440982000000", ""), Err: domain.ErrPurpose},
		{Rule: "a purpose that is none", Given: given, When: ask("440982000000", "mood"), Err: domain.ErrPurpose},
		{Rule: "no such case", When: ask("440982000000", "file"), Err: domain.ErrNoPursuit},
	})
}
