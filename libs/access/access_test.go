package access_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/rule"
)

var noon = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

func key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func officer() access.Person {
	return access.Person{User: "098765", Unit: "440982000000", Level: access.County, Role: access.DutyOfficer}
}

func desk() access.Person {
	return access.Person{User: "desk-3", Role: access.BankDesk, Bank: "102100099996"}
}

func issued(t *testing.T, p access.Person, ttl time.Duration) string {
	t.Helper()
	token, err := access.NewIssuer(key(), at(noon)).Issue(p, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestATokenNamesItsBearer(t *testing.T) {
	for _, p := range []access.Person{
		officer(), desk(),
		{User: "li.wei", Unit: "440900000000", Level: access.City, Role: access.Chief},
		{User: "system:refund", Role: access.System},
		{User: "audit-1", Role: access.Auditor},
	} {
		got, err := access.NewIssuer(key(), at(noon.Add(time.Minute))).Verify(issued(t, p, time.Hour))
		if err != nil || got != p {
			t.Errorf("got %+v, %v; want %+v", got, err, p)
		}
	}
}

func TestATokenHasItsTime(t *testing.T) {
	token := issued(t, officer(), time.Hour)
	for _, c := range []struct {
		rule string
		at   time.Time
		want error
	}{
		{"it is in force at once", noon, nil},
		{"and until its end", noon.Add(time.Hour), nil},
		{"a clock may be half a minute behind", noon.Add(-20 * time.Second), nil},
		{"or ahead", noon.Add(time.Hour + 20*time.Second), nil},
		{"then it is over", noon.Add(time.Hour + 31*time.Second), access.ErrExpired},
		{"and it was not in force before", noon.Add(-time.Minute), access.ErrExpired},
	} {
		_, err := access.NewIssuer(key(), at(c.at)).Verify(token)
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v", c.rule, err)
		}
		if err != nil && !errors.Is(err, access.ErrBadToken) {
			t.Errorf("%s: an expired token is a bad one too: %v", c.rule, err)
		}
	}
}

// forge signs whatever it is given, as somebody with the key could.
func forge(t *testing.T, alg jose.SignatureAlgorithm, with any, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: with}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestForgedTokensAreRefused(t *testing.T) {
	good := issued(t, officer(), time.Hour)
	parts := strings.Split(good, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	payload := func(change func(map[string]any)) map[string]any {
		raw, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims map[string]any
		if err := json.Unmarshal(raw, &claims); err != nil {
			t.Fatal(err)
		}
		change(claims)
		return claims
	}
	keep := func(map[string]any) {}
	person := func(change func(map[string]any)) map[string]any {
		return payload(func(c map[string]any) { change(c["yuanlu"].(map[string]any)) })
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	macOver := func(h func() hash.Hash, header string) string {
		mac := hmac.New(h, key())
		mac.Write([]byte(header + "." + parts[1]))
		return header + "." + parts[1] + "." + b64(mac.Sum(nil))
	}
	for rule, token := range map[string]string{
		"no signature at all":              b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"none in another case":             b64([]byte(`{"alg":"NonE"}`)) + "." + parts[1] + ".",
		"none with a good signature":       macOver(sha256.New, b64([]byte(`{"alg":"none"}`))),
		"the signature cut off":            parts[0] + "." + parts[1] + ".",
		"another header, the old mac":      b64([]byte(`{"alg":"HS256","typ":"JWT","kid":"1"}`)) + "." + parts[1] + "." + parts[2],
		"another key":                      forge(t, jose.HS256, []byte("fedcba9876543210fedcba9876543210"), payload(keep)),
		"another hash, the same key":       macOver(sha512.New, b64([]byte(`{"alg":"HS512","typ":"JWT"}`))),
		"a public key algorithm":           forge(t, jose.RS256, rsaKey, payload(keep)),
		"no end":                           forge(t, jose.HS256, key(), payload(func(c map[string]any) { delete(c, "exp") })),
		"another issuer":                   forge(t, jose.HS256, key(), payload(func(c map[string]any) { c["iss"] = "elsewhere" })),
		"no issuer":                        forge(t, jose.HS256, key(), payload(func(c map[string]any) { delete(c, "iss") })),
		"a subject that is not the user":   forge(t, jose.HS256, key(), payload(func(c map[string]any) { c["sub"] = "other" })),
		"a role that does not exist":       forge(t, jose.HS256, key(), person(func(p map[string]any) { p["role"] = "god" })),
		"an officer without a unit":        forge(t, jose.HS256, key(), person(func(p map[string]any) { delete(p, "unit") })),
		"an officer without a level":       forge(t, jose.HS256, key(), person(func(p map[string]any) { delete(p, "level") })),
		"an officer at a bank":             forge(t, jose.HS256, key(), person(func(p map[string]any) { p["bank"] = "102100099996" })),
		"a desk without a bank":            forge(t, jose.HS256, key(), person(func(p map[string]any) { p["role"] = "bank-desk" })),
		"not a token":                      "abc",
		"dots only":                        "..",
		"longer than any token":            strings.Repeat("a", 5000),
		"JSON in place of compact":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"one character of the mac changed": good[:len(good)-2] + map[bool]string{true: "B", false: "A"}[good[len(good)-2] == 'A'] + good[len(good)-1:],
	} {
		t.Run(rule, func(t *testing.T) {
			p, err := access.NewIssuer(key(), at(noon)).Verify(token)
			if !errors.Is(err, access.ErrBadToken) || p != (access.Person{}) {
				t.Fatalf("got %+v, %v", p, err)
			}
			if strings.Contains(err.Error(), parts[1]) {
				t.Fatal("the error quotes the token")
			}
		})
	}
	if _, err := access.NewIssuer(key(), at(noon)).Verify(macOver(sha256.New, parts[0])); err != nil {
		t.Fatalf("the forger's own tool does not work: %v", err)
	}
}

func TestOnlyOneAlgorithmIsTaken(t *testing.T) {
	long := append(key(), key()...) // long enough for every hash, so that the key is no reason to refuse
	issuer := access.NewIssuer(long, at(noon))
	claims := map[string]any{
		"iss": "yuanlu", "sub": officer().User, "exp": noon.Add(time.Hour).Unix(), "yuanlu": officer(),
	}
	if p, err := issuer.Verify(forge(t, jose.HS256, long, claims)); err != nil || p != officer() {
		t.Fatalf("HS256: %+v, %v", p, err)
	}
	for _, alg := range []jose.SignatureAlgorithm{jose.HS384, jose.HS512} {
		if _, err := issuer.Verify(forge(t, alg, long, claims)); !errors.Is(err, access.ErrBadToken) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestOnlyCompletePeopleGetTokens(t *testing.T) {
	for rule, change := range map[string]func(*access.Person){
		"nobody":                    func(p *access.Person) { p.User = "" },
		"a name in place of a user": func(p *access.Person) { p.User = "张三" },
		"no role":                   func(p *access.Person) { p.Role = "" },
		"a unit of eleven digits":   func(p *access.Person) { p.Unit = "44098200000" },
		"a level that is none":      func(p *access.Person) { p.Level = "empire" },
		"an operator at a bank":     func(p *access.Person) { p.Role, p.Bank = access.Operator, "102100099996" },
		"an auditor of no level":    func(p *access.Person) { p.Role, p.Level = access.Auditor, "empire" },
		"a desk with a unit":        func(p *access.Person) { p.Role, p.Level, p.Bank = access.BankDesk, "", "102100099996" },
		"a desk of no bank":         func(p *access.Person) { *p = desk(); p.Bank = "102100099997" },
	} {
		p := officer()
		change(&p)
		if token, err := access.NewIssuer(key(), at(noon)).Issue(p, time.Hour); !errors.Is(err, access.ErrPerson) || token != "" {
			t.Errorf("%s: got %q, %v", rule, token, err)
		}
	}
	if _, err := access.NewIssuer(key()[:31], at(noon)).Issue(officer(), time.Hour); !errors.Is(err, access.ErrWeakKey) {
		t.Errorf("a short key signs: %v", err)
	}
}

func TestTheKeyNeverShows(t *testing.T) {
	i := access.NewIssuer(key(), at(noon))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if s := fmt.Sprintf(verb, i); s != "issuer(secret)" {
			t.Errorf("%s prints %s", verb, s)
		}
		within := fmt.Sprintf(verb, struct{ i *access.Issuer }{i})
		if strings.Contains(within, "48 49 50 51") || strings.Contains(within, "30313233") || strings.Contains(within, "0123456789") {
			t.Errorf("%s prints %s of what holds an issuer", verb, within)
		}
	}
}

func TestWhoIsCallingAndWhetherTheyMay(t *testing.T) {
	var verdict error
	var who access.Person
	var known bool
	issuer := access.NewIssuer(key(), at(noon))
	handler := access.Authenticate(issuer)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, known = access.From(r.Context())
		_, verdict = access.Require(r.Context(), access.DutyOfficer, access.ShiftLeader)
		w.WriteHeader(http.StatusNoContent)
	}))
	good := issued(t, officer(), time.Hour)
	for _, c := range []struct {
		rule  string
		auth  []string
		want  error
		known bool
	}{
		{"a duty officer may", []string{"Bearer " + good}, nil, true},
		{"the scheme is written in any case", []string{"bearer " + good}, nil, true},
		{"a bank desk is known, and may not", []string{"Bearer " + issued(t, desk(), time.Hour)}, access.ErrRoleNotAllowed, true},
		{"without a token nobody is known", nil, access.ErrNoToken, false},
		{"a password is no token", []string{"Basic YTpi"}, access.ErrBadToken, false},
		{"an empty token is a bad one", []string{"Bearer "}, access.ErrBadToken, false},
		{"two tokens are none", []string{"Bearer " + good, "Bearer " + good}, access.ErrBadToken, false},
		{"an old token is told to be old", []string{"Bearer " + issued(t, officer(), -time.Hour)}, access.ErrExpired, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/stops", nil)
			r.Header["Authorization"] = c.auth
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusNoContent {
				t.Fatalf("the middleware answered %d by itself", w.Code)
			}
			if !errors.Is(verdict, c.want) || (c.want == nil) != (verdict == nil) || known != c.known {
				t.Fatalf("got %v, known %t; want %v, %t", verdict, known, c.want, c.known)
			}
			if known != (who != access.Person{}) {
				t.Fatalf("known %t, but %+v", known, who)
			}
		})
	}
	var v *rule.Violation
	if !errors.As(error(access.ErrRoleNotAllowed), &v) || v.Rule.Kind != rule.Forbidden {
		t.Error("a role that is not allowed is not a 403")
	}
}

func TestAServiceActsAsItself(t *testing.T) {
	if _, err := access.Require(t.Context()); !errors.Is(err, access.ErrNoToken) {
		t.Errorf("nobody passes: %v", err)
	}
	self := access.Person{User: "system:stoppayment", Role: access.System}
	ctx := access.With(t.Context(), self)
	if p, err := access.Require(ctx); err != nil || p != self {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := access.Require(ctx, access.Chief); !errors.Is(err, access.ErrRoleNotAllowed) {
		t.Errorf("a service is a chief: %v", err)
	}
}

func TestActorsAndLevels(t *testing.T) {
	if got, want := officer().Actor(), (es.Actor{User: "098765", Unit: "440982000000", Role: "duty-officer"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := desk().Actor(), (es.Actor{User: "desk-3", Unit: "102100099996", Role: "bank-desk"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	ordered := []access.Level{"", access.Station, access.County, access.City, access.Province}
	for i, low := range ordered {
		for j, high := range ordered {
			if want := low != "" && high != "" && i >= j; low.AtLeast(high) != want {
				t.Errorf("%q at least %q: %t", low, high, !want)
			}
		}
	}
}
