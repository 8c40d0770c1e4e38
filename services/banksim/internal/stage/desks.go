package stage

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Desks are what the desks of a story's banks share.
type Desks struct {
	Client         *city.Client
	Clock          *city.Clock
	Log            *slog.Logger
	Seen, Answered func(bank.Order)
	// Machines are the keys of the banks that take orders by machine, at Listener;
	// the city answers at Server.
	Machines machine.Keys
	Listener net.Listener // nil without machines
	Server   string
}

// RunDesks serves every bank of the story until ctx ends.
func (s *Stage) RunDesks(ctx context.Context, d Desks) {
	own := map[banknet.Key]bool{}
	for _, a := range s.Story.Accounts {
		own[Key(a)] = true
	}
	mine := func(k banknet.Key) bool {
		if own[k] {
			return true
		}
		if paid, err := s.Network.ByOrder(k.Number); err == nil && paid.Bank == k.Bank {
			return true
		}
		_, err := s.Network.Balance(k)
		return err == nil
	}
	last := &newest{orders: map[identity.BankCode]string{}}
	machines := http.NewServeMux()
	var desks sync.WaitGroup
	defer desks.Wait()
	for _, b := range s.Story.Scenario.Banks {
		one := &desk.Desk{
			Bank: b.Code.BankCode, Behaviour: s.behaviour(b.Behaviour), Network: s.Network, Clock: d.Clock, Log: d.Log, Advance: s.Advance,
			Mine: mine, Answered: d.Answered, Elsewhere: last.elsewhere,
			Seen: func(o bank.Order) {
				last.seen(b.Code.BankCode, o.ApplicationID)
				if d.Seen != nil {
					d.Seen(o)
				}
			},
			City: d.Client.As(city.Person{User: "desk-" + string(b.Code.BankCode), Role: "bank-desk", Bank: string(b.Code.BankCode)}),
		}
		if b.Behaviour.Machine != nil && d.Machines.Has(one.Bank) {
			m := s.machine(d, one, *b.Behaviour.Machine)
			machines.Handle("POST "+machine.Path(one.Bank), m.Handler())
			desks.Go(func() { m.Run(ctx) })
		}
		desks.Go(func() { one.Run(ctx) })
	}
	if d.Listener != nil {
		desks.Go(func() { serve(ctx, d, machines) })
	}
}

// machine puts a machine between a bank's desk and the city.
func (s *Stage) machine(d Desks, one *desk.Desk, ways scenario.Machine) *machine.Machine {
	behaviour, clock := one.Behaviour, one.Clock
	m := d.Machines.Machine(machine.Config{
		Bank: one.Bank, Desk: one.City,
		Ways: machine.Ways{Capacity: ways.Capacity, BusyEvery: ways.BusyEvery, MuteEvery: ways.MuteEvery, ForgetSign: ways.Unsigned},
		City: channel.Peer{HTTP: &http.Client{Timeout: messageWithin}},
		Mine: func(number string) bool {
			return one.Mine(banknet.Key{Bank: one.Bank, Number: identity.NormaliseAccount(number)})
		},
		Down: func() bool { return behaviour.IsDown(clock.Now()) },
	}, strings.TrimRight(d.Server, "/"))
	one.City = m
	return m
}

// messageWithin bounds a message of the machine channel.
const messageWithin = 30 * time.Second

// serve takes orders for the machines until ctx ends.
func serve(ctx context.Context, d Desks, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadTimeout: messageWithin, WriteTimeout: messageWithin, IdleTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() }) // whoever still calls is cut off
	defer stopped()
	if err := server.Serve(d.Listener); !errors.Is(err, http.ErrServerClosed) {
		d.Log.Error("the machines of the banks take no more orders", slog.Any("error", err))
	}
}

// behaviour puts what a scenario says of a bank in the story's time.
func (s *Stage) behaviour(way scenario.Behaviour) desk.Behaviour {
	b := desk.Behaviour{
		AnswerAfter: way.AnswerAfter.Duration, AnswerWithin: way.AnswerWithin.Duration, AnswersLate: way.AnswersLate.Duration, Seed: s.Story.Seed,
		Expiry: way.Expiry.Duration, AnswersTwice: way.AnswersTwice, NeverAnswers: way.NeverAnswers, LaterFirst: way.LaterFirst,
		Wrong: desk.Fault(way.Wrong), CorrectAfter: way.CorrectAfter.Duration, PageRows: way.PageRows,
		FreezeMonths: way.FreezeMonths, Details: way.Details,
	}
	if way.Mismatch != "" {
		b.Mismatch = "mismatch-" + way.Mismatch
	}
	for _, w := range way.Windows() {
		b.Down = append(b.Down, desk.Window{From: s.at(w.From.Duration), Until: s.at(w.Until.Duration)})
	}
	return b
}

// newest remembers the order that each bank has seen last.
type newest struct {
	mu     sync.Mutex
	orders map[identity.BankCode]string
}

func (n *newest) seen(bank identity.BankCode, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.orders[bank] = id
}

// elsewhere names an order of any other bank.
func (n *newest) elsewhere(than identity.BankCode) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for bank, id := range n.orders {
		if bank != than {
			return id
		}
	}
	return ""
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
