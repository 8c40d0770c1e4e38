package eventnode

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
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

// damagedData names the file in an error of the engine that tells of damage.
func damagedData(err error) error {
	if errors.Is(err, pebble.ErrDBNotPristine) {
		return fmt.Errorf("%w: marker.format-version is missing: %w", ErrDamaged, err)
	}
	if !pebble.IsCorruptionError(err) {
		return err
	}
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, filepath.Base(info.Path), err)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
