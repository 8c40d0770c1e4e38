package eventnode_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// shown is all that readers can see: the events of each stream, without those
// that only $all shows.
func shown(t testing.TB, c *esdb.Client, streams []string) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	for _, owner := range streams {
		for _, stream := range []string{owner, "$$" + owner} {
			events, err := readErr(t, c, stream, esdb.ReadStreamOptions{}, 1<<20)
			if err != nil {
				out[stream] = []string{fmt.Sprintf("error %d", code(err))}
				continue
			}
			out[stream] = []string{}
			for _, e := range events {
				out[stream] = append(out[stream], fmt.Sprintf("%d %d %s %s %x", e.Event.EventNumber, e.Event.Position.Commit, e.Event.EventID, e.Event.EventType, e.Event.Data))
			}
		}
	}
	return out
}

// places are the positions of what was shown.
func places(shown map[string][]string) []uint64 {
	var out []uint64
	for _, events := range shown {
		for _, e := range events {
			var revision, position uint64
			if _, err := fmt.Sscan(e, &revision, &position); err == nil {
				out = append(out, position)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestAScavengeChangesNothingThatReadersSee does things at random to a few streams
// and scavenges in between: streams read the same before and after, $all shows
// what streams show and the tombstones, and nothing else.
func TestAScavengeChangesNothingThatReadersSee(t *testing.T) {
	seeds := uint64(16)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			var late time.Duration
			var mu sync.Mutex
			cfg := eventnode.Config{Dir: "/store", FS: vfs.NewMem(), Now: func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return time.Unix(1_700_000_000, 0).Add(late)
			}}
			n := start(t, cfg)
			c := dial(t, n)
			streams := []string{"a", "b", "c", "d"}
			for range 6 {
				for range 25 {
					disturb(t, c, random, streams[random.IntN(len(streams))])
					mu.Lock()
					late += time.Duration(random.IntN(60)) * time.Second
					mu.Unlock()
				}
				before := shown(t, c, streams)
				scavenge(t, n)
				if diff := cmp.Diff(before, shown(t, c, streams)); diff != "" {
					t.Fatalf("readers see a difference (-before +after):\n%s", diff)
				}
				var all []uint64
				for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1<<20) {
					if e.Event.EventType != "$streamDeleted" {
						all = append(all, e.Event.Position.Commit)
					}
				}
				if diff := cmp.Diff(places(before), all); diff != "" {
					t.Fatalf("$all differs from the streams (-streams +all):\n%s", diff)
				}
			}
			sound(t, n, cfg)
		})
	}
}

// disturb does one thing to a stream.
func disturb(t *testing.T, c *esdb.Client, random *rand.Rand, stream string) {
	t.Helper()
	var err error
	switch k := random.IntN(20); {
	case k < 12:
		_, err = c.AppendToStream(ctx(t), stream, esdb.AppendToStreamOptions{}, notes("x", "y", "z", "u", "v")[:1+random.IntN(5)]...)
	case k < 14:
		_, err = c.DeleteStream(ctx(t), stream, esdb.DeleteStreamOptions{})
	case k == 14 && random.IntN(8) == 0:
		_, err = c.TombstoneStream(ctx(t), stream, esdb.TombstoneStreamOptions{})
	default:
		m := esdb.StreamMetadata{}
		if random.IntN(2) == 0 {
			m.SetMaxCount(uint64(1 + random.IntN(6)))
		}
		if random.IntN(3) == 0 {
			m.SetMaxAge(time.Duration(1+random.IntN(20)) * time.Minute)
		}
		if random.IntN(3) == 0 {
			m.SetTruncateBefore(uint64(random.IntN(60)))
		}
		_, err = c.SetStreamMetadata(ctx(t), stream, esdb.AppendToStreamOptions{}, m)
	}
	// A stream that is not there cannot be deleted, a burnt one not be written.
	if err != nil && code(err) != esdb.ErrorCodeStreamDeleted && !strings.Contains(err.Error(), "FailedPrecondition") {
		t.Fatal(err)
	}
}

