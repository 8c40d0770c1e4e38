package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/problem"
	"github.com/yuanlu/yuanlu/libs/rule"
	"go.opentelemetry.io/otel/trace"
)

var errLapsed = rule.New("stop-lapsed", "止付已到期", "the stop has lapsed", "银发〔2016〕86号")

func TestEveryErrorIsAProblemWithItsStatus(t *testing.T) {
	for _, c := range []struct {
		rule   string
		err    error
		status int
		code   string
	}{
		{"a rule that the state breaks", errLapsed, 409, "stop-lapsed"},
		{"a rule that the input breaks", errLapsed.As(rule.Invalid), 422, "stop-lapsed"},
		{"a rule on who may do it", errLapsed.As(rule.Forbidden), 403, "stop-lapsed"},
		{"a rule on what is not there", errLapsed.As(rule.NotFound), 404, "stop-lapsed"},
		{"a role that is not allowed", access.ErrRoleNotAllowed, 403, "role-not-allowed"},
		{"no token", access.ErrNoToken, 401, "token-missing"},
		{"a bad token", access.ErrBadToken, 401, "token-invalid"},
		{"an old token", access.ErrExpired, 401, "token-invalid"},
		{"no idempotency key", problem.ErrNoKey(), 400, "idempotency-key-missing"},
		{"a reused key", es.ErrReused, 422, "idempotency-key-reused"},
		{"an outdated view", es.ErrStale, 412, "revision-stale"},
		{"too many writers", es.ErrBusy, 503, "stream-busy"},
		{"a log that is away", eventlog.ErrUnavailable, 503, "log-unavailable"},
		{"no answer in time", context.DeadlineExceeded, 503, "log-unavailable"},
		{"a service that stops", context.Canceled, 503, "log-unavailable"},
		{"anything else", errors.New("disk on fire"), 500, "internal-error"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			for _, err := range []error{c.err, fmt.Errorf("somewhere: %w", c.err), errors.Join(errors.New("and"), c.err)} {
				p := problem.Of(t.Context(), err)
				if p.Status != c.status || p.Code != c.code || p.GetStatus() != c.status || p.Type != "/rules#"+c.code {
					t.Errorf("%v is %d %s %s", err, p.Status, p.Code, p.Type)
				}
				if p.Title == "" || p.TitleEN == "" {
					t.Errorf("%v has no title", err)
				}
			}
		})
	}
}

func TestAViolationTellsItsArticleAndItsField(t *testing.T) {
	want := &problem.Problem{
		Type: "/rules#stop-lapsed", Title: "止付已到期", TitleEN: "the stop has lapsed", Status: 409, Code: "stop-lapsed",
		Article: "银发〔2016〕86号", Errors: []problem.Field{{Pointer: "/stops/3", Code: "stop-lapsed", Message: "止付已到期"}},
	}
	if diff := cmp.Diff(want, problem.Of(t.Context(), errLapsed.At("/stops/%d", 3))); diff != "" {
		t.Errorf("another problem (-want +got):\n%s", diff)
	}
	if p := problem.Of(t.Context(), errLapsed); len(p.Errors) != 0 {
		t.Errorf("without a field it names %v", p.Errors)
	}
}

func TestAProblemTellsNothingOfTheInside(t *testing.T) {
	p := problem.Of(t.Context(), fmt.Errorf("read /var/lib/x: %w", errors.New("6222021234567890123 of 13800138000")))
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"6222", "1380", "/var", "read"} {
		if strings.Contains(string(body), secret) || strings.Contains(p.Error(), secret) {
			t.Errorf("%q shows in %s", secret, body)
		}
	}
}

func traced(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4},
	}))
}

const traceID = "01020300000000000000000000000000"

func TestAProblemNamesItsTrace(t *testing.T) {
	shared := problem.Of(t.Context(), errLapsed)
	for _, err := range []error{errLapsed, errors.New("x"), shared} {
		if p := problem.Of(traced(t.Context()), err); p.TraceID != traceID {
			t.Errorf("%v has trace %q", err, p.TraceID)
		}
	}
	if shared.TraceID != "" {
		t.Error("the trace of one request has got into the problem of another")
	}
}

func TestWriteAnswersWithAProblem(t *testing.T) {
	for status, code := range map[int]string{
		400: "json-malformed", 401: "token-missing", 404: "path-unknown", 405: "method-not-allowed", 406: "not-acceptable", 408: "log-unavailable",
		413: "request-too-large", 415: "media-type-unsupported", 422: "field-invalid", 429: "rate-limited", 500: "internal-error", 503: "log-unavailable",
	} {
		w := httptest.NewRecorder()
		problem.Write(traced(t.Context()), w, status)
		var p problem.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%d: %v in %s", status, err, w.Body)
			continue
		}
		if w.Code != status || p.Status != status || p.Code != code || w.Header().Get("Content-Type") != "application/problem+json" || p.Title == "" || p.TraceID != traceID {
			t.Errorf("%d: answered %d %s %+v", status, w.Code, w.Header().Get("Content-Type"), p)
		}
	}
}

func TestTheRulesOfTheEdgeAreListedOnce(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`)
	listed := map[string]bool{}
	for _, r := range problem.Rules() {
		if listed[r.Code] || !form.MatchString(r.Code) || r.ZH == "" || r.EN == "" {
			t.Errorf("rule %+v", r)
		}
		listed[r.Code] = true
	}
	for _, status := range []int{400, 401, 404, 405, 406, 413, 415, 422, 429, 500, 503, http.StatusTeapot} {
		w := httptest.NewRecorder()
		problem.Write(traced(t.Context()), w, status)
		var p problem.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !listed[p.Code] {
			t.Errorf("%d leads to %q, which is not listed (%v)", status, p.Code, err)
		}
	}
	for _, err := range []error{access.ErrNoToken, access.ErrBadToken, problem.ErrNoKey(), es.ErrReused, es.ErrStale, es.ErrBusy, clock.ErrBackwards, eventlog.ErrUnavailable} {
		if p := problem.Of(t.Context(), err); !listed[p.Code] {
			t.Errorf("%v leads to %q, which is not listed", err, p.Code)
		}
	}
}
