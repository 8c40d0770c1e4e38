package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// RefundEvent is something that has happened in one refund procedure.
// Owner: refund.
//
//sumtype:decl
type RefundEvent interface {
	Event
	isRefund()
}

// RefundMode (返还方式), 41号 art. 8.
type RefundMode string

// The three modes of art. 8.
const (
	Direct1         RefundMode = "DIRECT1" // 8(1) a single credit
	Direct2         RefundMode = "DIRECT2" // 8(2) many credits, told apart by time stamp
	Proportionately RefundMode = "PRORATA" // 8(3) many credits, not told apart
)

// Claim (返还请求权) is what one victim can have back from the account, for one
// declared transfer.
type Claim struct {
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Original Account             `json:"original"`    // the out-account the money came from
	Declared money.Fen           `json:"declaredFen"` // his verified loss by this transfer
	Reached  money.Fen           `json:"reachedFen"`  // of it, what reached this account
	Held     money.Fen           `json:"heldFen"`     // of that, what is attributed on it
	PaidAt   time.Time           `json:"paidAt"`
}

// RefundOpened (返还程序启动): an account with a victim's money was frozen.
// Stored as "refund-opened.v1".
type RefundOpened struct {
	Procedure     identity.ProcedureID `json:"procedure"`
	Case          identity.CaseID      `json:"case"`
	CaseNo        identity.CaseNo      `json:"caseNo"`
	Account       Account              `json:"account"`
	FreezeOrder   identity.OrderID     `json:"freezeOrder"`
	Frozen        money.Fen            `json:"frozenFen"`
	FreezeExpires time.Time            `json:"freezeExpires"`
	Exact         bool                 `json:"exact"`
	Credits       int                  `json:"credits"`
	Claims        []Claim              `json:"claims"`
	OthersHeld    money.Fen            `json:"othersHeldFen"` // attributed on the account to victims of other cases
	At            time.Time            `json:"at"`
}

// VictimInformedOfFreeze (冻结告知), 41号 art. 6. Stored as
// "victim-informed-of-freeze.v1".
type VictimInformedOfFreeze struct {
	Victim identity.PartyID `json:"victim"`
	Via    string           `json:"via"`
	By     Officer          `json:"by"`
	At     time.Time        `json:"at"`
}

// RefundApplied (返还申请), form 1. Stored as "refund-applied.v1".
type RefundApplied struct {
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Payee    Account             `json:"payee"`
	// PayeeOwner is the victim himself; an account in another's name is refused.
	PayeeOwner identity.PartyID `json:"payeeOwner"`
	Reason     string           `json:"reason,omitempty"` // why not the original account: closed | lost | frozen
	Officers   []Officer        `json:"officers"`         // two
	At         time.Time        `json:"at"`
}

// FlowRow (资金流向表一行) is one hop of the money from the victim to the
// account.
type FlowRow struct {
	Seq      int       `json:"seq"`
	Level    int       `json:"level"` // level of the receiving account
	Transfer Transfer  `json:"transfer"`
	Carried  money.Fen `json:"carriedFen"` // of it, the victims' money
}

// FlowTableCompiled (资金流向表). Stored as "flow-table-compiled.v1".
type FlowTableCompiled struct {
	Version   int       `json:"version"`
	Rows      []FlowRow `json:"rows"`
	Hash      string    `json:"hash"`
	By        Officer   `json:"by"`
	CheckedBy Officer   `json:"checkedBy"`
	At        time.Time `json:"at"`
}

// PlanLine is what a plan gives to one claim.
type PlanLine struct {
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Loss     money.Fen           `json:"lossFen"`
	Refund   money.Fen           `json:"refundFen"`
}

// RefundPlanProposed (返还方案) with inputs and outputs, so that a later change
// of the formula leaves it as it was. Stored as "refund-plan-proposed.v1".
type RefundPlanProposed struct {
	Mode           RefundMode `json:"mode"`
	FormulaVersion string     `json:"formulaVersion"`
	Attributable   money.Fen  `json:"attributableFen"` // F
	Frozen         money.Fen  `json:"frozenFen"`
	Lines          []PlanLine `json:"lines"`
	Remainder      money.Fen  `json:"remainderFen"` // Frozen − Σ refunds: stays frozen
	NoticeRequired bool       `json:"noticeRequired"`
	Hash           string     `json:"hash"`
	By             Officer    `json:"by"`
	At             time.Time  `json:"at"`
}

// PublicNoticePosted (公告) for 30 full days, Asia/Shanghai. Stored as
// "public-notice-posted.v1".
type PublicNoticePosted struct {
	Medium   string    `json:"medium"`
	TextHash string    `json:"textHash"`
	PostedAt time.Time `json:"postedAt"`
	EndsAt   time.Time `json:"endsAt"`
	By       Officer   `json:"by"`
}

// PublicNoticeEnded (公告期满). Stored as "public-notice-ended.v1".
type PublicNoticeEnded struct {
	EndedAt time.Time `json:"endedAt"`
}

// RefundObjectionFiled (异议). Stored as "refund-objection-filed.v1".
type RefundObjectionFiled struct {
	Objection string    `json:"objection"`
	Grounds   string    `json:"grounds"` // code
	At        time.Time `json:"at"`
}

