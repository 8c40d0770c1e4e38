package app_test

import (
	"testing"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
)

func TestNothingIsMadeOfWhatIsPassedOverUnread(t *testing.T) {
	for _, name := range []string{"stop-requested.v1", "stop-approved.v1", "order-sent.v1", "stop-executed.v1", "statement-received.v1", "inflow-traced.v1"} {
		e, err := event.Codecs().Decode(name, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if intents := app.React(react.Source{Key: "a"}, e); len(intents) > 0 || !app.Idle(name) {
			t.Errorf("%s: passed over %t, and it leads to %v", name, app.Idle(name), intents)
		}
	}
}

func TestWhatLeadsToCommandsIsHeard(t *testing.T) {
	for _, name := range []string{
		"fraud-report-received.v1", "loss-transfer-declared.v1", "case-filed.v1", "downstream-account-found.v1", "transfer-traced.v1",
		"funds-attributed.v1", "outflows-attributed.v1", "freeze-approved.v1", "refund-executed.v1",
	} {
		if _, err := event.Codecs().Decode(name, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		if app.Idle(name) {
			t.Errorf("%s is passed over", name)
		}
	}
}
