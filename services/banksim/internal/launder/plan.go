// Package launder plans how a gang moves a victim's money away: from the first
// account within minutes to many others and on, mixed with other people's money,
// part of it taken out in cash. The totals are what it is given; amounts, banks,
// shapes and times are drawn from a seed. Whatever is drawn, the totals hold to
// the fen.
//
// Whose money is on an account follows from its statement: a debit is taken from
// the latest earlier credit whose rest covers it in full (一一对应); if none does,
// it is shared by all that is on the account. The plan has accounts of both
// sorts: on most of them each debit of the victim's money is covered by a credit
// of the victim's, on some (ProRata) it is larger than any credit.
package launder

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// Params (参数) are the facts that a plan has to bring about. Amounts are in fen,
// times relative to the start of the story.
type Params struct {
	Reported     money.Fen // what the victim paid to the level-1 account
	Level1       money.Fen // what is left on it, all of it the victim's
	Attributable money.Fen // the victim's on all accounts, with level 1
	Stopped      money.Fen // on all accounts, whosever
	Level2       int       // accounts of level 2
	Level3       int       // accounts of level 3
	Banks        int       // different banks, or more
	ProRata      int       // accounts where the money cannot be told apart
	Spread       int       // per cent by which totals and counts vary with another seed

	At           time.Duration // of the victim's transfer, before 0
	FanOut       time.Duration // in which level 1 is emptied
	Attempts     int           // to move money after the start
	AttemptsFrom time.Duration // of the first attempt, after 0
}

// Account is one account of the plan. Level is 0 for people who have nothing to
// do with the fraud.
type Account struct {
	Name, Bank string
	Level      int
	Opening    money.Fen
}

// Move is one payment of the plan. To is empty for cash. Attempts come after the
// accounts were stopped and are meant to be refused.
type Move struct {
	Name     string // of the victim's transfer
	At       time.Duration
	From, To string
	Amount   money.Fen
	Summary  string
	Attempt  bool
}

// Figures are what the plan comes to.
type Figures struct {
	Reported, Stopped, StoppedLevel1, Attributable money.Fen
	Accounts, Banks, Levels                        int
}

// Plan is a drawn plan. Moves are in order of time; no two are at the same
// second.
type Plan struct {
	Accounts      []Account
	Moves         []Move
	Planned       Figures
	VictimOpening money.Fen
}

// ErrParams says that no plan can bring the totals about.
var ErrParams = errors.New("the laundering block does not fit together")

// Level1Name is the account that the victim pays to, VictimMove the transfer.
const (
	Level1Name = "level-1"
	VictimMove = "victim-1"
)

// Source of a plan: the victim's account, the banks to choose from, the seed,
// and whether totals and counts vary within the spread.
type Source struct {
	Victim string
	Banks  []string
	Seed   uint64
	Vary   bool
}

// Draw makes the plan of a seed.
func Draw(p Params, s Source) (Plan, error) {
	r := rand.New(rand.NewPCG(s.Seed, 0x9e3779b97f4a7c15)) //nolint:gosec // a play, no secret
	if err := p.check(s); err != nil {
		return Plan{}, err
	}
	if s.Vary {
		p = p.vary(r, len(s.Banks))
	}
	d := &draft{Params: p, source: s, r: r, used: map[time.Duration]bool{}}
	for _, step := range []func() error{d.cast, d.proRata, d.hold, d.forward, d.withdraw, d.mix} {
		if err := step(); err != nil {
			return Plan{}, err
		}
	}
	d.play()
	return d.finish()
}

