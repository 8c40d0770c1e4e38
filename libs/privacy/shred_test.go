package privacy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/eventnode"
	"github.com/yuanlu/yuanlu/libs/eventnode/nodetest"
	"github.com/yuanlu/yuanlu/libs/privacy"
)

// city is a node with its directory, and a log over it.
type city struct {
	dir  string
	node *eventnode.Node
	log  *eventlog.Log
}

func openCity(t *testing.T, dir string) city {
	t.Helper()
	node, err := eventnode.Open(eventnode.Config{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(node.Connection())
	if err != nil {
		t.Fatal(err)
	}
	return city{dir, node, log}
}

func (c city) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(c.log.Close(), c.node.Close()); err != nil {
		t.Fatal(err)
	}
}

// wrapped is a subject's key as it is stored: a text of base64 that nothing else
// contains.
func (c city) wrapped(t *testing.T, subject string) []byte {
	t.Helper()
	stored, err := c.log.Last(t.Context(), privacy.KeyStream(subject))
	if err != nil {
		t.Fatal(err)
	}
	var key struct {
		Wrapped string `json:"wrapped"`
	}
	if err := json.Unmarshal(stored.Data, &key); err != nil || len(key.Wrapped) < 40 {
		t.Fatalf("stored: %s, %v", stored.Data, err)
	}
	return []byte(key.Wrapped)
}

// contains says whether any file of the directory holds a text, packed or not.
func (c city) contains(t *testing.T, text []byte) bool {
	t.Helper()
	for _, content := range nodetest.Files(t, c.dir) {
		if bytes.Contains(content, text) {
			return true
		}
	}
	return false
}

// TestAShreddedKeyIsInNoFileAfterAScavenge shreds subjects one after the other,
// each time after their keys have sunk into the engine, and one of them twice.
func TestAShreddedKeyIsInNoFileAfterAScavenge(t *testing.T) {
	c := openCity(t, t.TempDir())
	master := privacy.NewMaster()
	ring := privacy.NewKeyring(c.log, master)
	stays := uuid.NewString()
	box := sealed(t, ring, stays, "name", "杨某")
	staying := c.wrapped(t, stays)
	for _, subject := range []string{uuid.NewString(), uuid.NewString(), "twice", "twice"} {
		lost := sealed(t, ring, subject, "name", "李某")
		key := c.wrapped(t, subject)
		if !c.contains(t, key) {
			t.Fatal("the search does not find a key that is there")
		}
		if err := c.log.Delete(t.Context(), privacy.KeyStream(subject)); err != nil {
			t.Fatal(err)
		}
		ring.Forget(subject)
		if _, err := c.node.Scavenge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.contains(t, key) {
			t.Fatal("a shredded key is still in a file")
		}
		if !c.contains(t, staying) {
			t.Fatal("a key that stays is gone")
		}
		if _, err := ring.Open(t.Context(), lost); !errors.Is(err, privacy.ErrShredded) {
			t.Errorf("a shredded subject's box: %v", err)
		}
		c.close(t)
		if _, err := eventnode.Check(t.Context(), eventnode.Config{Dir: c.dir}); err != nil {
			t.Fatal(err)
		}
		c = openCity(t, c.dir)
		ring = privacy.NewKeyring(c.log, master)
		if c.contains(t, key) {
			t.Fatal("a shredded key is back after a restart")
		}
		// The next key of a shredded subject has another version, so that no old box
		// can be taken for one of its own.
		if _, err := ring.Open(t.Context(), lost); !errors.Is(err, privacy.ErrShredded) {
			t.Errorf("a shredded subject's box after a restart: %v", err)
		}
		if again := sealed(t, ring, subject, "name", "王某"); again.Version != lost.Version+1 {
			t.Errorf("the next key has version %d after %d", again.Version, lost.Version)
		}
		if _, err := ring.Open(t.Context(), lost); !errors.Is(err, privacy.ErrShredded) {
			t.Errorf("a shredded subject's box, with a new key: %v", err)
		}
		if got := opened(t, ring, box); got != "杨某" {
			t.Errorf("the other subject's name is %q", got)
		}
	}
	c.close(t)
}
