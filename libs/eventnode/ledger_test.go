package eventnode_test

import (
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// deed is a change that was asked for, and what was answered.
type deed struct {
	stream string
	facts  []eventnode.Fact // none for a deletion
	told   eventnode.Told
}

// ledger is what a run has asked for and what it was promised. It only grows.
type ledger struct {
	mu       sync.Mutex
	proposed map[uuid.UUID]eventnode.Fact
	together [][]eventnode.Fact // the events of each append
	acked    []deed
}

// holds compares a log with what was asked for and what was promised.
func (b *ledger) holds(log []eventnode.Fact, acked []deed) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := map[string]uint64{}
	at := map[uuid.UUID]eventnode.Fact{}
	for i, f := range log {
		if f.Position != uint64(i+1) {
			return fmt.Errorf("position %d in place %d", f.Position, i+1)
		}
		if f.Revision != next[f.Stream] && f.Revision != tombstoneOfAll {
			return fmt.Errorf("revision %d of %s where %d was due", f.Revision, f.Stream, next[f.Stream])
		}
		next[f.Stream] = f.Revision + 1
		if p, ok := b.proposed[f.ID]; ok && (p.Data != f.Data || p.Type != f.Type || p.Meta != f.Meta || p.Stream != f.Stream) {
			return fmt.Errorf("the event at %d is not what was written", f.Position)
		} else if !ok && !strings.HasPrefix(f.Type, "$") && f.Stream != "after" {
			return fmt.Errorf("nobody wrote the event at %d", f.Position)
		}
		if _, twice := at[f.ID]; twice {
			return fmt.Errorf("the event at %d is there twice", f.Position)
		}
		at[f.ID] = f
	}
	for _, facts := range b.together {
		found := 0
		for _, f := range facts {
			if _, ok := at[f.ID]; ok {
				found++
			}
		}
		if found != 0 && found != len(facts) {
			return fmt.Errorf("%d of %d events of an append", found, len(facts))
		}
	}
	for _, d := range acked {
		if err := d.kept(at, len(log)); err != nil {
			return err
		}
	}
	return nil
}

func (d deed) kept(at map[uuid.UUID]eventnode.Fact, events int) error {
	if d.told.Position > uint64(events) {
		return fmt.Errorf("position %d was acknowledged, %d events are there", d.told.Position, events)
	}
	for i, f := range d.facts {
		back := uint64(len(d.facts) - 1 - i)
		got, ok := at[f.ID]
		if !ok || got.Position != d.told.Position-back || got.Revision != uint64(d.told.Current)-back {
			return fmt.Errorf("acknowledged at %d, %+d: there is %t %d", d.told.Position, -int64(back), ok, got.Position)
		}
	}
	return nil
}
