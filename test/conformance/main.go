// Command conformance runs the official client's own tests against the embedded
// event node: those that need no cluster, no projections, no licensed plug-in
// and no data set of the vendor. It fetches the client's module through the Go
// tool, copies it to a temporary directory, puts a file that starts nodes in the
// place of the one that starts containers, and compares what the tests say with
// official.json.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	exitPassed = 0
	exitFailed = 1
	exitUsage  = 2
)

// patience bounds the whole run, the build of node and tests included.
const patience = 20 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type settings struct {
	output string
	modes  []string
	only   string
	keep   bool
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.output, "output", "table", "how the result is written: table | json")
	modes := flags.String("modes", strings.Join(allModes(), ","), "which runs: insecure, tls, or both")
	flags.StringVar(&s.only, "only", "", "run only tests whose name contains this; the others are not asked")
	flags.BoolVar(&s.keep, "keep", false, "keep the temporary directory")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.modes = strings.Split(*modes, ",")
	for _, m := range s.modes {
		if !slices.Contains(allModes(), m) {
			return s, fmt.Errorf("no such mode: %q", m)
		}
	}
	if s.output != "table" && s.output != "json" {
		return s, fmt.Errorf("no such output: %q", s.output)
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("no such argument: %q", flags.Arg(0))
	}
	return s, nil
}

// command is the whole program: data on stdout, progress on stderr.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitPassed
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "conformance: %v\n", err) // standard error is all there is to tell it on
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := run(ctx, s, stderr)
	if err == nil {
		err = write(stdout, s.output, r)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "conformance: %v\n", err) // as above
		return exitFailed
	}
	if !r.OK {
		return exitFailed
	}
	return exitPassed
}

func run(ctx context.Context, s settings, progress io.Writer) (report, error) {
	table, err := official()
	if err != nil {
		return report{}, err
	}
	table = narrowed(table, s)
	dir, err := os.MkdirTemp("", "yuanlu-conformance-")
	if err != nil {
		return report{}, err
	}
	defer func() {
		if s.keep {
			_, _ = fmt.Fprintf(progress, "kept: %s\n", dir) // progress only
			return
		}
		_ = os.RemoveAll(dir) // a directory of our own under the system's
	}()
	b, err := prepare(ctx, dir, progress)
	if err != nil {
		return report{}, err
	}
	seen := map[string]map[string]outcome{}
	for _, mode := range s.modes {
		_, _ = fmt.Fprintf(progress, "running the tests, %s …\n", mode) // progress only
		if seen[mode], err = b.test(ctx, mode, table, filepath.Join(dir, mode+".json")); err != nil {
			return report{}, err
		}
	}
	return compare(b.version, table, seen), nil
}

func write(w io.Writer, output string, r report) error {
	if output == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := io.WriteString(w, r.table())
	return err
}
