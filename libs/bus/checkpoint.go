package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
)

// CheckpointStore remembers how far subscriptions are. Both methods must be
// safe for concurrent use.
type CheckpointStore interface {
	// Load returns eventlog.Start for a name never saved.
	Load(ctx context.Context, name string) (eventlog.Position, error)
	Save(ctx context.Context, name string, position eventlog.Position) error
}

// HandlerCommits is the store of a subscription whose handler keeps the position
// itself, in the transaction of its effect: the message's position is
// Recorded(m).Position, and load reads it back. An effect that was committed is
// then never repeated, and one that was not is never left out, wherever the
// process dies.
//
// That holds only if positions are committed in the order of the log: with
// parallel keys, the position of one would jump over open messages of others. A
// Subscriber with this store therefore has one lane and delivers one message at
// a time, whatever its stream; OrderKey and Parallel cannot be set. The handler
// passes over a message that is not beyond the stored position: it comes again
// if its Ack was lost.
//
// The position does not come back with a log that is restored from a backup. If it
// is beyond the end of the log, the subscription ends with an error; before the log
// has grown past it, the handler's state must be restored too, or emptied.
//
// Handlers that work in parallel keep a position per key instead (the revision
// per stream), in their transaction, pass over what is not beyond it, and leave
// the subscription's checkpoint to an ordinary store.
func HandlerCommits(load func(ctx context.Context, name string) (eventlog.Position, error)) CheckpointStore {
	return handlerCommits{load}
}

type handlerCommits struct {
	load func(ctx context.Context, name string) (eventlog.Position, error)
}

func (s handlerCommits) Load(ctx context.Context, name string) (eventlog.Position, error) {
	return s.load(ctx, name)
}

// Save has nothing to do: the handler has saved it.
func (handlerCommits) Save(context.Context, string, eventlog.Position) error { return nil }

// MemoryCheckpoints forgets everything with the process.
func MemoryCheckpoints() CheckpointStore {
	return &memoryCheckpoints{positions: map[string]eventlog.Position{}}
}

type memoryCheckpoints struct {
	mu        sync.Mutex
	positions map[string]eventlog.Position
}

func (s *memoryCheckpoints) Load(_ context.Context, name string) (eventlog.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.positions[name], nil
}

func (s *memoryCheckpoints) Save(_ context.Context, name string, position eventlog.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions[name] = position
	return nil
}

// StreamCheckpoints keeps each checkpoint in the log itself, as the only event
// of the stream "checkpoint-<name>".
func StreamCheckpoints(log *eventlog.Log) CheckpointStore {
	return &streamCheckpoints{log: log, prepared: map[string]bool{}}
}

type streamCheckpoints struct {
	log *eventlog.Log

	mu       sync.Mutex
	prepared map[string]bool // streams known to keep one event only
}

// checkpointSaved is stored as "checkpoint-saved.v1".
type checkpointSaved struct {
	Position uint64 `json:"position,string"` // more digits than a JSON number is safe with
}

func checkpointStream(name string) string { return "checkpoint-" + name }

func (s *streamCheckpoints) Load(ctx context.Context, name string) (eventlog.Position, error) {
	last, err := s.log.Last(ctx, checkpointStream(name))
	if errors.Is(err, eventlog.ErrNotFound) {
		return eventlog.Start, nil
	}
	if err != nil {
		return eventlog.Start, fmt.Errorf("load checkpoint: %w", err)
	}
	var saved checkpointSaved
	if err := json.Unmarshal(last.Data, &saved); err != nil {
		return eventlog.Start, fmt.Errorf("decode checkpoint: %w", err)
	}
	return eventlog.Position(saved.Position), nil
}

func (s *streamCheckpoints) Save(ctx context.Context, name string, position eventlog.Position) error {
	if err := s.prepare(ctx, name); err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	data, err := json.Marshal(checkpointSaved{Position: uint64(position)})
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	event := eventlog.Event{ID: uuid.New(), Type: "checkpoint-saved.v1", Data: data}
	if _, err := s.log.Append(ctx, checkpointStream(name), eventlog.Any, event); err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return nil
}

// prepare limits the stream to one event, once per process.
func (s *streamCheckpoints) prepare(ctx context.Context, name string) error {
	s.mu.Lock()
	ready := s.prepared[name]
	s.mu.Unlock()
	if ready {
		return nil
	}
	if err := s.log.SetMaxCount(ctx, checkpointStream(name), 1); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepared[name] = true
	return nil
}
