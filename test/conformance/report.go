package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a test comes to in the report.
const (
	passed   = "passed"
	failed   = "failed"
	missing  = "missing"  // asked for, and not run to its end
	unknown  = "unknown"  // run, and not in the table
	notAsked = "notAsked" // not asked for
)

// verdict is one test in the report.
type verdict struct {
	Test   string `json:"test"`
	Tier   string `json:"tier"`
	Result string `json:"result"`
	// Modes are the runs it was asked for in, Seconds their sum.
	Modes   []string `json:"modes"`
	Seconds float64  `json:"seconds"`
	// Reason is why it is not asked for.
	Reason string `json:"reason,omitempty"`
	// Output is what a test that failed said.
	Output string `json:"output,omitempty"`
}

// report compares what the tests said with the table.
type report struct {
	Client   string    `json:"client"` // version of the official client
	OK       bool      `json:"ok"`
	Tests    int       `json:"tests"`
	Asked    int       `json:"asked"`
	Passed   int       `json:"passed"`
	Verdicts []verdict `json:"verdicts"`
	// Said is what the test program and what holds tests said, if they failed.
	Said []string `json:"said,omitempty"`
}

func compare(version string, table []row, seen map[string]map[string]outcome) report {
	r := report{Client: version, OK: true, Tests: len(table)}
	for _, t := range table {
		v := judge(t, seen)
		switch v.Result {
		case passed:
			r.Passed++
			r.Asked++
		case failed, missing:
			r.Asked++
			r.OK = false
		}
		r.Verdicts = append(r.Verdicts, v)
	}
	known := map[string]bool{}
	for _, t := range table {
		known[t.Test] = true
	}
	for _, mode := range slices.Sorted(maps.Keys(seen)) {
		for _, name := range slices.Sorted(maps.Keys(leaves(seen[mode]))) {
			// A function whose tests are all skipped is a leaf by itself.
			if !known[name] && strings.Contains(name, "/") && !holds(table, name) {
				r.OK = false
				r.Verdicts = append(r.Verdicts, verdict{Test: name, Tier: "?", Result: unknown, Modes: []string{mode}})
			}
		}
		r.Said = append(r.Said, said(mode, seen[mode])...)
	}
	return r
}

// said is what those say that hold tests and have failed: they know why the
// others are missing.
func said(mode string, seen map[string]outcome) []string {
	var out []string
	inner := leaves(seen)
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		_, leaf := inner[name]
		if o := seen[name]; o.State != "pass" && o.Output != "" && (!leaf || !strings.Contains(name, "/")) {
			out = append(out, fmt.Sprintf("%s: %s\n%s", mode, cmp.Or(name, "the program"), indent(o.Output)))
		}
	}
	return out
}

// holds says whether a name is a group of the table.
func holds(table []row, name string) bool {
	return slices.ContainsFunc(table, func(t row) bool { return strings.HasPrefix(t.Test, name+"/") })
}

func judge(t row, seen map[string]map[string]outcome) verdict {
	v := verdict{Test: t.Test, Tier: t.Tier, Result: passed, Modes: t.Modes, Reason: t.Reason}
	if !t.asked() {
		v.Result, v.Modes = notAsked, []string{}
		return v
	}
	for _, mode := range t.Modes {
		o := seen[mode][t.Test]
		v.Seconds += o.Seconds
		switch o.State {
		case "pass":
			continue
		case "fail":
			v.Result = failed
		default: // a test that skips itself was asked for and is not done
			if v.Result == passed {
				v.Result = missing
			}
		}
		v.Output += mode + ":\n" + o.Output
	}
	return v
}

// table is the report for the eye.
func (r report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "official client %s against the embedded event node\n\n", r.Client)
	fmt.Fprintf(&b, "%-52s %5s %6s %7s %10s\n", "group", "tests", "asked", "passed", "not asked")
	for _, g := range r.groups() {
		fmt.Fprintf(&b, "%-52s %5d %6d %7d %10d\n", g.name, g.tests, g.asked, g.passed, g.tests-g.asked)
	}
	fmt.Fprintf(&b, "\n%d of %d passed, %d not asked:\n", r.Passed, r.Tests, r.Tests-r.Asked)
	for _, reason := range r.reasons() {
		fmt.Fprintf(&b, "  %s\n", reason)
	}
	for _, v := range r.Verdicts {
		if v.Result == failed || v.Result == missing || v.Result == unknown {
			fmt.Fprintf(&b, "\n%s: %s\n%s", v.Result, v.Test, indent(v.Output))
		}
	}
	for _, said := range r.Said {
		fmt.Fprintf(&b, "\n%s", said)
	}
	return b.String()
}

type group struct {
	name                 string
	tests, asked, passed int
}

func (r report) groups() []group {
	var out []group
	at := map[string]int{}
	for _, v := range r.Verdicts {
		name := v.Test[:max(0, strings.LastIndex(v.Test, "/"))]
		i, known := at[name]
		if !known {
			i = len(out)
			at[name] = i
			out = append(out, group{name: name})
		}
		g := &out[i]
		g.tests++
		if v.Result != notAsked {
			g.asked++
		}
		if v.Result == passed {
			g.passed++
		}
	}
	return out
}

// reasons counts why tests are not asked for, the most frequent first.
func (r report) reasons() []string {
	counts := map[string]int{}
	for _, v := range r.Verdicts {
		if v.Result == notAsked {
			counts[v.Reason]++
		}
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%2d  %s", counts[k], k)
	}
	return keys
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
