package tidy

import (
	"fmt"
	"slices"
	"strings"
)

const (
	client  = "github.com/EventStore/EventStore-Client-Go"
	storage = "github.com/cockroachdb/pebble"
)

// pure are the standard packages that a domain may use: they neither wait, nor
// fail for a reason outside, nor tell the time, nor draw lots. Package time is
// among them for its types; asking it for the time is found in the source.
var pure = []string{
	"bytes", "cmp", "crypto/sha256", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash", "hash/fnv", "iter",
	"maps", "math", "math/big", "math/bits", "regexp", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// values are the packages of this repository that a domain may use.
var values = []string{"api/bank", "api/event", "libs/es", "libs/identity", "libs/money", "libs/rule", "libs/seal"}

// contract are the packages, besides the standard library, that api may use.
var contract = []string{
	"github.com/google/uuid",
	Root + "libs/identity", Root + "libs/money", Root + "libs/rule", Root + "libs/seal",
}

// Edges complains of imports that the dependency rule forbids:
//
//	cmd → <name>.go → rest, app, view → domain → api, small libs
//
// and of parts of the outside world that only one package may know.
func Edges(packages []Package) []string {
	var found []string
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, Root)
		for _, to := range p.Imports {
			if why := forbidden(from, to); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", from, strings.TrimPrefix(to, Root), why))
			}
		}
		for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
			if why := forbiddenInTests(from, to); why != "" {
				found = append(found, fmt.Sprintf("a test of %s imports %s: %s", from, strings.TrimPrefix(to, Root), why))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// forbidden tells why a shipped file may not import a package, or "".
func forbidden(from, to string) string {
	own, inside := strings.CutPrefix(to, Root)
	switch {
	case within(to, client) && !mayTalk(from, to):
		return "only libs/eventlog talks to the store"
	case within(to, storage) && !within(from, "libs/eventnode"):
		return "only libs/eventnode stores"
	case within(from, "api") && !standard(to) && !slices.Contains(contract, to) && !within(own, "api"):
		return "the contracts depend on nothing but small value types"
	case inside && !within(from, "test") && within(own, "test"):
		return "what ships knows no tests"
	case isDomain(from):
		return impure(from, to)
	case inside:
		return direction(from, own)
	}
	return ""
}

// mayTalk reports whether a package may use the store's client: the one door to
// the log, the node for the protocol's types, and those that look at a store from
// outside.
func mayTalk(from, to string) bool {
	if strings.Contains(to, "/protos/") && within(from, "libs/eventnode") {
		return true
	}
	return slices.ContainsFunc(talkers, func(p string) bool { return within(from, p) })
}

// talkers are the packages that may use the store's client.
var talkers = []string{"libs/eventlog", "libs/eventnode/operator", "libs/conformance", "test/bench/log"}

// forbiddenInTests tells why a test may not import a package, or "". A test may
// use what it likes to look from outside, but not across services.
func forbiddenInTests(from, to string) string {
	own, inside := strings.CutPrefix(to, Root)
	switch {
	case within(to, client) && !within(from, "libs") && !within(from, "test"):
		return "a service does not know the store, in tests neither"
	case within(to, storage) && !within(from, "libs/eventnode"):
		return "only libs/eventnode stores"
	case inside && !within(from, "test"):
		return direction(from, own)
	}
	return ""
}

// direction tells why one package of the repository may not import another.
func direction(from, to string) string {
	switch {
	case within(from, "libs") && (within(to, "api") || within(to, "services")):
		return "libs know neither api nor services"
	case within(from, "api") && within(to, "services"):
		return "a contract knows no service"
	case !within(from, "services"):
		return ""
	case service(to) != "" && service(to) != service(from):
		if service(from) != "yuanlu" {
			return "services talk through the log alone"
		}
		if to != "services/"+service(to) {
			return "of a service only its composition root is for others"
		}
	case strings.Contains(from, "/internal/view") && (strings.Contains(to, "/internal/rest") || strings.Contains(to, "/internal/app")):
		return "a view holds what was said and never decides"
	case strings.Contains(from, "/internal/app") && strings.Contains(to, "/internal/rest"):
		return "the way of a request leads from rest to app"
	}
	return ""
}

// impure tells why a domain may not import a package, or "".
func impure(from, to string) string {
	own, inside := strings.CutPrefix(to, Root)
	switch {
	case inside && (slices.Contains(values, own) || own != from && within(own, "services/"+service(from)+"/internal/domain")):
		return ""
	case !inside && slices.Contains(pure, to):
		return ""
	}
	return "a domain sees nothing that can wait, fail or tell the time"
}

func isDomain(path string) bool {
	return within(path, "services/"+service(path)+"/internal/domain")
}

// service is the name of the service that a package belongs to, or "".
func service(path string) string {
	rest, ok := strings.CutPrefix(path, "services/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// within tells whether a path is another or lies below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// standard tells whether an import path is of Go's own library: its first
// element has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
