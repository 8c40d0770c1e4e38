package conformance

import "time"

// Class is what a check came to.
type Class string

// The classes. Differs means that the server does what a real server is known to
// do where the embedded node does something else; see [Differences].
const (
	Pass    Class = "pass"
	Fail    Class = "fail"
	Differs Class = "differs-as-documented"
	Skipped Class = "skipped"
)

// Check is a question to a server.
type Check struct {
	// ID names the check for ever, e.g. "append-07".
	ID string `json:"id"`
	// Title is the promise, as a sentence.
	Title string `json:"title"`
}

// Result is the answer to one check.
type Result struct {
	Check
	Class Class `json:"class"`
	// Observed is what the server did, if it did not simply keep the promise.
	Observed string `json:"observed,omitempty"`
	// Milliseconds is how long the check took.
	Milliseconds int64 `json:"milliseconds"`
}

// Report is the answer to all checks.
type Report struct {
	// Server is the version that the server says it has.
	Server string `json:"server"`
	// Prefix begins the names of all streams and groups of this run.
	Prefix string `json:"prefix"`
	// Started is when the run began, in UTC.
	Started time.Time `json:"started"`
	// Results are in the order of [Checks].
	Results []Result `json:"results"`
	// Left are the streams and groups that could not be removed, or were to be
	// kept.
	Left []string `json:"left,omitempty"`
}

// Count is the number of results of a class.
func (r Report) Count(c Class) int {
	n := 0
	for _, result := range r.Results {
		if result.Class == c {
			n++
		}
	}
	return n
}

// OK says whether no check failed and at least one passed.
func (r Report) OK() bool { return r.Count(Fail) == 0 && r.Count(Pass) > 0 }

// Difference is a known, deliberate difference between a real server and the
// embedded node that a check can see.
type Difference struct {
	// ID is that of the check.
	ID string `json:"id"`
	// Real is what a real server does.
	Real string `json:"real"`
	// Node is what the embedded node does, and the check calls a pass.
	Node string `json:"node"`
}

// Differences lists what a real server may answer otherwise without being wrong.
// The full table of differences, with those that no check can see, is in
// docs/conformance.md.
func Differences() []Difference {
	return []Difference{
		{"all-06", "reads nothing, or refuses a position that is not the beginning of a record", "refuses a position beyond the end of the log"},
		{"append-13", "may be set to take larger appends (MaxAppendSize)", "refuses an append of more than 1 MiB"},
		{"filter-05", "takes .NET's expressions, look-ahead among them", "takes RE2, which has no look-around, and refuses the rest"},
	}
}
