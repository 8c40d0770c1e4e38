package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/holder"
	"github.com/yuanlu/yuanlu/services/banksim/internal/launder"
)

// Story (故事) is a scenario with everything drawn that it leaves to a seed, at a
// certain time. Two stories of one scenario and seed differ in the numbers of
// accounts and people and in nothing else, so that a scenario can be played
// twice against one city.
type Story struct {
	Scenario *Scenario
	Seed     uint64
	Start    time.Time
	People   map[string]holder.Person // by id; of drawn holders by that of the account
	Accounts []StoryAccount
	Moves    []Move           // in order of time
	Planned  *launder.Figures // of the laundering block, if there is one

	salt     string
	accounts map[string]int
	prefix   string // of serials
	serials  int
	gang     *atWork
}

// StoryAccount is an account as it is opened.
type StoryAccount struct {
	ID      string
	Bank    identity.BankCode
	Number  string
	Kind    string
	Owner   string // id of the holder in People
	Holder  string // name
	Opening money.Fen
	Level   int // in the laundering block
	Frozen  *EarlierOwner
	Stopped *EarlierOwner
	Absent  bool
}

// Move is one payment on the time line. To is empty for cash. Refused moves are
// those that a bank is to refuse; of Free ones nobody says beforehand. Order is
// the order number of a payment institution.
type Move struct {
	ID       string
	Serial   string
	At       time.Time
	From, To string // ids of accounts
	Amount   money.Fen
	Summary  string
	Channel  string
	Order    string
	Refused  bool
	Free     bool

	Because *banknet.Payment // as the gang knows it; nil for the others
	// Wallet is the payment account that the money comes to or is taken from,
	// where there is one for each order number; it is opened when it is needed.
	Wallet *banknet.Account
	Spends bool // the money is taken from Wallet, else it comes to it
}

// ErrNoAccount says that a story has no such account or transfer.
var ErrNoAccount = errors.New("the story has no such account or transfer")

