// Package privacy seals personal data field by field, each subject under a key
// of its own, so that the log never holds them in clear and that forgetting one
// key makes one person's data unreadable for ever. It also makes the blind
// indexes by which sealed values can be compared.
package privacy

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/sm3"
)

// masterBytes is the length of the master secret.
const masterBytes = 32

// ErrMaster says that a file does not hold a master secret.
var ErrMaster = errors.New("a master secret is 64 hex digits")

// Master (主密钥) is a city's master secret. All other keys of the city are
// derived from it, or wrapped by one that is. It never shows itself in print: the
// secret is behind a function, since fmt looks into the unexported fields of
// whatever a Master becomes part of, and through pointers too. The zero Master
// holds no secret, and any use of it panics.
type Master struct{ secret func() []byte }

func masterOf(secret []byte) Master { return Master{func() []byte { return secret }} }

// NewMaster makes a fresh master secret.
func NewMaster() Master {
	secret := make([]byte, masterBytes)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return masterOf(secret)
}

// LoadMaster reads the master secret from a file of 64 hex digits.
func LoadMaster(path string) (Master, error) {
	file, err := os.Open(path)
	if err != nil {
		return Master{}, fmt.Errorf("read the master secret: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, 1<<10))
	if err != nil {
		return Master{}, fmt.Errorf("read the master secret: %w", err)
	}
	secret, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(secret) != masterBytes {
		return Master{}, ErrMaster // without the cause, which quotes what it read
	}
	return masterOf(secret), nil
}

// LoadOrCreateMaster reads the master secret, or makes one where the file does
// not exist. Of several processes that find no file, one makes it and all read
// the same. The file is complete and on the disk before it has its name.
func LoadOrCreateMaster(path string) (Master, error) {
	m, err := LoadMaster(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Master{}, fmt.Errorf("make the master secret: %w", err)
	}
	if err := NewMaster().store(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Master{}, fmt.Errorf("make the master secret: %w", err)
	}
	return LoadMaster(path)
}

// store writes the secret under a name that nobody has yet, or returns
// fs.ErrExist. A link, unlike a rename, never replaces a file.
func (m Master) store(path string) (err error) {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, ".master-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.WriteString(hex.EncodeToString(m.secret()) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil {
		return err
	}
	parent, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// derive makes a key for one purpose. The labels are contracts: everything
// sealed, indexed or signed so far depends on them.
func (m Master) derive(label string, size int) []byte {
	key, err := hkdf.Key(sm3.New, m.secret(), nil, "yuanlu/"+label, size)
	if err != nil {
		panic(err) // only for a size beyond 255 hashes
	}
	return key
}

// TokenKey is the key, 32 bytes, that signs the access tokens of the city.
func (m Master) TokenKey() []byte { return m.derive("token/hs256", 32) }

// keyEncryptionKey wraps the data keys of subjects.
func (m Master) keyEncryptionKey(s Suite) []byte {
	return m.derive("key-encryption/"+s.Name(), s.KeySize())
}

// Format keeps the secret out of every print, whatever the verb.
func (Master) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "master(secret)") }

// LogValue keeps the secret out of every log line.
func (Master) LogValue() slog.Value { return slog.StringValue("master(secret)") }

// Kind is what sort of value a blind index is made of. Each kind has a key of its
// own, so that a phone number and an account number never match.
type Kind uint8

// The kinds of value that are indexed.
const (
	Account Kind = iota // 账号, as identity.NormaliseAccount writes it
	IDCard              // 证件号码, as identity.ParseID writes it
	Phone               // 电话号码, as identity.NormalisePhone writes it
	Name                // 姓名, as identity.NormaliseName writes it
	Input               // what a command was asked to do: method, path and body
	Serial              // 流水号 that passes for somebody's number
	kinds
)

// String is the kind's name, part of the label that its key is derived under.
func (k Kind) String() string {
	return [kinds]string{"account", "id-card", "phone", "name", "input", "serial"}[k]
}

// indexBytes is the length of a blind index: 128 bits keep accidents away, and
// tell little if a key is ever lost.
const indexBytes = 16

// indexer returns the function that makes the city's blind indexes. A function
// keeps the keys out of print.
func (m Master) indexer() func(kind Kind, normalised string) string {
	var keys [kinds][]byte
	for k := range kinds {
		keys[k] = m.derive("index/"+k.String(), 32)
	}
	return func(kind Kind, normalised string) string {
		if normalised == "" && kind != Input {
			return ""
		}
		mac := hmac.New(sm3.New, keys[kind])
		_, _ = io.WriteString(mac, normalised) // a hash takes all that is written
		return hex.EncodeToString(mac.Sum(nil)[:indexBytes])
	}
}
