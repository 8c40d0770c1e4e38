package yuanlu_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// patience bounds every wait for a real process.
const patience = 60 * time.Second

// binary is the command as `make build` builds it.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "yuanlu")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "yuanlu")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/yuanlu").CombinedOutput(); err != nil { //nolint:noctx // there is no test yet
		panic(string(out))
	}
	return m.Run()
}

// process is a running city.
type process struct {
	cmd  *exec.Cmd
	base string
	said *bytes.Buffer // standard error; complete once heard is closed
	out  *bytes.Buffer
	// heard is closed at the end of standard error.
	heard chan struct{}
}

var address = regexp.MustCompile(`listening on (http://[0-9.:]+)|listens on (esdb://\S+)`)

// start starts the command and waits until it says where it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), said: &bytes.Buffer{}, out: &bytes.Buffer{}, heard: make(chan struct{})} //nolint:noctx // it is stopped by signals
	p.cmd.Stdout = p.out
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	where := make(chan string, 1)
	go func() {
		defer close(p.heard)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			fmt.Fprintln(p.said, lines.Text())
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				where <- m[1] + m[2]
			}
		}
	}()
	select {
	case p.base = <-where:
	case <-p.heard:
		t.Fatalf("it ended at once:\n%s", p.said)
	case <-time.After(patience):
		t.Fatal("it does not say where it listens")
	}
	return p
}

// stop sends a signal and returns the exit code, -1 for a killed process.
func (p *process) stop(t *testing.T, signal os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.heard:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// ask sends a request and reads the answer.
func (p *process) ask(t *testing.T, method, path, token, key string, body, out any) int {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, p.base+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s: %s", path, answer)
		}
	}
	return response.StatusCode
}

// personal data of the victim, which must stand nowhere in clear.
const (
	name   = "欧阳测试"
	number = "6222020000001234560"
)

func (p *process) login(t *testing.T, role access.Role) string {
	t.Helper()
	var login struct{ Token string }
	who := access.Person{User: "001234", Unit: "440982000000", Level: access.County, Role: role}
	if status := p.ask(t, "POST", "/v1/demo/tokens", "", "", who, &login); status != http.StatusCreated {
		t.Fatalf("token: %d", status)
	}
	return login.Token
}

// report files a report by REST and returns its case.
func (p *process) report(t *testing.T, key string) string {
	t.Helper()
	banks := identity.DefaultBanks().All()
	var filed struct{ Case string }
	status := p.ask(t, "POST", "/v1/reports", p.login(t, access.DutyOfficer), key, map[string]any{
		"channel": "110", "brief": name, "investigator": map[string]any{"policeNo": "005678", "unit": "440982000000"},
		"victim": map[string]any{"name": name},
		"transfers": []any{map[string]any{
			"from":      map[string]any{"bank": banks[0].Code, "number": number, "holder": name},
			"to":        map[string]any{"bank": banks[1].Code, "number": number + "1", "holder": name},
			"amountFen": 483000000, "at": "2021-07-17T16:00:00+08:00",
		}},
	}, &filed)
	if status != http.StatusCreated {
		t.Fatalf("report: %d", status)
	}
	return filed.Case
}

// has tells whether a case and its whole history are there.
func (p *process) has(t *testing.T, id string) bool {
	t.Helper()
	token := p.login(t, access.Chief)
	var figures struct{ ReportedFen int64 }
	one := p.ask(t, "GET", "/v1/cases/"+id, token, "", nil, nil)
	sums := http.StatusServiceUnavailable
	// The city waits ten seconds to have read its whole log; a busy machine needs more.
	for late := time.Now().Add(patience); sums == http.StatusServiceUnavailable && time.Now().Before(late); {
		sums = p.ask(t, "GET", "/v1/figures/"+id+"?consistent=true", token, "", nil, &figures)
	}
	return one == http.StatusOK && sums == http.StatusOK && figures.ReportedFen == 483000000
}

func TestI64_ACityOutlivesItsProcessAndKeepsNothingInClear(t *testing.T) {
	data := filepath.Join(t.TempDir(), "city")
	city := []string{"run", "--data", data, "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0", "--demo"}

	first := start(t, city...)
	reported := first.report(t, "report-one")
	if !first.has(t, reported) {
		t.Fatal("a report that was acknowledged is not there")
	}
	if code := first.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("SIGTERM: exit code %d\n%s", code, first.said)
	}
	if said := first.said.String(); !strings.Contains(said, "严禁用于真实案件") || first.out.Len() > 0 {
		t.Errorf("standard error:\n%s\nstandard output:\n%s", said, first.out)
	}

	second := start(t, city...)
	if !second.has(t, reported) {
		t.Fatal("after a restart the case is gone")
	}
	if again := second.report(t, "report-one"); again != reported {
		t.Fatal("the same request has opened a second case after a restart")
	}
	killed := second.report(t, "report-two")
	if code := second.stop(t, syscall.SIGKILL); code != -1 {
		t.Fatalf("SIGKILL: exit code %d", code)
	}

	third := start(t, city...)
	if !third.has(t, reported) || !third.has(t, killed) {
		t.Fatal("after kill -9 an acknowledged report is gone")
	}
	replayed := exec.CommandContext(t.Context(), binary, "replay", killed, "--server", third.base)
	if out, err := replayed.CombinedOutput(); err != nil || !strings.Contains(string(out), "chain verified") {
		t.Errorf("replay: %v\n%s", err, out)
	}
	if code := third.stop(t, os.Interrupt); code != 0 {
		t.Fatalf("Ctrl-C: exit code %d\n%s", code, third.said)
	}

	for _, p := range []*process{first, second, third} {
		for _, secret := range []string{name, number} {
			if strings.Contains(p.said.String(), secret) {
				t.Errorf("%s is in the log", secret)
			}
		}
	}
	inClear(t, data)
}

