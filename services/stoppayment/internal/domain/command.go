package domain

import (
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// AccountCommand is something that can be asked of an account.
//
//sumtype:decl
type AccountCommand interface{ isAccountCommand() }

// RequestStop (止付申请). Standing are the approvals in force for the unit;
// without one that covers it, the order waits.
type RequestStop struct {
	Order          identity.OrderID
	Case           identity.CaseID
	Account        event.Account
	Level          int
	ParentOrder    identity.OrderID
	ParentSourceAt time.Time
	Source         event.Transfer
	Lots           []event.Lot
	Basis          uint64 // revision of the chase that says so
	Unit           identity.Unit
	Operator       event.Officer
	Investigator   event.Officer
	Standing       []event.StandingApprovalGranted
	Method         event.Method
	At             time.Time
	Warnings       []event.Warning
	// Scope and Amount are what its officer wants stopped (ALL or AMOUNT, "" if he
	// does not say; Amount 0: what was traced); DefaultScope is the city's way.
	Scope        string
	Amount       money.Fen
	DefaultScope string
	// ApplicationType is 04 or 05 for an order that follows a registration (后补).
	ApplicationType string
	Registration    identity.RegistrationID
}

// SecondStop (再次止付) asks for the second and last 48 hours.
type SecondStop struct {
	First        identity.OrderID
	Order        identity.OrderID
	Operator     event.Officer
	Investigator event.Officer
	Standing     []event.StandingApprovalGranted
	At           time.Time
}

// ApproveStop (审批通过) by a person.
type ApproveStop struct {
	Order    identity.OrderID
	Approver event.Officer
	At       time.Time
}

// RejectStop (审批驳回).
type RejectStop struct {
	Order    identity.OrderID
	Approver event.Officer
	Reason   string
	At       time.Time
}

// MarkSent (银行已接收) notes that a bank has taken an order.
type MarkSent struct {
	Order   identity.OrderID
	Channel string
	At      time.Time
}

// Statement is what a bank says went over an account.
type Statement struct {
	Given   bool
	Opening money.Fen
	Rows    []event.Row
	Part    int // of a statement that comes in parts, from 1; 0 if it is in one piece
	Parts   int
	// Corrects says that it takes the place of the one before, if it differs (更正).
	Corrects bool
}

// AnswerStop (止付反馈) is the bank's answer to a stop.
type AnswerStop struct {
	Order         identity.OrderID
	Done          bool
	ResultCode    string
	Cause         string // when not done
	ExecutedAt    time.Time
	BankExpires   time.Time // as the bank gives it; zero if it does not
	BalanceBefore money.Fen
	Held          money.Fen // of a stop of an amount (金额止付): what it holds; 0: the whole account
	Measures      []Measure // what stands on the account, by whomever (在先措施)
	AllMeasures   bool      // nothing else does
	Statement     Statement
	Corrects      bool                         // takes the place of the answer before (更正)
	Findings      []event.BankDiscrepancyFound // what the edge found that cannot be stored as it came
	Method        event.Method
	At            time.Time
}

// ExpireStop wakes a stop at the end of its 48 hours.
type ExpireStop struct {
	Order identity.OrderID
	At    time.Time
}

// TraceInflow (流入认定) tells that a transfer carries victims' money.
type TraceInflow struct {
	Case   identity.CaseID
	Source event.Transfer
	Lots   []event.Lot
	Basis  uint64 // revision of the chase that says so
	Method event.Method
	At     time.Time
}

func (RequestStop) isAccountCommand() {}
func (SecondStop) isAccountCommand()  {}
func (ApproveStop) isAccountCommand() {}
func (RejectStop) isAccountCommand()  {}
func (MarkSent) isAccountCommand()    {}
func (AnswerStop) isAccountCommand()  {}
func (ExpireStop) isAccountCommand()  {}
func (TraceInflow) isAccountCommand() {}

// OrderOf is the order that a clock of an account runs for.
func OrderOf(clock es.Alarm) identity.OrderID {
	_, id, _ := strings.Cut(clock.Name, ":")
	return identity.OrderID(id)
}

// Wake makes the command for a clock of an account that has run out.
func Wake(clock es.Alarm, at time.Time) AccountCommand {
	order := OrderOf(clock)
	switch strings.TrimSuffix(clock.Name, string(order)) {
	case freezeClock:
		return ExpireFreeze{Order: order, At: at}
	case warnClock:
		return WarnFreeze{Order: order, At: at}
	case queueClock:
		return PromoteQueued{Order: order, At: at}
	case repeatClock:
		return RepeatOrder{Order: order, At: at}
	case releaseClock:
		return ReleaseOverdue{Order: order, At: at}
	case toldClock:
		return NoticeDue{Order: order, At: at}
	case objectionClock:
		return ObjectionDue{Objection: identity.ObjectionID(order), At: at}
	}
	if cmd := wakeLedger(strings.TrimSuffix(clock.Name, string(order)), order, at); cmd != nil {
		return cmd
	}
	if cmd := wakeStop(strings.TrimSuffix(clock.Name, string(order)), order, at); cmd != nil {
		return cmd
	}
	return ExpireStop{Order: order, At: at}
}
