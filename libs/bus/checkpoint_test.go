package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/bus"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

func TestWhatTheConsumerHasNoUseForIsPassedOverAndNotSearchedAgain(t *testing.T) {
	log, store := newLog(t), bus.MemoryCheckpoints()
	var last eventlog.Appended
	for n, name := range []string{"idle.v1", "counted.v1", "idle.v1", "counted.v1", "idle.v1", "idle.v1"} {
		var err error
		if last, err = log.Append(t.Context(), "case-1", eventlog.Any, eventlog.Event{Type: name, Data: fmt.Appendf(nil, "%d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	passed := make(chan uint64, 100)
	sub := newSubscriber(t, log, bus.SubscriberConfig{Name: "view", Checkpoints: store, Skip: func(r eventlog.Recorded) bool {
		passed <- r.Revision
		return r.Type == "idle.v1"
	}})
	messages := subscribe(t.Context(), t, sub, "case")
	for _, want := range []string{"1", "3"} {
		m := receive(t, messages)
		if string(m.Payload) != want {
			t.Fatalf("received %s, want %s", m.Payload, want)
		}
		m.Ack()
		<-m.Context().Done() // the answer has been seen
	}
	for revision := uint64(0); revision < 5; {
		select {
		case revision = <-passed:
		case <-time.After(patient):
			t.Fatal("the last event was not looked at")
		}
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	if at, err := store.Load(t.Context(), "view"); err != nil || at != last.Position {
		t.Errorf("it goes on after %d, %v; want %d", at, err, last.Position)
	}
}

// saves is a checkpoint store that shows what is saved, and can fail.
type saves struct {
	mu    sync.Mutex
	fail  bool
	saved chan eventlog.Position
}

func (s *saves) Load(context.Context, string) (eventlog.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		s.fail = false
		return 0, errors.New("not now")
	}
	return eventlog.Start, nil
}

func (s *saves) Save(_ context.Context, _ string, position eventlog.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		s.fail = false
		return errors.New("not now")
	}
	s.saved <- position
	return nil
}

func TestCheckpointIsSavedFromTimeToTime(t *testing.T) {
	log := newLog(t)
	appendN(t, log, "case-1", 6)
	cases := []struct {
		rule string
		cfg  bus.SubscriberConfig
		late int // messages that need not be in the checkpoint yet
		fail bool
	}{
		{"after so many messages", bus.SubscriberConfig{SaveEvery: time.Hour, SaveAfter: 2}, 1, false},
		{"after so long", bus.SubscriberConfig{SaveEvery: 10 * time.Millisecond}, 0, false},
		{"again if the store failed", bus.SubscriberConfig{SaveEvery: 10 * time.Millisecond}, 0, true},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			store := &saves{saved: make(chan eventlog.Position, 100), fail: c.fail}
			c.cfg.Checkpoints = store
			messages := subscribe(t.Context(), t, newSubscriber(t, log, c.cfg), "case")
			var acked []eventlog.Position
			for range 6 {
				m := receive(t, messages)
				r, _ := bus.Recorded(m)
				acked = append(acked, r.Position)
				m.Ack()
			}
			want := acked[5-c.late]
			store.mu.Lock()
			store.fail = c.fail
			store.mu.Unlock()
			for got := eventlog.Start; got < want; {
				select {
				case got = <-store.saved:
				case <-time.After(patient):
					t.Fatalf("saved up to %d, want %d", got, want)
				}
			}
		})
	}
}

func TestCheckpointIsSavedWhenCaughtUpAndNotForItsOwnSake(t *testing.T) {
	log := newLog(t)
	others := func() {
		batch := make([]eventlog.Event, 500)
		for i := range batch {
			batch[i] = eventlog.Event{Type: "counted.v1", Data: []byte("1")}
		}
		for range 10 {
			if _, err := log.Append(t.Context(), "alert-1", eventlog.Any, batch...); err != nil {
				t.Fatal(err)
			}
		}
	}
	others()
	store := &saves{saved: make(chan eventlog.Position, 100)}
	sub := newSubscriber(t, log, bus.SubscriberConfig{Checkpoints: store, SaveEvery: time.Millisecond})
	subscribe(t.Context(), t, sub, "case")
	select {
	case <-store.saved: // nothing was delivered, and yet it need not be searched again
	case <-time.After(patient):
		t.Fatal("no checkpoint")
	}
	others()
	for n := 0; ; n++ {
		select {
		case <-store.saved:
			if n > 2 {
				t.Fatal("events of others make the checkpoint be saved all the time")
			}
			continue
		case <-time.After(100 * time.Millisecond):
		}
		break
	}
}
