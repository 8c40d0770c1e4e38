// Package stage puts a story on: it opens the accounts of its banks and carries
// out what stands on its time line when its time has come.
package stage

import (
	"container/heap"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/crowd"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Stage is a network of banks with a story on it.
type Stage struct {
	Network *banknet.Network
	Story   *scenario.Story
	Crowd   *crowd.Crowd // nil without one

	mu    sync.Mutex
	next  int   // of the story's moves
	later moves // what the gang has come to think of since
	tally
}

// tally counts what became of the moves after the start.
type tally struct{ Made, Refused, Unforeseen int }

// moves are ordered by time, the earliest first; of the same time the one that
// was thought of first, by its serial number.
type moves []scenario.Move

func (m moves) Len() int { return len(m) }
func (m moves) Less(i, j int) bool {
	return m[i].At.Before(m[j].At) || m[i].At.Equal(m[j].At) && m[i].Serial < m[j].Serial
}
func (m moves) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *moves) Push(x any)   { *m = append(*m, x.(scenario.Move)) } //nolint:forcetypeassert // the heap's own
func (m *moves) Pop() any {
	last := len(*m) - 1
	x := (*m)[last]
	*m = (*m)[:last]
	return x
}

// New opens the accounts and plays the time line up to the start. A payment that
// cannot be made, or that was to be refused and was not, is an error: the
// scenario is wrong.
func New(story *scenario.Story) (*Stage, error) {
	s := &Stage{Network: banknet.New(), Story: story}
	if err := s.openCrowd(); err != nil {
		return nil, err
	}
	for _, a := range story.Accounts {
		if err := s.open(a); err != nil {
			return nil, fmt.Errorf("%w: account %s: %w", scenario.ErrScenario, a.ID, err)
		}
	}
	for {
		m, ok := s.due(story.Start)
		if !ok {
			break
		}
		if err := s.pay(m); (err != nil) != m.Refused && !m.Free {
			return nil, fmt.Errorf("%w: the payment of %s at %s from %s: %w",
				scenario.ErrScenario, m.Amount, m.At.Sub(story.Start), m.From, errors.Join(errUnforeseen, err))
		}
	}
	s.crowdOn(story.Start)
	return s, nil
}

var errUnforeseen = errors.New("it goes otherwise than the scenario says")

func (s *Stage) openCrowd() error {
	c := s.Story.Scenario.Crowd
	if c == nil {
		return nil
	}
	s.Network = banknet.NewFor(c.Accounts + len(s.Story.Accounts))
	var banks []identity.BankCode
	for _, b := range s.Story.Scenario.Banks {
		banks = append(banks, b.Code.BankCode)
	}
	var err error
	s.Crowd, err = crowd.Open(s.Network, crowd.Params{
		Banks: banks, Accounts: c.Accounts, Opening: c.Opening.Fen, PerMinute: c.PerMinute,
		From: s.at(c.From.Duration), Until: s.at(c.Until.Duration), Seed: s.Story.Seed, Salt: s.Story.Salt(),
	})
	return err
}

func (s *Stage) crowdOn(now time.Time) {
	if s.Crowd != nil {
		s.Crowd.Advance(now)
	}
}

// open opens an account with what restrains it already.
func (s *Stage) open(a scenario.StoryAccount) error {
	if a.Absent {
		return nil
	}
	start := s.Story.Start
	account := banknet.Account{Key: Key(a), Holder: a.Holder, Kind: a.Kind, HolderID: s.Story.People[a.Owner].IDNumber}
	if err := s.Network.Open(account, a.Opening); err != nil {
		return err
	}
	if f := a.Frozen; f != nil {
		order := banknet.FreezeOrder{ID: "earlier freeze", By: f.By, Limit: f.Amount.Fen, At: start, Until: start.Add(f.Until.Duration)}
		if f.Court {
			order.Kind = banknet.CourtFreeze
		}
		if _, err := s.Network.Freeze(account.Key, order); err != nil {
			return err
		}
	}
	if f := a.Stopped; f != nil {
		order := banknet.StopOrder{ID: "earlier stop", By: f.By, Limit: f.Amount.Fen, At: start, Until: start.Add(f.Until.Duration)}
		if _, err := s.Network.Stop(account.Key, order); err != nil {
			return err
		}
	}
	return nil
}

// Key is how the network names an account of the story.
func Key(a scenario.StoryAccount) banknet.Key { return banknet.Key{Bank: a.Bank, Number: a.Number} }

// due takes the earliest move that is due by then.
func (s *Stage) due(now time.Time) (scenario.Move, bool) {
	var m scenario.Move
	written := s.next < len(s.Story.Moves)
	if written {
		m = s.Story.Moves[s.next]
	}
	if len(s.later) > 0 && (!written || s.later[0].At.Before(m.At)) {
		if s.later[0].At.After(now) {
			return scenario.Move{}, false
		}
		return heap.Pop(&s.later).(scenario.Move), true //nolint:forcetypeassert // the heap's own
	}
	if !written || m.At.After(now) {
		return scenario.Move{}, false
	}
	s.next++
	return m, true
}

// pay carries a move out, and lets the gang think of what to do with the money.
func (s *Stage) pay(m scenario.Move) error {
	from, err := s.Story.Account(m.From)
	if err != nil {
		return err
	}
	p := banknet.Payment{Serial: m.Serial, At: m.At, From: Key(from), Amount: m.Amount, Order: m.Order, Summary: m.Summary}
	if m.To != "" {
		to, err := s.Story.Account(m.To)
		if err != nil {
			return err
		}
		p.To = Key(to)
	}
	switch {
	case m.Wallet == nil:
	case m.Spends:
		p.From = m.Wallet.Key
	default:
		if err := s.Network.Open(*m.Wallet, 0); err != nil && !errors.Is(err, banknet.ErrExists) {
			return err
		}
		p.To = m.Wallet.Key
	}
	if err := s.Network.Pay(p); err != nil {
		return err
	}
	for _, next := range s.Story.Then(m) {
		heap.Push(&s.later, next)
	}
	return nil
}

// Advance carries out what is due. People try at the time they try, so that a
// payment between two looks at the clock is made as of its own time.
func (s *Stage) Advance(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		m, ok := s.due(now)
		if !ok {
			break
		}
		err := s.pay(m)
		if err != nil {
			s.Refused++
		} else {
			s.Made++
		}
		if (err != nil) != m.Refused && !m.Free {
			s.Unforeseen++
		}
	}
	s.crowdOn(now)
}

// Tally tells how many payments after the start were made, how many refused, and
// how many of both went otherwise than the scenario says.
func (s *Stage) Tally() (made, refused, unforeseen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Made, s.Refused, s.Unforeseen
}
