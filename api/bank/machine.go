package bank

// MaxBatch bounds the items of one batch, in both directions.
const MaxBatch = 200

// Batch (指令批) is what the city posts to a bank's machine: orders of this bank
// that are approved and not yet taken, oldest first. The applicationId of an
// order is its key for ever: an order may come more than once, in this batch's
// own repetition or in another batch, and is to be carried out once.
type Batch struct {
	BatchID  string  `json:"batchId"`
	BankID   string  `json:"bankId"`
	SentTime string  `json:"sentTime"`
	Items    []Order `json:"items"`
}

// What a bank's machine says of each order of a batch.
const (
	Accepted = "accepted" // 已接收: the bank has it, also if it had it before; the answer comes later
	Refused  = "refused"  // 未接收, with a cause
	Unknown  = "unknown"  // the bank cannot tell yet; it will come again
)

// Causes of an order not being accepted, besides [Technical]. Whether the account
// exists, or the name fits, is for the answer to say, not for the receipt.
const (
	Busy       = "busy"       // 系统繁忙: to be sent again later
	Unreadable = "unreadable" // 报文无法识别: sending it again would not help
	NotOurs    = "not-ours"   // 非本行账户: the account is not this bank's
)

// BatchReceipt (批次回执) is the bank's signed reply to a batch, with status 200:
// one line for each order. An order without a line counts as unknown.
type BatchReceipt struct {
	BatchID string         `json:"batchId"`
	Items   []OrderReceipt `json:"items"`
}

// OrderReceipt is what a bank says of one order of a batch.
type OrderReceipt struct {
	ApplicationID string `json:"applicationId"`
	Result        string `json:"result"`          // Accepted, Refused or Unknown
	Cause         string `json:"cause,omitempty"` // when refused: Technical, Busy, Unreadable or NotOurs
}

// Answers (反馈批) is what a bank's machine posts to the city: answers to orders,
// each on its own.
type Answers struct {
	Items []OrderAnswer `json:"items"`
}

// OrderAnswer is the answer to one order. The same answer again has one effect; a
// different one corrects it, where the order allows that.
type OrderAnswer struct {
	ApplicationID string `json:"applicationId"`
	Answer        Answer `json:"answer"`
}

// What the city says of each answer.
const (
	Taken     = "taken"
	Repeated  = "repeated" // the very same answer had been taken before
	NotTaken  = "refused"  // by a rule, named in code: sending it again would not help
	ComeAgain = "retry"    // the city could not store it now; send this one again
)

// AnswersReceipt is the city's signed reply, with a line for each answer, in the
// order they were given.
type AnswersReceipt struct {
	Items []AnswerReceipt `json:"items"`
}

// AnswerReceipt is what became of one answer.
type AnswerReceipt struct {
	ApplicationID string `json:"applicationId"`
	Result        string `json:"result" enum:"taken,repeated,refused,retry"`
	State         string `json:"state,omitempty" doc:"of the order, when taken"`
	Code          string `json:"code,omitempty" doc:"of the rule, when refused"`
	Pointer       string `json:"pointer,omitempty" doc:"JSON pointer to the field of the answer that is wrong"`
	Title         string `json:"title,omitempty" doc:"the rule in a sentence, Chinese"`
	// What does not fit in an answer that was taken.
	Discrepancies []Oddity `json:"discrepancies,omitempty"`
}
