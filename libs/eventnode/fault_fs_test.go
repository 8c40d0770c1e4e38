package eventnode_test

import (
	"errors"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// change is something that a store wants to do to its files.
type change struct {
	op       string // create, write, sync, rename, remove, reuse, link
	base     string
	category vfs.DiskWriteCategory // of the file
	size     int                   // bytes of a write
}

// hookedFS asks before each change, and refuses it with the hook's error. A write
// that finds no room writes half.
type hookedFS struct {
	vfs.FS
	hook func(change) error
}

func (h *hookedFS) ask(op, path string, category vfs.DiskWriteCategory) error {
	if err := h.hook(change{op: op, base: h.PathBase(path), category: category}); err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

func (h *hookedFS) wrap(f vfs.File, err error, path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &hookedFile{File: f, fs: h, base: h.PathBase(path), category: category}, nil
}

func (h *hookedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := h.ask("create", name, category); err != nil {
		return nil, err
	}
	f, err := h.FS.Create(name, category)
	return h.wrap(f, err, name, category)
}

func (h *hookedFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := h.FS.OpenReadWrite(name, category, opts...)
	return h.wrap(f, err, name, category)
}

func (h *hookedFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := h.ask("reuse", newname, category); err != nil {
		return nil, err
	}
	// In two steps: the one step of the file system in memory can get stuck with a
	// copy that is taken of it at the same time.
	if err := h.FS.Rename(oldname, newname); err != nil {
		return nil, err
	}
	f, err := h.FS.OpenReadWrite(newname, category)
	return h.wrap(f, err, newname, category)
}

func (h *hookedFS) OpenDir(name string) (vfs.File, error) {
	f, err := h.FS.OpenDir(name)
	return h.wrap(f, err, name, "dir")
}

func (h *hookedFS) Rename(oldname, newname string) error {
	if err := h.ask("rename", newname, ""); err != nil {
		return err
	}
	return h.FS.Rename(oldname, newname)
}

func (h *hookedFS) Remove(name string) error {
	if err := h.ask("remove", name, ""); err != nil {
		return err
	}
	return h.FS.Remove(name)
}

func (h *hookedFS) Link(oldname, newname string) error {
	if err := h.ask("link", newname, ""); err != nil {
		return err
	}
	return h.FS.Link(oldname, newname)
}

func (h *hookedFS) Unwrap() vfs.FS { return h.FS }

type hookedFile struct {
	vfs.File
	fs       *hookedFS
	base     string
	category vfs.DiskWriteCategory
}

func (f *hookedFile) ask(op string, size int) error {
	if err := f.fs.hook(change{op, f.base, f.category, size}); err != nil {
		return &os.PathError{Op: op, Path: f.base, Err: err}
	}
	return nil
}

func (f *hookedFile) Write(p []byte) (int, error) {
	if err := f.ask("write", len(p)); err != nil {
		if !errors.Is(err, syscall.ENOSPC) {
			return 0, err
		}
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *hookedFile) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.ask("write", len(p)); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, offset)
}

func (f *hookedFile) Sync() error {
	if err := f.ask("sync", 0); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *hookedFile) SyncData() error {
	if err := f.ask("sync", 0); err != nil {
		return err
	}
	return f.File.SyncData()
}
