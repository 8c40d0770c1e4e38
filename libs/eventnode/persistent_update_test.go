package eventnode_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// updateFrom updates the group "workers" as other clients than the official one of
// Go do, which always says that the group begins at the start.
func updateFrom(t *testing.T, n *eventnode.Node, stream string, from *persistent.UpdateReq_StreamOptions) error {
	t.Helper()
	from.StreamIdentifier = &shared.StreamIdentifier{StreamName: []byte(stream)}
	_, err := persistent.NewPersistentSubscriptionsClient(rawConn(t, n)).Update(ctx(t), &persistent.UpdateReq{Options: &persistent.UpdateReq_Options{
		GroupName:    "workers",
		StreamOption: &persistent.UpdateReq_Options_Stream{Stream: from},
		Settings: &persistent.UpdateReq_Settings{
			MaxRetryCount: 3, MinCheckpointCount: 100, MaxCheckpointCount: 100,
			LiveBufferSize: 50, ReadBatchSize: 10, HistoryBufferSize: 50,
			MessageTimeout:  &persistent.UpdateReq_Settings_MessageTimeoutMs{MessageTimeoutMs: 5000},
			CheckpointAfter: &persistent.UpdateReq_Settings_CheckpointAfterMs{CheckpointAfterMs: 60000},
		},
	}})
	return err
}

func TestAnUpdateLosesNoMessageAndRepeatsNone(t *testing.T) {
	for name, c1 := range map[string]struct {
		start esdb.StreamPosition // where the group was made to begin, with one event there
		acked int                 // of those that followed
		from  *persistent.UpdateReq_StreamOptions
		want  string
	}{
		"to the end, nothing being done yet": {esdb.End{}, 0, &persistent.UpdateReq_StreamOptions{
			RevisionOption: &persistent.UpdateReq_StreamOptions_End{End: &shared.Empty{}},
		}, "1/0"},
		"to the start, nothing being done yet": {esdb.End{}, 0, &persistent.UpdateReq_StreamOptions{
			RevisionOption: &persistent.UpdateReq_StreamOptions_Start{Start: &shared.Empty{}},
		}, "1/0"},
		"to a revision, nothing being done yet": {esdb.Start{}, 0, &persistent.UpdateReq_StreamOptions{
			RevisionOption: &persistent.UpdateReq_StreamOptions_Revision{Revision: 3},
		}, "0/0"},
		"to the end, some being done without a checkpoint": {esdb.End{}, 2, &persistent.UpdateReq_StreamOptions{
			RevisionOption: &persistent.UpdateReq_StreamOptions_End{End: &shared.Empty{}},
		}, "3/0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			n := start(t, eventnode.Config{Dir: dir})
			c := dial(t, n)
			appendTo(t, c, "case-1", esdb.NoStream{}, note("before"))
			settings := esdb.SubscriptionSettingsDefault()
			createGroup(t, c, "case-1", "workers", esdb.PersistentStreamSubscriptionOptions{StartFrom: c1.start, Settings: &settings})
			appendTo(t, c, "case-1", esdb.Any{}, notes("1", "2", "3")...)
			s := consume(t, c, "case-1", "workers", 10)
			for i := range 3 {
				if e := next(t, s); i < c1.acked {
					ack(t, s, e)
				}
			}
			wantInfo(t, c, "case-1", "workers", "the answers", func(i *esdb.PersistentSubscriptionInfo) bool {
				return c1.acked == 0 || i.Stats.TotalInFlightMessages == int64(3-c1.acked)
			})
			if err := updateFrom(t, n, "case-1", c1.from); err != nil {
				t.Fatal(err)
			}
			wantDropped(t, s, codes.Canceled)
			again := consume(t, c, "case-1", "workers", 10)
			wantDelivered(t, again, c1.want)
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			// And so after a restart.
			c = dial(t, start(t, eventnode.Config{Dir: dir}))
			wantDelivered(t, consume(t, c, "case-1", "workers", 10), c1.want)
		})
	}
}

