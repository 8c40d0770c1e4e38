package citytest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// Pen writes events into streams of a category as their owner would.
func Pen[E any](c *City, category string, codec es.Codec[E]) func(id, correlation string, events ...E) {
	writer := es.Case[struct{}, []E, E]{
		Decider: es.Decider[struct{}, []E, E]{
			Decide: func(_ struct{}, events []E) ([]E, error) { return events, nil },
			Evolve: func(s struct{}, _ E) struct{} { return s },
		},
		Category: category, Codec: codec, Log: c.Log, Suite: c.Suite, Now: c.City.Clock.Now,
	}
	return func(id, correlation string, events ...E) {
		c.tb.Helper()
		cause := es.Cause{Command: uuid.New(), Actor: es.Actor{User: "001234", Unit: "440982000000"}, Correlation: correlation, At: c.City.Clock.Now()}
		_, err := writer.Handle(c.tb.Context(), id, cause, es.AnyRevision, events)
		must(c.tb, err)
	}
}

// History reads the events of a stream; none if there is no such stream.
func History[E any](tb testing.TB, c *City, stream string, codec es.Codec[E]) []E {
	tb.Helper()
	var events []E
	for r, err := range c.Log.Read(tb.Context(), stream, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		must(tb, err)
		e, err := codec.Decode(r.Type, r.Data)
		must(tb, err)
		events = append(events, e)
	}
	return events
}

// Recorded is what stands in the streams of some prefixes, or of none for all,
// in the order of the log.
func (c *City) Recorded(tb testing.TB, prefixes ...string) []eventlog.Recorded {
	tb.Helper()
	recorded, _, err := c.Log.ReadAll(tb.Context(), eventlog.Start, prefixes, 10_000)
	must(tb, err)
	return recorded
}

// Streams names the streams of a prefix, the oldest first.
func (c *City) Streams(tb testing.TB, prefix string) []string {
	tb.Helper()
	var names []string
	for _, r := range c.Recorded(tb, prefix) {
		if !slices.Contains(names, r.Stream) {
			names = append(names, r.Stream)
		}
	}
	return names
}
