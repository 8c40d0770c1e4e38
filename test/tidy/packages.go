package tidy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Root is the import path that all modules of the repository begin with.
const Root = "github.com/yuanlu/yuanlu/"

// Package is what go list tells of one package.
type Package struct {
	ImportPath   string
	Dir          string
	Imports      []string // of the shipped files
	TestImports  []string // of the tests inside the package
	XTestImports []string // of the tests outside of it
}

// Modules returns the directories of the modules in go.work.
func Modules(ctx context.Context, root string) ([]string, error) {
	out, err := goCommand(ctx, root, "work", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var work struct{ Use []struct{ DiskPath string } }
	if err := json.Unmarshal(out, &work); err != nil {
		return nil, fmt.Errorf("go.work: %w", err)
	}
	var dirs []string
	for _, use := range work.Use {
		dirs = append(dirs, filepath.Join(root, use.DiskPath))
	}
	return dirs, nil
}

// Load lists the packages of every module, each by its own go.mod alone, as an
// image of one service is built.
func Load(ctx context.Context, root string) ([]Package, error) {
	modules, err := Modules(ctx, root)
	if err != nil {
		return nil, err
	}
	var all []Package
	for _, dir := range modules {
		// -e: a missing requirement is for go vet to report; the edge is there all the same.
		out, err := goCommand(ctx, dir, "list", "-e", "-json=ImportPath,Dir,Imports,TestImports,XTestImports", "./...")
		if err != nil {
			return nil, err
		}
		packages, err := decode(out)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		all = append(all, packages...)
	}
	return all, nil
}

func decode(out []byte) ([]Package, error) {
	var packages []Package
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if strings.HasPrefix(p.ImportPath, Root) {
			packages = append(packages, p)
		}
	}
}

func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are written above
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if slices.Contains(args, "work") {
		cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, stderr.String())
	}
	return out, nil
}
