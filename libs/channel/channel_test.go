package channel_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/channel"
)

const (
	target = "http://channel.bank.example/yuanlu/orders?part=1"
	said   = `{"items":[1,2]}`
)

func TestAMessageIsTakenOnceAndReadAsItWasSent(t *testing.T) {
	for _, algorithm := range algorithms() {
		t.Run(algorithm, func(t *testing.T) {
			signer, key := side(t, "city-1", "city", algorithm, at(noon))
			receiver := trusting(t, at(noon), key)
			r := posted(t, signer, target, said)
			m, err := receiver.Request(r)
			if err != nil {
				t.Fatal(err)
			}
			if m.Owner != "city" || m.KeyID != "city-1" || string(m.Body) != said || !m.Created.Equal(noon) {
				t.Errorf("taken as %+v", m)
			}
			again, err := io.ReadAll(r.Body)
			if err != nil || string(again) != said {
				t.Errorf("a handler reads %q, %v", again, err)
			}
			r.Body = io.NopCloser(strings.NewReader(said))
			if _, err := receiver.Request(r); !errors.Is(err, channel.ErrReplayed) {
				t.Errorf("played again: %v", err)
			}
			if _, err := receiver.Request(posted(t, signer, target, said)); err != nil {
				t.Errorf("the same body, signed anew: %v", err)
			}
		})
	}
}

func TestWhatIsNotAsItWasSignedIsRefusedByItsOwnRule(t *testing.T) {
	for _, algorithm := range algorithms() {
		signer, key := side(t, "city-1", "city", algorithm, at(noon))
		stranger, _ := side(t, "city-1", "city", algorithm, at(noon))
		elsewhere, _ := side(t, "city-9", "city", algorithm, at(noon))
		for name, bad := range map[string]struct {
			by   *channel.Signer
			edit func(*http.Request)
			want error
		}{
			"no signature at all":              {signer, func(r *http.Request) { r.Header.Del("Signature") }, channel.ErrUnsigned},
			"nothing said about the signature": {signer, func(r *http.Request) { r.Header.Del("Signature-Input") }, channel.ErrUnsigned},
			"another label":                    {signer, func(r *http.Request) { replaceIn(r, "Signature", "sig1=", "sig2=") }, channel.ErrUnsigned},
			"another method":                   {signer, func(r *http.Request) { r.Method = http.MethodPut }, channel.ErrSignature},
			"another path":                     {signer, func(r *http.Request) { r.URL.Path = "/yuanlu/others" }, channel.ErrSignature},
			"another query":                    {signer, func(r *http.Request) { r.URL.RawQuery = "part=2" }, channel.ErrSignature},
			"another host":                     {signer, func(r *http.Request) { r.Host = "channel.other.example" }, channel.ErrSignature},
			"an altered byte of the body":      {signer, altered(said[:len(said)-1] + "]"), channel.ErrDigest},
			"a body cut short":                 {signer, altered(said[:5]), channel.ErrDigest},
			"a body and its digest altered": {signer, func(r *http.Request) {
				r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(make([]byte, 32))+":")
			}, channel.ErrSignature},
			"a digest by another hash":            {signer, func(r *http.Request) { r.Header.Set("Content-Digest", "md5=:AAAA:") }, channel.ErrSignature},
			"no digest":                           {signer, func(r *http.Request) { r.Header.Del("Content-Digest") }, channel.ErrIncomplete},
			"another key under the same id":       {stranger, nil, channel.ErrSignature},
			"a key nobody has registered":         {elsewhere, nil, channel.ErrKeyUnknown},
			"another key's id put in":             {elsewhere, func(r *http.Request) { replaceIn(r, "Signature-Input", "city-9", "city-1") }, channel.ErrSignature},
			"a later time put in":                 {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", "created=", "created=1") }, channel.ErrOutOfTime},
			"a time that is no number":            {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", "created=", "created=\"x\";b=") }, channel.ErrMalformed},
			"another algorithm":                   {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", "alg=\"", "alg=\"hmac-sha256-") }, channel.ErrSignature},
			"made for another purpose":            {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", `tag="yuanlu"`, `tag="other"`) }, channel.ErrIncomplete},
			"the path taken out":                  {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", `"@path" `, "") }, channel.ErrIncomplete},
			"an altered byte of the signature":    {signer, func(r *http.Request) { replaceIn(r, "Signature", "sig1=:", "sig1=:AAAA") }, channel.ErrSignature},
			"a signature that is no base64":       {signer, func(r *http.Request) { r.Header.Set("Signature", "sig1=:€:") }, channel.ErrMalformed},
			"a signature that is a number":        {signer, func(r *http.Request) { r.Header.Set("Signature", "sig1=1") }, channel.ErrMalformed},
			"no list of components":               {signer, func(r *http.Request) { r.Header.Set("Signature-Input", "sig1=1") }, channel.ErrMalformed},
			"four kilobytes of parameters":        {signer, func(r *http.Request) { r.Header.Add("Signature-Input", "x="+strings.Repeat("1", 5000)) }, channel.ErrMalformed},
			"a component twice":                   {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", `"@method"`, `"@method" "@method"`) }, channel.ErrMalformed},
			"a component nobody knows":            {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", `"@method"`, `"@method" "@mood"`) }, channel.ErrMalformed},
			"a component with a parameter":        {signer, func(r *http.Request) { replaceIn(r, "Signature-Input", `"@query"`, `"@query" "date";bs`) }, channel.ErrMalformed},
			"more than four mebibytes":            {signer, altered(strings.Repeat("x", channel.MaxBody+1)), channel.ErrTooLarge},
			"a body that breaks off":              {signer, func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})) }, channel.ErrBody},
			"a request for one thing, of another": {signer, func(r *http.Request) { r.URL.Path = "/v1/machine/orders" }, channel.ErrSignature},
		} {
			t.Run(algorithm+": "+name, func(t *testing.T) {
				r := posted(t, bad.by, target, said)
				if bad.edit != nil {
					bad.edit(r)
				}
				_, err := trusting(t, at(noon), key).Request(r)
				if !errors.Is(err, bad.want) {
					t.Errorf("%v, want %v", err, bad.want)
				}
			})
		}
	}
}

