package bank

// Transaction (交易明细) is one row of an account's statement. The fields from
// Currency on are optional; those that name a person, a machine or a place are
// codes and numbers, never free text.
type Transaction struct {
	SerialNumber  string `json:"serialNumber"`
	Time          string `json:"time"`
	Direction     string `json:"direction" doc:"借贷标志: C in, D out"`
	Amount        string `json:"amount"`
	Balance       string `json:"balance" doc:"after this row"`
	Cash          bool   `json:"cash,omitempty" doc:"现金标志"`
	CounterBankID string `json:"counterBankId,omitempty"`
	CounterName   string `json:"counterName,omitempty"`
	CounterNumber string `json:"counterNumber,omitempty"`
	CounterType   string `json:"counterType,omitempty"`
	Summary       string `json:"summary,omitempty"`

	Currency           string `json:"currency,omitempty" doc:"币种, CNY where it is missing" maxLength:"3"`
	CounterKind        string `json:"counterKind,omitempty" doc:"对方账户类别: 01 personal, 02 corporate, 03 utility, 04 merchant, 05 payment institution; counterType counts where it is missing" maxLength:"2"`
	CounterOrderNumber string `json:"counterOrderNumber,omitempty" doc:"订单号: a payment institution names its order where the other side's account is not known" maxLength:"64"`
	MerchantNumber     string `json:"merchantNumber,omitempty" doc:"商户号" maxLength:"64"`
	MerchantName       string `json:"merchantName,omitempty" doc:"商户名, is sealed" maxLength:"128"`
	TerminalNumber     string `json:"terminalNumber,omitempty" doc:"终端号" maxLength:"64"`
	PlaceCode          string `json:"placeCode,omitempty" doc:"发生地: code of the division" maxLength:"12"`
	IP                 string `json:"ip,omitempty" doc:"IP, is sealed" maxLength:"45"`
	MAC                string `json:"mac,omitempty" doc:"MAC, is sealed" maxLength:"17"`
	BranchCode         string `json:"branchCode,omitempty" doc:"网点代码" maxLength:"64"`
	TellerNumber       string `json:"tellerNumber,omitempty" doc:"柜员号" maxLength:"64"`
	LogNumber          string `json:"logNumber,omitempty" doc:"日志号" maxLength:"64"`
	SlipNumber         string `json:"slipNumber,omitempty" doc:"传票号" maxLength:"64"`
	VoucherKind        string `json:"voucherKind,omitempty" doc:"凭证种类" maxLength:"16"`
	VoucherNumber      string `json:"voucherNumber,omitempty" doc:"凭证号" maxLength:"64"`
	Failed             bool   `json:"failed,omitempty" doc:"成功标志: the transfer did not come about"`
}

// Measure (在先措施) is a restraint that stands on an account, whoever ordered
// it.
type Measure struct {
	Type       string `json:"type" doc:"0001 公安止付, 0002 公安冻结, 1001 高法冻结" maxLength:"4"`
	Department string `json:"department,omitempty" doc:"who ordered it" maxLength:"128"`
	Amount     string `json:"amount,omitempty" doc:"what it holds; missing where it holds the whole account"`
	StartTime  string `json:"startTime,omitempty"`
	ExpireTime string `json:"expireTime,omitempty"`
	Waiting    bool   `json:"waiting,omitempty" doc:"轮候: it takes hold when the earlier ones have ended"`
}

// HeldAccount (名下账户) is one of the accounts of a holder in the answer to a
// 100309.
type HeldAccount struct {
	AccountNumber    string    `json:"accountNumber" maxLength:"64"`
	AccountName      string    `json:"accountName,omitempty" doc:"is sealed" maxLength:"128"`
	AccountType      string    `json:"accountType,omitempty" doc:"01 personal, 02 corporate" maxLength:"2"`
	Currency         string    `json:"currency,omitempty" maxLength:"3"`
	Balance          string    `json:"balance,omitempty"`
	AvailableBalance string    `json:"availableBalance,omitempty" doc:"what no measure holds"`
	State            string    `json:"state,omitempty" doc:"normal, stopped, frozen, closed" maxLength:"16"`
	OpenTime         string    `json:"openTime,omitempty"`
	Measures         []Measure `json:"measures,omitempty" maxItems:"200"`
}

// Holder (持卡主体) is the holder of an account in the answer to a 100303. All of
// it is personal data and is sealed.
type Holder struct {
	Name     string `json:"name" maxLength:"128"`
	IDType   string `json:"idType,omitempty" doc:"证件类型" maxLength:"2"`
	IDNumber string `json:"idNumber,omitempty" doc:"证件号码" maxLength:"64"`
	Phone    string `json:"phone,omitempty" maxLength:"32"`
}

// Answer (反馈) is what a bank says to an order: one of the even Tx codes.
type Answer struct {
	Result                      string        `json:"result" doc:"0000 done; else a code of four to six digits" pattern:"^[0-9]{4,6}$" patternDescription:"four to six digits"`
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

	AvailableBalance string `json:"accountAvaiableBalance,omitempty" doc:"AccountAvaiableBalance: what no measure holds once this one stands"`
	// StoppedAmount (止付金额) is what an AMOUNT stop holds, also where the account
	// has less; missing where the whole account is stopped.
	StoppedAmount string `json:"stoppedAmount,omitempty" doc:"what an amount-limited stop holds"`
	// ReleasedAmount (解除金额) is what a 100203 has released.
	ReleasedAmount string `json:"releasedAmount,omitempty" doc:"what the release of a freeze has set free"`
	State          string `json:"state,omitempty" doc:"账户状态: normal, stopped, frozen, closed" maxLength:"16"`
	// Measures are what stands on the account beside this order, by whomever, in
	// the order in which they came: stops, then freezes.
	Measures []Measure     `json:"measures,omitempty" maxItems:"200" doc:"在先措施: every other restraint on the account, by whomever"`
	Accounts []HeldAccount `json:"accounts,omitempty" maxItems:"500" doc:"名下账户, of a 100309"`
	Holder   *Holder       `json:"holder,omitempty" doc:"持卡主体, of a 100303"`
	// Page counts from 1 and Pages is how many answers the statement comes in,
	// each with at most [RowsPerAnswer] rows and under its own idempotency key;
	// both are 0 where one answer has it all. OpeningBalance of each page is the
	// balance before its first row. Every page repeats the result.
	Page  int `json:"page,omitempty" minimum:"0" maximum:"10000" doc:"number of this answer where a statement comes in several, from 1"`
	Pages int `json:"pages,omitempty" minimum:"0" maximum:"10000" doc:"how many answers the statement comes in"`
	// CorrectsAnswer (更正反馈): this answer replaces the one given before.
	CorrectsAnswer bool `json:"correctsAnswer,omitempty" doc:"更正: this answer replaces an earlier one to the same order"`
}

// Oddity (反馈差异) is what does not fit in an answer, as its bank is told. The
// answer is taken all the same, and an officer sees it too.
type Oddity struct {
	Kind     string `json:"kind" doc:"docs/api.md lists the kinds"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Row      string `json:"row,omitempty" doc:"serial number of the row"`
	Text     string `json:"text,omitempty" doc:"what the kind says, in Chinese"`
}
