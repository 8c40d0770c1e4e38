package race

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// Params (参数) say what is raced. The zero value is not of use; see [Defaults].
type Params struct {
	Seed   uint64
	Frauds int
	// Delays are the times that a bank needs from the moment an order is visible
	// to it until it has stopped the account and answered: the whole of it, each
	// time.
	Delays []time.Duration
	// Hop is what one hop through the log costs: from an event being written to
	// what follows from it being written, and to a bank seeing its order.
	Hop time.Duration
	// First and Next are the paper practice (纸面流程): from the report to the
	// first order, and from a bank's answer to the order for the next level.
	First, Next time.Duration
	// Horizon is how long after the report it is looked who has what.
	Horizon time.Duration
	// City is the policy that the service goes by.
	City service.Policy
	// Officer (民警) is how long an officer needs to order the stop of an order
	// number (订单号) of a payment institution, in a city that leaves those to a
	// person. Public utilities and merchants he leaves alone.
	Officer time.Duration
	// Standing limits the standing approval (常设批准) under which orders go out.
	StandingAmount money.Fen
	StandingLevel  int
}

// Defaults are the race that the table in docs/race.md shows: a city as it
// ships.
func Defaults() Params {
	return Params{
		Seed: 96110, Frauds: 200,
		Delays: []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute},
		Hop:    50 * time.Millisecond,
		First:  30 * time.Minute, Next: 20 * time.Minute, Horizon: 24 * time.Hour,
		City: service.DefaultPolicy(), Officer: 5 * time.Minute,
		StandingAmount: money.Max, StandingLevel: 50,
	}
}

// app is the service of the city; of it only what is pure is of use here.
func (p Params) app() app.App { return app.App{City: service.City{Policy: p.City}} }

// pace is how fast one contestant is.
type pace struct {
	scope   string                                             // of the orders that the chase gives by itself
	officer time.Duration                                      // of a person who decides
	hop     time.Duration                                      // of each event through the log
	bank    time.Duration                                      // of each bank
	order   func(reported, now time.Time, level int) time.Time // when an approved order goes out
}

// service paces this service, with orders of one scope.
func (p Params) service(bank time.Duration, scope string) pace {
	return pace{scope: scope, officer: p.Officer, hop: p.Hop, bank: bank, order: func(_, now time.Time, _ int) time.Time { return now }}
}

// paper paces the paper practice: the same rules and the same banks, but people
// who write, sign, fax and read.
func (p Params) paper(bank time.Duration) pace {
	return pace{scope: domain.ScopeAll, bank: bank, order: func(reported, now time.Time, level int) time.Time {
		if level <= 1 {
			return later(reported.Add(p.First), now)
		}
		return now.Add(p.Next)
	}}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
