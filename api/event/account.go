package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// AccountEvent is something that has happened to one suspect account, over all
// cases. Owner: stoppayment.
//
//sumtype:decl
type AccountEvent interface {
	Event
	isAccount()
}

// StopRequested (止付申请), the platform's 100101, or 100105 for the second
// stop. Stored as "stop-requested.v1".
type StopRequested struct {
	Order           identity.OrderID `json:"order"` // ApplicationID
	Case            identity.CaseID  `json:"case"`
	ApplicationType string           `json:"applicationType"` // 00 … 05
	Ordinal         int              `json:"ordinal"`         // 1 first stop, 2 second
	Account         Account          `json:"account"`
	Level           int              `json:"level"`
	ParentOrder     identity.OrderID `json:"parentOrder,omitempty"`
	Source          Transfer         `json:"source"` // the transfer the order follows
	Lots            []Lot            `json:"lots"`   // whose money the source carried
	Scope           string           `json:"scope"`  // ALL | AMOUNT
	Amount          money.Fen        `json:"amountFen,omitempty"`
	Unit            identity.Unit    `json:"unit"`
	Operator        Officer          `json:"operator"`
	Investigator    Officer          `json:"investigator"`
	At              time.Time        `json:"at"`
	Warnings        []Warning        `json:"warnings,omitempty"`
	// Registration is the paper or telephone order that a 04 or 05 (后补) follows.
	Registration identity.RegistrationID `json:"registration,omitempty"`
	// From is, of a second stop that prolongs the first (止付延期), when that one ends:
	// the 48 hours are asked from then. Zero where it had ended.
	From time.Time `json:"from,omitzero"`
}

// StopApproved (审核通过), by a person or under a standing approval. Stored as
// "stop-approved.v1".
type StopApproved struct {
	Order    identity.OrderID    `json:"order"`
	Approver Officer             `json:"approver"`
	Standing identity.ApprovalID `json:"standing,omitempty"`
	At       time.Time           `json:"at"`
}

// StopRejected (审核驳回). Stored as "stop-rejected.v1".
type StopRejected struct {
	Order    identity.OrderID `json:"order"`
	Approver Officer          `json:"approver"`
	Reason   string           `json:"reason"`
	At       time.Time        `json:"at"`
}

// OrderSent (发送): a bank has taken the order. Stored as "order-sent.v1".
type OrderSent struct {
	Order   identity.OrderID `json:"order"`
	Channel string           `json:"channel"` // desk | machine
	At      time.Time        `json:"at"`
}

// StopExecuted (止付成功), the bank's 100102. The 48 hours count from
// ExecutedAt (止付时点), never from the order; of a second stop that was carried
// out before the first had ended, from From. Stored as "stop-executed.v1".
type StopExecuted struct {
	Order         identity.OrderID `json:"order"`
	Case          identity.CaseID  `json:"case"`
	Ordinal       int              `json:"ordinal"`
	Level         int              `json:"level"`
	ExecutedAt    time.Time        `json:"executedAt"`
	ExpiresAt     time.Time        `json:"expiresAt"`
	BalanceBefore money.Fen        `json:"balanceBeforeFen"`
	ResultCode    string           `json:"resultCode"`
	Held          money.Fen        `json:"heldFen,omitempty"` // of a stop of an amount (金额止付): what may not leave; 0 = all
	// BankExpiresAt is the end that the bank names, if it is later than ExpiresAt: it
	// holds on after the stop has lapsed.
	BankExpiresAt time.Time `json:"bankExpiresAt,omitzero"`
	// From is the end of the first stop where this second one prolongs it (止付延期).
	From time.Time `json:"from,omitzero"`
	// InPlaceOf are the telephone and paper orders of the case that it stands in the
	// place of from now on, though it named none: they owe no papers.
	InPlaceOf []identity.RegistrationID `json:"inPlaceOf,omitempty"`
}

// StopFailed (未能止付). Final for its order. Stored as "stop-failed.v1".
type StopFailed struct {
	Order      identity.OrderID `json:"order"`
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause"` // code: mismatch-name | mismatch-account | mismatch-amount | mismatch-time | not-found | closed | technical
	At         time.Time        `json:"at"`
}

// StopLapsed (到期失效): the window closed and nobody acted. Stored as
// "stop-lapsed.v1".
type StopLapsed struct {
	Order     identity.OrderID `json:"order"`
	ExpiredAt time.Time        `json:"expiredAt"`
}

