package banksim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
	"github.com/yuanlu/yuanlu/services/banksim/internal/stage"
	"github.com/yuanlu/yuanlu/services/banksim/player"
	"github.com/yuanlu/yuanlu/services/banksim/scenario"
)

// Why a play came to nothing.
var (
	// ErrNoScenario says that there is no scenario of that name, and no such file.
	ErrNoScenario = scenario.ErrUnknown
	// ErrScenario says that a file is not a scenario, and in which line.
	ErrScenario = scenario.ErrScenario
	// ErrFigures says that a figure is off.
	ErrFigures = player.ErrFigures
	// ErrAway says that the city could not be reached.
	ErrAway = city.ErrAway
)

// Result is what came of a play: its figures as a table, as JSON, and checked.
type Result = player.Result

// DemoOptions say what is played where.
type DemoOptions struct {
	Server   string       // base URL of a city that runs with --demo
	Scenario string       // name of a scenario that comes with the program, or a file
	Seed     *int64       // instead of the scenario's own
	Machines string       // file of the keys of banks that take orders by machine, see MakeChannels; "" for desks alone
	Progress io.Writer    // one line for each act; nil for none
	Log      *slog.Logger // nil for none
}

// Scenarios lists the scenarios that come with the program.
func Scenarios() []string { return scenario.Names() }

// Demo plays a scenario against a running city by REST alone and gives what the
// city makes of it. Whether the figures are right is told by Result.Check.
func Demo(ctx context.Context, o DemoOptions) (Result, error) {
	s, err := scenario.Load(o.Scenario)
	if err != nil {
		return Result{}, err
	}
	return player.Play(ctx, player.Options{Server: o.Server, Scenario: s, Seed: o.Seed, Machines: o.Machines, Progress: o.Progress, Log: o.Log})
}

// MakeChannels draws keys for a city and for those banks of a scenario that take
// orders by machine, and writes the files that both sides start with into a
// directory: city-key.pem and channels.json for the city, machines.json for the
// banks, which will listen at host:port.
func MakeChannels(name, dir, listen string) error {
	s, err := scenario.Load(name)
	if err != nil {
		return err
	}
	var banks []identity.BankCode
	for _, b := range s.Banks {
		if b.Behaviour.Machine != nil {
			banks = append(banks, b.Code.BankCode)
		}
	}
	return machine.Make(dir, listen, banks)
}

// Serve runs the banks of a scenario against a city, and nothing else: officers
// do the rest. What a victim of the story would report is written to out as
// bodies for POST /v1/reports, one in a line. Serve returns when ctx ends.
func Serve(ctx context.Context, o DemoOptions, out io.Writer) error {
	s, err := scenario.Load(o.Scenario)
	if err != nil {
		return err
	}
	client, clock := city.New(o.Server, 0, nil), city.NewClock()
	defer client.Close()
	reading, err := client.ReadClock(ctx, clock)
	if err != nil {
		return err
	}
	seed := s.Seed
	if o.Seed != nil {
		seed = uint64(*o.Seed) //nolint:gosec // any 64 bits make a seed
	}
	story, err := s.Compile(seed, reading.Now.Truncate(time.Second), player.Salt())
	if err != nil {
		return err
	}
	show, err := stage.New(story)
	if err != nil {
		return err
	}
	bodies, err := player.Reports(story)
	if err != nil {
		return err
	}
	for _, b := range bodies {
		if err := json.NewEncoder(out).Encode(b); err != nil {
			return fmt.Errorf("write a report: %w", err)
		}
	}
	logger := o.Log
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	keys, listener, err := player.Listen(ctx, o.Machines)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { show.Follow(ctx, client, clock) })
	show.RunDesks(ctx, stage.Desks{Client: client, Clock: clock, Log: logger, Machines: keys, Listener: listener, Server: o.Server})
	return nil
}
