package bank

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

// Order (指令) is what a bank is asked to do: one of the odd Tx codes.
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

	// OriginalApplicationID (原申请编号) is the earlier order that this one
	// changes: the stop of a 100103 or 100105, the freeze of a 100203 or 100205,
	// the order given on paper of an application of type 04 or 05.
	OriginalApplicationID string `json:"originalApplicationId,omitempty"`
	// Scope (止付范围) is ALL or AMOUNT; empty is ALL. A 100101 with the ID of a
	// stop that stands in OriginalApplicationID narrows that stop to its scope.
	Scope string `json:"scope,omitempty"`
	// StopAmount (止付金额) is what an AMOUNT stop holds.
	StopAmount string `json:"stopAmount,omitempty"`
	// StartTime and ExpireTime are the period that is asked for: of a stop, of a
	// freeze (FreezeStartTime) or of a second stop (PostponeStartTime). The bank's
	// own time of execution counts, not these; but a 100105 that is carried out
	// before the first stop has ended holds from that end on, its StartTime, for 48
	// hours. A bank that carries it out later stops for 48 hours from then.
	StartTime  string `json:"startTime,omitempty"`
	ExpireTime string `json:"expireTime,omitempty"`
	// ReleaseAmount (解除金额) is how much of a freeze a 100203 releases; empty is
	// all of it.
	ReleaseAmount string `json:"releaseAmount,omitempty"`
	ReleaseRemark string `json:"releaseRemark,omitempty"` // 解除说明, a code of the cause
	ExtendRemark  string `json:"extendRemark,omitempty"`  // 延期说明, a code of the cause
	AssetKind     string `json:"assetKind,omitempty"`     // deposit, securities, equity
	// IncludesFruits tells whether the freeze covers interest (是否及于孳息).
	IncludesFruits bool `json:"includesFruits,omitempty"`
	// InquiryMode and the period are of a query: rows from InquiryStart up to and
	// without InquiryEnd. An empty bound is none.
	InquiryMode  string `json:"inquiryMode,omitempty"`
	InquiryStart string `json:"inquiryStart,omitempty"`
	InquiryEnd   string `json:"inquiryEnd,omitempty"`
	// DataType tells what AccountNumber is: 01 or empty an account, 02 an order
	// number of a payment institution.
	DataType string `json:"dataType,omitempty"`
	// IDType and IDNumber are the document of the holder (证件类型, 证件号码), for a
	// freeze, a holder query and an all-accounts query. Where they are missing the
	// bank looks the holder of AccountNumber up.
	IDType   string `json:"idType,omitempty"`
	IDNumber string `json:"idNumber,omitempty"`
}

// Orders is a page of orders.
type Orders struct {
	Items []Order `json:"items"`
}
