package tidy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/test/tidy"
)

const esdb = "github.com/EventStore/EventStore-Client-Go/v4/"

func TestEdgesBite(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		test     bool // the import is a test's
		bites    bool
	}{
		"a service imports another":                      {from: "services/refund", to: tidy.Root + "services/intake", bites: true},
		"a service imports another in a test":            {from: "services/refund/internal/app", to: tidy.Root + "services/intake", test: true, bites: true},
		"the banking network imports a service":          {from: "services/banksim", to: tidy.Root + "services/stoppayment", bites: true},
		"the product's command imports a service":        {from: "services/yuanlu", to: tidy.Root + "services/refund"},
		"the product's command reaches into a service":   {from: "services/yuanlu", to: tidy.Root + "services/refund/internal/app", bites: true},
		"a service imports the product's command":        {from: "services/refund", to: tidy.Root + "services/yuanlu", bites: true},
		"a library imports a contract":                   {from: "libs/bus", to: tidy.Root + "api/event", bites: true},
		"a library's test imports a contract":            {from: "libs/bus", to: tidy.Root + "api/event", test: true, bites: true},
		"a library imports a service":                    {from: "libs/service", to: tidy.Root + "services/intake", bites: true},
		"a contract imports a value type":                {from: "api/event", to: tidy.Root + "libs/money"},
		"a contract imports another contract":            {from: "api/bank", to: tidy.Root + "api/event"},
		"a contract imports the kernel":                  {from: "api/event", to: tidy.Root + "libs/es", bites: true},
		"a contract imports a foreign module":            {from: "api/event", to: "gopkg.in/yaml.v3", bites: true},
		"a service imports the client of the store":      {from: "services/intake/internal/app", to: esdb + "esdb", bites: true},
		"a service's test imports the client":            {from: "services/intake", to: esdb + "esdb", test: true, bites: true},
		"the log imports the client":                     {from: "libs/eventlog", to: esdb + "esdb"},
		"the node imports the client":                    {from: "libs/eventnode", to: esdb + "esdb", bites: true},
		"the node's test imports the client":             {from: "libs/eventnode", to: esdb + "esdb", test: true},
		"the node imports the protocol":                  {from: "libs/eventnode", to: esdb + "protos/streams"},
		"the bus imports the protocol":                   {from: "libs/bus", to: esdb + "protos/streams", bites: true},
		"a view stores in the node's engine":             {from: "libs/view", to: "github.com/cockroachdb/pebble/v2", bites: true},
		"the conformance suite talks to a store":         {from: "libs/conformance", to: esdb + "esdb"},
		"the node stores":                                {from: "libs/eventnode", to: "github.com/cockroachdb/pebble/v2/vfs"},
		"a domain reads a file":                          {from: "services/intake/internal/domain", to: "os", bites: true},
		"a domain takes a context":                       {from: "services/intake/internal/domain", to: "context", bites: true},
		"a domain draws lots":                            {from: "services/intake/internal/domain", to: "math/rand/v2", bites: true},
		"a domain imports its own app":                   {from: "services/intake/internal/domain", to: tidy.Root + "services/intake/internal/app", bites: true},
		"a domain imports the bus":                       {from: "services/intake/internal/domain", to: tidy.Root + "libs/bus", bites: true},
		"a domain imports events and values":             {from: "services/intake/internal/domain", to: tidy.Root + "api/event"},
		"a domain imports a part of itself":              {from: "services/refund/internal/domain", to: tidy.Root + "services/refund/internal/domain/plan"},
		"a domain's test reads a file":                   {from: "services/intake/internal/domain", to: "os", test: true},
		"a view imports rest":                            {from: "services/intake/internal/view", to: tidy.Root + "services/intake/internal/rest", bites: true},
		"a view imports app":                             {from: "services/intake/internal/view", to: tidy.Root + "services/intake/internal/app", bites: true},
		"app imports rest":                               {from: "services/intake/internal/app", to: tidy.Root + "services/intake/internal/rest", bites: true},
		"rest imports app":                               {from: "services/intake/internal/rest", to: tidy.Root + "services/intake/internal/app"},
		"shipped code imports a test":                    {from: "libs/bus", to: tidy.Root + "test/tidy", bites: true},
		"the end-to-end tests import anything they like": {from: "test/e2e", to: esdb + "esdb", test: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := tidy.Package{ImportPath: tidy.Root + c.from, Imports: []string{c.to}}
			if c.test {
				p.Imports, p.XTestImports = nil, p.Imports
			}
			if got := tidy.Edges([]tidy.Package{p}); (len(got) > 0) != c.bites {
				t.Errorf("complaints %q, want some: %v", got, c.bites)
			}
		})
	}
}

// The list of packages comes from the go command, not from this test: a planted
// module must come through it and be complained of.
func TestEdgesBiteOnAPlantedModule(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.work":                   "go 1.26.0\n\nuse ./services/refund\n",
		"services/refund/go.mod":    "module " + tidy.Root + "services/refund\n\ngo 1.26.0\n",
		"services/refund/refund.go": "package refund\n\nimport _ \"" + tidy.Root + "services/intake\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := tidy.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"services/refund imports services/intake: services talk through the log alone"}
	if diff := cmp.Diff(want, tidy.Edges(packages)); diff != "" {
		t.Error(diff)
	}
}

