package eventnode_test

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// smallDisk is a disk of a size that can be changed.
type smallDisk struct {
	hookedFS
	size atomic.Int64
}

func newSmallDisk(size int64) *smallDisk {
	d := &smallDisk{hookedFS: hookedFS{FS: vfs.NewMem()}}
	d.size.Store(size)
	d.hook = func(c change) error {
		if (c.op == "write" || c.op == "create") && c.base != "SYNCED" && d.used()+int64(c.size) > d.size.Load() {
			return syscall.ENOSPC
		}
		return nil
	}
	return d
}

func (d *smallDisk) used() (sum int64) {
	names, err := d.List("/store")
	if err != nil {
		return 0
	}
	for _, name := range names {
		if info, err := d.Stat("/store/" + name); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	size, used := uint64(d.size.Load()), uint64(d.used())
	return vfs.DiskUsage{TotalBytes: size, UsedBytes: used, AvailBytes: size - min(size, used)}, nil
}

// smallEngine flushes early and often.
func smallEngine(o *pebble.Options) {
	o.MemTableSize = 256 << 10
	o.L0CompactionThreshold = 2
	o.LBaseMaxBytes = 1 << 20
}

func bulk(size int) esdb.EventData {
	data := make([]byte, size)
	_, _ = crand.Read(data) // nothing that can be compressed
	return esdb.EventData{EventID: uuid.New(), EventType: "t", Data: data}
}

// filling appends until it is refused, and returns the ids that were acknowledged.
func filling(t *testing.T, c *esdb.Client, most int) (acked []uuid.UUID, refusal error) {
	t.Helper()
	for range most {
		e := bulk(16 << 10)
		one, cancel := context.WithTimeout(t.Context(), patience)
		_, err := c.AppendToStream(one, "case-1", esdb.AppendToStreamOptions{}, e)
		cancel()
		if err != nil {
			return acked, err
		}
		acked = append(acked, e.EventID)
	}
	return acked, nil
}

func wantFull(t *testing.T, err error) {
	t.Helper()
	s, ok := status.FromError(errors.Unwrap(err))
	if !ok || s.Code() != codes.ResourceExhausted || !strings.Contains(s.Message(), eventnode.ErrFull.Error()) {
		t.Fatalf("error = %v, want that the disk is full", err)
	}
}

// wantStored checks that all is there, in order and once; what was refused with an
// unknown outcome may be there as well.
func wantStored(t *testing.T, c *esdb.Client, acked []uuid.UUID, unknown int) {
	t.Helper()
	stored := map[uuid.UUID]bool{}
	all := readAll(t, c, esdb.ReadAllOptions{}, 1<<30)
	for i, e := range all {
		if e.Event.Position.Commit != uint64(i+1) || e.Event.EventNumber != uint64(i) {
			t.Fatalf("event %d is %d at %d", i, e.Event.EventNumber, e.Event.Position.Commit)
		}
		stored[e.Event.EventID] = true
	}
	for _, id := range acked {
		if !stored[id] {
			t.Fatalf("event %s of %d was acknowledged and is lost", id, len(acked))
		}
	}
	if len(all) > len(acked)+unknown {
		t.Fatalf("%d events are stored, %d were acknowledged", len(all), len(acked))
	}
}

// accepted appends until the node takes one again.
func accepted(t *testing.T, n *eventnode.Node, c *esdb.Client) uuid.UUID {
	t.Helper()
	e := bulk(64)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		n.Look()
		_, err := c.AppendToStream(ctx, "case-1", esdb.AppendToStreamOptions{}, e)
		if err == nil {
			return e.EventID
		}
		if ctx.Err() != nil {
			t.Fatalf("still refused: %v", err)
		}
		wantFull(t, err)
	}
}

func wantSound(t *testing.T, fs vfs.FS) {
	t.Helper()
	if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: "/store", FS: fs}); err != nil {
		t.Error(err)
	}
}

