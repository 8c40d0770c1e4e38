package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// officialVersion is the version of the client whose tests the table lists.
// Another one has other tests.
const officialVersion = "v4.2.0"

//go:embed official.json
var officialJSON []byte

// The ways in which nodes are run.
const (
	insecureMode = "insecure"
	secureMode   = "tls"
)

func allModes() []string { return []string{insecureMode, secureMode} }

// row is one of the client's tests that need a server.
type row struct {
	// Test is its full name. Four tests exist twice, for one node and for a
	// cluster; the latter say so after their name.
	Test string `json:"test"`
	// File has it.
	File string `json:"file"`
	// Tier says what it needs: A an empty node, B a stream of 6000 events, C the
	// vendor's data set, D TLS and users, - what a node never has.
	Tier string `json:"tier"`
	// Modes are the runs in which it must pass; none if it is not asked for.
	Modes []string `json:"modes"`
	// Reason is why it is not asked for.
	Reason string `json:"reason,omitempty"`
}

func (r row) asked() bool { return len(r.Modes) > 0 }

func official() ([]row, error) {
	var rows []row
	if err := json.Unmarshal(officialJSON, &rows); err != nil {
		return nil, fmt.Errorf("official.json: %w", err)
	}
	return rows, nil
}

// narrowed asks for less: for a part of the tests, in a part of the modes.
func narrowed(rows []row, s settings) []row {
	out := make([]row, 0, len(rows))
	for _, r := range rows {
		if r.asked() {
			r.Modes = slices.DeleteFunc(slices.Clone(r.Modes), func(m string) bool {
				return !slices.Contains(s.modes, m) || !strings.Contains(r.Test, s.only)
			})
			if !r.asked() {
				r.Reason = "left out by this command line"
			}
		}
		out = append(out, r)
	}
	return out
}

// patterns are the -run and -skip of the Go tool for one mode. Whole functions
// are run, less what is not asked for, so that a test nobody knows appears.
func patterns(rows []row, mode string) (run, skip string) {
	var tops, skips []string
	for _, r := range rows {
		if slices.Contains(r.Modes, mode) {
			tops = append(tops, strings.SplitN(r.Test, "/", 2)[0])
		}
	}
	slices.Sort(tops)
	tops = slices.Compact(tops)
	for _, r := range rows {
		if !slices.Contains(r.Modes, mode) {
			skips = append(skips, pattern(r.Test))
		}
	}
	return "^(" + strings.Join(tops, "|") + ")$", strings.Join(skips, "|")
}

func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
