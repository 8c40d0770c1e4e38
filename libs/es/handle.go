package es

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"go.opentelemetry.io/otel/propagation"
)

// attempts bounds how often a command is decided anew after someone else has
// appended first. Streams are short and few write to one, so that more than a
// handful of conflicts in a row means a fault.
const attempts = 16

// ErrReused is the answer to a command id that has been used for something
// else before.
var ErrReused = errors.New("this idempotency key was used for a different request")

// ErrBusy is the answer to a command that kept meeting others' writes.
var ErrBusy = errors.New("too many others write to this stream")

// Log is what the kernel needs of the log.
type Log interface {
	Read(ctx context.Context, stream string, from uint64) iter.Seq2[eventlog.Recorded, error]
	Append(ctx context.Context, stream string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error)
}

// Case carries commands to one kind of aggregate, kept as one stream each.
type Case[S, C, E any] struct {
	Decider[S, C, E]
	Category string // the stream is Category-id
	Codec    Codec[E]
	Log      Log
	Suite    chain.Suite
	Now      func() time.Time // for recordedAt
	Turns    *Turns           // nil: commands for one stream may meet and decide anew
}

// Past is the history of one stream, folded.
type Past[S, E any] struct {
	State    S
	Revision int64 // of the last event; -1 when there is none
	Events   []E
	Metas    []Meta
	hash     string
}

// Did tells whether a command has been carried out on the stream.
func (p Past[S, E]) Did(command uuid.UUID) bool {
	return slices.ContainsFunc(p.Metas, func(m Meta) bool { return m.Command == command })
}

// Outcome tells what a command has led to.
type Outcome[S, E any] struct {
	State    S
	Revision int64
	Events   []E  // what the command brought about, now or the first time
	Repeated bool // the command had been carried out before
}

// Stream names the stream of one aggregate.
func (c Case[S, C, E]) Stream(id string) string { return c.Category + "-" + id }

// Load reads and folds a whole stream. A stream that does not exist is an
// empty past; an event that this build does not know is an error.
func (c Case[S, C, E]) Load(ctx context.Context, id string) (Past[S, E], error) {
	past := Past[S, E]{State: c.Initial, Revision: -1}
	for r, err := range c.Log.Read(ctx, c.Stream(id), 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return past, nil
		}
		if err != nil {
			return past, fmt.Errorf("read %s: %w", c.Stream(id), err)
		}
		e, err := c.Codec.Decode(r.Type, r.Data)
		if err != nil {
			return past, fmt.Errorf("%s at %d: %w", r.Stream, r.Revision, err)
		}
		var meta Meta
		if err := json.Unmarshal(r.Meta, &meta); err != nil {
			return past, fmt.Errorf("%s at %d: metadata: %w", r.Stream, r.Revision, err)
		}
		past.State = c.Evolve(past.State, e)
		past.Revision = int64(r.Revision) //nolint:gosec // revisions are far below 2^63
		past.Events = append(past.Events, e)
		past.Metas = append(past.Metas, meta)
		past.hash = meta.Hash
	}
	return past, nil
}

// Expected is a revision that the giver of a command insists on (If-Match);
// AnyRevision if he does not.
type Expected int64

// AnyRevision takes the command at whatever revision the stream has.
const AnyRevision Expected = -2

// ErrStale is the answer to a command given on an outdated view of the case.
var ErrStale = errors.New("the case has moved on since you looked")

// Handle decides on the history of a stream and appends the outcome, or
// decides anew if someone else has appended meanwhile. The cause is kept with
// the events: the same command acts once, however often it is given.
// A refusal comes back as the bare *rule.Violation.
func (c Case[S, C, E]) Handle(ctx context.Context, id string, cause Cause, expected Expected, cmd C) (Outcome[S, E], error) {
	end, err := c.Turns.take(ctx, c.Stream(id))
	if err != nil {
		return Outcome[S, E]{}, err
	}
	defer end()
	for attempt := range attempts {
		past, err := c.Load(ctx, id)
		if err != nil {
			return Outcome[S, E]{}, err
		}
		if out, done, err := c.repeated(past, cause); done || err != nil {
			return out, err
		}
		if expected != AnyRevision && int64(expected) != past.Revision {
			return Outcome[S, E]{State: past.State, Revision: past.Revision}, ErrStale
		}
		events, err := c.Decide(past.State, cmd)
		if err != nil {
			return Outcome[S, E]{State: past.State, Revision: past.Revision}, err
		}
		if len(events) == 0 {
			return Outcome[S, E]{State: past.State, Revision: past.Revision}, nil
		}
		out, err := c.append(ctx, id, past, cause, events)
		if !errors.Is(err, eventlog.ErrConflict) {
			return out, err
		}
		if err := pause(ctx, attempt); err != nil {
			return out, err
		}
	}
	return Outcome[S, E]{}, fmt.Errorf("%T on %s: %w", cmd, c.Stream(id), ErrBusy)
}

