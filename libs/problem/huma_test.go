package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/problem"
)

const (
	theCard  = "6222021234567890123"
	thePhone = "13800138000"
	theName  = "张三丰"
)

type note struct {
	Limit int    `query:"limit" minimum:"1" maximum:"10" required:"false"`
	Via   string `header:"X-Via-2" enum:"desk,phone" required:"false"`
	Body  struct {
		Text      string         `json:"text" maxLength:"30"`
		Kind      string         `json:"kind,omitempty" enum:"a,b"`
		AmountFen money.Fen      `json:"amountFen,omitempty"`
		Rows      []row          `json:"rows,omitempty" maxItems:"3"`
		Tags      map[string]int `json:"tags,omitempty"`
	}
}

type row struct {
	Number string `json:"number" pattern:"^[0-9]+$"`
}

var errInside = errors.New("a pipe has burst at " + theCard)

// edge is a huma API whose one handler fails if it is told to.
func edge(t *testing.T, behind *error) http.Handler {
	t.Helper()
	problem.Install()
	mux := http.NewServeMux()
	config := huma.DefaultConfig("test", "1")
	config.CreateHooks = nil
	huma.Register(humago.New(mux, config), huma.Operation{Method: http.MethodPost, Path: "/notes", MaxBodyBytes: 2000}, func(_ context.Context, in *note) (*struct{}, error) {
		switch in.Body.Text {
		case "burst":
			return nil, errInside
		case "lapsed":
			return nil, errLapsed.At("/text")
		}
		return nil, nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := problem.WithSlot(traced(r.Context()))
		mux.ServeHTTP(w, r.WithContext(ctx))
		*behind = problem.Behind(ctx)
	})
}

// ask sends a body and gives back the problem that it led to.
func ask(t *testing.T, target, body string, headers ...string) (problem.Problem, string, error) {
	t.Helper()
	var behind error
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	edge(t, &behind).ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p problem.Problem
	if w.Code >= http.StatusBadRequest {
		if err := json.Unmarshal(raw, &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code {
			t.Fatalf("%d %s is no problem: %s (%v)", w.Code, w.Header().Get("Content-Type"), raw, err)
		}
	}
	return p, string(raw), behind
}

func TestWhatIsWrongWithARequestIsPointedToAndNeverRepeated(t *testing.T) {
	for _, c := range []struct {
		rule, body string
		status     int
		code       string
		pointers   []string
	}{
		{"an unknown field leads to what holds it", `{"text":"x","urgent":"` + theCard + `"}`, 422, "field-unknown", []string{""}},
		{"also one named by a card", `{"text":"x","` + theCard + `":1}`, 422, "field-unknown", []string{""}},
		{"or by a phone, dressed up", `{"text":"x","phone` + thePhone + `":1}`, 422, "field-unknown", []string{""}},
		{"or by a person", `{"text":"x","` + theName + `":1}`, 422, "field-unknown", []string{""}},
		{"and one further in", `{"text":"x","rows":[{"number":"1","` + theCard + `":{}}]}`, 422, "field-unknown", []string{"/rows/0"}},
		{"a key of a map is a value too", `{"text":"x","tags":{"` + thePhone + `":"` + theCard + `"}}`, 422, "field-invalid", []string{"/tags"}},
		{"a field in other letters is unknown", `{"text":"x","Kind":"a"}`, 422, "field-unknown", []string{""}},
		{"a name in letters is not told", `{"text":"x","rows":[{"number":"1","ZhangSan":1}]}`, 422, "field-unknown", []string{"/rows/0"}},
		{"nor one with dots", `{"text":"x","Zhang.San.Feng":1}`, 422, "field-unknown", []string{""}},
		{"a missing field", `{}`, 422, "field-missing", []string{"/text"}},
		{"a missing field further in", `{"text":"x","rows":[{"number":"1"},{}]}`, 422, "field-missing", []string{"/rows/1/number"}},
		{"a wrong type", `{"text":` + theCard + `}`, 422, "field-invalid", []string{"/text"}},
		{"a value not in the list", `{"text":"x","kind":"` + theName + `"}`, 422, "field-invalid", []string{"/kind"}},
		{"a text too long", `{"text":"` + strings.Repeat(theCard, 3) + `"}`, 422, "field-invalid", []string{"/text"}},
		{"a text of another form", `{"text":"x","rows":[{"number":"` + theName + `"}]}`, 422, "field-invalid", []string{"/rows/0/number"}},
		{"too many rows", `{"text":"x","rows":[{"number":"1"},{"number":"1"},{"number":"1"},{"number":"1"}]}`, 422, "field-invalid", []string{"/rows"}},
		{"half a fen", `{"text":"x","amountFen":1.5}`, 422, "amount-not-whole-fen", []string{"/amountFen"}},
		{"an amount as text", `{"text":"x","amountFen":"` + theCard + `"}`, 422, "amount-not-whole-fen", []string{"/amountFen"}},
		{"no JSON", `{"text":"` + theCard, 400, "json-malformed", []string{""}},
		{"no JSON at all", theCard + theName, 400, "json-malformed", []string{""}},
		{"a list in place of an object", `["` + theCard + `"]`, 422, "field-invalid", []string{""}},
		{"no body", ``, 400, "json-malformed", nil},
		{"a body too large", `{"text":"` + strings.Repeat(theCard, 200) + `"}`, 413, "request-too-large", nil},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p, raw, _ := ask(t, "/notes", c.body)
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("answered %d %s, want %d %s", p.Status, p.Code, c.status, c.code)
			}
			var pointers []string
			for _, f := range p.Errors {
				pointers = append(pointers, f.Pointer)
			}
			if diff := cmp.Diff(c.pointers, pointers); diff != "" {
				t.Errorf("points elsewhere (-want +got):\n%s", diff)
			}
			for _, secret := range []string{theCard, thePhone, theName} {
				if strings.Contains(raw, secret) {
					t.Errorf("%q comes back: %s", secret, raw)
				}
			}
			if p.TraceID != traceID {
				t.Errorf("trace %q", p.TraceID)
			}
		})
	}
}

