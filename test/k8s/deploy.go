package k8s

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"
)

// Compose reads a compose file as docker compose does: its schema is the
// specification's, and a field that it does not know is an error.
func Compose(ctx context.Context, file string) (*types.Project, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithName("yuanlu"), cli.WithEnv([]string{"YUANLU_DEMO=true"}))
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	return project, nil
}

// Containers complains of a service of a compose file that is not held as
// tightly as a machine for development allows.
func Containers(project *types.Project) []string {
	var found []string
	for _, s := range project.Services {
		if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" || tag == "lts" {
			found = append(found, fmt.Sprintf("%s: image %q is pinned to no version", s.Name, s.Image))
		}
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				found = append(found, fmt.Sprintf("%s: port %s is open to other machines", s.Name, p.Published))
			}
		}
		if s.Build == nil {
			continue
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || s.User == "" || s.User == "0" {
			found = append(found, s.Name+": it may do more than it needs")
		}
		var names []string
		for name := range s.Environment {
			names = append(names, name)
		}
		found = append(found, Unread(names)...)
	}
	return found
}

// Alert is one rule for an alert.
type Alert struct {
	Name        string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         time.Duration     `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// Alerts reads a file of Prometheus rules strictly.
func Alerts(file string) ([]Alert, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	var rules struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []Alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&rules); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("alerts: a second document: %w", err)
	}
	var all []Alert
	for _, g := range rules.Groups {
		all = append(all, g.Rules...)
	}
	return all, nil
}

var measured = regexp.MustCompile("[\"`](yuanlu[._][a-z0-9._]+)[\"`]")

// Measured are the product's own metrics that the source names.
func Measured(repository fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(repository, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "data", "test"}, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(repository, name)
		if err != nil {
			return err
		}
		for _, m := range measured.FindAllSubmatch(source, -1) {
			found = append(found, strings.ReplaceAll(string(m[1]), ".", "_"))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return found, nil
}

var metric = regexp.MustCompile(`\byuanlu_[a-z0-9_]+\b`)

// Metrics are the product's own metrics that an expression asks for.
func Metrics(expression string) []string { return metric.FindAllString(expression, -1) }
