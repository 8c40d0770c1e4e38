package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrDamaged says that bytes that were once on disk are not there any more, or not
// as they were written. The text names the file, or the position of the event.
var ErrDamaged = errors.New("the stored data of the event node are damaged")

// syncedName is the file that keeps in mind how much of each log has been synced.
const syncedName = "SYNCED"

// The file holds two slots, so that one is whole whatever happens to the other.
// Each fits into a sector and has a page of its own.
//
//	magic 8, turn 8, number of entries 1, entries of 17 bytes each, …, CRC-32C 4
const (
	syncedMagic  = "evsynced"
	slotBytes    = 512
	slotDistance = 4096
	entryBytes   = 17
	maxEntries   = (slotBytes - 8 - 8 - 1 - 4) / entryBytes
)

// synced knows how many bytes of the engine's logs have been synced. The engine
// itself cannot tell the end of a log from damage: without this, a flipped byte in
// the last records, a log that was cut off, or one that is missing would take
// acknowledged events with it and nobody would notice.
//
// The file is written after each fsync of a log and not synced itself. A process
// that is killed leaves it as it is; a loss of power may leave an older one, which
// says less but nothing wrong. Only before a log is removed it is synced, since an
// older one would miss that log.
type synced struct {
	mu      sync.Mutex
	path    string
	file    vfs.File // nil: the store is only read
	turn    uint64
	lengths map[string]int64 // by name of the log
	slot    [slotBytes]byte
}

// note keeps in mind that a log is on disk up to a length.
func (s *synced) note(d disk, name string, length int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, noted := s.lengths[name]
	if s.file == nil || known >= length {
		return
	}
	if !noted && d.syncDir() != nil { // its name must be as safe as its content
		return
	}
	s.lengths[name] = length
	s.write(d)
}

// forget is called before a log is removed.
func (s *synced) forget(d disk, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.lengths[name]; !known || s.file == nil {
		return
	}
	delete(s.lengths, name)
	s.write(d)
	s.write(d) // neither slot names it
	_ = d.change(operation{what: "sync", name: s.path, sync: true}, s.file.SyncData)
}

func (s *synced) write(d disk) {
	s.turn++
	s.encode()
	_ = d.change(operation{what: "write", name: s.path}, func() error {
		_, err := s.file.WriteAt(s.slot[:], int64(s.turn%2)*slotDistance)
		return err
	})
}

// encode fills the slot. Should there be more logs than it holds, the oldest are
// left out: they are the next to go.
func (s *synced) encode() {
	clear(s.slot[:])
	names := slices.Sorted(maps.Keys(s.lengths))
	names = names[max(0, len(names)-maxEntries):]
	b := append(s.slot[:0], syncedMagic...)
	b = binary.BigEndian.AppendUint64(b, s.turn)
	b = append(b, byte(len(names)))
	for _, name := range names {
		kind, number := frameOf(name)
		b = append(b, kind)
		b = binary.BigEndian.AppendUint64(b, number)
		b = binary.BigEndian.AppendUint64(b, uint64(s.lengths[name]))
	}
	binary.BigEndian.PutUint32(s.slot[slotBytes-4:], crc32.Checksum(s.slot[:slotBytes-4], castagnoli))
}

// decodeSlot returns nothing for a slot that is not whole.
func decodeSlot(b []byte) (turn uint64, lengths map[string]int64, ok bool) {
	if len(b) != slotBytes || string(b[:8]) != syncedMagic ||
		crc32.Checksum(b[:slotBytes-4], castagnoli) != binary.BigEndian.Uint32(b[slotBytes-4:]) || b[16] > maxEntries {
		return 0, nil, false
	}
	lengths = make(map[string]int64)
	for e := b[17 : 17+entryBytes*int(b[16])]; len(e) > 0; e = e[entryBytes:] {
		lengths[logName(e[0], binary.BigEndian.Uint64(e[1:]))] = int64(binary.BigEndian.Uint64(e[9:]))
	}
	return binary.BigEndian.Uint64(b[8:]), lengths, true
}

