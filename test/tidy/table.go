package tidy

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	tableRow  = regexp.MustCompile(`(?m)^//\t(hears|REST|bank|clock)\s+(\S.*?)\s+-> (\S.*?)(?:\s+-> (\S.*))?$`)
	parameter = regexp.MustCompile(`\{[^}]*\}`)
)

// entry is one line of the table in a service's doc.go: what comes in, the
// command that it becomes, and what the service then says.
type entry struct {
	door, what, command string
	says                []string
}

// Tables complains of a service whose doc.go does not tell the truth about what
// it hears, decides and says.
func Tables(repository fs.FS, services []Service) []string {
	stored, err := events(repository)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, s := range services {
		dir := path.Join("services", s.Name)
		rows, err := table(repository, dir)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		complaints, err := doors(repository, s.Name, rows)
		if s.Decides {
			more, errDecides := decides(repository, dir, rows, stored)
			complaints, err = append(complaints, more...), errors.Join(err, errDecides)
		}
		if err != nil {
			complaints = append(complaints, err.Error())
		}
		for _, c := range complaints {
			found = append(found, dir+"/doc.go "+c)
		}
	}
	return found
}

func table(repository fs.FS, dir string) ([]entry, error) {
	text, err := fs.ReadFile(repository, dir+"/doc.go")
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	var rows []entry
	for _, m := range tableRow.FindAllStringSubmatch(string(text), -1) {
		row := entry{door: m[1], what: m[2], command: m[3]}
		if m[4] != "" && m[4] != "as above" {
			row.says = strings.Split(m[4], ", ")
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s/doc.go has no table", dir)
	}
	return rows, nil
}

// doors holds the paths of the table against the service's OpenAPI document.
// What only reads need not be listed.
func doors(repository fs.FS, name string, rows []entry) ([]string, error) {
	text, err := fs.ReadFile(repository, "api/openapi/"+name+".json")
	if err != nil {
		return nil, fmt.Errorf("cannot be held against the document of its paths: %w", err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("api/openapi/%s.json: %w", name, err)
	}
	served := map[string]bool{}
	for p, methods := range document.Paths {
		for method := range methods {
			served[strings.ToUpper(method)+" "+parameter.ReplaceAllString(p, "{}")] = true
		}
	}
	var found []string
	told := map[string]bool{}
	for _, row := range rows {
		if row.door != "REST" && row.door != "bank" {
			continue
		}
		what, _, _ := strings.Cut(row.what, " (")
		what = parameter.ReplaceAllString(what, "{}")
		told[what] = true
		if !served[what] {
			found = append(found, fmt.Sprintf("tells of %s, which it does not serve", row.what))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(served)) {
		if !strings.HasPrefix(what, "GET ") && !told[what] {
			found = append(found, fmt.Sprintf("does not tell of %s", what))
		}
	}
	return found, nil
}

// decides holds the commands and events of the table against the domain, and
// what is heard against the process manager.
func decides(repository fs.FS, dir string, rows []entry, stored map[string]bool) ([]string, error) {
	domain, errDomain := look(repository, dir+"/internal/domain")
	app, errApp := look(repository, dir+"/internal/app")
	if err := errors.Join(errDomain, errApp); err != nil {
		return nil, err
	}
	var found []string
	said := map[string]bool{}
	for _, row := range rows {
		if !domain.types[row.command] {
			found = append(found, fmt.Sprintf("tells of the command %s, which its domain does not have", row.command))
		}
		if row.door == "hears" && !app.uses[row.what] {
			found = append(found, fmt.Sprintf("tells that it hears %s, which its app does not know", row.what))
		}
		for _, e := range row.says {
			said[e] = true
			if !domain.makes[e] && !domain.holds[e] {
				found = append(found, fmt.Sprintf("tells that it says %s, which its domain never does", e))
			}
		}
	}
	for _, e := range slices.Sorted(maps.Keys(domain.makes)) {
		if stored[e] && !said[e] {
			found = append(found, fmt.Sprintf("does not tell that it says %s", e))
		}
	}
	return found, nil
}

// names are what the shipped files of one folder declare and use.
type names struct {
	types map[string]bool // declared
	uses  map[string]bool // of package event
	makes map[string]bool // of package event, as values
	holds map[string]bool // of package event, as fields
}

func look(repository fs.FS, dir string) (names, error) {
	n := names{types: map[string]bool{}, uses: map[string]bool{}, makes: map[string]bool{}, holds: map[string]bool{}}
	files, err := fs.Glob(repository, dir+"/*.go")
	if err != nil {
		return n, fmt.Errorf("%s: %w", dir, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := fs.ReadFile(repository, name)
		if err != nil {
			return n, fmt.Errorf("%s: %w", dir, err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return n, fmt.Errorf("%s: %w", dir, err)
		}
		ast.Inspect(file, n.note)
	}
	return n, nil
}

func (n names) note(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.TypeSpec:
		n.types[node.Name.Name] = true
	case *ast.CompositeLit:
		n.makes[ofEvent(node.Type)] = true
	case *ast.CallExpr: // a conversion
		n.makes[ofEvent(node.Fun)] = true
	case *ast.Field: // of a command that becomes an event as it is, perhaps
		n.holds[ofEvent(node.Type)] = true
	case *ast.SelectorExpr:
		n.uses[ofEvent(node)] = true
	}
	return true
}

// ofEvent is the name in an expression event.Name, or "".
func ofEvent(e ast.Node) string {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := selector.X.(*ast.Ident); !ok || pkg.Name != "event" {
		return ""
	}
	return selector.Sel.Name
}

// events are the types in api/event that are stored.
func events(repository fs.FS) (map[string]bool, error) {
	files, err := fs.Glob(repository, "api/event/*.go")
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	found := map[string]bool{}
	for _, name := range files {
		source, err := fs.ReadFile(repository, name)
		if err != nil {
			return nil, fmt.Errorf("events: %w", err)
		}
		for _, m := range isEvent.FindAllSubmatch(source, -1) {
			found[string(m[1])] = true
		}
	}
	if len(found) == 0 {
		return nil, errors.New("api/event has no events")
	}
	return found, nil
}

var isEvent = regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) isEvent\(\)`)
