package eventnode

import (
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
)

// watched is what a set of files says. The files are read anew when one of them
// has changed; as long as the new ones cannot be read, what the old ones said
// stays.
type watched[T any] struct {
	name  string        // what it is, for the log
	every time.Duration // how often the files are looked at, at most
	paths []string
	load  func() (T, error)
	log   *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamps []os.FileInfo
	value  T
}

// watch reads the files for the first time.
func watch[T any](name string, every time.Duration, log *slog.Logger, load func() (T, error), paths ...string) (*watched[T], error) {
	w := &watched[T]{name: name, every: every, paths: paths, load: load, log: log, looked: time.Now()}
	var err error
	if w.stamps, err = stamps(paths); err != nil {
		return nil, err
	}
	w.value, err = load()
	return w, err
}

// get returns what the files say.
func (w *watched[T]) get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.looked) < w.every {
		return w.value
	}
	w.looked = time.Now()
	now, err := stamps(w.paths)
	if err != nil || same(now, w.stamps) {
		return w.value // a file that is being replaced is looked at the next time
	}
	w.stamps = now // a file that cannot be read is told of once, not at each look
	value, err := w.load()
	if err != nil {
		w.log.Warn("changed files are not used", slog.String("what", w.name), slog.Any("error", err))
		return w.value
	}
	w.value = value
	w.log.Info("changed files are in use", slog.String("what", w.name))
	return w.value
}

func stamps(paths []string) ([]os.FileInfo, error) {
	out := make([]os.FileInfo, len(paths))
	var errs []error
	for i, path := range paths {
		var err error
		out[i], err = os.Stat(path)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

func same(a, b []os.FileInfo) bool {
	for i := range a {
		if !os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size() {
			return false
		}
	}
	return true
}
