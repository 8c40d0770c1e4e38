package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// AddRows (续页) is a further part of the statement of an answer.
type AddRows struct {
	Order     identity.OrderID
	Statement Statement
	Method    event.Method
	At        time.Time
}

// ExpireStatement wakes a statement that has lacked parts for too long.
type ExpireStatement struct {
	Order identity.OrderID
	At    time.Time
}

// ContinueAttribution stores the next outflows of an attribution that has too
// many for one event.
type ContinueAttribution struct{ At time.Time }

// ChooseMethod (选定认定方法) has an account attributed by another method than the
// city's.
type ChooseMethod struct {
	Case    identity.CaseID
	Method  event.Method
	Reason  string // code
	Officer event.Officer
	At      time.Time
}

// ProposeManual (提出人工认定) says by hand whose money is where, as far as that
// differs from what is computed.
type ProposeManual struct {
	Proposal identity.ProposalID
	Case     identity.CaseID
	Basis    int // revision that it replaces
	Reason   string
	Parts    []event.ManualPart
	Officer  event.Officer
	At       time.Time
}

// ConfirmManual (确认人工认定) is the second signature.
type ConfirmManual struct {
	Proposal identity.ProposalID
	Officer  event.Officer
	At       time.Time
}

// RejectManual (驳回人工认定).
type RejectManual struct {
	Proposal identity.ProposalID
	Officer  event.Officer
	At       time.Time
}

// NameDebits (查明对手账户) tells where debits went, whose rows may not.
type NameDebits struct {
	Debits []Debit
	Method event.Method
	At     time.Time
}

// Debit (支出) is one movement out of an account by the word of another: of the row
// of the account that was paid, or of an officer.
type Debit struct {
	Case     identity.CaseID
	Transfer event.Transfer
	Basis    string           // ByPayee | ByOfficer
	Order    identity.OrderID // whose answer shows the row, or the officer's own
}

// RequestQuery (查询申请) asks a bank about an account.
type RequestQuery struct {
	Order        identity.OrderID
	Case         identity.CaseID
	Account      event.Account
	TxCode       string
	Mode         string
	From         time.Time // zero: no bound
	Until        time.Time
	Operator     event.Officer
	Investigator event.Officer
	At           time.Time
}

// AnswerQuery (查询反馈) is the bank's answer to a query.
type AnswerQuery struct {
	Order      identity.OrderID
	Done       bool
	ResultCode string
	Cause      string // when not done
	Balance    *money.Fen
	Available  *money.Fen
	Accounts   []event.Account     // of the same holder
	Held       []event.HeldBalance // what is on each of them, in their order
	Measures   []event.Measure
	Holder     *event.Party
	Statement  Statement
	Findings   []event.BankDiscrepancyFound
	Method     event.Method
	At         time.Time
}

func (AddRows) isAccountCommand()             {}
func (ExpireStatement) isAccountCommand()     {}
func (ContinueAttribution) isAccountCommand() {}
func (NameDebits) isAccountCommand()          {}
func (ChooseMethod) isAccountCommand()        {}
func (ProposeManual) isAccountCommand()       {}
func (ConfirmManual) isAccountCommand()       {}
func (RejectManual) isAccountCommand()        {}
func (RequestQuery) isAccountCommand()        {}
func (AnswerQuery) isAccountCommand()         {}

// wakeLedger makes the command for a clock of the ledger; nil for another.
func wakeLedger(clock string, order identity.OrderID, at time.Time) AccountCommand {
	switch clock {
	case statementClock:
		return ExpireStatement{Order: order, At: at}
	case outflowsClock:
		return ContinueAttribution{At: at}
	}
	return nil
}

// decideOnLedger is every rule about the ledger and about queries.
func decideOnLedger(a Account, cmd AccountCommand) ([]event.AccountEvent, error) {
	switch cmd := any(cmd).(type) {
	case AddRows:
		return addRows(a, cmd)
	case ExpireStatement:
		return expireStatement(a, cmd)
	case ContinueAttribution:
		return continueAttribution(a, cmd)
	case ChooseMethod:
		return chooseMethod(a, cmd)
	case ProposeManual:
		return proposeManual(a, cmd)
	case ConfirmManual:
		return confirmManual(a, cmd)
	case RejectManual:
		return rejectManual(a, cmd)
	case RequestQuery:
		return requestQuery(a, cmd)
	case AnswerQuery:
		return answerQuery(a, cmd)
	}
	return nil, nil
}