func TestAGroupThatCouldNotBeOpenedAfterAnUpdateIsOpenedLater(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	createGroup(t, c, "case-1", "doomed", fromStart())
	checkpoint := func(group, place string) {
		t.Helper()
		appendTo(t, c, "$persistentsubscription-case-1::"+group+"-checkpoint", esdb.Any{},
			esdb.EventData{EventType: "$SubscriptionCheckpoint", ContentType: esdb.ContentTypeJson, Data: []byte(place)})
	}
	settings := esdb.SubscriptionSettingsDefault()
	settings.MaxRetryCount = 7
	o := esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}, Settings: &settings}
	for _, group := range []string{"workers", "doomed"} {
		checkpoint(group, `"nowhere"`)
		if err := c.UpdatePersistentSubscription(ctx(t), "case-1", group, o); err == nil {
			t.Fatalf("%s was updated with a checkpoint that leads nowhere", group)
		}
		if err := c.CreatePersistentSubscription(ctx(t), "case-1", group, o); code(err) != esdb.ErrorCodeResourceAlreadyExists {
			t.Errorf("%s was created again: %v", group, err)
		}
	}
	if err := c.DeletePersistentSubscription(ctx(t), "case-1", "doomed", esdb.DeletePersistentSubscriptionOptions{}); err != nil {
		t.Errorf("delete: %v", err)
	}
	createGroup(t, c, "case-1", "another", fromStart()) // the configuration is written anew
	checkpoint("workers", `"0"`)
	wantDelivered(t, consume(t, c, "case-1", "workers", 10), "1/0")
	if err := c.RestartPersistentSubscriptionSubsystem(ctx(t), esdb.RestartPersistentSubscriptionSubsystemOptions{}); err != nil {
		t.Fatal(err)
	}
	info := wantInfo(t, c, "case-1", "workers", "there", func(*esdb.PersistentSubscriptionInfo) bool { return true })
	if info.Settings.MaxRetryCount != 7 {
		t.Errorf("the update is forgotten: %d retries", info.Settings.MaxRetryCount)
	}
}

func TestAWriteAfterTheEndIsRefusedAtOnce(t *testing.T) {
	n := start(t, eventnode.Config{})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Late(ctx(t), "case-1"); status.Code(err) != codes.Unavailable {
		t.Errorf("a write after the end: %v, want Unavailable", err)
	}
}

// The last checkpoint of a group waits for the disk longer than the node waits for
// its groups. The engine stays open until the group is through with it.
func TestTheEngineOutlivesTheLastCheckpoint(t *testing.T) {
	mem := vfs.NewMem()
	var slow atomic.Bool
	syncing, sync := make(chan struct{}, 64), make(chan struct{})
	n := start(t, eventnode.Config{Dir: "/store", FS: &hookedFS{FS: mem, hook: func(c change) error {
		if slow.Load() && c.op == "sync" && strings.HasSuffix(c.base, ".log") {
			select {
			case syncing <- struct{}{}:
			default:
			}
			<-sync
		}
		return nil
	}}})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b")...)
	createGroup(t, c, "case-1", "workers", fromStart())
	s := consume(t, c, "case-1", "workers", 10)
	ack(t, s, wantDelivered(t, s, "0/0", "1/0")[0])
	wantInfo(t, c, "case-1", "workers", "an answer", func(i *esdb.PersistentSubscriptionInfo) bool { return i.Stats.TotalInFlightMessages == 1 })
	slow.Store(true)
	closed := make(chan error, 1)
	go func() { closed <- n.Close() }()
	select {
	case <-syncing:
	case <-ctx(t).Done():
		t.Fatal("no checkpoint is written")
	}
	<-n.WriterTold()
	slow.Store(false)
	close(sync)
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("close: %v", err)
		}
	case <-ctx(t).Done():
		t.Fatal("the node does not close")
	}
	c = dial(t, start(t, eventnode.Config{Dir: "/store", FS: mem}))
	wantDelivered(t, consume(t, c, "case-1", "workers", 10), "1/0")
}