func TestRoomsBite(t *testing.T) {
	whole := func() fstest.MapFS {
		return files("services/a/a.go", "package a\n\nfunc New() {}\n", "services/a/doc.go", "// Package a.\npackage a\n", "services/a/go.mod", "",
			"services/a/cmd/a/main.go", "", "services/a/internal/domain/decide.go", "", "services/a/internal/app/handle.go", "",
			"services/a/internal/view/rows.go", "", "services/a/internal/rest/api.go", "")
	}
	services := []tidy.Service{{Name: "a", Decides: true}}
	if got := tidy.Rooms(whole(), services); len(got) > 0 {
		t.Fatalf("a whole service is complained of: %q", got)
	}
	for _, room := range []string{"a.go", "doc.go", "cmd/a/main.go", "internal/domain/decide.go", "internal/app/handle.go", "internal/view/rows.go", "internal/rest/api.go"} {
		t.Run("without "+room, func(t *testing.T) {
			repository := whole()
			delete(repository, "services/a/"+room)
			if len(tidy.Rooms(repository, services)) == 0 {
				t.Error("nothing is missed")
			}
		})
	}
	for name, file := range map[string][2]string{
		"a room of its own":    {"services/a/internal/store/store.go", "package store\n"},
		"another exported one": {"services/a/more.go", "package a\n\n// Reach is for others.\nvar Reach int\n"},
	} {
		t.Run(name, func(t *testing.T) {
			repository := whole()
			repository[file[0]] = &fstest.MapFile{Data: []byte(file[1])}
			if got := tidy.Rooms(repository, services); len(got) != 1 {
				t.Errorf("complaints %q, want one", got)
			}
		})
	}
}

func TestSourcesBite(t *testing.T) {
	const domain = "services/a/internal/domain/decide.go"
	long := strings.Repeat("\tprintln()\n", tidy.FunctionLines)
	for name, c := range map[string]struct {
		file, text string
		want       int
	}{
		"a file at its budget":              {"libs/a/a.go", "package a\n" + strings.Repeat("\n", tidy.FileLines-1), 0},
		"a file over its budget":            {"libs/a/a.go", "package a\n" + strings.Repeat("\n", tidy.FileLines), 1},
		"a test file over its budget":       {"libs/a/a_test.go", "package a\n" + strings.Repeat("\n", tidy.FileLines), 1},
		"a function at its budget":          {"libs/a/a.go", "package a\n\nfunc f() {\n" + long + "}\n", 0},
		"a function over its budget":        {"libs/a/a.go", "package a\n\nfunc f() {\n" + long + "\tprintln()\n}\n", 1},
		"a long test":                       {"libs/a/a_test.go", "package a\n\nfunc f() {\n" + long + "\tprintln()\n}\n", 0},
		"an init function":                  {"libs/a/a.go", "package a\n\nfunc init() {}\n", 1},
		"a method called init":              {"libs/a/a.go", "package a\n\ntype s struct{}\n\nfunc (s) init() {}\n", 0},
		"a package that says nothing":       {"libs/utils/u.go", "package utils\n", 1},
		"a domain that asks for the time":   {domain, "package domain\n\nimport \"time\"\n\nvar _ = time.Now\n", 1},
		"a domain that sleeps":              {domain, "package domain\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n", 1},
		"a domain that is told the time":    {domain, "package domain\n\nimport \"time\"\n\nvar _ time.Time\n", 0},
		"a domain that counts in floats":    {domain, "package domain\n\nvar share float64\n", 1},
		"a domain that converts to a float": {domain, "package domain\n\nfunc f(n int64) { println(float64(n)) }\n", 1},
		"floats outside a domain":           {"libs/telemetry/t.go", "package telemetry\n\nvar seconds float64\n", 0},
		"a file that is not Go":             {"libs/a/a.go", "parcel a\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tidy.Sources(files(c.file, c.text)); len(got) != c.want {
				t.Errorf("complaints %q, want %d", got, c.want)
			}
		})
	}
}

func TestWordsBite(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"a home directory":        {"cd /" + "home/someone/src\n", 1},
		"a registry":              {"GOPROXY" + "=https://example.org make\n", 1},
		"a registry's host":       {"see proxy" + ".golang.org\n", 1},
		"a path of a container":   {"mountPath: /var/lib/yuanlu\n", 0},
		"a path of the interface": {"GET /v1/cases/{case}\n", 0},
		"part of a longer path":   {"deploy/work/x\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tidy.Words(files("docs/page.md", c.text)); len(got) != c.want {
				t.Errorf("complaints %q, want %d", got, c.want)
			}
		})
	}
}

func TestSamplesBite(t *testing.T) {
	const names = "stored(\"stop-executed.v1\", f),\nstored(\"stop-lifted.v1\", f),\n"
	got := tidy.Samples(files("api/event/names.go", names, "api/event/samples/stop-executed.v1.json", "{}", "api/event/samples/stop-placed.v1.json", "{}"))
	want := []string{
		"stop-lifted.v1 has no golden sample in api/event/samples",
		"api/event/samples/stop-placed.v1.json is a sample of nothing: a stored name never goes away",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(tidy.Samples(files("api/event/names.go", ""))) != 1 {
		t.Error("a table without names is not complained of")
	}
}

// files makes a repository of names and contents in turn.
func files(pairs ...string) fstest.MapFS {
	repository := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		repository[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return repository
}