// StopLifted (解除止付). Of a stop that had ended already it tells that the bank
// has let go of what it still held; the stop stays as it ended. Stored as
// "stop-lifted.v1".
type StopLifted struct {
	Order identity.OrderID `json:"order"`
	Cause string           `json:"cause"` // unrelated | error | converted | objection | unpapered | disproportionate | unlawful-hold
	At    time.Time        `json:"at"`
	By    identity.OrderID `json:"by,omitempty"` // the lift order (100103) that the bank carried out
}

// BankDiscrepancyFound (反馈差异): what a bank said does not fit. Stored as
// "bank-discrepancy-found.v1".
type BankDiscrepancyFound struct {
	Order    identity.OrderID `json:"order"`
	Kind     string           `json:"kind"` // a code of the list in docs/api.md: expiry-differs, statement-unbalanced, inflow-missing, …
	Expected string           `json:"expected,omitempty"`
	Found    string           `json:"found,omitempty"`
	Row      string           `json:"row,omitempty"` // serial number of the row that does not fit
	At       time.Time        `json:"at,omitzero"`
	// HoldsUntil is until when the bank holds the account by what it says, though the
	// city has no right to hold it any more; zero if it does not.
	HoldsUntil time.Time `json:"holdsUntil,omitzero"`
	// Transfers are those whose rows are missing, where there are several.
	Transfers []identity.TransferID `json:"transfers,omitempty"`
}

// Row (交易明细) is one line of an account's statement.
type Row struct {
	Serial  string    `json:"serial"`
	At      time.Time `json:"at"`
	Credit  bool      `json:"credit"` // 贷 in, else 借 out
	Amount  money.Fen `json:"amountFen"`
	Balance money.Fen `json:"balanceFen"` // after the row
	Kind    string    `json:"kind"`       // transfer | cash
	Counter *Account  `json:"counter,omitempty"`
}

// StatementReceived (明细反馈): the rows a bank sent with an answer, oldest
// first. Stored as "statement-received.v1".
type StatementReceived struct {
	Order   identity.OrderID `json:"order"`
	Opening money.Fen        `json:"openingFen"`
	Rows    []Row            `json:"rows"`
	// A long statement comes in parts, 1 to Parts, and counts once the last is
	// there. Both are 0 for a statement in one piece.
	Part  int       `json:"part,omitempty"`
	Parts int       `json:"parts,omitempty"`
	At    time.Time `json:"at,omitzero"` // when a part came
	// Corrects (更正) says that it takes the place of the statement of this order that
	// counted before, whether or not that one's rows are here.
	Corrects bool `json:"corrects,omitempty"`
}

// InflowTraced (流入认定): a transfer into this account carries a victim's
// money. A later one for the same transfer replaces it. Stored as
// "inflow-traced.v1".
type InflowTraced struct {
	Case   identity.CaseID `json:"case"`
	Source Transfer        `json:"source"`
	Lots   []Lot           `json:"lots"`
	Basis  uint64          `json:"basis"` // revision of the chase that says so; an older one changes nothing
}

// Method (权属认定方法) of attributing what leaves a mixed account.
type Method string

// The methods of attribution.
const (
	DirectTimestamp Method = "DIRECT_TIMESTAMP" // 时间戳一一对应
	ProRata         Method = "PRO_RATA"         // 按比例
	FIFO            Method = "FIFO"             // 先进先出
	LIFO            Method = "LIFO"             // 后进先出
	Manual          Method = "MANUAL"           // 人工认定, with reason and two signatures
)

// Outflow is money of known owners that left the account.
type Outflow struct {
	Transfer Transfer `json:"transfer"` // To.ID is empty for cash
	Cash     bool     `json:"cash,omitempty"`
	Lots     []Lot    `json:"lots"` // with a known owner only
}

