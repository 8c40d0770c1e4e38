package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// outcome is what one test came to.
type outcome struct {
	// State is pass, fail or skip; empty while it runs, and for good if the
	// program ended under it.
	State   string
	Seconds float64
	Output  string
}

// line is what `go test -json` writes.
type line struct {
	Action  string
	Test    string
	Elapsed float64
	Output  string
}

// keptOutput bounds what is kept of a test's output, in bytes.
const keptOutput = 16 << 10

// read takes the outcomes from the output of `go test -json`. The empty name is
// that of the package itself.
func read(r io.Reader) (map[string]outcome, error) {
	seen := map[string]outcome{}
	reader := bufio.NewReader(r)
	for {
		text, err := reader.ReadBytes('\n')
		if len(text) > 0 {
			note(seen, text)
		}
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the tests' output: %w", err)
		}
	}
}

func note(seen map[string]outcome, text []byte) {
	var l line
	if json.Unmarshal(text, &l) != nil {
		l = line{Action: "output", Output: string(text)} // of the build, say
	}
	o := seen[l.Test]
	switch l.Action {
	case "pass", "fail", "skip":
		o.State, o.Seconds = l.Action, l.Elapsed
	case "output", "build-output":
		if len(o.Output) < keptOutput && !strings.HasPrefix(strings.TrimSpace(l.Output), "=== ") {
			o.Output += l.Output
		}
	}
	seen[l.Test] = o
}

// leaves drops the tests that only hold other tests.
func leaves(seen map[string]outcome) map[string]outcome {
	out := map[string]outcome{}
	for name, o := range seen {
		if name != "" {
			out[name] = o
		}
	}
	for name := range seen {
		for {
			at := strings.LastIndex(name, "/")
			if at < 0 {
				break
			}
			name = name[:at]
			delete(out, name)
		}
	}
	return out
}
