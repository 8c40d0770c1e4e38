package service_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func TestWhatNoServiceHasIsAProblem(t *testing.T) {
	c, _, _ := open(t, nil)
	for _, row := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{http.MethodGet, "/v1/nothing", 404, "path-unknown", ""},
		{http.MethodPost, "/", 404, "path-unknown", ""},
		{http.MethodGet, "/v1/notes/.", 404, "path-unknown", ""},
		{http.MethodPost, "/v1//notes/1", 404, "path-unknown", ""},
		{http.MethodGet, "//rules", 404, "path-unknown", ""},
		{http.MethodGet, "/v1/../rules", 404, "path-unknown", ""},
		{http.MethodDelete, "/v1/notes/1", 405, "method-not-allowed", "POST"},
		{http.MethodGet, "/v1/notes/1", 405, "method-not-allowed", "POST"},
		{http.MethodPatch, "/v1/notes/poll", 405, "method-not-allowed", "GET, HEAD, POST"},
		{http.MethodPost, "/healthz", 405, "method-not-allowed", "GET, HEAD"},
	} {
		a := c.Do(li(), row.method, row.path, "", nil)
		if a.Status != row.status || a.Code() != row.code || strings.Join(a.Header.Values("Allow"), ", ") != row.allow {
			t.Errorf("%s %s: %d %q, allowed %v", row.method, row.path, a.Status, a.Code(), a.Header.Values("Allow"))
		}
	}
	for path, status := range map[string]int{"/healthz": 204, "/v1/nothing": 404, "/v1/notes/1": 405} {
		a := c.Do(li(), http.MethodHead, path, "", nil)
		if a.Status != status || len(a.Body) > 0 || (status >= 400 && a.Header.Get("Content-Type") != "application/problem+json") {
			t.Errorf("HEAD %s: %d %s", path, a.Status, a.Header.Get("Content-Type"))
		}
	}
}

func TestTheDoorsForOperatorsAreOpen(t *testing.T) {
	c, _, _ := open(t, nil)
	for path, status := range map[string]int{"/healthz": 204, "/livez": 204, "/readyz": 200, "/version": 200, "/metrics": 200, "/rules": 200, "/openapi/notes.json": 200} {
		response, err := http.Get(c.URL() + path) //nolint:noctx // no token, no context
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close() // not read
		if response.StatusCode != status {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
}

func TestAServiceIsReadyWhenItHasCaughtUpAndTheLogIsThere(t *testing.T) {
	c, n, _ := open(t, nil)
	n.ready.Store(false)
	var state struct {
		Ready      bool              `json:"ready"`
		WaitingFor map[string]string `json:"waitingFor"`
	}
	a := c.Get(li(), "/readyz")
	a.Into(t, &state)
	if a.Status != http.StatusServiceUnavailable || state.Ready || state.WaitingFor["notes"] == "" || len(state.WaitingFor) != 1 {
		t.Errorf("not caught up: %d %s", a.Status, a.Body)
	}
	n.ready.Store(true)
	if a := c.Get(li(), "/readyz"); a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"ready":true`) {
		t.Errorf("caught up: %d %s", a.Status, a.Body)
	}
	if err := c.Node.Close(); err != nil {
		t.Fatal(err)
	}
	state.WaitingFor = nil
	a = c.Get(li(), "/readyz")
	a.Into(t, &state)
	if a.Status != http.StatusServiceUnavailable || state.WaitingFor["log"] == "" {
		t.Errorf("without the log: %d %s", a.Status, a.Body)
	}
}

func TestTheRulePageListsEveryRuleOnceUnderItsAnchor(t *testing.T) {
	c, _, _ := open(t, nil)
	a := c.Get(li(), "/rules")
	page := string(a.Body)
	anchors := regexp.MustCompile(`<dt id="([^"]+)">`).FindAllStringSubmatch(page, -1)
	seen := map[string]int{}
	for _, anchor := range anchors {
		seen[anchor[1]]++
	}
	for code, n := range seen {
		if n != 1 {
			t.Errorf("%s is listed %d times", code, n)
		}
	}
	refused := c.Do(li(), http.MethodPost, "/v1/notes/1", "", map[string]string{"text": ""})
	var p struct{ Type string }
	refused.Into(t, &p)
	for _, link := range []string{p.Type, "/rules#field-unknown", "/rules#internal-error", "/rules#idempotency-key-reused"} {
		if code, ok := strings.CutPrefix(link, "/rules#"); !ok || seen[code] != 1 {
			t.Errorf("%s leads nowhere", link)
		}
	}
	if strings.Contains(page, "<法>") || !strings.Contains(page, "&lt;法&gt;") {
		t.Error("a rule is put into the page as it is")
	}
}

