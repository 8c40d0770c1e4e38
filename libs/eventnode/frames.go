package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The frame of the engine's logs, which its formats have in common: blocks of
// 32 KiB, each filled with chunks that do not cross its end; what is left of a
// block when no header fits in is zero.
//
//	checksum 4, length 2, encoding 1, then, in a write-ahead log, number of the log 4
//	and, in its latest form, offset known to be synced 8; then the payload
const (
	frameBlock    = 32 << 10
	headerOldest  = 7
	headerNumber  = 11
	headerSynced  = 19
	encodingEnd   = 5 // of the chunk that says that the log was closed
	encodingNewer = 9
	encodingLast  = 12
)

var errFrame = errors.New("the frame is broken")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// proveLog proves that a log holds whole chunks up to the length that was synced.
func proveLog(files vfs.FS, path, name string, length int64) (err error) {
	file, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrDamaged, name)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	kind, number := frameOf(name)
	block := make([]byte, frameBlock)
	for at := int64(0); at < length; at += frameBlock {
		part := block[:min(frameBlock, length-at)]
		if _, err := io.ReadFull(file, part); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %s ends before byte %d, up to which it was synced", ErrDamaged, name, length)
		} else if err != nil {
			return err
		}
		if offset, err := proveBlock(part, kind, uint32(number), at+frameBlock >= length); err != nil {
			return fmt.Errorf("%w: %s at byte %d: %w", ErrDamaged, name, at+int64(offset), err)
		}
	}
	return nil
}

// proveBlock walks the chunks of a block. The offset is that of a broken one.
func proveBlock(block []byte, kind byte, number uint32, last bool) (offset int, err error) {
	for at := 0; at < len(block); {
		rest := block[at:]
		if len(rest) < headerOldest || zero(rest[:headerOldest]) {
			// What does not hold a header is zero; so may be the end of what was
			// synced, if it lies there.
			if !zero(rest) || frameBlock-at >= headerSynced {
				return at, errFrame
			}
			return 0, nil
		}
		size, end, err := proveChunk(rest, kind, number)
		if err != nil || end && (!last || size != len(rest)) {
			return at, errFrame
		}
		at += size
	}
	return 0, nil
}

// proveChunk returns the size of the first chunk, and whether it is the one that
// ends a log: it bears the number of the log that would follow, and no checksum.
func proveChunk(b []byte, kind byte, number uint32) (size int, end bool, err error) {
	header := headerOldest
	encoding := b[6]
	switch {
	case encoding == 0 || encoding > encodingLast, (kind == kindManifest) != (encoding < encodingEnd):
		return 0, false, errFrame
	case encoding >= encodingNewer:
		header = headerSynced
	case encoding >= encodingEnd:
		header = headerNumber
	}
	size = header + int(binary.LittleEndian.Uint16(b[4:]))
	if size > len(b) {
		return 0, false, errFrame
	}
	if kind == kindWAL && binary.LittleEndian.Uint32(b[7:]) != number {
		whole := encoding == encodingEnd && size == header && zero(b[:6]) &&
			binary.LittleEndian.Uint32(b[7:]) == number+1
		if !whole {
			return 0, false, errFrame
		}
		return size, true, nil
	}
	sum := crc32.Checksum(b[6:size], castagnoli)
	if (sum>>15|sum<<17)+0xa282ead8 != binary.LittleEndian.Uint32(b) {
		return 0, false, errFrame
	}
	return size, false, nil
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
