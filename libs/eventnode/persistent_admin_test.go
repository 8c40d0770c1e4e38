package eventnode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestUpdateAndDeleteDropTheClients(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	createGroup(t, c, "case-1", "workers", fromStart(diligent))
	s := consume(t, c, "case-1", "workers", 1)
	ack(t, s, wantDelivered(t, s, "0/0")...)
	wantDelivered(t, s, "1/0")
	wantInfo(t, c, "case-1", "workers", "a checkpoint", func(i *esdb.PersistentSubscriptionInfo) bool {
		return i.Stats.LastCheckpointedEventRevision != nil && *i.Stats.LastCheckpointedEventRevision == 0
	})
	single := fromStart(func(s *esdb.PersistentSubscriptionSettings) {
		s.ConsumerStrategyName = esdb.ConsumerStrategyDispatchToSingle
	})
	if err := c.UpdatePersistentSubscription(ctx(t), "case-1", "workers", single); err != nil {
		t.Fatal(err)
	}
	wantDropped(t, s, codes.Canceled)
	s = consume(t, c, "case-1", "workers", 1)
	wantDelivered(t, s, "1/0") // from the checkpoint, not from the start
	info := wantInfo(t, c, "case-1", "workers", "updated", func(*esdb.PersistentSubscriptionInfo) bool { return true })
	if got := info.Settings.ConsumerStrategyName; got != esdb.ConsumerStrategyDispatchToSingle {
		t.Errorf("strategy = %s", got)
	}

	if err := c.DeletePersistentSubscription(ctx(t), "case-1", "workers", esdb.DeletePersistentSubscriptionOptions{}); err != nil {
		t.Fatal(err)
	}
	wantDropped(t, s, codes.Canceled)
	createGroup(t, c, "case-1", "workers", fromStart())
	wantDelivered(t, consume(t, c, "case-1", "workers", 1), "0/0") // its namesake's checkpoint is gone
}

func TestARestartOfAllGroupsDropsTheClients(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, note("a"))
	createGroup(t, c, "case-1", "workers", fromStart())
	s := consume(t, c, "case-1", "workers", 1)
	wantDelivered(t, s, "0/0")
	if err := c.RestartPersistentSubscriptionSubsystem(ctx(t), esdb.RestartPersistentSubscriptionSubsystemOptions{}); err != nil {
		t.Fatal(err)
	}
	wantDropped(t, s, codes.Canceled)
	wantDelivered(t, consume(t, c, "case-1", "workers", 1), "0/0")
}

func TestGroupsRefuseWithACodeAndTrailers(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	createGroup(t, c, "case-1", "one", fromStart(func(s *esdb.PersistentSubscriptionSettings) { s.MaxSubscriberCount = 1 }))
	consume(t, c, "case-1", "one", 1)
	groups := persistent.NewPersistentSubscriptionsClient(rawConn(t, n))
	settings := func(batch int32) *persistent.CreateReq_Settings {
		return &persistent.CreateReq_Settings{
			HistoryBufferSize: 20, LiveBufferSize: 20, ReadBatchSize: batch,
		}
	}
	create := func(group string, batch int32, strategy string) func(...grpc.CallOption) error {
		return func(o ...grpc.CallOption) error {
			s := settings(batch)
			s.ConsumerStrategy = strategy
			_, err := groups.Create(ctx(t), &persistent.CreateReq{Options: &persistent.CreateReq_Options{
				StreamOption: &persistent.CreateReq_Options_Stream{Stream: &persistent.CreateReq_StreamOptions{StreamIdentifier: name("case-1")}},
				GroupName:    group, Settings: s,
			}}, o...)
			return err
		}
	}
	readGroup := func(group string, window int32) func(...grpc.CallOption) error {
		return func(o ...grpc.CallOption) error {
			call, err := groups.Read(ctx(t), o...)
			if err != nil {
				return err
			}
			err = call.Send(&persistent.ReadReq{Content: &persistent.ReadReq_Options_{Options: &persistent.ReadReq_Options{
				StreamOption: &persistent.ReadReq_Options_StreamIdentifier{StreamIdentifier: name("case-1")},
				GroupName:    group, BufferSize: window,
			}}})
			if err != nil {
				return err
			}
			_, err = call.Recv()
			return err
		}
	}
	target := &persistent.GetInfoReq_Options_StreamIdentifier{StreamIdentifier: name("case-1")}
	for what, c := range map[string]struct {
		call      func(...grpc.CallOption) error
		code      codes.Code
		exception string
	}{
		"a group that is there":             {create("one", 5, ""), codes.AlreadyExists, "persistent-subscription-exists"},
		"a batch that the buffer cannot do": {create("two", 20, ""), codes.Internal, "persistent-subscription-failed"},
		"a strategy that nobody knows":      {create("two", 5, "Roulette"), codes.Internal, "persistent-subscription-failed"},
		"a group without a name":            {create("", 5, ""), codes.InvalidArgument, ""},
		"one consumer too many":             {readGroup("one", 1), codes.FailedPrecondition, "maximum-subscribers-reached"},
		"a group that is not there":         {readGroup("two", 1), codes.NotFound, "persistent-subscription-does-not-exist"},
		"a window without room":             {readGroup("one", 0), codes.InvalidArgument, ""},
		"the info of a group not there": {func(o ...grpc.CallOption) error {
			_, err := groups.GetInfo(ctx(t), &persistent.GetInfoReq{Options: &persistent.GetInfoReq_Options{StreamOption: target, GroupName: "two"}}, o...)
			return err
		}, codes.NotFound, "persistent-subscription-does-not-exist"},
		"a replay up to less than nothing": {func(o ...grpc.CallOption) error {
			_, err := groups.ReplayParked(ctx(t), &persistent.ReplayParkedReq{Options: &persistent.ReplayParkedReq_Options{
				StreamOption: &persistent.ReplayParkedReq_Options_StreamIdentifier{StreamIdentifier: name("case-1")}, GroupName: "one",
				StopAtOption: &persistent.ReplayParkedReq_Options_StopAt{StopAt: -1},
			}}, o...)
			return err
		}, codes.Internal, "persistent-subscription-failed"},
	} {
		t.Run(what, func(t *testing.T) {
			var trailer metadata.MD
			err := c.call(grpc.Trailer(&trailer))
			if status.Code(err) != c.code {
				t.Errorf("error = %v, want %v", err, c.code)
			}
			want := []string{c.exception, "case-1"}
			if c.exception == "" {
				return
			}
			if diff := cmp.Diff(want, []string{strings.Join(trailer["exception"], ","), strings.Join(trailer["stream-name"], ",")}); diff != "" {
				t.Errorf("trailers (-want +got):\n%s", diff)
			}
			if len(trailer["group-name"]) != 1 {
				t.Errorf("trailers = %v, want the name of the group", trailer)
			}
		})
	}
	t.Run("everything by another strategy", func(t *testing.T) {
		if err := create("three", 5, "PinnedByCorrelation")(); err != nil {
			t.Error(err)
		}
	})
}

