package main_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/conformance"
	main "github.com/yuanlu/yuanlu/test/conformance"
)

var rewrite = flag.Bool("rewrite", false, "write the generated parts of docs/conformance.md")

const pageFile = "../../docs/conformance.md"

func table(t *testing.T) []main.Row {
	t.Helper()
	rows, err := main.Official()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestTheTableAsksFor67Of91Tests(t *testing.T) {
	tiers, asked, seen := map[string]int{}, 0, map[string]bool{}
	for _, r := range table(t) {
		tiers[r.Tier]++
		if seen[r.Test] {
			t.Errorf("%s stands twice", r.Test)
		}
		seen[r.Test] = true
		if main.Asked(r) {
			asked++
		}
		if wanted := r.Tier == "A" || r.Tier == "B" || r.Tier == "D"; main.Asked(r) != wanted || wanted != (r.Reason == "") {
			t.Errorf("%s: tier %s, modes %q, reason %q", r.Test, r.Tier, r.Modes, r.Reason)
		}
	}
	if diff := cmp.Diff(map[string]int{"A": 48, "B": 6, "C": 7, "D": 13, "-": 17}, tiers); diff != "" || asked != 67 || len(seen) != 91 {
		t.Errorf("%d asked of %d; tiers: %s", asked, len(seen), diff)
	}
}

func TestPatternsChooseWhatIsAskedFor(t *testing.T) {
	rows := table(t)
	run, skip := main.Patterns(rows, "insecure")
	if run != "^(TestExpectations|TestPersistentSubscriptions|TestStreams)$" {
		t.Errorf("run %s", run)
	}
	for _, want := range []string{`^TestStreams$/^TLSTests$/^testTLSWithoutCertificate\($`, `^TestExpectations$/^ReadAllTests$/^readAllEventsForwardsFromZeroPosition\($`} {
		if !slices.Contains(strings.Split(skip, "|"), want) {
			t.Errorf("skip lacks %s", want)
		}
	}
	if strings.Contains(skip, "canDeleteStream") {
		t.Error("what is asked for is skipped")
	}
	for part := range strings.SplitSeq(skip, "|") {
		for element := range strings.SplitSeq(part, "/") {
			if _, err := regexp.Compile(element); err != nil {
				t.Error(err)
			}
		}
	}
	run, _ = main.Patterns(main.Narrowed(rows, "canDelete", "tls"), "insecure")
	if run != "^()$" {
		t.Errorf("a mode that is not asked for runs %s", run)
	}
}

// run is what the Go tool says of tests that came to these ends.
func run(states map[string]string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for name, state := range states {
		_ = e.Encode(map[string]any{"Action": "output", "Test": name, "Output": "=== RUN " + name + "\n"}) // a buffer takes all
		_ = e.Encode(map[string]any{"Action": "output", "Test": name, "Output": "said by " + name + "\n"}) // as above
		if state != "" {
			_ = e.Encode(map[string]any{"Action": state, "Test": name, "Elapsed": 0.5}) // as above
		}
	}
	return "not JSON\n" + b.String()
}

func TestAReportComparesWithTheTable(t *testing.T) {
	rows := []main.Row{
		{Test: "TestA/G/one", Tier: "A", Modes: []string{"insecure", "tls"}},
		{Test: "TestA/G/two(", Tier: "D", Modes: []string{"tls"}},
		{Test: "TestB/H/three", Tier: "-", Reason: "a cluster"},
	}
	sound := func() map[string]map[string]string {
		return map[string]map[string]string{
			"insecure": {"": "pass", "TestA": "pass", "TestA/G": "pass", "TestA/G/one": "pass"},
			"tls":      {"": "pass", "TestA": "pass", "TestA/G": "pass", "TestA/G/one": "pass", "TestA/G/two(": "pass"},
		}
	}
	for name, c := range map[string]struct {
		harm func(map[string]map[string]string)
		want map[string]string
		ok   bool
	}{
		"all pass": {func(map[string]map[string]string) {}, map[string]string{}, true},
		"one fails in one mode": {
			func(s map[string]map[string]string) { s["tls"]["TestA/G/one"] = "fail" },
			map[string]string{"TestA/G/one": main.Failed},
			false,
		},
		"one is skipped by itself": {
			func(s map[string]map[string]string) { s["tls"]["TestA/G/two("] = "skip" },
			map[string]string{"TestA/G/two(": main.Missing},
			false,
		},
		"one does not end": {
			func(s map[string]map[string]string) { s["insecure"]["TestA/G/one"] = "" },
			map[string]string{"TestA/G/one": main.Missing},
			false,
		},
		"one is not run": {
			func(s map[string]map[string]string) { delete(s["tls"], "TestA/G/two(") },
			map[string]string{"TestA/G/two(": main.Missing},
			false,
		},
		"a mode is not run": {
			func(s map[string]map[string]string) { delete(s, "tls") },
			map[string]string{"TestA/G/one": main.Missing, "TestA/G/two(": main.Missing},
			false,
		},
		"one is new": {
			func(s map[string]map[string]string) { s["tls"]["TestA/G/four"] = "pass" },
			map[string]string{"TestA/G/four": main.Unknown},
			false,
		},
		"a whole group is new": {
			func(s map[string]map[string]string) { s["tls"]["TestA/X/five"] = "pass" },
			map[string]string{"TestA/X/five": main.Unknown},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			states := sound()
			c.harm(states)
			seen := map[string]map[string]main.Outcome{}
			for mode, s := range states {
				outcomes, err := main.Read(run(s))
				if err != nil {
					t.Fatal(err)
				}
				seen[mode] = outcomes
			}
			r := main.Compare(rows, seen)
			want := map[string]string{"TestA/G/one": main.Passed, "TestA/G/two(": main.Passed, "TestB/H/three": main.NotAsked}
			maps.Copy(want, c.want)
			got := map[string]string{}
			for _, v := range r.Verdicts {
				got[v.Test] = v.Result
			}
			if diff := cmp.Diff(want, got); diff != "" || r.OK != c.ok || r.Asked != 2 || r.Tests != 3 {
				t.Errorf("ok = %t, %d asked of %d: %s", r.OK, r.Asked, r.Tests, diff)
			}
			said(t, r)
		})
	}
}

