package load

import (
	"os"
	"path/filepath"

	"github.com/yuanlu/yuanlu/test/bench/log/internal/payload"
	"golang.org/x/sys/unix"
)

// disk is the barest log there can be: a file that grows.
type disk struct {
	file  *os.File
	block []byte
}

func openDisk(dir string) (*disk, error) {
	f, err := os.OpenFile(filepath.Join(dir, "disk"), os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	e := payload.New()
	return &disk{file: f, block: append(e.Data, e.Meta...)}, nil
}

func (d *disk) close() { _ = d.file.Close() } // a scratch file

// write appends 1 KiB and waits until it is on the disk.
func (d *disk) write(sync func() error) error {
	if _, err := d.file.Write(d.block); err != nil {
		return err
	}
	return sync()
}

func (d *disk) fsync() error { return d.file.Sync() }

func (d *disk) fdatasync() error { return unix.Fdatasync(int(d.file.Fd())) }
