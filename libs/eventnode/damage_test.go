package eventnode_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// flipsPerFile is how many bytes of each file are flipped, one at a time.
const flipsPerFile = 40

// files are the files of a store.
type files map[string][]byte

func filesOf(t *testing.T, fs vfs.FS) files {
	t.Helper()
	names, err := fs.List("/store")
	if err != nil {
		t.Fatal(err)
	}
	out := files{}
	for _, name := range names {
		f, err := fs.Open("/store/" + name)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		out[name] = raw
	}
	return out
}

func (f files) store(t *testing.T) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("/store", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, raw := range f {
		file, err := fs.Create("/store/"+name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write(bytes.Clone(raw)); err != nil { // the file may change what it is given
			t.Fatal(err)
		}
		_ = file.Close()
	}
	return fs
}

// written is a store of several tables, with a log that has not been flushed, as it
// is when its node is killed and when it is closed.
func written(t *testing.T) (killed, closed files, log []eventnode.Fact) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	core, err := eventnode.OpenCore(tinyStore(mem))
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 150 {
		data := make([]byte, 200+dice.IntN(800))
		for j := range data {
			data[j] = byte(dice.Uint32())
		}
		fact := eventnode.Fact{ID: uuid.New(), Type: "noted.v1", Data: string(data), Meta: "{}"}
		if _, err := core.Append(t.Context(), fmt.Sprintf("case-%d", i%7), -2, fact); err != nil {
			t.Fatal(err)
		}
		if i == 40 || i == 80 || i == 120 {
			if err := core.Settle(t.Context(), i == 80); err != nil {
				t.Fatal(err)
			}
		}
	}
	if log, err = core.Log(); err != nil {
		t.Fatal(err)
	}
	killed = filesOf(t, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: dice}))
	if err := core.Close(); err != nil {
		t.Fatal(err)
	}
	return killed, filesOf(t, mem), log
}

// named are the ways to say where the damage is.
var named = regexp.MustCompile(`\d{6}\.(sst|log|blob)|MANIFEST-\d+|OPTIONS-\d+|SYNCED|marker\.|format.version|position \d+|stream \d+`)

// examine opens a store and reads all of it. It returns how the damage was found,
// or that there is none to be seen.
func (f files) examine(t *testing.T, log []eventnode.Fact) (found string) {
	t.Helper()
	if _, err := eventnode.Check(t.Context(), tinyStore(f.store(t))); err != nil {
		found = err.Error()
	}
	core, err := eventnode.OpenCore(tinyStore(f.store(t)))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = core.Close() }()
	got, err := core.Log()
	if err != nil {
		return err.Error()
	}
	if found == "" && !slices.Equal(got, log) {
		t.Errorf("%d events are served where %d were written, and nothing is said", len(got), len(log))
	}
	for i, e := range got {
		if i < len(log) && e != log[i] {
			t.Errorf("event %d is served with other bytes", i+1)
		}
	}
	if len(got) < len(log) {
		t.Errorf("a node serves %d events where %d were written", len(got), len(log))
	}
	return found
}

// TestDamageIsFoundAndNamed flips single bytes of each file of a store, cuts files
// off, takes them away and exchanges them. Either nothing is lost, or the error
// says where.
func TestDamageIsFoundAndNamed(t *testing.T) {
	killed, closed, log := written(t)
	for state, whole := range map[string]files{"killed": killed, "closed": closed} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			if found := whole.examine(t, log); found != "" {
				t.Fatal(found)
			}
			dice := rand.New(rand.NewPCG(3, 4))
			counts := map[string]int{}
			try := func(what string, change func(files)) {
				damaged := maps.Clone(whole)
				change(damaged)
				found := damaged.examine(t, log)
				if t.Failed() {
					t.Fatalf("after: %s; found: %s", what, found)
				}
				if found != "" && (!named.MatchString(found) || strings.Contains(found, "carrier")) {
					t.Fatalf("%s: found without a name: %s", what, found)
				}
				counts[fmt.Sprintf("%s found=%t", strings.Fields(what)[0], found != "")]++
			}
			names := slices.Sorted(maps.Keys(whole))
			for i, name := range names {
				raw := whole[name]
				for _, at := range offsets(dice, name, raw) {
					try(fmt.Sprintf("flipped a bit of byte %d of %d of %s", at, len(raw), name), func(f files) {
						f[name] = bytes.Clone(raw)
						f[name][at] ^= 1 << dice.IntN(8)
					})
				}
				for range min(len(raw), 6) {
					to := dice.IntN(len(raw))
					try(fmt.Sprintf("truncated %s from %d to %d bytes", name, len(raw), to), func(f files) { f[name] = raw[:to] })
				}
				try("removed "+name, func(f files) { delete(f, name) })
				for _, other := range names[i+1:] {
					try("exchanged "+name+" and "+other, func(f files) { f[name], f[other] = f[other], f[name] })
				}
			}
			t.Log(len(names), "files;", counts)
		})
	}
}

// offsets are those of the bytes to flip: anywhere, and at both ends.
func offsets(dice *rand.Rand, name string, raw []byte) []int {
	if len(raw) == 0 {
		return nil
	}
	count := flipsPerFile
	if isLog := strings.HasSuffix(name, ".log"); isLog {
		count *= 3
	}
	out := []int{0, len(raw) - 1}
	for range count {
		out = append(out, dice.IntN(len(raw)), len(raw)-1-dice.IntN(min(len(raw), 64)))
	}
	return out
}

// TestAReadThatMeetsDamageSaysSo leaves the node running: what is whole is served.
func TestAReadThatMeetsDamageSaysSo(t *testing.T) {
	_, whole, log := written(t)
	largest := ""
	for name, raw := range whole {
		if strings.HasSuffix(name, ".sst") && len(raw) > len(whole[largest]) {
			largest = name
		}
	}
	whole[largest] = bytes.Clone(whole[largest])
	whole[largest][len(whole[largest])/2] ^= 1
	n := start(t, eventnode.Config{Dir: "/store", FS: whole.store(t)}) // too few tables to be compacted
	c := dial(t, n)
	s, err := c.ReadAll(ctx(t), esdb.ReadAllOptions{}, 1<<30)
	got, err := drain(t, s, err)
	st, ok := status.FromError(errors.Unwrap(err))
	if !ok || st.Code() != codes.DataLoss || !strings.Contains(st.Message(), largest) {
		t.Errorf("error = %v, want that %s is damaged", err, largest)
	}
	for i, e := range got {
		if string(e.Event.Data) != log[i].Data {
			t.Errorf("event %d is served with other bytes", i+1)
		}
	}
	appendTo(t, c, "case-new", esdb.NoStream{}, note("life goes on"))
	if got := read(t, c, "case-new", esdb.ReadStreamOptions{}, 10); len(got) != 1 {
		t.Errorf("%d events", len(got))
	}
	if n.Err() != nil {
		t.Errorf("the node has stopped: %v", n.Err())
	}
}
