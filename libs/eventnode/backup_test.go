package eventnode_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// backedUp is a store with some events and its backup.
func backedUp(t testing.TB) (archive []byte, manifest eventnode.Manifest) {
	t.Helper()
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	for i := range 20 {
		appendTo(t, c, fmt.Sprintf("case-%d", i%3), esdb.Any{}, notes("a", "b")...)
	}
	var b bytes.Buffer
	manifest, err := n.Backup(ctx(t), &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), manifest
}

func restore(t testing.TB, archive []byte) (dir string, report eventnode.Report) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "restored")
	report, err := eventnode.Restore(ctx(t), bytes.NewReader(archive), eventnode.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return dir, report
}

// manyWriters are 16 writers, each on a stream of its own.
type manyWriters struct {
	acknowledged [16]atomic.Int64 // events
	answers      chan int         // the writer that has had one more
	stop         context.CancelFunc
	wait         sync.WaitGroup
}

func (l *manyWriters) start(t testing.TB, n *eventnode.Node) {
	t.Helper()
	c := dial(t, n)
	calls := ctx(t)
	going, stop := context.WithCancel(calls)
	l.stop, l.answers = stop, make(chan int)
	for w := range l.acknowledged {
		l.wait.Go(func() {
			for going.Err() == nil {
				if _, err := c.AppendToStream(calls, fmt.Sprintf("load-%d", w), esdb.AppendToStreamOptions{}, note("x")); err != nil {
					t.Errorf("append under load: %v", err)
					return
				}
				l.acknowledged[w].Add(1)
				select {
				case l.answers <- w:
				default:
				}
			}
		})
	}
}

func (l *manyWriters) end() {
	l.stop()
	l.wait.Wait()
}

// each waits until every writer has had so many answers.
func (l *manyWriters) each(t testing.TB, least int64) {
	t.Helper()
	waiting := ctx(t)
	for w := range l.acknowledged {
		for l.acknowledged[w].Load() < least {
			select {
			case <-l.answers:
			case <-waiting.Done():
				t.Fatal("the writers do not write")
			}
		}
	}
}

func TestABackupUnderLoadIsABeginningOfTheLog(t *testing.T) {
	n := start(t, eventnode.Config{})
	var l manyWriters
	l.start(t, n)
	t.Cleanup(l.end)
	l.each(t, 20)
	var before [16]int64
	for w := range before {
		before[w] = l.acknowledged[w].Load()
	}
	var archive bytes.Buffer
	manifest, err := n.Backup(ctx(t), &archive)
	if err != nil {
		t.Fatal(err)
	}
	l.each(t, 40)
	l.end()
	whole := readAll(t, dial(t, n), esdb.ReadAllOptions{From: esdb.Start{}}, 1<<20)

	dir, report := restore(t, archive.Bytes())
	if report.Last != manifest.Last || report.Last >= uint64(len(whole)) {
		t.Errorf("restored up to %d, the manifest says %d, the log has %d", report.Last, manifest.Last, len(whole))
	}
	c := dial(t, start(t, eventnode.Config{Dir: dir}))
	restored := readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 1<<20)
	same := func(a, b *esdb.ResolvedEvent) bool {
		return a.Event.EventID == b.Event.EventID && a.Event.Position == b.Event.Position && a.Event.StreamID == b.Event.StreamID
	}
	if !slices.EqualFunc(restored, whole[:report.Last], same) {
		t.Error("the restored log is not the beginning of the log")
	}
	for w, count := range before {
		if got := read(t, c, fmt.Sprintf("load-%d", w), esdb.ReadStreamOptions{}, 1<<20); int64(len(got)) < count {
			t.Errorf("writer %d had %d answers before the backup began; restored are %d", w, count, len(got))
		}
	}
}

func TestARestoredStoreGoesOn(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	known := note("once")
	first := appendTo(t, c, "case-1", esdb.Any{}, known)
	var archive bytes.Buffer
	if _, err := n.Backup(ctx(t), &archive); err != nil {
		t.Fatal(err)
	}
	dir, _ := restore(t, archive.Bytes())
	c = dial(t, start(t, eventnode.Config{Dir: dir}))
	if again := appendTo(t, c, "case-1", esdb.Any{}, known); again.NextExpectedVersion != first.NextExpectedVersion || again.CommitPosition != first.CommitPosition {
		t.Errorf("a repetition after the restore: %+v, want %+v", again, first)
	}
	if next := appendTo(t, c, "case-1", esdb.Revision(0), note("next")); next.NextExpectedVersion != 1 || next.CommitPosition != first.CommitPosition+1 {
		t.Errorf("the next append: %+v", next)
	}
}

func TestABackupOfNothingIsABackup(t *testing.T) {
	n := start(t, eventnode.Config{})
	var archive bytes.Buffer
	if _, err := n.Backup(ctx(t), &archive); err != nil {
		t.Fatal(err)
	}
	if _, report := restore(t, archive.Bytes()); report != (eventnode.Report{}) {
		t.Errorf("restored: %+v", report)
	}
}

