// Package player plays a story against a running city, through its REST API
// alone: its banks answer orders, its officers act one after the other, and in
// the end the city tells what came of it.
package player

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
	"github.com/yuanlu/yuanlu/services/banksim/internal/stage"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Options say what is played where.
type Options struct {
	Server   string // base URL of the city
	Scenario *scenario.Scenario
	Seed     *int64    // instead of the scenario's own
	Machines string    // file of the keys of banks that take orders by machine; "" for desks alone
	Progress io.Writer // one line for each act
	Log      *slog.Logger
}

// patience is how long the player waits for a city that is away.
const patience = 2 * time.Minute

// Player plays one story.
type Player struct {
	options  Options
	client   *city.Client
	clock    *city.Clock
	stage    *stage.Stage
	story    *scenario.Story
	machines machine.Keys
	listener net.Listener
	salt     string // names this play in keys and numbers

	callers map[string]*city.Caller // of officers, by id
	cases   map[string]string       // of reports, by id
	alerts  map[string]string

	mu       sync.Mutex
	measured map[string]*Measures // by case
}

// Play plays the scenario and gives the figures of its cases.
func Play(ctx context.Context, o Options) (Result, error) {
	p := &Player{
		options: o, clock: city.NewClock(), callers: map[string]*city.Caller{},
		cases: map[string]string{}, alerts: map[string]string{}, measured: map[string]*Measures{},
	}
	p.client = city.New(o.Server, patience, func(m string) { p.say("%s", m) })
	defer p.client.Close()
	var err error
	if p.machines, p.listener, err = Listen(ctx, o.Machines); err != nil {
		return Result{}, err
	}
	if err := p.prepare(ctx); err != nil {
		return Result{}, err
	}
	running, stop := context.WithCancel(ctx)
	banks := city.New(o.Server, 0, nil)
	var work sync.WaitGroup
	work.Go(func() { p.runBanks(running, banks) })
	work.Go(func() { p.stage.Follow(running, banks, p.clock) })
	defer func() { stop(); work.Wait(); banks.Close() }()
	for i, act := range o.Scenario.Acts {
		if err := p.act(ctx, fmt.Sprintf("act-%02d", i+1), act); err != nil {
			return Result{}, fmt.Errorf("act %d: %w", i+1, err)
		}
	}
	p.stage.Advance(p.clock.Now())
	return p.result(ctx)
}

// Listen reads the keys of machines and opens the door at which they take
// orders. Without a file there is neither.
func Listen(ctx context.Context, path string) (machine.Keys, net.Listener, error) {
	if path == "" {
		return machine.Keys{}, nil, nil
	}
	keys, err := machine.Load(path)
	if err != nil {
		return machine.Keys{}, nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", keys.Listen)
	return keys, listener, err
}

// Salt draws what tells one play of a scenario from another.
func Salt() string {
	var nonce [6]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return hex.EncodeToString(nonce[:])
}

// prepare draws the story at the right time: the scenario's start if the city's
// clock can still be set to it, else the city's now.
func (p *Player) prepare(ctx context.Context) error {
	p.salt = Salt()
	reading, err := p.client.ReadClock(ctx, p.clock)
	if err != nil {
		return err
	}
	s := p.options.Scenario
	seed, start := s.Seed, s.Start
	if p.options.Seed != nil {
		seed = uint64(*p.options.Seed) //nolint:gosec // any 64 bits make a seed
	}
	settable := !reading.Set || reading.Now.Before(start)
	if !settable {
		start = reading.Now.Truncate(time.Second)
		p.say("城市时钟已晚于剧本，自 %s 开始 the city is later than the scenario; it starts at the city's now", shanghai(start))
	}
	if p.story, err = s.Compile(seed, start, p.salt); err != nil {
		return err
	}
	if p.stage, err = stage.New(p.story); err != nil {
		return err
	}
	for _, o := range s.Officers {
		p.callers[o.ID.Name] = p.client.As(city.Person{User: o.PoliceNo, Unit: o.Unit, Level: o.Level, Role: o.Role})
	}
	if settable {
		if err := p.client.MoveClock(ctx, p.clock, start); err != nil {
			return fmt.Errorf("set the city's clock to the start: %w", err)
		}
	}
	accounts := len(p.story.Accounts)
	if s.Crowd != nil {
		accounts += s.Crowd.Accounts
	}
	p.say("剧本 %s（种子 %d）%d 家银行 %d 个账户 scenario with %d banks and %d accounts", s.Name, seed, len(s.Banks), accounts, len(s.Banks), accounts)
	return nil
}

// runBanks has a desk for each bank until ctx ends.
func (p *Player) runBanks(ctx context.Context, client *city.Client) {
	p.stage.RunDesks(ctx, stage.Desks{
		Client: client, Clock: p.clock, Log: p.logger(), Seen: p.orderSeen, Answered: p.orderAnswered,
		Machines: p.machines, Listener: p.listener, Server: p.options.Server,
	})
}

func (p *Player) logger() *slog.Logger {
	if p.options.Log != nil {
		return p.options.Log
	}
	return slog.New(slog.DiscardHandler)
}

// orderSeen and orderAnswered measure how fast a case's chase is. An order names
// no case, so that they count for every case that is open.
func (p *Player) orderSeen(bank.Order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.measured {
		m.seen(time.Now())
	}
}

func (p *Player) orderAnswered(o bank.Order) {
	if o.TxCode != bank.TxStop {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.measured {
		m.answered(time.Now())
	}
}

func (p *Player) say(format string, args ...any) {
	if p.options.Progress != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		_, _ = fmt.Fprintf(p.options.Progress, format+"\n", args...) // progress is for whoever looks
	}
}