// said demands that a report names what went wrong, for the eye and for programs.
func said(t *testing.T, r main.Report) {
	t.Helper()
	text := main.Table(r)
	if !strings.Contains(text, " 1  a cluster") || !strings.Contains(text, "of 3 passed, 1 not asked") {
		t.Errorf("the table lacks a reason or the count:\n%s", text)
	}
	for _, v := range r.Verdicts {
		if v.Result == main.Failed && !strings.Contains(text, "said by "+v.Test) {
			t.Errorf("the table does not say what %s said:\n%s", v.Test, text)
		}
	}
	var b bytes.Buffer
	if err := main.Write(&b, "json", r); err != nil {
		t.Fatal(err)
	}
	var again main.Report
	if err := json.Unmarshal(b.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
}

func TestWrongUsageIsExitCode2(t *testing.T) {
	for _, args := range [][]string{{"--modes", "quantum"}, {"--output", "xml"}, {"--fast"}, {"now"}} {
		var out, errs bytes.Buffer
		if code := main.Command(t.Context(), args, &out, &errs); code != 2 || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, output %q, error %q", args, code, out.String(), errs.String())
		}
	}
}

func TestCertificatesAreAsTheTestsWantThem(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	certificate, key, err := main.MakeCertificates(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if certificate != filepath.Join(dir, "node", "node.crt") || key != filepath.Join(dir, "node", "node.key") {
		t.Errorf("they are %s and %s", certificate, key)
	}
	node := parsed(t, certificate)
	for authority, trusted := range map[string]bool{"ca/ca.crt": true, "untrusted-ca/ca.crt": false, "node/node.crt": true} {
		roots := x509.NewCertPool()
		roots.AddCert(parsed(t, filepath.Join(dir, authority)))
		for _, name := range []string{"localhost", "127.0.0.1"} {
			_, err := node.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now})
			if (err == nil) != trusted {
				t.Errorf("%s, by %s: %v", name, authority, err)
			}
		}
	}
}

func parsed(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestThePageSaysWhatIsAsked(t *testing.T) {
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := main.Page(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(pageFile, []byte(want), 0o644); err != nil { //nolint:gosec // a page for everyone
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("docs/conformance.md is out of step; run go test ./conformance -rewrite in test\n%s", diff)
	}
}

func TestThePageHasEveryDifferenceThatAChecksSees(t *testing.T) {
	text, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Known differences")
	differences, _, _ := strings.Cut(rest, "\n## ")
	for _, d := range conformance.Differences() {
		if !strings.Contains(differences, "`"+d.ID+"` |") {
			t.Errorf("%s has no row in the table of differences", d.ID)
		}
	}
	known := map[string]bool{}
	for _, d := range conformance.Differences() {
		known[d.ID] = true
	}
	for _, row := range regexp.MustCompile("`([a-z]+-[0-9]{2})` \\|\n").FindAllStringSubmatch(differences, -1) {
		if !known[row[1]] {
			t.Errorf("%s stands in the table of differences, and the check knows of none", row[1])
		}
	}
}
