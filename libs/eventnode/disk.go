package eventnode

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system as the engine sees it: one on which no change of the
// store's directory ever fails. The engine would otherwise panic in places that
// cannot be recovered from and take the whole process with it, or go on without
// knowing what the kernel has dropped.
//
//   - A change that finds no room waits until there is some.
//   - A compaction that finds no room is told so: it gives back what it has taken
//     and is tried again later.
//   - Any other failed change, and any failed fsync, stops the node for good. The
//     goroutine that asked for it is parked, and with it every one that asks for a
//     change afterwards.
//
// Reads fail as usual, and so does all outside of the directory.
type disk struct {
	vfs.FS
	dir     string
	failure *failure
	space   *space
	synced  *synced
	gate    *gate
	logs    *logFiles
}

// operation is one change, or one fsync, of a file.
type operation struct {
	what, name string
	gives      bool // is told of a full disk in place of waiting
	sync       bool // an fsync, never tried twice
}

// change makes do happen, or does not return. Only one that gives way gets an
// error.
func (d disk) change(op operation, do func() error) error {
	for waits := false; ; {
		d.gate.enter(d.failure)
		err := do()
		d.gate.leave()
		switch {
		case err == nil:
			if waits {
				d.space.end()
			}
			return nil
		case isFull(err) && op.gives:
			d.space.pause()
			return err
		case isFull(err) && !op.sync:
			if !waits {
				d.space.begin(op.what, d.PathBase(op.name), err)
				waits = true
			}
			<-d.space.nextLook()
		default:
			d.failure.fail(fmt.Errorf("%s %s: %w", op.what, d.PathBase(op.name), err))
			select {}
		}
	}
}

// inside tells whether a file belongs to the store. A copy that the engine makes
// of itself elsewhere does not.
func (d disk) inside(name string) bool { return d.PathDir(name) == d.dir }

// gives tells whether those who write a file for this purpose can go without it.
func gives(category vfs.DiskWriteCategory) bool {
	return category == "pebble-compaction" || category == "pebble-blob-file-rewrite"
}

func (d disk) written(name string, f vfs.File, category vfs.DiskWriteCategory) vfs.File {
	file := &diskFile{File: f, disk: d, name: name, gives: gives(category), logs: isLog(d.PathBase(name))}
	if strings.HasSuffix(name, ".log") {
		file.ahead = &ahead{}
		if info, err := f.Stat(); err == nil {
			file.ahead.to = info.Size()
		}
	}
	return file
}

// Create makes a file whose writes are watched.
func (d disk) Create(name string, category vfs.DiskWriteCategory) (f vfs.File, err error) {
	if !d.inside(name) {
		return d.FS.Create(name, category)
	}
	if strings.HasPrefix(d.PathBase(name), "marker.") {
		// A marker names a file, whose own entry must not be lost when power is.
		if err = d.syncDir(); err != nil {
			return nil, err
		}
	}
	op := operation{what: "create", name: name, gives: gives(category)}
	if err = d.change(op, func() error { f, err = d.FS.Create(name, category); return err }); err != nil {
		return nil, err
	}
	d.logs.begun(d.PathBase(name))
	return d.written(name, f, category), nil
}

// OpenReadWrite opens a file whose writes are watched.
func (d disk) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (f vfs.File, err error) {
	if !d.inside(name) {
		return d.FS.OpenReadWrite(name, category, opts...)
	}
	missing := false
	err = d.change(operation{what: "open", name: name}, func() error {
		f, err = d.FS.OpenReadWrite(name, category, opts...)
		if missing = errors.Is(err, fs.ErrNotExist); missing {
			return nil
		}
		return err
	})
	if missing {
		return nil, fs.ErrNotExist
	}
	return d.written(name, f, category), err
}

// ReuseForWrite turns an old file into a new one whose writes are watched.
func (d disk) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (f vfs.File, err error) {
	d.synced.forget(d, d.PathBase(oldname))
	err = d.change(operation{what: "reuse", name: newname}, func() error {
		f, err = d.logs.reuse(d.FS, oldname, newname, category)
		return err
	})
	return d.written(newname, f, category), err
}

