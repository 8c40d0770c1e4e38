package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/seal"
	"pgregory.net/rapid"
)

func suites() []privacy.Suite { return []privacy.Suite{privacy.SM4{}, privacy.AES256{}} }

func sealed(t *testing.T, k *privacy.Keyring, subject, field, text string) seal.Box {
	t.Helper()
	box, err := k.Seal(t.Context(), subject, field, text)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func opened(t *testing.T, k *privacy.Keyring, b seal.Box) string {
	t.Helper()
	text, err := k.Open(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatWasSealedIsOpenedByWhoeverHasTheMasterSecret(t *testing.T) {
	for name, open := range logs() {
		for _, suite := range suites() {
			t.Run(name+" "+suite.Name(), func(t *testing.T) {
				log, master, subject := open(t), privacy.NewMaster(), uuid.NewString()
				box := sealed(t, privacy.NewKeyringOf(suite, log, master), subject, "name", "杨某")
				if box.Suite != suite.Name() || box.Subject != subject || box.Field != "name" || box.Version != 1 {
					t.Fatalf("the box says %+v", box)
				}
				// A keyring that prefers the other suite reads and goes on with the subject's own.
				other := privacy.NewKeyring(log, master)
				if got := opened(t, other, box); got != "杨某" {
					t.Fatalf("got %q", got)
				}
				if box := sealed(t, other, subject, "phone", "13812345678"); box.Suite != suite.Name() {
					t.Fatalf("the subject has two suites: %s", box.Suite)
				}
				if _, err := privacy.NewKeyring(log, privacy.NewMaster()).Open(t.Context(), box); !errors.Is(err, privacy.ErrKeyUnusable) {
					t.Fatalf("another master secret: %v", err)
				}
			})
		}
	}
}

func TestAnyTextComesBack(t *testing.T) {
	k := privacy.NewKeyring(newMemory(), privacy.NewMaster())
	rapid.Check(t, func(r *rapid.T) {
		text, field := rapid.String().Draw(r, "text"), rapid.String().Draw(r, "field")
		box, err := k.Seal(t.Context(), "p-1", field, text)
		if err != nil || box.Empty() != (text == "") {
			r.Fatalf("%+v, %v", box, err)
		}
		stored, err := json.Marshal(box)
		if err != nil {
			r.Fatal(err)
		}
		var back seal.Box
		if err := json.Unmarshal(stored, &back); err != nil {
			r.Fatal(err)
		}
		if field != strings.ToValidUTF8(field, "") {
			return // JSON cannot carry such a name of a field
		}
		if got, err := k.Open(t.Context(), back); err != nil || got != text {
			r.Fatalf("%q came back as %q, %v", text, got, err)
		}
	})
}

func TestI64_NoPlaintextInWhatIsStored(t *testing.T) {
	log := newMemory()
	k := privacy.NewKeyring(log, privacy.NewMaster())
	texts := map[string]string{
		"name": "杨某某", "idNumber": "11010519491231002X", "phone": "13812345678", "account": "6222021234561234",
		"address": "化州市河西街道", "narrative": "对方冒充领导要求转账四百八十三万元",
	}
	boxes, err := k.SealAll(t.Context(), "p-1", texts)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(boxes)
	if err != nil {
		t.Fatal(err)
	}
	raw := append(stored, fmt.Append(nil, boxes, log.all)...)
	for _, box := range boxes {
		raw = append(append(raw, box.Cipher...), box.Nonce...)
	}
	for _, r := range log.all {
		raw = append(append(raw, r.Data...), r.Meta...)
	}
	for field, text := range texts {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("%s stands in clear", field)
		}
		if got := opened(t, k, boxes[field]); got != text {
			t.Errorf("%s came back as %q", field, got)
		}
	}
	if log.count() != 1 || log.all[0].Stream != "key-p-1" || string(log.all[0].Meta) != `{"schema":1}` {
		t.Errorf("stored: %+v", log.all)
	}
}

func TestNothingNeedsNoKey(t *testing.T) {
	log := newMemory()
	k := privacy.NewKeyring(log, privacy.NewMaster())
	boxes, err := k.SealAll(t.Context(), "p-1", map[string]string{"phone": ""})
	if box, ok := boxes["phone"]; err != nil || !ok || !box.Empty() || log.count() != 0 {
		t.Fatalf("got %+v, %v and %d events", boxes, err, log.count())
	}
	if got := opened(t, k, boxes["phone"]); got != "" {
		t.Fatalf("the zero box holds %q", got)
	}
}

func TestEveryBitOfABoxCounts(t *testing.T) {
	for _, suite := range suites() {
		k := privacy.NewKeyringOf(suite, newMemory(), privacy.NewMaster())
		box := sealed(t, k, "p-1", "name", "杨某")
		sealed(t, k, "p-2", "name", "李某")
		for name, change := range map[string]func(*seal.Box){
			"another field":           func(b *seal.Box) { b.Field = "address" },
			"another subject":         func(b *seal.Box) { b.Subject = "p-2" },
			"a version to come":       func(b *seal.Box) { b.Version = 2 },
			"another suite":           func(b *seal.Box) { b.Suite = "rot13" },
			"a shorter nonce":         func(b *seal.Box) { b.Nonce = b.Nonce[1:] },
			"a longer nonce":          func(b *seal.Box) { b.Nonce = append(b.Nonce, 0) },
			"no nonce":                func(b *seal.Box) { b.Nonce = nil },
			"a cipher cut off":        func(b *seal.Box) { b.Cipher = b.Cipher[:1] },
			"a cipher made longer":    func(b *seal.Box) { b.Cipher = append(b.Cipher, 0) },
			"field and subject mixed": func(b *seal.Box) { b.Subject, b.Field = "p-1", "namename" },
		} {
			altered := clone(box)
			change(&altered)
			if got, err := k.Open(t.Context(), altered); !errors.Is(err, privacy.ErrTampered) || got != "" {
				t.Errorf("%s, %s: got %q, %v", suite.Name(), name, got, err)
			}
		}
		for at := range len(box.Cipher) * 8 {
			altered := clone(box)
			altered.Cipher[at/8] ^= 1 << (at % 8)
			if _, err := k.Open(t.Context(), altered); !errors.Is(err, privacy.ErrTampered) {
				t.Fatalf("%s, bit %d of the cipher: %v", suite.Name(), at, err)
			}
		}
		for at := range len(box.Nonce) * 8 {
			altered := clone(box)
			altered.Nonce[at/8] ^= 1 << (at % 8)
			if _, err := k.Open(t.Context(), altered); !errors.Is(err, privacy.ErrTampered) {
				t.Fatalf("%s, bit %d of the nonce: %v", suite.Name(), at, err)
			}
		}
	}
}

func clone(b seal.Box) seal.Box {
	b.Nonce, b.Cipher = bytes.Clone(b.Nonce), bytes.Clone(b.Cipher)
	return b
}

func TestTheSameTextIsNeverSealedTheSameWay(t *testing.T) {
	k := privacy.NewKeyring(newMemory(), privacy.NewMaster())
	seen := make(map[string]bool)
	for range 200 {
		box := sealed(t, k, "p-1", "name", "杨某")
		if seen[string(box.Nonce)] || seen[string(box.Cipher)] {
			t.Fatal("a nonce or a cipher came twice")
		}
		seen[string(box.Nonce)], seen[string(box.Cipher)] = true, true
	}
}

func TestOnlyIDsNameSubjects(t *testing.T) {
	k := privacy.NewKeyring(newMemory(), privacy.NewMaster())
	for _, subject := range []string{"", "杨某", "a b", "../x", "a\n", strings.Repeat("a", 101), "-a", "$all"} {
		if _, err := k.Seal(t.Context(), subject, "name", "甲"); !errors.Is(err, privacy.ErrSubject) {
			t.Errorf("%q: %v", subject, err)
		}
	}
	if _, err := k.Seal(t.Context(), "p-1", "narrative", strings.Repeat("x", 1<<20+1)); !errors.Is(err, privacy.ErrTooLong) {
		t.Errorf("a text without end: %v", err)
	}
}

func TestALogOutOfReachIsSaidSo(t *testing.T) {
	k := privacy.NewKeyring(away{}, privacy.NewMaster())
	if _, err := k.Seal(t.Context(), "p-1", "name", "杨某"); !errors.Is(err, eventlog.ErrUnavailable) || strings.Contains(err.Error(), "杨某") {
		t.Errorf("sealed: %v", err)
	}
	if _, err := k.Open(t.Context(), seal.Box{Subject: "p-1", Cipher: []byte("x")}); !errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, privacy.ErrShredded) {
		t.Errorf("opened: %v", err)
	}
}

// away is a log that cannot be reached.
type away struct{}

func (away) Append(context.Context, string, eventlog.Expect, ...eventlog.Event) (eventlog.Appended, error) {
	return eventlog.Appended{}, eventlog.ErrUnavailable
}

func (away) Last(context.Context, string) (eventlog.Recorded, error) {
	return eventlog.Recorded{}, eventlog.ErrUnavailable
}

func FuzzOpen(f *testing.F) {
	k := privacy.NewKeyring(newMemory(), privacy.NewMaster())
	box, err := k.Seal(context.Background(), "p-1", "name", "杨某")
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(box)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"subject":"p-1","version":-1,"suite":"","nonce":"","cipher":"AA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b seal.Box
		if json.Unmarshal(data, &b) != nil {
			return
		}
		got, err := k.Open(t.Context(), b)
		same := b.Subject == box.Subject && b.Field == box.Field && b.Version == box.Version && b.Suite == box.Suite &&
			bytes.Equal(b.Nonce, box.Nonce) && bytes.Equal(b.Cipher, box.Cipher)
		if (err == nil) != (same || b.Empty()) || (err == nil && same && got != "杨某") {
			t.Fatalf("%s opens as %q, %v", data, got, err)
		}
	})
}

// What one field costs, so that the price of sealing is known.
func BenchmarkSealAndOpen(b *testing.B) {
	for _, suite := range suites() {
		b.Run(suite.Name(), func(b *testing.B) {
			k := privacy.NewKeyringOf(suite, newMemory(), privacy.NewMaster())
			b.ReportAllocs()
			for b.Loop() {
				box, err := k.Seal(b.Context(), "p-1", "name", "杨某某")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := k.Open(b.Context(), box); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
