package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/banknet/gang"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
)

// Gang (团伙) has launderers move the money of one victim on for as long as nobody
// stops them, in the ways that the police have published: many cards within
// minutes, hop by hop, mixed with clean money, in circles, through payment
// institutions and shops, and out in cash. Unlike a [Laundering], whose totals
// are given, what is left depends on how fast the city and its banks are.
type Gang struct {
	Victim       Ref    `yaml:"victim"`       // the person
	Transfer     Ref    `yaml:"transfer"`     // what the victim's transfers are called in a report
	Institutions []Ref  `yaml:"institutions"` // banks at which payment accounts are
	Loss         Yuan   `yaml:"loss"`         // at least so much
	Depth        int    `yaml:"depth"`        // at least so many levels
	Within       Offset `yaml:"within"`       // from the first payment to the report, at most
}

// drawn is how many frauds are drawn, of which the largest that fits is played.
const drawn = 1000

// mostDepth is how many levels a gang has at most.
const mostDepth = 5

func (g *Gang) check() error {
	if len(g.Institutions) == 0 || g.Depth < 0 || g.Depth > mostDepth || g.Loss.Fen > 4_000_000_00 {
		return fault(g.Victim.Line, "a gang has institutions, a depth up to %d and a loss up to 4,000,000 yuan", mostDepth)
	}
	return nil
}

// atWork is a gang in a story.
type atWork struct {
	crew *gang.Crew
	ids  map[banknet.Key]string // of the story's accounts
}

// assemble draws the gang's fraud so that it is reported at the start.
func (y *Story) assemble() error {
	g := y.Scenario.Gang
	if g == nil {
		return nil
	}
	var banks, institutions []identity.BankCode
	for _, b := range y.Scenario.Banks {
		if slices.ContainsFunc(g.Institutions, func(r Ref) bool { return r.Name == b.ID.Name }) {
			institutions = append(institutions, b.Code.BankCode)
		} else {
			banks = append(banks, b.Code.BankCode)
		}
	}
	if len(banks) == 0 {
		return fault(g.Victim.Line, "a gang needs banks that are no institutions")
	}
	fraud := g.draw(y.Seed, y.Start, banks, institutions)
	if fraud == nil {
		return fault(g.Victim.Line, "no fraud of that size is found with this seed")
	}
	y.gang = &atWork{crew: fraud.Crew(), ids: map[banknet.Key]string{}}
	for i, a := range fraud.Accounts {
		if err := y.enlist(g, i, a); err != nil {
			return err
		}
	}
	for i := range fraud.Paid {
		m := y.move(fraud.Paid[i])
		m.ID, m.Free = g.Transfer.Name, false
		y.Moves = append(y.Moves, m)
	}
	for _, p := range fraud.Life {
		m := y.move(p)
		m.Because = nil
		y.Moves = append(y.Moves, m)
	}
	return nil
}

// draw looks for the largest fraud that fits. What a fraud is does not depend on
// when it begins, so that it can be moved to be reported in time.
func (g *Gang) draw(seed uint64, start time.Time, banks, institutions []identity.BankCode) *gang.Fraud {
	var largest *gang.Fraud
	for number := 1; number <= drawn; number++ {
		fraud := gang.New(seed, number, start, banks, institutions)
		took := fraud.ReportAt.Sub(fraud.Paid[0].At)
		if fraud.Loss() < g.Loss.Fen || fraud.Depth < g.Depth || g.Within.Duration > 0 && took > g.Within.Duration {
			continue
		}
		if largest == nil || fraud.Loss() > largest.Loss() {
			largest = fraud
		}
	}
	if largest == nil {
		return nil
	}
	return gang.New(seed, largest.Number, start.Add(start.Sub(largest.ReportAt)), banks, institutions)
}

// enlist opens an account of the fraud under a number of this play.
func (y *Story) enlist(g *Gang, i int, a gang.Account) error {
	id := fmt.Sprintf("gang-%s-%03d", a.Role, i)
	if _, taken := y.accounts[id]; taken {
		return fault(g.Victim.Line, "the gang has an account called %s itself", id)
	}
	account := StoryAccount{ID: id, Bank: a.Bank, Kind: kindOf(a), Opening: a.Opening, Level: a.Level}
	if a.Role == gang.Victim {
		account.Owner = g.Victim.Name
	}
	y.gang.ids[a.Key] = id
	y.open(account)
	return nil
}

func kindOf(a gang.Account) string {
	switch a.Role {
	case gang.Merchant:
		return "04"
	case gang.Utility:
		return "03"
	case gang.Employer:
		return "02"
	case gang.Wallet, gang.Victim, gang.Bystander:
		return "01"
	case gang.Mule:
	}
	return cmp.Or(a.Kind, "01")
}

// move writes a payment of the fraud as one of the story.
func (y *Story) move(p banknet.Payment) Move {
	m := Move{
		At: p.At, From: y.gang.ids[p.From], To: y.gang.ids[p.To], Amount: p.Amount, Summary: p.Summary, Channel: "online", Free: true, Because: &p,
	}
	if p.Order != "" {
		r := holder.Source(y.Seed, y.salt, "order "+p.Order)
		m.Order = p.At.In(identity.Shanghai()).Format("20060102") + strconv.FormatUint(1e15+r.Uint64N(9e15), 10)
		m.Wallet = y.wallet(m)
	}
	return m
}

// wallet (支付账户) is what a payment institution holds under one order number. The
// institution knows whose it is.
func (y *Story) wallet(m Move) *banknet.Account {
	a := y.Accounts[y.accounts[m.To]]
	return &banknet.Account{
		Key: banknet.Key{Bank: a.Bank, Number: m.Order}, Holder: a.Holder, Kind: a.Kind, HolderID: y.People[a.Owner].IDNumber,
	}
}

// Then gives what the gang tries once a payment has been carried out, in no
// order. It is not safe for concurrent use.
func (y *Story) Then(m Move) []Move {
	if y.gang == nil || m.Because == nil {
		return nil
	}
	var moves []Move
	for _, p := range y.gang.crew.Arrived(*m.Because) {
		next := y.move(p)
		if m.Wallet != nil && p.From == m.Because.To {
			next.Wallet, next.Spends = m.Wallet, true
		}
		next.Serial = y.serial(p.At)
		moves = append(moves, next)
	}
	return moves
}

// Crowd (人群) is everybody else: accounts that have nothing to do with the case,
// and their payments to one another.
type Crowd struct {
	Accounts  int    `yaml:"accounts"`
	Opening   Yuan   `yaml:"opening"`   // on the average
	PerMinute int    `yaml:"perMinute"` // payments
	From      Offset `yaml:"from"`      // of the first
	Until     Offset `yaml:"until"`     // of the last
}

// Limits of a crowd.
const (
	maxCrowd    = 200_000
	maxPayments = 2_000_000
)

func (c *Crowd) check() error {
	if c.Accounts < 2 || c.Accounts > maxCrowd || c.Opening.Fen <= 0 || c.Opening.Fen > money.Max/maxCrowd/4 {
		return fmt.Errorf("%w: a crowd has 2 to %d accounts with an opening", ErrScenario, maxCrowd)
	}
	minutes := int((c.Until.Duration - c.From.Duration) / time.Minute)
	if minutes < 0 || c.PerMinute < 0 || (minutes > 0 && c.PerMinute > maxPayments/minutes) {
		return fault(c.Until.Line, "a crowd makes at most %d payments", maxPayments)
	}
	return nil
}
