package eventnode_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2"
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