// OpenDir opens a directory whose fsync is watched.
func (d disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil || name != d.dir {
		return f, err
	}
	return &diskFile{File: f, disk: d, name: name}, nil
}

func (d disk) syncDir() error {
	dir, err := d.OpenDir(d.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Rename renames a file.
func (d disk) Rename(oldname, newname string) error {
	if !d.inside(newname) {
		return d.FS.Rename(oldname, newname)
	}
	return d.change(operation{what: "rename", name: newname}, func() error { return d.FS.Rename(oldname, newname) })
}

// Link makes a second name for a file. It may fail.
func (d disk) Link(oldname, newname string) error {
	if d.inside(newname) {
		d.gate.enter(d.failure)
		defer d.gate.leave()
	}
	return d.FS.Link(oldname, newname)
}

// Remove removes a file. It may fail: the engine then tries again.
func (d disk) Remove(name string) error {
	if d.inside(name) {
		d.synced.forget(d, d.PathBase(name))
		d.gate.enter(d.failure)
		defer d.gate.leave()
	}
	return d.FS.Remove(name)
}

// RemoveAll removes a file or a directory. It may fail.
func (d disk) RemoveAll(name string) error {
	if d.inside(name) {
		d.gate.enter(d.failure)
		defer d.gate.leave()
	}
	return d.FS.RemoveAll(name)
}

// Unwrap returns the file system below.
func (d disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file that is written.
type diskFile struct {
	vfs.File
	disk    disk
	name    string
	gives   bool
	logs    bool // what was synced of it is kept in mind
	ahead   *ahead
	written atomic.Int64
}

// Write writes all of p.
func (f *diskFile) Write(p []byte) (int, error) {
	rest := p
	err := f.disk.change(operation{what: "write", name: f.name, gives: f.gives}, func() error {
		if f.ahead != nil {
			f.ahead.before(f.File, f.written.Load(), int64(len(p)))
		}
		n, err := f.File.Write(rest)
		rest = rest[n:]
		return err
	})
	f.written.Add(int64(len(p) - len(rest)))
	f.disk.space.wrote(len(p))
	return len(p) - len(rest), err
}

// WriteAt writes all of p.
func (f *diskFile) WriteAt(p []byte, offset int64) (int, error) {
	done := 0
	err := f.disk.change(operation{what: "write", name: f.name, gives: f.gives}, func() error {
		n, err := f.File.WriteAt(p[done:], offset+int64(done))
		done += n
		return err
	})
	return done, err
}

// Sync returns when the file is on disk.
func (f *diskFile) Sync() error { return f.sync(f.File.Sync) }

// SyncData returns when the file's data is on disk.
func (f *diskFile) SyncData() error { return f.sync(f.File.SyncData) }

func (f *diskFile) sync(do func() error) error {
	length := f.written.Load()
	err := f.disk.change(operation{what: "sync", name: f.name, gives: f.gives, sync: true}, do)
	if err == nil && f.logs {
		f.disk.synced.note(f.disk, f.disk.PathBase(f.name), length)
	}
	return err
}

// SyncTo returns when so much of the file is on its way to the disk.
func (f *diskFile) SyncTo(length int64) (full bool, err error) {
	err = f.disk.change(operation{what: "sync", name: f.name, gives: f.gives, sync: true}, func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// gate is what every change of the directory passes. Once it is shut, nothing
// that an engine does reaches the directory any more.
type gate struct {
	mu   sync.RWMutex
	shut bool
}

// enter parks the caller for ever if the gate is shut or the storage has failed.
func (g *gate) enter(f *failure) {
	g.mu.RLock()
	if g.shut || f.cause() != nil {
		g.mu.RUnlock()
		select {}
	}
}

func (g *gate) leave() { g.mu.RUnlock() }

// close returns when no change is under way, and none can begin.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

// isLog tells the files whose beginning must not get lost without a trace: the
// engine takes the first record that it cannot read for the end.
func isLog(base string) bool {
	return strings.HasSuffix(base, ".log") || strings.HasPrefix(base, "MANIFEST-")
}
