// Package domain has the rules of a reported case. It is pure.
package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Case (案件) is what the rules need to know of a case.
type Case struct {
	Reported  bool
	Operator  event.Officer
	Victim    identity.PartyID
	ReceiptNo string
	Type      string
	Declared  money.Fen
	Transfers []identity.TransferID
	Movements []Movement // of the transfers, in the same order
	Proposer  event.Officer
	Proposed  bool
	CaseNo    identity.CaseNo // "" until filed
	Declined  bool
}

// Movement is what makes two declared transfers the same one.
type Movement struct {
	From, To identity.AccountID
	Amount   money.Fen
	At       time.Time
	Serial   string
}

func movement(t event.Transfer) Movement {
	return Movement{t.From.ID, t.To.ID, t.Amount, t.At.UTC(), t.Serial}
}

// Filed tells whether the case has been filed (立案).
func (c Case) Filed() bool { return c.CaseNo != "" }

// Command is something that can be asked of a case.
//
//sumtype:decl
type Command interface{ isCommand() }

// Declared is a transfer with what belongs to its declaration.
type Declared struct {
	Transfer event.Transfer
	Channel  string
	Warnings []event.Warning
}

// Report (报案) opens a case.
type Report struct {
	Received       event.FraudReportReceived
	Victim         event.Party
	VictimWarnings []event.Warning
	Transfers      []Declared
	FraudType      string
	ReceiptNo      string
	At             time.Time
}

// DeclareTransfer (补充转账) adds a transfer that the victim remembers later.
type DeclareTransfer struct{ Declared Declared }

// Classify (类型认定) names the kind of fraud.
type Classify struct {
	Code string
	By   event.Officer
}

// ProposeFiling (呈请立案) asks the chief to file.
type ProposeFiling struct {
	By event.Officer
	At time.Time
}

// FileCase (立案) is the chief's decision.
type FileCase struct {
	CaseNo     identity.CaseNo
	DecisionNo string
	Approver   event.Officer
	At         time.Time
}

// DeclineFiling (不予立案) is the chief's refusal.
type DeclineFiling struct {
	Approver event.Officer
	Reason   string
	At       time.Time
}

func (Report) isCommand()          {}
func (DeclareTransfer) isCommand() {}
func (Classify) isCommand()        {}
func (ProposeFiling) isCommand()   {}
func (FileCase) isCommand()        {}
func (DeclineFiling) isCommand()   {}

// Decider is all of the rules.
func Decider() es.Decider[Case, Command, event.CaseEvent] {
	return es.Decider[Case, Command, event.CaseEvent]{Decide: Decide, Evolve: Evolve, Due: func(Case) []es.Alarm { return nil }}
}

// Evolve folds one event into the state.
func Evolve(c Case, e event.CaseEvent) Case {
	switch e := e.(type) {
	case event.FraudReportReceived:
		c.Reported, c.Operator = true, e.Operator
	case event.VictimIdentified:
		c.Victim = e.Victim.ID
	case event.LossTransferDeclared:
		c.Transfers = append(c.Transfers[:len(c.Transfers):len(c.Transfers)], e.Transfer.ID)
		c.Movements = append(slices.Clip(c.Movements), movement(e.Transfer))
		c.Declared += e.Transfer.Amount // Decide has checked the sum
	case event.IntakeReceiptIssued:
		c.ReceiptNo = e.ReceiptNo
	case event.FraudTypeClassified:
		c.Type = e.Code
	case event.CaseFilingProposed:
		c.Proposed, c.Proposer, c.Declined = true, e.By, false
	case event.CaseFiled:
		c.CaseNo = e.CaseNo
	case event.CaseFilingDeclined:
		c.Proposed, c.Declined = false, true
	}
	return c
}