func (p Params) check(s Source) error {
	accounts := p.Level2 + p.Level3
	switch {
	case p.Level2 < 1 || p.Level3 < 0 || accounts > 2000:
		return fmt.Errorf("%w: level2 must be 1 or more, and no more than 2000 accounts", ErrParams)
	case p.Spread < 0 || p.Spread > 50 || p.Attempts < 0 || p.Attempts > 1000:
		return fmt.Errorf("%w: spread is 0 to 50 per cent, attempts 0 to 1000", ErrParams)
	case p.ProRata < 0 || p.ProRata >= accounts || (p.Level3 > 0 && p.ProRata > p.Level2/2):
		return fmt.Errorf("%w: proRata is too large for so many accounts", ErrParams)
	case p.Banks < 1 || p.Banks > len(s.Banks) || p.Banks > p.Level2:
		return fmt.Errorf("%w: banks must be 1 or more, listed, and no more than level2", ErrParams)
	case p.At > -30*time.Minute || p.FanOut < time.Minute || p.FanOut > 10*time.Minute || p.AttemptsFrom < 0:
		return fmt.Errorf("%w: at is -30m or earlier, fanOut 1m to 10m, attemptsFrom after the start", ErrParams)
	case p.Reported > money.Max/10 || p.Level1 <= 0 || p.Level1 >= p.Attributable || p.Attributable >= p.Reported || p.Stopped < p.Attributable:
		return fmt.Errorf("%w: 0 < level1 < attributable < reported and attributable <= stopped", ErrParams)
	case p.Attributable-p.Level1 < money.Fen(accounts)*minHeld*10:
		return fmt.Errorf("%w: too little is left for so many accounts", ErrParams)
	}
	return nil
}

// minHeld is the least that an account holds of the victim's: 1 yuan.
const minHeld money.Fen = 100

// vary draws other totals and counts within the spread. What is others' is drawn
// by itself, so that the totals still fit together.
func (p Params) vary(r *rand.Rand, banks int) Params {
	others := p.Stopped - p.Attributable
	p.Reported = p.near(r, p.Reported)
	p.Attributable = min(p.near(r, p.Attributable), p.Reported*9/10)
	p.Level1 = min(p.near(r, p.Level1), p.Attributable/2)
	p.Stopped = p.Attributable + p.near(r, others)
	p.Level2 = max(p.count(r, p.Level2), p.Banks)
	if p.Level3 > 0 {
		p.Level3 = max(p.count(r, p.Level3), 1)
	}
	p.ProRata = min(p.count(r, p.ProRata), p.Level2/2)
	p.Banks += r.IntN(min(banks, p.Level2) - p.Banks + 1)
	return p
}

func (p Params) near(r *rand.Rand, x money.Fen) money.Fen {
	permille := int64(1000 - 10*p.Spread + r.IntN(20*p.Spread+1))
	return money.Fen(int64(x) * permille / 1000)
}

// count draws a number of accounts, rounded to the nearest.
func (p Params) count(r *rand.Rand, n int) int { return int(p.near(r, money.Fen(10*n))+5) / 10 }

// finish sorts the moves, opens the accounts that pay in from outside, and
// counts.
func (d *draft) finish() (Plan, error) {
	plan := Plan{Moves: d.moves, VictimOpening: d.Reported + money.Fen(1_000_000+d.r.Int64N(30_000_000))}
	slices.SortFunc(plan.Moves, func(a, b Move) int { return cmp.Compare(a.At, b.At) })
	for _, m := range plan.Moves {
		if !m.Attempt && m.At > -10*time.Second {
			return Plan{}, fmt.Errorf("%w: it takes longer than there is time before the start", ErrParams)
		}
	}
	banks, top := map[string]bool{}, 0
	for _, m := range d.mules() {
		plan.Accounts = append(plan.Accounts, Account{Name: m.name, Bank: m.bank, Level: m.level, Opening: m.opening})
		banks[m.bank], top = true, max(top, m.level)
	}
	for _, b := range d.bystanders {
		plan.Accounts = append(plan.Accounts, Account{Name: b.name, Bank: b.bank, Opening: b.paid + money.Fen(50_000+d.r.Int64N(5_000_000))})
	}
	plan.Planned = Figures{
		Reported: d.Reported, Stopped: d.Stopped, StoppedLevel1: d.Level1, Attributable: d.Attributable,
		Accounts: 1 + d.Level2 + d.Level3, Banks: len(banks), Levels: top,
	}
	return plan, nil
}
