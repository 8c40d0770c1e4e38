package eventnode_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
)

func scavenge(t testing.TB, n *eventnode.Node) eventnode.ScavengeReport {
	t.Helper()
	report, err := n.Scavenge(ctx(t))
	if err != nil {
		t.Fatalf("scavenge: %v", err)
	}
	return report
}

// sound closes a node and checks its store.
func sound(t testing.TB, n *eventnode.Node, cfg eventnode.Config) eventnode.Report {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := eventnode.Check(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// mark is random bytes that stand in no two events, and can be searched for.
type mark [24]byte

func newMark() (m mark) {
	_, _ = rand.Read(m[:])
	return m
}

// marked is an event with its own mark in data, metadata and type. It is as
// random as can be, or lets itself be compressed well.
func marked(m mark, compressible bool) esdb.EventData {
	pad := make([]byte, 2000)
	if !compressible {
		_, _ = rand.Read(pad)
	}
	return esdb.EventData{
		EventID: uuid.New(), EventType: fmt.Sprintf("marked-%x", m[:]), ContentType: esdb.ContentTypeBinary,
		Data: slices.Concat(pad, m[:], pad), Metadata: slices.Concat([]byte("meta "), m[:]),
	}
}

// markBook keeps which marks must be found and which must not.
type markBook struct {
	kept, gone map[mark]string
}

func newMarkBook() *markBook {
	return &markBook{kept: make(map[mark]string), gone: make(map[mark]string)}
}

// write appends events of which the first are to go.
func (b *markBook) write(t testing.TB, c *esdb.Client, stream string, goes, stays int) {
	t.Helper()
	for i := range goes + stays {
		m := newMark()
		appendTo(t, c, stream, esdb.Any{}, marked(m, i%2 == 1))
		if i < goes {
			b.gone[m] = fmt.Sprintf("%s, event %d", stream, i)
		} else {
			b.kept[m] = fmt.Sprintf("%s, event %d", stream, i)
		}
	}
}

// holds says which of the marks stand in the files of a directory: as they are,
// or in a table once its blocks are unpacked.
func holds(t testing.TB, dir string, marks map[mark]string) (found []string) {
	t.Helper()
	for path, content := range nodetest.Files(t, dir) {
		for m, what := range marks {
			if bytes.Contains(content, m[:]) || bytes.Contains(content, fmt.Appendf(nil, "%x", m[:])) {
				found = append(found, what+" in "+filepath.Base(path))
			}
		}
	}
	return found
}

// tombstoneOf burns a stream.
func tombstoneOf(t testing.TB, c *esdb.Client, stream string) {
	t.Helper()
	if _, err := c.TombstoneStream(ctx(t), stream, esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
}

func limits(change func(*esdb.StreamMetadata)) esdb.StreamMetadata {
	m := esdb.StreamMetadata{}
	change(&m)
	return m
}

// hide writes streams and does to each what hides some of its events. It returns
// what has to be done so that the old ones are old.
func (b *markBook) hide(t *testing.T, c *esdb.Client, turn int, age func()) {
	t.Helper()
	name := func(what string) string { return fmt.Sprintf("%s-%d", what, turn) }
	b.write(t, c, name("aged"), 6, 0)
	describe(t, c, name("aged"), limits(func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) }))
	b.write(t, c, name("gone by age"), 3, 0)
	describe(t, c, name("gone by age"), limits(func(m *esdb.StreamMetadata) { m.SetMaxAge(time.Hour) }))
	age()
	b.write(t, c, name("aged"), 0, 4)

	b.write(t, c, name("whole"), 0, 8)
	b.write(t, c, name("deleted"), 7, 0)
	remove(t, c, name("deleted"))
	b.write(t, c, name("reborn"), 5, 0)
	remove(t, c, name("reborn"))
	b.write(t, c, name("reborn"), 0, 3)
	b.write(t, c, name("burnt"), 6, 0)
	tombstoneOf(t, c, name("burnt"))
	b.write(t, c, name("counted"), 9, 2)
	describe(t, c, name("counted"), limits(func(m *esdb.StreamMetadata) { m.SetMaxCount(2) }))
	b.write(t, c, name("truncated"), 5, 5)
	describe(t, c, name("truncated"), limits(func(m *esdb.StreamMetadata) { m.SetTruncateBefore(5) }))
	old, last := newMark(), newMark()
	for _, m := range []mark{old, last} {
		describe(t, c, name("described"), limits(func(meta *esdb.StreamMetadata) {
			meta.AddCustomProperty("x", fmt.Sprintf("%x", m[:]))
		}))
	}
	b.gone[old], b.kept[last] = "old metadata", "last metadata"
	b.write(t, c, name("described"), 0, 1)
}

// TestNoFileHoldsWhatWasScavenged writes all kinds of streams, twice, so that the
// second scavenge finds the events of the first turn in the lowest level of the
// engine, and searches every file.
func TestNoFileHoldsWhatWasScavenged(t *testing.T) {
	var late atomic.Int64
	cfg := eventnode.Config{Dir: t.TempDir(), Now: func() time.Time { return time.Now().Add(time.Duration(late.Load())) }}
	n := start(t, cfg)
	c := dial(t, n)
	book := newMarkBook()
	search := func() {
		t.Helper()
		if found := holds(t, cfg.Dir, book.gone); len(found) > 0 {
			t.Fatalf("%d traces are left of %d removed events, the first: %s", len(found), len(book.gone), found[0])
		}
		seen := make(map[mark]bool)
		for _, e := range readAll(t, c, esdb.ReadAllOptions{}, 1<<20) {
			for m := range book.kept {
				if bytes.Contains(e.Event.Data, m[:]) || bytes.Contains(e.Event.Data, fmt.Appendf(nil, "%x", m[:])) {
					seen[m] = true
				}
			}
		}
		for m, what := range book.kept {
			if !seen[m] {
				t.Fatalf("%s is lost", what)
			}
		}
	}
	for turn := range 3 {
		book.hide(t, c, turn, func() { late.Add(int64(2 * time.Hour)) })
		for m, what := range book.kept { // what was young is old by now
			if strings.HasPrefix(what, fmt.Sprintf("aged-%d", turn-1)) {
				delete(book.kept, m)
				book.gone[m] = what
			}
		}
		fresh := maps.Clone(book.gone)
		maps.DeleteFunc(fresh, func(_ mark, what string) bool { return !strings.Contains(what, fmt.Sprintf("-%d,", turn)) })
		if found := holds(t, cfg.Dir, fresh); len(found) < len(fresh) {
			t.Fatalf("the search finds only %d of %d events that are there", len(found), len(fresh))
		}
		report := scavenge(t, n)
		if report.Events < 30 || report.Bytes < 30*4000 || report.Skipped > 0 || report.Stubs < 1 {
			t.Errorf("report = %+v", report)
		}
		search()
		if again := scavenge(t, n); again.Events != 0 || again.Touched != 0 {
			t.Errorf("a second scavenge finds %+v", again)
		}
	}
	checked := sound(t, n, cfg)
	if checked.Removed == 0 || checked.Stubs == 0 {
		t.Errorf("checked = %+v", checked)
	}
	if found := holds(t, cfg.Dir, book.gone); len(found) > 0 {
		t.Fatalf("after closing: %s", found[0])
	}
	n = start(t, cfg)
	c = dial(t, n)
	search()
}

func TestScavengesDoNotOverlapAndEndWithTheNode(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	for i := range 50 {
		fill(t, c, fmt.Sprintf("s-%d", i), 20)
		remove(t, c, fmt.Sprintf("s-%d", i))
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := n.Scavenge(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	var refused, done atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			switch _, err := n.Scavenge(ctx(t)); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, eventnode.ErrScavenging):
				refused.Add(1)
			default:
				t.Errorf("scavenge: %v", err)
			}
		})
	}
	group.Wait()
	if done.Load() < 1 || done.Load()+refused.Load() != 4 {
		t.Errorf("%d done, %d refused", done.Load(), refused.Load())
	}
	fill(t, c, "late", 2000)
	remove(t, c, "late")
	result := make(chan error, 1)
	go func() { _, err := n.Scavenge(context.Background()); result <- err }()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil && !errors.Is(err, eventnode.ErrClosed) {
		t.Errorf("while closing: %v", err)
	}
	if _, err := n.Scavenge(t.Context()); !errors.Is(err, eventnode.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}
