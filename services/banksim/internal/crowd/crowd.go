// Package crowd is everybody else in a network of banks: people with accounts,
// who pay one another and have nothing to do with any case. The same seed draws
// the same people and payments.
package crowd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
)

// Params say how many there are and what they do. Opening is what they have on
// the average, in fen.
type Params struct {
	Banks       []identity.BankCode
	Accounts    int
	Opening     money.Fen
	PerMinute   int // payments, from From to Until
	From, Until time.Time
	Seed        uint64
	Salt        string // tells the numbers of one play from those of another
}

// Crowd (人群) pays as time goes by. It is not safe for concurrent use.
type Crowd struct {
	network *banknet.Network
	keys    []banknet.Key
	r       *rand.Rand
	next    time.Time
	until   time.Time
	every   time.Duration // on the average
	made    int
	refused int
}

// perPerson is how many accounts four people have together: one in four has two.
const perPerson, people = 5, 4

// maxDraws is how often a number is drawn anew that somebody has already.
const maxDraws = 10

// Open opens the accounts, spread over the banks.
func Open(n *banknet.Network, p Params) (*Crowd, error) {
	c := &Crowd{network: n, r: holder.Source(p.Seed, "", "crowd"), next: p.From, until: p.Until, keys: make([]banknet.Key, 0, p.Accounts)}
	if p.PerMinute > 0 {
		c.every = time.Minute / time.Duration(p.PerMinute)
	}
	for i := range p.Accounts {
		who := strconv.Itoa(i/perPerson*people + i%perPerson%people)
		person := holder.Draw(holder.Person{}, p.Seed, p.Salt, "crowd-"+who, "")
		a := banknet.Account{Holder: person.Name, HolderID: person.IDNumber, Kind: string(identity.PersonalAccount)}
		opening := money.Fen(c.r.Int64N(2*int64(p.Opening) + 1))
		key, err := c.open(a, opening, p, i)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, key)
	}
	return c, nil
}

func (c *Crowd) open(a banknet.Account, opening money.Fen, p Params, i int) (banknet.Key, error) {
	bank := p.Banks[i%len(p.Banks)]
	for try := range maxDraws {
		a.Key = banknet.Key{Bank: bank, Number: holder.AccountNumber(p.Seed, p.Salt, fmt.Sprintf("crowd-%d-%d", i, try), string(bank))}
		if err := c.network.Open(a, opening); !errors.Is(err, banknet.ErrExists) {
			return a.Key, err
		}
	}
	return banknet.Key{}, banknet.ErrExists
}

// Advance makes the payments that are due.
func (c *Crowd) Advance(now time.Time) {
	if c.every <= 0 || len(c.keys) < 2 {
		return
	}
	for ; !c.next.After(now) && c.next.Before(c.until); c.next = c.next.Add(c.gap()) {
		from := c.r.IntN(len(c.keys))
		to := c.r.IntN(len(c.keys) - 1)
		if to >= from {
			to++
		}
		p := banknet.Payment{
			Serial: "C" + strconv.Itoa(c.made+c.refused+1), At: c.next, From: c.keys[from], To: c.keys[to],
			Amount: money.Fen(100 + c.r.Int64N(200_000)), Summary: "转账",
		}
		if err := c.network.Pay(p); err != nil {
			c.refused++ // too little on the account, as it happens
		} else {
			c.made++
		}
	}
}

// gap draws the time to the next payment.
func (c *Crowd) gap() time.Duration {
	return time.Duration(float64(c.every)*min(c.r.ExpFloat64(), 20)) + time.Millisecond
}

// Tally tells how many payments were made and how many refused.
func (c *Crowd) Tally() (made, refused int) { return c.made, c.refused }

// Accounts lists the accounts.
func (c *Crowd) Accounts() []banknet.Key { return c.keys }
