package command_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func written(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPasswordIsNeverRepeated(t *testing.T) {
	for rule, connection := range map[string]string{
		"a broken escape":            "esdb://admin:S3cret%zz@x:1",
		"a slash":                    "esdb://admin:S3cret/zz@x:1",
		"a question mark":            "esdb://admin:S3cret?zz@x:1",
		"a number sign":              "esdb://admin:S3cret#zz@x:1",
		"a comma":                    "esdb://admin:a,S3cret%zz@x:1",
		"an authority that is away":  "esdb://admin:S3cret@x:1?tlsCaFile=S3cret.crt",
		"a wrong port":               "esdb://admin:S3cret@x:S3cret",
		"a setting that is no truth": "esdb://admin:S3cret@x:1?tls=S3cret",
		"a server that is not there": "esdb://admin:S3cret@127.0.0.1:1?tls=false",
	} {
		t.Run(rule, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log.tar")
			for _, args := range [][]string{
				{"eventstore", "backup", "--to", file, "--from", connection},
				{"eventstore", "scavenge", "--server", connection},
				{"eventstore", "backup", "--to", file},
				{"eventstore", "scavenge"},
			} {
				t.Setenv("YUANLU_EVENTSTORE", "")
				if !slices.Contains(args, connection) {
					t.Setenv("YUANLU_EVENTSTORE", connection)
				}
				want := 2
				if rule == "a server that is not there" {
					want = 1
				}
				if got := call(t, args...); got.code != want || strings.Contains(got.out+got.err, "S3cret") {
					t.Errorf("%q: %+v", args[:2], got)
				}
			}
			if rule == "a server that is not there" {
				return
			}
			if got := call(t, "run", "--data", t.TempDir(), "--eventstore", connection); got.code != 2 || strings.Contains(got.err, "S3cret") {
				t.Errorf("run: %+v", got)
			}
		})
	}
}