func altered(body string) func(*http.Request) {
	return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body)) }
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAMessageIsTakenWithinFiveMinutesOnEitherSide(t *testing.T) {
	for _, c := range []struct {
		name  string
		apart time.Duration
		want  error
	}{
		{"made now", 0, nil},
		{"made five minutes ago", -channel.Window, nil},
		{"made a second earlier", -channel.Window - time.Second, channel.ErrOutOfTime},
		{"made by a clock five minutes ahead", channel.Window, nil},
		{"made by a clock further ahead", channel.Window + time.Second, channel.ErrOutOfTime},
		{"made a year ago", -365 * 24 * time.Hour, channel.ErrOutOfTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			signer, key := side(t, "k", "o", "ed25519", at(noon.Add(c.apart)))
			if _, err := trusting(t, at(noon), key).Request(posted(t, signer, target, said)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestAReplayIsKnownForAsLongAsTheMessageWouldBeTaken(t *testing.T) {
	signer, key := side(t, "k", "o", "ed25519", at(noon.Add(channel.Window)))
	now := noon
	receiver := trusting(t, func() time.Time { return now }, key)
	r := posted(t, signer, target, said)
	for ; !now.After(noon.Add(2*channel.Window + time.Minute)); now = now.Add(7 * time.Second) {
		r.Body = io.NopCloser(strings.NewReader(said))
		_, err := receiver.Request(r)
		switch {
		case now.Equal(noon) && err != nil:
			t.Fatal(err)
		case now.Equal(noon):
		case !errors.Is(err, channel.ErrReplayed) && !errors.Is(err, channel.ErrOutOfTime):
			t.Fatalf("after %v: %v", now.Sub(noon), err)
		}
	}
}

func TestTenThousandNoncesAreRememberedAndAFloodHurtsItsOwnKeyAlone(t *testing.T) {
	now := noon
	clock := func() time.Time { return now }
	loud, loudKey := side(t, "loud", "a", "ed25519", clock)
	calm, calmKey := side(t, "calm", "b", "ed25519", clock)
	receiver := trusting(t, clock, loudKey, calmKey)
	first := posted(t, loud, target, "")
	take := func(s *channel.Signer) error {
		_, err := receiver.Request(posted(t, s, target, ""))
		return err
	}
	if _, err := receiver.Request(first); err != nil {
		t.Fatal(err)
	}
	for n := range 10_000 {
		if err := take(loud); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
	}
	if _, err := receiver.Request(first); !errors.Is(err, channel.ErrReplayed) {
		t.Errorf("the first, played after 10,000 others: %v", err)
	}
	for range channel.MaxNonces - 10_001 {
		if err := take(loud); err != nil {
			t.Fatal(err)
		}
	}
	if err := take(loud); !errors.Is(err, channel.ErrTooMany) {
		t.Errorf("one too many: %v", err)
	}
	if err := take(calm); err != nil {
		t.Errorf("another key during the flood: %v", err)
	}
	if _, err := receiver.Request(first); !errors.Is(err, channel.ErrReplayed) {
		t.Errorf("the first, played in the flood: %v", err)
	}
	now = now.Add(channel.Window + time.Minute)
	if err := take(loud); err != nil {
		t.Errorf("when the window has passed: %v", err)
	}
}

func TestOfTwoAtOnceOneIsAReplay(t *testing.T) {
	signer, key := side(t, "k", "o", "ed25519", at(noon))
	receiver := trusting(t, at(noon), key)
	original := posted(t, signer, target, said)
	results := make(chan error)
	for range 16 {
		go func() {
			r := original.Clone(t.Context())
			r.Body = io.NopCloser(strings.NewReader(said))
			_, err := receiver.Request(r)
			results <- err
		}()
	}
	taken := 0
	for range 16 {
		if err := <-results; err == nil {
			taken++
		} else if !errors.Is(err, channel.ErrReplayed) {
			t.Error(err)
		}
	}
	if taken != 1 {
		t.Errorf("taken %d times", taken)
	}
}

// served is a bank that answers through a door.
func served(t *testing.T, city channel.Key, bank *channel.Signer, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	door := channel.Door{
		Verifier: onThisMachine(t, at(noon), city), Signer: bank,
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusForbidden)
		},
	}
	server := httptest.NewServer(door.Open(handler))
	t.Cleanup(server.Close)
	return server
}

func TestAReplyIsThatOfTheOneAskedToThisRequest(t *testing.T) {
	for _, algorithm := range algorithms() {
		t.Run(algorithm, func(t *testing.T) {
			city, cityKey := side(t, "city-1", "city", algorithm, at(noon))
			bank, bankKey := side(t, "bank-1", "bank", algorithm, at(noon))
			other, otherKey := side(t, "bank-2", "another bank", algorithm, at(noon))
			echo := func(w http.ResponseWriter, r *http.Request) {
				m, _ := channel.From(r.Context())
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusAccepted)
				_, _ = w.Write(append([]byte(m.Owner+": "), m.Body...))
			}
			peer := channel.Peer{Owner: "bank", HTTP: http.DefaultClient, Signer: city, Verifier: trusting(t, at(noon), bankKey, otherKey)}
			right := served(t, cityKey, bank, echo)
			got, err := peer.Send(t.Context(), http.MethodPost, right.URL+"/orders?x=1", []byte(said))
			if err != nil || got.Status != http.StatusAccepted || string(got.Body) != "city: "+said {
				t.Errorf("%d %s, %v", got.Status, got.Body, err)
			}
			if _, err := peer.Send(t.Context(), http.MethodGet, right.URL+"/orders", nil); err != nil {
				t.Errorf("without a body: %v", err)
			}
			wrong := served(t, cityKey, other, echo)
			if _, err := peer.Send(t.Context(), http.MethodPost, wrong.URL, []byte(said)); !errors.Is(err, channel.ErrOtherKey) {
				t.Errorf("another bank's reply: %v", err)
			}
			var kept http.Header
			recorder := served(t, cityKey, bank, echo)
			playing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if kept == nil { // the first is let through, its reply kept
					r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", recorder.Listener.Addr().String()
					response, err := http.DefaultTransport.RoundTrip(r)
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = response.Body.Close() }()
					kept = response.Header
				}
				for name := range kept {
					w.Header().Set(name, kept.Get(name))
				}
				w.WriteHeader(http.StatusAccepted)
				_, _ = io.WriteString(w, "city: "+said)
			}))
			defer playing.Close()
			if _, err := peer.Send(t.Context(), http.MethodPost, playing.URL, []byte(said)); err != nil {
				t.Errorf("the reply itself: %v", err)
			}
			if _, err := peer.Send(t.Context(), http.MethodPost, playing.URL, []byte(said)); !errors.Is(err, channel.ErrSignature) {
				t.Errorf("an old reply to a new request: %v", err)
			}
		})
	}
}

