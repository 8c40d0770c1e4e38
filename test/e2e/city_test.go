package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/yuanlu/yuanlu/libs/privacy"
)

// routes says which service answers which paths, as a city's gateway has it.
var routes = map[string][]string{
	"intake":      {"/v1/reports", "/v1/cases", "/rules", "/v1/demo"},
	"warning":     {"/v1/alerts"},
	"stoppayment": {"/v1/standing-approvals", "/v1/pursuits", "/v1/orders", "/v1/accounts", "/v1/bank/orders"},
	"refund":      {"/v1/refunds", "/v1/bank/refund-notices"},
	"casebook":    {"/v1/histories", "/v1/figures"},
}

// separate is a city of six processes: the node and five services that know
// nothing of each other but the log.
type separate struct {
	url       string
	node      string
	dir       string
	env       []string
	log       output
	processes map[string]*process
	heard     *ear
}

func startSeparate(t *testing.T) *separate {
	t.Helper()
	dir := t.TempDir()
	c := &separate{node: freeAddr(t), dir: dir, processes: map[string]*process{}, heard: &ear{plain: map[string]bool{}}}
	key := filepath.Join(dir, "master.key")
	if _, err := privacy.LoadOrCreateMaster(key); err != nil {
		t.Fatal(err)
	}
	c.env = []string{"YUANLU_EVENTSTORE=esdb://" + c.node + "?tls=false", "YUANLU_MASTER_KEY_FILE=" + key, "YUANLU_DEMO=true"}
	c.startNode(t)
	gateway := http.NewServeMux()
	for name, prefixes := range routes {
		addr := freeAddr(t)
		c.env = append(c.env, "ADDR_"+name+"="+addr)
		c.startService(t, name)
		target, err := url.Parse("http://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo) // clients that hang up are not news
		for _, p := range prefixes {
			gateway.Handle(p, proxy)
			gateway.Handle(p+"/", proxy)
		}
	}
	for name := range routes {
		eventually(t, name+" is ready", func() bool { return answers("http://" + c.addr(name) + "/readyz") })
	}
	server := httptest.NewServer(c.heard.listen(gateway))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *separate) startNode(t *testing.T) {
	t.Helper()
	c.processes["eventstore"] = start(t, &c.log, "yuanlu", nil, "eventstore", "--addr", c.node, "--data", filepath.Join(c.dir, "eventstore"))
	eventually(t, "the node lives", func() bool { return answers("http://" + c.node + "/health/live") })
}

func (c *separate) startService(t *testing.T, name string) {
	t.Helper()
	env := append(c.env[:len(c.env):len(c.env)], "YUANLU_ADDR="+c.addr(name), "YUANLU_DATA="+filepath.Join(c.dir, name))
	c.processes[name] = start(t, &c.log, name, env)
}

func (c *separate) addr(name string) string {
	for _, e := range c.env {
		if addr, ok := strings.CutPrefix(e, "ADDR_"+name+"="); ok {
			return addr
		}
	}
	return ""
}

// ear hears all that goes over the gateway and remembers the personal data in
// it, so that a test can look for it where it must not be.
type ear struct {
	mu    sync.Mutex
	plain map[string]bool
}

// personal are the JSON members whose values must never rest in clear.
var personal = map[string]bool{
	"name": true, "idNumber": true, "phone": true, "address": true, "number": true, "holder": true, "brief": true,
	"accountName": true, "accountNumber": true, "counterName": true, "counterNumber": true,
}

func (e *ear) listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		e.hear(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func (e *ear) hear(body []byte) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.walk("", v)
}

// add remembers more to look for.
func (e *ear) add(values []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range values {
		if len(v) >= 6 { // two Chinese characters or more
			e.plain[v] = true
		}
	}
}

func (e *ear) walk(member string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			e.walk(k, inner)
		}
	case []any:
		for _, inner := range v {
			e.walk(member, inner)
		}
	case string:
		if personal[member] && len(v) >= 6 { // two Chinese characters or more
			e.plain[v] = true
		}
	}
}

// leaks lists the files under a directory, and the log if given, in which any
// personal data that was heard stands in clear.
func (e *ear) leaks(t *testing.T, dir, log string) []string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []string
	look := func(where string, data []byte) {
		for text := range e.plain {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, where+" holds a value of "+string([]rune(text)[:1])+"…")
				return
			}
		}
	}
	look("the log", []byte(log))
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // under the test's own directory
		look(filepath.Base(path), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
