package es

import (
	"context"
	"hash/maphash"
)

// stripes is how many streams can be decided on side by side before two of
// them may have to share a turn.
const stripes = 1024

// Turns lets the commands for one stream go one after the other within a
// process, so that the many accounts of a chase do not keep overtaking each
// other on its one stream. It only spares conflicts; what keeps writers apart
// is the expected revision, which also holds between processes.
type Turns struct {
	seed maphash.Seed
	held [stripes]chan struct{}
}

// NewTurns makes turns for one kind of aggregate.
func NewTurns() *Turns {
	t := &Turns{seed: maphash.MakeSeed()}
	for i := range t.held {
		t.held[i] = make(chan struct{}, 1)
	}
	return t
}

// take waits for the turn of a stream and returns what ends it.
func (t *Turns) take(ctx context.Context, stream string) (func(), error) {
	if t == nil {
		return func() {}, nil
	}
	held := t.held[maphash.String(t.seed, stream)%stripes]
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
