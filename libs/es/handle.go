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
	Cache    *Cache[S, E]     // nil: every command reads its whole stream
	// First tells of a command that it is most likely the first one for its stream;
	// nil if none is. It is decided on the empty past before the log is asked.
	First func(C) bool
}

// Past is the history of one stream, folded.
type Past[S, E any] struct {
	State    S
	Revision int64 // of the last event; -1 when there is none
	Events   []E
	Metas    []Meta
	ids      []uuid.UUID
	hash     string // of the last event
	size     int    // of the events in the log, in bytes
}

// Did tells whether a command has been carried out on the stream.
func (p Past[S, E]) Did(command uuid.UUID) bool {
	return slices.ContainsFunc(p.Metas, func(m Meta) bool { return m.Command == command })
}

// Outcome tells what a command has led to.
type Outcome[S, E any] struct {
	State    S
	Revision int64
	Events   []E     // what the command brought about, now or the first time
	Repeated bool    // the command had been carried out before
	Places   []Place // of the events
}

// Place is where an event lies.
type Place struct {
	ID       uuid.UUID // of the event
	Revision uint64    // of it in its stream
}

// Stream names the stream of one aggregate.
func (c Case[S, C, E]) Stream(id string) string { return c.Category + "-" + id }

// Load reads and folds a stream, as it stands in the log at this moment. A
// stream that does not exist is an empty past; an event that this build does
// not know is an error. With a cache it reads only what the cached past does not
// know, beginning with the last event that it does: if that is another's, the log
// has been restored, and all of it is read again.
func (c Case[S, C, E]) Load(ctx context.Context, id string) (Past[S, E], error) {
	stream := c.Stream(id)
	if known, ok := c.Cache.prefix(stream); ok {
		past, intact, err := c.readOn(ctx, stream, known)
		if err != nil {
			return past, err
		}
		if intact {
			c.Cache.put(stream, past)
			return past.shared(), nil
		}
		c.Cache.drop(stream, known)
	}
	past := Past[S, E]{State: c.Initial, Revision: -1}
	for r, err := range c.Log.Read(ctx, stream, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return past, nil
		}
		if err != nil {
			return past, fmt.Errorf("read %s: %w", stream, err)
		}
		if past, err = c.fold(past, r); err != nil {
			return past, err
		}
	}
	c.Cache.put(stream, past)
	return past.shared(), nil
}

// readOn adds to a past what the log has beyond it. It is not intact if the log
// has another event, or none, where the past ends.
func (c Case[S, C, E]) readOn(ctx context.Context, stream string, past Past[S, E]) (_ Past[S, E], intact bool, err error) {
	for r, err := range c.Log.Read(ctx, stream, uint64(past.Revision)) { //nolint:gosec // a cached past has an event
		switch {
		case errors.Is(err, eventlog.ErrNotFound):
			return past, false, nil
		case err != nil:
			return past, false, fmt.Errorf("read %s: %w", stream, err)
		case intact:
			if past, err = c.fold(past, r); err != nil {
				return past, false, err
			}
			continue
		}
		var meta Meta
		if err := json.Unmarshal(r.Meta, &meta); err != nil || r.ID != past.last() || meta.Hash != past.hash {
			return past, false, nil
		}
		intact = true
	}
	return past, intact, nil
}

