// Package nodetest is for tests of what an event node does to the world around
// it: it looks into a node's files, to tell whether something is really gone, and
// finds an address that stays free while a node is away.
package nodetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/sstable/colblk"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Files is what the files below a node's directory hold, by their path: their
// bytes as they are and, for a table, behind them every version of every value
// once its blocks are unpacked. A file that the engine deletes meanwhile is left
// out.
func Files(tb testing.TB, dir string) map[string][]byte {
	tb.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return ignoreMissing(err)
		}
		if filepath.Ext(path) == ".sst" {
			values, err := unpacked(tb, path)
			if err != nil {
				return ignoreMissing(err)
			}
			content = append(content, values...)
		}
		files[path] = content
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// unpacked is every version of every value of a table, deleted ones included.
func unpacked(tb testing.TB, path string) (content []byte, err error) {
	file, err := vfs.Default.Open(path)
	if err != nil {
		return nil, err
	}
	readable, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return nil, err
	}
	schema := colblk.DefaultKeySchema(pebble.DefaultComparer, 16)
	table, err := sstable.NewReader(tb.Context(), readable, sstable.ReaderOptions{
		Comparer: pebble.DefaultComparer, KeySchemas: sstable.MakeKeySchemas(&schema),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	it, err := table.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for kv := it.First(); kv != nil; kv = it.Next() {
		value, _, err := kv.Value(nil)
		if err != nil {
			return nil, err
		}
		content = append(content, value...)
	}
	return content, nil
}
