// Package channeltest draws keys for tests of the machine channel.
package channeltest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
)

// Pair draws a pair of keys, as PEM.
func Pair(tb testing.TB) (private, public string) {
	tb.Helper()
	open, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		tb.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(open)
	if err != nil {
		tb.Fatal(err)
	}
	return block("PRIVATE KEY", pkcs8), block("PUBLIC KEY", pkix)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
