package citytest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// Officer is a police person of the county.
func Officer(policeNo string, role access.Role) access.Person {
	return access.Person{User: policeNo, Unit: "440982000000", Level: identity.County, Role: role}
}

// Desk is the desk of a bank.
func Desk(bank identity.BankCode) access.Person {
	return access.Person{User: "desk-" + string(bank), Role: access.BankDesk, Bank: bank}
}

// Answer is what a request has led to.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Into decodes the body.
func (a Answer) Into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		tb.Fatalf("%d: %v", a.Status, err)
	}
}

// Code is the code of a problem, "" for none.
func (a Answer) Code() string {
	var p struct {
		Code string `json:"code"`
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(a.Body, &p) != nil {
		return ""
	}
	return p.Code
}

// Request is one request as it is sent: nothing is added that is not in it.
type Request struct {
	Who    access.Person // whose token it bears; the zero person has none
	Method string        // "" is POST
	Path   string
	Key    string            // its Idempotency-Key; "" sends none
	Body   any               // a string is sent as it is, all else as JSON
	Header map[string]string // set last, over what the rest has led to
}

// Send sends a request. Any goroutine may do so, also one that outlives the city.
func (c *City) Send(r Request) (Answer, error) {
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	payload, err := encode(r.Body)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(c.tb.Context(), r.Method, c.url+r.Path, bytes.NewReader(payload))
	if err != nil {
		return Answer{}, err
	}
	if r.Who.User != "" {
		token, err := c.Issuer.Issue(r.Who, time.Hour)
		if err != nil {
			return Answer{}, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if r.Method != http.MethodGet {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.Key != "" {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	read, err := io.ReadAll(response.Body)
	return Answer{response.StatusCode, response.Header, read}, err
}

func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(body), nil
	}
	return json.Marshal(body)
}

// Must sends a request that has to be answered with the status, and decodes the
// answer into out, if given.
func (c *City) Must(tb testing.TB, status int, r Request, out any) Answer {
	tb.Helper()
	a, err := c.Send(r)
	must(tb, err)
	if a.Status != status {
		tb.Fatalf("%s %s: %d, want %d: %s", r.Method, r.Path, a.Status, status, a.Body)
	}
	if out != nil {
		a.Into(tb, out)
	}
	return a
}

// Refused sends a request that has to be refused with the status, in both
// languages, by the rule with this code ("" for any) and at this field ("" for any).
func (c *City) Refused(tb testing.TB, status int, code, pointer string, r Request) Answer {
	tb.Helper()
	a := c.Must(tb, status, r, nil)
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		tb.Errorf("content type %q", kind)
	}
	var p struct {
		Type, Title, TitleEn, Code string
		Status                     int
		Errors                     []struct{ Pointer string }
	}
	a.Into(tb, &p)
	if code == "" {
		code = p.Code
	}
	if p.Code != code || code == "" || p.Type != "/rules#"+code || p.Status != status || p.Title == "" || p.TitleEn == "" {
		tb.Errorf("problem %s, want %s", a.Body, code)
	}
	if pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != pointer) {
		tb.Errorf("it points to %v, want %s", p.Errors, pointer)
	}
	return a
}

// Do sends one request. A body that is a string is sent as it is. The key
// names the request; "" draws one.
func (c *City) Do(who access.Person, method, path, key string, body any) Answer {
	c.tb.Helper()
	a, err := c.Try(who, method, path, key, body)
	must(c.tb, err)
	return a
}

// Try is Do for a goroutine of the test's own, which may outlive the city.
func (c *City) Try(who access.Person, method, path, key string, body any) (Answer, error) {
	if key == "" && method != http.MethodGet {
		key = uuid.NewString()
	}
	return c.Send(Request{Who: who, Method: method, Path: path, Key: key, Body: body})
}

// Edited is the JSON of a body after edits.
func Edited(body map[string]any, edits ...func(map[string]any)) string {
	for _, edit := range edits {
		edit(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // of maps, texts and numbers; it cannot be
	}
	return string(text)
}

// Get asks for a path.
func (c *City) Get(who access.Person, path string) Answer {
	return c.Do(who, http.MethodGet, path, "", nil)
}

// Post gives a command and demands that it succeeds.
func (c *City) Post(who access.Person, path string, body any) Answer {
	c.tb.Helper()
	a := c.Do(who, http.MethodPost, path, "", body)
	if a.Status >= http.StatusMultipleChoices {
		c.tb.Fatalf("POST %s: %d %s", path, a.Status, a.Body)
	}
	return a
}
