package eventnode_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// put appends one event and returns its position.
func put(ctx context.Context, c streams.StreamsClient, stream string, e esdb.EventData) (revision, position uint64, err error) {
	call, err := c.Append(ctx)
	if err != nil {
		return 0, 0, err
	}
	options := &streams.AppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(stream)},
		ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}},
	}
	// What is wrong with a send is told by the answer.
	_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: options}})
	_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id:       &shared.UUID{Value: &shared.UUID_String_{String_: e.EventID.String()}},
		Metadata: map[string]string{"type": e.EventType, "content-type": "application/json"},
		Data:     e.Data,
	}}})
	answer, err := call.CloseAndRecv()
	return answer.GetSuccess().GetCurrentRevision(), answer.GetSuccess().GetPosition().GetCommitPosition(), err
}

// listen counts the events of $all until the subscription ends, and returns why.
func listen(ctx context.Context, c streams.StreamsClient, heard *atomic.Int64) error {
	call, err := c.Read(ctx, &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
			AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}},
		}},
		CountOption:  &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}},
		},
	}})
	for err == nil {
		var item *streams.ReadResp
		if item, err = call.Recv(); item.GetEvent() != nil {
			heard.Add(1)
		}
	}
	return err
}

// TestANodeClosesUnderLoad closes a node that 64 writers and 20 subscribers use.
func TestANodeClosesUnderLoad(t *testing.T) {
	before := goleak.IgnoreCurrent()
	cfg := eventnode.Tune(eventnode.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0"}, smallEngine)
	book := &acked{appends: map[uuid.UUID]promise{}}
	t.Run("load", func(t *testing.T) { closeUnderLoad(t, cfg, book) })
	t.Run("no goroutine is left", func(t *testing.T) { noneLeft(t, before, goleak.IgnoreAnyFunction("testing.(*T).Run")) })
	t.Run("what was promised is there", func(t *testing.T) {
		if _, err := eventnode.Check(t.Context(), cfg); err != nil {
			t.Error(err)
		}
		book.kept(t, dial(t, start(t, cfg)))
	})
}

// noneLeft waits for the goroutines of a test to end; goleak by itself does so for
// half a second.
func noneLeft(t *testing.T, ignored ...goleak.Option) {
	t.Helper()
	var left error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if left = goleak.Find(ignored...); left == nil {
			return
		}
	}
	t.Error(left)
}

func closeUnderLoad(t *testing.T, cfg eventnode.Config, book *acked) {
	t.Helper()
	n, err := eventnode.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	work, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	var group sync.WaitGroup
	var heard, ended atomic.Int64
	for range 4 {
		c := streams.NewStreamsClient(rawConn(t, n)) // the official client can hang when its node goes away
		for range 5 {
			group.Go(func() {
				if code := status.Code(listen(work, c, &heard)); code != codes.Unavailable {
					t.Errorf("a subscription ends with %v", code)
				}
			})
		}
		for range 16 {
			group.Go(func() {
				if code := status.Code(write(work, c, book)); code != codes.Unavailable {
					t.Errorf("an append ends with %v", code)
				}
				ended.Add(1)
			})
		}
	}
	book.await(work, t, 500)
	begun := time.Now()
	if err := n.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	took := time.Since(begun)
	group.Wait()
	if took > 12*time.Second {
		t.Errorf("closing took %s", took)
	}
	t.Logf("closed in %s, %d appends acknowledged, %d events heard, %d writers refused", took, len(book.appends), heard.Load(), ended.Load())
}

// write appends until the node takes no more, and returns why.
func write(ctx context.Context, c streams.StreamsClient, book *acked) error {
	for {
		e := note("x")
		stream := fmt.Sprintf("case-%d", e.EventID[0]%16)
		revision, position, err := put(ctx, c, stream, e)
		if err != nil {
			return err
		}
		book.mu.Lock()
		book.appends[e.EventID] = promise{
			stream: stream, events: []esdb.EventData{e},
			result: esdb.WriteResult{CommitPosition: position, PreparePosition: position, NextExpectedVersion: revision},
		}
		book.mu.Unlock()
	}
}

// readCounter counts the bytes that are read of logs.
type readCounter struct {
	vfs.FS
	logs  atomic.Int64
	other atomic.Int64
}

func (c *readCounter) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, opts...)
	if err != nil {
		return nil, err
	}
	count := &c.other
	if strings.HasSuffix(name, ".log") {
		count = &c.logs
	}
	return &countedFile{f, count}, nil
}

type countedFile struct {
	vfs.File
	read *atomic.Int64
}

func (f *countedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read.Add(int64(n))
	return n, err
}

func (f *countedFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.File.ReadAt(p, offset)
	f.read.Add(int64(n))
	return n, err
}

// TestTheStartDoesNotGrowWithTheLog counts the bytes that it takes to open stores
// of one size and of eight times that size, both of killed nodes.
func TestTheStartDoesNotGrowWithTheLog(t *testing.T) {
	opened := func(events int) (logs, other int64) {
		mem := vfs.NewCrashableMem()
		core, err := eventnode.OpenCore(eventnode.Tune(eventnode.Config{Dir: "/store", FS: mem}, smallEngine))
		if err != nil {
			t.Fatal(err)
		}
		for i := range events {
			if _, err := core.Append(t.Context(), fmt.Sprintf("case-%d", i%100), -2, eventnode.Fact{ID: uuid.New(), Type: "t", Data: string(bulk(4 << 10).Data)}); err != nil {
				t.Fatal(err)
			}
		}
		left := &readCounter{FS: mem.CrashClone(vfs.CrashCloneCfg{})}
		if err := core.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := eventnode.OpenCore(eventnode.Tune(eventnode.Config{Dir: "/store", FS: left}, func(o *pebble.Options) {
			smallEngine(o)
			o.DisableAutomaticCompactions = true // they may begin at once, and hold up nobody
		}))
		if err != nil {
			t.Fatal(err)
		}
		logs, other = left.logs.Load(), left.other.Load()
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		return logs, other
	}
	small, _ := opened(500)
	large, other := opened(4000)
	t.Logf("read at the start: %d bytes of logs after 2 MB, %d after 16 MB, of which %d others", small, large, other)
	// Every log is read twice, once to prove it. The engine keeps up to two of its
	// memories, each of 256 KiB and larger by half in its log.
	if most := int64(2 * 2 * 384 << 10); large > most {
		t.Errorf("%d bytes of logs are read at the start, at most %d were expected", large, most)
	}
	if other > 2<<20 {
		t.Errorf("%d bytes of other files are read at the start", other)
	}
}
