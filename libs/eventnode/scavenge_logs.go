package eventnode

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// logFiles watches the engine's write-ahead logs. The engine keeps some old ones
// to write over them later, which is faster than to begin new ones, and until
// then they hold what was once written. A scavenge condemns all logs that there
// are: they are never used again and can be deleted once the engine has flushed.
// In between nothing is lost of the speed.
type logFiles struct {
	mu        sync.Mutex
	newest    uint64 // number of the newest log
	condemned uint64 // logs up to this number are not used again

	copying sync.Mutex // held while a copy is made of all files
}

// logNumber is the number in the name of a write-ahead log, 0 for another file.
func logNumber(base string) uint64 {
	digits, ok := strings.CutSuffix(base, ".log")
	if !ok {
		return 0
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// begun notes a new file.
func (l *logFiles) begun(base string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = max(l.newest, logNumber(base))
}

// reuse turns an old log into a new one. Of a condemned log nothing is used.
func (l *logFiles) reuse(files vfs.FS, oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest = max(l.newest, logNumber(files.PathBase(newname)))
	if logNumber(files.PathBase(oldname)) > l.condemned {
		return files.ReuseForWrite(oldname, newname, category)
	}
	if err := files.Remove(oldname); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return files.Create(newname, category)
}

// condemn returns the number of the newest log. Logs up to it are not used again.
func (l *logFiles) condemn() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.condemned = l.newest
	return l.condemned
}

// removeLogs deletes the logs up to a number, which the engine has flushed.
func (s *store) removeLogs(upTo uint64) error {
	s.logs.copying.Lock() // the engine may be copying them
	defer s.logs.copying.Unlock()
	names, err := s.fs.List(s.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if n := logNumber(name); n == 0 || n > upTo {
			continue
		}
		if err := s.fs.Remove(s.fs.PathJoin(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.syncDir()
}

// removed says whether none of the files is there any more.
func (s *store) removed(files []string) (bool, error) {
	for _, name := range files {
		_, err := s.fs.Stat(s.fs.PathJoin(s.dir, name))
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

func (s *store) syncDir() error {
	dir, err := s.fs.OpenDir(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// tables lists the files of the directory that hold flushed data.
func (s *store) tables() ([]string, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, name := range names {
		if ext := filepath.Ext(name); ext == ".sst" || ext == ".blob" {
			tables = append(tables, name)
		}
	}
	return tables, nil
}
