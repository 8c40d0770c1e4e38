package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	clientModule = "github.com/EventStore/EventStore-Client-Go/v4"
	nodeModule   = "github.com/yuanlu/yuanlu/services/yuanlu"
	replacedFile = "esdb/containers_test.go"
	testTimeout  = 4 * time.Minute
	graceOfGo    = 10 * time.Second
)

//go:embed testdata/containers_test.go.txt
var containers []byte

// bench is a copy of the client's module that can be tested, and the program
// that it is tested against.
type bench struct {
	dir     string // of the copied module
	data    string // of the nodes
	node    string
	version string
	secure  []string // flags of a node with TLS and users
}

// prepare fetches and copies the module, with its licence and notices, makes the
// certificates and builds the node.
func prepare(ctx context.Context, dir string, progress io.Writer) (bench, error) {
	b := bench{dir: filepath.Join(dir, "client"), data: filepath.Join(dir, "data"), node: filepath.Join(dir, "yuanlu")}
	version, err := output(ctx, "", "list", "-m", "-f", "{{.Version}}", clientModule)
	if err != nil {
		return b, err
	}
	if b.version = strings.TrimSpace(string(version)); b.version != officialVersion {
		return b, fmt.Errorf("go.mod has the client at %s; official.json lists the tests of %s", b.version, officialVersion)
	}
	_, _ = fmt.Fprintf(progress, "fetching %s@%s …\n", clientModule, b.version) // progress only
	text, err := output(ctx, dir, "mod", "download", "-json", clientModule+"@"+b.version)
	if err != nil {
		return b, err
	}
	var module struct{ Dir, Error string }
	if err := json.Unmarshal(text, &module); err != nil {
		return b, fmt.Errorf("answer of go mod download: %w", err)
	}
	if module.Error != "" || module.Dir == "" {
		return b, fmt.Errorf("fetch %s: %s", clientModule, module.Error)
	}
	if err := copyTree(module.Dir, b.dir); err != nil {
		return b, err
	}
	if err := os.WriteFile(filepath.Join(b.dir, filepath.FromSlash(replacedFile)), containers, 0o600); err != nil {
		return b, err
	}
	if err := os.Mkdir(b.data, 0o700); err != nil {
		return b, err
	}
	certificate, key, err := makeCertificates(filepath.Join(b.dir, "certs"), time.Now())
	if err != nil {
		return b, err
	}
	_, _ = fmt.Fprintln(progress, "building the node …") // progress only
	// By its own go.mod, as what is shipped is built.
	home, err := output(ctx, "", "list", "-m", "-f", "{{.Dir}}", nodeModule)
	if err != nil {
		return b, err
	}
	if _, err := output(ctx, strings.TrimSpace(string(home)), "build", "-o", b.node, "./cmd/yuanlu"); err != nil {
		return b, err
	}
	users := filepath.Join(dir, "users")
	b.secure = []string{"--tls-cert", certificate, "--tls-key", key, "--users", users}
	return b, addUser(ctx, b.node, users)
}

// addUser makes the user whom the tests know.
func addUser(ctx context.Context, node, users string) error {
	cmd := exec.CommandContext(ctx, node, "eventstore", "user", "add", "admin", "--group", "$admins", "--users", users) //nolint:gosec // the program just built
	cmd.Stdin = strings.NewReader("changeit\n")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the user: %w\n%s", err, said)
	}
	return nil
}

// copyTree copies files that may be read only into files that may be written.
// The module's own files are all that is copied: no links, no devices.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if d.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path) //nolint:gosec // a file of the fetched module
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
}

// output runs the Go tool.
func output(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return out, nil
}

// test runs the tests that are asked for in a mode, and returns what each of
// them came to. Tests that fail are no error; the raw output is kept in a file.
func (b bench) test(ctx context.Context, mode string, table []row, file string) (map[string]outcome, error) {
	run, skip := patterns(table, mode)
	if run == "^()$" {
		return map[string]outcome{}, nil
	}
	raw, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR|os.O_EXCL, 0o600) //nolint:gosec // below our own directory
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }() // written and read back below
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-vet=off", "-count=1", "-timeout", testTimeout.String(), "-run", run, "-skip", skip, "./esdb")
	cmd.Dir = b.dir
	cmd.Env = b.environment(mode)
	cmd.Stdout, cmd.Stderr = raw, raw
	// Whatever the tests have started ends with them.
	together(cmd)
	cmd.WaitDelay = graceOfGo
	err = cmd.Run()
	end(cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		return nil, fmt.Errorf("go test: %w", err)
	}
	if _, err := raw.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return read(raw)
}

// environment is ours without what would change the tests' meaning.
func (b bench) environment(mode string) []string {
	var out []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "EVENTSTORE_"), strings.HasPrefix(name, "YUANLU_"), name == "CLUSTER", name == "GOFLAGS", name == "GOWORK":
		default:
			out = append(out, v)
		}
	}
	return append(out, "GOWORK=off", "GOFLAGS=-mod=mod", "CLUSTER=false",
		fmt.Sprintf("EVENTSTORE_INSECURE=%t", mode == insecureMode),
		"CONFORMANCE_NODE="+b.node, "CONFORMANCE_DATA="+b.data, "CONFORMANCE_SECURE="+strings.Join(b.secure, "\n"))
}