// RefundObjectionDecided (异议审查). Stored as "refund-objection-decided.v1".
type RefundObjectionDecided struct {
	Objection string    `json:"objection"`
	Upheld    bool      `json:"upheld"`
	By        Officer   `json:"by"`
	At        time.Time `json:"at"`
}

// RefundReportSubmitted (呈请返还资金报告书), form 2. Stored as
// "refund-report-submitted.v1".
type RefundReportSubmitted struct {
	PlanHash string    `json:"planHash"`
	By       Officer   `json:"by"`
	At       time.Time `json:"at"`
}

// RefundApproved (返还决定), form 3, by a chief of 设区的市级 or above. Stored
// as "refund-approved.v1".
type RefundApproved struct {
	PlanHash   string    `json:"planHash"`
	DecisionNo string    `json:"decisionNo"`
	Approver   Officer   `json:"approver"`
	At         time.Time `json:"at"`
}

// RefundRejected (不予批准返还). Stored as "refund-rejected.v1".
type RefundRejected struct {
	Reason   string    `json:"reason"`
	Approver Officer   `json:"approver"`
	At       time.Time `json:"at"`
}

// Payment is one payment that a bank is to make out of the frozen account.
type Payment struct {
	ID       string              `json:"id"`
	Victim   identity.PartyID    `json:"victim"`
	Transfer identity.TransferID `json:"transfer"`
	Payee    Account             `json:"payee"`
	Amount   money.Fen           `json:"amountFen"`
}

// AssistNoticeServed (协助返还通知书送达), form 4. Stored as
// "assist-notice-served.v1".
type AssistNoticeServed struct {
	Case     identity.CaseID `json:"case"`
	CaseNo   identity.CaseNo `json:"caseNo"`
	Account  Account         `json:"account"`
	Payments []Payment       `json:"payments"`
	Officers []Officer       `json:"officers"` // two, with police IDs
	At       time.Time       `json:"at"`
}

// RefundExecuted (返还到账). Stored as "refund-executed.v1".
type RefundExecuted struct {
	Payment     string              `json:"payment"`
	Case        identity.CaseID     `json:"case"`
	Account     identity.AccountID  `json:"account"` // the frozen account
	FreezeOrder identity.OrderID    `json:"freezeOrder"`
	Victim      identity.PartyID    `json:"victim"`
	Transfer    identity.TransferID `json:"transfer"`
	Payee       Account             `json:"payee"`
	Amount      money.Fen           `json:"amountFen"`
	BankReceipt string              `json:"bankReceipt"`
	ExecutedAt  time.Time           `json:"executedAt"`
}

// RefundFailed (返还失败): the bank could not pay; the notice stays open.
// Stored as "refund-failed.v1".
type RefundFailed struct {
	Payment string    `json:"payment"`
	Cause   string    `json:"cause"` // code
	At      time.Time `json:"at"`
}

// RemainderKeptFrozen (余额续冻): what was not returned stays frozen, its clock
// unchanged. Stored as "remainder-kept-frozen.v1".
type RemainderKeptFrozen struct {
	Amount    money.Fen `json:"amountFen"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// RefundClosed (返还办结). Stored as "refund-closed.v1".
type RefundClosed struct {
	Returned  money.Fen `json:"returnedFen"`
	Remainder money.Fen `json:"remainderFen"`
	At        time.Time `json:"at"`
}

func (RefundOpened) isEvent()           {}
func (VictimInformedOfFreeze) isEvent() {}
func (RefundApplied) isEvent()          {}
func (FlowTableCompiled) isEvent()      {}
func (RefundPlanProposed) isEvent()     {}
func (PublicNoticePosted) isEvent()     {}
func (PublicNoticeEnded) isEvent()      {}
func (RefundObjectionFiled) isEvent()   {}
func (RefundObjectionDecided) isEvent() {}
func (RefundReportSubmitted) isEvent()  {}
func (RefundApproved) isEvent()         {}
func (RefundRejected) isEvent()         {}
func (AssistNoticeServed) isEvent()     {}
func (RefundExecuted) isEvent()         {}
func (RefundFailed) isEvent()           {}
func (RemainderKeptFrozen) isEvent()    {}
func (RefundClosed) isEvent()           {}

func (RefundOpened) isRefund()           {}
func (VictimInformedOfFreeze) isRefund() {}
func (RefundApplied) isRefund()          {}
func (FlowTableCompiled) isRefund()      {}
func (RefundPlanProposed) isRefund()     {}
func (PublicNoticePosted) isRefund()     {}
func (PublicNoticeEnded) isRefund()      {}
func (RefundObjectionFiled) isRefund()   {}
func (RefundObjectionDecided) isRefund() {}
func (RefundReportSubmitted) isRefund()  {}
func (RefundApproved) isRefund()         {}
func (RefundRejected) isRefund()         {}
func (AssistNoticeServed) isRefund()     {}
func (RefundExecuted) isRefund()         {}
func (RefundFailed) isRefund()           {}
func (RemainderKeptFrozen) isRefund()    {}
func (RefundClosed) isRefund()           {}
