package stage

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
	"github.com/yuanlu/yuanlu/services/banksim/internal/network"
)

// Desks are what the desks of a story's banks share.
type Desks struct {
	Client         *city.Client
	Clock          *city.Clock
	Log            *slog.Logger
	Seen, Answered func(bank.Order)
}

// RunDesks serves every bank of the story until ctx ends.
func (s *Stage) RunDesks(ctx context.Context, d Desks) {
	own := map[network.Key]bool{}
	for _, a := range s.Story.Accounts {
		own[Key(a)] = true
	}
	var desks sync.WaitGroup
	defer desks.Wait()
	for _, b := range s.Story.Scenario.Banks {
		way := b.Behaviour
		behaviour := desk.Behaviour{
			AnswerAfter: way.AnswerAfter.Duration, Expiry: way.Expiry.Duration, AnswersTwice: way.AnswersTwice, NeverAnswers: way.NeverAnswers,
		}
		if way.Mismatch != "" {
			behaviour.Mismatch = "mismatch-" + way.Mismatch
		}
		if way.DownUntil.Duration > way.DownFrom.Duration {
			behaviour.DownFrom, behaviour.DownUntil = s.at(way.DownFrom.Duration), s.at(way.DownUntil.Duration)
		}
		one := &desk.Desk{
			Bank: b.Code.BankCode, Behaviour: behaviour, Network: s.Network, Clock: d.Clock, Log: d.Log, Advance: s.Advance,
			Mine: func(k network.Key) bool { return own[k] }, Seen: d.Seen, Answered: d.Answered,
			City: d.Client.As(city.Person{User: "desk-" + string(b.Code.BankCode), Role: "bank-desk", Bank: string(b.Code.BankCode)}),
		}
		desks.Go(func() { one.Run(ctx) })
	}
}

func (s *Stage) at(offset time.Duration) time.Time { return s.Story.Start.Add(offset) }

// Follow keeps the story in step with the city's clock, which others move too,
// until ctx ends.
func (s *Stage) Follow(ctx context.Context, client *city.Client, clock *city.Clock) {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if _, err := client.ReadClock(ctx, clock); err == nil {
			s.Advance(clock.Now())
		}
	}
}