func TestGroupsAreListed(t *testing.T) {
	c := stage(t)
	list := func(infos []esdb.PersistentSubscriptionInfo, err error) []string {
		if err != nil {
			return []string{err.Error()}
		}
		var out []string
		for _, i := range infos {
			out = append(out, i.EventSource+" "+i.GroupName)
		}
		return out
	}
	o := esdb.ListPersistentSubscriptionsOptions{}
	if got := list(c.ListAllPersistentSubscriptions(ctx(t), o)); got != nil {
		t.Errorf("at first: %v", got)
	}
	createGroup(t, c, "case-1", "b", fromStart())
	createGroup(t, c, "case-1", "a", fromStart())
	createGroup(t, c, "case-2", "a", fromStart())
	createGroupOnLog(t, c, "all", esdb.PersistentAllSubscriptionOptions{StartFrom: esdb.Start{}})
	for name, c := range map[string]struct{ got, want []string }{
		"all of them": {list(c.ListAllPersistentSubscriptions(ctx(t), o)), []string{"$all all", "case-1 a", "case-1 b", "case-2 a"}},
		"of a stream": {list(c.ListPersistentSubscriptionsForStream(ctx(t), "case-1", o)), []string{"case-1 a", "case-1 b"}},
		"of the log":  {list(c.ListPersistentSubscriptionsToAll(ctx(t), o)), []string{"$all all"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := c.ListPersistentSubscriptionsForStream(ctx(t), "case-3", o)
	wantCode(t, err, esdb.ErrorCodeResourceNotFound)
}

func TestAGroupTellsHowFarItIs(t *testing.T) {
	c := stage(t)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c", "d")...)
	o := fromStart(diligent)
	o.StartFrom = esdb.Revision(1)
	createGroup(t, c, "case-1", "workers", o)
	s := consume(t, c, "case-1", "workers", 2)
	got := wantDelivered(t, s, "1/0", "2/0")
	ack(t, s, got[0])
	wantDelivered(t, s, "3/0")
	info := wantInfo(t, c, "case-1", "workers", "a checkpoint", func(i *esdb.PersistentSubscriptionInfo) bool {
		return i.Stats.LastCheckpointedEventRevision != nil
	})
	if got := *info.Stats.LastCheckpointedEventRevision; got != 1 {
		t.Errorf("checkpoint at %d, want 1", got)
	}
	if got := info.Stats.LastKnownEventRevision; got == nil || *got != 3 {
		t.Errorf("last known revision %v, want 3", got)
	}
	if got := info.Settings.StartFrom; got != esdb.Revision(1) {
		t.Errorf("starts from %v", got)
	}
	if len(info.Connections) != 1 || info.Connections[0].InFlightMessages != 2 || info.Connections[0].AvailableSlots != 0 || info.Connections[0].TotalItemsProcessed != 3 {
		t.Errorf("connections = %+v", info.Connections)
	}
	if info.Stats.TotalInFlightMessages != 2 || info.Stats.TotalItems != 3 {
		t.Errorf("stats = %+v", info.Stats)
	}
	// The checkpoint is an event like any other, and few of them are kept.
	stream := "$persistentsubscription-case-1::workers-checkpoint"
	e := read(t, c, stream, esdb.ReadStreamOptions{}, 10)
	if len(e) != 1 || string(e[0].Event.Data) != `"1"` || e[0].Event.EventType != "$SubscriptionCheckpoint" {
		t.Errorf("checkpoints = %v", e)
	}
	deadline := time.Now().Add(patience)
	for {
		meta, err := c.GetStreamMetadata(ctx(t), stream, esdb.ReadStreamOptions{})
		if err == nil && meta.MaxCount() != nil && *meta.MaxCount() == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the checkpoints are not limited: %v", err)
		}
	}
}
