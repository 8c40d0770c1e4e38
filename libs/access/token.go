package access

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Why a caller is not known. Both mean 401 at the edge.
var (
	ErrNoToken  = errors.New("no access token was given")
	ErrBadToken = errors.New("the access token is not valid")
	// ErrExpired is an [ErrBadToken] too.
	ErrExpired = fmt.Errorf("%w: it is not in force at this time", ErrBadToken)
)

// ErrWeakKey refuses to sign with a key shorter than the hash.
var ErrWeakKey = errors.New("a token key has 32 bytes or more")

const (
	issuerName = "yuanlu"
	keyBytes   = 32
	// tokenBytes limits what is looked at; a token has some 300.
	tokenBytes = 4096
	// leeway allows for clocks that differ between machines.
	leeway = 30 * time.Second
)

// Issuer makes and verifies the city's own access tokens: JWT signed with HS256.
type Issuer struct {
	key func() []byte // a function, since fmt prints all other unexported fields
	now func() time.Time
}

// NewIssuer makes an issuer. The key is the city's token key, 32 bytes or more.
// now tells real time, even where the cases run on virtual time, since tokens
// live among people.
func NewIssuer(key []byte, now func() time.Time) *Issuer {
	key = bytes.Clone(key)
	return &Issuer{key: func() []byte { return key }, now: now}
}

// Format keeps the key out of every print and log line, whatever the verb.
func (*Issuer) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "issuer(secret)") }

// claims are the private claims of a token; the user is its subject.
type claims struct {
	Person Person `json:"yuanlu"`
}

// Issue makes a token that names the person for the time given.
func (i *Issuer) Issue(p Person, ttl time.Duration) (string, error) {
	if len(i.key()) < keyBytes {
		return "", ErrWeakKey
	}
	if err := p.check(); err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: i.key()}, options)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	now := i.now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: issuerName, Subject: p.User,
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(ttl)),
	}).Claims(claims{p}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Verify returns the person that a token names. The errors are [ErrNoToken],
// [ErrBadToken] and [ErrExpired], none of which quotes the token.
func (i *Issuer) Verify(token string) (Person, error) {
	if token == "" {
		return Person{}, ErrNoToken
	}
	if len(token) > tokenBytes || len(i.key()) < keyBytes {
		return Person{}, ErrBadToken
	}
	// The one algorithm is named here: what the token says of itself does not count.
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return Person{}, ErrBadToken
	}
	var standard jwt.Claims
	var private claims
	if err := parsed.Claims(i.key(), &standard, &private); err != nil { // compares in constant time
		return Person{}, ErrBadToken
	}
	p := private.Person
	if standard.Expiry == nil || standard.Subject != p.User || p.check() != nil {
		return Person{}, ErrBadToken
	}
	err = standard.ValidateWithLeeway(jwt.Expected{Issuer: issuerName, Time: i.now()}, leeway)
	switch {
	case errors.Is(err, jwt.ErrExpired), errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		return Person{}, ErrExpired
	case err != nil:
		return Person{}, ErrBadToken
	}
	return p, nil
}