// FundsAttributed (权属认定): whose money is on the account and whose has gone
// on. Σ Reached = Σ Held + Σ Left per owner; Σ Held = Balance. A higher
// Revision replaces the lower. Stored as "funds-attributed.v1".
type FundsAttributed struct {
	Revision int       `json:"revision"`
	Method   Method    `json:"method"`
	Exact    bool      `json:"exact"`   // every debit of a victim's money matches its credits one to one
	Credits  int       `json:"credits"` // number of credits in the statement, the opening balance not counted
	Balance  money.Fen `json:"balanceFen"`
	Reached  []Lot     `json:"reached"`
	Held     []Lot     `json:"held"`
	Left     []Lot     `json:"left"`
	Outflows []Outflow `json:"outflows"`
	// Of an attribution with many outflows this event has the first part; the
	// rest follows in [OutflowsAttributed], and Names has the ids of them all.
	Parts  int                   `json:"parts,omitempty"`
	Names  []identity.TransferID `json:"names,omitempty"`
	Manual *ManualBasis          `json:"manual,omitempty"` // of method MANUAL
	// FormerCases are the cases whose money the revision before found here and this
	// one does not find any more.
	FormerCases []identity.CaseID `json:"formerCases,omitempty"`
}

// FreezeRequested (冻结申请), the platform's 100201, approved in the pursuit.
// Stored as "freeze-requested.v1".
type FreezeRequested struct {
	Order        identity.OrderID `json:"order"`
	Case         identity.CaseID  `json:"case"`
	CaseNo       identity.CaseNo  `json:"caseNo"`
	FiledAt      time.Time        `json:"filedAt"`
	NoticeNo     string           `json:"noticeNo"`
	Account      Account          `json:"account"`
	FreezeType   string           `json:"freezeType"` // 01 限额 | 02 全额
	Limit        money.Fen        `json:"limitFen,omitempty"`
	TermMonths   int              `json:"termMonths"`
	Approver     Officer          `json:"approver"`
	Operator     Officer          `json:"operator"`
	Investigator Officer          `json:"investigator"`
	At           time.Time        `json:"at"`
	Asset        string           `json:"asset,omitempty"` // deposit (default) | securities | equity: decides the longest term (art. 243–245)
	Grave        bool             `json:"grave,omitempty"` // 重大、复杂案件
}

// FreezeExecuted (冻结成功), the bank's 100202. Carries the attribution at that
// moment, so that the refund can start from it. Stored as "freeze-executed.v1".
type FreezeExecuted struct {
	Order       identity.OrderID `json:"order"`
	Case        identity.CaseID  `json:"case"`
	CaseNo      identity.CaseNo  `json:"caseNo"`
	Account     Account          `json:"account"`
	ExecutedAt  time.Time        `json:"executedAt"`
	ExpiresAt   time.Time        `json:"expiresAt"`
	Applied     money.Fen        `json:"appliedFen"`
	Frozen      money.Fen        `json:"frozenFen"`
	Balance     money.Fen        `json:"balanceFen"`
	ResultCode  string           `json:"resultCode"`
	Attribution FundsAttributed  `json:"attribution"`
	// InPlaceOf is as of [StopExecuted].
	InPlaceOf []identity.RegistrationID `json:"inPlaceOf,omitempty"`
}

// FreezeQueued (轮候冻结): someone else froze before. Stored as
// "freeze-queued.v1".
type FreezeQueued struct {
	Order         identity.OrderID `json:"order"`
	Former        string           `json:"former"` // FormerApplicationDepartment
	FormerFrozen  money.Fen        `json:"formerFrozenFen"`
	FormerExpires time.Time        `json:"formerExpires,omitzero"`
	At            time.Time        `json:"at"`
}

// FreezeFailed (冻结失败). Stored as "freeze-failed.v1".
type FreezeFailed struct {
	Order      identity.OrderID `json:"order"`
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause"`
	At         time.Time        `json:"at"`
}

// FreezeLapsed (冻结到期失效): not renewed in time (art. 240). Stored as
// "freeze-lapsed.v1".
type FreezeLapsed struct {
	Order     identity.OrderID `json:"order"`
	ExpiredAt time.Time        `json:"expiredAt"`
}

// FrozenFundsReturned (冻结资金返还): a refund left the account. The freeze goes
// on over the remainder with its clock unchanged. Stored as
// "frozen-funds-returned.v1".
type FrozenFundsReturned struct {
	Order     identity.OrderID     `json:"order"` // the freeze
	Procedure identity.ProcedureID `json:"procedure"`
	Payment   string               `json:"payment"`
	Amount    money.Fen            `json:"amountFen"`
	Remaining money.Fen            `json:"remainingFen"`
	At        time.Time            `json:"at"`
}