// fold adds one stored event to a past.
func (c Case[S, C, E]) fold(past Past[S, E], r eventlog.Recorded) (Past[S, E], error) {
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
	past.ids = append(past.ids, r.ID)
	past.hash = meta.Hash
	past.size += len(r.Data) + len(r.Meta)
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
//
// With a cache it decides on the cached past and reads nothing, if events come
// of it or the command is known to have been carried out. Any other answer, such
// as a refusal, is said only of what the log has at that moment.
func (c Case[S, C, E]) Handle(ctx context.Context, id string, cause Cause, expected Expected, cmd C) (Outcome[S, E], error) {
	end, err := c.Turns.take(ctx, c.Stream(id))
	if err != nil {
		return Outcome[S, E]{}, err
	}
	defer end()
	for attempt := range attempts {
		out, events, past, err := c.decided(ctx, id, attempt == 0, cause, expected, cmd)
		if err != nil || len(events) == 0 {
			return out, err
		}
		out, err = c.append(ctx, id, past, cause, events)
		if !errors.Is(err, eventlog.ErrConflict) {
			return out, err
		}
		if err := pause(ctx, attempt); err != nil {
			return out, err
		}
	}
	return Outcome[S, E]{}, fmt.Errorf("%T on %s: %w", cmd, c.Stream(id), ErrBusy)
}

// decided judges a command on what is known of its stream or, if that leads to
// nothing, on the stream itself.
func (c Case[S, C, E]) decided(ctx context.Context, id string, first bool, cause Cause, expected Expected, cmd C) (out Outcome[S, E], events []E, past Past[S, E], err error) {
	if first {
		past, ok := c.Cache.recall(c.Stream(id))
		if !ok && c.Cache != nil && c.First != nil && c.First(cmd) {
			past, ok = Past[S, E]{State: c.Initial, Revision: -1}, true
		}
		if ok {
			if out, events, err = c.judge(id, past, cause, expected, cmd); err == nil && (len(events) > 0 || out.Repeated) {
				return out, events, past, nil
			}
		}
	}
	if past, err = c.Load(ctx, id); err != nil {
		return Outcome[S, E]{}, nil, past, err
	}
	out, events, err = c.judge(id, past, cause, expected, cmd)
	return out, events, past, err
}

// judge tells what a command leads to on a past: events to append, or none and
// the answer.
func (c Case[S, C, E]) judge(id string, past Past[S, E], cause Cause, expected Expected, cmd C) (Outcome[S, E], []E, error) {
	if out, done, err := c.repeated(id, past, cause); done || err != nil {
		return out, nil, err
	}
	out := Outcome[S, E]{State: past.State, Revision: past.Revision}
	if expected != AnyRevision && int64(expected) != past.Revision {
		return out, nil, ErrStale
	}
	events, err := c.Decide(past.State, cmd)
	return out, events, err
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
func (c Case[S, C, E]) repeated(id string, past Past[S, E], cause Cause) (out Outcome[S, E], done bool, err error) {
	out = Outcome[S, E]{State: past.State, Revision: past.Revision, Repeated: true}
	at, upTo := c.Cache.find(c.Stream(id), past, cause.Command)
	for _, part := range []span{at, {upTo, len(past.Metas) - 1}} {
		for i := part.first; i <= part.last; i++ {
			switch m := past.Metas[i]; {
			case m.Command != cause.Command:
			case m.Input != cause.Input:
				return out, true, ErrReused
			default:
				out.Events = append(out.Events, past.Events[i])
				out.Places = append(out.Places, Place{past.ids[i], uint64(i)}) //nolint:gosec // an index
			}
		}
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
		event, hash, err := c.link(stream, revision, cause, n, eventlog.Event{Type: name, Data: data}, meta)
		if err != nil {
			return out, err
		}
		batch[n], meta.Prev = event, hash
		out.Places = append(out.Places, Place{event.ID, revision})
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
	c.remember(stream, past, out.Revision, batch)
	return out, nil
}

// remember adds to the cached past what has been appended to it, as a reader of
// the stream would find it. What cannot be read so is left for one to find.
func (c Case[S, C, E]) remember(stream string, past Past[S, E], last int64, batch []eventlog.Event) {
	if c.Cache == nil || last != past.Revision+int64(len(batch)) {
		return
	}
	added := Past[S, E]{State: past.State, Revision: past.Revision}
	for n, e := range batch {
		var err error
		if added, err = c.fold(added, eventlog.Recorded{Event: e, Stream: stream, Revision: uint64(past.Revision + 1 + int64(n))}); err != nil { //nolint:gosec // never negative
			return
		}
	}
	c.Cache.grow(stream, past, added)
}

// link names an event and seals it into the chain of its stream. With a cache
// the name also rests on the metadata: the log takes events whose ids it has at
// that place for a repetition, and the seal of those that it has must then be the
// one that is known here, since the next is chained to it.
func (c Case[S, C, E]) link(stream string, revision uint64, cause Cause, n int, e eventlog.Event, meta Meta) (eventlog.Event, string, error) {
	bare, err := json.Marshal(meta)
	if err != nil {
		return e, "", fmt.Errorf("metadata for %s: %w", stream, err)
	}
	told := e.Data
	if c.Cache != nil {
		told = slices.Concat(e.Data, bare)
	}
	e.ID = EventID(stream, cause, n, told)
	hash := chain.Seal(c.Suite, meta.Prev, stream, revision, e.Type, e.ID, e.Data, bare)
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
