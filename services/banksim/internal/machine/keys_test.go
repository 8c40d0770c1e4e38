package machine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
)

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := machine.Make(dir, "127.0.0.1:1", []identity.BankCode{icbc}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{machine.BanksFile, machine.CityListFile, machine.CityKeyFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := machine.Load(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that there is not")
	}
	for name, text := range map[string]string{
		"no JSON":              "{",
		"no key of the city":   `{"city":{"keyId":"c"}}`,
		"the city's own files": `{"keyId":"city-1","banks":[]}`,
	} {
		path := filepath.Join(dir, "other.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := machine.Load(path); !errors.Is(err, machine.ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := machine.Make(filepath.Join(dir, "no", "such"), "127.0.0.1:1", nil); err == nil {
		t.Error("a directory that there is not")
	}
}
