package privacy

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"github.com/emmansun/gmsm/sm4"
)

// Suite is a way of sealing, known by its name in each box.
type Suite interface {
	// Name is what boxes are marked with; it never changes.
	Name() string
	// KeySize is the length of a key in bytes.
	KeySize() int
	// AEAD makes the cipher of a key.
	AEAD(key []byte) (cipher.AEAD, error)
}

// ErrSuite says that a box or a key names a suite that this program does not have.
var ErrSuite = errors.New("unknown sealing suite")

// SM4 is the suite of the national standard GB/T 32907 in Galois/counter mode,
// and the default.
type SM4 struct{}

// Name is "sm4-gcm".
func (SM4) Name() string { return "sm4-gcm" }

// KeySize is 16 bytes.
func (SM4) KeySize() int { return 16 }

// AEAD makes the cipher of a key of 16 bytes.
func (SM4) AEAD(key []byte) (cipher.AEAD, error) { return gcm(sm4.NewCipher(key)) }

// AES256 is the international suite, FIPS 197 in Galois/counter mode.
type AES256 struct{}

// Name is "aes-256-gcm".
func (AES256) Name() string { return "aes-256-gcm" }

// KeySize is 32 bytes.
func (AES256) KeySize() int { return 32 }

// AEAD makes the cipher of a key of 32 bytes.
func (AES256) AEAD(key []byte) (cipher.AEAD, error) { return gcm(aes.NewCipher(key)) }

func gcm(block cipher.Block, err error) (cipher.AEAD, error) {
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func suiteByName(name string) (Suite, error) {
	for _, s := range []Suite{SM4{}, AES256{}} {
		if s.Name() == name {
			return s, nil
		}
	}
	return nil, ErrSuite
}
