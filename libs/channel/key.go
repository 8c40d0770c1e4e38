package channel

import (
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"

	"github.com/emmansun/gmsm/smx509"
)

// ErrKeys says that a key, or a list of keys, cannot be used.
var ErrKeys = errors.New("the keys of the machine channel are not usable")

// keyIDs are the names that a key can have.
var keyIDs = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Key (公钥) is a public key of one owner, by whose id messages name it.
type Key struct {
	ID    string
	Owner string // a bank's code, or the city's name for itself

	public crypto.PublicKey
	how    algorithm
}

// ParseKey reads a public key from PEM (SubjectPublicKeyInfo).
func ParseKey(id, owner string, text []byte) (Key, error) {
	if !keyIDs.MatchString(id) || owner == "" {
		return Key{}, fmt.Errorf("%w: a key has an owner and an id of at most 64 letters, digits and . _ : -", ErrKeys)
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 && hasPEM(rest) {
		return Key{}, fmt.Errorf("%w: key %s is not one PEM block of a PUBLIC KEY", ErrKeys, id)
	}
	public, err := smx509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%w: key %s: %w", ErrKeys, id, err)
	}
	how, err := algorithmOf(public)
	if err != nil {
		return Key{}, fmt.Errorf("%w: key %s: %w", ErrKeys, id, err)
	}
	return Key{ID: id, Owner: owner, public: public, how: how}, nil
}

// Algorithm is the name of the key's algorithm, as alg has it.
func (k Key) Algorithm() string { return k.how.name() }

// Keys (公钥簿) are the public keys that a receiver trusts. They never change
// once made; to take a key back, the service is started without it.
type Keys struct{ byID map[string]Key }

// NewKeys makes a list of keys. An owner may have several, so that a new one can
// be brought in before the old one is taken out; an id stands for one key alone.
func NewKeys(keys ...Key) (Keys, error) {
	k := Keys{byID: make(map[string]Key, len(keys))}
	for _, key := range keys {
		if key.how == nil {
			return Keys{}, fmt.Errorf("%w: a key was not read by ParseKey", ErrKeys)
		}
		if _, twice := k.byID[key.ID]; twice {
			return Keys{}, fmt.Errorf("%w: the id %s is given twice", ErrKeys, key.ID)
		}
		k.byID[key.ID] = key
	}
	return k, nil
}

func hasPEM(text []byte) bool {
	block, _ := pem.Decode(text)
	return block != nil
}
