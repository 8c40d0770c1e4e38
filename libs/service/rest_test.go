package service_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func text(s string) map[string]string { return map[string]string{"text": s} }

func TestI63_ARequestSentAgainHasOneEffect(t *testing.T) {
	c, _, _ := open(t, nil)
	const key = "key-0000001"
	first := c.Do(li(), http.MethodPost, "/v1/notes/1", key, text("a"))
	if first.Status != http.StatusOK || first.Header.Get("ETag") != `"0"` || first.Header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("the first: %d %v %s", first.Status, first.Header, first.Body)
	}
	again := c.Do(li(), http.MethodPost, "/v1/notes/1", key, `{ "text" : "a" }`)
	if again.Status != http.StatusOK || again.Header.Get("ETag") != `"0"` || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("sent again: %d %v %s", again.Status, again.Header, again.Body)
	}
	other := c.Do(li(), http.MethodPost, "/v1/notes/1", key, text("b"))
	if other.Status != http.StatusUnprocessableEntity || other.Code() != "idempotency-key-reused" {
		t.Errorf("another body under the same key: %d %s", other.Status, other.Body)
	}
	for n, row := range []struct {
		rule string
		who  access.Person
		path string
	}{
		{"another person's key is another key", citytest.Officer("005678", access.DutyOfficer), "/v1/notes/1"},
		{"on another path it is another key", li(), "/v1/notes/1/again"},
		{"a bank has keys of its own", citytest.Desk("102100099996"), "/v1/notes/1"},
		{"so has another one whose desk is named alike", access.Person{User: "desk-102100099996", Role: access.BankDesk, Bank: "103100000026"}, "/v1/notes/1"},
	} {
		a := c.Do(row.who, http.MethodPost, row.path, key, text("a"))
		if a.Status != http.StatusOK || a.Header.Get("ETag") != fmt.Sprintf("%q", fmt.Sprint(n+1)) || a.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: %d %v %s", row.rule, a.Status, a.Header, a.Body)
		}
	}
}

func TestACommandNeedsAKey(t *testing.T) {
	c, _, _ := open(t, nil)
	for _, key := range []string{"1234567", strings.Repeat("x", 129)} {
		if a := c.Do(li(), http.MethodPost, "/v1/notes/1", key, text("a")); a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity {
			t.Errorf("key %q: %d %s", key, a.Status, a.Body)
		}
	}
	a := c.Do(li(), http.MethodPost, "/v1/notes/1", "short", text("a"))
	if a.Status != http.StatusBadRequest || a.Code() != "idempotency-key-missing" {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
}

func TestIfMatchInsistsOnARevision(t *testing.T) {
	c, _, _ := open(t, nil)
	revision := 0
	for _, row := range []struct {
		header func(revision int) string
		taken  bool
	}{
		{func(int) string { return "" }, true},
		{func(int) string { return "*" }, true},
		{func(r int) string { return service.ETag(int64(r)) }, true},
		{func(r int) string { return fmt.Sprint(r) }, true},
		{func(r int) string { return service.ETag(int64(r - 1)) }, false},
		{func(r int) string { return service.ETag(int64(r + 1)) }, false},
		{func(int) string { return `"-1"` }, false},
		{func(int) string { return `"-2"` }, false},
		{func(r int) string { return "W/" + service.ETag(int64(r)) }, false},
		{func(int) string { return `"x"` }, false},
		{func(r int) string { return service.ETag(int64(r)) + ", " + service.ETag(int64(r+1)) }, false},
		{func(int) string { return `"99999999999999999999"` }, false},
	} {
		header := row.header(revision - 1)
		status := ifMatch(t, c, fmt.Sprintf("key-%07d", revision)+header, header)
		switch {
		case row.taken && status == http.StatusOK:
			revision++
		case row.taken || status != http.StatusPreconditionFailed:
			t.Errorf("If-Match: %s at revision %d: %d", header, revision-1, status)
		}
	}
}

// ifMatch notes something on the condition of a revision.
func ifMatch(t *testing.T, c *citytest.City, key, condition string) int {
	t.Helper()
	token, err := c.Issuer.Issue(li(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/v1/notes/1", strings.NewReader(`{"text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": key} {
		request.Header.Set(name, value)
	}
	if condition != "" {
		request.Header.Set("If-Match", condition)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // not read
	return response.StatusCode
}

func TestI70_TimesAreKeptInUTCAndDaysAreThoseOfShanghai(t *testing.T) {
	c, _, _ := open(t, nil)
	// Half past midnight on the 18th in China is still the 17th in UTC.
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 17, 16, 30, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	var answer struct{ At time.Time }
	c.Post(li(), "/v1/notes/1", text("a")).Into(t, &answer)
	if !strings.HasPrefix(identity.FormatPlatformTime(answer.At), "202107180030") {
		t.Errorf("shown as %s", identity.FormatPlatformTime(answer.At))
	}
	if day := identity.ShanghaiDay(answer.At); !day.Equal(time.Date(2021, 7, 17, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("the day began at %v", day)
	}
	// A notice of 30 days posted on the 18th ends as 18 August begins in China.
	if end := identity.AddDays(answer.At, 30); !end.Equal(time.Date(2021, 8, 17, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("the notice ends at %v", end)
	}
	if end := identity.AddMonths(answer.At, 6); identity.FormatPlatformTime(end)[:12] != "202201180030" {
		t.Errorf("six months end at %v", end)
	}
	for r, err := range c.Log.Read(t.Context(), "note-1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"occurredAt", "recordedAt"} {
			if !bytes.Contains(r.Meta, []byte(`"`+name+`":"2021-07-17T16:30:`)) || bytes.Contains(r.Meta, []byte("+08:00")) {
				t.Errorf("%s is not stored in UTC: %s", name, r.Meta)
			}
		}
	}
}

func TestWhatARequestMakesIsNamedByItsKey(t *testing.T) {
	one, two := service.Command{Key: "key-0000001"}, service.Command{Key: "key-0000002"}
	names := []string{
		service.NewID("case", li(), one), service.NewID("alert", li(), one), service.NewID("case", li(), two),
		service.NewID("case", citytest.Officer("005678", access.DutyOfficer), one),
		service.NewID("case", access.Person{User: "desk", Role: access.BankDesk, Bank: "102100099996"}, one),
		service.NewID("case", access.Person{User: "desk", Role: access.BankDesk, Bank: "103100000026"}, one),
	}
	seen := map[string]bool{}
	for n, name := range names {
		if seen[name] {
			t.Errorf("%d is named like another", n)
		}
		seen[name] = true
	}
	if names[0] != service.NewID("case", li(), one) {
		t.Error("asked again, it has another name")
	}
}

func TestACursorLeadsToTheNextPage(t *testing.T) {
	for _, at := range []uint64{1, 35, 36, 1 << 40, 1<<63 - 1} {
		got, err := service.Page{Cursor: service.Cursor(at)}.After()
		if err != nil || got != at {
			t.Errorf("%d became %d, %v", at, got, err)
		}
	}
	if at, err := (service.Page{}).After(); at != 0 || err != nil {
		t.Errorf("the first page begins after %d, %v", at, err)
	}
	for _, cursor := range []string{"0", "-1", "!", service.Cursor(1 << 63), service.Cursor(1<<64 - 1), "zzzzzzzzzzzzzzzzzz", " 1"} {
		if _, err := (service.Page{Cursor: cursor}).After(); !errors.Is(err, service.ErrCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
}
