package rest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestI65_WhatIsSealedIsOpenedInOnePlace: whoever shows something in full goes
// through the file that keeps who was shown what.
func TestI65_WhatIsSealedIsOpenedInOnePlace(t *testing.T) {
	opens := map[string]int{}
	for _, root := range []string{".", "../app", "../view", "../domain"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // the package's own sources
			opens[path] += strings.Count(string(text), "Keys.Open(")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, n := range opens {
		if (n > 0) != (path == "plaintext.go") {
			t.Errorf("%s opens %d sealed fields", path, n)
		}
	}
	if len(opens) < 50 {
		t.Errorf("%d files were read", len(opens))
	}
}
