package eventnode_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// call is one call of a client: an append that expects a revision, or a read.
type call struct {
	read  bool
	after int64 // -1: no stream
	id    uuid.UUID
}

// reply is what the client was told. An append without a reply may have happened
// or not.
type reply struct {
	unknown bool
	refused bool
	ids     []uuid.UUID // of a read
}

// oneStream is a stream as everybody takes it to be: a list of events.
func oneStream() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return []uuid.UUID(nil) },
		Step: func(state, input, output any) (bool, any) {
			events, c, r := state.([]uuid.UUID), input.(call), output.(reply)
			switch {
			case c.read:
				return slices.Equal(events, r.ids), state
			case r.unknown && int64(len(events)-1) != c.after:
				return true, state
			case r.refused:
				return int64(len(events)-1) != c.after, state
			}
			return int64(len(events)-1) == c.after, append(slices.Clip(events), c.id)
		},
		Equal: func(a, b any) bool { return slices.Equal(a.([]uuid.UUID), b.([]uuid.UUID)) },
	}
}

// client is one of those that race for a stream.
type client struct {
	number int
	begun  time.Time
	notes  []porcupine.Operation
}

func (c *client) note(from time.Time, in call, out reply) {
	end := time.Since(c.begun).Nanoseconds()
	if out.unknown {
		end = 1 << 62 // it may still happen
	}
	c.notes = append(c.notes, porcupine.Operation{
		ClientId: c.number, Input: in, Call: from.Sub(c.begun).Nanoseconds(), Output: out, Return: end,
	})
}

// race lets a client append and read until the core answers no more, or for so
// many turns.
func (c *client) race(t *testing.T, core *eventnode.Core, turns int) {
	t.Helper()
	for range turns {
		from := time.Now()
		ids, err := core.Stream("case-1")
		if err != nil {
			return // a read that fails has said nothing
		}
		c.note(from, call{read: true}, reply{ids: ids})
		in := call{after: int64(len(ids)) - 1, id: uuid.New()}
		from = time.Now()
		told, err := core.Append(t.Context(), "case-1", in.after, eventnode.Fact{ID: in.id, Type: "t"})
		c.note(from, in, reply{unknown: err != nil, refused: told.Refused})
		if err != nil {
			return
		}
	}
}

// TestAStreamIsLinearizable races clients for one stream, loses power in the middle
// and races on, and looks for an order of all calls that explains every answer.
func TestAStreamIsLinearizable(t *testing.T) {
	mem := vfs.NewCrashableMem()
	begun := time.Now()
	var notes []porcupine.Operation
	var number atomic.Int64
	var left *vfs.MemFS
	races := func(fs vfs.FS, turns int) {
		core, err := eventnode.OpenCore(tinyStore(fs))
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		clients := make([]*client, 8)
		for i := range clients {
			clients[i] = &client{number: int(number.Add(1)), begun: begun}
			group.Go(func() { clients[i].race(t, core, turns) })
		}
		group.Wait()
		if err := core.Close(); err != nil && left == nil {
			t.Error(err)
		}
		for _, c := range clients {
			notes = append(notes, c.notes...)
		}
	}
	var once sync.Once
	var syncs atomic.Int64
	races(&hookedFS{FS: mem, hook: func(c change) error {
		if c.op == "sync" && c.base != "store" && syncs.Add(1) > 25 {
			once.Do(func() { left = mem.CrashClone(vfs.CrashCloneCfg{}) })
			return fmt.Errorf("the power is gone")
		}
		return nil
	}}, 40)
	if left == nil {
		t.Fatal("the power was never gone")
	}
	races(left, 10)
	if got := porcupine.CheckOperationsTimeout(oneStream(), notes, patience); got != porcupine.Ok {
		t.Errorf("%d calls of %d clients: %s", len(notes), number.Load(), got)
	}
	t.Logf("%d calls of %d clients", len(notes), number.Load())
}
