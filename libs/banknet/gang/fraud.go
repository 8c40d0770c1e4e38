// Package gang is the opponent of a city: frauds (电信网络诈骗) and the launderers
// (水房、车手) who move the victims' money on until someone stops them. It is pure
// and drawn from a seed: the same seed is the same fraud for everyone who plays
// against it, and what a launderer does with money that has reached him depends
// on that money alone, never on who else has been stopped.
//
// The numbers that it draws from are those that police and banks have published;
// docs/race.md lists them with their sources.
package gang

import (
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Role (账户角色) is what an account really is; no bank and no officer knows it.
type Role string

// The roles.
const (
	Victim    Role = "victim"    // 被害人
	Mule      Role = "mule"      // 涉案卡: rented, bought or borrowed, often with its holder's own money on it
	Wallet    Role = "wallet"    // 支付账户 at a payment institution, which banks name by order numbers
	Merchant  Role = "merchant"  // 商户: honest, gives goods for the money
	Utility   Role = "utility"   // 公用事业单位: honest
	Employer  Role = "employer"  // 代发工资单位: honest
	Bystander Role = "bystander" // 无关个人: honest
)

// Worth tells whether money that reaches such an account has bought something
// there, so that it is the payee's own and no longer the victim's (善意取得).
func (r Role) Worth() bool { return r == Merchant || r == Utility || r == Employer }

// Account (账户) is an account of the fraud with what it is and holds.
type Account struct {
	banknet.Account
	Role    Role
	Level   int       // of a mule: 1 = the victim pays to it
	Opening money.Fen // clean money, in fen
}

// Fraud (诈骗案件) is one fraud up to what the launderers do with it.
type Fraud struct {
	Number   int
	Accounts []Account
	Paid     []banknet.Payment // by the victim, in order of time
	Life     []banknet.Payment // of the holders, lawful, in order of time
	ReportAt time.Time
	Depth    int // levels of mules

	seed    uint64
	least   money.Fen // smallest piece that is worth a transfer
	levels  [][]int   // places of the mules in Accounts, by level - 1
	shops   []int     // places of the merchants
	wallets []int     // and of the payment accounts
}

// Loss is what the victim paid, in fen.
func (f *Fraud) Loss() money.Fen {
	var sum money.Fen
	for _, p := range f.Paid {
		sum += p.Amount
	}
	return sum
}

// Opened tells when the story begins.
func (f *Fraud) Opened() time.Time { return f.Paid[0].At.Add(-lifeBefore) }

// key makes the number of the n-th account of the fraud. Cards have 19 digits,
// all others 15.
func (f *Fraud) key(bank identity.BankCode, n int, kind identity.AccountKind) banknet.Key {
	if kind != identity.PersonalAccount {
		return banknet.Key{Bank: bank, Number: fmt.Sprintf("8%06d%08d", f.Number, n)}
	}
	return banknet.Key{Bank: bank, Number: fmt.Sprintf("622%07d%09d", f.Number, n)}
}
