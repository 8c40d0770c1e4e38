// Command log measures the log beside its yardsticks: a server that speaks its
// protocol and stores nothing, PostgreSQL, NATS JetStream, and the bare disk. It
// starts and removes all of them itself. docs/benchmarks.md explains every line
// of what it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/figure"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/load"
	"github.com/yuanlu/yuanlu/test/bench/log/internal/server"
)

// errMissed is the end of a strict run in which a target was missed.
var errMissed = errors.New("not every target was reached")

// errFailed is the end of a run in which something could not be measured.
var errFailed = errors.New("not everything was measured")

func main() {
	if len(os.Args) == 4 && os.Args[1] == server.Word {
		exit(server.Serve(context.Background(), server.Kind(os.Args[2]), os.Args[3], os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	exit(err)
}

func exit(err error) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// settings are what the command line says.
type settings struct {
	load.Options
	only   []string
	output string
	strict bool
}

func parse(args []string, help io.Writer) (settings, error) {
	s := settings{Options: load.Options{Look: time.Second}}
	var only string
	short := false
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	flags.SetOutput(help)
	flags.StringVar(&s.Dir, "dir", "", "directory on the disk to measure; a directory below it is made and removed (default: that for temporary files)")
	flags.StringVar(&s.Store, "store", "", "directory of the large store; it is kept, and used again by the next run (default: made and removed)")
	flags.StringVar(&s.Profile, "profile", "", "existing directory for CPU profiles of client and node in the last round of each load")
	flags.StringVar(&only, "only", "", "parts to measure, with commas: "+strings.Join(load.Parts(), ","))
	flags.StringVar(&s.output, "output", "table", "table or json")
	flags.BoolVar(&s.strict, "strict", false, "exit 1 also when a target is missed")
	flags.BoolVar(&short, "short", false, "a minute in all, to see that everything runs; figures are rough")
	flags.IntVar(&s.Rounds, "rounds", 3, "rounds of each figure")
	flags.DurationVar(&s.Span, "span", 5*time.Second, "length of a round")
	flags.DurationVar(&s.Warm, "warm", time.Second, "warming up before each round")
	flags.IntVar(&s.Events, "events", 10_000_000, "events of the large store")
	flags.IntVar(&s.Paced, "paced", 2000, "appends per second of the paced load")
	flags.IntVar(&s.Idle, "idle", 500, "subscriptions that wait while others write")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if short {
		s.shorten(given)
	}
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	return s, s.check(flags.NArg())
}

// shorten takes what was not given from the short form.
func (s *settings) shorten(given map[string]bool) {
	if !given["span"] {
		s.Span = 300 * time.Millisecond
	}
	if !given["warm"] {
		s.Warm = 100 * time.Millisecond
	}
	if !given["events"] {
		s.Events = 100_000
	}
	s.Look = 200 * time.Millisecond
}

func (s *settings) check(rest int) error {
	for _, name := range s.only {
		if !slices.Contains(load.Parts(), name) {
			return fmt.Errorf("no such part: %q; there are %s", name, strings.Join(load.Parts(), ", "))
		}
	}
	switch {
	case rest > 0:
		return errors.New("there are flags only")
	case s.output != "table" && s.output != "json":
		return fmt.Errorf("no such output: %q", s.output)
	case s.Rounds < 1 || s.Span <= 0 || s.Warm <= 0 || s.Events < 10_000 || s.Paced < 1 || s.Idle < 1:
		return errors.New("rounds, span, warm, paced and idle are positive, and the large store has 10,000 events or more")
	}
	return nil
}

// run measures and prints. Whatever happens, the processes are ended and the
// directory is removed.
func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	s, err := parse(args, progress)
	if err != nil {
		return err
	}
	s.Dir, err = os.MkdirTemp(s.Dir, "bench-log-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.Dir)) }()
	// PostgreSQL, run by another user, has to get through.
	if err := os.Chmod(s.Dir, 0o711); err != nil { //nolint:gosec // to pass, not to look
		return err
	}
	begin := time.Now()
	report := figure.Report{}
	bench := load.Bench{Options: s.Options, Report: &report, Say: func(format string, args ...any) {
		_, _ = fmt.Fprintf(progress, "%6.1fs  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...)) // nobody may look
	}}
	bench.Run(ctx, s.only)
	show := report.Table
	if s.output == "json" {
		show = report.JSON
	}
	if err := show(out); err != nil {
		return err
	}
	switch {
	case report.Count(figure.Failed) > 0:
		return errFailed
	case s.strict && report.Count(figure.Short) > 0:
		return errMissed
	}
	return ctx.Err()
}
