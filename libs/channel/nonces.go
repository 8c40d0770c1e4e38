package channel

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	minNonce = 16
	maxNonce = 64
	// MaxNonces bounds how many messages of one key are remembered at once, over
	// at most twice the window: fifty messages in every second.
	MaxNonces = 30_000
)

// nonces remembers which messages have been received. What is remembered of a
// key is bounded by itself: whoever floods the receiver is refused, and nothing
// that could still be replayed is ever forgotten.
type nonces struct {
	mu    sync.Mutex
	byKey map[string]*memory
}

// memory holds the nonces of one key by the minute their messages were made in.
type memory struct {
	minutes map[int64]map[mark]struct{}
	held    int
}

// mark stands for a nonce, whatever its length.
type mark [16]byte

func newNonces() *nonces { return &nonces{byKey: map[string]*memory{}} }

// take remembers a nonce of a key whose signature was right, so that strangers
// cannot fill the memory.
func (n *nonces) take(keyID, nonce string, created, now time.Time) error {
	sum := sha256.Sum256([]byte(nonce))
	is := mark(sum[:])
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.byKey[keyID]
	if m == nil {
		m = &memory{minutes: map[int64]map[mark]struct{}{}}
		n.byKey[keyID] = m
	}
	m.forget(now.Add(-Window))
	for _, minute := range m.minutes {
		if _, seen := minute[is]; seen {
			return ErrReplayed
		}
	}
	if m.held >= MaxNonces {
		return ErrTooMany
	}
	at := created.Unix() / 60
	if m.minutes[at] == nil {
		m.minutes[at] = map[mark]struct{}{}
	}
	m.minutes[at][is] = struct{}{}
	m.held++
	return nil
}

// forget drops what is too old to be taken anyway: minutes that have ended
// before a time.
func (m *memory) forget(before time.Time) {
	for minute, marks := range m.minutes {
		if (minute+1)*60 <= before.Unix() {
			m.held -= len(marks)
			delete(m.minutes, minute)
		}
	}
}
