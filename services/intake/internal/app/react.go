package app

import (
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/services/intake/internal/domain"
)

// Intent is a command that intake gives itself because of what it has heard.
type Intent struct {
	Case    identity.CaseID
	Command domain.Command
}

// React is the process manager of intake: a subject of a warning who has paid
// already is a victim, and his case opens by itself.
func React(_ react.Source, e event.Event) []Intent {
	paid, ok := e.(event.PaymentDiscovered)
	if !ok {
		return nil // everything else about alerts is the warning service's own affair
	}
	report := domain.Report{
		Received: event.FraudReportReceived{
			Channel: "warning", ReceivedAt: paid.At, Urgency: "urgent", Brief: paid.Brief, Unit: paid.Operator.Unit,
			Operator: paid.Operator, Investigator: paid.Investigator, Alert: paid.Alert, Warnings: paid.Warnings,
		},
		Victim: paid.Victim, FraudType: paid.FraudType, ReceiptNo: domain.ReceiptNo(paid.Operator.Unit, paid.Case, paid.At), At: paid.At,
	}
	if _, known := domain.FraudTypes()[paid.FraudType]; !known {
		report.FraudType = "" // the supplier's own word; it must not keep the case from opening
	}
	for _, t := range paid.Transfers {
		report.Transfers = append(report.Transfers, domain.Declared{Transfer: t})
	}
	return []Intent{{paid.Case, report}}
}
