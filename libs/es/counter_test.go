package es_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// The aggregate of these tests is a counter: it adds up what it is told, in as
// many events as it is told, and refuses what is negative.
type (
	count struct {
		By, Times int
		At        time.Time
	}
	counted struct {
		By int       `json:"by"`
		At time.Time `json:"at"`
	}
	counter struct {
		Total int
		Each  []int
	}
)

var (
	errNegative = rule.New("count-negative", "不能为负", "a count cannot be negative", "").As(rule.Invalid)
	errUnknown  = errors.New("unknown event")
)

func decider() es.Decider[counter, count, counted] {
	return es.Decider[counter, count, counted]{
		Decide: func(_ counter, c count) ([]counted, error) {
			if c.By < 0 {
				return nil, errNegative.At("/by")
			}
			var events []counted
			for range c.Times {
				events = append(events, counted{c.By, c.At})
			}
			return events, nil
		},
		Evolve: func(s counter, e counted) counter {
			return counter{s.Total + e.By, append(s.Each[:len(s.Each):len(s.Each)], e.By)}
		},
	}
}

type codec struct{}

func (codec) Encode(e counted) (string, []byte, error) {
	data, err := json.Marshal(e)
	return "counted.v1", data, err
}

func (codec) Decode(name string, data []byte) (counted, error) {
	if name != "counted.v1" {
		return counted{}, fmt.Errorf("%w %q", errUnknown, name)
	}
	var e counted
	return e, json.Unmarshal(data, &e)
}

func noon() time.Time { return time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC) }

// openLog opens a log on a node of its own.
func openLog(tb testing.TB) (*eventlog.Log, *eventnode.Node) {
	tb.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: tb.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = node.Close() }) // the test is over
	return dial(tb, node), node
}

func dial(tb testing.TB, node *eventnode.Node) *eventlog.Log {
	tb.Helper()
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = log.Close() }) // the test is over
	return log
}

func counters(log es.Log) es.Case[counter, count, counted] {
	return es.Case[counter, count, counted]{
		Decider: decider(), Category: "counter", Codec: codec{}, Log: log, Suite: chain.SM3{}, Now: noon,
	}
}

// cause names a command by a word; input is what was asked.
func cause(word, input string) es.Cause {
	return es.Cause{
		Command: identity.Derive("test", word), Input: input, Actor: es.Actor{User: "001234", Unit: "440982000000"},
		Correlation: "case-1", At: noon(),
	}
}

// teller is what a test and a property have in common.
type teller interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// stored reads a whole stream.
func stored(tb teller, log es.Log, stream string) []eventlog.Recorded {
	tb.Helper()
	var all []eventlog.Recorded
	for r, err := range log.Read(tb.Context(), stream, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// chained demands that a stream is contiguous and verifies from its first event.
func chained(tb teller, events []eventlog.Recorded) {
	tb.Helper()
	prev := ""
	for n, r := range events {
		if r.Revision != uint64(n) {
			tb.Fatalf("revision %d at place %d", r.Revision, n)
		}
		var err error
		prev, err = chain.Verify(prev, chain.Link{Stream: r.Stream, Revision: r.Revision, Type: r.Type, ID: r.ID, Data: r.Data, Meta: r.Meta})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// flaky is a log whose next append goes wrong: either nothing is stored, or all
// is and the answer is lost.
type flaky struct {
	es.Log
	next fault
}

type fault int

const (
	none fault = iota
	notStored
	answerLost
)

func (f *flaky) Append(ctx context.Context, stream string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error) {
	now := f.next
	f.next = none
	if now == notStored {
		return eventlog.Appended{}, eventlog.ErrUnavailable
	}
	appended, err := f.Log.Append(ctx, stream, expect, events...)
	if now == answerLost && err == nil {
		return eventlog.Appended{}, eventlog.ErrUnavailable
	}
	return appended, err
}

// foreign puts an event into a stream that this build did not write.
func foreign(tb testing.TB, log es.Log, stream, name, data, meta string) {
	tb.Helper()
	event := eventlog.Event{ID: uuid.New(), Type: name, Data: []byte(data), Meta: []byte(meta)}
	if _, err := log.Append(tb.Context(), stream, eventlog.Any, event); err != nil {
		tb.Fatal(err)
	}
}
