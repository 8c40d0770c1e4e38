package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// fileSystems names the file systems that a store may stand on.
var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.TMPFS_MAGIC: "tmpfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.F2FS_SUPER_MAGIC: "f2fs",
	unix.NFS_SUPER_MAGIC: "nfs", 0x2fc12fc1: "zfs",
}

// FileSystem is what a directory lies on.
type FileSystem struct {
	Name string
	Free uint64 // bytes
}

// InMemory tells that an fsync means nothing there.
func (f FileSystem) InMemory() bool { return f.Name == "tmpfs" }

// FileSystemOf looks at the file system of a directory.
func FileSystemOf(dir string) (FileSystem, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return FileSystem{}, fmt.Errorf("file system of %s: %w", dir, err)
	}
	name, ok := fileSystems[int64(s.Type)] //nolint:unconvert // its width differs between machines
	if !ok {
		name = fmt.Sprintf("type %#x", s.Type)
	}
	return FileSystem{Name: name, Free: s.Bavail * uint64(s.Bsize)}, nil //nolint:gosec // sizes are positive
}

// Machine describes what the benchmark runs on.
func Machine() string {
	return fmt.Sprintf("%s, %d cores (GOMAXPROCS %d), %.0f GiB", processor(), runtime.NumCPU(), runtime.GOMAXPROCS(0), memory())
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func memory() float64 {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return 0
	}
	return float64(s.Totalram) * float64(s.Unit) / (1 << 30)
}

// Kernel is the version of the kernel.
func Kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// Load is how busy the machine has been in the last minute, in processes.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text) + " unknown")[0]
}

// SizeOf is how many bytes the files below a directory take on the disk.
func SizeOf(dir string) (uint64, error) {
	var total uint64
	err := eachFile(dir, func(name string) error {
		var s unix.Stat_t
		if err := unix.Stat(name, &s); err != nil {
			return err
		}
		total += uint64(s.Blocks) * 512 //nolint:gosec // positive
		return nil
	})
	return total, err
}

// Forget asks the kernel to drop what it remembers of the files below a directory,
// so that whoever reads them next waits for the disk.
func Forget(dir string) error {
	return eachFile(dir, func(name string) error {
		f, err := os.Open(name) //nolint:gosec // of the benchmark's own directory
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only looked at
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}

// eachFile visits the files below a directory. One that its owner, a running node,
// deletes meanwhile is left out.
func eachFile(dir string, visit func(name string) error) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			err = visit(name)
		}
		if name != dir && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
