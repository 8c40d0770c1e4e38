package eventnode_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// childDir is the variable that makes this test binary a node to be killed.
const childDir = "EVENTNODE_TEST_DIR"

// envKills is the variable that says how often a node is killed, 4 times if not set.
const envKills = "EVENTNODE_KILL_ROUNDS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(serve(dir))
	}
	os.Exit(m.Run())
}

// serve runs a node until the process is killed, or its input ends.
func serve(dir string) int {
	n, err := eventnode.Open(eventnode.Tune(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"}, smallEngine))
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(n.Connection())
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	if err := n.Close(); err != nil {
		return 1
	}
	return 0
}

// child is a node in a process of its own.
type child struct {
	cmd        *exec.Cmd
	connection string
}

func spawn(t *testing.T, dir string) child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return child{cmd, strings.TrimSpace(line)}
}

func (c child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = c.cmd.Wait()
}

// acked is what the node has promised to keep.
type acked struct {
	mu      sync.Mutex
	appends map[uuid.UUID]promise // by id of the first event
}

type promise struct {
	stream string
	result esdb.WriteResult
	events []esdb.EventData
}

// load appends to a node until it dies, from several connections.
func load(ctx context.Context, t *testing.T, connection string, book *acked) *sync.WaitGroup {
	t.Helper()
	var group sync.WaitGroup
	for range 8 {
		cfg, err := esdb.ParseConnectionString(connection)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Logger = esdb.NoopLogging()
		c, err := esdb.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for ctx.Err() == nil {
				stream := fmt.Sprintf("case-%d", rand.IntN(6))
				events := notes("x", "y", "z")[:1+rand.IntN(3)]
				one, cancel := context.WithTimeout(ctx, patience)
				r, err := c.AppendToStream(one, stream, esdb.AppendToStreamOptions{}, events...)
				cancel()
				if err != nil {
					return // the node is dead; the client is not used again
				}
				book.mu.Lock()
				book.appends[events[0].EventID] = promise{stream, *r, events}
				book.mu.Unlock()
			}
		})
	}
	return &group
}

// kept checks that all that was promised is there, at the revision and position
// that were answered, and that repeating it changes nothing.
func (a *acked) kept(t *testing.T, c *esdb.Client) {
	t.Helper()
	stored := map[uuid.UUID]*esdb.RecordedEvent{}
	next := map[string]uint64{}
	for i, e := range readAll(t, c, esdb.ReadAllOptions{}, 1<<30) {
		ev := e.Event
		if ev.Position.Commit != uint64(i+1) || ev.EventNumber != next[ev.StreamID] {
			t.Fatalf("event %d of the log is %s/%d at %d", i, ev.StreamID, ev.EventNumber, ev.Position.Commit)
		}
		next[ev.StreamID]++
		stored[ev.EventID] = ev
	}
	for _, p := range a.appends {
		last := stored[p.events[len(p.events)-1].EventID]
		if last == nil || last.StreamID != p.stream || last.EventNumber != p.result.NextExpectedVersion || last.Position.Commit != p.result.CommitPosition {
			t.Fatalf("promised %+v, stored %+v", p.result, last)
		}
		for _, e := range p.events {
			if stored[e.EventID] == nil {
				t.Fatalf("event %s was promised and is lost", e.EventID)
			}
		}
	}
	left := 5
	for _, p := range a.appends {
		again := appendTo(t, c, p.stream, esdb.Any{}, p.events...)
		if *again != p.result {
			t.Fatalf("repeated: %+v, first %+v", again, p.result)
		}
		if left--; left == 0 {
			break // the map's order makes it others each time
		}
	}
	if n := len(readAll(t, c, esdb.ReadAllOptions{}, 1<<30)); n != len(stored) {
		t.Fatalf("a repetition was written: %d events, then %d", len(stored), n)
	}
}

