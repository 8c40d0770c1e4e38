package bank

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
