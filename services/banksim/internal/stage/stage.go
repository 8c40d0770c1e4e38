// Package stage puts a story on: it opens the accounts of its banks and carries
// out what stands on its time line when its time has come.
package stage

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/services/banksim/internal/network"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Stage is a network of banks with a story on it.
type Stage struct {
	Network *network.Network
	Story   *scenario.Story

	mu   sync.Mutex
	next int // of the story's moves
	tally
}

// tally counts what became of the moves after the start.
type tally struct{ Made, Refused, Unforeseen int }

// New opens the accounts and plays the time line up to the start. A payment that
// cannot be made, or that was to be refused and was not, is an error: the
// scenario is wrong.
func New(story *scenario.Story) (*Stage, error) {
	s := &Stage{Network: network.New(), Story: story}
	for _, a := range story.Accounts {
		if a.Absent {
			continue
		}
		account := network.Account{Key: Key(a), Holder: a.Holder, Kind: a.Kind}
		if err := s.Network.Open(account, a.Opening); err != nil {
			return nil, fmt.Errorf("%w: account %s: %w", scenario.ErrScenario, a.ID, err)
		}
		if f := a.Frozen; f != nil {
			order := network.FreezeOrder{By: f.By, Limit: f.Amount.Fen, At: story.Start, Until: story.Start.Add(f.Until.Duration)}
			if _, err := s.Network.Freeze(account.Key, order); err != nil {
				return nil, fmt.Errorf("%w: account %s: %w", scenario.ErrScenario, a.ID, err)
			}
		}
	}
	for ; s.next < len(story.Moves) && !story.Moves[s.next].At.After(story.Start); s.next++ {
		m := story.Moves[s.next]
		if err := s.pay(m); (err != nil) != m.Refused {
			return nil, fmt.Errorf("%w: the payment of %s at %s from %s: %w",
				scenario.ErrScenario, m.Amount, m.At.Sub(story.Start), m.From, errors.Join(errUnforeseen, err))
		}
	}
	return s, nil
}

var errUnforeseen = errors.New("it goes otherwise than the scenario says")

// Key is how the network names an account of the story.
func Key(a scenario.StoryAccount) network.Key { return network.Key{Bank: a.Bank, Number: a.Number} }

func (s *Stage) pay(m scenario.Move) error {
	from, err := s.Story.Account(m.From)
	if err != nil {
		return err
	}
	p := network.Payment{Serial: m.Serial, At: m.At, From: Key(from), Amount: m.Amount, Summary: m.Summary}
	if m.To != "" {
		to, err := s.Story.Account(m.To)
		if err != nil {
			return err
		}
		p.To = Key(to)
	}
	return s.Network.Pay(p)
}

// Advance carries out what is due. People try at the time they try, so that a
// payment between two looks at the clock is made as of its own time.
func (s *Stage) Advance(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.next < len(s.Story.Moves) && !s.Story.Moves[s.next].At.After(now); s.next++ {
		m := s.Story.Moves[s.next]
		err := s.pay(m)
		if err != nil {
			s.Refused++
		} else {
			s.Made++
		}
		if (err != nil) != m.Refused {
			s.Unforeseen++
		}
	}
}

// Tally tells how many payments after the start were made, how many refused, and
// how many of both went otherwise than the scenario says.
func (s *Stage) Tally() (made, refused, unforeseen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Made, s.Refused, s.Unforeseen
}
