package eventnode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/operator"
)

// largestTable is the name of the largest table of a store.
func (f files) largestTable() string {
	tables := slices.DeleteFunc(slices.Collect(maps.Keys(f)), func(name string) bool { return !strings.HasSuffix(name, ".sst") })
	return slices.MaxFunc(tables, func(a, b string) int { return len(f[a]) - len(f[b]) })
}

// wantNamed is an error that says which file is damaged, in one line.
func wantNamed(t *testing.T, what string, err error, file string) {
	t.Helper()
	if !errors.Is(err, eventnode.ErrDamaged) || !strings.Contains(err.Error(), file) {
		t.Errorf("%s: error = %v, want that %s is damaged", what, err, file)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: the store is taken for one that is not there: %v", what, err)
	}
	if strings.ContainsAny(err.Error(), "\n<") {
		t.Errorf("%s: the error is not one line: %q", what, err)
	}
}

func TestADamagedTableIsNamedInOneLine(t *testing.T) {
	_, whole, _ := written(t)
	table := whole.largestTable()
	size := len(whole[table])
	for rule, change := range map[string]func(files){
		"a table is missing":               func(f files) { delete(f, table) },
		"the last byte of a table flipped": func(f files) { f[table] = flipped(f[table], size-1) },
		"a byte in the middle flipped":     func(f files) { f[table] = flipped(f[table], size/2) },
		"a table is empty":                 func(f files) { f[table] = nil },
	} {
		t.Run(rule, func(t *testing.T) {
			store := maps.Clone(whole)
			change(store)
			_, err := eventnode.Check(t.Context(), tinyStore(store.store(t)))
			wantNamed(t, "check", err, table)
			core, err := eventnode.OpenCore(tinyStore(store.store(t)))
			if err == nil {
				_, err = core.Log()
				_ = core.Close()
				err = eventnode.DamagedData(err)
			}
			wantNamed(t, "open and read", err, table)
		})
	}
}

func flipped(raw []byte, at int) []byte {
	raw = bytes.Clone(raw)
	raw[at] ^= 0x55
	return raw
}

// TestABackupOfADamagedStoreFails damages files under a node that runs on, since
// it has no reason to read them.
func TestABackupOfADamagedStoreFails(t *testing.T) {
	_, whole, _ := written(t)
	table := whole.largestTable()
	for rule, part := range map[string]struct {
		suffix string
		at     func(size int64) int64
	}{
		"the beginning of a table":       {table, func(int64) int64 { return 20 }},
		"the middle of a table":          {table, func(size int64) int64 { return size / 2 }},
		"the end of a table":             {table, func(size int64) int64 { return size - 1 }},
		"a log that has not been filled": {".log", func(int64) int64 { return 40 }},
		"the list of tables":             {"MANIFEST-", func(int64) int64 { return 40 }},
	} {
		t.Run(rule, func(t *testing.T) {
			disk := whole.store(t)
			n := start(t, eventnode.Config{Dir: "/store", FS: disk})
			fill(t, dial(t, n), "case-new", 5)
			var sane bytes.Buffer
			if _, err := n.Backup(ctx(t), &sane); err != nil {
				t.Fatalf("before: %v", err)
			}
			name := newest(t, disk, part.suffix)
			overwrite(t, disk, "/store/"+name, part.at)

			var archive bytes.Buffer
			_, err := n.Backup(ctx(t), &archive)
			wantNamed(t, "backup", err, name)
			refused(t, archive.Bytes(), eventnode.ErrBackupCut)
			desk, err := operator.Connect(n.Connection())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk.Backup(ctx(t), io.Discard); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("over the wire: %v, want that %s is damaged", err, name)
			}
			figures := scrape(t, n)
			if got := figures[`eventnode_backups_total{result="ended_early"}`]; got != "2" {
				t.Errorf("%s backups have ended early", got)
			}
			if got := figures[`eventnode_backups_total{result="done"}`]; got != "1" {
				t.Errorf("%s backups were done", got)
			}
			if n.Err() != nil {
				t.Errorf("the node has stopped: %v", n.Err())
			}
		})
	}
}

// newest is the last file of a store with this part in its name.
func newest(t *testing.T, disk vfs.FS, part string) string {
	t.Helper()
	names, err := disk.List("/store")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, part) || strings.HasPrefix(name, "marker.") })
	if len(names) == 0 {
		t.Fatalf("no file %s", part)
	}
	return slices.Max(names)
}

