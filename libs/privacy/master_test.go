package privacy_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/yuanlu/yuanlu/libs/privacy"
)

func TestAMasterSecretIsMadeOnceAndReadEverAfter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master")
	if _, err := privacy.LoadMaster(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("there is none yet: %v", err)
	}
	masters := make([]privacy.Master, 16)
	var all sync.WaitGroup
	for i := range masters {
		all.Go(func() {
			var err error
			if masters[i], err = privacy.LoadOrCreateMaster(path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	loaded, err := privacy.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range masters {
		if !same(m, loaded) {
			t.Errorf("process %d has a secret of its own", i)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files are left over: %v, %v", left, err)
	}
	if same(privacy.NewMaster(), loaded) {
		t.Error("a new secret is not new")
	}
}

// same tells whether two master secrets are one, by what is derived from them.
func same(a, b privacy.Master) bool { return bytes.Equal(a.TokenKey(), b.TokenKey()) }

func TestAFileThatIsNoMasterSecretIsRefusedAndKept(t *testing.T) {
	secret := strings.Repeat("c0ffee", 11)
	for name, content := range map[string]string{
		"empty": "", "too short": secret[:62], "too long": secret[:66], "not hex": strings.Repeat("x", 64),
	} {
		path := filepath.Join(t.TempDir(), "master")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := privacy.LoadOrCreateMaster(path)
		if !errors.Is(err, privacy.ErrMaster) || (content != "" && strings.Contains(err.Error(), content[:8])) {
			t.Errorf("%s: %v", name, err)
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != content {
			t.Errorf("%s: the file was written over", name)
		}
	}
	path := filepath.Join(t.TempDir(), "master")
	if err := os.WriteFile(path, []byte(" "+secret[:64]+"\r\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := privacy.LoadMaster(path); err != nil {
		t.Errorf("blanks around the digits: %v", err)
	}
}

// fixed is a master secret known to the tests, so that what is derived from it
// can be written down.
func fixed(t *testing.T) privacy.Master {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master")
	if err := os.WriteFile(path, []byte(strings.Repeat("00112233", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := privacy.LoadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDerivedKeysNeverChange(t *testing.T) {
	m := fixed(t)
	k := privacy.NewKeyring(newMemory(), m)
	for what, pair := range map[string][2]string{
		"fingerprint":      {m.Fingerprint(), "48e4d08c1c9ae751"},
		"token key":        {hex.EncodeToString(m.TokenKey()), "b4c35f7ae1cb617d58a3b78f5caee0d88760ed39785d5948d49317c13c533fd8"},
		"index of account": {k.Index(privacy.Account, "6222021234561234"), "89fbe488fc7110c4d05cd4185475d237"},
		"index of ID card": {k.Index(privacy.IDCard, "11010519491231002X"), "8c757d013ad77e788d850d3588730ecd"},
		"index of phone":   {k.Index(privacy.Phone, "13812345678"), "3809dedd233f99d1a9c2c2a291af0ec1"},
		"index of name":    {k.Index(privacy.Name, "杨某"), "3fc866fb79b363300df5f4695d10ab32"},
		"index of input":   {k.Index(privacy.Input, "POST /reports {}"), "0ae01a2fb253763370131c4801de534d"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %s, stored data need %s", what, pair[0], pair[1])
		}
	}
}

func TestABlindIndexTellsEqualityAndNothingElse(t *testing.T) {
	m := privacy.NewMaster()
	k := privacy.NewKeyring(newMemory(), m)
	form := regexp.MustCompile(`^[0-9a-f]{32}$`)
	seen := make(map[string]privacy.Kind)
	for _, kind := range []privacy.Kind{privacy.Account, privacy.IDCard, privacy.Phone, privacy.Name, privacy.Input, privacy.Serial} {
		index := k.Index(kind, "13812345678")
		if !form.MatchString(index) {
			t.Errorf("%s: %q is not 16 bytes in hex", kind, index)
		}
		if other, twice := seen[index]; twice {
			t.Errorf("%s and %s have the same index", kind, other)
		}
		seen[index] = kind
		if k.Index(kind, "13812345678") != index || privacy.NewKeyring(newMemory(), m).Index(kind, "13812345678") != index {
			t.Errorf("%s: the same value has two indexes", kind)
		}
		if k.Index(kind, "13812345679") == index {
			t.Errorf("%s: two values have one index", kind)
		}
		if privacy.NewKeyring(newMemory(), privacy.NewMaster()).Index(kind, "13812345678") == index {
			t.Errorf("%s: two cities have one index", kind)
		}
		if empty := k.Index(kind, ""); (empty == "") != (kind != privacy.Input) {
			t.Errorf("%s: the index of nothing is %q", kind, empty)
		}
	}
}

func TestTheMasterSecretNeverShows(t *testing.T) {
	m := fixed(t)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		fmt.Fprintf(&out, verb, m)
		fmt.Fprintf(&out, verb, &m)
		fmt.Fprintf(&out, verb, struct{ M privacy.Master }{m})
		fmt.Fprintf(&out, verb, struct{ m privacy.Master }{m})
		fmt.Fprintf(&out, verb, privacy.NewKeyring(newMemory(), m))
		fmt.Fprintf(&out, verb, struct{ k *privacy.Keyring }{privacy.NewKeyring(newMemory(), m)})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", slog.Any("master", m), slog.Any("pointer", &m))
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", slog.Any("master", m))
	if err := json.NewEncoder(&out).Encode(m); err != nil { //nolint:staticcheck // SA9005: that nothing of it is encoded is the point
		t.Fatal(err)
	}
	// The secret, and the first bytes of a key derived from it, as any verb would write them.
	for _, trace := range []string{"00112233", "0 17 34 51", "0x11, 0x22", "7c2b65b9", "124 43 101 185"} {
		if strings.Contains(out.String(), trace) {
			t.Errorf("the secret shows as %s", trace)
		}
	}
}

func TestALogKnowsTheSecretItWasBegunWith(t *testing.T) {
	log, own := newMemory(), privacy.NewMaster()
	if begun, err := privacy.Begun(t.Context(), log); begun || err != nil {
		t.Fatalf("an empty log: %t, %v", begun, err)
	}
	for range 2 {
		if err := own.Confirm(t.Context(), log); err != nil {
			t.Fatal(err)
		}
	}
	if begun, err := privacy.Begun(t.Context(), log); !begun || err != nil || len(log.all) != 1 {
		t.Errorf("begun %t, %v, %d events", begun, err, len(log.all))
	}
	if err := privacy.NewMaster().Confirm(t.Context(), log); !errors.Is(err, privacy.ErrOtherMaster) {
		t.Errorf("another secret: %v", err)
	}
	if e := log.all[0]; e.Stream != "city-master" || e.Type != "master-fingerprint.v1" || string(e.Data) != `{"fingerprint":"`+own.Fingerprint()+`"}` {
		t.Errorf("stored %s %s %s", e.Stream, e.Type, e.Data)
	}
}

func TestOfTwoSecretsThatBeginALogAtOnceOneHasIt(t *testing.T) {
	log, first, second := newMemory(), privacy.NewMaster(), privacy.NewMaster()
	log.meanwhile = func() {
		log.meanwhile = nil
		if err := first.Confirm(t.Context(), log); err != nil {
			t.Error(err)
		}
	}
	if err := second.Confirm(t.Context(), log); !errors.Is(err, privacy.ErrOtherMaster) {
		t.Errorf("the second: %v", err)
	}
	log = newMemory()
	log.meanwhile = func() {
		log.meanwhile = nil
		if err := first.Confirm(t.Context(), log); err != nil {
			t.Error(err)
		}
	}
	if err := first.Confirm(t.Context(), log); err != nil || len(log.all) != 1 {
		t.Errorf("two processes with one secret: %v, %d events", err, len(log.all))
	}
}
