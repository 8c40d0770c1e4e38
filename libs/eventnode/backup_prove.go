package eventnode

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/sstable/block/blockkind"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// promises are what a copy of the store must hold: the logs as far as they have
// been synced, and the last event that was acknowledged.
type promises struct {
	lengths map[string]int64
	last    uint64
}

// promises are those of this moment.
func (n *Node) promises() promises {
	p := promises{lengths: n.store.synced.known()}
	p.last, _ = n.store.tail.load()
	return p
}

// keptBy proves that a copy holds what was promised and that its checksums are
// right, and returns the position of its last event. The node may never have read
// the bytes in question, or may have them in memory and serve them still.
func (p promises) keptBy(ctx context.Context, files vfs.FS, dir string) (last uint64, err error) {
	if err := p.prove(ctx, files, dir); err != nil {
		return 0, err
	}
	last, err = lastOf(dir, files) // which takes whole files for granted
	if err == nil && last < p.last {
		err = fmt.Errorf("%w: the logs end at position %d, acknowledged is %d", ErrDamaged, last, p.last)
	}
	return last, err
}

// cause looks for a damaged log behind an error of the engine, which does not say
// which file it could not copy.
func (p promises) cause(files vfs.FS, dir string, err error) error {
	for name, length := range p.lengths {
		path := files.PathJoin(dir, name)
		if _, gone := files.Stat(path); gone != nil {
			continue // it has been flushed
		}
		if broken := proveLog(files, path, name, length); errors.Is(broken, ErrDamaged) {
			return broken
		}
	}
	return err
}

// prove reads all files of the copy.
func (p promises) prove(ctx context.Context, files vfs.FS, dir string) error {
	names, err := files.List(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(listed(names), proveOptions(files, dir)); err != nil {
		return err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		length, isLog := p.lengths[name]
		switch {
		case isLog: // one that is not there has been flushed
			err = proveLog(files, files.PathJoin(dir, name), name, length)
		case filepath.Ext(name) == ".sst":
			err = proveTable(ctx, files, files.PathJoin(dir, name))
		case strings.HasSuffix(name, ".blob"):
			err = fmt.Errorf("%w: %s is of a kind that is not known", ErrLayout, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// proveTable reads each block of a table and compares it with its checksum.
func proveTable(ctx context.Context, files vfs.FS, path string) (err error) {
	file, err := files.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = &damage{file: files.PathBase(path), text: err.Error()}
		}
	}()
	content, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	table, err := sstable.NewReader(ctx, content, sstable.ReaderOptions{})
	if err != nil {
		return errors.Join(err, content.Close())
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	if err := table.ValidateBlockChecksums(); err != nil {
		return err
	}
	layout, err := table.Layout() // of what the engine's own proof leaves out
	if err != nil {
		return err
	}
	for _, handle := range layout.ValueBlock {
		read, err := table.BlockReader().Read(ctx, block.NoReadEnv, nil, handle, blockkind.SSTableValue,
			func(*block.Metadata, []byte) error { return nil })
		if err != nil {
			return err
		}
		read.Release()
	}
	return nil
}

// known are the lengths of the logs that have been synced.
func (s *synced) known() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.lengths)
}
