package tidy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/test/tidy"
)

func TestTablesBite(t *testing.T) {
	const document = `{"paths": {"/v1/a": {"post": {}}, "/v1/a/{id}": {"get": {}}}}`
	const domain = "package domain\n\ntype Open struct{}\n\nfunc f() any { return event.Opened{At: event.Row{}} }\n"
	const app = "package app\n\nfunc f(m any) {\n\tswitch m.(type) {\n\tcase event.Heard:\n\t}\n}\n"
	const doc = "// Package a.\n//\n//\thears  Heard        -> Open -> Opened\n//\tREST   POST /v1/a   -> Open -> as above\n//\tREST   GET /v1/a/{x} -> rows\npackage a\n"
	services := []tidy.Service{{Name: "a", Decides: true}}
	check := func(doc string) []string {
		return tidy.Tables(files("api/event/e.go", "func (Opened) isEvent() {}\nfunc (Heard) isEvent() {}\n", "api/openapi/a.json", document,
			"services/a/doc.go", doc, "services/a/internal/domain/decide.go", domain, "services/a/internal/app/react.go", app), services)
	}
	// The command of a path that only reads is its answer, which is in no domain.
	whole := strings.Replace(doc, "//\tREST   GET /v1/a/{x} -> rows\n", "", 1)
	if got := check(whole); len(got) > 0 {
		t.Fatalf("a true table is complained of: %q", got)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a path that is not served":    {"POST /v1/a ", "POST /v1/b ", "tells of POST /v1/b, which it does not serve"},
		"a path that is not told":      {"//\tREST   POST /v1/a   -> Open -> as above\n", "", "does not tell of POST /v1/a"},
		"a command that is not there":  {"-> Open -> Opened", "-> Close -> Opened", "tells of the command Close, which its domain does not have"},
		"an event that is never said":  {"-> Opened", "-> Opened, Shut", "tells that it says Shut, which its domain never does"},
		"an event that is not told":    {"-> Opened", "-> as above", "does not tell that it says Opened"},
		"an event that is never heard": {"hears  Heard", "hears  Sold", "tells that it hears Sold, which its app does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(check(strings.Replace(whole, c.old, c.new, 1)), "\n")
			if !strings.Contains(got, c.want) {
				t.Errorf("complaints %q, want %q", got, c.want)
			}
		})
	}
	if got := check("// Package a.\npackage a\n"); len(got) != 1 {
		t.Errorf("complaints %q, want that there is no table", got)
	}
}

func TestLinksBite(t *testing.T) {
	got := tidy.Links(files("docs/a.md", "[b](b.md) [c](c.md#x) [d](../README.md) [e](https://example.org/x)", "docs/b.md", "", "README.md", ""))
	if diff := cmp.Diff([]string{"docs/a.md leads to c.md, which is not there"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDependenciesBite(t *testing.T) {
	const module = "module x\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\texample.org/c v0.1.0\n\texample.org/d v9.9.9 // indirect\n\t" + tidy.Root + "libs v0.0.0\n)\n"
	for page, want := range map[string][]string{
		"| `a/b` v1.2.3 | why |\n| `example.org/c` v0.1.0 | why |\n": nil,
		"| `a/b` v1.2.4 | why |\n": {
			"libs/go.mod requires example.org/c v0.1.0, which docs/dependencies.md does not explain",
			"libs/go.mod requires github.com/a/b v1.2.3, which docs/dependencies.md does not explain",
		},
	} {
		if diff := cmp.Diff(want, tidy.Dependencies(files("libs/go.mod", module, tidy.DependenciesPage, page))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestInvariantsBite(t *testing.T) {
	const page = "| Number | Invariant | Held by |\n|---|---|---|\n| I30 | returns never exceed | open |\n| I31 | nor losses | `TestI31_Gone` (libs/a) |\n"
	const test = "package a\n\nfunc TestI30_Returns(t *testing.T) {}\n\nfunc TestI44_I30_Remainder(t *testing.T) {}\n"
	repository := files(tidy.InvariantsPage, page, "libs/a/a_test.go", test)
	if got := tidy.Invariants(repository); len(got) != 3 {
		t.Errorf("complaints %q, want: I30 tested and called open, I31 held by nothing, I44 not listed", got)
	}
	rewritten, err := tidy.RewriteInvariants(repository)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(page, "exceed | open |", "exceed | `TestI30_Returns` (libs/a)<br>`TestI44_I30_Remainder` (libs/a) |", 1)
	want = strings.Replace(want, "`TestI31_Gone` (libs/a)", "open", 1)
	if diff := cmp.Diff(want, rewritten); diff != "" {
		t.Error(diff)
	}
	if len(tidy.Invariants(files(tidy.InvariantsPage, "nothing"))) != 1 {
		t.Error("an empty list is not complained of")
	}
}