func TestAKilledNodeKeepsItsPromises(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	book := &acked{appends: map[uuid.UUID]promise{}}
	rounds := fromEnv(t, envKills, 4)
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		c := spawn(t, dir)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		goal := len(book.appends) + 50 + rand.IntN(400)
		group := load(ctx, t, c.connection, book)
		book.await(ctx, t, goal)
		c.kill(t)
		group.Wait()
		cancel()

		report, err := eventnode.Check(t.Context(), eventnode.Config{Dir: dir})
		if err != nil {
			t.Fatalf("after kill %d: %v", round+1, err)
		}
		n, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		book.kept(t, dial(t, n))
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("kill %d: %d appends acknowledged so far, %d events stored", round+1, len(book.appends), report.Events)
	}
}

// await waits until so many appends have been acknowledged.
func (a *acked) await(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		a.mu.Lock()
		have := len(a.appends)
		a.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d appends acknowledged, want %d", have, n)
		}
	}
}

func TestASecondProcessIsRefusedTheDirectory(t *testing.T) {
	dir := t.TempDir()
	spawn(t, dir)
	n, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
	if !errors.Is(err, eventnode.ErrLocked) {
		t.Errorf("error = %v, want ErrLocked", err)
	}
	if n != nil {
		_ = n.Close()
	}
}

// TestAcknowledgedEventsSurviveALossOfPower uses a file system that forgets
// whatever was not synced, which a killed process does not show.
func TestAcknowledgedEventsSurviveALossOfPower(t *testing.T) {
	disk := vfs.NewCrashableMem()
	n := start(t, eventnode.Config{Dir: "/store", FS: disk})
	book := &acked{appends: map[uuid.UUID]promise{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	group := load(ctx, t, n.Connection(), book)
	for cut := range 5 {
		book.await(ctx, t, (cut+1)*100)
		book.mu.Lock()
		promised := &acked{appends: maps.Clone(book.appends)}
		left := disk.CrashClone(vfs.CrashCloneCfg{}) // in the middle of the load
		book.mu.Unlock()

		if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: "/store", FS: left}); err != nil {
			t.Fatal(err)
		}
		survivor := start(t, eventnode.Config{Dir: "/store", FS: left})
		promised.kept(t, dial(t, survivor))
	}
	cancel()
	group.Wait()
}

// TestAFailedDiskStopsTheNode makes the disk refuse what an engine needs most. The
// third case ends in the engine's wish to end the process.
func TestAFailedDiskStopsTheNode(t *testing.T) {
	for name, broken := range map[string]func(errorfs.Op) bool{
		"an fsync of the log that fails": func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData)
		},
		"a write to the log that fails": func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".log") && op.Kind == errorfs.OpFileWrite
		},
		"a write to the list of files that fails": func(op errorfs.Op) bool {
			return strings.Contains(op.Path, "MANIFEST") && op.Kind == errorfs.OpFileWrite
		},
	} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			full := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken(op) {
					return errors.New("no space left on device")
				}
				return nil
			})}
			n := start(t, eventnode.Config{Dir: "/store", FS: errorfs.Wrap(disk, &full)})
			c := dial(t, n)
			full.On()
			kept := uint64(0)
			for range 200 { // more than the engine holds back from its files
				big := esdb.EventData{EventID: uuid.New(), EventType: "t", Data: make([]byte, 1<<19)}
				r, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, big)
				if err != nil {
					if !strings.HasSuffix(err.Error(), "EOF") { // what the client says when it was still sending
						wantCode(t, err, esdb.ErrorUnavailable)
					}
					break
				}
				kept = r.CommitPosition
			}
			select {
			case <-n.Done():
			case <-ctx(t).Done():
				t.Fatal("the node goes on with a broken disk")
			}
			if !errors.Is(n.Err(), eventnode.ErrStorage) {
				t.Errorf("error = %v, want ErrStorage", n.Err())
			}
			if err := n.Close(); !errors.Is(err, eventnode.ErrStorage) {
				t.Errorf("close = %v, want ErrStorage", err)
			}
			survivor := start(t, eventnode.Config{Dir: "/store", FS: disk.CrashClone(vfs.CrashCloneCfg{})})
			if got := len(readAll(t, dial(t, survivor), esdb.ReadAllOptions{}, 1<<20)); uint64(got) < kept {
				t.Errorf("after the restart %d events are left of %d that were acknowledged", got, kept)
			}
		})
	}
}