func TestAFaultInsideIsHiddenAndLoggedOnce(t *testing.T) {
	c, _, logged := open(t, nil)
	a := c.Do(li(), http.MethodPost, "/v1/notes/1", "", map[string]string{"text": "burst"})
	if a.Status != http.StatusInternalServerError || a.Code() != "internal-error" || strings.Contains(string(a.Body), "pipe") {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
	lines := logged.lines()
	if len(lines) != 1 || !strings.Contains(lines[0], errInside.Error()) || !strings.Contains(lines[0], "/v1/notes/1") {
		t.Errorf("logged %q", lines)
	}
	c.Do(li(), http.MethodPost, "/v1/notes/1", "", map[string]string{"text": ""})
	if more := logged.lines(); len(more) != len(lines) {
		t.Errorf("a refusal is logged: %q", more)
	}
}

func TestAPanicIsAFaultInside(t *testing.T) {
	c, _, logged := open(t, nil)
	a := c.Get(li(), "/v1/notes/panic")
	if a.Status != http.StatusInternalServerError || a.Code() != "internal-error" {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
	lines := logged.lines()
	if len(lines) != 1 || !strings.Contains(lines[0], "/v1/notes/panic") || strings.Contains(lines[0], "13800138000") {
		t.Errorf("logged %q", lines)
	}
	if _, err := c.Try(li(), http.MethodGet, "/v1/notes/hangup", "", nil); err == nil {
		t.Error("who is to be hung up on gets an answer")
	}
	if more := logged.lines(); len(more) != 1 {
		t.Errorf("hanging up is logged: %q", more)
	}
}

func TestOnlyADemonstrationMovesItsClockAndHandsOutTokens(t *testing.T) {
	for _, demo := range []bool{false, true} {
		c, _, _ := open(t, func(c *citytest.City) { c.Demo = demo })
		before := c.Clock.Now()
		later := before.Add(48 * time.Hour)
		for _, row := range []struct {
			method, path string
			body         any
			status       int // in a demonstration
		}{
			{http.MethodGet, "/v1/demo/clock", nil, 200},
			{http.MethodPost, "/v1/demo/clock", map[string]any{"now": later}, 200},
			{http.MethodPost, "/v1/demo/clock", map[string]any{"now": before}, 422},
			{http.MethodPost, "/v1/demo/clock", `{"now":"tomorrow"}`, 400},
			{http.MethodPost, "/v1/demo/clock", map[string]any{}, 400},
			{http.MethodPost, "/v1/demo/clock", map[string]any{"now": later, "zone": "UTC"}, 400},
			{http.MethodPost, "/v1/demo/clock", `{"now":"2031-01-01T00:00:00Z","now":"2030-01-01T00:00:00Z"}`, 422},
			{http.MethodPost, "/v1/demo/tokens", `{"user":"1","role":"auditor","role":"chief"}`, 422},
			{http.MethodPost, "/v1/demo/tokens", `{"user":"1","role":"auditor"} {}`, 400},
			{http.MethodPost, "/v1/demo/tokens", map[string]any{"user": "1", "role": "system"}, 422},
			{http.MethodPost, "/v1/demo/tokens", map[string]any{"user": "system:refund", "role": "auditor"}, 422},
			{http.MethodPost, "/v1/demo/tokens", li(), 201},
			{http.MethodPost, "/v1/demo/tokens", map[string]any{"user": "1", "role": "god"}, 422},
			{http.MethodPost, "/v1/demo/tokens", map[string]any{"user": "1", "name": "张三"}, 400},
		} {
			want := row.status
			if !demo {
				want = http.StatusNotFound
			}
			a := c.Do(li(), row.method, row.path, "", row.body)
			if a.Status != want || (want >= 400) != (a.Code() != "") {
				t.Errorf("demo %t: %s %s: %d %s", demo, row.method, row.path, a.Status, a.Body)
			}
		}
		back := c.Do(li(), http.MethodPost, "/v1/demo/clock", "", map[string]any{"now": before})
		if want := map[bool]string{true: "clock-backwards", false: "path-unknown"}[demo]; back.Code() != want {
			t.Errorf("demo %t: turned back: %d %s, want %s", demo, back.Status, back.Body, want)
		}
		if moved := c.Clock.Now().Sub(before) > 47*time.Hour; moved != demo {
			t.Errorf("demo %t: the clock has moved: %t", demo, moved)
		}
	}
}

func TestATokenOfTheDemonstrationIsTaken(t *testing.T) {
	c, _, _ := open(t, nil)
	var token struct{ Token string }
	c.Do(li(), http.MethodPost, "/v1/demo/tokens", "", li()).Into(t, &token)
	for bearer, status := range map[string]int{token.Token: 200, token.Token + "x": 401, "": 401} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/v1/notes/1", strings.NewReader(`{"text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "12345678")
		if bearer != "" {
			request.Header.Set("Authorization", "Bearer "+bearer)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close() // read to its end
		if err != nil || response.StatusCode != status || !json.Valid(body) {
			t.Errorf("%d %s (%v)", response.StatusCode, body, err)
		}
	}
}

func TestABodyIsReadInOneWayOnly(t *testing.T) {
	c, _, _ := open(t, nil)
	for _, row := range []struct {
		rule, body string
		status     int
		code       string
	}{
		{"a field named once", `{"text":"a"}`, 200, ""},
		{"blanks around it", " {\"text\":\"b\"}\r\n", 200, ""},
		{"a field named twice", `{"text":"a","text":"a"}`, 422, "json-duplicate-field"},
		{"in other signs", `{"text":"a","te\u0078t":"a"}`, 422, "json-duplicate-field"},
		{"further in", `{"text":"a","rows":[{"a":1},{"b":{"x":[],"x":{}}}]}`, 422, "json-duplicate-field"},
		{"the same name in two objects", `{"text":{"text":"a"}}`, 422, "field-invalid"},
		{"a text that is a name", `{"text":"text","rows":["text","text"]}`, 422, "field-unknown"},
		{"something behind it", `{"text":"a"}{"text":"b"}`, 400, "json-malformed"},
		{"a brace too many", `{"text":"a"}}`, 400, "json-malformed"},
		{"a comma too many", `{"text":"a",}`, 400, "json-malformed"},
		{"a text that is no UTF-8", "{\"text\":\"\xff\"}", 400, "json-malformed"},
		{"no end", strings.Repeat("[", 20000), 400, "json-malformed"},
		{"nothing", ``, 400, "json-malformed"},
		{"blanks only", `  `, 400, "json-malformed"},
		{"more than 1 MiB", `{"text":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "request-too-large"},
	} {
		if a := c.Do(li(), http.MethodPost, "/v1/notes/1", "", row.body); a.Status != row.status || a.Code() != row.code {
			t.Errorf("%s: %d %s", row.rule, a.Status, a.Body)
		}
	}
}

func TestWhoIsNotKnownIsToldSoFirst(t *testing.T) {
	c, _, _ := open(t, nil)
	for _, row := range []struct {
		method, path, bearer, body string
		status                     int
		code                       string
	}{
		{http.MethodPost, "/v1/notes/1", "", `{"text":`, 401, "token-missing"},
		{http.MethodPost, "/v1/notes/1", "", `{"text":"a","text":"a"}`, 401, "token-missing"},
		{http.MethodPost, "/v1/notes/1", "x", strings.Repeat(" ", 1<<21), 401, "token-invalid"},
		{http.MethodGet, "/v1/nothing", "x", "", 401, "token-invalid"},
		{http.MethodGet, "/nothing", "", "", 404, "path-unknown"},
		{http.MethodGet, "/v1/demo/nothing", "", "", 404, "path-unknown"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), row.method, c.URL()+row.path, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if row.bearer != "" {
			request.Header.Set("Authorization", "Bearer "+row.bearer)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var p struct{ Code string }
		err = json.NewDecoder(response.Body).Decode(&p)
		_ = response.Body.Close() // read as far as needed
		challenged := response.Header.Get("WWW-Authenticate") == "Bearer"
		if err != nil || response.StatusCode != row.status || p.Code != row.code || challenged != (row.status == http.StatusUnauthorized) {
			t.Errorf("%s %s: %d %+v (%v)", row.method, row.path, response.StatusCode, p, err)
		}
	}
}
