// Command banksim runs the banks of a scenario against a city, for development.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/yuanlu/yuanlu/services/banksim"
)

// Exit codes, as those of the other commands.
const (
	done = iota
	failed
	usage
	notFound
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("banksim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	server := flags.String("server", "http://127.0.0.1:8080", "base URL of a city that runs with --demo")
	name := flags.String("scenario", "", "a scenario file, or one of: "+strings.Join(banksim.Scenarios(), ", "))
	seed := flags.Int64("seed", 0, "seed; the scenario's own if not given")
	machines := flags.String("machines", "", "file of the keys of the banks that take orders by machine (machines.json)")
	channels := flags.String("make-channels", "", "write keys for the city and for the scenario's machines into this directory, and end")
	listen := flags.String("listen", "127.0.0.1:9443", "with --make-channels: host:port at which the machines will listen")
	if err := flags.Parse(args); err != nil || *name == "" || flags.NArg() > 0 {
		flags.Usage()
		return usage
	}
	if *channels != "" {
		return told(banksim.MakeChannels(*name, *channels, *listen), stderr)
	}
	options := banksim.DemoOptions{Server: *server, Scenario: *name, Machines: *machines, Log: slog.New(slog.NewJSONHandler(stderr, nil))}
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "seed" {
			options.Seed = seed
		}
	})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return told(banksim.Serve(ctx, options, stdout), stderr)
}

// told gives the exit code of an error and says what it is.
func told(err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return done
	}
	_, _ = fmt.Fprintln(stderr, "banksim:", err) // nobody to tell otherwise
	if errors.Is(err, banksim.ErrNoScenario) {
		return notFound
	}
	return failed
}