// pause spreads out writers that keep meeting each other.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(attempt))+1) * time.Millisecond) //nolint:gosec // jitter
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// repeated finds what this very command did before.
func (c Case[S, C, E]) repeated(past Past[S, E], cause Cause) (out Outcome[S, E], done bool, err error) {
	out = Outcome[S, E]{State: past.State, Revision: past.Revision, Repeated: true}
	for i, m := range past.Metas {
		if m.Command != cause.Command {
			continue
		}
		if m.Input != cause.Input {
			return out, true, ErrReused
		}
		out.Events = append(out.Events, past.Events[i])
	}
	return out, len(out.Events) > 0, nil
}

func (c Case[S, C, E]) append(ctx context.Context, id string, past Past[S, E], cause Cause, events []E) (Outcome[S, E], error) {
	stream := c.Stream(id)
	out := Outcome[S, E]{State: past.State, Revision: past.Revision, Events: events}
	batch := make([]eventlog.Event, len(events))
	meta := c.meta(ctx, cause, past.hash)
	for n, e := range events {
		name, data, err := c.Codec.Encode(e)
		if err != nil {
			return out, fmt.Errorf("encode for %s: %w", stream, err)
		}
		revision := uint64(past.Revision + 1 + int64(n)) //nolint:gosec // never negative
		event, hash, err := link(c.Suite, stream, revision, eventlog.Event{ID: EventID(stream, cause, n, data), Type: name, Data: data}, meta)
		if err != nil {
			return out, err
		}
		batch[n], meta.Prev = event, hash
		out.State = c.Evolve(out.State, e)
	}
	expect := eventlog.NoStream
	if past.Revision >= 0 {
		expect = eventlog.Expect(past.Revision)
	}
	appended, err := c.Log.Append(ctx, stream, expect, batch...)
	if err != nil {
		return out, fmt.Errorf("append to %s: %w", stream, err)
	}
	out.Revision = int64(appended.Revision) //nolint:gosec // revisions are far below 2^63
	return out, nil
}

// link seals an event into the chain of its stream.
func link(suite chain.Suite, stream string, revision uint64, e eventlog.Event, meta Meta) (eventlog.Event, string, error) {
	bare, err := json.Marshal(meta)
	if err != nil {
		return e, "", fmt.Errorf("metadata for %s: %w", stream, err)
	}
	hash := chain.Seal(suite, meta.Prev, stream, revision, e.Type, e.ID, e.Data, bare)
	e.Meta = chain.WithHash(bare, hash)
	return e, hash, nil
}

func (c Case[S, C, E]) meta(ctx context.Context, cause Cause, prev string) Meta {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return Meta{
		Correlation: cause.Correlation, Causation: cause.Causation, Command: cause.Command, Input: cause.Input,
		Actor: cause.Actor, OccurredAt: cause.At.UTC(), RecordedAt: c.Now().UTC(),
		Traceparent: carrier.Get("traceparent"), Suite: c.Suite.Name(), Prev: prev,
	}
}

// EventID is the id of the n-th event that a command brings about in a stream.
// It is a function of its cause and its effect, so that a retry after a lost
// answer stores nothing twice. What was asked is part of it, and so is what was
// decided: the log takes an append of ids that it has for a repetition, and of
// two requests under one key, or one request decided on twice at once, the second
// must not be told that its own events are those stored.
func EventID(stream string, cause Cause, n int, data []byte) uuid.UUID {
	return uuid.NewSHA1(cause.Command, fmt.Appendf(nil, "%s\x1f%s\x1f%d\x1f%s", stream, cause.Input, n, data))
}