// Compile draws a story. Salt tells one play of it from another.
func (s *Scenario) Compile(seed uint64, start time.Time, salt string) (*Story, error) {
	y := &Story{
		Scenario: s, Seed: seed, Start: start.UTC().Truncate(time.Second), salt: salt,
		People: map[string]holder.Person{}, accounts: map[string]int{},
	}
	divisions := map[string]string{}
	for _, p := range s.People {
		divisions[p.ID.Name] = p.Division
		y.People[p.ID.Name] = holder.Draw(holder.Person{
			Kind: p.Kind, IDKind: p.IDKind, IDNumber: p.IDNumber, Name: p.Name, Phone: p.Phone, Address: p.Address,
		}, seed, salt, p.ID.Name, p.Division)
	}
	codes := map[string]identity.BankCode{}
	for _, b := range s.Banks {
		codes[b.ID.Name] = b.Code.BankCode
	}
	for _, a := range s.Accounts {
		y.open(StoryAccount{
			ID: a.ID.Name, Bank: codes[a.Bank.Name], Number: a.Number, Kind: a.Kind,
			Owner: a.Holder.Name, Opening: a.Opening.Fen, Frozen: a.Frozen, Stopped: a.Stopped, Absent: a.Absent,
		})
	}
	y.timeline()
	if err := y.launder(); err != nil {
		return nil, err
	}
	if err := y.assemble(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(y.Moves, func(a, b Move) int { return a.At.Compare(b.At) })
	y.prefix = strconv.FormatUint(holder.Source(seed, salt, "serials").Uint64N(90_000_000)+10_000_000, 10)
	for i := range y.Moves {
		y.Moves[i].Serial = y.serial(y.Moves[i].At)
	}
	return y, nil
}

// serial (流水号) numbers the payments of a story.
func (y *Story) serial(at time.Time) string {
	y.serials++
	return at.In(identity.Shanghai()).Format("20060102") + y.prefix + fmt.Sprintf("%06d", y.serials)
}

// open adds an account and draws what is not given.
func (y *Story) open(a StoryAccount) {
	if a.Owner == "" {
		a.Owner = a.ID
		kind := "person"
		if a.Kind > "01" {
			kind = "organisation"
		}
		y.People[a.Owner] = holder.Draw(holder.Person{Kind: kind}, y.Seed, y.salt, a.ID, "")
	}
	a.Holder = y.People[a.Owner].Name
	a.Kind = cmp.Or(a.Kind, "01")
	if a.Number == "" {
		a.Number = holder.AccountNumber(y.Seed, y.salt, a.ID, string(a.Bank))
	}
	y.accounts[a.ID] = len(y.Accounts)
	y.Accounts = append(y.Accounts, a)
}

func (y *Story) timeline() {
	for _, t := range y.Scenario.Transfers {
		y.Moves = append(y.Moves, Move{
			ID: t.ID.Name, At: y.Start.Add(t.At.Duration), From: t.From.Name, To: t.To.Name, Amount: t.Amount.Fen,
			Summary: cmp.Or(t.Summary, "转账"), Channel: cmp.Or(t.Channel, "online"), Refused: t.Refused,
		})
	}
	for _, c := range y.Scenario.CashOuts {
		y.Moves = append(y.Moves, Move{
			At: y.Start.Add(c.At.Duration), From: c.From.Name, Amount: c.Amount.Fen,
			Summary: cmp.Or(c.Summary, "取现"), Refused: c.Refused,
		})
	}
}

// launder draws the gang's moves. The victim's account is opened with as much as
// the plan needs, if the file says nothing else.
func (y *Story) launder() error {
	l := y.Scenario.Laundering
	if l == nil {
		return nil
	}
	var banks []string
	for _, b := range y.Scenario.Banks {
		banks = append(banks, string(b.Code.BankCode))
	}
	plan, err := launder.Draw(l.params(), launder.Source{
		Victim: l.From.Name, Banks: banks, Seed: y.Seed, Vary: y.Seed != y.Scenario.Seed,
	})
	if err != nil {
		return fault(l.From.Line, "%v", err)
	}
	for i, a := range plan.Accounts {
		if _, taken := y.accounts[a.Name]; taken {
			return fault(l.From.Line, "the laundering block has an account called %s itself", a.Name)
		}
		kind := "01"
		if a.Level > 1 && i%15 == 7 { // some are accounts of shell firms
			kind = "02"
		}
		y.open(StoryAccount{ID: a.Name, Bank: identity.BankCode(a.Bank), Kind: kind, Opening: a.Opening, Level: a.Level})
	}
	victim := &y.Accounts[y.accounts[l.From.Name]]
	if victim.Opening == 0 {
		victim.Opening = plan.VictimOpening
	}
	for _, m := range plan.Moves {
		move := Move{
			At: y.Start.Add(m.At), From: m.From, To: m.To, Amount: m.Amount,
			Summary: m.Summary, Channel: "online", Refused: m.Attempt,
		}
		if m.Name == launder.VictimMove {
			move.ID = l.Transfer.Name
		}
		y.Moves = append(y.Moves, move)
	}
	y.Planned = &plan.Planned
	return nil
}

func (l *Laundering) params() launder.Params {
	return launder.Params{
		Reported: l.Reported.Fen, Level1: l.Level1.Fen, Attributable: l.Attributable.Fen, Stopped: l.Stopped.Fen,
		Level2: l.Level2, Level3: l.Level3, Banks: l.MinBanks, ProRata: l.ProRata, Spread: l.Spread,
		At: l.At.Duration, FanOut: l.FanOut.Duration, Attempts: l.Attempts, AttemptsFrom: l.AttemptsFrom.Duration,
	}
}

// Salt tells this play of the scenario from others.
func (y *Story) Salt() string { return y.salt }

// Account finds an account by its id.
func (y *Story) Account(id string) (StoryAccount, error) {
	i, ok := y.accounts[id]
	if !ok {
		return StoryAccount{}, ErrNoAccount
	}
	return y.Accounts[i], nil
}

// Transfers finds the moves of an id: one, or as many as a gang had the victim
// make.
func (y *Story) Transfers(id string) ([]Move, error) {
	var found []Move
	for _, m := range y.Moves {
		if m.ID == id && id != "" {
			found = append(found, m)
		}
	}
	if found == nil {
		return nil, ErrNoAccount
	}
	return found, nil
}

// Personal lists every name, ID number, phone, address and account number of the
// story, so that a test can look whether any of them leaks.
func (y *Story) Personal() []string {
	seen := map[string]bool{}
	for _, p := range y.People {
		for _, s := range []string{p.Name, p.IDNumber, p.Phone, p.Address} {
			seen[s] = s != ""
		}
	}
	for _, a := range y.Accounts {
		seen[a.Number] = true
	}
	var out []string
	for s, is := range seen {
		if is {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
