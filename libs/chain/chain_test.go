package chain_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/chain"
	"pgregory.net/rapid"
)

// build makes a stream of n events as a writer would.
func build(tb testing.TB, suite chain.Suite, stream string, n int) []chain.Link {
	tb.Helper()
	links, prev := make([]chain.Link, 0, n), ""
	for i := range n {
		meta, err := json.Marshal(map[string]any{
			"$correlationId": "case-7", "suite": suite.Name(), "prevHash": prev, "n": i,
		})
		if err != nil {
			tb.Fatal(err)
		}
		l := chain.Link{
			Stream: stream, Revision: uint64(i), Type: "stop-executed.v1",
			ID:   uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i)}),
			Data: fmt.Appendf(nil, `{"amountFen":%d,"at":"2021-07-17T08:00:0%dZ"}`, 100*i, i),
		}
		prev = chain.Seal(suite, prev, stream, l.Revision, l.Type, l.ID, l.Data, meta)
		l.Meta = chain.WithHash(meta, prev)
		links = append(links, l)
	}
	return links
}

// walk verifies a whole stream and returns the first thing wrong with it.
func walk(links []chain.Link) error {
	prev := ""
	for _, l := range links {
		var err error
		if prev, err = chain.Verify(prev, l); err != nil {
			return err
		}
	}
	return nil
}

func suites() []chain.Suite { return []chain.Suite{chain.SM3{}, chain.SHA256{}} }

func TestI61_AChainVerifiesFromItsFirstEvent(t *testing.T) {
	for _, suite := range suites() {
		if err := walk(build(t, suite, "account-1", 9)); err != nil {
			t.Errorf("%s: %v", suite.Name(), err)
		}
	}
}

func TestI61_EveryAlteredByteIsFoundAndLocated(t *testing.T) {
	for _, suite := range suites() {
		for _, field := range []string{"data", "meta", "type", "id", "stream"} {
			for n := range 3 {
				for at := range len(*fieldOf(&build(t, suite, "account-1", 3)[n], field)) {
					for _, flip := range []byte{0x01, 0x20, 0x80} {
						links := build(t, suite, "account-1", 3)
						alter(&links[n], field, at, flip)
						err := walk(links)
						if !errors.Is(err, chain.ErrAltered) || !strings.Contains(err.Error(), fmt.Sprintf("revision %d:", n)) {
							t.Fatalf("%s of event %d, byte %d ^ %#x: %v", field, n, at, flip, err)
						}
					}
				}
			}
		}
	}
}

func fieldOf(l *chain.Link, field string) *[]byte {
	b := map[string][]byte{"data": l.Data, "meta": l.Meta, "type": []byte(l.Type), "id": l.ID[:], "stream": []byte(l.Stream)}[field]
	return &b
}

func alter(l *chain.Link, field string, at int, flip byte) {
	b := bytes.Clone(*fieldOf(l, field))
	b[at] ^= flip
	switch field {
	case "data":
		l.Data = b
	case "meta":
		l.Meta = b
	case "type":
		l.Type = string(b)
	case "id":
		l.ID = uuid.UUID(b)
	case "stream":
		l.Stream = string(b)
	}
}

func TestI61_EventsCannotBeTakenOutMovedOrSlippedIn(t *testing.T) {
	fresh := func() []chain.Link { return build(t, chain.SM3{}, "account-1", 5) }
	for _, c := range []struct {
		rule   string
		forge  func([]chain.Link) []chain.Link
		want   error
		placed string
	}{
		{"an event is taken out", func(l []chain.Link) []chain.Link { return append(l[:2:2], l[3:]...) }, chain.ErrBroken, "revision 3"},
		{"the first event is taken out", func(l []chain.Link) []chain.Link { return l[1:] }, chain.ErrBroken, "revision 1"},
		{"two events change places", func(l []chain.Link) []chain.Link { l[1], l[2] = l[2], l[1]; return l }, chain.ErrBroken, "revision 2"},
		{"an event stands twice", func(l []chain.Link) []chain.Link { return append(l[:3:3], l[2:]...) }, chain.ErrBroken, "revision 2"},
		{"an event is renumbered", func(l []chain.Link) []chain.Link { l[2].Revision = 7; return l }, chain.ErrAltered, "revision 7"},
		{"an event is forged with a hash of its own", func(l []chain.Link) []chain.Link {
			l[2] = reseal(l[2], []byte(`{"amountFen":1}`))
			return l
		}, chain.ErrBroken, "revision 3"},
		{"the last event of another stream is put in", func(l []chain.Link) []chain.Link {
			other := build(t, chain.SM3{}, "account-2", 5)
			l[4] = other[4]
			l[4].Stream = "account-1"
			return l
		}, chain.ErrAltered, "revision 4"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			err := walk(c.forge(fresh()))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.placed) {
				t.Fatalf("got %v, want %v at %s", err, c.want, c.placed)
			}
		})
	}
}

