package eventnode_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func TestCheckCountsASoundStore(t *testing.T) {
	dir := t.TempDir()
	variedStore(t, dir)
	report, err := eventnode.Check(t.Context(), eventnode.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if want := (eventnode.Report{Events: 57, Streams: 3, Last: 57}); report != want {
		t.Errorf("report = %+v, want %+v", report, want)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want that there is no such directory", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
	n := start(t, eventnode.Config{Dir: dir})
	if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: dir}); !errors.Is(err, eventnode.ErrLocked) {
		t.Errorf("error = %v, want ErrLocked while node %s runs", err, n.Addr())
	}
}

// TestCheckFindsDamage takes one entry out of each table of a sound store.
func TestCheckFindsDamage(t *testing.T) {
	for name, table := range map[string]byte{
		"an event of the log is missing":     'e',
		"a revision of a stream is missing":  's',
		"the name of a stream is missing":    'n',
		"the id of an event is missing":      'i',
		"the layout is that of a newer node": 'v',
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			variedStore(t, dir)
			damage(t, dir, table)
			_, err := eventnode.Check(t.Context(), eventnode.Config{Dir: dir})
			want := eventnode.ErrInconsistent
			if table == 'v' {
				want = eventnode.ErrLayout
			}
			if !errors.Is(err, want) {
				t.Errorf("error = %v, want %v", err, want)
			}
		})
	}
}

