package react_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// patient bounds every wait for something that another goroutine does.
const patient = time.Minute

func noon() time.Time { return time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC) }

// stopped is a clock that stands at noon.
type stopped struct{}

func (stopped) Now() time.Time { return noon() }

func (stopped) Wait(ctx context.Context, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

// What is heard are wishes, what is carried out are deeds, kept in a stream of
// the same key.
type (
	said struct {
		Want []string `json:"want"`
	}
	wanted struct{ key, what string }
	done   struct {
		What string `json:"what"`
	}
)

var errRefused = rule.New("deed-refused", "不予执行", "the deed is refused", "")

type words struct{}

func (words) Encode(e said) (string, []byte, error) {
	data, err := json.Marshal(e)
	return "said.v1", data, err
}

func (words) Decode(name string, data []byte) (said, error) {
	if name != "said.v1" {
		return said{}, errors.New("unknown event")
	}
	var e said
	return e, json.Unmarshal(data, &e)
}

type deedsCodec struct{}

func (deedsCodec) Encode(e done) (string, []byte, error) {
	data, err := json.Marshal(e)
	return "done.v1", data, err
}

func (deedsCodec) Decode(_ string, data []byte) (done, error) {
	var e done
	return e, json.Unmarshal(data, &e)
}

// house is a log with those who speak on it, react to it and watch the deeds.
type house struct {
	t    *testing.T
	log  *eventlog.Log
	seen chan string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", ForgetEventIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, log: log, seen: make(chan string, 1000)}
	var watching sync.WaitGroup
	watching.Go(func() {
		_ = log.Follow(t.Context(), eventlog.Start, []string{"deed-"}, func(d eventlog.Delivery) error { // ends with the test
			if d.Event == nil {
				return nil
			}
			e, err := deedsCodec{}.Decode(d.Event.Type, d.Event.Data)
			h.seen <- e.What
			return err
		})
	})
	t.Cleanup(func() {
		watching.Wait()
		_ = log.Close() // the test is over
		_ = node.Close()
	})
	return h
}

func (h *house) deeds() es.Case[[]string, string, done] {
	return es.Case[[]string, string, done]{
		Decider: es.Decider[[]string, string, done]{
			Decide: func(_ []string, what string) ([]done, error) {
				if what == "refused" {
					return nil, errRefused
				}
				return []done{{what}}, nil
			},
			Evolve: func(s []string, e done) []string { return append(s[:len(s):len(s)], e.What) },
		},
		Category: "deed", Codec: deedsCodec{}, Log: h.log, Suite: chain.SM3{}, Now: noon,
	}
}

func (h *house) reactor() *react.Reactor[said, wanted] {
	return &react.Reactor[said, wanted]{
		Name: "tester", Categories: []string{"talk"}, Codec: words{},
		React: func(s react.Source, e said) []wanted {
			var all []wanted
			for _, what := range e.Want {
				all = append(all, wanted{s.Key, what})
			}
			return all
		},
		Carry: func(ctx context.Context, cause es.Cause, want wanted) error {
			_, err := h.deeds().Handle(ctx, want.key, cause, es.AnyRevision, want.what)
			return err
		},
		Actor: es.Actor{User: "system:test", Role: "system"}, Log: h.log, Clock: stopped{},
		Logger: slog.New(slog.NewTextHandler(h.t.Output(), nil)),
	}
}

// run runs a reactor until the test ends or it is stopped.
func (h *house) run(r *react.Reactor[said, wanted]) (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil && !errors.Is(err, context.Canceled) {
				h.t.Errorf("the reactor ended with %v", err)
			}
		case <-time.After(patient):
			h.t.Error("the reactor does not end")
		}
	})
	h.t.Cleanup(stop)
	return stop
}

func (h *house) say(stream string, e said) uuid.UUID {
	h.t.Helper()
	name, data, err := words{}.Encode(e)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.raw(stream, name, string(data), `{"$correlationId":"case-1"}`)
}

func (h *house) raw(stream, name, data, meta string) uuid.UUID {
	h.t.Helper()
	event := eventlog.Event{ID: uuid.New(), Type: name, Data: []byte(data), Meta: []byte(meta)}
	if _, err := h.log.Append(h.t.Context(), stream, eventlog.Any, event); err != nil {
		h.t.Fatal(err)
	}
	return event.ID
}

// effects waits for the next n deeds.
func (h *house) effects(n int) []string {
	h.t.Helper()
	var got []string
	for range n {
		got = append(got, receive(h.t, h.seen))
	}
	return got
}

// only demands that these deeds, in this order, are all there are of a key.
func (h *house) only(key string, want ...string) {
	h.t.Helper()
	past, err := h.deeds().Load(h.t.Context(), key)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(past.State) != len(want) {
		h.t.Fatalf("deeds %v, want %v", past.State, want)
	}
	for n := range want {
		if past.State[n] != want[n] {
			h.t.Fatalf("deeds %v, want %v", past.State, want)
		}
	}
}

// parkedOnce demands that this is all that was ever parked.
func (h *house) parkedOnce(event uuid.UUID, reason string) {
	h.t.Helper()
	n := 0
	for r, err := range h.log.Read(h.t.Context(), "parked-tester", 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		n++
		var got struct {
			Subscription, Stream, Type, Reason string
			Event                              uuid.UUID
			Position                           eventlog.Position
		}
		if err := json.Unmarshal(r.Data, &got); err != nil {
			h.t.Fatal(err)
		}
		if r.Type != "message-parked.v1" || got.Reason != reason || got.Event != event || got.Stream != "talk-1" || got.Subscription != "tester" || got.Position == 0 {
			h.t.Errorf("parked as %s: %s", r.Type, r.Data)
		}
	}
	if n != 1 {
		h.t.Errorf("parked %d times", n)
	}
}

// forgetCheckpoint has the next start begin with the first event, as after a
// crash before the checkpoint was saved.
func (h *house) forgetCheckpoint() {
	h.t.Helper()
	if err := h.log.Delete(h.t.Context(), "checkpoint-tester"); err != nil {
		h.t.Fatal(err)
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