// reseal forges an event consistently in itself, keeping what it says about its
// predecessor.
func reseal(l chain.Link, data []byte) chain.Link {
	stripped, _, _ := chain.SplitHash(l.Meta)
	var says struct{ PrevHash string }
	_ = json.Unmarshal(stripped, &says)
	l.Data = data
	l.Meta = chain.WithHash(stripped, chain.Seal(chain.SM3{}, says.PrevHash, l.Stream, l.Revision, l.Type, l.ID, data, stripped))
	return l
}

func TestAnUnknownSuiteIsNotTrusted(t *testing.T) {
	links := build(t, chain.SM3{}, "account-1", 1)
	links[0].Meta = bytes.Replace(links[0].Meta, []byte(`"sm3"`), []byte(`"md5"`), 1)
	if err := walk(links); !errors.Is(err, chain.ErrAltered) || !errors.Is(err, chain.ErrSuite) {
		t.Fatalf("got %v", err)
	}
	if _, err := chain.SuiteByName("md5"); !errors.Is(err, chain.ErrSuite) {
		t.Fatalf("got %v", err)
	}
}

func TestTheHashesAreThoseOfTheStandards(t *testing.T) {
	// The parts are hashed with their lengths, so that the standards' own vector
	// is reached through a part list worked out by hand.
	for name, want := range map[string]string{
		"sm3":    "90b16a25fd58c793aa1b9c938b33037819b3ba56e8e1db283f90523bf84d949c",
		"sha256": "f5a934b5ab96157b46905e4dec48ff8175fe8926c36ec293b98c8fbd0886171b",
	} {
		suite, err := chain.SuiteByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(suite.Hash([]byte("abc"), nil)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestNoTwoListsOfPartsHashAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 4), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = bytes.Equal(a[i], b[i])
		}
		if bytes.Equal(chain.SM3{}.Hash(a...), chain.SM3{}.Hash(b...)) != same {
			t.Fatalf("%x and %x", a, b)
		}
	})
}

func TestTheHashComesOffAsItWentOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "meta"))
		if err != nil {
			t.Fatal(err)
		}
		hash := hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		with := chain.WithHash(meta, hash)
		if !json.Valid(with) {
			t.Fatalf("%s is not JSON", with)
		}
		stripped, got, err := chain.SplitHash(with)
		if err != nil || got != hash || !bytes.Equal(stripped, meta) {
			t.Fatalf("%s and %s came off as %s and %s, %v", meta, hash, stripped, got, err)
		}
	})
}

func TestMetadataAreNotSharedWithTheCaller(t *testing.T) {
	meta := append(make([]byte, 0, 1000), `{"a":1}`...)
	with := chain.WithHash(meta, strings.Repeat("ab", 32))
	before := bytes.Clone(with)
	stripped, _, err := chain.SplitHash(with)
	if err != nil {
		t.Fatal(err)
	}
	stripped[0] = 'x'
	if !bytes.Equal(with, before) || !bytes.Equal(meta, []byte(`{"a":1}`)) {
		t.Fatal("the caller's bytes were written to")
	}
}

func FuzzSplitHash(f *testing.F) {
	hash := strings.Repeat("0f", 32)
	for _, seed := range []string{
		`{"a":1,"hash":"` + hash + `"}`, `{"hash":"` + hash + `"}`, `{,"hash":"` + hash + `"}`, `{"hash":""}`,
		`{}`, ``, `,"hash":"` + hash + `"}`, `{"a":"\"hash\":\"","hash":"` + hash + `"}`, `{"a":1,"hash":"` + hash + `"} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, meta []byte) {
		before := bytes.Clone(meta)
		stripped, hash, err := chain.SplitHash(meta)
		if !bytes.Equal(meta, before) {
			t.Fatal("the input was written to")
		}
		if err != nil {
			if !errors.Is(err, chain.ErrNoHash) {
				t.Fatal(err)
			}
			return
		}
		if back := chain.WithHash(stripped, hash); !bytes.Equal(back, meta) {
			t.Fatalf("%q is not what WithHash writes: %q", meta, back)
		}
		if _, err := chain.Verify("", chain.Link{Stream: "s", Meta: meta}); err == nil {
			t.Fatalf("%q verifies", meta)
		}
	})
}

// How long one event takes to be sealed and verified, so that the price of the
// chain is known.
func BenchmarkSealAndVerify(b *testing.B) {
	for _, suite := range suites() {
		b.Run(suite.Name(), func(b *testing.B) {
			l := build(b, suite, "account-1", 1)[0]
			l = withData(l, suite, bytes.Repeat([]byte("x"), 600))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := chain.Verify("", l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func withData(l chain.Link, suite chain.Suite, data []byte) chain.Link {
	stripped, _, _ := chain.SplitHash(l.Meta)
	l.Data = data
	l.Meta = chain.WithHash(stripped, chain.Seal(suite, "", l.Stream, l.Revision, l.Type, l.ID, data, stripped))
	return l
}
