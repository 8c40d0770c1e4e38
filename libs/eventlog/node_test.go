package eventlog_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
)

// patient bounds every wait for a real node.
const patient = 30 * time.Second

// server is a node that can be taken down and brought back on the same
// directory and port.
type server struct {
	dir, addr string
	node      *eventnode.Node
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), addr: nodetest.Addr(t)}
	s.up(t)
	t.Cleanup(func() {
		if s.node != nil {
			_ = s.node.Close()
		}
	})
	return s
}

func (s *server) up(t testing.TB) {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: s.dir, Addr: s.addr})
	if err != nil {
		t.Fatalf("open node: %v", err)
	}
	s.node = node
	u, err := url.Parse(node.Connection())
	if err != nil {
		t.Fatalf("connection string %q: %v", node.Connection(), err)
	}
	s.addr = u.Host
}

func (s *server) down(t testing.TB) {
	t.Helper()
	if err := s.node.Close(); err != nil {
		t.Fatalf("close node: %v", err)
	}
	s.node = nil
}

// connection is a connection string with settings added.
func (s *server) connection(settings string) string {
	return "esdb://" + s.addr + "?tls=false" + settings
}

func openLog(t testing.TB, connection string) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(connection)
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func newLog(t *testing.T) *eventlog.Log {
	t.Helper()
	return openLog(t, newServer(t).connection(""))
}

// event makes an event that carries n.
func event(n int) eventlog.Event {
	return eventlog.Event{
		ID:   uuid.New(),
		Type: "counted.v1",
		Data: fmt.Appendf(nil, `{"n":%d}`, n),
		Meta: []byte(`{"$correlationId":"c"}`),
	}
}

func events(n int) []eventlog.Event {
	es := make([]eventlog.Event, n)
	for i := range es {
		es[i] = event(i)
	}
	return es
}

// mustAppend appends or ends the test.
func mustAppend(t testing.TB, log *eventlog.Log, stream string, es ...eventlog.Event) eventlog.Appended {
	t.Helper()
	appended, err := log.Append(t.Context(), stream, eventlog.Any, es...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return appended
}

// readAll reads a stream to its end.
func readAll(t testing.TB, log *eventlog.Log, stream string, from uint64) ([]eventlog.Recorded, error) {
	t.Helper()
	var got []eventlog.Recorded
	for r, err := range log.Read(t.Context(), stream, from) {
		if err != nil {
			return got, err
		}
		got = append(got, r)
	}
	return got, nil
}
