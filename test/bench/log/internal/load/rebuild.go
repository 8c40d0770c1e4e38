package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/host"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

const (
	rebuildEvents  = 1000
	rebuildCommand = 100 // events of one command
	rebuildBody    = 480 // bytes; with the kernel's metadata an event has 1 KiB
	rebuiltBy      = "eventlog and decider"
	readBy         = "raw client read"
)

// purse is the aggregate that is rebuilt: it counts what it was told.
type purse struct {
	Events int
	Fen    int64
}

// purses is the decider and the log of all purses.
func purses(log es.Log) es.Case[purse, []payload.Body, payload.Body] {
	return es.Case[purse, []payload.Body, payload.Body]{
		Decider: es.Decider[purse, []payload.Body, payload.Body]{
			Decide: func(_ purse, told []payload.Body) ([]payload.Body, error) { return told, nil },
			Evolve: func(p purse, b payload.Body) purse { return purse{p.Events + 1, p.Fen + b.AmountFen} },
		},
		Category: "purse", Codec: bodies{}, Log: log, Suite: chain.SM3{}, Now: time.Now,
	}
}

// bodies writes and reads the content of events.
type bodies struct{}

// Encode writes a content under its stored name.
func (bodies) Encode(b payload.Body) (string, []byte, error) {
	data, err := json.Marshal(b)
	return payload.Type, data, err
}

// Decode reads it.
func (bodies) Decode(_ string, data []byte) (payload.Body, error) {
	var b payload.Body
	return b, json.Unmarshal(data, &b)
}

// rebuild measures how long it takes to get the state of a long stream.
func (b *Bench) rebuild(ctx context.Context) (err error) {
	processes, stop, err := b.startAll(ctx, server.Node, server.Null)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	log, err := eventlog.Open(processes[server.Node].Endpoint) //nolint:contextcheck // it outlives every call
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	all := purses(log)
	id := uuid.NewString()
	if err := fillPurse(ctx, all, id); err != nil {
		return err
	}
	subjects := map[string]func(context.Context) (int, error){
		rebuiltBy: func(ctx context.Context) (int, error) {
			past, err := all.Load(ctx, id)
			return exactly(rebuildEvents)(past.State.Events, err)
		},
	}
	by := map[string]*host.Process{rebuiltBy: processes[server.Node], readBy: processes[server.Node], ceiling: processes[server.Null]}
	for _, subject := range []string{readBy, ceiling} {
		client, err := connect(by[subject])
		if err != nil {
			return err
		}
		defer func() { _ = client.Close() }() // it has no error to report
		subjects[subject] = func(ctx context.Context) (int, error) {
			return exactly(rebuildEvents)(readAllOf(client.ReadStream(ctx, all.Stream(id), esdb.ReadStreamOptions{From: esdb.Start{}}, rebuildEvents)))
		}
	}
	rounds := map[string][]sample{}
	err = b.inTurn(ctx, "rebuild", []string{rebuiltBy, readBy, ceiling}, func(subject string, round int) error {
		p := &probe{process: by[subject]}
		if subject == rebuiltBy {
			p = b.probe(p.process, "rebuild", round)
		}
		s, err := again(ctx, b.Warm, b.Span, subjects[subject], p)
		rounds[subject] = append(rounds[subject], s)
		return err
	})
	if err != nil {
		return err
	}
	b.reportRebuild(rounds)
	return nil
}

func (b *Bench) reportRebuild(rounds map[string][]sample) {
	what := fmt.Sprintf("rebuild of %d events by %s", rebuildEvents, rebuiltBy)
	row := func(name string, q float64, must figure.Must, yardstick string) {
		b.Report.Add(figure.Row{
			What: what + ", " + name, Must: must, Unit: figure.Milliseconds,
			Measured: percentiles(rounds[rebuiltBy], q), Yardstick: yardstick, Against: percentiles(rounds[yardstick], q),
		})
	}
	row("p50", 0.5, figure.LessThan(25, figure.Milliseconds), readBy)
	row("p50", 0.5, figure.Must{}, ceiling)
	row("p99", 0.99, figure.Must{}, readBy)
}

// fillPurse tells a purse rebuildEvents things, through the kernel.
func fillPurse(ctx context.Context, all es.Case[purse, []payload.Body, payload.Body], id string) error {
	for range rebuildEvents / rebuildCommand {
		told := make([]payload.Body, rebuildCommand)
		for n := range told {
			told[n] = payload.NewBody(rebuildBody)
		}
		cause := es.Cause{
			Command: uuid.New(), Input: uuid.NewString(), Actor: es.Actor{User: "090001", Unit: "440982000000", Role: "duty-officer"},
			Correlation: "case-" + id, Causation: uuid.NewString(), At: time.Now(),
		}
		if _, err := all.Handle(ctx, id, cause, es.AnyRevision, told); err != nil {
			return err
		}
	}
	return nil
}