// TestAScavengeSurvivesALossOfPower cuts the power at many moments of a scavenge,
// each with another part of what was not synced: all that readers could see is
// there, the store is sound, and the next scavenge brings the work to its end.
func TestAScavengeSurvivesALossOfPower(t *testing.T) {
	moments := 1000
	if testing.Short() {
		moments = 15
	}
	memory := vfs.NewCrashableMem()
	cuts := &switcher{disk: memory, random: rand.New(rand.NewPCG(7, 7))}
	plain := func(o *pebble.Options) {
		for i := range o.Levels {
			o.Levels[i].Compression = func() *block.CompressionProfile { return block.NoCompression }
		}
	}
	watched := eventnode.Tune(eventnode.Config{Dir: "/store", FS: errorfs.Wrap(memory, cuts)}, plain)
	n := start(t, watched)
	c := dial(t, n)
	book := newMarkBook()
	var streams []string
	for i := range 12 {
		streams = append(streams, fmt.Sprintf("deleted-%d", i), fmt.Sprintf("counted-%d", i))
		book.write(t, c, streams[2*i], 9, 0)
		remove(t, c, streams[2*i])
		book.write(t, c, streams[2*i+1], 9, 3)
		describe(t, c, streams[2*i+1], limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(3) }))
		if i == 5 {
			scavenge(t, n) // half of it lies in the lower levels
		}
	}
	before := shown(t, c, streams)

	live := &acked{appends: map[uuid.UUID]promise{}}
	loading, stop := context.WithCancel(t.Context())
	group := load(loading, t, n.Connection(), live)
	cuts.take(moments, live)
	scavenge(t, n)
	left := cuts.stop()
	stop()
	group.Wait()
	t.Logf("%d cuts, %d writes to the disk during the scavenge", len(left), cuts.seen)
	if len(left) < 15 {
		t.Fatalf("only %d cuts", len(left))
	}
	for i, cut := range left {
		cfg := eventnode.Tune(eventnode.Config{Dir: "/store", FS: cut.disk}, plain)
		if _, err := eventnode.Check(t.Context(), cfg); err != nil {
			t.Fatalf("cut %d: %v", i, err)
		}
		survivor := start(t, cfg)
		c := dial(t, survivor)
		if diff := cmp.Diff(before, shown(t, c, streams)); diff != "" {
			t.Fatalf("cut %d: readers see a difference (-before +after):\n%s", i, diff)
		}
		stored := make(map[uuid.UUID]bool)
		for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1<<20) {
			stored[e.Event.EventID] = true
		}
		for id, p := range cut.promised {
			if !stored[id] {
				t.Fatalf("cut %d: an event of %s was acknowledged and is lost", i, p.stream)
			}
		}
		scavenge(t, survivor)
		for _, name := range filesWith(t, cut.disk, "/store", book.gone) {
			t.Fatalf("cut %d: after the second scavenge there is %s", i, name)
		}
		if diff := cmp.Diff(before, shown(t, c, streams)); diff != "" {
			t.Fatalf("cut %d: the second scavenge makes a difference (-before +after):\n%s", i, diff)
		}
		sound(t, survivor, cfg)
	}
}

// blackout is a disk after a loss of power, and what had been acknowledged before it.
type blackout struct {
	disk     *vfs.MemFS
	promised map[uuid.UUID]promise
}

// switcher copies a disk at some of the writes to it.
type switcher struct {
	disk   *vfs.MemFS
	mu     sync.Mutex
	random *rand.Rand
	want   int
	book   *acked
	seen   int
	left   []blackout
}

func (c *switcher) take(n int, book *acked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.want, c.book = n, book
}

func (c *switcher) stop() []blackout {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.want = 0
	return c.left
}

// MaybeError cuts the power before an operation.
func (c *switcher) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.left) >= c.want {
		return nil
	}
	c.seen++
	// The writes of the load are many, those of the scavenge few.
	if strings.HasSuffix(op.Path, ".log") && c.random.IntN(8) > 0 {
		return nil
	}
	c.book.mu.Lock()
	promised := maps.Clone(c.book.appends)
	c.book.mu.Unlock()
	percent := []int{0, 0, 50, 100}[c.random.IntN(4)]
	c.left = append(c.left, blackout{
		disk: c.disk.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(c.random.Uint64(), 1)),
		}),
		promised: promised,
	})
	return nil
}

// String is the name of the injector.
func (c *switcher) String() string { return "switcher" }

// filesWith searches the files of a disk in memory, whose blocks are not packed.
func filesWith(t testing.TB, disk vfs.FS, dir string, marks map[mark]string) (found []string) {
	t.Helper()
	names, err := disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := disk.Open(disk.PathJoin(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		for m, what := range marks {
			if bytes.Contains(content, m[:]) {
				found = append(found, what+" in "+name)
			}
		}
	}
	return found
}