func TestAReplyThatIsNotProvenCountsForNothing(t *testing.T) {
	city, _ := side(t, "city-1", "city", "ed25519", at(noon))
	bank, bankKey := side(t, "bank-1", "bank", "ed25519", at(noon))
	for name, c := range map[string]struct {
		reply http.HandlerFunc
		want  error
	}{
		"unsigned": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }, channel.ErrUnsigned},
		"another status than was signed": {func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			_ = bank.Reply(rec, r, http.StatusOK, []byte("ok"))
			copied(w, rec, http.StatusForbidden, "ok")
		}, channel.ErrSignature},
		"another body than was signed": {func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			_ = bank.Reply(rec, r, http.StatusOK, []byte("ok"))
			copied(w, rec, http.StatusOK, "no")
		}, channel.ErrDigest},
		"more than four mebibytes": {func(w http.ResponseWriter, r *http.Request) {
			_ = bank.Reply(w, r, http.StatusOK, bytes.Repeat([]byte("x"), channel.MaxBody+1))
		}, channel.ErrTooLarge},
		"cut off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_ = bank.Reply(w, r, http.StatusOK, []byte("ok"))
		}, channel.ErrBody},
		"hung up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, channel.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.reply)
			defer server.Close()
			peer := channel.Peer{Owner: "bank", HTTP: server.Client(), Signer: city, Verifier: trusting(t, at(noon), bankKey)}
			if _, err := peer.Send(t.Context(), http.MethodPost, server.URL, []byte(said)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func copied(w http.ResponseWriter, from *httptest.ResponseRecorder, status int, body string) {
	for name := range from.Header() {
		w.Header().Set(name, from.Header().Get(name))
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestTheHostIsTheSameWithAndWithoutTheUsualPort(t *testing.T) {
	signer, key := side(t, "k", "o", "ed25519", at(noon))
	r := posted(t, signer, "https://Channel.Bank.example:443/orders", said)
	r.Host, r.TLS = "channel.bank.example", &tls.ConnectionState{}
	if _, err := trusting(t, at(noon), key).Request(r); err != nil {
		t.Error(err)
	}
}

func TestWhatWasSignedForAnotherHostIsRefusedWhateverTheCallerCallsIt(t *testing.T) {
	signer, key := side(t, "k", "o", "ed25519", at(noon))
	mine, local := trusting(t, at(noon), key), onThisMachine(t, at(noon), key)
	for _, c := range []struct {
		rule     string
		receiver *channel.Verifier
		host     string
		want     error
	}{
		{"its own name", mine, "channel.bank.example", nil},
		{"in capitals, with the usual port", mine, "Channel.Bank.Example:443", nil},
		{"another port", mine, "channel.bank.example:8443", channel.ErrOtherHost},
		{"another city", mine, "another-city.example", channel.ErrOtherHost},
		{"the machine it runs on, if it has names", mine, "127.0.0.1:8080", channel.ErrOtherHost},
		{"without names, this machine", local, "127.0.0.1:8080", nil},
		{"by name", local, "localhost", nil},
		{"by its newer address", local, "[::1]:8080", nil},
		{"and nothing else", local, "channel.bank.example", channel.ErrOtherHost},
		{"nor what begins like it", local, "localhost.example", channel.ErrOtherHost},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if _, err := c.receiver.Request(posted(t, signer, "http://"+c.host+"/orders", said)); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}
