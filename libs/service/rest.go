package service

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/problem"
	"github.com/yuanlu/yuanlu/libs/rule"
)

// NewAPI makes the REST edge of one service: strict JSON, problems for errors,
// its OpenAPI document at /openapi/<name>.json, nothing from other hosts.
func NewAPI(mux *http.ServeMux, name, title string) huma.API {
	problem.Install()
	config := huma.DefaultConfig(title, "1.0.0")
	config.DocsPath = ""
	config.SchemasPath = ""
	config.OpenAPIPath = "/openapi/" + name
	config.CreateHooks = nil
	config.Info.License = &huma.License{Name: "Apache-2.0"}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Servers = []*huma.Server{{URL: "/"}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}}
	config.Security = []map[string][]string{{"bearer": {}}}
	return humago.New(mux, config)
}

// schemaName names a type in the OpenAPI document. What is typed in and what is
// stored have the same names in Go, in packages of their own.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/libs/entry") {
		return "Entered" + name
	}
	return name
}

// Operation describes one path in a line. Its body is there before the handler
// begins, so that the router sets no deadline for it: that would end the request
// after five seconds, whatever it is doing.
func Operation(method, path, id, tag, summary string, status int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Tags: []string{tag}, Summary: summary, DefaultStatus: status,
		Errors: []int{400, 401, 403, 404, 409, 412, 422, 503}, MaxBodyBytes: 1 << 20, BodyReadTimeout: -1,
	}
}

// Command is what every request that changes something carries beside its
// body. Embed it in the input struct of the handler.
type Command struct {
	Key     string `header:"Idempotency-Key" minLength:"0" maxLength:"128" doc:"names this request; sent again with the same body it has one effect"`
	IfMatch string `header:"If-Match" doc:"revision of the case you looked at, from its ETag; 412 if it has moved on"`
}

// Answer is what every command answers beside its body.
type Answer struct {
	ETag     string `header:"ETag" doc:"revision after this command"`
	Repeated string `header:"Idempotency-Replayed" doc:"true if this very request had been carried out before"`
}

// Given makes the cause of a command that a person gives: who, under which
// key, when and for which case.
func (c City) Given(ctx context.Context, in Command, body any, who access.Person, correlation string) (es.Cause, es.Expected, error) {
	if len(in.Key) < 8 {
		return es.Cause{}, 0, problem.ErrNoKey()
	}
	asked, err := json.Marshal(body)
	if err != nil {
		return es.Cause{}, 0, fmt.Errorf("fingerprint of a request: %w", err)
	}
	expected, err := in.expected()
	actor := who.Actor()
	return es.Cause{
		Command: identity.Derive("rest", actor.Unit, actor.User, target(ctx), in.Key),
		Input:   c.Keys.Index(privacy.Input, string(asked)),
		Actor:   actor, Correlation: correlation, At: c.Clock.Now(),
	}, expected, err
}

// NewID names what a creating command makes: a function of who asked and under
// which key, so that a request repeated after a crash finds what it had made.
func NewID(kind string, who access.Person, in Command) string {
	actor := who.Actor() // two banks may name their desks alike
	return identity.Derive("new", kind, actor.Unit, actor.User, in.Key).String()
}

func (in Command) expected() (es.Expected, error) {
	if in.IfMatch == "" || in.IfMatch == "*" {
		return es.AnyRevision, nil
	}
	n, err := strconv.ParseInt(strings.Trim(in.IfMatch, `"`), 10, 64)
	if err != nil || n < 0 {
		return 0, es.ErrStale
	}
	return es.Expected(n), nil
}

// Answered makes the headers of an outcome.
func Answered(revision int64, repeated bool) Answer {
	a := Answer{ETag: ETag(revision)}
	if repeated {
		a.Repeated = "true"
	}
	return a
}

// ETag writes a revision as an entity tag.
func ETag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

type targetKey struct{}

// target is method and path of the request being handled.
func target(ctx context.Context) string {
	t, _ := ctx.Value(targetKey{}).(string) // "" outside a request
	return t
}

// Page is what every list request carries.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"64" doc:"nextCursor of the page before"`
}

// ErrCursor refuses a cursor that no page has given.
var ErrCursor = rule.New("cursor-invalid", "翻页游标无效", "the cursor was not given by an earlier page", "").As(rule.Invalid)

// After reads the cursor; 0 for the first page.
func (p Page) After() (uint64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(p.Cursor, 36, 63) // a place in a list, which has a sign
	if err != nil || n == 0 {
		return 0, ErrCursor
	}
	return n, nil
}

// Cursor writes the place after which the next page begins.
func Cursor(at uint64) string { return strconv.FormatUint(at, 36) }
