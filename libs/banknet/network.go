// Package banknet is a pure model of a banking network with an exact ledger:
// accounts, statements, transfers between banks, cash, and the measures that a
// bank carries out on the word of the police or a court (止付, 冻结). It knows no
// clock and does no I/O: every call says what time it is. Money is never made
// and never lost in it: what all accounts hold and what was paid out in cash is
// what they were opened with.
package banknet

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Why a bank refuses.
var (
	ErrExists       = errors.New("there is such an account already")
	ErrNotFound     = errors.New("there is no such account")
	ErrAmount       = errors.New("not an amount that can be moved")
	ErrInsufficient = errors.New("the account does not hold as much")
	ErrStopped      = errors.New("the account is stopped: money comes in, none goes out")
	ErrFrozen       = errors.New("the money is frozen")
	ErrNotFrozen    = errors.New("as much is not frozen on the account")
	ErrName         = errors.New("the name is not that of the account")
	ErrQueued       = errors.New("someone else has frozen the account before")
	ErrNoMeasure    = errors.New("there is no such measure on the account")
	ErrWider        = errors.New("a stop can be narrowed, not widened")
	ErrLate         = errors.New("the measure has ended by itself before")
	ErrTooMany      = errors.New("too many measures stand on the account")
)

// Key names an account: its bank and its number there.
type Key struct {
	Bank   identity.BankCode
	Number string
}

// Account (账户) is what a bank knows of an account when it opens it. Kind is 01
// personal, 02 corporate, 03 public utility, 04 merchant or 05 the reserve
// account (备付金) of a payment institution. HolderID is the number of the
// holder's document; where it is empty, holders are told apart by name.
type Account struct {
	Key
	Holder   string
	Kind     string
	HolderID string
}

// Row (交易明细) is one line of a statement. Amount and Balance are in fen; At
// is in UTC.
type Row struct {
	Serial  string
	At      time.Time
	Credit  bool // in, else out
	Amount  money.Fen
	Balance money.Fen // after the row
	Cash    bool
	Counter *Account // nil for cash; not to be changed
	Order   string   // 订单号: the payment went through a payment institution, which names its order instead of the account
	Summary string
}

// Statement (账户明细) is an account with its rows, oldest first.
type Statement struct {
	Account Account
	Opening money.Fen // before the first row
	Balance money.Fen
	Rows    []Row
}

// account is one account with what restrains it.
type account struct {
	Account
	opening, balance money.Fen
	rows             []Row
	stops            []stop   // in the order they came, with some that have ended
	freezes          []freeze // the first holds, the others wait (轮候)
	former           []freeze // freezes that have ended, newest last
	sibling          *account // next account of the same holder
}

// Network (银行网络) holds all accounts of all banks. It is safe for concurrent
// use. A payment takes the same time however many accounts and rows there are.
type Network struct {
	mu        sync.Mutex
	accounts  map[Key]*account
	holders   map[string]*account // the newest account of each holder
	orders    map[string]Key      // the payee of each order of a payment institution
	waiting   map[Key]*account    // accounts with a queue of freezes
	activated []Activation
	cash      money.Fen
	receipts  int
}

// New makes a network without accounts.
func New() *Network { return NewFor(0) }

// NewFor makes a network without accounts that has room for as many.
func NewFor(accounts int) *Network {
	return &Network{
		accounts: make(map[Key]*account, accounts), holders: make(map[string]*account, accounts),
		orders: map[string]Key{}, waiting: map[Key]*account{},
	}
}

func (a Account) owner() string {
	if a.HolderID != "" {
		return "#" + a.HolderID
	}
	return a.Holder
}

// Open (开户) makes an account that holds the opening amount in fen.
func (n *Network) Open(a Account, opening money.Fen) error {
	if opening < 0 || opening > money.Max {
		return ErrAmount
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.accounts[a.Key]; ok {
		return ErrExists
	}
	owner := a.owner()
	made := &account{Account: a, opening: opening, balance: opening, sibling: n.holders[owner]}
	n.accounts[a.Key], n.holders[owner] = made, made
	return nil
}

// Payment is an order of a customer to move money. From is the account that
// pays; To the one that gets it, or the zero Key for cash over the counter.
// Order is set where a payment institution carries it out: statements then show
// that number for the account on the other side.
type Payment struct {
	Serial   string
	At       time.Time
	From, To Key
	Amount   money.Fen
	Order    string
	Summary  string
}

// Pay (转账, 取现) carries a payment out, or refuses it whole.
func (n *Network) Pay(p Payment) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	from, ok := n.accounts[p.From]
	if !ok {
		return ErrNotFound
	}
	to, err := n.target(p)
	if err != nil {
		return err
	}
	if p.Amount <= 0 || p.Amount > money.Max {
		return ErrAmount
	}
	n.settle(from, p.At)
	if err := from.mayPay(p.At, p.Amount); err != nil {
		return err
	}
	if err := n.move(p, from, to); err != nil {
		return err
	}
	from.spend(p.Amount)
	return nil
}

