package eventnode

import "github.com/cockroachdb/pebble/v2/vfs"

// aheadBytes is how far zeros are written ahead of a log, in bytes.
const aheadBytes = 256 << 10

// ahead keeps zeros in front of where a log is written. To sync bytes that lie
// where the file system has written before costs about a quarter less than to
// sync a file that grows, or one whose space is only reserved: nothing of the
// file's own description changes. A log that takes the place of an old one finds
// its bytes there.
type ahead struct {
	to  int64 // the file holds bytes, zeros or old ones, up to here
	off bool  // there is no room for more than what must be written
}

// before makes sure that the next write, of so many bytes, meets bytes. It may
// fail: it is for speed only.
func (a *ahead) before(f vfs.File, at, size int64) {
	for !a.off && at+size > a.to {
		zeros := make([]byte, aheadBytes)
		if _, err := f.WriteAt(zeros, a.to); err != nil {
			a.off = true
			return
		}
		a.to += aheadBytes
	}
}
