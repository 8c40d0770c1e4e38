package channel

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
)

// algorithm is one way of signing, known by its name in the parameter alg.
type algorithm interface {
	// name never changes.
	name() string
	sign(private crypto.PrivateKey, base []byte) ([]byte, error)
	verify(public crypto.PublicKey, base, signature []byte) bool
}

var errKeyType = errors.New("a key is Ed25519, ECDSA on P-256 or SM2")

// algorithmOf tells what a public key is for.
func algorithmOf(public crypto.PublicKey) (algorithm, error) {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return ed{}, nil
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return ecdsaP256{}, nil
		case sm2.P256():
			return sm2sm3{}, nil
		}
	}
	return nil, errKeyType
}

type ed struct{}

func (ed) name() string { return "ed25519" }

func (ed) sign(private crypto.PrivateKey, base []byte) ([]byte, error) {
	key, ok := private.(ed25519.PrivateKey)
	if !ok {
		return nil, errKeyType
	}
	return ed25519.Sign(key, base), nil
}

func (ed) verify(public crypto.PublicKey, base, signature []byte) bool {
	key, ok := public.(ed25519.PublicKey)
	return ok && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, base, signature)
}

// half is the length of each of the two numbers of an elliptic signature.
const half = 32

type ecdsaP256 struct{}

func (ecdsaP256) name() string { return "ecdsa-p256-sha256" }

func (ecdsaP256) sign(private crypto.PrivateKey, base []byte) ([]byte, error) {
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errKeyType
	}
	hash := sha256.Sum256(base)
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil {
		return nil, err
	}
	return join(r, s), nil
}

func (ecdsaP256) verify(public crypto.PublicKey, base, signature []byte) bool {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || len(signature) != 2*half {
		return false
	}
	hash := sha256.Sum256(base)
	r, s := split(signature)
	return ecdsa.Verify(key, hash[:], r, s)
}

type sm2sm3 struct{}

func (sm2sm3) name() string { return "sm2-sm3" }

func (sm2sm3) sign(private crypto.PrivateKey, base []byte) ([]byte, error) {
	key, ok := private.(*sm2.PrivateKey)
	if !ok {
		return nil, errKeyType
	}
	der, err := key.Sign(rand.Reader, base, sm2.DefaultSM2SignerOpts) // hashes with SM3 and the signer's ID itself
	if err != nil {
		return nil, err
	}
	var both struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &both); err != nil {
		return nil, err
	}
	return join(both.R, both.S), nil
}

func (sm2sm3) verify(public crypto.PublicKey, base, signature []byte) bool {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || len(signature) != 2*half {
		return false
	}
	r, s := split(signature)
	return sm2.VerifyWithSM2(key, nil, base, r, s)
}

func join(r, s *big.Int) []byte {
	signature := make([]byte, 2*half)
	r.FillBytes(signature[:half])
	s.FillBytes(signature[half:])
	return signature
}

func split(signature []byte) (r, s *big.Int) {
	return new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
}
