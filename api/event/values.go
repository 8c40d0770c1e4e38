package event

import (
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// CNY is the one currency that is handled; amounts of different currencies
// never meet.
const CNY = "CNY"

// Event is any event of any set.
type Event interface{ isEvent() }

// Values that events share with what people and banks send in.
type (
	// Officer (民警) acts or signs.
	Officer = identity.Officer
	// Account (账户) names one bank account without showing its number.
	Account = identity.Account
	// Party (当事人) is a person or firm, what identifies it sealed.
	Party = identity.Party
	// Transfer (转账) is one movement of money between two accounts.
	Transfer = identity.Transfer
)

// Lot (权属份额) is an amount on an account with its owner candidate: the money
// of one declared transfer of one victim in one case. A lot without a case has
// no known owner.
type Lot struct {
	Case     identity.CaseID     `json:"case,omitempty"`
	Victim   identity.PartyID    `json:"victim,omitempty"`
	Transfer identity.TransferID `json:"transfer,omitempty"`
	Amount   money.Fen           `json:"amountFen"`
}

// Known tells whether the lot has an owner candidate.
func (l Lot) Known() bool { return l.Case != "" }

// Warning (软校验) is a soft finding: kept, shown, never in the way.
type Warning = identity.Warning
