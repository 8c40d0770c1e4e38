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
	Statement     Statement
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
}

// RequestFreeze (冻结申请), approved by the chief in the pursuit.
type RequestFreeze struct {
	Order        identity.OrderID
	Case         identity.CaseID
	CaseNo       identity.CaseNo
	FiledAt      time.Time
	NoticeNo     string
	TermMonths   int
	Approver     event.Officer
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// AnswerFreeze (冻结反馈) is the bank's answer to a freeze.
type AnswerFreeze struct {
	Order         identity.OrderID
	Done          bool
	ResultCode    string
	Cause         string
	ExecutedAt    time.Time
	BankExpires   time.Time
	Applied       money.Fen
	Frozen        money.Fen
	Balance       money.Fen
	Former        string // earlier freezer, when queued
	FormerFrozen  money.Fen
	FormerExpires time.Time
	At            time.Time
}

// ExpireFreeze wakes a freeze at the end of its term.
type ExpireFreeze struct {
	Order identity.OrderID
	At    time.Time
}

// NoteReturn (返还记账): a refund has left the frozen account.
type NoteReturn struct {
	Order     identity.OrderID
	Procedure identity.ProcedureID
	Payment   string
	Amount    money.Fen
	At        time.Time
}

func (RequestStop) isAccountCommand()   {}
func (SecondStop) isAccountCommand()    {}
func (ApproveStop) isAccountCommand()   {}
func (RejectStop) isAccountCommand()    {}
func (MarkSent) isAccountCommand()      {}
func (AnswerStop) isAccountCommand()    {}
func (ExpireStop) isAccountCommand()    {}
func (TraceInflow) isAccountCommand()   {}
func (RequestFreeze) isAccountCommand() {}
func (AnswerFreeze) isAccountCommand()  {}
func (ExpireFreeze) isAccountCommand()  {}
func (NoteReturn) isAccountCommand()    {}

// OrderOf is the order that a clock of an account runs for.
func OrderOf(clock es.Alarm) identity.OrderID {
	return identity.OrderID(strings.TrimPrefix(strings.TrimPrefix(clock.Name, freezeClock), stopClock))
}

// Wake makes the command for a clock of an account that has run out.
func Wake(clock es.Alarm, at time.Time) AccountCommand {
	if strings.HasPrefix(clock.Name, freezeClock) {
		return ExpireFreeze{Order: OrderOf(clock), At: at}
	}
	return ExpireStop{Order: OrderOf(clock), At: at}
}
