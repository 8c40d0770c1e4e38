package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// PursuitEvent is something that has happened in the chase of one case.
// Owner: stoppayment.
//
//sumtype:decl
type PursuitEvent interface {
	Event
	isPursuit()
}

// PursuitOpened (追踪启动). Stored as "pursuit-opened.v1".
type PursuitOpened struct {
	Case         identity.CaseID `json:"case"`
	ReportedAt   time.Time       `json:"reportedAt"`
	Unit         identity.Unit   `json:"unit"`
	Operator     Officer         `json:"operator"`
	Investigator Officer         `json:"investigator"`
}

// DownstreamAccountFound (下级账户发现): the victim's money reached an account
// that the chase has not met before. Stored as "downstream-account-found.v1".
type DownstreamAccountFound struct {
	Case           identity.CaseID    `json:"case"`
	Account        Account            `json:"account"`
	Level          int                `json:"level"` // 1 = the account the victim paid to
	Parent         identity.AccountID `json:"parent,omitempty"`
	ParentOrder    identity.OrderID   `json:"parentOrder,omitempty"`
	ParentSourceAt time.Time          `json:"parentSourceAt,omitzero"` // when the parent got the money
	Source         Transfer           `json:"source"`
	Lots           []Lot              `json:"lots"` // whose money Source carried
	Order          identity.OrderID   `json:"order,omitempty"`
	Withheld       string             `json:"withheld,omitempty"`       // why no order is given: level-limit | amount-limit | parent-withheld | kind | age; with an earlier order, why there is no further one: attempts | failed | rejected | lifted | stops-used-up
	SourceRevision int                `json:"sourceRevision,omitempty"` // attribution of the parent that this follows from
	Operator       Officer            `json:"operator"`
	Investigator   Officer            `json:"investigator"`
	Manual         bool               `json:"manual,omitempty"`
	// Of a manual order: how much of the account it stops, and the paper or
	// telephone order that it follows.
	Scope           string                  `json:"scope,omitempty"` // ALL | AMOUNT; "" the city's own
	Amount          money.Fen               `json:"amountFen,omitempty"`
	ApplicationType string                  `json:"applicationType,omitempty"`
	Registration    identity.RegistrationID `json:"registration,omitempty"`
}

// OrderRefused (止付未成立): an account did not take up an order that its chase had
// given, so that there is no such order. Stored as "order-refused.v1".
type OrderRefused struct {
	Case     identity.CaseID    `json:"case"`
	Account  identity.AccountID `json:"account"`
	Order    identity.OrderID   `json:"order"`
	Cause    string             `json:"cause"`              // code of the rule that refused it
	Stands   identity.OrderID   `json:"stands,omitempty"`   // the order of the case that the account does have, with which the chase goes on
	Withheld string             `json:"withheld,omitempty"` // where there is none: refused | parent-withheld
	At       time.Time          `json:"at"`
}

// TransferTraced (资金续追): more of the money reached a known account, or what
// a known transfer carried was revised. Stored as "transfer-traced.v1".
type TransferTraced struct {
	Case           identity.CaseID `json:"case"`
	Source         Transfer        `json:"source"`
	Lots           []Lot           `json:"lots"` // none: it turned out to carry nothing of this case
	SourceRevision int             `json:"sourceRevision,omitempty"`
}

// FreezeProposed (呈请冻结): the case is filed, so the accounts of the chase are
// to be frozen. Stored as "freeze-proposed.v1".
type FreezeProposed struct {
	Case     identity.CaseID      `json:"case"`
	CaseNo   identity.CaseNo      `json:"caseNo"`
	FiledAt  time.Time            `json:"filedAt"`
	Accounts []identity.AccountID `json:"accounts"`
}

// FreezeTarget is one account of an approved freeze with its order.
type FreezeTarget struct {
	Account identity.AccountID `json:"account"`
	Order   identity.OrderID   `json:"order"`
	Limit   money.Fen          `json:"limitFen,omitempty"` // 0: the whole account
	Asset   string             `json:"asset,omitempty"`    // as of [FreezeRequested]
}

// FreezeApproved (批准冻结) by a chief of county level or above. Stored as
// "freeze-approved.v1".
type FreezeApproved struct {
	Case         identity.CaseID `json:"case"`
	CaseNo       identity.CaseNo `json:"caseNo"`
	FiledAt      time.Time       `json:"filedAt"`
	NoticeNo     string          `json:"noticeNo"` // 协助冻结财产通知书
	TermMonths   int             `json:"termMonths"`
	Approver     Officer         `json:"approver"`
	Operator     Officer         `json:"operator"`
	Investigator Officer         `json:"investigator"`
	Targets      []FreezeTarget  `json:"targets"`
	At           time.Time       `json:"at"`
	Grave        bool            `json:"grave,omitempty"` // 重大、复杂案件
}

// FirstOrderOverdue (首次止付超时): thirty minutes after the report no stop had
// been asked for (银发〔2016〕86号). Stored as "first-order-overdue.v1".
type FirstOrderOverdue struct {
	Case        identity.CaseID `json:"case"`
	ReportedAt  time.Time       `json:"reportedAt"`
	Due         time.Time       `json:"due"`
	Responsible Officer         `json:"responsible"`
}

// PlaintextViewed (明文查看): somebody was shown the names and account numbers of a
// case in full, and for what. Stored as "plaintext-viewed.v1".
type PlaintextViewed struct {
	Case    identity.CaseID `json:"case"`
	User    string          `json:"user"` // police number
	Unit    identity.Unit   `json:"unit"`
	Role    string          `json:"role"`
	Purpose string          `json:"purpose"` // file | court | bank | review
	What    string          `json:"what"`    // flow | flow-svg | flow-xlsx | explanation | objection | query
	At      time.Time       `json:"at"`
	CaseNo  identity.CaseNo `json:"caseNo,omitempty"` // absent: not filed by then
}
