package tidy

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// InvariantsPage is the list of all invariants with their tests.
const InvariantsPage = "docs/invariants.md"

var (
	row      = regexp.MustCompile(`^\| (I\d\d) \| (.*) \| (.*) \|$`)
	numbered = regexp.MustCompile(`(?m)(?:^func |\bt\.Run\(")((?:Test|Fuzz)((?:I\d\d_)+)\w*)["(]`)
)

// open stands in the list for an invariant that no test holds yet.
const open = "open"

// Invariants complains where the list of invariants and the tests that carry
// their numbers disagree.
func Invariants(repository fs.FS) []string {
	page, err := fs.ReadFile(repository, InvariantsPage)
	if err != nil {
		return []string{err.Error()}
	}
	tests, err := numberedTests(repository)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	listed := map[string]bool{}
	for line := range strings.SplitSeq(string(page), "\n") {
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		listed[m[1]] = true
		if want := cell(tests[m[1]]); m[3] != want {
			found = append(found, fmt.Sprintf("%s: %s says %q, the code %q", InvariantsPage, m[1], m[3], want))
		}
	}
	if len(listed) == 0 {
		found = append(found, InvariantsPage+" lists nothing")
	}
	for number := range tests {
		if !listed[number] {
			found = append(found, fmt.Sprintf("%s: %s is tested and not listed", InvariantsPage, number))
		}
	}
	slices.Sort(found)
	return found
}

// RewriteInvariants returns the list with the names of the tests as they are.
func RewriteInvariants(repository fs.FS) (string, error) {
	page, err := fs.ReadFile(repository, InvariantsPage)
	if err != nil {
		return "", fmt.Errorf("the list of invariants: %w", err)
	}
	tests, err := numberedTests(repository)
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(page), "\n")
	for i, line := range lines {
		if m := row.FindStringSubmatch(line); m != nil {
			lines[i] = fmt.Sprintf("| %s | %s | %s |", m[1], m[2], cell(tests[m[1]]))
		}
	}
	return strings.Join(lines, "\n"), nil
}

// proof is one test that holds an invariant.
type proof struct{ name, dir string }

// numberedTests finds the tests that carry numbers of invariants in their names.
func numberedTests(repository fs.FS) (map[string][]proof, error) {
	tests := map[string][]proof{}
	err := walk(repository, "_test.go", func(name string, source []byte) error {
		dir, _, _ := strings.Cut(name, "/internal/")
		if i := strings.LastIndexByte(name, '/'); i >= 0 && dir == name {
			dir = name[:i]
		}
		for _, m := range numbered.FindAllSubmatch(source, -1) {
			for number := range strings.SplitSeq(strings.TrimSuffix(string(m[2]), "_"), "_") {
				tests[number] = append(tests[number], proof{string(m[1]), dir})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tests that carry a number: %w", err)
	}
	return tests, nil
}

// cell writes the tests of one invariant as the list shows them.
func cell(proofs []proof) string {
	if len(proofs) == 0 {
		return open
	}
	slices.SortFunc(proofs, func(a, b proof) int {
		return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, p := range slices.Compact(proofs) {
		names = append(names, fmt.Sprintf("`%s` (%s)", p.name, p.dir))
	}
	return strings.Join(names, "<br>")
}
