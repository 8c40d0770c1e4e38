package channel_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/yuanlu/yuanlu/libs/channel"
)

func wallClock() time.Time { return time.Now() }

func TestKeysThatCannotBeUsedAreRefusedAtTheStart(t *testing.T) {
	private, text := pair(t, "ed25519")
	public := publicPEM(t, private)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]struct {
		id, owner string
		text      []byte
	}{
		"no id":                     {"", "bank", public},
		"an id with a space":        {"a b", "bank", public},
		"an id of 65 letters":       {string(bytes.Repeat([]byte("a"), 65)), "bank", public},
		"no owner":                  {"k", "", public},
		"no PEM":                    {"k", "bank", []byte("AAAA")},
		"a private key":             {"k", "bank", text},
		"two keys":                  {"k", "bank", append(bytes.Clone(public), public...)},
		"a curve nobody agreed on":  {"k", "bank", publicPEM(t, p384)},
		"a kind nobody agreed on":   {"k", "bank", publicPEM(t, weak)},
		"a block with other things": {"k", "bank", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := channel.ParseKey(bad.id, bad.owner, bad.text); !errors.Is(err, channel.ErrKeys) {
				t.Error(err)
			}
		})
	}
	key, err := channel.ParseKey("k", "bank", public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := channel.NewKeys(key, key); !errors.Is(err, channel.ErrKeys) {
		t.Errorf("an id twice: %v", err)
	}
	if _, err := channel.NewKeys(channel.Key{ID: "k"}); !errors.Is(err, channel.ErrKeys) {
		t.Errorf("a key that was not read: %v", err)
	}
}

func TestAPrivateKeyIsReadFromItsFile(t *testing.T) {
	private, text := pair(t, "sm2-sm3")
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := channel.LoadSigner("city-1", path, at(noon))
	if err != nil {
		t.Fatal(err)
	}
	key, err := channel.ParseKey("city-1", "city", publicPEM(t, private))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trusting(t, at(noon), key).Request(posted(t, signer, target, said)); err != nil {
		t.Error(err)
	}
	if own, err := signer.Public("city"); err != nil || own.Algorithm() != "sm2-sm3" || signer.KeyID() != "city-1" {
		t.Errorf("%v, %v", own.Algorithm(), err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "a public key": publicPEM(t, private), "no key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "RSA": rsaPEM(t)} {
		if _, err := channel.NewSigner("city-1", bad, at(noon)); !errors.Is(err, channel.ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := channel.NewSigner("city 1", text, at(noon)); !errors.Is(err, channel.ErrKeys) {
		t.Errorf("an id with a space: %v", err)
	}
	if _, err := channel.LoadSigner("city-1", path+".none", at(noon)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func rsaPEM(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
