package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// CityOwner owns the city's own keys, for banks.
const CityOwner = "city"

const (
	replyWithin     = 5 * time.Second
	replyWithinMost = time.Minute
)

// Channels (机器通道) are a city's ways to the machines of its banks. A city
// without any has desks alone.
type Channels struct {
	Signer   *channel.Signer   // nil without a channel
	Verifier *channel.Verifier // trusts no key without a channel
	Banks    []BankChannel
}

// BankChannel is the way to one bank's machine. URL is where batches of orders
// are posted; "" for a bank that only calls in.
type BankChannel struct {
	Bank    identity.BankCode
	URL     string
	Timeout time.Duration // until the whole reply is there
}

// Has tells whether a bank has a machine channel at all.
func (c Channels) Has(code identity.BankCode) bool {
	for _, b := range c.Banks {
		if b.Bank == code {
			return true
		}
	}
	return false
}

var errChannels = errors.New("not a list of channels that can be used")

// channelsFile is what an operator writes.
type channelsFile struct {
	KeyID string `json:"keyId"` // of the city's own key, as the banks know it
	// Authorities are the hosts under which banks call the city, with the port
	// unless it is 443. None: this machine alone.
	Authorities []string `json:"authorities"`
	Banks       []struct {
		Bank           string `json:"bank"`
		URL            string `json:"url"`
		TimeoutSeconds int    `json:"timeoutSeconds"` // 5 if absent
		Keys           []struct {
			ID        string `json:"id"`
			PublicKey string `json:"publicKey"` // PEM
		} `json:"keys"`
	} `json:"banks"`
}

// ParseChannels reads a list of channels and the city's private key (PKCS#8 in
// PEM). A bank that the city does not know, and a field that this build does not
// know, is an error. Orders hold personal data: they go over https, but for a
// bank on this very machine.
func ParseChannels(list, private []byte, banks identity.Banks, now func() time.Time) (Channels, error) {
	var file channelsFile
	if err := checkJSON(list); err != nil {
		return Channels{}, fmt.Errorf("%w: %w", errChannels, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(list))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return Channels{}, fmt.Errorf("%w: %w", errChannels, err)
	}
	signer, err := channel.NewSigner(file.KeyID, private, now)
	if err := errors.Join(err, hosts(file.Authorities)); err != nil {
		return Channels{}, fmt.Errorf("%w: %w", errChannels, err)
	}
	c := Channels{Signer: signer}
	var all []channel.Key
	for _, b := range file.Banks {
		way := BankChannel{Bank: identity.BankCode(b.Bank), URL: b.URL, Timeout: time.Duration(b.TimeoutSeconds) * time.Second}
		if way.Timeout == 0 {
			way.Timeout = replyWithin
		}
		if _, known := banks.Lookup(way.Bank); !known || c.Has(way.Bank) {
			return Channels{}, fmt.Errorf("%w: bank %.12q is unknown or given twice", errChannels, b.Bank)
		}
		if len(b.Keys) == 0 || way.Timeout < 0 || way.Timeout > replyWithinMost || !confidential(b.URL) {
			return Channels{}, fmt.Errorf("%w: bank %s: it has keys, an https URL or none, and timeoutSeconds of 1 to 60", errChannels, way.Bank)
		}
		for _, k := range b.Keys {
			key, err := channel.ParseKey(k.ID, b.Bank, []byte(k.PublicKey))
			if err != nil {
				return Channels{}, fmt.Errorf("%w: bank %s: %w", errChannels, way.Bank, err)
			}
			all = append(all, key)
		}
		c.Banks = append(c.Banks, way)
	}
	keys, err := channel.NewKeys(all...)
	if err != nil {
		return Channels{}, fmt.Errorf("%w: %w", errChannels, err)
	}
	c.Verifier = channel.NewVerifier(keys, now, file.Authorities...)
	return c, nil
}

// hosts refuses what is no name of a host, with or without a port.
func hosts(names []string) error {
	for _, host := range names {
		if u, err := url.Parse("https://" + host); err != nil || host == "" || u.Host != host {
			return fmt.Errorf("authorities: %.64q is not a host, with or without a port", host)
		}
	}
	return nil
}

// confidential tells whether an address keeps what is sent there to itself; none at
// all does.
func confidential(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (err == nil && ip.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost"))
}

// channels reads the files that the operator names.
func (c Config) channels(banks identity.Banks) (Channels, error) {
	if c.BankChannels == "" {
		return Channels{}, nil
	}
	list, err := os.ReadFile(c.BankChannels)
	if err != nil {
		return Channels{}, fmt.Errorf("file of the bank channels: %w", err)
	}
	private, err := os.ReadFile(c.ChannelKey)
	if err != nil {
		return Channels{}, fmt.Errorf("private key of the bank channels: %w", err)
	}
	return ParseChannels(list, private, banks, time.Now)
}
