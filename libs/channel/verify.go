package channel

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	sfv "github.com/dunglas/httpsfv"
)

const (
	// Window is how far a message's time may lie from the receiver's clock.
	Window = 5 * time.Minute
	// ReadWindow is the same for a request that asks for something (GET, HEAD): what
	// it is given is given again to whoever plays it to another process.
	ReadWindow = 30 * time.Second
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
	names  map[string]bool
	nonces *nonces
}

// NewVerifier makes a receiver that trusts these keys and takes in requests to
// these hosts, each with its port unless it is 80 or 443. Without any it takes in
// those to the machine it runs on, under a name that no other machine has
// (localhost, 127.0.0.1, ::1, whatever the port).
func NewVerifier(keys Keys, now func() time.Time, hosts ...string) *Verifier {
	names := map[string]bool{}
	for _, h := range hosts {
		names[authority(h)] = true
	}
	return &Verifier{keys: keys, now: now, names: names, nonces: newNonces()}
}

// Request takes a request in. The errors are those of rules.go. It leaves the
// request with a body that can be read again.
func (v *Verifier) Request(r *http.Request) (Message, error) {
	m, window := requestMessage(r), Window
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		window = ReadWindow
	}
	signed, err := v.signed(m, covered(), false, window)
	if err != nil {
		return Message{}, err
	}
	if !v.mine(m.derived["@authority"]) {
		return Message{}, ErrOtherHost
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
	signed, err := v.signed(replyMessage(r.Header, r.StatusCode, to.Header), coveredReply(), true, Window)
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
func (v *Verifier) signed(m message, needed []string, reply bool, window time.Duration) (Message, error) {
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
	if apart := v.now().Sub(created); apart > window || apart < -window || p.expires != 0 && v.now().Unix() > p.expires {
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

// mine tells whether a message was signed for this receiver. What the request says
// of its host proves nothing by itself: who plays a message to another city can
// write there what was signed.
func (v *Verifier) mine(host string) bool {
	if len(v.names) > 0 {
		return v.names[host]
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return name == "localhost" || err == nil && ip.IsLoopback()
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
