package channel

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"slices"
	"time"

	sfv "github.com/dunglas/httpsfv"
)

const (
	// Window is how far a message's time may lie from the receiver's clock.
	Window = 5 * time.Minute
	// MaxBody bounds a message's body, in bytes.
	MaxBody = 4 << 20
)

// Message is what was received, and is what its sender has sent.
type Message struct {
	Owner   string // of the key: who has sent it
	KeyID   string
	Nonce   string // "" of a reply
	Created time.Time
	Status  int // of a reply
	Body    []byte
}

// Verifier (验签方) takes in what others have sent. It is safe for use by many
// at once.
type Verifier struct {
	keys   Keys
	now    func() time.Time
	nonces *nonces
}

// NewVerifier makes a receiver that trusts these keys.
func NewVerifier(keys Keys, now func() time.Time) *Verifier {
	return &Verifier{keys: keys, now: now, nonces: newNonces()}
}

// Request takes a request in. The errors are those of rules.go. It leaves the
// request with a body that can be read again.
func (v *Verifier) Request(r *http.Request) (Message, error) {
	signed, err := v.signed(requestMessage(r), covered(), false)
	if err != nil {
		return Message{}, err
	}
	if len(signed.Nonce) < minNonce || len(signed.Nonce) > maxNonce {
		return Message{}, ErrMalformed
	}
	if signed.Body, err = body(r.Body, r.Header); err != nil {
		return Message{}, err
	}
	if err := v.nonces.take(signed.KeyID, signed.Nonce, signed.Created, v.now()); err != nil {
		return Message{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(signed.Body))
	return signed, nil
}

// Reply takes in the reply of owner to a request. It reads the body to its end
// and does not close it. Beside an error, the message has the status alone, which
// nothing proves.
func (v *Verifier) Reply(r *http.Response, to *http.Request, owner string) (Message, error) {
	unproven := Message{Status: r.StatusCode}
	signed, err := v.signed(replyMessage(r.Header, r.StatusCode, to.Header), coveredReply(), true)
	if err != nil {
		return unproven, err
	}
	if signed.Owner != owner {
		return unproven, ErrOtherKey
	}
	if signed.Body, err = body(r.Body, r.Header); err != nil {
		return unproven, err
	}
	signed.Status = r.StatusCode
	return signed, nil
}

// signed proves a message but for its body.
func (v *Verifier) signed(m message, needed []string, reply bool) (Message, error) {
	found, err := member(m.header, fieldInput)
	if err != nil {
		return Message{}, err
	}
	input, ok := found.(sfv.InnerList)
	if !ok {
		return Message{}, ErrMalformed
	}
	signature, err := bytesOf(m.header, fieldSignature)
	if err != nil {
		return Message{}, err
	}
	if !covers(input, needed, reply) {
		return Message{}, ErrIncomplete
	}
	p, err := read(input.Params)
	if err != nil {
		return Message{}, err
	}
	key, ok := v.keys.byID[p.keyID]
	switch {
	case !ok:
		return Message{}, ErrKeyUnknown
	case p.alg != "" && p.alg != key.how.name():
		return Message{}, ErrSignature
	}
	created := time.Unix(p.created, 0).UTC()
	if apart := v.now().Sub(created); apart > Window || apart < -Window || p.expires != 0 && v.now().Unix() > p.expires {
		return Message{}, ErrOutOfTime
	}
	base, err := m.base(input)
	if err != nil {
		return Message{}, err
	}
	if !key.how.verify(key.public, base, signature) {
		return Message{}, ErrSignature
	}
	return Message{Owner: key.Owner, KeyID: key.ID, Nonce: p.nonce, Created: created}, nil
}

func covers(input sfv.InnerList, needed []string, reply bool) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(input.Items, func(i sfv.Item) bool { return i.Value == name && len(i.Params.Names()) == 0 })
	}
	for _, name := range needed {
		if !has(name) {
			return false
		}
	}
	return !reply || slices.ContainsFunc(input.Items, ofRequest)
}

// parameters are what a signature says of itself.
type parameters struct {
	created, expires   int64
	nonce, keyID, alg  string
	tag                string
	hasCreated, hasKey bool
}

// read takes the parameters, each of the type it has to have. One that is not
// known is signed along and means nothing here.
func read(params *sfv.Params) (p parameters, err error) {
	ok := true
	for _, name := range params.Names() {
		value, _ := params.Get(name)
		switch name {
		case "created":
			p.created, ok = value.(int64)
			p.hasCreated = ok
		case "expires":
			p.expires, ok = value.(int64)
		case "nonce":
			p.nonce, ok = value.(string)
		case "keyid":
			p.keyID, ok = value.(string)
			p.hasKey = ok
		case "alg":
			p.alg, ok = value.(string)
		case "tag":
			p.tag, ok = value.(string)
		}
		if !ok {
			return p, ErrMalformed
		}
	}
	if !p.hasCreated || !p.hasKey || p.tag != Tag {
		return p, ErrIncomplete
	}
	return p, nil
}

// body reads a body to its end and holds it against its digest.
func body(from io.Reader, header http.Header) ([]byte, error) {
	var data []byte
	if from != nil {
		var err error
		if data, err = io.ReadAll(io.LimitReader(from, MaxBody+1)); err != nil {
			return nil, ErrBody
		}
	}
	if len(data) > MaxBody {
		return nil, ErrTooLarge
	}
	said, err := sfv.UnmarshalDictionary(header.Values(fieldDigest))
	if err != nil {
		return nil, ErrMalformed
	}
	m, _ := said.Get("sha-256")
	item, _ := m.(sfv.Item)
	want, ok := item.Value.([]byte)
	if !ok {
		return nil, ErrMalformed
	}
	if is := sha256.Sum256(data); subtle.ConstantTimeCompare(is[:], want) != 1 {
		return nil, ErrDigest
	}
	return data, nil
}
