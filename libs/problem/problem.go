// Package problem turns every error into one RFC 9457 problem+json body, in
// Chinese first and English second, whose type leads to the rule. It never
// repeats a value that was sent, so that no card number comes back in an error.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/clock"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/rule"
	"go.opentelemetry.io/otel/trace"
)

// Problem is the body of every error answer.
type Problem struct {
	Type    string  `json:"type" doc:"leads to the rule: /rules#code"`
	Title   string  `json:"title" doc:"the rule in a sentence, Chinese"`
	TitleEN string  `json:"titleEn" doc:"the rule in a sentence, English"`
	Status  int     `json:"status"`
	Code    string  `json:"code" doc:"stable code of the rule"`
	Article string  `json:"article,omitempty" doc:"source of the rule in law"`
	TraceID string  `json:"traceId,omitempty"`
	Errors  []Field `json:"errors,omitempty" doc:"the offending fields"`
}

// Field names one offending field.
type Field struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the request"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// GetStatus makes a Problem an answer for huma.
func (p *Problem) GetStatus() int { return p.Status }

// Error gives the code and the English sentence.
func (p *Problem) Error() string { return p.Code + ": " + p.TitleEN }

// ContentType makes the answer problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Of finds the problem that an error is. What has no rule is a 500 that tells
// nothing of its inside.
func Of(ctx context.Context, err error) *Problem { return traced(ctx, of(err)) }

// traced tells the problem by which trace its request is found again.
func traced(ctx context.Context, p *Problem) *Problem {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		p.TraceID = span.TraceID().String()
	}
	return p
}

func of(err error) *Problem {
	if known, ok := errors.AsType[*Problem](err); ok {
		own := *known // the trace is that of this request
		return &own
	}
	if v, ok := errors.AsType[*rule.Violation](err); ok {
		return fromRule(v, kindStatus(v.Rule.Kind))
	}
	for _, m := range edges() {
		if errors.Is(err, m.err) {
			return fromRule(m.rule, m.status)
		}
	}
	return fromRule(errInternal, http.StatusInternalServerError)
}

func fromRule(v *rule.Violation, status int) *Problem {
	p := &Problem{
		Type: "/rules#" + v.Rule.Code, Title: v.Rule.ZH, TitleEN: v.Rule.EN,
		Status: status, Code: v.Rule.Code, Article: v.Rule.Article,
	}
	if v.Pointer != "" {
		p.Errors = []Field{{Pointer: v.Pointer, Code: v.Rule.Code, Message: v.Rule.ZH}}
	}
	return p
}

func kindStatus(k rule.Kind) int {
	switch k {
	case rule.Invalid:
		return http.StatusUnprocessableEntity
	case rule.Forbidden:
		return http.StatusForbidden
	case rule.NotFound:
		return http.StatusNotFound
	case rule.Conflict:
		return http.StatusConflict
	}
	return http.StatusConflict
}

// Rules of the edge itself: what can be wrong with a request before any
// service has seen it.
var (
	errInternal      = rule.New("internal-error", "系统内部错误，请稍后重试", "internal error; try again", "")
	errMalformed     = rule.New("json-malformed", "请求不是合法的 JSON", "the body is not well-formed JSON", "RFC 8259")
	errUnknownField  = rule.New("field-unknown", "请求含有未定义的字段", "a field that is not defined was sent", "")
	errMissingField  = rule.New("field-missing", "缺少必填字段", "a required field is missing", "")
	errWrongType     = rule.New("field-invalid", "字段的类型或取值不符合定义", "a field has the wrong type or value", "")
	errNotWholeFen   = rule.New("amount-not-whole-fen", "金额须为整数分", "an amount must be a whole number of fen", "")
	errTooLarge      = rule.New("request-too-large", "请求过大", "the request is too large", "")
	errMediaType     = rule.New("media-type-unsupported", "仅支持 application/json", "only application/json is understood", "")
	errNoRoute       = rule.New("path-unknown", "没有此接口", "there is no such path", "")
	errMethod        = rule.New("method-not-allowed", "该接口不支持此方法", "this path does not take that method", "")
	errNoToken       = rule.New("token-missing", "请先登录", "a bearer token is required", "")
	errBadToken      = rule.New("token-invalid", "登录凭证无效或已过期", "the bearer token is not valid or has expired", "")
	errNoKey         = rule.New("idempotency-key-missing", "缺少 Idempotency-Key 请求头（8 至 128 个字符）", "the Idempotency-Key header is missing (8 to 128 characters)", "")
	errReused        = rule.New("idempotency-key-reused", "该 Idempotency-Key 已用于内容不同的请求", "this Idempotency-Key was used for a different request", "")
	errStale         = rule.New("revision-stale", "案件已有更新，请刷新后再操作", "the case has moved on since you looked; reload it", "")
	errBusy          = rule.New("stream-busy", "并发写入过多，请重试", "too many others write at once; try again", "")
	errUnavailable   = rule.New("log-unavailable", "事件日志暂不可用，请重试", "the event log cannot be reached; try again", "")
	errRateLimited   = rule.New("rate-limited", "请求过于频繁", "too many requests", "")
	errClockBack     = rule.New("clock-backwards", "演示时钟只能向前拨动", "the demonstration clock only goes forward", "")
	errNotAcceptable = rule.New("not-acceptable", "仅提供 application/json", "only application/json can be served", "")
)

