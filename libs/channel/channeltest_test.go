package channel_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/yuanlu/yuanlu/libs/channel"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// at is a clock that stands.
func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// pair is a private key as PEM.
func pair(tb testing.TB, algorithm string) (private any, text []byte) {
	tb.Helper()
	var err error
	switch algorithm {
	case "ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa-p256-sha256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "sm2-sm3":
		private, err = sm2.GenerateKey(rand.Reader)
	default:
		tb.Fatalf("no such algorithm: %s", algorithm)
	}
	if err != nil {
		tb.Fatal(err)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return private, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func publicPEM(tb testing.TB, private any) []byte {
	tb.Helper()
	der, err := smx509.MarshalPKIXPublicKey(private.(crypto.Signer).Public())
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// side is one side's signer and its public key, read back from PEM.
func side(tb testing.TB, id, owner, algorithm string, now func() time.Time) (*channel.Signer, channel.Key) {
	tb.Helper()
	private, text := pair(tb, algorithm)
	signer, err := channel.NewSigner(id, text, now)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := channel.ParseKey(id, owner, publicPEM(tb, private))
	if err != nil {
		tb.Fatal(err)
	}
	if key.Algorithm() != algorithm {
		tb.Fatalf("the key is read as %s", key.Algorithm())
	}
	return signer, key
}

func trusting(tb testing.TB, now func() time.Time, keys ...channel.Key) *channel.Verifier {
	tb.Helper()
	k, err := channel.NewKeys(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return channel.NewVerifier(k, now, "channel.bank.example", "example.com")
}

// onThisMachine trusts keys, and has no name but the machine's own.
func onThisMachine(tb testing.TB, now func() time.Time, keys ...channel.Key) *channel.Verifier {
	tb.Helper()
	k, err := channel.NewKeys(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return channel.NewVerifier(k, now)
}

// posted is a signed request as its receiver has it.
func posted(tb testing.TB, s *channel.Signer, target, body string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, target, nil)
	r.Header.Set("Content-Type", "application/json")
	if err := s.Sign(r, []byte(body)); err != nil {
		tb.Fatal(err)
	}
	return r
}

func algorithms() []string { return []string{"ed25519", "ecdsa-p256-sha256", "sm2-sm3"} }

func replaceIn(r *http.Request, field, old, with string) {
	r.Header.Set(field, strings.Replace(r.Header.Get(field), old, with, 1))
}
