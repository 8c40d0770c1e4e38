package rest_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/rest"
)

func TestAnOrderThatChangesAMeasureIsExplainedByTheMeasure(t *testing.T) {
	history := []event.AccountEvent{
		event.StopRequested{Order: "other-case", Case: "case-b"},
		event.StopRequested{Order: "stop", Case: "case-a"},
		event.StopRaiseRequested{Order: "raise", Target: "stop", Case: "case-a"},
		event.LiftRequested{Order: "lift", Target: "stop", Case: "case-a"},
		event.FreezeRequested{Order: "freeze", Case: "case-a"},
		event.FreezeRenewalRequested{Order: "renewal", Target: "freeze", Case: "case-a"},
		event.FreezeReleaseRequested{Order: "release", Target: "freeze", Case: "case-a"},
		event.AccountQueryRequested{Order: "query", Case: "case-a"},
	}
	for order, want := range map[identity.OrderID]struct {
		kase    identity.CaseID
		measure identity.OrderID
		change  string
	}{
		"other-case": {"case-b", "other-case", ""}, "stop": {"case-a", "stop", ""}, "raise": {"case-a", "stop", "raise"}, "lift": {"case-a", "stop", "lift"},
		"freeze": {"case-a", "freeze", ""}, "renewal": {"case-a", "freeze", "renewal"}, "release": {"case-a", "freeze", "release"},
	} {
		kase, measure, change, known := rest.AskedAbout(history, order)
		if !known || kase != want.kase || measure != want.measure || change != want.change {
			t.Errorf("%s: %s %s %q %t", order, kase, measure, change, known)
		}
	}
	for _, order := range []identity.OrderID{"query", "nothing", ""} {
		if _, _, _, known := rest.AskedAbout(history, order); known {
			t.Errorf("%q restrains nothing, and is explained", order)
		}
	}
}