func TestWhatAnEventStoreCannotStartWithIsSaidBeforeAnythingIsMade(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	dir := t.TempDir()
	certificates, none := filepath.Join(dir, "tls"), filepath.Join(dir, "none")
	broken := written(t, filepath.Join(dir, "broken"), "admin\n")
	users := filepath.Join(dir, "users")
	if err := eventnode.SetUser(users, "admin", "open sesame"); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	listening(t, "--data", taken)
	for _, c := range []struct {
		rule string
		args []string
		code int
		says string
	}{
		{"an address is host and port", []string{"--addr", "nonsense"}, 2, "--addr"},
		{"a port is one", []string{"--addr", "127.0.0.1:99999"}, 2, "--addr"},
		{"a certificate is made or brought", []string{"--tls-cert", broken, "--tls-key", broken}, 2, "不可与"},
		{"an interval is not below zero", []string{"--scavenge-every=-1s"}, 2, "不得小于零"},
		{"a host is a name", []string{"--host", "bad host"}, 2, "--host"},
		{"clients are told to call a host", []string{"--advertise", "a:b:c"}, 2, "--advertise"},
		{"and a port that is one", []string{"--advertise", "a:99999"}, 2, "--advertise"},
		{"users are in a file that is there", []string{"--users", none}, 3, none},
		{"users are in a file that can be read", []string{"--users", broken}, 1, broken},
		{"beyond this machine it has users", []string{"--addr", "0.0.0.0:0"}, 2, "--users"},
		{"a directory has one event store", []string{"--users", users, "--data", taken}, 4, "数据目录正被另一进程使用"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			got := call(t, append([]string{"eventstore", "--addr", "127.0.0.1:0", "--data", data, "--tls-dir", certificates}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.err, c.says) || strings.Count(got.err, "of no use") > 1 {
				t.Errorf("%+v", got)
			}
			for _, made := range []string{certificates, data} {
				if _, err := os.Stat(made); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left: %v", made, err)
				}
			}
		})
	}
	for rule, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"users on loopback need a certificate":  {[]string{"eventstore", "--users", users}, 2, "口令不得明文传送"},
		"a certificate is there":                {[]string{"eventstore", "--tls-cert", none, "--tls-key", none}, 3, none},
		"a city's address is one":               {[]string{"run", "--addr", "nonsense"}, 2, "--addr"},
		"a city's node is on this machine":      {[]string{"run", "--node-addr", "0.0.0.0:0"}, 2, "--node-addr"},
		"a city's interval is not below zero":   {[]string{"run", "--scavenge-every=-1s"}, 2, "不得小于零"},
		"a made certificate is for a name":      {[]string{"eventstore", "certificate", "--tls-dir", none, "--host", "bad host"}, 2, "--host"},
		"a city has its directory to itself":    {[]string{"run", "--data", taken, "--node-addr", "127.0.0.1:0", "--addr", "127.0.0.1:0"}, 4, "in use by another process"},
		"a user is not added to a broken file":  {[]string{"eventstore", "user", "add", "a", "--users", broken, "--password-file", broken}, 1, broken},
		"nor to one whose directory is away":    {[]string{"eventstore", "user", "add", "a", "--users", filepath.Join(none, "users"), "--password-file", broken}, 3, none + "\n"},
		"a user is removed from a file":         {[]string{"eventstore", "user", "remove", "a", "--users", none}, 3, none},
		"a file that is no archive is no use":   {[]string{"eventstore", "restore", broken, "--data", none}, 1, "备份无效 the backup is of no use: it is no archive"},
		"a backup is not put where there is no": {[]string{"eventstore", "backup", "--to", filepath.Join(none, "log.tar")}, 3, none + "\n"},
	} {
		t.Run(rule, func(t *testing.T) {
			if got := call(t, c.args...); got.code != c.code || !strings.Contains(got.err, c.says) || strings.Count(got.err, "of no use") > 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnOperatorIsAnsweredInChineseFirst(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	if err := eventnode.SetUser(users, "admin", "open sesame"); err != nil {
		t.Fatal(err)
	}
	secure, _ := listening(t, "--data", dir, "--tls-dir", filepath.Join(dir, "tls"), "--users", users)
	open, _ := listening(t, "--data", t.TempDir())
	address, _, _ := strings.Cut(secure, "?")
	for rule, c := range map[string]struct{ connection, says string }{
		"nobody is there":        {"esdb://127.0.0.1:1?tls=false", "事件库无响应 the event node does not answer: dial"},
		"TLS is missing":         {address + "?tls=false", "tls=true is missing"},
		"TLS is too much":        {strings.Replace(open, "tls=false", "tls=true", 1), "tls=false is missing"},
		"the user is not named":  {secure, "事件库拒绝 the event node refuses"},
		"the password is wrong":  {strings.Replace(secure, "//", "//admin:S3cret@", 1), "事件库拒绝 the event node refuses"},
		"the server is a mirage": {"http://127.0.0.1", "连接串无效"},
	} {
		t.Run(rule, func(t *testing.T) {
			got := call(t, "eventstore", "scavenge", "--server", c.connection)
			if got.code == 0 || !strings.Contains(got.err, c.says) || strings.ContainsAny(got.err, "{}") || strings.Contains(got.err, "S3cret") {
				t.Errorf("%+v", got)
			}
		})
	}
	wrong := strings.Replace(secure, "//", "//admin:S3cret@", 1)
	if got := call(t, "conformance", wrong); got.code != 1 || got.out != "" || !strings.Contains(got.err, "用户名或口令有误 name or password is wrong") || strings.Contains(got.err, "S3cret") {
		t.Errorf("conformance with a wrong password: %+v", got)
	}
	got := call(t, "eventstore", "scavenge", "--server", open, "--output", "json")
	var report map[string]int64
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || len(report) != 8 {
		t.Fatalf("%v %+v", err, got)
	}
	for _, key := range []string{"streams", "touched", "skipped", "events", "stubs", "bytes", "cleanedBytes", "durationMilliseconds"} {
		if _, there := report[key]; !there {
			t.Errorf("%s is not in %s", key, got.out)
		}
	}
}