func TestADamagedBackupIsRefusedAndLeavesNothing(t *testing.T) {
	archive, _ := backedUp(t)
	tail := bytes.LastIndex(archive, []byte("manifest.json"))
	for rule, c := range map[string]struct {
		archive []byte
		want    error
	}{
		"nothing":                          {nil, eventnode.ErrBackupCut},
		"the first member is cut":          {archive[:700], eventnode.ErrBackupCut},
		"cut in the middle":                {archive[:len(archive)/2], eventnode.ErrBackupCut},
		"all but the manifest":             {archive[:tail/512*512], eventnode.ErrBackupCut},
		"the manifest is cut":              {archive[:tail/512*512+600], eventnode.ErrBackupCut},
		"something follows the manifest":   {slices.Concat(archive[:len(archive)-1024], archive), eventnode.ErrBackupDamaged},
		"what is no archive":               {bytes.Repeat([]byte("not an archive "), 1000), eventnode.ErrBackupDamaged},
		"another position in the manifest": {bytes.Replace(archive, []byte(`"last":40`), []byte(`"last":41`), 1), eventnode.ErrBackupDamaged},
	} {
		t.Run(rule, func(t *testing.T) { refused(t, c.archive, c.want) })
	}
}

func TestAFlippedByteInABackupIsNeverRestored(t *testing.T) {
	archive, manifest := backedUp(t)
	pad := func(n int64) int64 { return (n + 511) / 512 * 512 }
	at := int64(0)
	for _, file := range manifest.Files {
		begin := int64(bytes.Index(archive[at:], []byte(file.Name))) + at + 512 // behind its header
		at = begin + pad(file.Bytes)
		for _, offset := range []int64{0, file.Bytes / 3, file.Bytes - 1} {
			if file.Bytes == 0 {
				break
			}
			flipped := bytes.Clone(archive)
			flipped[begin+offset] ^= 0x10
			refused(t, flipped, eventnode.ErrBackupDamaged)
		}
	}
}

// refused says that a backup is refused with a reason and leaves nothing.
func refused(t testing.TB, archive []byte, want error) {
	t.Helper()
	parent := t.TempDir()
	_, err := eventnode.Restore(ctx(t), bytes.NewReader(archive), eventnode.Config{Dir: filepath.Join(parent, "data", "restored")})
	if !errors.Is(err, want) || !errors.Is(err, eventnode.ErrBackup) {
		t.Errorf("error = %v, want %v", err, want)
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestARestoreTouchesNothingThatIsThere(t *testing.T) {
	archive, _ := backedUp(t)
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := eventnode.Restore(ctx(t), bytes.NewReader(archive), eventnode.Config{Dir: dir}); !errors.Is(err, eventnode.ErrOccupied) {
		t.Errorf("error = %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
	empty := t.TempDir()
	if _, err := eventnode.Restore(ctx(t), bytes.NewReader(archive), eventnode.Config{Dir: empty}); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
}

// gate is a writer that lets nothing through until it is opened.
type gateway struct {
	reached chan struct{}
	opened  chan struct{}
	once    sync.Once
}

func (g *gateway) Write(p []byte) (int, error) {
	g.once.Do(func() { close(g.reached) })
	<-g.opened
	return len(p), nil
}

func leftovers(t testing.TB, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "unfinished-backup-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestOneBackupAtATime(t *testing.T) {
	dir := t.TempDir()
	n := start(t, eventnode.Config{Dir: dir})
	appendTo(t, dial(t, n), "case-1", esdb.Any{}, note("x"))
	g := &gateway{reached: make(chan struct{}), opened: make(chan struct{})}
	first := make(chan error, 1)
	go func() {
		_, err := n.Backup(ctx(t), g)
		first <- err
	}()
	<-g.reached
	if _, err := n.Backup(ctx(t), io.Discard); !errors.Is(err, eventnode.ErrBackingUp) {
		t.Errorf("a second backup: %v", err)
	}
	if len(leftovers(t, dir)) != 1 {
		t.Error("the backup that is under way has no files")
	}
	close(g.opened)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestABackupThatIsGivenUpLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	n := start(t, eventnode.Config{Dir: dir})
	appendTo(t, dial(t, n), "case-1", esdb.Any{}, note("x"))
	gone := errors.New("the other end is gone")
	if _, err := n.Backup(ctx(t), refusing{gone}); !errors.Is(err, gone) {
		t.Errorf("error = %v", err)
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

func TestWhatAnUnfinishedBackupHasLeftIsSweptAtTheStart(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "unfinished-backup-20260101T000000")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "000001.sst"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "unfinished-backup-that-is-a-file")
	if err := os.WriteFile(kept, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, eventnode.Config{Dir: dir})
	if err := os.Remove(kept); err != nil {
		t.Errorf("what is no directory of a backup was swept: %v", err)
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