// target finds the account that is to be credited; none for cash.
func (n *Network) target(p Payment) (*account, error) {
	if p.To == (Key{}) {
		return nil, nil //nolint:nilnil // cash has no account
	}
	to, ok := n.accounts[p.To]
	if !ok || p.To == p.From {
		return nil, ErrNotFound
	}
	return to, nil
}

// move posts both sides under one serial number, so that the statements of both
// banks can be told to be the same transfer.
func (n *Network) move(p Payment, from, to *account) error {
	if to == nil {
		total, err := n.cash.Add(p.Amount)
		if err != nil {
			return fmt.Errorf("cash paid out: %w", err)
		}
		n.cash = total
		from.post(Row{Serial: p.Serial, At: p.At, Amount: p.Amount, Cash: true, Summary: p.Summary})
		return nil
	}
	if _, err := to.balance.Add(p.Amount); err != nil {
		return fmt.Errorf("balance: %w", err)
	}
	from.post(Row{Serial: p.Serial, At: p.At, Amount: p.Amount, Counter: &to.Account, Order: p.Order, Summary: p.Summary})
	to.post(Row{Serial: p.Serial, At: p.At, Credit: true, Amount: p.Amount, Counter: &from.Account, Order: p.Order, Summary: p.Summary})
	if p.Order != "" {
		n.orders[p.Order] = p.To
	}
	return nil
}

// post adds a row. A statement is in the order of posting, so that its times
// never go back, and platform times have whole seconds.
func (a *account) post(r Row) {
	r.At = r.At.UTC().Truncate(time.Second)
	if last := len(a.rows) - 1; last >= 0 && r.At.Before(a.rows[last].At) {
		r.At = a.rows[last].At
	}
	if r.Credit {
		a.balance += r.Amount
	} else {
		a.balance -= r.Amount
	}
	r.Balance = a.balance
	a.rows = append(a.rows, r)
}

// Statement gives the account as it stands.
func (n *Network) Statement(key Key) (Statement, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return Statement{}, ErrNotFound
	}
	return a.statement(), nil
}

func (a *account) statement() Statement {
	return Statement{Account: a.Account, Opening: a.opening, Balance: a.balance, Rows: slices.Clone(a.rows)}
}

// Balance gives what an account holds, in fen.
func (n *Network) Balance(key Key) (money.Fen, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.accounts[key]
	if !ok {
		return 0, ErrNotFound
	}
	return a.balance, nil
}

// Holdings (名下账户) lists the accounts at one bank of the holder of that
// document number, or of that name where the accounts were opened without one.
// Newest first, at most as many as limit, without their rows.
func (n *Network) Holdings(bank identity.BankCode, holderID, holder string, limit int) []Statement {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []Statement
	for a := n.holders[Account{Holder: holder, HolderID: holderID}.owner()]; a != nil && len(found) < limit; a = a.sibling {
		if a.Bank == bank {
			found = append(found, Statement{Account: a.Account, Opening: a.opening, Balance: a.balance})
		}
	}
	return found
}

// ByOrder finds the account that an order (订单号) of a payment institution paid
// to.
func (n *Network) ByOrder(number string) (Key, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key, ok := n.orders[number]
	if !ok {
		return Key{}, ErrNotFound
	}
	return key, nil
}

// Totals are sums over the whole network, in fen. Balances + Cash = Openings.
type Totals struct{ Openings, Balances, Cash money.Fen }

// Totals adds up the network.
func (n *Network) Totals() (Totals, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := Totals{Cash: n.cash}
	for _, a := range n.accounts {
		var err error
		if t.Openings, err = t.Openings.Add(a.opening); err != nil {
			return Totals{}, err
		}
		if t.Balances, err = t.Balances.Add(a.balance); err != nil {
			return Totals{}, err
		}
	}
	return t, nil
}
