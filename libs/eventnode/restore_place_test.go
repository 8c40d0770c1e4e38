package eventnode_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuanlu/yuanlu/libs/eventnode"
)

// A link often leads to another volume: what is restored belongs there.
func TestABackupIsRestoredBehindALink(t *testing.T) {
	archive, _ := backedUp(t)
	volume := filepath.Join(t.TempDir(), "volume")
	link := filepath.Join(t.TempDir(), "store")
	if err := os.Mkdir(volume, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(volume, link); err != nil {
		t.Fatal(err)
	}
	if _, err := eventnode.Restore(t.Context(), bytes.NewReader(archive), eventnode.Config{Dir: link}); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); err != nil || target != volume {
		t.Errorf("the link leads to %q: %v", target, err)
	}
	if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: volume}); err != nil {
		t.Errorf("the store behind the link: %v", err)
	}
}
