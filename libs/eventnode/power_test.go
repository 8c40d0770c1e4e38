package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// The variables that make the test longer, or do one run of it again.
const (
	envCrashPoints = "EVENTNODE_CRASH_POINTS" // how many losses of power, 300 if not set
	envCrashSeed   = "EVENTNODE_CRASH_SEED"   // of the first run
)

const (
	cutsPerRun     = 25
	opsPerRun      = 1500 // changes of files in a run, roughly
	writersPerRun  = 4
	appendsPerRun  = 60 // of each writer
	tombstoneOfAll = 1<<63 - 1
)

// outage is a loss of power: what was on disk, and what had been promised by then.
type outage struct {
	at    int
	op    change
	share int // percentage of what was not synced that is there all the same
	disk  *vfs.MemFS
	acked []deed
}

func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestALossOfPowerAtAnyPointLosesNothing cuts the power before changes of files
// picked by a seed, under a load of all that can be written, and opens what is left.
func TestALossOfPowerAtAnyPointLosesNothing(t *testing.T) {
	points := fromEnv(t, envCrashPoints, 300)
	seed := fromEnv(t, envCrashSeed, int(rand.Uint32()))
	done := 0
	for ; done < points; seed++ {
		r := &run{seed: uint64(seed), book: &ledger{proposed: make(map[uuid.UUID]eventnode.Fact)}}
		cuts := r.cuts(t)
		for _, c := range cuts {
			c.survived(t, r, true)
			if t.Failed() {
				t.Fatalf("seed %d, cut before change %d (%s %s), %d %% of what was not synced is there", seed, c.at, c.op.op, c.op.base, c.share)
			}
		}
		done += len(cuts)
	}
	t.Logf("%d losses of power, last seed %d", done, seed-1)
}

// run is one load of a store.
type run struct {
	seed  uint64
	book  *ledger
	mu    sync.Mutex // of what follows
	dice  *rand.Rand
	count int
	taken []outage
}

func tiny(o *pebble.Options) {
	o.MemTableSize = 96 << 10
	o.L0CompactionThreshold = 2
	o.LBaseMaxBytes = 256 << 10
}

func tinyStore(fs vfs.FS) eventnode.Config {
	return eventnode.Tune(eventnode.Config{Dir: "/store", FS: fs}, tiny)
}

// cuts lets writers loose and cuts the power now and then.
func (r *run) cuts(t *testing.T) []outage {
	t.Helper()
	r.dice = rand.New(rand.NewPCG(r.seed, 0))
	mem := vfs.NewCrashableMem()
	core, err := eventnode.OpenCore(tinyStore(&hookedFS{FS: mem, hook: func(c change) error {
		r.maybe(mem, c)
		return nil
	}}))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range writersPerRun {
		w := &scribe{core: core, book: r.book, dice: rand.New(rand.NewPCG(r.seed, uint64(i+1)))}
		group.Go(func() {
			if err := w.work(t.Context()); err != nil {
				t.Errorf("seed %d: %v", r.seed, err)
			}
		})
	}
	group.Wait()
	if err := core.Close(); err != nil {
		t.Errorf("seed %d: %v", r.seed, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}

// maybe cuts the power before a change.
func (r *run) maybe(mem *vfs.MemFS, c change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if r.dice.IntN(opsPerRun) >= cutsPerRun || len(r.taken) == 2*cutsPerRun {
		return
	}
	r.book.mu.Lock()
	acked := slices.Clip(r.book.acked) // promised before the cut, so it must be there
	r.book.mu.Unlock()
	share := r.share()
	disk := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: share, RNG: r.dice})
	r.taken = append(r.taken, outage{r.count, c, share, disk, acked})
}

func (r *run) share() int {
	switch r.dice.IntN(4) {
	case 0:
		return 0
	case 1:
		return 100
	}
	return 1 + r.dice.IntN(99)
}

// scribe is one writer of a run.
type scribe struct {
	core *eventnode.Core
	book *ledger
	dice *rand.Rand
}