func TestParametersArePointedToAsWell(t *testing.T) {
	for _, c := range []struct {
		target  string
		headers []string
		pointer string
	}{
		{"/notes?limit=99", nil, "/query/limit"},
		{"/notes?limit=" + theCard, nil, "/query/limit"},
		{"/notes?limit=" + theName, nil, "/query/limit"},
		{"/notes", []string{"X-Via-2", theCard}, "/header/X-Via-2"},
	} {
		p, raw, _ := ask(t, c.target, `{"text":"x"}`, c.headers...)
		if p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Pointer != c.pointer {
			t.Errorf("%s: %s", c.pointer, raw)
		}
		if strings.Contains(raw, theCard) || strings.Contains(raw, theName) {
			t.Errorf("the value comes back: %s", raw)
		}
	}
}

func TestAnotherMediaTypeIsRefused(t *testing.T) {
	p, raw, _ := ask(t, "/notes", "text="+theCard, "Content-Type", "application/x-www-form-urlencoded")
	if p.Status != http.StatusUnsupportedMediaType || p.Code != "media-type-unsupported" || strings.Contains(raw, theCard) {
		t.Errorf("answered %s", raw)
	}
}

func TestOnlyWhatIsOurFaultIsKeptForTheLog(t *testing.T) {
	p, raw, behind := ask(t, "/notes", `{"text":"burst"}`)
	if p.Status != http.StatusInternalServerError || p.Code != "internal-error" || p.TraceID != traceID || strings.Contains(raw, "pipe") {
		t.Errorf("a fault inside is answered with %s", raw)
	}
	if !errors.Is(behind, errInside) {
		t.Errorf("for the log there is %v", behind)
	}
	p, _, behind = ask(t, "/notes", `{"text":"lapsed"}`)
	if p.Status != http.StatusConflict || len(p.Errors) != 1 || behind != nil {
		t.Errorf("a refusal is %+v, and for the log there is %v", p, behind)
	}
	if _, raw, behind := ask(t, "/notes", `{"text":"fine"}`); raw != "" || behind != nil {
		t.Errorf("%s, %v", raw, behind)
	}
	if problem.Behind(t.Context()) != nil {
		t.Error("without a request there is an error")
	}
}
