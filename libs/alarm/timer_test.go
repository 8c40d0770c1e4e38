package alarm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/alarm"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// patient bounds every wait for something that another goroutine does.
const patient = time.Minute

func noon() time.Time { return time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC) }

// The aggregate of these tests is a timer: it is set, cleared, and rings. One
// named "deaf" refuses to be woken.
type (
	happened struct {
		What string    `json:"what"` // set, cleared, rang, nothing
		Name string    `json:"name,omitempty"`
		At   time.Time `json:"at"`
	}
	timer   struct{ running []es.Alarm }
	command struct{ happened }
)

var errDeaf = rule.New("timer-deaf", "不响", "the timer is deaf", "")

func decider() es.Decider[timer, command, happened] {
	return es.Decider[timer, command, happened]{
		Decide: func(s timer, c command) ([]happened, error) {
			if c.What != "rang" {
				return []happened{c.happened}, nil
			}
			n := slices.IndexFunc(s.running, func(a es.Alarm) bool { return a.Name == c.Name })
			switch {
			case c.Name == "deaf":
				return nil, errDeaf
			case n < 0 || c.At.Before(s.running[n].At):
				return nil, nil
			}
			return []happened{c.happened}, nil
		},
		Evolve: func(s timer, e happened) timer {
			running := slices.DeleteFunc(slices.Clone(s.running), func(a es.Alarm) bool { return a.Name == e.Name && e.What != "nothing" })
			if e.What == "set" {
				running = append(running, es.Alarm{Name: e.Name, At: e.At})
			}
			return timer{running}
		},
		Due: func(s timer) []es.Alarm { return s.running },
	}
}

type codec struct{}

func (codec) Encode(e happened) (string, []byte, error) {
	data, err := json.Marshal(e)
	return "timer.v1", data, err
}

func (codec) Decode(name string, data []byte) (happened, error) {
	if name != "timer.v1" {
		return happened{}, errors.New("unknown event")
	}
	var e happened
	return e, json.Unmarshal(data, &e)
}

// hand is a clock that is moved by hand.
type hand struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
	early time.Duration // how much too early a wait ends
}

func newHand() *hand { return &hand{now: noon(), moved: make(chan struct{})} }

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) Wait(ctx context.Context, t time.Time) error {
	for {
		h.mu.Lock()
		due, moved := !h.now.Add(h.early).Before(t), h.moved
		h.mu.Unlock()
		if due {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *hand) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	close(h.moved)
	h.moved = make(chan struct{})
}

// house is where timers ring: a log, a clock and what has been heard.
type house struct {
	t     *testing.T
	node  *eventnode.Node
	log   *eventlog.Log
	clock *hand
	rings chan happened
	woken chan es.Alarm // every attempt to wake
	count int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, node: node, log: log, clock: newHand(), rings: make(chan happened, 100), woken: make(chan es.Alarm, 100)}
	var listening sync.WaitGroup
	listening.Go(func() {
		_ = log.Follow(t.Context(), eventlog.Start, []string{"timer-"}, func(d eventlog.Delivery) error { // ends with the test
			if d.Event == nil {
				return nil
			}
			if e, err := (codec{}).Decode(d.Event.Type, d.Event.Data); err == nil && e.What == "rang" {
				h.rings <- e
			}
			return nil
		})
	})
	t.Cleanup(func() {
		listening.Wait()
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	return h
}

func (h *house) timers() es.Case[timer, command, happened] {
	return es.Case[timer, command, happened]{
		Decider: decider(), Category: "timer", Codec: codec{}, Log: h.log, Suite: chain.SM3{}, Now: h.clock.Now,
	}
}

func (h *house) loop() alarm.Loop[timer, command, happened] {
	return alarm.Loop[timer, command, happened]{
		Case: h.timers(), Log: h.log, Clock: h.clock,
		Wake: func(a es.Alarm, now time.Time) command {
			h.woken <- a
			return command{happened{"rang", a.Name, now}}
		},
		Correlation: func(timer, es.Alarm) string { return "case-1" },
		Actor:       es.Actor{User: "system:test"},
		Logger:      slog.New(slog.NewTextHandler(h.t.Output(), nil)),
	}
}

// run runs a loop until the test ends or it is stopped.
func (h *house) run(l alarm.Loop[timer, command, happened]) (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				h.t.Errorf("the loop ended with %v", err)
			}
		case <-time.After(patient):
			h.t.Error("the loop does not end")
		}
	})
	h.t.Cleanup(stop)
	return stop
}

func (h *house) do(id, what, name string, at time.Time) {
	h.t.Helper()
	cause := es.Cause{Command: uuid.New(), At: h.clock.Now()}
	if _, err := h.timers().Handle(h.t.Context(), id, cause, es.AnyRevision, command{happened{what, name, at}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) ring() string {
	h.t.Helper()
	return receive(h.t, h.rings).Name
}

// sentinel sets a timer that is due last and lets it ring: what was due before
// it and has not rung by then does not ring at all.
func (h *house) sentinel() {
	h.t.Helper()
	h.count++
	name := fmt.Sprint("sentinel", h.count)
	h.do(name, "set", name, h.clock.Now())
	if got := h.ring(); got != name {
		h.t.Errorf("%s rang", got)
	}
}

// attempts are the wake-ups tried so far.
func (h *house) attempts() map[string]int {
	tried := map[string]int{}
	for {
		select {
		case a := <-h.woken:
			tried[a.Name]++
		default:
			return tried
		}
	}
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patient):
		t.Fatal("nothing came")
	}
	return v
}

// torn is a log whose appends or reads fail as often as is asked for.
type torn struct {
	es.Log
	mu             sync.Mutex
	appends, reads int
}

func (f *torn) take(left *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	*left--
	return *left >= 0
}

func (f *torn) Append(ctx context.Context, stream string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error) {
	if f.take(&f.appends) {
		return eventlog.Appended{}, eventlog.ErrUnavailable
	}
	return f.Log.Append(ctx, stream, expect, events...)
}

func (f *torn) Read(ctx context.Context, stream string, from uint64) iter.Seq2[eventlog.Recorded, error] {
	if f.take(&f.reads) {
		return func(yield func(eventlog.Recorded, error) bool) { yield(eventlog.Recorded{}, eventlog.ErrUnavailable) }
	}
	return f.Log.Read(ctx, stream, from)
}