func overwrite(t *testing.T, disk vfs.FS, path string, place func(int64) int64) {
	t.Helper()
	info, err := disk.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := disk.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	at, one := place(info.Size()), make([]byte, 1)
	_, readErr := file.ReadAt(one, at)
	_, writeErr := file.WriteAt([]byte{one[0] ^ 0x55}, at)
	if err := errors.Join(readErr, writeErr, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestABackupOnAFullDiskSaysSo(t *testing.T) {
	disk := newSmallDisk(64 << 20)
	n := start(t, eventnode.Tune(eventnode.Config{Dir: "/store", FS: disk, Reserve: 4 << 20}, smallEngine))
	fill(t, dial(t, n), "case-1", 5)
	size := disk.size.Swap(0)
	n.Look()
	if _, err := n.Backup(ctx(t), io.Discard); !errors.Is(err, eventnode.ErrFull) {
		t.Errorf("error = %v, want ErrFull", err)
	}
	desk, err := operator.Connect(n.Connection())
	if err != nil {
		t.Fatal(err)
	}
	_, err = desk.Backup(ctx(t), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), eventnode.ErrFull.Error()) {
		t.Errorf("over the wire: %v, want 503 and the reason", err)
	}
	disk.size.Store(size)
	n.Look()
	if _, err := desk.Backup(ctx(t), io.Discard); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestTheReportOfAScavengeIsReadAsItWasWritten(t *testing.T) {
	want := eventnode.ScavengeReport{
		Streams: 1, Touched: 2, Skipped: 3, Events: 4, Stubs: 5, Bytes: 6, Cleaned: 7,
		Duration: eventnode.Took{Duration: 8250 * time.Millisecond},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const wire = `{"streams":1,"touched":2,"skipped":3,"events":4,"stubs":5,"bytes":6,"cleaned":7,"durationMilliseconds":8250}`
	if string(text) != wire {
		t.Errorf("written: %s", text)
	}
	var got eventnode.ScavengeReport
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("read: %+v %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"durationMilliseconds":"8 s"}`), &got); err == nil {
		t.Error("a duration that is no number is read")
	}
}

// TestAnOperatorIsToldWhatWasScavenged has the whole way from node to operator.
func TestAnOperatorIsToldWhatWasScavenged(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	fill(t, c, "case-1", 5)
	remove(t, c, "case-1")
	desk, err := operator.Connect(n.Connection())
	if err != nil {
		t.Fatal(err)
	}
	report, err := desk.Scavenge(ctx(t))
	if err != nil || report.Events == 0 || report.Streams == 0 || report.Bytes == 0 {
		t.Errorf("report = %+v, error = %v", report, err)
	}
}

func TestAGroupThatNobodyKnowsIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	for group, known := range map[string]bool{
		"$admins": true, "$ops": true, "$monitors": true, "readers": true,
		"$admin": false, "$readers": false, "$all": false, "$": false,
	} {
		err := eventnode.SetUser(path, "a", "secret", "staff", group)
		if known != (err == nil) {
			t.Errorf("%s: %v", group, err)
		}
		if !known && (!errors.Is(err, eventnode.ErrUsers) || !strings.Contains(err.Error(), group) || !strings.Contains(err.Error(), "$admins")) {
			t.Errorf("%s: error = %v, want what is known", group, err)
		}
	}
}

func TestAFileOfUsersThatIsOfNoUseIsToldOnce(t *testing.T) {
	h := hash(t, "x")
	certificates, err := eventnode.MakeCertificates(t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for rule, c := range map[string]struct{ text, says string }{
		"nobody":               {"# nobody\n", "the file is empty"},
		"no hash":              {"# first\nadmin\n", "line 2: it is not name:hash"},
		"twice":                {"a:" + h + "\na:" + h + "\n", "line 2: a name comes twice"},
		"a group misspelt":     {"a:" + h + ":staff,$admin\n", `line 1: the group "$admin" is not known`},
		"a group without name": {"a:" + h + ":$\n", `line 1: the group "$" is not known`},
	} {
		path := filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := eventnode.Open(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", TLS: &certificates, Users: path})
		if n != nil {
			_ = n.Close()
		}
		if !errors.Is(err, eventnode.ErrUsers) || !strings.Contains(err.Error(), c.says) || strings.Count(err.Error(), eventnode.ErrUsers.Error()) != 1 {
			t.Errorf("%s: error = %v, want once that %s", rule, err, c.says)
		}
	}
}
