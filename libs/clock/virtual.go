package clock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// stream holds how the virtual clock was set. It lives in the log, so that all
// processes of a demonstration agree, also after a restart.
const (
	stream  = "clock-demo"
	setType = "clock-set.v1"
)

// attempts bounds how often a setting that met another one is tried.
const attempts = 8

// ErrBackwards refuses to turn the virtual clock back.
var ErrBackwards = errors.New("the demonstration clock only goes forward")

// setting is one position of the virtual clock: at the real moment Real it
// showed At. From there it runs at the speed of real time.
type setting struct {
	At   time.Time `json:"at"`
	Real time.Time `json:"real"`
}

// Virtual is a clock that can be moved forward. Only demonstrations have one.
type Virtual struct {
	log      *eventlog.Log
	revision int64
	after    eventlog.Position

	mu      sync.Mutex
	now     setting
	changed chan struct{}
}

// NewVirtual reads how the clock was left; Run keeps it in step with others.
func NewVirtual(ctx context.Context, log *eventlog.Log) (*Virtual, error) {
	start := time.Now().UTC()
	v := &Virtual{log: log, revision: -1, now: setting{start, start}, changed: make(chan struct{})}
	return v, v.refresh(ctx)
}

func (v *Virtual) refresh(ctx context.Context) error {
	for r, err := range v.log.Read(ctx, stream, 0) {
		if errors.Is(err, eventlog.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the demonstration clock: %w", err)
		}
		if err := v.apply(r); err != nil {
			return err
		}
	}
	return nil
}

// Run follows the settings that other processes make, until ctx ends.
func (v *Virtual) Run(ctx context.Context) error {
	v.mu.Lock()
	after := v.after
	v.mu.Unlock()
	return v.log.Follow(ctx, after, []string{stream}, func(d eventlog.Delivery) error {
		if d.Event == nil {
			return nil
		}
		return v.apply(*d.Event)
	})
}

func (v *Virtual) apply(r eventlog.Recorded) error {
	var s setting
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return fmt.Errorf("%s at %d: %w", r.Stream, r.Revision, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if int64(r.Revision) <= v.revision { //nolint:gosec // revisions are far below 2^63
		return nil
	}
	v.revision, v.after, v.now = int64(r.Revision), r.Position, s //nolint:gosec // as above
	close(v.changed)
	v.changed = make(chan struct{})
	return nil
}

// Now returns the virtual time in UTC.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now.at(time.Now())
}

func (s setting) at(moment time.Time) time.Time { return s.At.Add(moment.Sub(s.Real)).UTC() }

// Wait returns nil once the virtual time is t or later, or the context's error.
func (v *Virtual) Wait(ctx context.Context, t time.Time) error {
	for {
		v.mu.Lock()
		left, changed := t.Sub(v.now.at(time.Now())), v.changed
		v.mu.Unlock()
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Set moves the clock forward to at, for all processes, and returns once this
// one shows it. The first setting of a new city may name any time, since
// nothing has happened in it yet.
func (v *Virtual) Set(ctx context.Context, at time.Time) error {
	for range attempts {
		if err := v.refresh(ctx); err != nil {
			return err
		}
		err := v.set(ctx, at)
		if errors.Is(err, eventlog.ErrConflict) {
			continue // another process has just set it, and may have passed at
		}
		if err != nil {
			return err
		}
		return v.refresh(ctx)
	}
	return fmt.Errorf("set the demonstration clock: %w", eventlog.ErrConflict)
}

func (v *Virtual) set(ctx context.Context, at time.Time) error {
	v.mu.Lock()
	// One reading of real time for both: what the clock shows meanwhile would
	// otherwise be taken back.
	moment := time.Now().UTC()
	revision, backwards := v.revision, v.revision >= 0 && at.Before(v.now.at(moment))
	v.mu.Unlock()
	if backwards {
		return ErrBackwards
	}
	data, err := json.Marshal(setting{At: at.UTC(), Real: moment})
	if err != nil {
		return fmt.Errorf("set the demonstration clock: %w", err)
	}
	expect := eventlog.NoStream
	if revision >= 0 {
		expect = eventlog.Expect(revision)
	}
	if _, err := v.log.Append(ctx, stream, expect, eventlog.Event{ID: uuid.New(), Type: setType, Data: data, Meta: []byte(`{}`)}); err != nil {
		return fmt.Errorf("set the demonstration clock: %w", err)
	}
	return nil
}

// Setting tells whether the clock has ever been set.
func (v *Virtual) Setting() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.revision >= 0
}
