package main_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	log "github.com/yuanlu/yuanlu/test/bench/log"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// The benchmark starts its servers by running itself, which here is this test.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == server.Word {
		if server.Serve(context.Background(), server.Kind(os.Args[2]), os.Args[3], os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestARunMeasuresAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	var report figure.Report
	// A busy machine may answer nothing within a span that short, and shows so. A
	// longer one must bring something.
	for _, span := range []string{"50ms", "500ms", "5s"} {
		if report = shortRun(t, dir, span); !slices.ContainsFunc(report.Rows, empty) {
			break
		}
	}
	measured := 0
	for _, row := range report.Rows {
		switch row.Verdict {
		case figure.NoFigure, figure.Failed:
			t.Errorf("%s: %s, %s", row.What, row.Verdict, row.Note)
		case figure.OK, figure.Short, figure.Info:
			measured++
			if empty(row) {
				t.Errorf("%s: nothing was measured", row.What)
			}
		}
	}
	if measured < 10 {
		t.Errorf("%d figures only", measured)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// empty tells that a row has a figure, and the figure is that nothing came.
func empty(row figure.Row) bool {
	return row.Verdict != figure.NoFigure && row.Verdict != figure.Failed && row.Measured.Median <= 0
}

// shortRun is the benchmark in its shortest form.
func shortRun(t *testing.T, dir, span string) (report figure.Report) {
	t.Helper()
	var out, progress strings.Builder
	err := log.Run(t.Context(), []string{
		"--dir", dir, "--only", "batch,read,seen,rebuild,store", "--output", "json",
		"--rounds", "1", "--span", span, "--warm", "10ms", "--events", "10000", "--short",
	}, &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestACommandLineThatMeansNothingIsRefused(t *testing.T) {
	for rule, args := range map[string][]string{
		"a part that does not exist": {"--only", "appends"},
		"an unknown output":          {"--output", "xml"},
		"no rounds":                  {"--rounds", "0"},
		"a word too many":            {"--short", "please"},
		"an unknown flag":            {"--long"},
	} {
		t.Run(rule, func(t *testing.T) {
			var out, progress strings.Builder
			if log.Run(t.Context(), append(args, "--dir", t.TempDir()), &out, &progress) == nil {
				t.Error("it was run")
			}
			if out.Len() > 0 {
				t.Errorf("it printed %q", out.String())
			}
		})
	}
}
