package eventnode

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system as the engine sees it: one on which no write ever fails.
// The first write or fsync that does fail stops the node, and the goroutine that
// asked for it is parked for good. The engine would otherwise panic in places that
// cannot be recovered from and take the whole process with it, or go on without
// knowing what the kernel has dropped. Reads fail as usual.
type disk struct {
	vfs.FS
	failure *failure
}

// must parks the caller if err is an error of the disk.
func (d disk) must(what, name string, err error) {
	if err == nil {
		return
	}
	d.failure.fail(fmt.Errorf("%s %s: %w", what, d.PathBase(name), err))
	select {}
}

func (d disk) written(what, name string, f vfs.File, err error) (vfs.File, error) {
	d.must(what, name, err)
	return &diskFile{File: f, disk: d, name: name}, nil
}

// Create makes a file whose writes are watched.
func (d disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, category)
	return d.written("create", name, f, err)
}

// OpenReadWrite opens a file whose writes are watched.
func (d disk) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, category, opts...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return d.written("open", name, f, err)
}

// ReuseForWrite turns an old file into a new one whose writes are watched.
func (d disk) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(oldname, newname, category)
	return d.written("reuse", newname, f, err)
}

// OpenDir opens a directory whose fsync is watched.
func (d disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, disk: d, name: name}, nil
}

// Rename renames a file.
func (d disk) Rename(oldname, newname string) error {
	d.must("rename", newname, d.FS.Rename(oldname, newname))
	return nil
}

// Unwrap returns the file system below.
func (d disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file that is written.
type diskFile struct {
	vfs.File
	disk disk
	name string
}

// Write writes all of p.
func (f *diskFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.disk.must("write", f.name, err)
	return n, nil
}

// WriteAt writes all of p.
func (f *diskFile) WriteAt(p []byte, offset int64) (int, error) {
	n, err := f.File.WriteAt(p, offset)
	f.disk.must("write", f.name, err)
	return n, nil
}

// Sync returns when the file is on disk.
func (f *diskFile) Sync() error {
	f.disk.must("sync", f.name, f.File.Sync())
	return nil
}

// SyncData returns when the file's data is on disk.
func (f *diskFile) SyncData() error {
	f.disk.must("sync", f.name, f.File.SyncData())
	return nil
}

// SyncTo returns when so much of the file is on its way to the disk.
func (f *diskFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	f.disk.must("sync", f.name, err)
	return full, nil
}