// TestAnAppendIsRefusedBeforeTheDiskIsFull fills a disk down to the reserve, twice.
func TestAnAppendIsRefusedBeforeTheDiskIsFull(t *testing.T) {
	disk := newSmallDisk(12 << 20)
	n := start(t, eventnode.Tune(eventnode.Config{Dir: "/store", FS: disk, Reserve: 4 << 20}, smallEngine))
	c := dial(t, n)
	live := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	var acked []uuid.UUID
	for range 2 {
		more, err := filling(t, c, 4096)
		acked = append(acked, more...)
		wantFull(t, err)
		wantStored(t, c, acked, 0)
		// The engine may have given something back meanwhile.
		size := disk.size.Swap(0)
		n.Look()
		if !errors.Is(n.Writable(), eventnode.ErrFull) {
			t.Errorf("writable = %v, want ErrFull", n.Writable())
		}
		_, err = c.AppendToStream(t.Context(), "case-1", esdb.AppendToStreamOptions{}, bulk(16))
		wantFull(t, err)
		wantStored(t, c, acked, 0)
		disk.size.Store(size)
		disk.size.Add(8 << 20)
		acked = append(acked, accepted(t, n, c))
		if n.Writable() != nil {
			t.Errorf("writable = %v", n.Writable())
		}
	}
	for i := range acked {
		for live.next() == "caught up" {
			continue
		}
		_ = i
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	wantSound(t, disk)
}

// TestAWriteThatFindsNoRoomWaitsForIt fills the disk under the node's feet, for
// each kind of change that the engine depends on.
func TestAWriteThatFindsNoRoomWaitsForIt(t *testing.T) {
	has := func(op, part string) func(change) bool {
		return func(c change) bool { return c.op == op && strings.Contains(c.base, part) }
	}
	for name, hit := range map[string]func(change) bool{
		"a write to the log":                            has("write", ".log"),
		"the making of a log":                           func(c change) bool { return (c.op == "create" || c.op == "reuse") && strings.HasSuffix(c.base, ".log") },
		"the making of a table":                         func(c change) bool { return c.op == "create" && c.category == "pebble-memtable-flush" },
		"a write to a table":                            func(c change) bool { return c.op == "write" && c.category == "pebble-memtable-flush" },
		"a write to the list of files":                  has("write", "MANIFEST"),
		"a write to what is known of the logs":          has("write", "SYNCED"),
		"a compaction, until nothing can go on without": func(c change) bool { return c.op == "write" && c.category == "pebble-compaction" },
		"every change, as when a disk really fills":     func(c change) bool { return c.op == "write" || c.op == "create" || c.op == "rename" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var full atomic.Bool
			mem := vfs.NewMem()
			disk := &hookedFS{FS: mem, hook: func(c change) error {
				if full.Load() && hit(c) {
					return syscall.ENOSPC
				}
				return nil
			}}
			n := start(t, eventnode.Tune(eventnode.Config{Dir: "/store", FS: disk}, smallEngine))
			c := dial(t, n)
			acked, err := filling(t, c, 40)
			if err != nil {
				t.Fatal(err)
			}
			unknown := 0
			for range 2 {
				full.Store(true)
				more, err := filling(t, c, 4096)
				acked = append(acked, more...)
				wantFull(t, err)
				unknown++
				wantStored(t, c, acked, unknown)
				full.Store(false)
				acked = append(acked, accepted(t, n, c))
				unknown++ // the first try of it
			}
			wantStored(t, c, acked, unknown)
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			wantSound(t, mem)
		})
	}
}

// TestACompactionThatFindsNoRoomHoldsUpNobody refuses only what compactions write.
func TestACompactionThatFindsNoRoomHoldsUpNobody(t *testing.T) {
	refused := make(chan struct{}, 1<<10)
	mem := vfs.NewMem()
	disk := &hookedFS{FS: mem, hook: func(c change) error {
		if c.op == "write" && c.category == "pebble-compaction" {
			select {
			case refused <- struct{}{}:
			default:
			}
			return syscall.ENOSPC
		}
		return nil
	}}
	n := start(t, eventnode.Tune(eventnode.Config{Dir: "/store", FS: disk}, smallEngine))
	c := dial(t, n)
	var acked []uuid.UUID
	for tried := false; !tried; {
		more, err := filling(t, c, 16)
		if acked = append(acked, more...); err != nil {
			t.Fatal(err)
		}
		select {
		case <-refused:
			tried = true
		default:
		}
	}
	more, err := filling(t, c, 16)
	if acked = append(acked, more...); err != nil {
		t.Fatal(err)
	}
	wantStored(t, c, acked, 0)
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	wantSound(t, mem)
}

// TestANodeWhoseDiskIsFullCanBeClosedAndOpenedAgain does both while a write waits.
func TestANodeWhoseDiskIsFullCanBeClosedAndOpenedAgain(t *testing.T) {
	var full atomic.Bool
	mem := vfs.NewMem()
	disk := &hookedFS{FS: mem, hook: func(c change) error {
		if full.Load() && (c.op == "write" || c.op == "create") {
			return fmt.Errorf("quota: %w", syscall.EDQUOT)
		}
		return nil
	}}
	cfg := eventnode.Tune(eventnode.Config{Dir: "/store", FS: disk, Addr: "127.0.0.1:0"}, smallEngine)
	n, err := eventnode.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, n)
	acked, err := filling(t, c, 40)
	if err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	more, err := filling(t, c, 100)
	acked = append(acked, more...)
	wantFull(t, err)
	begun := time.Now()
	if err := n.Close(); !errors.Is(err, eventnode.ErrFull) {
		t.Errorf("close = %v, want ErrFull", err)
	}
	if took := time.Since(begun); took > patience {
		t.Errorf("close took %s", took)
	}
	if n, err := eventnode.Open(cfg); !errors.Is(err, eventnode.ErrFull) {
		t.Errorf("open = %v, %v, want ErrFull", n, err)
	}
	full.Store(false)
	wantStored(t, dial(t, start(t, cfg)), acked, 1)
}