// inClear looks for personal data in every file of a city.
func inClear(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range []string{name, number} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s is in %s", secret, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestACityOverAnEventStoreOfItsOwn(t *testing.T) {
	data := filepath.Join(t.TempDir(), "city")
	store := start(t, "eventstore", "--addr", "127.0.0.1:0", "--data", data)
	city := start(t, "run", "--data", data, "--addr", "127.0.0.1:0", "--eventstore", store.base, "--demo")
	id := city.report(t, "report-one")
	if !city.has(t, id) {
		t.Fatal("the report is not there")
	}
	if code := city.stop(t, os.Interrupt); code != 0 {
		t.Errorf("the city: exit code %d\n%s", code, city.said)
	}
	if code := store.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("the event store: exit code %d\n%s", code, store.said)
	}
	alone := start(t, "run", "--data", data, "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0", "--demo")
	if !alone.has(t, id) {
		t.Error("the city's own node does not find what the event store kept")
	}
	if code := alone.stop(t, os.Interrupt); code != 0 {
		t.Errorf("exit code %d\n%s", code, alone.said)
	}
}

func TestWhatCannotRunSaysSo(t *testing.T) {
	data := t.TempDir()
	running := start(t, "run", "--data", data, "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0")
	for rule, c := range map[string]struct {
		code int
		args []string
	}{
		"a directory belongs to one city": {4, []string{"run", "--data", data, "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0"}},
		"or to one event store":           {4, []string{"eventstore", "--data", data, "--addr", "127.0.0.1:0"}},
		"an address is taken once":        {1, []string{"run", "--data", t.TempDir(), "--addr", strings.TrimPrefix(running.base, "http://"), "--node-addr", "127.0.0.1:0"}},
		"the node stays on this machine":  {2, []string{"eventstore", "--data", t.TempDir(), "--addr", "0.0.0.0:0"}},
	} {
		out, err := exec.CommandContext(t.Context(), binary, c.args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != c.code || !bytes.Contains(out, []byte("yuanlu: ")) {
			t.Errorf("%s: %v\n%s", rule, err, out)
		}
	}
	if code := running.stop(t, os.Interrupt); code != 0 {
		t.Errorf("exit code %d\n%s", code, running.said)
	}
	if strings.Contains(running.said.String(), "DEMONSTRATION") {
		t.Error("a real city says that it is a demonstration")
	}
}

// The scenario is small; the real case is played end to end elsewhere.
func TestADemonstrationEndsWithItsFigures(t *testing.T) {
	city := start(t, "run", "--data", t.TempDir(), "--addr", "127.0.0.1:0", "--node-addr", "127.0.0.1:0", "--demo")
	demo := func(scenario string) (out []byte, code int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, "demo", scenario, "--server", city.base, "--output", "json")
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return out, cmd.ProcessState.ExitCode()
	}
	var figures struct {
		Case                                             string
		AttributableFen, ReturnedFen, RemainingFrozenFen int64
	}
	out, code := demo("two-hops")
	if err := json.Unmarshal(out, &figures); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if figures.AttributableFen != 37_000_00 || figures.ReturnedFen != 37_000_00 || figures.RemainingFrozenFen != 1_500_00 {
		t.Errorf("%+v", figures)
	}
	replayed := exec.CommandContext(t.Context(), binary, "replay", figures.Case, "--server", city.base)
	if out, err := replayed.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("返还办结 refund-closed.v1")) {
		t.Errorf("replay: %v\n%s", err, out)
	}

	told, err := os.ReadFile("../banksim/scenario/files/two-hops.yaml")
	if err != nil {
		t.Fatal(err)
	}
	off := bytes.Replace(told, []byte("returned: 37000.00"), []byte("returned: 36999.99"), 1)
	if bytes.Equal(off, told) {
		t.Fatal("the scenario does not say what is returned")
	}
	file := filepath.Join(t.TempDir(), "off.yaml")
	if err := os.WriteFile(file, off, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := demo(file); code != 1 || !json.Valid(out) {
		t.Errorf("a fen off: exit code %d: %s", code, out)
	}
	if code := city.stop(t, os.Interrupt); code != 0 {
		t.Errorf("exit code %d\n%s", code, city.said)
	}
}
