package eventnode_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// TestAnEventIsNotSeenBeforeItIsOnDisk holds the fsync of an append back and looks.
func TestAnEventIsNotSeenBeforeItIsOnDisk(t *testing.T) {
	syncing, held := make(chan struct{}, 100), make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	slow := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			syncing <- struct{}{}
			<-held
		}
		return nil
	})}
	n := start(t, eventnode.Config{Dir: "/store", FS: errorfs.Wrap(vfs.NewMem(), &slow)})
	t.Cleanup(release) // before the node closes
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.Any{}, note("0"))
	live := followAll(t, c, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	live.hears("case-1/0", "caught up")

	slow.On()
	answered := make(chan error, 2)
	for _, stream := range []string{"case-1", "case-2"} {
		go func() {
			_, err := c.AppendToStream(ctx(t), stream, esdb.AppendToStreamOptions{}, note("held back"))
			answered <- err
		}()
	}
	select {
	case <-syncing:
	case err := <-answered:
		t.Fatalf("answered without an fsync: %v", err)
	}
	for range 20 { // the engine has the event in memory by now
		if got := len(readAll(t, c, esdb.ReadAllOptions{}, 10)); got != 1 {
			t.Fatalf("$all shows %d events", got)
		}
		if got := len(read(t, c, "case-1", esdb.ReadStreamOptions{From: esdb.End{}, Direction: esdb.Backwards}, 10)); got != 1 {
			t.Fatalf("the stream shows %d events", got)
		}
		_, err := readErr(t, c, "case-2", esdb.ReadStreamOptions{}, 10)
		wantCode(t, err, esdb.ErrorCodeResourceNotFound)
	}
	select {
	case err := <-answered:
		t.Fatalf("answered before the fsync: %v", err)
	default:
	}
	slow.Off()
	release()
	for range 2 {
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
	live.next()
	live.next()
	if got := len(readAll(t, c, esdb.ReadAllOptions{}, 10)); got != 3 {
		t.Fatalf("$all shows %d events, want 3", got)
	}
}

// TestAnIdleSubscriptionIsKept waits longer than a server with the usual ideas
// about keep-alive pings lets the official client live, which is 31 seconds.
func TestAnIdleSubscriptionIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 45 seconds")
	}
	t.Parallel()
	c := stage(t)
	sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.End{}})
	if err != nil {
		t.Fatal(err)
	}
	e := ear{t, sub}
	e.hears("caught up")
	idle := time.NewTimer(45 * time.Second)
	defer idle.Stop()
	heard := make(chan string, 1)
	go func() { heard <- e.next() }()
	select {
	case got := <-heard:
		t.Fatalf("heard %s while idle", got)
	case <-idle.C:
	}
	appendTo(t, c, "case-1", esdb.Any{}, note("x"))
	if got := <-heard; got != "case-1/0" {
		t.Fatalf("heard %s", got)
	}
}
