package eventnode

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	verifiedFor   = 10 * time.Minute
	refusedFor    = 10 * time.Second
	maxRemembered = 4096
	comparing     = 2  // passwords compared at a time
	waitingToTry  = 64 // callers who wait for their turn
	failuresAMin  = 20 // of one host, before its attempts are not looked at
	maxHosts      = 4096
)

// credentials names a caller's name, password and the hash on file without
// holding them.
type credentials [sha256.Size]byte

// memory remembers which credentials were right and which wrong, so that a
// password is compared once and not with each call, and which hosts guess. All of
// it is bounded.
type memory struct {
	secret []byte
	queue  chan struct{} // bounds those who wait and those who compare
	turn   chan struct{} // bounds those who compare

	mu      sync.Mutex
	right   map[credentials]time.Time // → until
	wrong   map[credentials]time.Time
	guesses map[string]guesses
}

// guesses are the failures of one host within a minute.
type guesses struct {
	count int
	until time.Time
}

func newMemory() *memory {
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // it never fails
	return &memory{
		secret: secret,
		queue:  make(chan struct{}, comparing+waitingToTry), turn: make(chan struct{}, comparing),
		right: make(map[credentials]time.Time), wrong: make(map[credentials]time.Time),
		guesses: make(map[string]guesses),
	}
}

// key depends on the hash on file: a changed password is another key.
func (m *memory) key(name, password string, hash []byte) credentials {
	mac := hmac.New(sha256.New, m.secret)
	for _, part := range [][]byte{[]byte(name), []byte(password), hash} {
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write(part)
	}
	return credentials(mac.Sum(nil))
}

func (m *memory) verified(key credentials) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Before(m.right[key])
}

// attempt compares credentials that have not been verified lately.
func (m *memory) attempt(ctx context.Context, from string, key credentials, compare func() bool) error {
	if m.refused(from, key) {
		return unauthenticated()
	}
	select {
	case m.queue <- struct{}{}:
		defer func() { <-m.queue }()
	default:
		return &fault{code: codes.ResourceExhausted, text: "too many callers wait for their password to be compared"}
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if m.verified(key) { // while this one waited
		return nil
	}
	ok := compare()
	m.remember(from, key, ok)
	if !ok {
		return unauthenticated()
	}
	return nil
}

// refused says that the same credentials were wrong a moment ago, or that a host
// has guessed too often. Credentials that have been verified do not come here.
func (m *memory) refused(from string, key credentials) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	g := m.guesses[from]
	return now.Before(m.wrong[key]) || now.Before(g.until) && g.count >= failuresAMin
}

func (m *memory) remember(from string, key credentials, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if ok {
		room(m.right, maxRemembered)
		m.right[key] = now.Add(verifiedFor)
		return
	}
	room(m.wrong, maxRemembered)
	m.wrong[key] = now.Add(refusedFor)
	g, known := m.guesses[from]
	if !known {
		room(m.guesses, maxHosts)
	}
	if now.After(g.until) {
		g = guesses{until: now.Add(time.Minute)}
	}
	g.count++
	m.guesses[from] = g
}

// room forgets one entry of a full map, whichever comes first.
func room[K comparable, V any](m map[K]V, most int) {
	if len(m) < most {
		return
	}
	for key := range m {
		delete(m, key)
		return
	}
}

func unauthenticated() error {
	return &fault{code: codes.Unauthenticated, text: "the name or the password is wrong, or there is none"}
}

func denied() error {
	return &fault{code: codes.PermissionDenied, text: "this user may not do that"}
}
