package machine

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// Keys (密钥) are the keys of the machines of several banks, and the city's that
// they trust. The zero value is no machine at all.
type Keys struct {
	Listen   string // host:port at which all of them take orders
	signers  map[identity.BankCode]*channel.Signer
	verifier *channel.Verifier
}

// Has tells whether a bank has a machine.
func (k Keys) Has(bank identity.BankCode) bool { return k.signers[bank] != nil }

// Path is where a bank's machine takes orders.
func Path(bank identity.BankCode) string { return "/" + string(bank) + "/orders" }

// keysFile is how keys are kept. What the city needs to know is in a file of its
// own, see [Make].
type keysFile struct {
	Listen string `json:"listen"`
	City   struct {
		KeyID     string `json:"keyId"`
		PublicKey string `json:"publicKey"`
	} `json:"city"`
	Banks []bankKey `json:"banks"`
}

type bankKey struct {
	Bank       identity.BankCode `json:"bank"`
	KeyID      string            `json:"keyId"`
	PrivateKey string            `json:"privateKey"`
}

// ErrKeys says that a file of keys cannot be used.
var ErrKeys = errors.New("not a file of machines' keys")

// Load reads a file that [Make] has written.
func Load(path string) (Keys, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Keys{}, err
	}
	var file keysFile
	if err := json.Unmarshal(data, &file); err != nil {
		return Keys{}, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	city, err := channel.ParseKey(file.City.KeyID, Owner, []byte(file.City.PublicKey))
	if err != nil {
		return Keys{}, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	trusted, err := channel.NewKeys(city)
	if err != nil {
		return Keys{}, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	k := Keys{Listen: file.Listen, signers: map[identity.BankCode]*channel.Signer{}, verifier: channel.NewVerifier(trusted, time.Now)}
	for _, b := range file.Banks {
		if k.signers[b.Bank], err = channel.NewSigner(b.KeyID, []byte(b.PrivateKey), time.Now); err != nil {
			return Keys{}, fmt.Errorf("%w: bank %s: %w", ErrKeys, b.Bank, err)
		}
	}
	return k, nil
}

// Names of the files that [Make] writes.
const (
	CityKeyFile  = "city-key.pem"  // the city's private key (YUANLU_CHANNEL_KEY_FILE)
	CityListFile = "channels.json" // the banks' public keys and addresses (YUANLU_BANK_CHANNELS)
	BanksFile    = "machines.json" // the banks' private keys, for the machines
)

// cityList is what the city's operator is given.
type cityList struct {
	KeyID string    `json:"keyId"`
	Banks []cityWay `json:"banks"`
}

type cityWay struct {
	Bank identity.BankCode `json:"bank"`
	URL  string            `json:"url"`
	Keys []cityWayKey      `json:"keys"`
}

type cityWayKey struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}

const onlyMine = 0o600

// Make draws keys for a city and for the machines of these banks, and writes the
// files that both sides start with into a directory.
func Make(dir, listen string, banks []identity.BankCode) error {
	private, public, err := pair()
	if err != nil {
		return err
	}
	theirs, ours := cityList{KeyID: "city-1"}, keysFile{Listen: listen}
	ours.City.KeyID, ours.City.PublicKey = theirs.KeyID, public
	for _, b := range banks {
		id := "bank-" + string(b)
		secret, shown, err := pair()
		if err != nil {
			return err
		}
		ours.Banks = append(ours.Banks, bankKey{b, id, secret})
		theirs.Banks = append(theirs.Banks, cityWay{b, "http://" + listen + Path(b), []cityWayKey{{id, shown}}})
	}
	if err := os.WriteFile(filepath.Join(dir, CityKeyFile), []byte(private), onlyMine); err != nil {
		return err
	}
	for name, content := range map[string]any{CityListFile: theirs, BanksFile: ours} {
		data, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, onlyMine); err != nil {
			return err
		}
	}
	return nil
}

// pair draws a key, as PEM.
func pair() (private, public string, err error) {
	shown, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return "", "", err
	}
	spki, err := x509.MarshalPKIXPublicKey(shown)
	if err != nil {
		return "", "", err
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("PRIVATE KEY", der), text("PUBLIC KEY", spki), nil
}

// Machine makes the machine of one bank: with its keys, and the city at that
// base URL.
func (k Keys) Machine(c Config, base string) *Machine {
	c.Signer, c.Verifier, c.Answers = k.signers[c.Bank], k.verifier, base+"/v1/machine/answers"
	c.City.Owner, c.City.Signer, c.City.Verifier = Owner, c.Signer, c.Verifier
	return New(c)
}
