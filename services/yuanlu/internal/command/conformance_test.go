package command_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/conformance"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

func openStore(t *testing.T, cfg eventnode.Config) *eventnode.Node {
	t.Helper()
	cfg.Dir, cfg.Addr = t.TempDir(), "127.0.0.1:0"
	n, err := eventnode.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func TestConformanceSpeaksOfEveryCheckThatWasAsked(t *testing.T) {
	n := openStore(t, eventnode.Config{})
	got := call(t, "conformance", n.Connection(), "--only", "append-0", "--only", "group-12")
	if got.code != 0 || strings.Contains(got.out, n.Addr()) || strings.Contains(got.err, n.Addr()) {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{"append-01    通过 pass", "append-09", "group-12     跳过 skipped", eventnode.ProtocolVersion, "通过 passed 9 · 失败 failed 0"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "read-01") || !strings.Contains(got.err, "append-01") {
		t.Errorf("standard output:\n%s\nstandard error:\n%s", got.out, got.err)
	}
}

func TestConformanceInJSONIsTheReport(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", openStore(t, eventnode.Config{}).Connection())
	got := call(t, "conformance", "--only", "read-01", "--keep", "--output", "json")
	var report conformance.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 {
		t.Fatalf("%v %+v", err, got)
	}
	if len(report.Results) != 1 || report.Results[0].Class != conformance.Pass || len(report.Left) == 0 {
		t.Errorf("report %+v", report)
	}
}

func TestConformanceTellsByItsExitCode(t *testing.T) {
	t.Setenv("YUANLU_EVENTSTORE", "")
	forgetful := openStore(t, eventnode.Config{ForgetEventIDs: true}).Connection()
	for _, c := range []struct {
		rule string
		args []string
		code int
		says string
	}{
		{"a promise that is not kept", []string{forgetful, "--only", "append-09"}, 1, "未通过"},
		{"a server that is not there", []string{"esdb://admin:geheim@127.0.0.1:1?tls=false&maxDiscoverAttempts=1"}, 1, "no server answers"},
		{"no connection", nil, 2, "YUANLU_EVENTSTORE"},
		{"what is no connection", []string{"esdb://admin:ge%heim@x:1"}, 2, "connection string"},
		{"an unknown check", []string{forgetful, "--only", "flight"}, 2, "no check"},
		{"no time", []string{forgetful, "--timeout", "0s"}, 2, "--timeout"},
		{"two connections", []string{forgetful, forgetful}, 2, "arg"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got := call(t, append([]string{"conformance"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.err, c.says) {
				t.Errorf("exit code %d, standard error: %s", got.code, got.err)
			}
			if strings.Contains(got.err, "heim") {
				t.Errorf("the password is told: %s", got.err)
			}
		})
	}
}
