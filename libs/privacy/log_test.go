package privacy_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/privacy"
)

// memory is a log in memory. TestALogKeepsKeys holds it to what a real log does.
type memory struct {
	mu      sync.Mutex
	streams map[string]*stream
	all     []eventlog.Recorded // everything ever stored
	reads   int
	// meanwhile, if set, runs between a Last that finds nothing and its return:
	// the moment at which somebody else can be faster.
	meanwhile func()
}

type stream struct {
	next    uint64 // counts on after a deletion
	visible []eventlog.Recorded
	ids     map[uuid.UUID]uint64
	buried  bool
}

func newMemory() *memory { return &memory{streams: make(map[string]*stream)} }

func (m *memory) Append(ctx context.Context, name string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return eventlog.Appended{}, err
	}
	s, ok := m.streams[name]
	if !ok {
		s = &stream{ids: make(map[uuid.UUID]uint64)}
		m.streams[name] = s
	}
	switch {
	case expect != eventlog.NoStream || len(events) != 1:
		return eventlog.Appended{}, errors.New("the keyring appends one event to no stream")
	case s.buried:
		return eventlog.Appended{}, eventlog.ErrDeleted
	case len(s.visible) > 0:
		if revision, same := s.ids[events[0].ID]; same {
			return eventlog.Appended{Revision: revision}, nil // a repetition
		}
		return eventlog.Appended{}, eventlog.ErrConflict
	}
	r := eventlog.Recorded{Event: events[0], Stream: name, Revision: s.next, Position: eventlog.Position(len(m.all) + 1)}
	s.ids[r.ID], s.next = s.next, s.next+1
	s.visible = append(s.visible, r)
	m.all = append(m.all, r)
	return eventlog.Appended{Revision: r.Revision, Position: r.Position}, nil
}

func (m *memory) Last(ctx context.Context, name string) (eventlog.Recorded, error) {
	found, err := m.last(ctx, name)
	if errors.Is(err, eventlog.ErrNotFound) && m.meanwhile != nil {
		m.meanwhile()
	}
	return found, err
}

func (m *memory) last(ctx context.Context, name string) (eventlog.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if err := ctx.Err(); err != nil {
		return eventlog.Recorded{}, err
	}
	s, ok := m.streams[name]
	switch {
	case ok && s.buried:
		return eventlog.Recorded{}, eventlog.ErrDeleted
	case !ok || len(s.visible) == 0:
		return eventlog.Recorded{}, eventlog.ErrNotFound
	}
	return s.visible[len(s.visible)-1], nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.streams[name]
	if !ok {
		return eventlog.ErrNotFound
	}
	s.visible = nil
	return nil
}

// bury deletes a stream for good.
func (m *memory) bury(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams[name].visible, m.streams[name].buried = nil, true
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}

// keyLog is a log whose keys can be destroyed.
type keyLog interface {
	privacy.Log
	Delete(ctx context.Context, stream string) error
}

// logs opens every log that the tests of this package run against.
func logs() map[string]func(*testing.T) keyLog {
	return map[string]func(*testing.T) keyLog{
		"memory": func(*testing.T) keyLog { return newMemory() },
		"node":   openNode,
	}
}

// openNode starts a node and connects to it as a service does.
func openNode(t *testing.T) keyLog {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Error(err)
		}
	})
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

func TestALogKeepsKeys(t *testing.T) {
	for name, open := range logs() {
		t.Run(name, func(t *testing.T) {
			log, ctx := open(t), t.Context()
			name := "key-" + uuid.NewString()
			event := func() eventlog.Event {
				return eventlog.Event{ID: uuid.New(), Type: "subject-key-created.v1", Data: []byte(`{"a":1}`), Meta: []byte(`{"schema":1}`)}
			}
			if _, err := log.Last(ctx, name); !errors.Is(err, eventlog.ErrNotFound) {
				t.Fatalf("a stream that never was: %v", err)
			}
			first := event()
			for range 2 { // the second time it is a repetition
				if done, err := log.Append(ctx, name, eventlog.NoStream, first); err != nil || done.Revision != 0 {
					t.Fatalf("the first event: %+v, %v", done, err)
				}
			}
			if _, err := log.Append(ctx, name, eventlog.NoStream, event()); !errors.Is(err, eventlog.ErrConflict) {
				t.Fatalf("a second writer: %v", err)
			}
			got, err := log.Last(ctx, name)
			if diff := cmp.Diff(first, got.Event); err != nil || diff != "" || got.Revision != 0 {
				t.Fatalf("read back at %d, %v: %s", got.Revision, err, diff)
			}
			if err := log.Delete(ctx, name); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Last(ctx, name); !errors.Is(err, eventlog.ErrNotFound) {
				t.Fatalf("a deleted stream: %v", err)
			}
			if done, err := log.Append(ctx, name, eventlog.NoStream, event()); err != nil || done.Revision != 1 {
				t.Fatalf("a deleted stream counts on: %+v, %v", done, err)
			}
			ended, end := context.WithCancel(ctx)
			end()
			if _, err := log.Last(ended, name); !errors.Is(err, context.Canceled) {
				t.Fatalf("a call with an ended context: %v", err)
			}
		})
	}
}
