package tidy

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Budgets of the house.
const (
	FileLines     = 400
	FunctionLines = 60
)

// skipped are directories that hold nothing of the repository's own.
var skipped = []string{".git", "bin", "data", "testdata", "node_modules"}

// banned are words that belong to some machine or network, not to the product.
var banned = []*regexp.Regexp{
	regexp.MustCompile(`(^|[\s"'=(:])/(root|home|Users|work)/`),
	regexp.MustCompile(`\b(goproxy|npmmirror)\.`),
	regexp.MustCompile(`\bproxy\.golang\b`),
	regexp.MustCompile(`\bregistry\.npmjs\b`),
	regexp.MustCompile(`(?i)\bGOPROXY\s*=\s*["']?http`),
}

// vague are package names that say nothing, and so gather everything.
var vague = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "base", "manager", "misc", "shared"}

// Sources complains of Go files that are too long, do what a domain must not
// do, or have a name that says nothing.
func Sources(repository fs.FS) []string {
	var found []string
	err := walk(repository, ".go", func(name string, source []byte) error {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if lines := bytes.Count(source, []byte("\n")); lines > FileLines {
			found = append(found, fmt.Sprintf("%s has %d lines, more than %d", name, lines, FileLines))
		}
		if slices.Contains(vague, strings.TrimSuffix(file.Name.Name, "_test")) {
			found = append(found, fmt.Sprintf("%s: package %s says nothing about what is in it", name, file.Name.Name))
		}
		found = append(found, functions(set, name, file)...)
		if strings.Contains(path.Dir(name)+"/", "/internal/domain/") && !strings.HasSuffix(name, "_test.go") {
			found = append(found, domain(set, file)...)
		}
		return nil
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}

// functions complains of long functions in shipped code, and of init anywhere.
func functions(set *token.FileSet, name string, file *ast.File) []string {
	var found []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if f.Recv == nil && f.Name.Name == "init" {
			found = append(found, name+" has an init function: wiring is one readable function")
		}
		// As the linter counts: the lines between the braces.
		lines := set.Position(f.Body.Rbrace).Line - set.Position(f.Body.Lbrace).Line - 1
		if lines > FunctionLines && !strings.HasSuffix(name, "_test.go") {
			found = append(found, fmt.Sprintf("%s: %s has %d lines, more than %d", name, f.Name.Name, lines, FunctionLines))
		}
	}
	return found
}

// domain complains of a domain that asks for the time or counts in floats.
func domain(set *token.FileSet, file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "Sleep", "NewTimer", "NewTicker", "AfterFunc", "Local"}, n.Sel.Name) {
				found = append(found, fmt.Sprintf("%s: time.%s: the domain is told the time; it never asks", set.Position(n.Pos()), n.Sel.Name))
			}
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" {
				found = append(found, fmt.Sprintf("%s: %s: money is counted in whole fen", set.Position(n.Pos()), n.Name))
			}
		}
		return true
	})
	return found
}

// Words complains of text that names a machine's path or a registry's host.
func Words(repository fs.FS) []string {
	var found []string
	err := walk(repository, "", func(name string, text []byte) error {
		if bytes.IndexByte(text, 0) >= 0 || path.Base(name) == "go.sum" || path.Base(name) == "go.work.sum" {
			return nil
		}
		for n, line := range strings.Split(string(text), "\n") {
			for _, word := range banned {
				if hit := word.FindString(line); hit != "" {
					found = append(found, fmt.Sprintf("%s:%d: %q belongs to a machine, not to the product", name, n+1, strings.TrimSpace(hit)))
				}
			}
		}
		return nil
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return found
}

var storedName = regexp.MustCompile(`\bstored\("([^"]+)"`)

// Samples complains of a stored event name without its golden sample, and of a
// sample that no name refers to.
func Samples(repository fs.FS) []string {
	const names, samples = "api/event/names.go", "api/event/samples"
	source, err := fs.ReadFile(repository, names)
	if err != nil {
		return []string{err.Error()}
	}
	var want, got, found []string
	for _, m := range storedName.FindAllSubmatch(source, -1) {
		want = append(want, string(m[1]))
	}
	if len(want) == 0 {
		return []string{names + " stores nothing"}
	}
	entries, err := fs.ReadDir(repository, samples)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return []string{err.Error()}
	}
	for _, e := range entries {
		got = append(got, strings.TrimSuffix(e.Name(), ".json"))
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			found = append(found, fmt.Sprintf("%s has no golden sample in %s", name, samples))
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			found = append(found, fmt.Sprintf("%s/%s.json is a sample of nothing: a stored name never goes away", samples, name))
		}
	}
	return found
}

// walk visits the files of the repository with the given ending.
func walk(repository fs.FS, ending string, visit func(name string, content []byte) error) error {
	return fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !entry.Type().IsRegular() || !strings.HasSuffix(name, ending):
			return nil
		}
		content, err := fs.ReadFile(repository, name)
		if err != nil {
			return err
		}
		return visit(name, content)
	})
}
