package channel_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	httpsig "github.com/remitly-oss/httpsig-go"
	"github.com/yuanlu/yuanlu/libs/channel"
)

// one key for the independent implementation.
type one httpsig.KeySpec

func (k one) FetchByKeyID(context.Context, http.Header, string) (httpsig.KeySpecer, error) {
	return httpsig.KeySpec(k), nil
}

func (k one) Fetch(context.Context, http.Header, httpsig.MetadataProvider) (httpsig.KeySpecer, error) {
	return nil, errors.New("a key id is required")
}

func TestAnIndependentImplementationTakesWhatIsSignedHere(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-p256-sha256"} {
		t.Run(algorithm, func(t *testing.T) {
			private, text := pair(t, algorithm)
			signer, err := channel.NewSigner("city-1", text, at(noon))
			if err != nil {
				t.Fatal(err)
			}
			keys := one{KeyID: "city-1", Algo: httpsig.Algorithm(algorithm), PubKey: private.(crypto.Signer).Public()}
			profile := httpsig.VerifyProfile{
				SignatureLabel: "sig1", DisableTimeEnforcement: true,
				RequiredFields:   httpsig.Fields("@method", "@authority", "@path", "@query", "content-digest"),
				RequiredMetadata: []httpsig.Metadata{httpsig.MetaCreated, httpsig.MetaKeyID, httpsig.MetaNonce, httpsig.MetaTag, httpsig.MetaAlgorithm},
			}
			if _, err := httpsig.Verify(posted(t, signer, target, said), keys, profile); err != nil {
				t.Error(err)
			}
			bad := posted(t, signer, target, said)
			bad.URL.Path = "/elsewhere"
			if _, err := httpsig.Verify(bad, keys, profile); err == nil {
				t.Error("the comparison proves nothing")
			}
		})
	}
}

func TestWhatAnIndependentImplementationSignsIsTakenHere(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-p256-sha256"} {
		t.Run(algorithm, func(t *testing.T) {
			private, _ := pair(t, algorithm)
			key, err := channel.ParseKey("bank-1", "bank", publicPEM(t, private))
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(said))
			profile := httpsig.SigningProfile{
				Algorithm: httpsig.Algorithm(algorithm), Label: "sig1", Digest: httpsig.DigestSHA256,
				Fields:   httpsig.Fields("content-digest", "@path", "@query", "@authority", "@method"),
				Metadata: []httpsig.Metadata{httpsig.MetaKeyID, httpsig.MetaTag, httpsig.MetaNonce, httpsig.MetaCreated},
			}
			if err := httpsig.Sign(r, profile, httpsig.SigningKey{Key: private, MetaKeyID: "bank-1", MetaTag: channel.Tag}); err != nil {
				t.Fatal(err)
			}
			wall := trusting(t, wallClock, key)
			if m, err := wall.Request(r); err != nil || string(m.Body) != said {
				t.Errorf("%q, %v", m.Body, err)
			}
		})
	}
}

// RFC 9421 appendix B.2.6: the standard's own request, key and signature.
func TestTheSignatureBaseIsTheStandards(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/foo?param=Value&Pet=dog", nil)
	for name, value := range map[string]string{
		"Date": "Tue, 20 Apr 2021 02:07:55 GMT", "Content-Type": "application/json", "Content-Length": "18",
		"Signature-Input": `sig1=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
	} {
		r.Header.Set(name, value)
	}
	base, err := channel.Base(r)
	if err != nil {
		t.Fatal(err)
	}
	key, err := channel.ParseKey("test-key-ed25519", "rfc", []byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==")
	if err != nil {
		t.Fatal(err)
	}
	if !channel.Verified(key, base, signature) {
		t.Errorf("the standard's signature does not fit the base\n%s", base)
	}
}

func TestANonceHasSixteenCharactersAtLeast(t *testing.T) {
	private, _ := pair(t, "ed25519")
	key, err := channel.ParseKey("bank-1", "bank", publicPEM(t, private))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(said))
	err = httpsig.Sign(r, httpsig.SigningProfile{
		Algorithm: httpsig.Algo_ED25519, Fields: httpsig.Fields("content-digest", "@path", "@query", "@authority", "@method"),
		Metadata: []httpsig.Metadata{httpsig.MetaKeyID, httpsig.MetaTag, httpsig.MetaCreated},
	}, httpsig.SigningKey{Key: private, MetaKeyID: "bank-1", MetaTag: channel.Tag})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trusting(t, wallClock, key).Request(r); !errors.Is(err, channel.ErrMalformed) {
		t.Errorf("without a nonce: %v", err)
	}
}
