package channel_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/channel"
)

func TestARequestThatAsksIsWorthHalfAMinute(t *testing.T) {
	signer, key := side(t, "k", "o", "ed25519", at(noon))
	for _, c := range []struct {
		method string
		after  time.Duration
		want   error
	}{
		{http.MethodGet, channel.ReadWindow, nil},
		{http.MethodGet, -channel.ReadWindow, nil},
		{http.MethodGet, channel.ReadWindow + time.Second, channel.ErrOutOfTime},
		{http.MethodGet, -channel.ReadWindow - time.Second, channel.ErrOutOfTime},
		{http.MethodHead, channel.ReadWindow + time.Second, channel.ErrOutOfTime},
		{http.MethodPost, channel.Window, nil},
		{http.MethodPost, channel.Window + time.Second, channel.ErrOutOfTime},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, target, nil)
		if err := signer.Sign(r, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := trusting(t, at(noon.Add(c.after)), key).Request(r); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s after %v: %v, want %v", c.method, c.after, err, c.want)
		}
	}
}

func FuzzNothingThatIsSaidAboutASignatureBreaksTheReceiver(f *testing.F) {
	signer, key := side(f, "k", "o", "ed25519", at(noon))
	receiver := trusting(f, at(noon), key)
	good := posted(f, signer, target, said)
	f.Add(good.Header.Get("Signature-Input"), good.Header.Get("Signature"), good.Header.Get("Content-Digest"))
	f.Add(`sig1=("@method";req "signature";req;key="sig1");created=?1;keyid=:AA==:`, `sig1=:AA==:;x`, `sha-256=1`)
	f.Add(`sig1=();created=1;nonce=1.5;tag=token`, `sig1`, `,`)
	f.Fuzz(func(t *testing.T, input, signature, digest string) {
		r := posted(t, signer, target, said)
		r.Header.Set("Signature-Input", input)
		r.Header.Set("Signature", signature)
		r.Header.Set("Content-Digest", digest)
		_, err := receiver.Request(r)
		if err == nil && input != good.Header.Get("Signature-Input") {
			t.Errorf("taken: %q %q %q", input, signature, digest)
		}
	})
}
