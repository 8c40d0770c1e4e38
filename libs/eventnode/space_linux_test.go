package eventnode_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// TestARealDiskThatIsFull mounts a small file system of its own and fills it: by
// the node down to the reserve, and by somebody else to the last byte.
func TestARealDiskThatIsFull(t *testing.T) {
	for name, reserve := range map[string]int64{"with a reserve": 0, "without a reserve": -1} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
				t.Skipf("a file system can be mounted by root only: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			cfg := eventnode.Tune(eventnode.Config{Dir: filepath.Join(dir, "store"), Reserve: reserve}, smallEngine)
			n := start(t, cfg)
			c := dial(t, n)
			ballast := filepath.Join(dir, "ballast")
			var acked []uuid.UUID
			unknown := 0
			for range 2 {
				occupy(t, ballast, 24<<20)
				more, err := filling(t, c, 4096)
				acked = append(acked, more...)
				wantFull(t, err)
				occupy(t, ballast, 64<<20) // to the last byte
				unknown += 2
				wantStored(t, c, acked, unknown)
				if err := os.Truncate(ballast, 0); err != nil {
					t.Fatal(err)
				}
				acked = append(acked, accepted(t, n, c))
				more, err = filling(t, c, 40)
				acked = append(acked, more...)
				if err != nil {
					t.Fatal(err)
				}
			}
			wantStored(t, c, acked, unknown)
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := eventnode.Check(t.Context(), cfg); err != nil {
				t.Error(err)
			}
			t.Logf("%d appends acknowledged", len(acked))
		})
	}
}

// occupy writes a file as large as it can be, up to a size.
func occupy(t *testing.T, path string, size int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 64<<10)
	for done := 0; done < size; {
		n, err := f.Write(block)
		if done += n; err != nil {
			return
		}
	}
}
