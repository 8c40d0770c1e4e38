package service_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/yuanlu/yuanlu/libs/problem"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TestEveryRefusalNamesItsTrace asks for what fails before any service has seen
// it. The provider of traces is the process's, so that it stands alone.
func TestEveryRefusalNamesItsTrace(t *testing.T) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
	c, _, _ := open(t, nil)
	for _, row := range []struct {
		rule, method, path string
		body               any
		code               string
	}{
		{"a path that there is not", http.MethodGet, "/v1/nothing", nil, "path-unknown"},
		{"a path that leads elsewhere", http.MethodGet, "/v1//notes/1", nil, "path-unknown"},
		{"a method that it does not take", http.MethodDelete, "/v1/notes/1", nil, "method-not-allowed"},
		{"a body that is no JSON", http.MethodPost, "/v1/notes/1", `{"text":`, "json-malformed"},
		{"a field twice", http.MethodPost, "/v1/notes/1", `{"text":"a","text":"b"}`, "json-duplicate-field"},
		{"a field that is missing", http.MethodPost, "/v1/notes/1", `{}`, "field-missing"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			a := c.Do(li(), row.method, row.path, "", row.body)
			var p problem.Problem
			if err := json.Unmarshal(a.Body, &p); err != nil || p.Code != row.code || len(p.TraceID) != 32 {
				t.Errorf("%d %s, %v: want %s and a trace", a.Status, a.Body, err, row.code)
			}
		})
	}
}