// ErrDuplicateField refuses a body in which an object names a field twice:
// readers differ in which of the two they believe.
var ErrDuplicateField = rule.New("json-duplicate-field", "请求中同一对象的字段名重复", "an object of the body names a field twice", "RFC 8259 § 4").As(rule.Invalid)

// ErrMalformed refuses a body that is not one well-formed JSON value.
func ErrMalformed() error { return fromRule(errMalformed, http.StatusBadRequest) }

// ErrNoKey refuses a command without a usable Idempotency-Key.
func ErrNoKey() error { return errKeyMissing }

var errKeyMissing = errors.New("the Idempotency-Key header is missing or too short")

type edge struct {
	err    error
	rule   *rule.Violation
	status int
}

func edges() []edge {
	return []edge{
		{access.ErrNoToken, errNoToken, http.StatusUnauthorized},
		{access.ErrBadToken, errBadToken, http.StatusUnauthorized},
		{errKeyMissing, errNoKey, http.StatusBadRequest},
		{es.ErrReused, errReused, http.StatusUnprocessableEntity},
		{es.ErrStale, errStale, http.StatusPreconditionFailed},
		{es.ErrBusy, errBusy, http.StatusServiceUnavailable},
		{clock.ErrBackwards, errClockBack, http.StatusUnprocessableEntity},
		{eventlog.ErrUnavailable, errUnavailable, http.StatusServiceUnavailable},
		{context.DeadlineExceeded, errUnavailable, http.StatusServiceUnavailable},
		{context.Canceled, errUnavailable, http.StatusServiceUnavailable}, // the service is stopping, or nobody is listening any more
	}
}

// Rules lists the edge's own rules for the page at /rules.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, v := range []*rule.Violation{
		errMalformed, ErrDuplicateField, errUnknownField, errMissingField, errWrongType, errNotWholeFen, errTooLarge, errMediaType, errNoRoute, errMethod,
		errNoToken, errBadToken, errNoKey, errReused, errStale, errBusy, errUnavailable, errRateLimited, errNotAcceptable, errClockBack, errInternal,
	} {
		rules = append(rules, v.Rule)
	}
	return rules
}

// byStatus finds the rule for an answer that is known by its status alone.
func byStatus(status int) *rule.Violation {
	switch status {
	case http.StatusBadRequest:
		return errMalformed
	case http.StatusUnauthorized:
		return errNoToken
	case http.StatusNotFound:
		return errNoRoute
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusNotAcceptable:
		return errNotAcceptable
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusUnsupportedMediaType:
		return errMediaType
	case http.StatusUnprocessableEntity:
		return errWrongType
	case http.StatusTooManyRequests:
		return errRateLimited
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		return errUnavailable
	}
	return errInternal
}

// Write answers a request that did not reach huma.
func Write(ctx context.Context, w http.ResponseWriter, status int) {
	send(w, traced(ctx, fromRule(byStatus(status), status)))
}

// Refuse answers a request that did not reach huma with the problem that an
// error is.
func Refuse(ctx context.Context, w http.ResponseWriter, err error) { send(w, Of(ctx, err)) }

func send(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that has gone cannot be told
}