const (
	kindWAL      = 'w'
	kindManifest = 'm'
)

func frameOf(name string) (kind byte, number uint64) {
	if text, ok := strings.CutPrefix(name, "MANIFEST-"); ok {
		number, _ = strconv.ParseUint(text, 10, 64)
		return kindManifest, number
	}
	number, _ = strconv.ParseUint(strings.TrimSuffix(name, ".log"), 10, 64)
	return kindWAL, number
}

func logName(kind byte, number uint64) string {
	if kind == kindManifest {
		return fmt.Sprintf("MANIFEST-%06d", number)
	}
	return fmt.Sprintf("%06d.log", number)
}

// prove reads what is known of the logs and proves that they still hold it, before
// the engine has a chance to take what is left for all there ever was. A store
// without the file is one of an earlier version, or a copy.
func (s *synced) prove(files vfs.FS, dir string) error {
	s.path = files.PathJoin(dir, syncedName)
	s.lengths = make(map[string]int64)
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(listed(names), proveOptions(files, dir)); err != nil {
		return err
	}
	raw, err := contents(files, s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := s.decode(raw); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.lengths)) {
		if err := proveLog(files, files.PathJoin(dir, name), name, s.lengths[name]); err != nil {
			return err
		}
	}
	return nil
}

// listed finds out whether the engine would take the directory for an empty one.
func listed(names []string) error {
	marked, filled := false, ""
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "marker.manifest."):
			marked = true
		case strings.HasSuffix(name, ".sst"), strings.HasSuffix(name, ".log"), strings.HasSuffix(name, ".blob"):
			filled = name
		}
	}
	if filled != "" && !marked {
		return fmt.Errorf("%w: there is %s, but no marker.manifest", ErrDamaged, filled)
	}
	return nil
}

// proveOptions reads the engine's own note of how it was set up, which the engine
// needs in order to open and whose bytes nothing else guards.
func proveOptions(files vfs.FS, dir string) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, "OPTIONS-") || strings.Contains(name, ".")
	})
	if len(names) == 0 {
		return nil
	}
	name := slices.Max(names)
	raw, err := contents(files, files.PathJoin(dir, name))
	if err != nil {
		return err
	}
	known := &pebble.Options{FS: files}
	known.EnsureDefaults()
	if known.CheckCompatibility(dir, string(raw)) != nil { // its text would hold what it has read
		return fmt.Errorf("%w: %s cannot be understood", ErrDamaged, name)
	}
	return nil
}

func (s *synced) decode(raw []byte) error {
	found := false
	for at := 0; at+slotBytes <= len(raw); at += slotDistance {
		if turn, lengths, ok := decodeSlot(raw[at : at+slotBytes]); ok && turn >= s.turn {
			s.turn, s.lengths, found = turn, lengths, true
		}
	}
	for _, b := range raw {
		if b != 0 && !found {
			return fmt.Errorf("%w: %s says nothing that can be understood", ErrDamaged, syncedName)
		}
	}
	return nil
}

// attach opens the file for writing. It is called once the logs are proven.
func (s *synced) attach(d disk) error {
	file, err := d.FS.OpenReadWrite(s.path, vfs.WriteCategoryUnspecified)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = d.FS.Create(s.path, vfs.WriteCategoryUnspecified)
	}
	if err != nil {
		return err
	}
	s.file = file
	if _, err := file.WriteAt(make([]byte, slotBytes), 2*slotDistance-slotBytes); err != nil { // its full size, at once
		return err
	}
	s.mu.Lock()
	s.write(d)
	s.write(d)
	s.mu.Unlock()
	dir, err := d.FS.OpenDir(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), dir.Sync(), dir.Close())
}

// close leaves the file as it is on disk.
func (s *synced) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close())
	s.file = nil
	return err
}

func contents(files vfs.FS, path string) ([]byte, error) {
	file, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, 1<<20))
	return raw, errors.Join(err, file.Close())
}
