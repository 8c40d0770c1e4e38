package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/services/yuanlu/internal/command"
)

// listening runs 'yuanlu eventstore' until the test ends or stop is called, and
// gives its connection string.
func listening(t *testing.T, args ...string) (connection string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := command.Execute(ctx, append([]string{"eventstore", "--addr", "127.0.0.1:0"}, args...), io.Discard, writer)
		_ = writer.Close()
		ended <- code
	}()
	lines := make(chan string, 16)
	go func() {
		defer close(lines)
		text := make([]byte, 4096)
		var all bytes.Buffer
		for {
			n, err := reader.Read(text)
			all.Write(text[:n])
			for {
				line, rest, found := strings.Cut(all.String(), "\n")
				if !found {
					break
				}
				all.Reset()
				all.WriteString(rest)
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	for line := range lines {
		if _, where, found := strings.Cut(line, "listens on "); found {
			connection = where
			break
		}
	}
	if connection == "" {
		t.Fatalf("the event store ended with %d", <-ended)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the event store ended with %d", code)
		}
	}
	t.Cleanup(stop)
	return connection, stop
}

func remember(t *testing.T, connection string, events int) {
	t.Helper()
	log, err := eventlog.Open(connection)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // all is written
	for range events {
		if _, err := log.Append(t.Context(), "case-1", eventlog.Any, eventlog.Event{ID: uuid.New(), Type: "noted.v1", Data: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnEventStoreIsBackedUpAndRestored(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	here, there := t.TempDir(), t.TempDir()
	file := filepath.Join(t.TempDir(), "log.tar")
	connection, stop := listening(t, "--data", here)
	remember(t, connection, 3)
	for _, c := range []struct {
		rule string
		args []string
		code int
		says string
	}{
		{"a backup is made while the store runs", []string{"backup", "--from", connection, "--to", file}, 0, "last position 3"},
		{"a backup replaces no file", []string{"backup", "--from", connection, "--to", file}, 4, "file already exists"},
		{"a backup needs a file", []string{"backup", "--from", connection}, 2, "--to"},
		{"a backup is of an event store", []string{"backup", "--from", "http://127.0.0.1", "--to", file + "2"}, 2, "connection string"},
		{"an event store that is away has failed", []string{"backup", "--from", "esdb://127.0.0.1:1?tls=false", "--to", file + "2"}, 1, "refused"},
		{"a store that runs is not verified", []string{"verify", "--data", here}, 4, "in use"},
		{"a scavenge is done while the store runs", []string{"scavenge", "--server", connection}, 0, ""},
		{"a backup is restored", []string{"restore", file, "--data", there}, 0, ""},
		{"a restore replaces nothing", []string{"restore", file, "--data", there}, 4, "not empty"},
		{"a restore needs a file that is there", []string{"restore", file + "2", "--data", there}, 3, "no such file"},
		{"a restored store is whole", []string{"verify", "--data", there}, 0, ""},
		{"a directory without a store is not found", []string{"verify", "--data", filepath.Join(there, "nowhere")}, 3, "nowhere"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := call(t, append([]string{"eventstore"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.err, c.says) {
				t.Errorf("%+v", got)
			}
			if c.code != 0 && got.out != "" {
				t.Errorf("standard output of a failure: %s", got.out)
			}
		})
	}
	stop()
	if left, err := filepath.Glob(file + "?*"); err != nil || len(left) > 0 {
		t.Errorf("left beside the backup: %v %v", left, err)
	}
	want := map[string]uint64{"events": 3, "streams": 1, "lastPosition": 3}
	for _, dir := range []string{here, there} {
		got := call(t, "eventstore", "verify", "--data", dir, "--output", "json")
		var report map[string]uint64
		if err := json.Unmarshal([]byte(got.out), &report); err != nil || len(report) != len(want) || report["events"] != 3 || report["streams"] != 1 || report["lastPosition"] != 3 {
			t.Errorf("%s: %+v", dir, got)
		}
	}
	cut(t, file)
	got := call(t, "eventstore", "restore", file, "--data", filepath.Join(there, "again"))
	if got.code != 1 || !strings.Contains(got.err, "cut off") {
		t.Errorf("a backup that is cut off: %+v", got)
	}
}

func cut(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err == nil {
		err = os.Truncate(file, info.Size()/2)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnEventStoreWithCertificateAndUsers(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	dir := t.TempDir()
	users, password, certificates := filepath.Join(dir, "users"), filepath.Join(dir, "password"), filepath.Join(dir, "tls")
	if err := os.WriteFile(password, []byte("open sesame\nnot this line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		args []string
		code int
		says string
	}{
		{"a user is added", []string{"user", "add", "admin", "--group", "$admins", "--users", users, "--password-file", password}, 0, ""},
		{"a user needs a file", []string{"user", "add", "admin", "--password-file", password}, 2, "--users"},
		{"a user needs a name that is one", []string{"user", "add", "a:b", "--users", users, "--password-file", password}, 2, "name"},
		{"a password that is not there", []string{"user", "add", "a", "--users", users, "--password-file", password + "2"}, 3, "password2"},
		{"who is not there is not removed", []string{"user", "remove", "nobody", "--users", users}, 3, "nobody"},
		{"a user command alone is wrong usage", []string{"user"}, 2, "subcommand"},
		{"a certificate is made", []string{"certificate", "--tls-dir", certificates, "--host", "log.example"}, 0, ""},
		{"a certificate needs a directory", []string{"certificate"}, 2, "--tls-dir"},
		{"beyond this machine it needs both", []string{"--addr", "0.0.0.0:0", "--data", dir}, 2, "--tls-dir"},
		{"beyond this machine it needs users, too", []string{"--addr", "0.0.0.0:0", "--data", dir, "--tls-dir", certificates}, 2, "--users"},
		{"users need a certificate", []string{"--addr", "127.0.0.1:0", "--data", dir, "--users", users}, 2, "--tls-dir"},
		{"a certificate needs its key", []string{"--addr", "127.0.0.1:0", "--data", dir, "--tls-cert", "x"}, 2, "--tls-key"},
		{"a host is for a certificate that is made", []string{"--addr", "127.0.0.1:0", "--data", dir, "--host", "x"}, 2, "--tls-dir"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := call(t, append([]string{"eventstore"}, c.args...)...); got.code != c.code || !strings.Contains(got.err, c.says) {
				t.Errorf("%+v", got)
			}
		})
	}
	connection, _ := listening(t, "--data", dir, "--tls-dir", certificates, "--users", users)
	known := strings.Replace(connection, "esdb://", "esdb://admin:open%20sesame@", 1)
	remember(t, known, 2)
	file := filepath.Join(dir, "log.tar")
	if got := call(t, "eventstore", "backup", "--from", connection, "--to", file); got.code != 1 || !strings.Contains(got.err, "refuses") {
		t.Errorf("a backup without a name: %+v", got)
	}
	if got := call(t, "eventstore", "backup", "--from", known, "--to", file); got.code != 0 || strings.Contains(got.err, "sesame") {
		t.Errorf("a backup: %+v", got)
	}
	t.Setenv("YUANLU_EVENTSTORE", known)
	if got := call(t, "eventstore", "backup", "--help"); strings.Contains(got.out+got.err, "sesame") {
		t.Error("the help shows a password")
	}
	if got := call(t, "eventstore", "scavenge"); got.code != 0 {
		t.Errorf("a scavenge of the environment's event store: %+v", got)
	}
}
