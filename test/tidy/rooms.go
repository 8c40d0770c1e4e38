package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Service says which rooms one of the services has. All have the same, in the
// same order; one that decides nothing has no domain.
type Service struct {
	Name    string
	Decides bool
}

// Services are the five services of a city.
func Services() []Service {
	return []Service{
		{Name: "intake", Decides: true},
		{Name: "warning", Decides: true},
		{Name: "stoppayment", Decides: true},
		{Name: "refund", Decides: true},
		{Name: "casebook"}, // it tells what the others have done
	}
}

// Rooms complains of a service whose shape differs from that of its siblings.
func Rooms(repository fs.FS, services []Service) []string {
	var found []string
	for _, s := range services {
		dir := path.Join("services", s.Name)
		want := []string{s.Name + ".go", "doc.go", "go.mod", "cmd/" + s.Name + "/main.go", "internal/rest", "internal/view"}
		if s.Decides {
			want = append(want, "internal/domain", "internal/app")
		}
		for _, room := range want {
			if _, err := fs.Stat(repository, path.Join(dir, room)); err != nil {
				found = append(found, fmt.Sprintf("%s has no %s", dir, room))
			}
		}
		if s.Decides && !has(repository, dir+"/internal/domain/decide*.go") {
			found = append(found, dir+"/internal/domain has no decide*.go, where all rules are")
		}
		found = append(found, strangers(repository, dir)...)
		found = append(found, exported(repository, dir)...)
	}
	return found
}

// strangers are rooms that no other service has.
func strangers(repository fs.FS, dir string) []string {
	entries, err := fs.ReadDir(repository, dir+"/internal")
	if err != nil {
		return nil // its absence has been told
	}
	var found []string
	for _, e := range entries {
		if !slices.Contains([]string{"domain", "app", "view", "rest"}, e.Name()) {
			found = append(found, fmt.Sprintf("%s/internal has %s, a room that its siblings do not have", dir, e.Name()))
		}
	}
	return found
}

// exported complains of names, other than New, that a service shows to others.
func exported(repository fs.FS, dir string) []string {
	files, err := fs.Glob(repository, dir+"/*.go")
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := fs.ReadFile(repository, name)
		if err != nil {
			return append(found, err.Error())
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return append(found, err.Error())
		}
		for _, d := range file.Decls {
			for _, id := range declared(d) {
				if ast.IsExported(id) && id != "New" {
					found = append(found, fmt.Sprintf("%s exports %s: a composition root exports New alone", name, id))
				}
			}
		}
	}
	return found
}

// declared are the names that a declaration gives at the top of a file.
func declared(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names = append(names, n.Name)
				}
			}
		}
		return names
	}
	return nil
}

func has(repository fs.FS, pattern string) bool {
	files, err := fs.Glob(repository, pattern)
	return err == nil && len(files) > 0
}
