// Package domain has the rules of a warning order. It is pure.
package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// AlertIDOf (预警标识) names an alert by who supplied it and under which number,
// so that the same order imported twice is one alert.
func AlertIDOf(supplier, externalID string) identity.AlertID {
	return identity.AlertID(identity.Derive("alert", supplier, externalID).String())
}

// CaseOf names the case that an alert opens if its subject has paid already.
func CaseOf(alert identity.AlertID) identity.CaseID {
	return identity.CaseID(identity.Derive("case-of-alert", string(alert)).String())
}

// Table (定级表) is what a city has set for its alerts.
type Table struct {
	Version string                            // names the table in the events that rest on it
	Grades  map[string]event.AlertLevel       // the supplier's grade to the city's level
	Limits  map[event.AlertLevel]ActionLimits // of each level
}

// ActionLimits (时限) are counted from the dispatch.
type ActionLimits struct{ Sign, Contact time.Duration }

// Alert (预警) is what the rules need to know of a warning order.
type Alert struct {
	ID          identity.AlertID // "" until imported
	Supplier    string
	ExternalID  string
	PayloadHash string
	Grade       string // as the supplier graded it
	Subject     event.Party
	FraudType   string
	Level       event.AlertLevel
	Reasons     []string
	To          identity.Unit // "" until dispatched
	SignDue     time.Time
	ContactDue  time.Time
	SignedBy    event.Officer
	Contacts    int // attempts of any result
	Reached     bool
	Dissuaded   bool
	Case        identity.CaseID // "" unless the subject has paid
	Breached    []string        // clocks that ran out
	Outcome     string          // "" until closed
}

// Imported tells whether there is such an alert.
func (a Alert) Imported() bool { return a.ID != "" }

// Dispatched tells whether the alert has been sent to a station (下发).
func (a Alert) Dispatched() bool { return a.To != "" }

// Closed tells whether the alert is done with (办结).
func (a Alert) Closed() bool { return a.Outcome != "" }

// Command is something that can be asked of an alert.
//
//sumtype:decl
type Command interface{ isCommand() }

// Import (接收) takes in an order of a supplier.
type Import struct {
	Supplier    string
	ExternalID  string
	Grade       string
	Subject     event.Party
	FraudType   string
	SignalAt    time.Time
	PayloadHash string // keyed; tells whether two imports say the same
	Warnings    []event.Warning
}

// Dispatch (下发) sends the alert to a station.
type Dispatch struct {
	To identity.Unit
	At time.Time
}

// Sign (签收) is the station's word that it has the alert.
type Sign struct {
	By event.Officer
	At time.Time
}

// Contact (联系) is one attempt, whatever came of it.
type Contact struct {
	Channel string // phone | sms | door
	Target  string // self | relative
	Result  string // reached | unanswered | busy | refused | invalid-number | powered-off
	By      event.Officer
	Partner event.Officer // zero if he was alone
	At      time.Time
}

// Dissuade (劝阻) tells how the subject took it.
type Dissuade struct {
	State        string // convinced | doubtful | refused
	NoticeSigned bool
	By           event.Officer
	Partner      event.Officer
	At           time.Time
}

// DiscoverPayment (已转账) tells that the subject has paid already.
type DiscoverPayment struct {
	Transfers    []event.Transfer
	Brief        seal.Box
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
	Warnings     []event.Warning
}

// Breach (超时) is the wake-up of a clock that has run out.
type Breach struct {
	Clock string // sign | contact
	At    time.Time
}

// Close (办结) ends the alert.
type Close struct {
	Outcome string // dissuaded | mismatch | duplicate | not-found | paid
	By      event.Officer
	At      time.Time
}

func (Import) isCommand()          {}
func (Dispatch) isCommand()        {}
func (Sign) isCommand()            {}
func (Contact) isCommand()         {}
func (Dissuade) isCommand()        {}
func (DiscoverPayment) isCommand() {}
func (Breach) isCommand()          {}
func (Close) isCommand()           {}

// Decider is all of the rules, under the table of a city.
func Decider(table Table) es.Decider[Alert, Command, event.AlertEvent] {
	return es.Decider[Alert, Command, event.AlertEvent]{
		Decide: func(a Alert, cmd Command) ([]event.AlertEvent, error) { return Decide(table, a, cmd) },
		Evolve: Evolve, Due: Due,
	}
}

// Evolve folds one event into the state.
func Evolve(a Alert, e event.AlertEvent) Alert {
	switch e := e.(type) {
	case event.WarningOrderImported:
		a.ID, a.Supplier, a.ExternalID, a.Grade = AlertIDOf(e.Supplier, e.ExternalID), e.Supplier, e.ExternalID, e.Grade
		a.Subject, a.FraudType, a.PayloadHash = e.Subject, e.FraudType, e.PayloadHash
	case event.WarningGraded:
		a.Level, a.Reasons = e.Level, e.Reasons
	case event.WarningDispatched:
		a.To, a.SignDue, a.ContactDue = e.To, e.SignDue, e.ContactDue
	case event.WarningSigned:
		a.SignedBy = e.By
	case event.ContactAttempted:
		a.Contacts++
		a.Reached = a.Reached || e.Result == Reached
	case event.DissuasionDelivered:
		a.Dissuaded = true
	case event.PaymentDiscovered:
		a.Case = e.Case
	case event.WarningBreached:
		a.Breached = append(a.Breached[:len(a.Breached):len(a.Breached)], e.Clock)
	case event.WarningClosed:
		a.Outcome = e.Outcome
	}
	return a
}
