package eventnode

import (
	"context"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// Tune returns the configuration with another engine.
func Tune(cfg Config, tune func(*pebble.Options)) Config {
	cfg.tune = tune
	return cfg
}

// Look makes the node look at its disk now.
func (n *Node) Look() { n.store.space.look() }

// Core is a node without its servers.
type Core struct{ node *Node }

// Fact is an event as the core takes and gives it.
type Fact struct {
	ID       uuid.UUID
	Type     string
	Data     string
	Meta     string
	Stream   string
	Revision uint64
	Position uint64
}

// Told is what the core has answered.
type Told struct {
	Position uint64
	Current  int64
	Repeated bool
	Refused  bool // for its expectation, or a stream that is gone
}

// OpenCore opens a store and its writer.
func OpenCore(cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := openStore(cfg, false)
	if err != nil {
		return nil, err
	}
	s.onRound = func(int, time.Duration) {}
	n := &Node{
		log: cfg.Logger, now: time.Now, store: s,
		writer:   newWriter(s, time.Now, false),
		stopping: make(chan struct{}),
	}
	n.writing.Go(n.writer.run)
	n.writing.Go(func() { commit(n.store, n.writer.rounds) })
	return &Core{n}, nil
}

// Close closes the store.
func (c *Core) Close() error {
	close(c.node.writer.stop)
	if !c.node.drained() {
		return c.node.store.abandon()
	}
	return c.node.store.close()
}

// Append appends; after is the revision that is expected, -1 for no stream, -2 for
// any.
func (c *Core) Append(ctx context.Context, stream string, after int64, facts ...Fact) (Told, error) {
	o := &write{action: actionAppend, stream: stream, answer: make(chan answer, 1)}
	switch {
	case after == -1:
		o.expected.what = expectNoStream
	case after >= 0:
		o.expected = expected{expectRevision, uint64(after)}
	}
	for _, f := range facts {
		o.events = append(o.events, record{id: f.ID, kind: []byte(f.Type), data: []byte(f.Data), meta: []byte(f.Meta)})
	}
	return c.write(ctx, o)
}

// Delete deletes or burns a stream.
func (c *Core) Delete(ctx context.Context, stream string, burn bool) (Told, error) {
	o := &write{action: actionDelete, stream: stream, answer: make(chan answer, 1)}
	if burn {
		o.action = actionTombstone
	}
	return c.write(ctx, o)
}

func (c *Core) write(ctx context.Context, o *write) (Told, error) {
	a, err := c.node.write(ctx, o)
	if err != nil {
		return Told{}, err
	}
	return Told{
		Position: a.position, Current: a.current,
		Repeated: a.verdict == verdictRepeated,
		Refused:  a.verdict == verdictWrong || a.verdict == verdictDeleted,
	}, nil
}

// Log reads the whole log, through the same page reads as a client's.
func (c *Core) Log() ([]Fact, error) {
	last, _ := c.node.store.tail.load()
	var out []Fact
	for position := uint64(1); position <= last; position++ {
		rec, err := recordAt(c.node.store.engine(), position)
		if err != nil {
			return out, err
		}
		out = append(out, Fact{
			ID: rec.id, Type: string(rec.kind), Data: string(rec.data), Meta: string(rec.meta),
			Stream: string(rec.stream), Revision: rec.revision, Position: position,
		})
	}
	return out, nil
}

// Stream returns the ids of the events of a stream, read below the tail as a
// client's read is.
func (c *Core) Stream(name string) ([]uuid.UUID, error) {
	bound, _ := c.node.store.tail.load()
	r := reader{db: c.node.store.engine(), bound: bound, now: time.Now()}
	v, err := r.view(name)
	if err != nil || !v.found {
		return nil, errors.Join(err, c.node.store.failure.cause())
	}
	var out []uuid.UUID
	for revision := v.first; revision <= v.last; revision++ {
		position, _, err := positionOf(r.db, v.id, revision)
		if err != nil {
			return nil, err
		}
		rec, err := recordAt(r.db, position)
		if err != nil {
			return nil, err
		}
		out = append(out, rec.id)
	}
	return out, c.node.store.failure.cause()
}

// Settle writes everything that the engine holds in memory to its files, and
// compacts them if asked for.
func (c *Core) Settle(ctx context.Context, compact bool) error {
	db := c.node.store.engine()
	if err := db.Flush(); err != nil {
		return err
	}
	if !compact {
		return nil
	}
	return db.Compact(ctx, []byte{0}, []byte{0xff}, false)
}

// DamagedData is how errors of the engine are told.
func DamagedData(err error) error { return damagedData(err) }
