package event

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// ManualBasis (人工认定依据) is why an attribution was made by hand and by whom.
type ManualBasis struct {
	Proposal identity.ProposalID `json:"proposal"`
	Reason   string              `json:"reason"` // code
	By       Officer             `json:"by"`
	CoSigner Officer             `json:"coSigner"`
}

// ManualPart says whose money one outflow carries, or what is held when Transfer
// is empty.
type ManualPart struct {
	Transfer identity.TransferID `json:"transfer,omitempty"`
	Lots     []Lot               `json:"lots"`
}

// OutflowsAttributed (权属认定续页): more outflows of the attribution of the same
// revision. Stored as "outflows-attributed.v1".
type OutflowsAttributed struct {
	Revision int       `json:"revision"`
	Part     int       `json:"part"` // 2 to Parts
	Parts    int       `json:"parts"`
	Outflows []Outflow `json:"outflows"`
}

// CounterpartyFound (对手账户查明): where a debit of the account went whose row names
// nobody, by the row of the account that was paid or by an officer's order. It goes
// by its amount, and by serial number or time, until a row of the account's own
// statement fits it. Stored as "counterparty-found.v1".
type CounterpartyFound struct {
	Case     identity.CaseID  `json:"case"`
	Transfer Transfer         `json:"transfer"`        // from the account; serial number and time as Basis has them
	Basis    string           `json:"basis"`           // payee-row | officer
	Order    identity.OrderID `json:"order,omitempty"` // whose answer shows the row, or the officer's own
	At       time.Time        `json:"at"`
}

// AttributionMethodChosen (认定方法选定): from now on the account is attributed
// by this method. Stored as "attribution-method-chosen.v1".
type AttributionMethodChosen struct {
	Case    identity.CaseID `json:"case"`
	Method  Method          `json:"method"`
	Reason  string          `json:"reason"` // code
	Officer Officer         `json:"officer"`
	At      time.Time       `json:"at"`
}

// ManualAttributionProposed (人工认定提出): one officer says whose money it is; a
// second must sign before it counts. Stored as "manual-attribution-proposed.v1".
type ManualAttributionProposed struct {
	Proposal identity.ProposalID `json:"proposal"`
	Case     identity.CaseID     `json:"case"`
	Basis    int                 `json:"basis"` // revision of the attribution that it replaces
	Reason   string              `json:"reason"`
	Parts    []ManualPart        `json:"parts"`
	Officer  Officer             `json:"officer"`
	At       time.Time           `json:"at"`
}

// ManualAttributionRejected (人工认定驳回). Stored as
// "manual-attribution-rejected.v1".
type ManualAttributionRejected struct {
	Proposal identity.ProposalID `json:"proposal"`
	Cause    string              `json:"cause"` // refused | outdated
	Officer  Officer             `json:"officer,omitzero"`
	At       time.Time           `json:"at"`
}

// AccountQueryRequested (查询申请): 100301 the transactions of the account, 100303
// who holds it, 100309 all accounts of the holder. Stored as
// "account-query-requested.v1".
type AccountQueryRequested struct {
	Order        identity.OrderID `json:"order"`
	Case         identity.CaseID  `json:"case"`
	Account      Account          `json:"account"`
	TxCode       string           `json:"txCode"`
	Mode         string           `json:"mode,omitempty"` // 01 basic | 02 detail | 03 both | 04 fast detail
	From         time.Time        `json:"from,omitzero"`
	Until        time.Time        `json:"until,omitzero"`
	Operator     Officer          `json:"operator"`
	Investigator Officer          `json:"investigator"`
	At           time.Time        `json:"at"`
}

// AccountQueryAnswered (查询反馈). Its rows, if any, are in the
// [StatementReceived] of the same order. Stored as "account-query-answered.v1".
type AccountQueryAnswered struct {
	Order      identity.OrderID `json:"order"`
	ResultCode string           `json:"resultCode"`
	Cause      string           `json:"cause,omitempty"` // when it could not be answered
	Balance    *money.Fen       `json:"balanceFen,omitempty"`
	Available  *money.Fen       `json:"availableFen,omitempty"`
	Accounts   []Account        `json:"accounts,omitempty"` // of the same holder
	Measures   []Measure        `json:"measures,omitempty"`
	Holder     *Party           `json:"holder,omitempty"` // of a 100303
	At         time.Time        `json:"at"`
	Held       []HeldBalance    `json:"held,omitempty"` // of a 100309: what is on each of Accounts, in their order
}

// HeldBalance (名下账户余额) is what a bank says of one account of a holder: its
// balance, what no measure holds of it, both in fen and absent where the bank says
// nothing, and its state (账户状态).
type HeldBalance struct {
	Account   identity.AccountID `json:"account"`
	Balance   *money.Fen         `json:"balanceFen,omitempty"`
	Available *money.Fen         `json:"availableFen,omitempty"`
	State     string             `json:"state,omitempty"` // normal | stopped | frozen | closed
}

// Measure (在先措施) is a restraint that a bank reports.
type Measure struct {
	Account identity.AccountID `json:"account,omitempty"` // other than the one asked about
	Kind    string             `json:"kind"`              // 0001 公安止付 | 0002 公安冻结 | 1001 高法冻结
	By      string             `json:"by"`
	Amount  money.Fen          `json:"amountFen,omitempty"`
	Until   time.Time          `json:"until,omitzero"`
}
