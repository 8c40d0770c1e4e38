package eventnode

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrLocked is returned by Open when another node, in this process or another,
// has the same directory open.
var ErrLocked = errors.New("the directory of the event node is in use")

// ErrUnwritable is returned by Open when the directory cannot be written.
var ErrUnwritable = errors.New("the directory of the event node cannot be written")

// ErrLayout is returned by Open when the directory was written by a version that
// this one cannot read.
var ErrLayout = errors.New("the directory holds an unknown layout")

const (
	engineCacheBytes    = 64 << 20
	engineMemTableBytes = 32 << 20
)

// store is the storage engine, its directory lock and its tail.
type store struct {
	db      *pebble.DB
	lock    *pebble.Lock
	failure *failure
	tail    *tail
}

// engine is the storage engine as it is now. Nobody keeps it for longer than one
// page or one round.
func (s *store) engine() *pebble.DB { return s.db }

func openStore(dir string, fs vfs.FS, log *slog.Logger, readOnly bool) (*store, error) {
	if fs == nil {
		fs = vfs.Default
	}
	if err := enter(dir, fs, readOnly); err != nil {
		return nil, fmt.Errorf("directory of the event node: %w", err)
	}
	lock, err := pebble.LockDirectory(dir, fs)
	if err != nil {
		return nil, lockError(err)
	}
	s := &store{lock: lock, failure: newFailure(log)}
	if err := s.open(dir, fs, log, readOnly); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// lockError tells a directory in which no lock can be made, such as one on a
// read-only file system, from one that another node has locked.
func lockError(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok { // of opening the lock's file; locking it gives none
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return fmt.Errorf("%w: %w", ErrLocked, err)
}

// enter makes the directory, or, for a reader, finds it.
func enter(dir string, fs vfs.FS, readOnly bool) error {
	if readOnly {
		_, err := fs.Stat(dir)
		return err
	}
	return fs.MkdirAll(dir, 0o700)
}

func (s *store) open(dir string, fs vfs.FS, log *slog.Logger, readOnly bool) error {
	cache := pebble.NewCache(engineCacheBytes)
	defer cache.Unref()
	options := &pebble.Options{
		Cache:              cache,
		FS:                 disk{FS: fs, failure: s.failure},
		Lock:               s.lock,
		Logger:             engineLogger{log: log, failure: s.failure},
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       engineMemTableBytes,
		ReadOnly:           readOnly,
		EventListener: &pebble.EventListener{
			DataCorruption: func(info pebble.DataCorruptionInfo) {
				s.failure.fail(fmt.Errorf("damaged data in %s: %w", info.Path, info.Details))
			},
		},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	// A failure parks the goroutine that opens the engine; so it gets one of its own.
	type opened struct {
		db  *pebble.DB
		err error
	}
	result := make(chan opened, 1)
	go func() {
		db, err := pebble.Open(dir, options)
		result <- opened{db, err}
	}()
	select {
	case r := <-result:
		if r.err != nil {
			return fmt.Errorf("open the storage engine: %w", r.err)
		}
		s.db = r.db
	case <-s.failure.done:
		return s.failure.err
	}
	if err := s.checkLayout(readOnly); err != nil {
		return err
	}
	last, err := lastPosition(s.db)
	if err != nil {
		return err
	}
	s.tail = newTail(last)
	return nil
}

func (s *store) checkLayout(readOnly bool) error {
	version, found, err := getNumber(s.db, layoutKey())
	switch {
	case err != nil:
		return err
	case found && version != layoutVersion:
		return fmt.Errorf("%w: version %d, known is %d", ErrLayout, version, layoutVersion)
	case !found && !readOnly:
		return s.db.Set(layoutKey(), number(layoutVersion), pebble.Sync)
	}
	return nil
}

// close releases the engine and the directory. After a failure it releases
// nothing: goroutines of the engine may hold its locks for ever, and the files
// must not be opened a second time before the process has ended.
func (s *store) close() error {
	if s.failure.cause() != nil {
		return nil //nolint:nilerr // the failure has been told; it is not one of closing
	}
	if s.db == nil {
		return s.lock.Close()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.db.Close() }()
	select {
	case err := <-closed:
		return errors.Join(err, s.lock.Close())
	case <-s.failure.done:
		return s.failure.err
	}
}
