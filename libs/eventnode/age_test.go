package eventnode_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// shifted is a clock that is set by hand, relative to when it was made.
func shifted() (now func() time.Time, shift *atomic.Int64) {
	base, shift := time.Now(), new(atomic.Int64)
	return func() time.Time { return base.Add(time.Duration(shift.Load())) }, shift
}

func metadataOf(t *testing.T, c *esdb.Client, stream, text string) {
	t.Helper()
	appendTo(t, c, "$$"+stream, esdb.Any{}, esdb.EventData{
		EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(text),
	})
}

// What another limit hides is not looked at, so nothing may be concluded of its
// age.
func TestALimitThatIsLiftedShowsWhatIsYoungEnough(t *testing.T) {
	now, shift := shifted()
	n := start(t, eventnode.Config{Now: now})
	c := dial(t, n)
	shift.Store(int64(2 * time.Hour)) // the clock is wrong
	appendTo(t, c, "s", esdb.NoStream{}, notes("a", "b", "c")...)
	shift.Store(0) // and set back
	appendTo(t, c, "s", esdb.Any{}, notes("d", "e")...)
	metadataOf(t, c, "s", `{"$maxCount":2,"$maxAge":3600}`)
	shift.Store(int64(90 * time.Minute))
	if got := read(t, c, "s", esdb.ReadStreamOptions{}, 10); len(got) != 0 {
		t.Fatalf("%d events are read, all of which are too old", len(got))
	}
	metadataOf(t, c, "s", `{"$maxAge":3600}`)
	if got := read(t, c, "s", esdb.ReadStreamOptions{}, 10); len(got) != 3 {
		t.Errorf("%d events are read, where 3 are young enough", len(got))
	}
}

func TestALinkToAnEventThatHasBecomeTooOldLeadsNowhereInALiveSubscription(t *testing.T) {
	now, shift := shifted()
	n := start(t, eventnode.Config{Now: now})
	c := dial(t, n)
	metadataOf(t, c, "s", `{"$maxAge":60}`)
	appendTo(t, c, "s", esdb.NoStream{}, note("old"))
	sub, err := c.SubscribeToAll(ctx(t), esdb.SubscribeToAllOptions{From: esdb.End{}, ResolveLinkTos: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Close() }()
	for sub.Recv().CaughtUp == nil { //nolint:revive // until it is live
	}
	shift.Store(int64(time.Hour))
	appendTo(t, c, "index", esdb.Any{}, esdb.EventData{EventType: "$>", ContentType: esdb.ContentTypeBinary, Data: []byte("0@s")})
	for {
		message := sub.Recv()
		if message.SubscriptionDropped != nil {
			t.Fatal(message.SubscriptionDropped.Error)
		}
		if e := message.EventAppeared; e != nil {
			if e.Event != nil {
				t.Errorf("an event that is an hour old is delivered: %s", e.Event.Data)
			}
			return
		}
	}
}

// A backup copies the engine's logs, which a scavenge removes.
func TestABackupIsWholeWhileScavengesGoOn(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	metadataOf(t, c, "s", `{"$maxCount":3}`)
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			appendTo(t, c, "s", esdb.Any{}, notes("a", "b", "c", "d")...)
			if _, err := n.Scavenge(t.Context()); err != nil {
				t.Errorf("scavenge: %v", err)
				return
			}
		}
	})
	for range 8 {
		written := appendTo(t, c, "mark", esdb.Any{}, note("x"))
		manifest, err := n.Backup(t.Context(), io.Discard)
		if err != nil {
			t.Errorf("backup: %v", err)
		} else if manifest.Last < written.CommitPosition {
			t.Errorf("the backup ends at %d, %d had been acknowledged", manifest.Last, written.CommitPosition)
		}
	}
	close(stop)
	work.Wait()
}
