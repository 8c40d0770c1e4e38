package tidy

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// DependenciesPage says of each direct dependency what it is for.
const DependenciesPage = "docs/dependencies.md"

var require = regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.-]+\.[a-z]+/\S+) (v\S+)$`)

// Dependencies complains of a module that is required directly and not
// explained, at its version, on the page of dependencies.
func Dependencies(repository fs.FS) []string {
	page, err := fs.ReadFile(repository, DependenciesPage)
	if err != nil {
		return []string{err.Error()}
	}
	rows := strings.Split(string(page), "\n")
	var found []string
	err = walk(repository, "go.mod", func(name string, text []byte) error {
		for _, m := range require.FindAllStringSubmatch(string(text), -1) {
			module, version := m[1], m[2]
			if strings.HasPrefix(module, Root) {
				continue
			}
			explained := slices.ContainsFunc(rows, func(row string) bool {
				return strings.Contains(row, "`"+strings.TrimPrefix(module, "github.com/")+"`") && strings.Contains(row, version)
			})
			if !explained {
				found = append(found, fmt.Sprintf("%s requires %s %s, which %s does not explain", name, module, version, DependenciesPage))
			}
		}
		return nil
	})
	if err != nil {
		found = append(found, err.Error())
	}
	slices.Sort(found)
	return found
}
