// Package bank has the messages between the city and the desks or machines of
// banks. Field names and codes are those of the national platform (TxCode
// 100101 and so on), in JSON. Amounts are decimal text in yuan with at most two
// decimals; times are yyyyMMddHHmmss in Asia/Shanghai, as the platform has
// them; the city turns both into fen and UTC at its edge.
package bank

// What an order asks for.
const (
	TxStop       = "100101" // 止付
	TxLift       = "100103" // 止付解除
	TxSecondStop = "100105" // 止付延期: the second 48 hours
	TxFreeze     = "100201" // 冻结
)

// ResultOK is the result code of an order that was carried out.
const ResultOK = "0000"

// Failure causes of an answer.
const (
	MismatchName    = "mismatch-name"    // 户名不符
	MismatchAccount = "mismatch-account" // 账号不符
	MismatchAmount  = "mismatch-amount"  // 金额不符
	MismatchTime    = "mismatch-time"    // 交易时间不符
	NotFound        = "not-found"        // 未找到账户
	Closed          = "closed"           // 已销户
	Technical       = "technical"        // 技术原因
	Queued          = "queued"           // 轮候: frozen by someone else before
)

// Signatory is an officer on an order, with his police ID number.
type Signatory struct {
	PoliceNo string `json:"policeNo"`
	OrgID    string `json:"orgId"`
}

// Side is one side of a transfer.
type Side struct {
	BankID        string `json:"bankId"`
	AccountName   string `json:"accountName"`
	AccountNumber string `json:"accountNumber"`
}

// Order (指令) is what a bank is asked to do: 100101, 100105 or 100201.
type Order struct {
	TxCode           string    `json:"txCode"`
	ApplicationID    string    `json:"applicationId"`
	ApplicationType  string    `json:"applicationType"`
	CaseNumber       string    `json:"caseNumber,omitempty"`
	EmergencyLevel   string    `json:"emergencyLevel"` // 01 normal, 02 urgent
	BankID           string    `json:"bankId"`
	BankName         string    `json:"bankName"`
	AccountType      string    `json:"accountType"` // 01 personal, 02 corporate
	AccountName      string    `json:"accountName"`
	AccountNumber    string    `json:"accountNumber"`
	TransferOut      *Side     `json:"transferOut,omitempty"`
	Currency         string    `json:"currency"`
	TransferAmount   string    `json:"transferAmount,omitempty"`
	TransferTime     string    `json:"transferTime,omitempty"`
	TransferSerial   string    `json:"transferSerial,omitempty"` // 流水号 of the transfer the order follows
	FreezeType       string    `json:"freezeType,omitempty"`     // 01 limited, 02 whole
	Balance          string    `json:"balance,omitempty"`        // limit of a 01 freeze
	TermMonths       int       `json:"termMonths,omitempty"`
	CaseDocumentID   string    `json:"caseDocumentId,omitempty"` // 协助冻结财产通知书
	Reason           string    `json:"reason"`
	ApplicationTime  string    `json:"applicationTime"`
	ApplicationOrgID string    `json:"applicationOrgId"`
	Operator         Signatory `json:"operator"`
	Investigator     Signatory `json:"investigator"`
	Approver         Signatory `json:"approver"`
}

// Orders is a page of orders.
type Orders struct {
	Items []Order `json:"items"`
}

// Transaction (交易明细) is one row of an account's statement.
type Transaction struct {
	SerialNumber  string `json:"serialNumber"`
	Time          string `json:"time"`
	Direction     string `json:"direction" enum:"C,D" doc:"借贷标志: C in, D out"`
	Amount        string `json:"amount"`
	Balance       string `json:"balance" doc:"after this row"`
	Cash          bool   `json:"cash,omitempty" doc:"现金标志"`
	CounterBankID string `json:"counterBankId,omitempty"`
	CounterName   string `json:"counterName,omitempty"`
	CounterNumber string `json:"counterNumber,omitempty"`
	CounterType   string `json:"counterType,omitempty"`
	Summary       string `json:"summary,omitempty"`
}

// Answer (反馈) is 100102, 100106 or 100202.
type Answer struct {
	Result                      string        `json:"result" doc:"0000 done; else a four-digit code"`
	AccountBalance              string        `json:"accountBalance,omitempty" doc:"before the measure"`
	StartTime                   string        `json:"startTime,omitempty" doc:"when the bank carried it out (止付时点)"`
	ExpireTime                  string        `json:"expireTime,omitempty"`
	AppliedBalance              string        `json:"appliedBalance,omitempty"`
	FrozedBalance               string        `json:"frozedBalance,omitempty"`
	FormerApplicationDepartment string        `json:"formerApplicationDepartment,omitempty"`
	FormerFrozenBalance         string        `json:"formerFrozenBalance,omitempty"`
	FormerFrozenExpireTime      string        `json:"formerFrozenExpireTime,omitempty"`
	FailureCause                string        `json:"failureCause,omitempty"`
	FeedbackRemark              string        `json:"feedbackRemark,omitempty"`
	OpeningBalance              string        `json:"openingBalance,omitempty" doc:"before the first row"`
	Transactions                []Transaction `json:"transactions,omitempty"`
}

// Notice (协助返还通知书) asks a bank to pay out of a frozen account.
type Notice struct {
	NoticeID      string      `json:"noticeId"` // id of the payment
	CaseNumber    string      `json:"caseNumber"`
	BankID        string      `json:"bankId"`
	AccountName   string      `json:"accountName"`
	AccountNumber string      `json:"accountNumber"`
	Payee         Side        `json:"payee"`
	Amount        string      `json:"amount"`
	Officers      []Signatory `json:"officers"`
	ServedTime    string      `json:"servedTime"`
}

// Notices is a page of notices.
type Notices struct {
	Items []Notice `json:"items"`
}

// NoticeAnswer (回执) tells that a payment was made, or why not.
type NoticeAnswer struct {
	Result        string `json:"result"`
	DoneTime      string `json:"doneTime,omitempty"`
	Amount        string `json:"amount,omitempty"`
	ReceiptNumber string `json:"receiptNumber,omitempty"`
	FailureCause  string `json:"failureCause,omitempty"`
}
