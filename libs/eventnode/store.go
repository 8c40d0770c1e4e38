package eventnode

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

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
	engineCacheBytes    = 32 << 20
	engineMemTableBytes = 16 << 20
)

// store is the storage engine, its directory and its tail.
type store struct {
	db      *pebble.DB
	lock    *pebble.Lock
	held    *heldLock
	failure *failure
	tail    *tail
	onRound func(appends int, took time.Duration) // hears of each round that is on disk
	space   *space
	synced  *synced
	gate    *gate
	logs    *logFiles
	fs      vfs.FS // the directory's, as the engine sees it
	dir     string
	gone    bool // let go
}

// engine is the storage engine as it is now. Nobody keeps it for longer than one
// page or one round.
func (s *store) engine() *pebble.DB { return s.db }

func openStore(cfg Config, readOnly bool) (*store, error) {
	files, log := cfg.FS, cfg.Logger
	if files == nil {
		files = vfs.Default
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	dir := files.PathDir(files.PathJoin(cfg.Dir, syncedName))
	if err := enter(dir, files, readOnly); err != nil {
		return nil, fmt.Errorf("directory of the event node: %w", err)
	}
	held := &heldLock{FS: files}
	lock, err := pebble.LockDirectory(dir, held)
	if err != nil {
		return nil, lockError(err)
	}
	s := &store{
		lock: lock, held: held, dir: dir,
		failure: newFailure(log),
		space:   newSpace(dir, files, cfg.Reserve, log),
		synced:  &synced{},
		gate:    &gate{},
		logs:    &logFiles{},
	}
	d := disk{FS: files, dir: dir, failure: s.failure, space: s.space, synced: s.synced, gate: s.gate, logs: s.logs}
	s.fs = d
	if err := damagedData(s.open(d, cfg, log, readOnly)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.space.running.Go(s.space.run)
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

// open proves the logs, opens the engine and finds the tail.
func (s *store) open(d disk, cfg Config, log *slog.Logger, readOnly bool) error {
	if err := s.synced.prove(d.FS, d.dir); err != nil {
		return err
	}
	if !readOnly {
		if err := s.synced.attach(d); isFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		} else if err != nil {
			return err
		}
	}
	cache := pebble.NewCache(engineCacheBytes)
	defer cache.Unref()
	options := s.engineOptions(d, log, readOnly)
	options.Cache = cache
	if cfg.tune != nil {
		cfg.tune(options)
	}
	if err := s.openEngine(options); err != nil {
		return err
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

func (s *store) engineOptions(d disk, log *slog.Logger, readOnly bool) *pebble.Options {
	var told sync.Map // damaged files, each told of once
	options := &pebble.Options{
		FS:                 d,
		Lock:               s.lock,
		Logger:             engineLogger{log: log, failure: s.failure},
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       engineMemTableBytes,
		ReadOnly:           readOnly,
		// They would open every table at the start, and one that is damaged again and
		// again. What is removed is compacted by the scavenge.
		DisableTableStats: true,
		EventListener: &pebble.EventListener{
			WriteStallBegin: func(pebble.WriteStallBeginInfo) { s.space.stall(true) },
			WriteStallEnd:   func() { s.space.stall(false) },
			// A reader that meets damage gets an error of its own.
			DataCorruption: func(info pebble.DataCorruptionInfo) {
				if _, again := told.LoadOrStore(info.Path, true); !again {
					log.Error("event node has damaged data", slog.String("file", info.Path), slog.Any("error", damagedData(info.Details)))
				}
			},
			BackgroundError: func(err error) {
				if err = damagedData(err); errors.Is(err, ErrDamaged) {
					s.failure.fail(err)
					return
				}
				log.Warn("storage engine", slog.Any("error", err))
			},
		},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return options
}

// openEngine opens the engine in a goroutine of its own, which a disk that fails
// or is full parks for good.
func (s *store) openEngine(options *pebble.Options) error {
	type opened struct {
		db  *pebble.DB
		err error
	}
	result := make(chan opened, 1)
	full := s.space.full()
	go func() {
		db, err := pebble.Open(s.dir, options)
		result <- opened{db, err}
	}()
	select {
	case r := <-result:
		if r.err != nil {
			return fmt.Errorf("open the storage engine: %w", damagedData(r.err))
		}
		s.db = r.db
		return nil
	case <-full:
		return errors.Join(ErrFull, s.letGo())
	case <-s.failure.done:
		return s.failure.err
	}
}

func (s *store) checkLayout(readOnly bool) error {
	version, found, err := getNumber(s.db, layoutKey())
	switch {
	case err != nil:
		return err
	case found && (version < oldestLayout || version > layoutVersion):
		return fmt.Errorf("%w: version %d, known are %d to %d", ErrLayout, version, oldestLayout, layoutVersion)
	case version != layoutVersion && !readOnly:
		return s.db.Set(layoutKey(), number(layoutVersion), pebble.Sync)
	}
	return nil
}

// close releases the engine and the directory.
//
// After a failure it releases nothing: goroutines of the engine may hold its locks
// for ever, and the files must not be opened a second time before the process has
// ended. If the engine waits for room, it is kept from the directory for good, and
// only the directory is released.
func (s *store) close() error {
	s.space.close()
	if s.failure.cause() != nil {
		return nil //nolint:nilerr // the failure has been told; it is not one of closing
	}
	switch {
	case s.gone:
		return nil
	case s.db == nil:
		return errors.Join(s.synced.close(), s.lock.Close())
	}
	closed := make(chan error, 1)
	full := s.space.full()
	go func() { closed <- s.db.Close() }()
	select {
	case err := <-closed:
		return errors.Join(err, s.synced.close(), s.lock.Close())
	case <-full:
		return errors.Join(ErrFull, s.letGo())
	case <-s.failure.done:
		return nil // as above
	}
}

// abandon gives up an engine whose writer has not come to its end.
func (s *store) abandon() error {
	s.space.close()
	if s.failure.cause() != nil {
		return nil //nolint:nilerr // as close
	}
	return errors.Join(ErrFull, s.letGo())
}

// letGo keeps the engine from the directory, and releases the directory. The
// engine's own hold of the lock is not waited for.
func (s *store) letGo() error {
	s.gone = true
	s.gate.close()
	return s.held.release()
}

// heldLock keeps the lock of the directory at hand.
type heldLock struct {
	vfs.FS
	once sync.Once
	lock io.Closer
}

// Lock locks a file.
func (h *heldLock) Lock(name string) (io.Closer, error) {
	var err error
	h.lock, err = h.FS.Lock(name)
	return h, err
}

// Close gives the lock back.
func (h *heldLock) Close() error { return h.release() }

func (h *heldLock) release() (err error) {
	h.once.Do(func() { err = h.lock.Close() })
	return err
}