func (w *scribe) work(ctx context.Context) error {
	for range appendsPerRun {
		var err error
		switch n := w.dice.IntN(100); {
		case n < 70:
			err = w.append(ctx)
		case n < 82:
			err = w.repeat(ctx)
		case n < 88:
			err = w.remove(ctx)
		case n < 95:
			err = w.describe(ctx)
		default:
			err = w.core.Settle(ctx, n >= 98)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *scribe) facts(stream string) []eventnode.Fact {
	facts := make([]eventnode.Fact, 1+w.dice.IntN(4))
	for i := range facts {
		size := w.dice.IntN(3000)
		if w.dice.IntN(40) == 0 {
			size = 60_000 // larger than what the engine puts into its memory
		}
		data := make([]byte, size)
		for j := range data {
			data[j] = byte(w.dice.Uint32())
		}
		facts[i] = eventnode.Fact{ID: uuid.New(), Type: "noted.v1", Stream: stream, Data: string(data), Meta: "{}"}
	}
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	for _, f := range facts {
		w.book.proposed[f.ID] = f
	}
	w.book.together = append(w.book.together, facts)
	return facts
}

func (w *scribe) promised(d deed) {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	w.book.acked = append(w.book.acked, d)
}

// append expects anything, or what somebody was answered last.
func (w *scribe) append(ctx context.Context) error {
	stream := fmt.Sprintf("case-%d", w.dice.IntN(6))
	after := int64(-2)
	if w.dice.IntN(3) == 0 {
		after = -1
		w.book.mu.Lock()
		for _, d := range w.book.acked {
			if d.stream == stream && len(d.facts) > 0 {
				after = max(after, d.told.Current)
			}
		}
		w.book.mu.Unlock()
	}
	facts := w.facts(stream)
	told, err := w.core.Append(ctx, stream, after, facts...)
	if err != nil || told.Refused {
		return err
	}
	w.promised(deed{stream, facts, told})
	return nil
}

func (w *scribe) repeat(ctx context.Context) error {
	w.book.mu.Lock()
	acked := w.book.acked
	w.book.mu.Unlock()
	if len(acked) == 0 {
		return nil
	}
	return repeated(ctx, w.core, acked[w.dice.IntN(len(acked))])
}

// repeated asks for an append a second time.
func repeated(ctx context.Context, core *eventnode.Core, d deed) error {
	if len(d.facts) == 0 || !strings.HasPrefix(d.stream, "case-") {
		return nil
	}
	again, err := core.Append(ctx, d.stream, -2, d.facts...)
	if err != nil {
		return err
	}
	if !again.Repeated || again.Position != d.told.Position || again.Current != d.told.Current {
		return fmt.Errorf("repeated: %+v, at first %+v", again, d.told)
	}
	return nil
}

func (w *scribe) remove(ctx context.Context) error {
	stream := fmt.Sprintf("gone-%d", w.dice.IntN(4))
	facts := w.facts(stream)
	if told, err := w.core.Append(ctx, stream, -2, facts...); err != nil || told.Refused {
		return err
	}
	told, err := w.core.Delete(ctx, stream, w.dice.IntN(3) == 0)
	if err != nil || told.Refused {
		return err
	}
	w.promised(deed{stream: stream, told: told})
	return nil
}

func (w *scribe) describe(ctx context.Context) error {
	stream := fmt.Sprintf("$$case-%d", w.dice.IntN(6))
	f := eventnode.Fact{ID: uuid.New(), Type: "$metadata", Stream: stream, Data: fmt.Sprintf(`{"$maxCount":%d}`, 1+w.dice.IntN(1000))}
	w.book.mu.Lock()
	w.book.proposed[f.ID] = f
	w.book.mu.Unlock()
	told, err := w.core.Append(ctx, stream, -2, f)
	if err != nil || told.Refused {
		return err
	}
	w.promised(deed{stream, []eventnode.Fact{f}, told})
	return nil
}

// survived opens what a loss of power has left. Once, the power goes again while
// that is under way.
func (c outage) survived(t *testing.T, r *run, again bool) {
	t.Helper()
	if again {
		second := outage{at: c.at, op: c.op, share: c.share, acked: c.acked}
		left := r.dice.IntN(60)
		hook := func(change) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if left--; left == 0 {
				second.disk = c.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.share(), RNG: r.dice})
			}
			return nil
		}
		c.opened(t, r, &hookedFS{FS: c.disk, hook: hook})
		r.mu.Lock()
		defer r.mu.Unlock()
		if second.disk != nil && !t.Failed() {
			defer second.survived(t, r, false)
		}
		return
	}
	_, err := eventnode.Check(t.Context(), tinyStore(c.disk))
	unmade := errors.Is(err, fs.ErrNotExist) && len(c.acked) == 0 // the power went before the directory was there for good
	if err != nil && !unmade && !errors.Is(err, pebble.ErrDBDoesNotExist) {
		t.Errorf("check before the node: %v", err)
	}
	c.opened(t, r, c.disk)
}

// opened opens a store, compares it with what was promised and goes on with it.
func (c outage) opened(t *testing.T, r *run, disk vfs.FS) {
	t.Helper()
	core, err := eventnode.OpenCore(tinyStore(disk))
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	log, err := core.Log()
	if err == nil {
		err = r.book.holds(log, c.acked)
	}
	if err == nil && len(c.acked) > 0 {
		for range 3 {
			err = errors.Join(err, repeated(t.Context(), core, c.acked[len(log)*7%len(c.acked)]))
		}
	}
	if err == nil {
		var told eventnode.Told
		told, err = core.Append(t.Context(), "after", -2, eventnode.Fact{ID: uuid.New(), Type: "t"})
		if err == nil && told.Position != uint64(len(log)+1) {
			err = fmt.Errorf("%d events, and the next is at %d", len(log), told.Position)
		}
	}
	if err := errors.Join(err, core.Close()); err != nil {
		t.Error(err)
		return
	}
	report, err := eventnode.Check(t.Context(), tinyStore(disk))
	if err != nil || report.Last != uint64(len(log)+1) {
		t.Errorf("check: %v; last %d of %d", err, report.Last, len(log)+1)
	}
}
