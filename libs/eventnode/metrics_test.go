package eventnode_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// scrape returns the figures by name and labels.
func scrape(t testing.TB, n *eventnode.Node) map[string]string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx(t), http.MethodGet, "http://"+n.Addr()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", resp.StatusCode, err)
	}
	out := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' {
			out[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return out
}

func TestTheFiguresCount(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	appendTo(t, c, "case-1", esdb.Any{}, note("d"))
	if _, err := c.AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, note("e")); code(err) != esdb.ErrorCodeWrongExpectedVersion {
		t.Fatal(err)
	}
	if _, err := c.TombstoneStream(ctx(t), "case-2", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AppendToStream(ctx(t), "case-2", esdb.AppendToStreamOptions{}, note("f")); code(err) != esdb.ErrorCodeStreamDeleted {
		t.Fatal(err)
	}
	read(t, c, "case-1", esdb.ReadStreamOptions{}, 10)
	readAll(t, c, esdb.ReadAllOptions{From: esdb.Start{}}, 2)
	sub, err := c.SubscribeToStream(ctx(t), "case-1", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		for sub.Recv().EventAppeared == nil { //nolint:revive // until the next event
		}
	}
	got := scrape(t, n)
	for name, want := range map[string]string{
		`eventnode_appends_total{result="written"}`:                "2",
		`eventnode_appends_total{result="wrong_expected_version"}`: "1",
		`eventnode_append_duration_seconds_count`:                  "2",
		`eventnode_appended_events_total`:                          "5",
		`eventnode_last_position`:                                  "5",
		`eventnode_refused_total{reason="stream-deleted"}`:         "1",
		`eventnode_reads_total{of="stream"}`:                       "1",
		`eventnode_reads_total{of="all"}`:                          "1",
		`eventnode_sent_events_total{to="read"}`:                   "6",
		`eventnode_sent_events_total{to="stream"}`:                 "4",
		`eventnode_subscriptions{kind="stream"}`:                   "1",
		`eventnode_subscriptions{kind="all"}`:                      "0",
		`eventnode_failed`:                                         "0",
		`eventnode_writable`:                                       "1",
		`eventnode_groups_omitted`:                                 "0",

		`eventnode_calls_total{code="OK",method="/event_store.client.streams.Streams/Append"}`:                 "3",
		`eventnode_calls_total{code="FailedPrecondition",method="/event_store.client.streams.Streams/Append"}`: "1",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %s", name, got[name], want)
		}
	}
	for _, name := range []string{
		"eventnode_fsync_duration_seconds_count", "eventnode_round_appends_sum", "eventnode_disk_free_bytes",
		"eventnode_store_bytes", "eventnode_engine_memtable_bytes", "eventnode_engine_wal_bytes", "go_goroutines",
	} {
		if got[name] == "" || got[name] == "0" {
			t.Errorf("%s = %q", name, got[name])
		}
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAGroupHasFiguresOfItsOwn(t *testing.T) {
	n := start(t, eventnode.Config{})
	c := dial(t, n)
	appendTo(t, c, "case-1", esdb.NoStream{}, notes("a", "b", "c")...)
	if err := c.CreatePersistentSubscription(ctx(t), "case-1", "readers", esdb.PersistentStreamSubscriptionOptions{StartFrom: esdb.Start{}}); err != nil {
		t.Fatal(err)
	}
	got := scrape(t, n)
	for name, want := range map[string]string{
		`eventnode_group_lag_events{group="readers",stream="case-1"}`:       "3",
		`eventnode_group_parked_events{group="readers",stream="case-1"}`:    "0",
		`eventnode_group_in_flight_events{group="readers",stream="case-1"}`: "0",
		`eventnode_group_consumers{group="readers",stream="case-1"}`:        "0",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %s", name, got[name], want)
		}
	}
}

func TestAFailedNodeSaysSoInItsFigures(t *testing.T) {
	broken := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			return errors.New("no more")
		}
		return nil
	})}
	n := start(t, eventnode.Config{Dir: "/store", FS: errorfs.Wrap(vfs.NewMem(), &broken)})
	broken.On()
	if _, err := dial(t, n).AppendToStream(ctx(t), "case-1", esdb.AppendToStreamOptions{}, note("x")); err == nil {
		t.Fatal("an append on a broken disk was answered")
	}
	got := scrape(t, n)
	if got["eventnode_failed"] != "1" || got["eventnode_writable"] != "0" || got["eventnode_last_position"] != "0" {
		t.Errorf("failed = %s, writable = %s, position = %s", got["eventnode_failed"], got["eventnode_writable"], got["eventnode_last_position"])
	}
	if _, err := n.Backup(ctx(t), io.Discard); err == nil {
		t.Error("a failed node is backed up")
	}
}
