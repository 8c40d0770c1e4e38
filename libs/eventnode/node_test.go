package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

func start(t testing.TB, cfg eventnode.Config) *eventnode.Node {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Addr = "127.0.0.1:0"
	n, err := eventnode.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil && n.Err() == nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func dial(t testing.TB, n *eventnode.Node) *esdb.Client {
	t.Helper()
	cfg, err := esdb.ParseConnectionString(n.Connection())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// stage is a fresh node and a client of it.
func stage(t testing.TB) *esdb.Client {
	t.Helper()
	return dial(t, start(t, eventnode.Config{}))
}

func ctx(t testing.TB) context.Context {
	t.Helper()
	c, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return c
}

// note is an event that says something.
func note(text string) esdb.EventData {
	return esdb.EventData{
		EventID: uuid.New(), EventType: "noted.v1", ContentType: esdb.ContentTypeJson,
		Data: fmt.Appendf(nil, `{"text":%q}`, text),
	}
}

func notes(texts ...string) []esdb.EventData {
	out := make([]esdb.EventData, len(texts))
	for i, text := range texts {
		out[i] = note(text)
	}
	return out
}

func appendTo(t testing.TB, c *esdb.Client, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) *esdb.WriteResult {
	t.Helper()
	r, err := c.AppendToStream(ctx(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return r
}

func code(err error) esdb.ErrorCode {
	if e, ok := errors.AsType[*esdb.Error](err); ok {
		return e.Code()
	}
	return -1
}

func wantCode(t testing.TB, err error, want esdb.ErrorCode) {
	t.Helper()
	if err == nil || code(err) != want {
		t.Fatalf("error = %v, want code %d", err, want)
	}
}

func drain(t testing.TB, s *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	t.Helper()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []*esdb.ResolvedEvent
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

func readErr(t testing.TB, c *esdb.Client, stream string, o esdb.ReadStreamOptions, count uint64) ([]*esdb.ResolvedEvent, error) {
	t.Helper()
	s, err := c.ReadStream(ctx(t), stream, o, count)
	return drain(t, s, err)
}

func read(t testing.TB, c *esdb.Client, stream string, o esdb.ReadStreamOptions, count uint64) []*esdb.ResolvedEvent {
	t.Helper()
	out, err := readErr(t, c, stream, o, count)
	if err != nil {
		t.Fatalf("read %s: %v", stream, err)
	}
	return out
}

func readAll(t testing.TB, c *esdb.Client, o esdb.ReadAllOptions, count uint64) []*esdb.ResolvedEvent {
	t.Helper()
	s, err := c.ReadAll(ctx(t), o, count)
	out, err := drain(t, s, err)
	if err != nil {
		t.Fatalf("read $all: %v", err)
	}
	return out
}

func revisions(events []*esdb.ResolvedEvent) []uint64 {
	out := make([]uint64, len(events))
	for i, e := range events {
		out[i] = e.OriginalEvent().EventNumber
	}
	return out
}

func positions(events []*esdb.ResolvedEvent) []uint64 {
	out := make([]uint64, len(events))
	for i, e := range events {
		out[i] = e.OriginalEvent().Position.Commit
	}
	return out
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	first, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}()
	// Permissions do not stop every user that runs tests; a directory in place of
	// the lock's file does.
	unwritable := t.TempDir()
	if err := os.Mkdir(filepath.Join(unwritable, "LOCK"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg  eventnode.Config
		want error
	}{
		"a configuration without a directory":      {eventnode.Config{}, eventnode.ErrNoDir},
		"an address that other machines reach":     {eventnode.Config{Dir: t.TempDir(), Addr: "0.0.0.0:0"}, eventnode.ErrNotLoopback},
		"an address of every interface":            {eventnode.Config{Dir: t.TempDir(), Addr: ":0"}, eventnode.ErrNotLoopback},
		"a directory that a node has open":         {eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"}, eventnode.ErrLocked},
		"a directory in which no lock can be made": {eventnode.Config{Dir: unwritable, Addr: "127.0.0.1:0"}, eventnode.ErrUnwritable},
		"a loopback address that is not the host":  {eventnode.Config{Dir: t.TempDir(), Addr: "example.invalid:0"}, eventnode.ErrNotLoopback},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := eventnode.Open(c.cfg)
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if n != nil {
				_ = n.Close()
			}
		})
	}
}

func TestCloseIsIdempotentAndFreesTheDirectory(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		n, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, n)
		appendTo(t, c, "case-1", esdb.Any{}, note("x"))
		for range 2 {
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if n.Err() != nil {
			t.Errorf("a closed node says it has failed: %v", n.Err())
		}
	}
}

func TestHealthIsToldOnTheSamePort(t *testing.T) {
	n := start(t, eventnode.Config{})
	appendTo(t, dial(t, n), "case-1", esdb.Any{}, note("gRPC works too"))
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/health/live", http.StatusNoContent},
		{http.MethodHead, "/health/live", http.StatusNoContent},
		{http.MethodGet, "/health/live?liveCode=200", http.StatusOK},
		{http.MethodGet, "/elsewhere", http.StatusNotFound},
		{http.MethodGet, "/subscriptions/case-1", http.StatusNotImplemented},
	} {
		req, err := http.NewRequestWithContext(ctx(t), c.method, "http://"+n.Addr()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s = %d, want %d", c.method, c.path, resp.StatusCode, c.want)
		}
	}
}

func TestAClusterConnectionFindsTheNodeByGossip(t *testing.T) {
	n := start(t, eventnode.Config{})
	cfg, err := esdb.ParseConnectionString("esdb://" + n.Addr() + "," + n.Addr() + "?tls=false")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = esdb.NoopLogging()
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	appendTo(t, c, "case-1", esdb.NoStream{}, note("x"))
	v, err := c.GetServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if v.Major != 24 || v.Minor != 10 || v.Patch != 0 {
		t.Errorf("version = %+v, want 24.10.0", v)
	}
}
