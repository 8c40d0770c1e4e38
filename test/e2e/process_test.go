package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
)

// binaries are built once for all tests of the package.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "yuanlu-e2e-")
	if err != nil {
		return "", err
	}
	for _, target := range []string{
		"intake/cmd/intake", "warning/cmd/warning", "stoppayment/cmd/stoppayment", "refund/cmd/refund", "casebook/cmd/casebook", "yuanlu/cmd/yuanlu",
	} {
		build := exec.CommandContext(context.Background(), "go", "build", "-o", filepath.Join(dir, filepath.Base(target)), "../../services/"+target)
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", target, err, out)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := binaries(); err == nil {
		_ = os.RemoveAll(dir) // a directory of our own under the system's
	}
	os.Exit(code)
}

// process is one running program with everything it has logged.
type process struct {
	*exec.Cmd
	name string
	log  *output
	done chan error
}

// output keeps what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs a program of the city until the test ends.
func start(t *testing.T, log *output, name string, env []string, args ...string) *process {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), filepath.Join(dir, name), args...), name: name, log: log, done: make(chan error, 1)} //nolint:gosec // our own programs
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill() // it may have ended
		if t.Failed() {
			t.Logf("%s logged:\n%s", name, tail(log.String()))
		}
	})
	return p
}

func tail(s string) string { return s[max(0, len(s)-6000):] }

// kill ends a process without giving it a chance.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-p.done; err == nil {
		t.Errorf("%s ended in order before it was killed", p.name)
	}
}

// stop asks a process to end, and demands that it does so in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("%s after Ctrl-C: %v", p.name, err)
		}
	case <-time.After(30 * time.Second):
		t.Errorf("%s did not stop within 30 seconds", p.name)
	}
}

// freeAddr is an address that nobody listens on, nor will by chance.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", nodetest.Addr(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// eventually asks until it is so, for a minute at most: another process can
// only be looked at.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// answers tells whether a GET succeeds.
func answers(url string) bool {
	response, err := http.Get(url) //nolint:gosec,noctx // loopback
	if err != nil {
		return false
	}
	return errors.Join(response.Body.Close()) == nil && response.StatusCode < 300
}
