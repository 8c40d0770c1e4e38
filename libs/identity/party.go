package identity

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// AccountKind (账户类别) as banks code it.
type AccountKind string

// The kinds of account.
const (
	PersonalAccount  AccountKind = "01" // 个人
	CorporateAccount AccountKind = "02" // 对公

	UtilityAccount     AccountKind = "03" // 公共事业缴费
	MerchantAccount    AccountKind = "04" // 商户
	InstitutionAccount AccountKind = "05" // 支付机构
	OrderNumberAccount AccountKind = "06" // 订单号: what a payment institution holds of one payment
)

// HumanKinds are the kinds of account on which a stop hits many who have nothing
// to do with the case, so that a person decides on it.
func HumanKinds() []AccountKind {
	return []AccountKind{UtilityAccount, MerchantAccount, InstitutionAccount}
}

// Known tells whether it is a kind that banks code.
func (k AccountKind) Known() bool {
	return len(k) == 2 && k >= PersonalAccount && k <= OrderNumberAccount
}

// Account (账户) names one bank account without showing its number.
type Account struct {
	ID     AccountID   `json:"id"`
	Bank   BankCode    `json:"bank"`
	Kind   AccountKind `json:"kind"`
	Number seal.Box    `json:"number"`
	Holder seal.Box    `json:"holder"` // 户名
}

// Party (当事人) is a person or firm; what identifies it is sealed, what finds
// it again is a keyed hash.
type Party struct {
	ID          PartyID  `json:"id"`
	Kind        string   `json:"kind"` // person | organisation
	IDKind      IDKind   `json:"idKind,omitempty"`
	Name        seal.Box `json:"name"`
	IDNumber    seal.Box `json:"idNumber"`
	Phone       seal.Box `json:"phone"`
	Address     seal.Box `json:"address"`
	IDNumberKey string   `json:"idNumberKey,omitempty"`
	PhoneKey    string   `json:"phoneKey,omitempty"`
}

// Transfer (转账) is one movement of money between two accounts, as a victim
// declares it or a bank's row shows it.
type Transfer struct {
	ID     TransferID `json:"id"`
	From   Account    `json:"from"`
	To     Account    `json:"to"`
	Amount money.Fen  `json:"amountFen"`
	At     time.Time  `json:"at"`
	Serial string     `json:"serial,omitempty"` // 流水号
}
