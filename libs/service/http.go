package service

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/problem"
	"github.com/yuanlu/yuanlu/libs/rule"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Handler is the web face of the given parts on one address.
func Handler(city City, parts ...Part) http.Handler {
	mux := http.NewServeMux()
	for _, p := range parts {
		p.Routes(mux)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", readyz(city, parts))
	mux.HandleFunc("GET /version", version)
	mux.HandleFunc("GET /rules", rulebook(parts))
	mux.Handle("GET /metrics", promhttp.Handler())
	if city.Demo {
		demoRoutes(mux, city)
	}
	return otelhttp.NewHandler(edge(city.Logger, access.Authenticate(city.Issuer)(known(notFound(mux)))), "http")
}

// edge gives each request its place for the error behind a 500, and logs that
// error once. Paths hold ids only, never personal data.
func edge(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := problem.WithSlot(context.WithValue(r.Context(), targetKey{}, r.Method+" "+r.URL.Path))
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler { //nolint:errorlint // it is thrown bare
				panic(p) // the server's own way to hang up
			}
			if p != nil {
				logger.Error("a handler panicked", slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("stack", string(debug.Stack())))
				problem.Write(ctx, w, http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r.WithContext(ctx))
		if err := problem.Behind(ctx); err != nil && r.Context().Err() == nil {
			logger.Error("a request was not carried out", slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", err))
		}
	})
}

// machinePrefix is where machines call in, whose messages are signed. What is
// behind it proves each of them by itself, before it reads any of its body.
const machinePrefix = "/v1/machine/"

// known refuses callers whom nobody knows, before anything that they have sent
// is looked at. The doors of operators and of a demonstration are open to all,
// and those of machines know their callers by other means.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") && !strings.HasPrefix(r.URL.Path, demoPrefix) && !strings.HasPrefix(r.URL.Path, machinePrefix) {
			if _, err := access.Require(r.Context()); err != nil {
				w.Header().Set("WWW-Authenticate", "Bearer")
				problem.Refuse(r.Context(), w, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// unclean tells whether the mux would lead a path elsewhere: one with empty,
// . or .. parts.
func unclean(escaped string) bool {
	clean := path.Clean("/" + escaped)
	if strings.HasSuffix(escaped, "/") && clean != "/" {
		clean += "/"
	}
	return clean != escaped
}

// notFound answers paths and methods that no service has with a problem.
func notFound(mux *http.ServeMux) http.Handler {
	found := strict(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unclean(r.URL.EscapedPath()) {
			problem.Write(r.Context(), w, http.StatusNotFound)
			return
		}
		if _, pattern := mux.Handler(r); pattern != "" {
			found.ServeHTTP(w, r)
			return
		}
		status := http.StatusNotFound
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			probe := r.Clone(r.Context())
			probe.Method = method
			if _, pattern := mux.Handler(probe); pattern != "" {
				status = http.StatusMethodNotAllowed
				w.Header().Add("Allow", method)
			}
		}
		problem.Write(r.Context(), w, status)
	})
}

func readyz(city City, parts []Part) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		state := map[string]string{}
		if err := city.Log.Ping(ctx); err != nil {
			state["log"] = "unreachable"
		}
		for _, p := range parts {
			if err := p.Ready(); err != nil {
				state[p.Name] = err.Error()
			}
		}
		status := http.StatusOK
		if len(state) > 0 {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, map[string]any{"ready": len(state) == 0, "waitingFor": state})
	}
}

func version(w http.ResponseWriter, _ *http.Request) {
	out := map[string]string{"version": "devel"}
	if info, ok := debug.ReadBuildInfo(); ok {
		out["go"], out["version"] = info.GoVersion, info.Main.Version
	}
	writeJSON(w, http.StatusOK, out)
}

// Rules lists the rules that every service's edge refuses by.
func Rules() []rule.Rule {
	return append(append(problem.Rules(), identity.Rules()...), access.ErrRoleNotAllowed.Rule, ErrCursor.Rule)
}

// rulebook is the page that the type of every problem leads to.
func rulebook(parts []Part) http.HandlerFunc {
	rules := Rules()
	for _, p := range parts {
		rules = append(append(rules, p.Rules...), p.Published...)
	}
	slices.SortFunc(rules, func(a, b rule.Rule) int { return strings.Compare(a.Code, b.Code) })
	rules = slices.CompactFunc(rules, func(a, b rule.Rule) bool { return a.Code == b.Code })
	var page strings.Builder
	page.WriteString("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>规则 Rules</title><h1>规则 Rules</h1><dl>")
	for _, r := range rules {
		fmt.Fprintf(&page, "<dt id=%q><code>%s</code></dt><dd>%s<br>%s %s</dd>\n",
			r.Code, r.Code, html.EscapeString(r.ZH), html.EscapeString(r.EN), html.EscapeString(r.Article))
	}
	page.WriteString("</dl></html>\n")
	body := page.String()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(body)) // a client that has gone cannot be told
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone cannot be told
}
