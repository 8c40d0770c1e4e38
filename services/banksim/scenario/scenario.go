// Package scenario reads and compiles stories to play against a city. A scenario
// is data, one YAML file: banks and how they behave, people, accounts with their
// opening balances, transfers and cash on a time line, a gang that moves money by
// a seed, reports and alerts, officers and what they do, and the figures that the
// case must come to. docs/scenarios.md tells how to write one.
package scenario

import "time"

// Scenario (剧本) is one file. Times are relative to Start.
type Scenario struct {
	Name       string      `yaml:"name"`
	Title      string      `yaml:"title"`
	Start      time.Time   `yaml:"start"`
	Seed       uint64      `yaml:"seed"`
	Banks      []Bank      `yaml:"banks"`
	People     []Person    `yaml:"people"`
	Accounts   []Account   `yaml:"accounts"`
	Transfers  []Transfer  `yaml:"transfers"`
	CashOuts   []CashOut   `yaml:"cashOuts"`
	Laundering *Laundering `yaml:"laundering"`
	Gang       *Gang       `yaml:"gang"`
	Crowd      *Crowd      `yaml:"crowd"`
	Reports    []Report    `yaml:"reports"`
	Alerts     []Alert     `yaml:"alerts"`
	Officers   []Officer   `yaml:"officers"`
	Acts       []Act       `yaml:"acts"`
	Expect     []Expect    `yaml:"expect"`
}

// Bank (银行) is a bank of the network, and what it does otherwise than a good
// bank would.
type Bank struct {
	ID        Ref       `yaml:"id"`
	Code      BankCode  `yaml:"code"`
	Behaviour Behaviour `yaml:"behaviour"`
}

// Person (当事人) is a victim, or a holder of accounts. What is left out is drawn
// from the seed. A name that ends in 某 gets a given name drawn.
type Person struct {
	ID       Ref    `yaml:"id"`
	Kind     string `yaml:"kind"` // person (default) | organisation
	Name     string `yaml:"name"`
	IDKind   string `yaml:"idKind"`
	IDNumber string `yaml:"idNumber"`
	Phone    string `yaml:"phone"`
	Address  string `yaml:"address"`
	Division string `yaml:"division"` // first six digits of a drawn ID number
}

// Account (账户) of the network. Without a holder one is drawn; so is the number.
type Account struct {
	ID      Ref           `yaml:"id"`
	Bank    Ref           `yaml:"bank"`
	Holder  Ref           `yaml:"holder"`
	Kind    string        `yaml:"kind"` // 01 personal (default) | 02 corporate | 03 utility | 04 merchant | 05 payment institution
	Number  string        `yaml:"number"`
	Opening Yuan          `yaml:"opening"`
	Frozen  *EarlierOwner `yaml:"frozen"`
	Stopped *EarlierOwner `yaml:"stopped"`
	Absent  bool          `yaml:"absent"` // the bank has no such account
}

// EarlierOwner (在先措施) is someone who froze or stopped the account before the
// story, up to an amount or as a whole. Court makes it a court's freeze.
type EarlierOwner struct {
	By     string `yaml:"by"`
	Amount Yuan   `yaml:"amount"`
	Until  Offset `yaml:"until"`
	Court  bool   `yaml:"court"`
}

// Transfer (转账) between two accounts of the network.
type Transfer struct {
	ID      Ref    `yaml:"id"` // needed where a report declares it
	At      Offset `yaml:"at"`
	From    Ref    `yaml:"from"`
	To      Ref    `yaml:"to"`
	Amount  Yuan   `yaml:"amount"`
	Channel string `yaml:"channel"` // online (default) | counter | atm | qr
	Summary string `yaml:"summary"`
	Refused bool   `yaml:"refused"` // is meant to be refused by the bank
}

// CashOut (取现) is cash taken out of an account.
type CashOut struct {
	At      Offset `yaml:"at"`
	From    Ref    `yaml:"from"`
	Amount  Yuan   `yaml:"amount"`
	Summary string `yaml:"summary"`
	Refused bool   `yaml:"refused"`
}

// Laundering (洗钱) has a gang move the money of one victim. The totals hold for
// the scenario's own seed; another seed draws them within the spread.
type Laundering struct {
	From         Ref    `yaml:"from"`     // the victim's account
	Transfer     Ref    `yaml:"transfer"` // what the victim's transfer is called in a report
	At           Offset `yaml:"at"`       // of that transfer
	FanOut       Offset `yaml:"fanOut"`   // in which level 1 is emptied
	Reported     Yuan   `yaml:"reported"`
	Level1       Yuan   `yaml:"level1"` // what is left on level 1
	Attributable Yuan   `yaml:"attributable"`
	Stopped      Yuan   `yaml:"stopped"`
	Level2       int    `yaml:"level2"` // number of accounts
	Level3       int    `yaml:"level3"`
	MinBanks     int    `yaml:"minBanks"` // different banks, or more
	ProRata      int    `yaml:"proRata"`  // accounts where the money cannot be told apart
	Spread       int    `yaml:"spread"`   // per cent
	Attempts     int    `yaml:"attempts"` // to move money after the start
	AttemptsFrom Offset `yaml:"attemptsFrom"`
}

// Report (报案) is what a victim tells. It is filed by an act.
type Report struct {
	ID        Ref    `yaml:"id"`
	Victim    Ref    `yaml:"victim"`
	Channel   string `yaml:"channel"` // 110 (default) | 96110 | window | bank | transfer
	Urgency   string `yaml:"urgency"` // urgent (default) | normal
	Brief     string `yaml:"brief"`
	FraudType string `yaml:"fraudType"`
	Transfers []Ref  `yaml:"transfers"`
}

// Alert (预警指令) is a warning about someone who may be about to pay.
type Alert struct {
	ID        Ref    `yaml:"id"`
	Subject   Ref    `yaml:"subject"`
	Supplier  string `yaml:"supplier"`
	Grade     string `yaml:"grade"`
	FraudType string `yaml:"fraudType"`
	SignalAt  Offset `yaml:"signalAt"`
}

// Officer (民警) acts. Unit is the 12-digit code of his police unit.
type Officer struct {
	ID       Ref    `yaml:"id"`
	PoliceNo string `yaml:"policeNo"`
	Unit     string `yaml:"unit"`
	Level    string `yaml:"level"` // station | county | city | province
	Role     string `yaml:"role"`
}

// Expect (预期) are the figures that a case must come to, with the scenario's
// own seed. Banks is the least number.
type Expect struct {
	Case            Ref  `yaml:"case"` // of the report
	Reported        Yuan `yaml:"reported"`
	Accounts        int  `yaml:"accounts"`
	Banks           int  `yaml:"banks"`
	Levels          int  `yaml:"levels"`
	Stopped         Yuan `yaml:"stopped"`
	StoppedLevel1   Yuan `yaml:"stoppedLevel1"`
	Attributable    Yuan `yaml:"attributable"`
	Frozen          Yuan `yaml:"frozen"`
	Returned        Yuan `yaml:"returned"`
	RemainingFrozen Yuan `yaml:"remainingFrozen"`
}
