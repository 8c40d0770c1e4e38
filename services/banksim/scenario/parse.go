package scenario

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed files/*.yaml
var files embed.FS

// ErrUnknown says that there is no scenario of that name, and no such file.
var ErrUnknown = errors.New("there is no such scenario")

// maxFile is how large a scenario may be: 1 MiB.
const maxFile = 1 << 20

// Names lists the scenarios that come with the program.
func Names() []string {
	var names []string
	entries, _ := fs.ReadDir(files, "files") // it is part of the program
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Load finds a scenario by its name, or reads it from a file.
func Load(nameOrPath string) (*Scenario, error) {
	if data, err := files.ReadFile(path.Join("files", nameOrPath+".yaml")); err == nil {
		return Parse(data)
	}
	f, err := os.Open(nameOrPath) //nolint:gosec // the caller's own file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, nameOrPath)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// Parse reads a scenario. A field that is not known, a name that is not declared
// and whatever else cannot be played is an [ErrScenario] that names the line.
func Parse(data []byte) (*Scenario, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrScenario, maxFile)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var s Scenario
	if err := decoder.Decode(&s); err != nil {
		if errors.Is(err, ErrScenario) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrScenario, err)
	}
	if err := decoder.Decode(new(Scenario)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: one document is expected", ErrScenario)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return &s, nil
}