// variedStore leaves a closed store with deleted and burnt streams.
func variedStore(t *testing.T, dir string) {
	t.Helper()
	n := start(t, eventnode.Config{Dir: dir})
	c := dial(t, n)
	fill(t, c, "case-1", 50)
	remove(t, c, "case-1")
	fill(t, c, "case-2", 5)
	if _, err := c.TombstoneStream(ctx(t), "case-2", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

func damage(t *testing.T, dir string, table byte) {
	t.Helper()
	// The engine alone does not keep in mind which logs it has had.
	if err := os.Remove(filepath.Join(dir, "SYNCED")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	db, err := pebble.Open(dir, &pebble.Options{Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{table}, UpperBound: []byte{table + 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !it.First() {
		t.Fatalf("table %c is empty", table)
	}
	key := bytes.Clone(it.Key())
	if table == 'v' {
		err = db.Set(key, []byte{0, 0, 0, 0, 0, 0, 0, 99}, pebble.Sync)
	} else {
		err = db.Delete(key, pebble.Sync)
	}
	if err := errors.Join(err, it.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// silent is an engine logger for the hands of a test.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// TestCheckFindsWhatIsMissingBesideWhatWasScavenged takes entries out of a store
// that has been scavenged. Holes are allowed in it, but no others than the
// scavenger's own.
func TestCheckFindsWhatIsMissingBesideWhatWasScavenged(t *testing.T) {
	master := vfs.NewMem()
	cfg := eventnode.Config{Dir: "/store", FS: master}
	n := start(t, cfg)
	c := dial(t, n)
	fill(t, c, "kept", 10)
	fill(t, c, "counted", 10)
	describe(t, c, "counted", limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(4) }))
	fill(t, c, "deleted", 5)
	remove(t, c, "deleted")
	fill(t, c, "burnt", 3)
	tombstoneOf(t, c, "burnt")
	scavenge(t, n)
	fill(t, c, "kept", 1)
	report := sound(t, n, cfg)
	if want := (eventnode.Report{Events: 19, Streams: 6, Last: 32, Removed: 13, Stubs: 1}); report != want {
		t.Fatalf("report = %+v, want %+v", report, want)
	}
	for name, take := range map[string]struct {
		keys [][]byte
		says string
	}{
		"an event alone":                     {[][]byte{key('e', 5)}, "revision 4: its event, position 5, is missing"},
		"a revision alone":                   {[][]byte{key('s', 1, 4)}, "stream 1: revision 5 in place of 4"},
		"the last revision alone":            {[][]byte{key('s', 1, 10)}, "position 32: its revision leads to 0"},
		"an event with its revision":         {[][]byte{key('e', 5), key('s', 1, 4)}, "stream 1: revision 5 in place of 4"},
		"the first revision that was left":   {[][]byte{key('e', 17), key('s', 11, 6)}, "stream 11: revision 7 in place of 6"},
		"the last of a stream without trace": {[][]byte{key('e', 20), key('s', 11, 9)}, "position 20 is missing"},
		"a stub without trace":               {[][]byte{key('e', 26), key('s', 22, 4)}, "stream 22 was scavenged, and nothing is left of it"},
		"what the scavenger wrote down":      {[][]byte{key('r', 11)}, "stream 11: revision 6 in place of 0"},
		"what it wrote of a burnt stream":    {[][]byte{key('r', 28)}, "positions are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.NewMem()
			if _, err := vfs.Clone(master, disk, "/store", "/store"); err != nil {
				t.Fatal(err)
			}
			without(t, disk, take.keys)
			_, err := eventnode.Check(t.Context(), eventnode.Config{Dir: "/store", FS: disk})
			if !errors.Is(err, eventnode.ErrInconsistent) || !strings.Contains(err.Error(), take.says) {
				t.Errorf("error = %v, want one that says %q", err, take.says)
			}
		})
	}
}

// key is a key of the store.
func key(table byte, numbers ...uint64) []byte {
	out := []byte{table}
	for _, n := range numbers {
		out = binary.BigEndian.AppendUint64(out, n)
	}
	return out
}

// without takes entries out of a store.
func without(t *testing.T, disk vfs.FS, keys [][]byte) {
	t.Helper()
	if err := disk.Remove("/store/SYNCED"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	db, err := pebble.Open("/store", &pebble.Options{FS: disk, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		_, closer, err := db.Get(key)
		if err != nil {
			t.Fatalf("key %x: %v", key, err)
		}
		if err := errors.Join(closer.Close(), db.Delete(key, pebble.Sync)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCheckTellsHowFarItIs(t *testing.T) {
	cfg := eventnode.Config{Dir: "/store", FS: vfs.NewMem()}
	n := start(t, cfg)
	c := dial(t, n)
	fill(t, c, "case-1", 30_000)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	var told []eventnode.Progress
	if _, err := eventnode.CheckWith(t.Context(), cfg, func(p eventnode.Progress) { told = append(told, p) }); err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || told[0].Done == 0 || told[0].Total < 90_000 {
		t.Errorf("told %+v", told)
	}
	ended, end := context.WithCancel(t.Context())
	_, err := eventnode.CheckWith(ended, cfg, func(eventnode.Progress) { end() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that the context has ended", err)
	}
}

// TestAnIDThatWasUsedTwiceIsNoDamage writes one id twice at the end of a stream,
// which expected revisions allow.
func TestAnIDThatWasUsedTwiceIsNoDamage(t *testing.T) {
	cfg := eventnode.Config{Dir: "/store", FS: vfs.NewMem()}
	n := start(t, cfg)
	c := dial(t, n)
	twice := note("twice")
	appendTo(t, c, "case-1", esdb.NoStream{}, twice)
	appendTo(t, c, "case-1", esdb.Revision(0), twice)
	fill(t, c, "case-1", 3)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := eventnode.Check(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	n = start(t, cfg)
	describe(t, dial(t, n), "case-1", limits(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(1) }))
	scavenge(t, n)
	sound(t, n, cfg)
}

// TestCheckNamesWhatCannotBeRead turns one bit in tables of a store and looks for
// a place, not for data, in what the check says.
func TestCheckNamesWhatCannotBeRead(t *testing.T) {
	master := vfs.NewMem()
	n := start(t, eventnode.Config{Dir: "/store", FS: master})
	c := dial(t, n)
	fill(t, c, "personal", 2000)
	fill(t, c, "gone", 3)
	remove(t, c, "gone")
	scavenge(t, n) // flushes
	sound(t, n, eventnode.Config{Dir: "/store", FS: master})
	names, err := master.List("/store")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range names {
		if filepath.Ext(name) != ".sst" {
			continue
		}
		for part := range 6 {
			disk := vfs.NewMem()
			if _, err := vfs.Clone(master, disk, "/store", "/store"); err != nil {
				t.Fatal(err)
			}
			flip(t, disk, "/store/"+name, part)
			_, err := eventnode.Check(t.Context(), eventnode.Config{Dir: "/store", FS: disk})
			if err == nil {
				continue // a filter or a figure that no reader needs
			}
			if errors.Is(err, eventnode.ErrInconsistent) && (strings.Contains(err.Error(), "position ") || strings.Contains(err.Error(), "stream ") || strings.Contains(err.Error(), "table ")) {
				named++
			}
			if strings.Contains(err.Error(), "personal") || strings.Contains(err.Error(), "noted") {
				t.Errorf("the error shows data: %v", err)
			}
		}
	}
	if named < 3 {
		t.Errorf("%d times damage was named", named)
	}
}

// flip turns one bit in a part, from 0 to 5, of a file.
func flip(t *testing.T, disk vfs.FS, path string, part int) {
	t.Helper()
	info, err := disk.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := disk.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	at, one := info.Size()*int64(part)/6+10, make([]byte, 1)
	if _, err := file.ReadAt(one, at); err != nil {
		t.Fatal(err)
	}
	one[0] ^= 4
	_, err = file.WriteAt(one, at)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}
