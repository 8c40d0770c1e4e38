package tidy

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Links complains of a page with a relative link that leads nowhere.
func Links(repository fs.FS) []string {
	var found []string
	err := walk(repository, ".md", func(name string, page []byte) error {
		for _, m := range link.FindAllSubmatch(page, -1) {
			to, _, _ := strings.Cut(string(m[1]), "#")
			if to == "" || strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			if _, err := fs.Stat(repository, path.Join(path.Dir(name), to)); err != nil {
				found = append(found, fmt.Sprintf("%s leads to %s, which is not there", name, to))
			}
		}
		return nil
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}
