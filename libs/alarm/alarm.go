// Package alarm wakes aggregates when their clocks run out. It keeps no truth:
// the clocks are a function of each stream's state ([es.Decider.Due]), the
// agenda is rebuilt from the log, and a wake-up is an ordinary command whose id
// is derived from the clock, so that two replicas or a restart wake once.
package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// retryAfter is how long a wake-up that met a fault waits for the next try.
const retryAfter = time.Second

// Loop watches one kind of aggregate.
type Loop[S, C, E any] struct {
	Case  es.Case[S, C, E]
	Log   *eventlog.Log
	Clock clock.Clock
	// Wake makes the command for a clock that has run out, at the given time.
	Wake func(es.Alarm, time.Time) C
	// Prepare adds to a wake-up what the state of its stream does not tell, such as
	// how far the case is; nil if there is nothing to add. When it fails the wake-up
	// is tried again.
	Prepare func(context.Context, S, C) (C, error)
	// Abreast is how many streams are woken side by side, so that many clocks that
	// run out at one instant do not keep the next one waiting; 0 is one by one.
	Abreast int
	// Correlation names the case that a clock of a state belongs to.
	Correlation func(S, es.Alarm) string
	// Reminds tells which clocks only remind of something: what has run out and ends
	// something is woken before them. nil: none does.
	Reminds func(es.Alarm) bool
	Actor   es.Actor
	Logger  *slog.Logger
}

// told is one thing the follower reports to the loop.
type told[S any] struct {
	id       string
	state    S
	stopped  bool // no command can be given to it, so that no clock of it runs
	caughtUp bool
}

// Run follows the streams and fires until ctx ends. Nothing fires before all
// that is in the log has been seen, and what is overdue then fires in the order
// in which it was due.
func (l Loop[S, C, E]) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan told[S], 256)
	failed := make(chan error, 1)
	go func() { failed <- l.follow(ctx, heard) }()

	agenda, live := diary[S]{reminds: l.Reminds}, false
	for {
		if ctx.Err() != nil {
			return <-failed // nothing can be carried out any more; what is due stays so
		}
		var ring chan struct{}
		stop := func() {}
		if next, ok := agenda.next(); ok && live {
			ring, stop = l.ringAt(ctx, next.at)
		}
		select {
		case t := <-heard:
			live = live || t.caughtUp
			switch {
			case t.stopped:
				agenda.set(t.id, t.state, nil)
			case !t.caughtUp:
				agenda.set(t.id, t.state, l.Case.Due(t.state))
			}
		case <-ring:
			l.fire(ctx, &agenda)
		case err := <-failed:
			stop()
			return err
		}
		stop()
	}
}

func (l Loop[S, C, E]) ringAt(ctx context.Context, at time.Time) (chan struct{}, func()) {
	ctx, cancel := context.WithCancel(ctx)
	ring := make(chan struct{})
	go func() {
		if l.Clock.Wait(ctx, at) == nil {
			close(ring)
		}
	}()
	return ring, cancel
}

// follow folds each stream as it grows.
func (l Loop[S, C, E]) follow(ctx context.Context, heard chan<- told[S]) error {
	f := folder[S, C, E]{Case: l.Case, streams: map[string]folded[S]{}}
	tell := func(t told[S]) error {
		select {
		case heard <- t:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	prefix := l.Case.Category + "-"
	return l.Log.Follow(ctx, eventlog.Start, []string{prefix}, func(d eventlog.Delivery) error {
		switch {
		case d.CaughtUp:
			f.prune()
			return tell(told[S]{caughtUp: true})
		case d.Event == nil:
			return nil
		}
		id := strings.TrimPrefix(d.Event.Stream, prefix)
		state, err := l.fold(ctx, &f, id, *d.Event)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			l.Logger.Error("an event that this build cannot read stops the clocks of its stream",
				slog.String("stream", d.Event.Stream), slog.Uint64("revision", d.Event.Revision), slog.Any("error", err))
			return tell(told[S]{id: id, stopped: true})
		}
		return tell(told[S]{id: id, state: state})
	})
}

// fold waits out a log that is away: a clock that was passed over would be lost.
func (l Loop[S, C, E]) fold(ctx context.Context, f *folder[S, C, E], id string, r eventlog.Recorded) (S, error) {
	for {
		state, err := f.fold(ctx, id, r)
		if !errors.Is(err, eventlog.ErrUnavailable) {
			return state, err
		}
		l.Logger.Warn("the clocks of a stream cannot be read yet; it is tried again",
			slog.String("stream", r.Stream), slog.Uint64("revision", r.Revision), slog.Any("error", err))
		if err := (clock.System{}).Wait(ctx, time.Now().Add(retryAfter)); err != nil {
			return state, err
		}
	}
}

// fire gives the wake-up that is due first, and others that are due by now.
func (l Loop[S, C, E]) fire(ctx context.Context, agenda *diary[S]) {
	now := l.Clock.Now()
	due := agenda.due(now, max(l.Abreast, 1))
	settle := make([]func(), len(due))
	var woken sync.WaitGroup
	for n, it := range due {
		woken.Go(func() { settle[n] = l.wake(ctx, it, now, agenda) })
	}
	woken.Wait()
	for _, s := range settle {
		s()
	}
}

// wake gives one wake-up and returns what is to become of its clock. When it is
// carried out, its event comes back through the follower and clears it from the
// agenda; one that the rules no longer want is dropped; one that met a fault is
// tried again.
func (l Loop[S, C, E]) wake(ctx context.Context, due item[S], now time.Time, agenda *diary[S]) (settle func()) {
	id := identity.Derive("alarm", l.Case.Category, due.id, due.alarm.Name, due.alarm.At.UTC().Format(time.RFC3339Nano))
	cause := es.Cause{Command: id, Actor: l.Actor, Correlation: l.Correlation(due.state, due.alarm), At: now}
	out, err := l.carry(ctx, due, cause, now)
	var refused *rule.Violation
	switch {
	case err == nil && len(out.Events) == 0 && slices.ContainsFunc(l.Case.Due(out.State), due.runs):
		return func() { agenda.delay(due.id, due.alarm, now.Add(retryAfter)) } // the machine's clock has stepped back: it is not due yet
	case err == nil || errors.As(err, &refused):
		return func() { agenda.drop(due.id, due.alarm) }
	case ctx.Err() == nil:
		l.Logger.Error("a clock ran out and could not be acted on; it is tried again",
			slog.String("stream", l.Case.Stream(due.id)), slog.String("clock", due.alarm.Name), slog.Any("error", err))
		return func() { agenda.delay(due.id, due.alarm, now.Add(retryAfter)) }
	}
	return func() {}
}

func (l Loop[S, C, E]) carry(ctx context.Context, due item[S], cause es.Cause, now time.Time) (es.Outcome[S, E], error) {
	cmd := l.Wake(due.alarm, now)
	if l.Prepare != nil {
		var err error
		if cmd, err = l.Prepare(ctx, due.state, cmd); err != nil {
			return es.Outcome[S, E]{}, err
		}
	}
	return l.Case.Handle(ctx, due.id, cause, es.AnyRevision, cmd)
}

// String names the loop in logs.
func (l Loop[S, C, E]) String() string { return fmt.Sprintf("alarms of %s", l.Case.Category) }
