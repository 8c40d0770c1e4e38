package service_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/channel/channeltest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
)

const icbc = "102100099996"

// channelsFile writes a list with one bank, edited.
func channelsFile(t *testing.T, public string, edit func(file, bank map[string]any)) []byte {
	t.Helper()
	bank := map[string]any{"bank": icbc, "url": "https://channel.bank.example/orders", "keys": []map[string]any{{"id": "icbc-1", "publicKey": public}}}
	file := map[string]any{"keyId": "city-1", "banks": []any{bank}}
	if edit != nil {
		edit(file, bank)
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAListOfChannelsIsTakenWholeOrNotAtAll(t *testing.T) {
	private, public := channeltest.Pair(t)
	c, err := service.ParseChannels(channelsFile(t, public, nil), []byte(private), identity.DefaultBanks(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Banks) != 1 || c.Banks[0].Timeout != 5*time.Second || !c.Has(icbc) || c.Has("103100000026") || c.Signer.KeyID() != "city-1" || c.Verifier == nil {
		t.Errorf("%+v", c)
	}
	for name, edit := range map[string]func(file, bank map[string]any){
		"a bank that the city does not know": func(_, b map[string]any) { b["bank"] = "999999999999" },
		"a bank given twice":                 func(f, b map[string]any) { f["banks"] = []any{b, b} },
		"an unknown field":                   func(_, b map[string]any) { b["uri"] = "" },
		"orders in clear over the network":   func(_, b map[string]any) { b["url"] = "http://channel.bank.example/orders" },
		"a password in the address":          func(_, b map[string]any) { b["url"] = "https://me:secret@channel.bank.example/" },
		"no address":                         func(_, b map[string]any) { b["url"] = "channel" },
		"no key":                             func(_, b map[string]any) { b["keys"] = []any{} },
		"a key that is none":                 func(_, b map[string]any) { b["keys"] = []any{map[string]any{"id": "k", "publicKey": "x"}} },
		"an hour to reply":                   func(_, b map[string]any) { b["timeoutSeconds"] = 3600 },
		"a negative time to reply":           func(_, b map[string]any) { b["timeoutSeconds"] = -1 },
		"an address in place of a host":      func(f, _ map[string]any) { f["authorities"] = []any{"https://city.example"} },
		"a path in place of a host":          func(f, _ map[string]any) { f["authorities"] = []any{"city.example/v1"} },
		"a host without a name":              func(f, _ map[string]any) { f["authorities"] = []any{""} },
		"no name for the city's own key":     func(f, _ map[string]any) { f["keyId"] = "" },
		"one key for two": func(_, b map[string]any) {
			key := map[string]any{"id": "k", "publicKey": public}
			b["keys"] = []any{key, key}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := service.ParseChannels(channelsFile(t, public, edit), []byte(private), identity.DefaultBanks(), time.Now); err == nil {
				t.Error("taken")
			} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("tells a secret: %v", err)
			}
		})
	}
	for name, address := range map[string]any{"none, for a bank that calls in": "", "a bank on this machine": "http://127.0.0.1:1/orders", "by name": "http://localhost:1/orders"} {
		edit := func(_, b map[string]any) { b["url"] = address }
		if _, err := service.ParseChannels(channelsFile(t, public, edit), []byte(private), identity.DefaultBanks(), time.Now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.ParseChannels(channelsFile(t, public, nil), []byte(public), identity.DefaultBanks(), time.Now); err == nil {
		t.Error("a public key in place of the private one")
	}
	if _, err := service.ParseChannels([]byte(`{"keyId":"a","keyId":"b"}`), []byte(private), identity.DefaultBanks(), time.Now); err == nil {
		t.Error("a field named twice")
	}
}

func TestTheChannelsAreReadFromTheFilesThatTheOperatorNames(t *testing.T) {
	private, public := channeltest.Pair(t)
	list, key := filepath.Join(t.TempDir(), "banks.json"), filepath.Join(t.TempDir(), "key.pem")
	for path, text := range map[string][]byte{list: channelsFile(t, public, nil), key: []byte(private)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, list, key string
		banks           int
		fails           bool
	}{
		{"no list", "", "", 0, false},
		{"both", list, key, 1, false},
		{"a list that is not there", list + ".none", key, 0, true},
		{"a list without the key", list, "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := service.Config{BankChannels: c.list, ChannelKey: c.key}.ReadChannels(identity.DefaultBanks())
			if (err != nil) != c.fails || len(got.Banks) != c.banks {
				t.Errorf("%d banks, %v", len(got.Banks), err)
			}
		})
	}
}
