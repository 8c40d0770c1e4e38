package channel

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	sfv "github.com/dunglas/httpsfv"
	"github.com/emmansun/gmsm/smx509"
)

// Signer (签名方) signs what one side sends.
type Signer struct {
	id      string
	how     algorithm
	private crypto.PrivateKey
	now     func() time.Time
}

// NewSigner reads a private key from PEM (PKCS#8). id is the name under which
// the other side knows its public key.
func NewSigner(id string, text []byte, now func() time.Time) (*Signer, error) {
	if !keyIDs.MatchString(id) {
		return nil, fmt.Errorf("%w: an id has at most 64 letters, digits and . _ : -", ErrKeys)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%w: key %s is not a PEM block of a PRIVATE KEY (PKCS#8)", ErrKeys, id)
	}
	private, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: key %s cannot be read", ErrKeys, id) // the cause could quote the key
	}
	pair, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: key %s: %w", ErrKeys, id, errKeyType)
	}
	how, err := algorithmOf(pair.Public())
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrKeys, id, err)
	}
	return &Signer{id: id, how: how, private: private, now: now}, nil
}

// LoadSigner reads a private key from a file.
func LoadSigner(id, path string, now func() time.Time) (*Signer, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("private key of the machine channel: %w", err)
	}
	return NewSigner(id, text, now)
}

// KeyID is the name of the signer's key.
func (s *Signer) KeyID() string { return s.id }

// Public is the signer's public key, for those who have to know it.
func (s *Signer) Public(owner string) (Key, error) {
	pair, ok := s.private.(crypto.Signer)
	if !ok {
		return Key{}, errKeyType
	}
	public := pair.Public()
	how, err := algorithmOf(public)
	return Key{ID: s.id, Owner: owner, public: public, how: how}, err
}

// Sign gives a request its body and signs it. A request that is sent again is
// signed again: its nonce is used up.
func (s *Signer) Sign(r *http.Request, body []byte) error {
	r.Body, r.ContentLength = http.NoBody, int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.Header.Set("Content-Digest", digest(body))
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails
	input := s.input(covered())
	input.Params.Add("nonce", base64.RawURLEncoding.EncodeToString(nonce))
	return s.seal(requestMessage(r), input)
}

// Reply writes a signed reply to a request. Header fields that are set on w
// already are sent along.
func (s *Signer) Reply(w http.ResponseWriter, to *http.Request, status int, body []byte) error {
	w.Header().Set("Content-Digest", digest(body))
	input := s.input(coveredReply())
	input.Items = append(input.Items, bound())
	if err := s.seal(replyMessage(w.Header(), status, to.Header), input); err != nil {
		w.WriteHeader(http.StatusInternalServerError) // unsigned, it counts for nothing
		return err
	}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// input lists what is covered, with the parameters that every signature has.
func (s *Signer) input(components []string) sfv.InnerList {
	input := sfv.InnerList{Params: sfv.NewParams()}
	for _, name := range components {
		input.Items = append(input.Items, sfv.NewItem(name))
	}
	input.Params.Add("created", s.now().Unix())
	input.Params.Add("alg", s.how.name())
	input.Params.Add("keyid", s.id)
	input.Params.Add("tag", Tag)
	return input
}

func (s *Signer) seal(m message, input sfv.InnerList) error {
	base, err := m.base(input)
	if err != nil {
		return err
	}
	signature, err := s.how.sign(s.private, base)
	if err != nil {
		return fmt.Errorf("sign a message: %w", err)
	}
	for field, value := range map[string]sfv.Member{"Signature-Input": input, "Signature": sfv.NewItem(signature)} {
		dictionary := sfv.NewDictionary()
		dictionary.Add(label, value)
		text, err := sfv.Marshal(dictionary)
		if err != nil {
			return fmt.Errorf("sign a message: %w", err)
		}
		m.header.Set(field, text)
	}
	return nil
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}
