package eventnode

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrFull says that the disk of the node has no room left. Open returns it when
// the store cannot even be opened for lack of room, and Close when a write was
// waiting for room: the store then is as after a loss of power, with all that
// was acknowledged.
var ErrFull = errors.New("the disk of the event node is full")

// DefaultReserve is how much of the disk, in bytes, a node leaves free unless
// Config.Reserve says otherwise: enough for a write-ahead log, what the engine
// still holds in memory and a small compaction. On a disk of less than 20 times
// as much it is a twentieth of the disk.
const DefaultReserve = 128 << 20

const (
	lookInterval      = 500 * time.Millisecond
	pauseOfCompaction = 10 * time.Second
)

// isFull tells a disk without room, or a quota without, from a broken one.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// space watches the room on the disk. Below the reserve appends are refused before
// they begin, so that the engine never runs into the end of the disk by itself. If
// others fill it nevertheless, the engine's writes wait here until there is room
// again; they are then tried once more, which is sound for a write that was
// refused, as it would not be for an fsync. A compaction does not wait, but gives
// back what it has taken; once the engine takes no more writes before a compaction
// has come to its end, that too is waiting for room.
type space struct {
	dir     string
	fs      vfs.FS
	log     *slog.Logger
	written atomic.Uint64 // bytes since the last look
	reserve uint64        // bytes; 0: the disk is not watched

	mu      sync.Mutex
	low     bool
	waiting int           // writes that wait for room
	stalled chan struct{} // closed as long as the engine takes no writes
	starved bool          // and will not until a compaction finds room
	blocked bool          // as told last
	stuck   chan struct{} // closed as long as the engine is blocked
	looked  chan struct{} // closed at the next look

	closing chan struct{}
	running sync.WaitGroup
}

// newSpace looks for the first time. A negative reserve means none.
func newSpace(dir string, fs vfs.FS, reserve int64, log *slog.Logger) *space {
	s := &space{
		dir: dir, fs: fs, log: log,
		stalled: make(chan struct{}), stuck: make(chan struct{}),
		looked: make(chan struct{}), closing: make(chan struct{}),
	}
	switch usage, err := fs.GetDiskUsage(dir); {
	case err != nil || reserve < 0:
		return s // not to be known, or not wanted
	case reserve > 0:
		s.reserve = uint64(reserve)
	default:
		s.reserve = min(DefaultReserve, usage.TotalBytes/20)
	}
	s.look()
	return s
}

// run looks again and again until close.
func (s *space) run() {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look()
		case <-s.closing:
			return
		}
	}
}

func (s *space) close() {
	close(s.closing)
	s.running.Wait()
}

// look asks the disk, and lets writes that wait for room try again.
func (s *space) look() {
	s.written.Store(0)
	var free uint64
	watched := s.reserve > 0
	if watched {
		usage, err := s.fs.GetDiskUsage(s.dir)
		watched = err == nil
		free = usage.AvailBytes
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.looked)
	s.looked = make(chan struct{})
	low := s.low
	switch {
	case !watched:
	case free < s.reserve:
		low = true
	case free >= s.reserve+s.reserve/4: // not to and fro at the edge
		low = false
	}
	if low != s.low {
		s.low = low
		s.log.Warn("event node and its disk", slog.Bool("appends_refused", low),
			slog.Uint64("free_bytes", free), slog.Uint64("reserve_bytes", s.reserve))
	}
}

// wrote counts bytes, and looks when they are many.
func (s *space) wrote(n int) {
	if s.reserve > 0 && s.written.Add(uint64(n)) > s.reserve/8 {
		s.look()
	}
}

// refusal is nil as long as there is room for an append.
func (s *space) refusal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.low || s.blocked {
		return diskFull("")
	}
	return nil
}

// full returns a channel that is closed as long as the engine waits for room:
// whoever waits for the engine then waits in vain.
func (s *space) full() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuck
}

// begin says that a write has found no room, end that it has found some.
func (s *space) begin(what, name string, err error) {
	s.change(func() { s.waiting++ }, slog.String("to", what), slog.String("file", name), slog.Any("error", err))
}

func (s *space) end() { s.change(func() { s.waiting-- }) }

// stall says that the engine takes no writes, or takes them again.
func (s *space) stall(begins bool) {
	s.change(func() {
		if begins {
			close(s.stalled)
			return
		}
		s.stalled = make(chan struct{})
		s.starved = false
	})
}

// change notes what has become of the engine, and tells those who wait for it.
func (s *space) change(note func(), told ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note()
	blocked := s.waiting > 0 || s.starved
	switch {
	case blocked && !s.blocked:
		close(s.stuck)
		s.log.Error("event node waits for room on its disk", told...)
	case !blocked && s.blocked:
		s.stuck = make(chan struct{})
		s.log.Warn("event node has found room on its disk")
	}
	s.blocked = blocked
}

// nextLook is closed after the next look.
func (s *space) nextLook() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked
}

// pause holds a compaction back that has found no room, before it gives back what
// it has taken and is tried again: for long, unless the engine takes no writes
// before.
func (s *space) pause() {
	s.look()
	timer := time.NewTimer(pauseOfCompaction)
	defer timer.Stop()
	select {
	case <-s.wanted():
	case <-timer.C:
	case <-s.closing:
	}
}

// wanted is closed once a compaction that has found no room is to be tried again:
// when the engine begins to take no writes, and, if it does not take any, after
// the next look.
func (s *space) wanted() (again <-chan struct{}) {
	s.change(func() {
		select {
		case <-s.stalled:
			s.starved = true
			again = s.looked
		default:
			again = s.stalled
		}
	}, slog.String("to", "compact"))
	return again
}
