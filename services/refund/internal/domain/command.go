package domain

import (
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Command is something that can be asked of a procedure.
//
//sumtype:decl
type Command interface{ isCommand() }

// Declared is a transfer that a victim of the case has declared.
type Declared struct {
	Victim   identity.PartyID
	Transfer event.Transfer
}

// Open (启动返还) opens a procedure for an account that a bank has frozen.
type Open struct {
	Procedure identity.ProcedureID
	Freeze    event.FreezeExecuted
	Declared  []Declared // of the case
	At        time.Time
}

// InformVictim (冻结告知) tells a victim that his money was frozen.
type InformVictim struct {
	Victim identity.PartyID
	Via    string
	By     event.Officer
	At     time.Time
}

// Apply (返还申请) is a victim's application for one claim.
type Apply struct {
	Victim   identity.PartyID
	Transfer identity.TransferID
	// Payee is the zero account where the money goes back to the out-account.
	Payee      event.Account
	PayeeOwner identity.PartyID
	// PayeeNamed tells that the payee's holder has the victim's name, as far as
	// the edge could compare the two without showing them.
	PayeeNamed bool
	Reason     string
	Officers   []event.Officer
	At         time.Time
}

// CompileFlowTable (编制资金流向表) brings the table that the log gives.
type CompileFlowTable struct {
	Rows      []event.FlowRow
	By        event.Officer
	CheckedBy event.Officer
	At        time.Time
}

// ProposePlan (返还方案) works out who gets what.
type ProposePlan struct {
	By event.Officer
	At time.Time
}

// PostNotice (公告) publishes the plan.
type PostNotice struct {
	Medium   string
	TextHash string
	By       event.Officer
	At       time.Time
}

// EndNotice (公告期满) is the wake-up of the notice's clock.
type EndNotice struct{ At time.Time }

// FileObjection (提出异议) is what a victim or another person holds against the
// plan.
type FileObjection struct {
	Objection string
	Grounds   string
	At        time.Time
}

// DecideObjection (审查异议) answers it.
type DecideObjection struct {
	Objection string
	Upheld    bool
	By        event.Officer
	At        time.Time
}

// SubmitReport (呈请返还) asks for approval of the plan in force.
type SubmitReport struct {
	By event.Officer
	At time.Time
}

// Approve (批准返还) is the decision to return.
type Approve struct {
	DecisionNo string
	Approver   event.Officer
	At         time.Time
}

// Reject (不予批准) is the decision not to.
type Reject struct {
	Reason   string
	Approver event.Officer
	At       time.Time
}

// ServeNotice (送达协助返还通知书) takes the decision to the bank.
type ServeNotice struct {
	Officers []event.Officer
	At       time.Time
}

// ReportPaid (返还回执) is the bank's word that a payment was made.
type ReportPaid struct {
	Payment    string
	Bank       identity.BankCode // whose desk says so
	Amount     money.Fen
	Receipt    string
	ExecutedAt time.Time
	At         time.Time
}

// ReportFailed (返还失败回执) is the bank's word that it could not be made.
type ReportFailed struct {
	Payment string
	Bank    identity.BankCode
	Cause   string
	At      time.Time
}

func (Open) isCommand()             {}
func (InformVictim) isCommand()     {}
func (Apply) isCommand()            {}
func (CompileFlowTable) isCommand() {}
func (ProposePlan) isCommand()      {}
func (PostNotice) isCommand()       {}
func (EndNotice) isCommand()        {}
func (FileObjection) isCommand()    {}
func (DecideObjection) isCommand()  {}
func (SubmitReport) isCommand()     {}
func (Approve) isCommand()          {}
func (Reject) isCommand()           {}
func (ServeNotice) isCommand()      {}
func (ReportPaid) isCommand()       {}
func (ReportFailed) isCommand()     {}
