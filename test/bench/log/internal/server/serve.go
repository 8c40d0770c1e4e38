// Package server is what runs in the processes beside the benchmark: the node,
// and the servers that it is compared with. Each process serves one of them and
// takes commands from its standard input until that ends, so that none is left
// behind, however the benchmark ends.
package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
)

// Word is the first argument of this program when it is to be a server; kind and
// directory follow.
const Word = "serve"

// Kind names a server.
type Kind string

// The servers.
const (
	Node      Kind = "node" // ours
	Null      Kind = "null" // speaks the protocol of ours and stores nothing
	JetStream Kind = "jetstream"
	Postgres  Kind = "postgres"
)

// Ready is what a process says when its server can be used, as a line of JSON.
type Ready struct {
	Endpoint string `json:"endpoint,omitempty"` // a connection string for the client of its kind
	Version  string `json:"version,omitempty"`
	Absent   string `json:"absent,omitempty"` // why there is no such server on this machine
	Error    string `json:"error,omitempty"`
}

// The commands that a process understands; each is answered by one line, "ok" or
// the error.
const (
	Collect    = "collect"     // collect garbage and give memory back
	Profile    = "profile "    // and a file name: write a CPU profile there
	ProfileEnd = "profile-end" // end it
)

// errAbsent says that something is not installed on this machine.
var errAbsent = errors.New("not installed")

// running is a server that has started.
type running struct {
	ready Ready
	stop  func() error
}

// Serve starts the server in its directory, says on out that it is ready, obeys
// the commands from in, and stops it when in ends. Signals that end the benchmark
// reach its whole group of processes; this one waits to be told.
func Serve(ctx context.Context, kind Kind, dir string, in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// The kernel tells PostgreSQL of the end of this thread, so it must not end
	// before the process.
	runtime.LockOSThread()
	answers := json.NewEncoder(out)
	r, err := start(ctx, kind, dir)
	switch {
	case errors.Is(err, errAbsent):
		return answers.Encode(Ready{Absent: err.Error()})
	case err != nil:
		return errors.Join(answers.Encode(Ready{Error: err.Error()}), err)
	}
	if err := answers.Encode(r.ready); err != nil {
		return errors.Join(err, r.stop())
	}
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		answer := "ok"
		if err := obey(commands.Text()); err != nil {
			answer = err.Error()
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			break // the benchmark has gone
		}
	}
	pprof.StopCPUProfile()
	return errors.Join(commands.Err(), r.stop())
}

func start(ctx context.Context, kind Kind, dir string) (running, error) {
	switch kind {
	case Node:
		return startNode(dir) //nolint:contextcheck // it is closed, not cancelled
	case Null:
		return startNull(ctx)
	case JetStream:
		return startJetStream(dir)
	case Postgres:
		return startPostgres(ctx, dir)
	}
	return running{}, fmt.Errorf("no such server: %q", kind)
}

func obey(command string) error {
	if file, ok := strings.CutPrefix(command, Profile); ok {
		f, err := os.Create(file) //nolint:gosec // the benchmark names it
		if err != nil {
			return err
		}
		return pprof.StartCPUProfile(f) // closed with the process
	}
	switch command {
	case Collect:
		debug.FreeOSMemory()
		return nil
	case ProfileEnd:
		pprof.StopCPUProfile()
		return nil
	}
	return fmt.Errorf("no such command: %q", command)
}
