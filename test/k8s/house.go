package k8s

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuanlu/yuanlu/libs/service"
)

// Variables are the environment variables that a service reads.
func Variables() []string {
	var names []string
	for field := range reflect.TypeFor[service.Config]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("env"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Unread complains of variables of the product that no service reads: a
// misspelt one would be a silent default.
func Unread(names []string) []string {
	var found []string
	for _, name := range names {
		if strings.HasPrefix(name, "YUANLU_") && !slices.Contains(Variables(), name) {
			found = append(found, name+" is read by no service")
		}
	}
	return found
}

// Prefixes are the path prefixes that a service's composition root names, from
// its source, since a gateway has nothing else to go by.
func Prefixes(source string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("composition root: %w", err)
	}
	var found []string
	var wrong error
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, ok := pair.Key.(*ast.Ident)
		list, isList := pair.Value.(*ast.CompositeLit)
		if !ok || key.Name != "Prefixes" || !isList {
			return true
		}
		for _, element := range list.Elts {
			literal, ok := element.(*ast.BasicLit)
			if !ok {
				wrong = errors.Join(wrong, fmt.Errorf("%s: a prefix is not written out", source))
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			wrong = errors.Join(wrong, err)
			found = append(found, text)
		}
		return false
	})
	return found, wrong
}

var location = regexp.MustCompile(`(?m)^\s*location (?:= )?(/\S+) \{ proxy_pass http://([a-z]+):8080; \}$`)

// Locations are the paths that the gateway's configuration sends to each service.
func Locations(file string) (map[string]string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	found := map[string]string{}
	for _, m := range location.FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found, nil
}
