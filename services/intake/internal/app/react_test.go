package app_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/services/intake/internal/app"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
)

func TestWhatIntakeMakesOfAlerts(t *testing.T) {
	late := time.Date(2021, 7, 17, 16, 30, 0, 0, time.UTC) // half past midnight on the 18th in China
	wang := event.Officer{PoliceNo: "091001", Unit: "440982000000", Level: "county"}
	li := event.Officer{PoliceNo: "091002", Unit: "440982000000"}
	transfer := event.Transfer{ID: "t1", Amount: 50_000_00, At: late}
	paid := event.PaymentDiscovered{
		Alert: "a1", Case: "1f2e3d4c-0000-5000-8000-000000000000", Victim: event.Party{ID: "v"}, Transfers: []event.Transfer{transfer},
		FraudType: "07", Operator: wang, Investigator: li, At: late, Warnings: []event.Warning{{Code: "card-no-luhn", Pointer: "/transfers/0/to/number"}},
	}
	report := domain.Report{
		Received: event.FraudReportReceived{
			Channel: "warning", ReceivedAt: late, Urgency: "urgent", Unit: "440982000000", Operator: wang, Investigator: li,
			Alert: "a1", Warnings: paid.Warnings,
		},
		Victim: paid.Victim, Transfers: []domain.Declared{{Transfer: transfer}}, FraudType: "07",
		ReceiptNo: "S440982202107181F2E3D4C", At: late,
	}
	strange, unclassified := paid, report
	strange.FraudType, unclassified.FraudType = "冒充客服", ""
	for _, c := range []struct {
		rule string
		hear event.Event
		want []app.Intent
	}{
		{"a subject who has paid is a victim, and his case opens with all that is known", paid, []app.Intent{{Case: paid.Case, Command: report}}},
		{"a supplier's own word for the kind of fraud does not keep the case from opening", strange, []app.Intent{{Case: paid.Case, Command: unclassified}}},
		{"a closed alert is no affair of intake", event.WarningClosed{Outcome: "dissuaded"}, nil},
		{"an imported order is no affair of intake", event.WarningOrderImported{}, nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := app.React(react.Source{}, c.hear)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			for _, i := range got {
				if _, err := domain.Decide(domain.Case{}, i.Command); err != nil {
					t.Errorf("what intake gives itself is refused: %v", err)
				}
			}
		})
	}
}
