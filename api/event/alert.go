package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// AlertEvent is something that has happened to a warning order. Owner: warning.
//
//sumtype:decl
type AlertEvent interface {
	Event
	isAlert()
}

// AlertLevel (预警等级), data of the city's table.
type AlertLevel string

// The five levels of the shipped table.
const (
	Critical AlertLevel = "critical" // 特危
	High     AlertLevel = "high"     // 高危
	Medium   AlertLevel = "medium"   // 中危
	Low      AlertLevel = "low"      // 低危
	Advisory AlertLevel = "advisory" // 宣防
)

// WarningOrderImported (预警指令接收). Stored as "warning-order-imported.v1".
type WarningOrderImported struct {
	ExternalID  string    `json:"externalId"`
	Supplier    string    `json:"supplier"`
	Grade       string    `json:"grade"` // as the supplier graded it; "" if the city does not know the grade
	Subject     Party     `json:"subject"`
	FraudType   string    `json:"fraudType"`
	SignalAt    time.Time `json:"signalAt"`
	PayloadHash string    `json:"payloadHash"`
	Warnings    []Warning `json:"warnings,omitempty"`
}

// WarningGraded (定级, 调级). Stored as "warning-graded.v1".
type WarningGraded struct {
	Level       AlertLevel `json:"level"`
	RuleVersion string     `json:"ruleVersion"`
	Reasons     []string   `json:"reasons"`
}

// WarningDispatched (下发) to a station. Stored as "warning-dispatched.v1".
type WarningDispatched struct {
	To         identity.Unit `json:"to"`
	SignDue    time.Time     `json:"signDue"`
	ContactDue time.Time     `json:"contactDue"`
}

// WarningSigned (签收). Stored as "warning-signed.v1".
type WarningSigned struct {
	By Officer   `json:"by"`
	At time.Time `json:"at"`
}

// ContactAttempted (联系尝试): busy and refused are signals too. Stored as
// "contact-attempted.v1".
type ContactAttempted struct {
	Channel string    `json:"channel"` // phone | sms | door
	Target  string    `json:"target"`  // self | relative
	Result  string    `json:"result"`  // reached | unanswered | busy | refused | invalid-number | powered-off
	By      []Officer `json:"by"`
	At      time.Time `json:"at"`
}

// DissuasionDelivered (劝阻实施). Stored as "dissuasion-delivered.v1".
type DissuasionDelivered struct {
	State        string    `json:"state"` // convinced | doubtful | refused (信/疑/拒)
	NoticeSigned bool      `json:"noticeSigned"`
	By           []Officer `json:"by"`
	At           time.Time `json:"at"`
}

// PaymentDiscovered (已转账): the subject has paid already; a case opens by
// itself. Stored as "payment-discovered.v1".
type PaymentDiscovered struct {
	Alert        identity.AlertID `json:"alert"`
	Case         identity.CaseID  `json:"case"` // the case this opens
	Victim       Party            `json:"victim"`
	Transfers    []Transfer       `json:"transfers"`
	Brief        seal.Box         `json:"brief"`
	FraudType    string           `json:"fraudType"`
	Operator     Officer          `json:"operator"`
	Investigator Officer          `json:"investigator"`
	At           time.Time        `json:"at"`
	Warnings     []Warning        `json:"warnings,omitempty"`
}

// WarningBreached (超时): a clock of the alert ran out. Stored as
// "warning-breached.v1".
type WarningBreached struct {
	Clock string    `json:"clock"` // sign | contact
	DueAt time.Time `json:"dueAt"`
}

// WarningClosed (办结). Stored as "warning-closed.v1".
type WarningClosed struct {
	Outcome string    `json:"outcome"` // dissuaded | mismatch | duplicate | not-found | paid
	By      Officer   `json:"by"`
	At      time.Time `json:"at"`
}

func (WarningOrderImported) isEvent() {}
func (WarningGraded) isEvent()        {}
func (WarningDispatched) isEvent()    {}
func (WarningSigned) isEvent()        {}
func (ContactAttempted) isEvent()     {}
func (DissuasionDelivered) isEvent()  {}
func (PaymentDiscovered) isEvent()    {}
func (WarningBreached) isEvent()      {}
func (WarningClosed) isEvent()        {}

func (WarningOrderImported) isAlert() {}
func (WarningGraded) isAlert()        {}
func (WarningDispatched) isAlert()    {}
func (WarningSigned) isAlert()        {}
func (ContactAttempted) isAlert()     {}
func (DissuasionDelivered) isAlert()  {}
func (PaymentDiscovered) isAlert()    {}
func (WarningBreached) isAlert()      {}
func (WarningClosed) isAlert()        {}
