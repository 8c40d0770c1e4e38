package eventnode

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	verifiedFor   = 10 * time.Minute // after the last use
	hostBits6     = 64               // of an IPv6 address: a host has the rest to itself
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
	now, until := time.Now(), m.right[key]
	if !now.Before(until) {
		return false
	}
	if until.Sub(now) < verifiedFor/2 {
		m.right[key] = now.Add(verifiedFor) // who is in use is not forgotten
	}
	return true
}

// attempt compares credentials that have not been verified lately.
func (m *memory) attempt(ctx context.Context, from string, key credentials, compare func() bool) error {
	from = network(from)
	if err := m.refusal(from, key); err != nil {
		return err
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

// refusal is for credentials that were wrong a moment ago, and for a host that has
// guessed too often. Credentials that have been verified do not come here.
func (m *memory) refusal(from string, key credentials) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	g := m.guesses[from]
	switch {
	case now.Before(m.wrong[key]):
		return unauthenticated()
	case now.Before(g.until) && g.count >= failuresAMin:
		return &fault{code: codes.ResourceExhausted, text: "too many wrong passwords have come from this host; try again in a minute"}
	}
	return nil
}

// network is what a host is known by: its address, or the part of an IPv6 address
// that it cannot choose.
func network(host string) string {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(hostBits6)
	if err != nil {
		return host
	}
	return prefix.String()
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
