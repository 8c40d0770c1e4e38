package privacy

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// What can go wrong besides the log.
var (
	// ErrShredded says that the subject's key is gone, and with it what it sealed.
	ErrShredded = errors.New("the subject's key has been destroyed")
	// ErrTampered says that a box is not what was sealed: it was altered, or
	// belongs to another subject or field.
	ErrTampered = errors.New("the box does not open with the subject's key")
	// ErrKeyUnusable says that a stored key cannot be unwrapped: it was altered,
	// or wrapped under another master secret.
	ErrKeyUnusable = errors.New("the subject's key does not unwrap with this master secret")
	// ErrSubject refuses what cannot name a subject.
	ErrSubject = errors.New("a subject is an id of letters, digits and hyphens")
	// ErrTooLong refuses a text that no personal field has.
	ErrTooLong = errors.New("the text is too long to be sealed")
)

// maxPlaintext limits one field, in bytes. The longest are narratives.
const maxPlaintext = 1 << 20

// cacheSize limits how many unwrapped keys are kept in memory, less than a
// kilobyte each: those of a hundred large chases at once.
const cacheSize = 65_536

// Log is the part of the log that keys are kept in; *eventlog.Log is one.
type Log interface {
	Append(ctx context.Context, stream string, expect eventlog.Expect, events ...eventlog.Event) (eventlog.Appended, error)
	Last(ctx context.Context, stream string) (eventlog.Recorded, error)
}

// Keyring (密钥环) seals and opens personal data. It is safe for concurrent use.
type Keyring struct {
	log   Log
	suite Suite // of keys that are still to be made
	wraps map[string]cipher.AEAD
	index func(Kind, string) string

	mu      sync.Mutex
	cache   *cache
	flights map[flightKey]*flight
}

// NewKeyring makes a keyring that seals with SM4.
func NewKeyring(log Log, m Master) *Keyring { return NewKeyringOf(SM4{}, log, m) }

// NewKeyringOf makes a keyring that seals with the given suite where it makes the
// subject's key. What another suite has sealed it opens as well.
func NewKeyringOf(suite Suite, log Log, m Master) *Keyring {
	wraps := make(map[string]cipher.AEAD)
	for _, s := range []Suite{SM4{}, AES256{}} {
		aead, err := s.AEAD(m.keyEncryptionKey(s))
		if err != nil {
			panic(err) // only for a key of the wrong size
		}
		wraps[s.Name()] = aead
	}
	return &Keyring{
		log: log, suite: suite, wraps: wraps, index: m.indexer(),
		cache: newCache(cacheSize), flights: make(map[flightKey]*flight),
	}
}

// Format keeps the keys out of every print and log line, whatever the verb.
func (*Keyring) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "keyring(secret)") }

// Index (盲索引) is the blind index of a value in its normalised form: 16 bytes in
// hex, the same for the same value everywhere in the city, and of no use
// without the city's secret. Nothing has no index: "" stays "", except for
// [Input].
func (k *Keyring) Index(kind Kind, normalised string) string {
	return k.index(kind, normalised)
}

// Seal seals one personal field of a subject, whose key it makes on first use.
// An empty text gives the zero box.
func (k *Keyring) Seal(ctx context.Context, subject, field, plaintext string) (seal.Box, error) {
	if plaintext == "" {
		return seal.Box{}, nil
	}
	key, err := k.key(ctx, subject, true)
	if err != nil {
		return seal.Box{}, err
	}
	return key.seal(subject, field, plaintext)
}

// SealAll seals several fields of one subject, by name of field.
func (k *Keyring) SealAll(ctx context.Context, subject string, fields map[string]string) (map[string]seal.Box, error) {
	boxes := make(map[string]seal.Box, len(fields))
	for field, plaintext := range fields {
		box, err := k.Seal(ctx, subject, field, plaintext)
		if err != nil {
			return nil, err
		}
		boxes[field] = box
	}
	return boxes, nil
}

// Open returns what was sealed: "" for the zero box, [ErrShredded] if the key is
// gone, [ErrTampered] if the box is not what was sealed.
func (k *Keyring) Open(ctx context.Context, b seal.Box) (string, error) {
	if b.Empty() {
		return "", nil
	}
	key, err := k.key(ctx, b.Subject, false)
	if err != nil {
		return "", err
	}
	if b.Version < key.version {
		return "", ErrShredded // the key that sealed it was destroyed, and a new one made since
	}
	return key.open(b)
}

// Forget drops a subject's key from memory, so that the log is asked again. Who
// destroys a key must have every keyring forget it.
func (k *Keyring) Forget(subject string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cache.remove(subject)
}

// dataKey is a subject's key, ready for use.
type dataKey struct {
	version int
	suite   string
	aead    cipher.AEAD
}

func (d dataKey) seal(subject, field, plaintext string) (seal.Box, error) {
	if len(plaintext) > maxPlaintext {
		return seal.Box{}, ErrTooLong
	}
	nonce := make([]byte, d.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the program instead
	return seal.Box{
		Subject: subject, Version: d.version, Suite: d.suite, Field: field, Nonce: nonce,
		Cipher: d.aead.Seal(nil, nonce, []byte(plaintext), bound(subject, d.version, d.suite, field)),
	}, nil
}

func (d dataKey) open(b seal.Box) (string, error) {
	if b.Version != d.version || b.Suite != d.suite || len(b.Nonce) != d.aead.NonceSize() {
		return "", ErrTampered
	}
	plaintext, err := d.aead.Open(nil, b.Nonce, b.Cipher, bound(b.Subject, b.Version, b.Suite, b.Field))
	if err != nil {
		return "", ErrTampered
	}
	return string(plaintext), nil
}

// bound is the additional data of a box: what it says about itself, each part
// with its length so that no two boxes' look the same.
func bound(subject string, version int, suite, field string) []byte {
	return lengthed("box", subject, fmt.Sprint(version), suite, field)
}

func lengthed(parts ...string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

var subjectForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,99}$`)
