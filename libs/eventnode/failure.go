package eventnode

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// ErrStorage is the error of a node that stopped because its storage failed: a
// write or an fsync was refused, or stored bytes are damaged. The process must be
// restarted; the directory stays locked until then.
var ErrStorage = errors.New("the storage of the event node has failed")

// failure holds the first storage error for good. An fsync that failed once is
// never tried again: nobody knows which bytes the kernel has dropped.
type failure struct {
	once sync.Once
	done chan struct{}
	err  error
	log  *slog.Logger
}

func newFailure(log *slog.Logger) *failure {
	return &failure{done: make(chan struct{}), log: log}
}

func (f *failure) fail(cause error) {
	f.once.Do(func() {
		f.err = fmt.Errorf("%w: %w", ErrStorage, cause)
		f.log.Error("event node stopped", slog.Any("error", f.err))
		close(f.done)
	})
}

// cause is nil as long as the storage works.
func (f *failure) cause() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// engineLogger receives what the storage engine has to say. It is quiet, and it
// turns the engine's wish to end the process into a failure of the node. Failures
// of the disk do not come this way: disk.go keeps them from the engine.
type engineLogger struct {
	log     *slog.Logger
	failure *failure
}

// Infof drops the engine's chatter about flushes and compactions.
func (engineLogger) Infof(string, ...any) {}

// Errorf reports an error that the engine goes on from, such as a flush that it
// will try again.
func (l engineLogger) Errorf(format string, args ...any) {
	l.log.Warn("storage engine", slog.String("report", fmt.Sprintf(format, args...)))
}

// Fatalf fails the node and does not return: the engine takes for granted that
// nothing runs after it, and to go on could drop files that are still needed. The
// goroutine is parked, never resumed; the process is about to be restarted.
func (l engineLogger) Fatalf(format string, args ...any) {
	l.failure.fail(fmt.Errorf(format, args...))
	select {}
}

// damage is what an error of the engine says of a damaged or missing file. The
// engine's own error stays behind: its text has more than one line, and a table
// that is missing must not be taken for a store that is not there.
type damage struct{ file, text string }

// Error names the file.
func (d *damage) Error() string {
	said := ErrDamaged.Error()
	if d.file != "" {
		said += ": " + d.file
	}
	return said + ": " + d.text
}

// Unwrap makes it ErrDamaged.
func (*damage) Unwrap() error { return ErrDamaged }

const (
	detailCarrier = "<corruption detail carrier>" // stands in the engine's texts for what they carry
	sizeMismatch  = "object size mismatch"        // stands in them for a table that is cut off, without a mark
	missingText   = "it is missing"
)

// engineFile finds the number of a table in a text of the engine.
var engineFile = regexp.MustCompile(`\b(?:(?:file|table|blob) |L\d: )(\d{6,})\b`)

// damagedData turns what the engine says of damage, or of a file that is not there,
// into ErrDamaged with the name of the file. It is for errors from inside a store;
// all others come back as they are.
func damagedData(err error) error {
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil || errors.Is(err, ErrDamaged):
		return err
	case errors.Is(err, pebble.ErrDBNotPristine):
		return &damage{file: "marker.format-version", text: missingText}
	case !missing && !pebble.IsCorruptionError(err) && !strings.Contains(err.Error(), sizeMismatch):
		return err
	}
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == detailCarrier })
	d := &damage{file: damagedFile(err), text: strings.Join(lines, "; ")}
	if missing {
		d.text = missingText
	}
	return d
}

// damagedFile is the name of the file that an error of the engine is about.
func damagedFile(err error) string {
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		return filepath.Base(info.Path)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return filepath.Base(at.Path)
	}
	if at, ok := errors.AsType[*os.LinkError](err); ok {
		return filepath.Base(at.Old)
	}
	said := err.Error()
	number := engineFile.FindStringSubmatch(said)
	switch {
	case number == nil:
		return ""
	case strings.Contains(said, "blob"):
		return number[1] + ".blob"
	default:
		return number[1] + ".sst"
	}
}
