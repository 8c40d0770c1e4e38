package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// CaseEvent is something that has happened to a case. Owner: intake.
//
//sumtype:decl
type CaseEvent interface {
	Event
	isCase()
}

// FraudReportReceived (接警登记) opens a case. Stored as
// "fraud-report-received.v1".
type FraudReportReceived struct {
	Channel      string           `json:"channel"` // 110 | 96110 | window | bank | transfer | warning
	ReceivedAt   time.Time        `json:"receivedAt"`
	Urgency      string           `json:"urgency"` // normal | urgent (加急)
	Brief        seal.Box         `json:"brief"`
	Unit         identity.Unit    `json:"unit"`
	Operator     Officer          `json:"operator"`     // 经办人
	Investigator Officer          `json:"investigator"` // 协查人
	Alert        identity.AlertID `json:"alert,omitempty"`
	Warnings     []Warning        `json:"warnings,omitempty"`
}

// VictimIdentified (被害人确认). Stored as "victim-identified.v1".
type VictimIdentified struct {
	Victim   Party     `json:"victim"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// LossTransferDeclared (损失转账申报): the victim paid this. Stored as
// "loss-transfer-declared.v1".
type LossTransferDeclared struct {
	Transfer Transfer         `json:"transfer"`
	Victim   identity.PartyID `json:"victim"`
	Currency string           `json:"currency"`
	Channel  string           `json:"channel,omitempty"` // counter | online | atm | qr
	Warnings []Warning        `json:"warnings,omitempty"`
}

// IntakeReceiptIssued (受案回执) is what the reporter takes home. Stored as
// "intake-receipt-issued.v1".
type IntakeReceiptIssued struct {
	ReceiptNo string    `json:"receiptNo"`
	At        time.Time `json:"at"`
}

// FraudTypeClassified (类型认定). A later one replaces the earlier. Stored as
// "fraud-type-classified.v1".
type FraudTypeClassified struct {
	Code            string  `json:"code"`
	TaxonomyVersion string  `json:"taxonomyVersion"`
	By              Officer `json:"by"`
}

// CaseFilingProposed (呈请立案). Stored as "case-filing-proposed.v1".
type CaseFilingProposed struct {
	By Officer   `json:"by"`
	At time.Time `json:"at"`
}

// CaseFiled (立案): from here on money can be frozen (程序规定 art. 174, 178).
// Stored as "case-filed.v1".
type CaseFiled struct {
	CaseNo     identity.CaseNo `json:"caseNo"`
	DecisionNo string          `json:"decisionNo"`
	Approver   Officer         `json:"approver"`
	At         time.Time       `json:"at"`
}

// CaseFilingDeclined (不予立案). Stored as "case-filing-declined.v1".
type CaseFilingDeclined struct {
	Approver  Officer   `json:"approver"`
	Reason    string    `json:"reason"` // code, not prose
	At        time.Time `json:"at"`
	NoticeDue time.Time `json:"noticeDue"` // +3 days, art. 178
}

func (FraudReportReceived) isEvent()  {}
func (VictimIdentified) isEvent()     {}
func (LossTransferDeclared) isEvent() {}
func (IntakeReceiptIssued) isEvent()  {}
func (FraudTypeClassified) isEvent()  {}
func (CaseFilingProposed) isEvent()   {}
func (CaseFiled) isEvent()            {}
func (CaseFilingDeclined) isEvent()   {}

func (FraudReportReceived) isCase()  {}
func (VictimIdentified) isCase()     {}
func (LossTransferDeclared) isCase() {}
func (IntakeReceiptIssued) isCase()  {}
func (FraudTypeClassified) isCase()  {}
func (CaseFilingProposed) isCase()   {}
func (CaseFiled) isCase()            {}
func (CaseFilingDeclined) isCase()   {}
