package bus_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
)

// The test binary plays other processes too, told by its environment.
const (
	roleVariable  = "YUANLU_TEST_ROLE"
	restartRole   = "restart" // has the node restarted
	nodeRole      = "node"    // is a node
	workerRole    = "worker"  // handles messages until it is killed
	addrVariable  = "YUANLU_TEST_ADDR"
	dirVariable   = "YUANLU_TEST_DIR"
	crashVariable = "YUANLU_TEST_CRASH"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case restartRole:
		err = askForRestart(context.Background(), os.Getenv(addrVariable))
	case nodeRole:
		err = beNode(os.Getenv(dirVariable), os.Getenv(addrVariable))
	case workerRole:
		err = beWorker(context.Background(), os.Getenv(dirVariable), os.Getenv(addrVariable), os.Getenv(crashVariable))
	default:
		err = withoutTheSuitesRace()
		if err == nil {
			os.Exit(m.Run())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// withoutTheSuitesRace begins this process anew with the race detector told of
// one race that is not ours: Watermill's TestReconnect looks at its list of
// published messages while another goroutine of its own may still add to it.
func withoutTheSuitesRace() error {
	const suppressed = "suppressions="
	if !raced || strings.Contains(os.Getenv("GORACE"), suppressed) {
		return nil
	}
	file, err := filepath.Abs(filepath.Join("testdata", "race.supp"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); err != nil {
		return nil //nolint:nilerr // run elsewhere than in its directory: the race shows
	}
	env := append(os.Environ(), "GORACE="+strings.TrimSpace(os.Getenv("GORACE")+" "+suppressed+file))
	return syscall.Exec("/proc/self/exe", os.Args, env)
}

// beNode is a node until the end of its standard input or its own.
func beNode(dir, addr string) error {
	node, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: addr})
	if err != nil {
		return err
	}
	fmt.Println(node.Connection())
	_, _ = io.Copy(io.Discard, os.Stdin) // its parent has ended
	return node.Close()
}

// askForRestart returns when the node is up again.
func askForRestart(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // all has been read
	_, err = io.ReadAll(conn)
	return err
}

// process is a node in a process of its own, which can be killed.
type process struct {
	dir string

	mu   sync.Mutex
	addr string
	cmd  *exec.Cmd
}

func newProcess(t testing.TB) *process {
	t.Helper()
	p := &process{dir: t.TempDir(), addr: nodetest.Addr(t)}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.kill() })
	return p
}

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.Command("/proc/self/exe") //nolint:noctx // it ends with its standard input
	cmd.Env = append(os.Environ(), roleVariable+"="+nodeRole, dirVariable+"="+p.dir, addrVariable+"="+p.addr)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return errors.Join(fmt.Errorf("the node did not start: %w", err), cmd.Wait())
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		return err
	}
	p.cmd, p.addr = cmd, u.Host
	return nil
}

// kill ends the process as a power cut would, but for the disk.
func (p *process) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	err := p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed
	p.cmd = nil
	return err
}

func (p *process) restart() error { return errors.Join(p.kill(), p.start()) }

func (p *process) connection() string { return "esdb://" + p.addr + "?tls=false" }

func (p *process) log(t testing.TB) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(p.connection())
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// restartCommand restarts the node when it is run, by killing it.
func (p *process) restartCommand(t *testing.T) []string {
	t.Helper()
	asked, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = asked.Close() })
	go func() {
		for {
			conn, err := asked.Accept()
			if err != nil {
				return // the end of the test
			}
			if err := p.restart(); err != nil {
				t.Errorf("restart: %v", err)
			}
			_ = conn.Close()
		}
	}()
	return []string{"/usr/bin/env", roleVariable + "=" + restartRole, addrVariable + "=" + asked.Addr().String(), executable(t)}
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// stressed skips a test that is run only when asked for.
func stressed(t *testing.T) {
	t.Helper()
	if os.Getenv("STRESS_TEST_COUNT") == "" {
		t.Skip("takes minutes: set STRESS_TEST_COUNT")
	}
}

// eventually waits for a condition that a real process brings about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
