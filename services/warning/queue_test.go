package warning_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/warning"
)

func TestClocksThatRunOutAreToldOnce(t *testing.T) {
	c := newCity(t)
	path := imported(t, c)
	id := strings.TrimPrefix(path, "/v1/alerts/")
	c.Must(t, http.StatusOK, request{Path: path + "/dispatch", Key: "dispatch-01", Who: onDuty(), Body: `{"to":"` + station + `"}`}, nil)
	breaches := func() []event.AlertEvent {
		return slices.DeleteFunc(c.history(t, id), func(e event.AlertEvent) bool {
			_, is := e.(event.WarningBreached)
			return !is
		})
	}
	sign := event.WarningBreached{Clock: "sign", DueAt: noon().Add(5 * time.Minute)}
	contact := event.WarningBreached{Clock: "contact", DueAt: noon().Add(15 * time.Minute)}
	c.hand.Forward(5 * time.Minute)
	c.Until("the sign clock has run out", func() bool { return len(breaches()) == 1 })
	c.Must(t, http.StatusOK, request{Path: path + "/signature", Key: "signature-1", Who: atStation(), Body: `{}`}, nil)
	c.replica() // a second one wakes for nothing twice
	c.hand.Forward(10 * time.Minute)
	c.Until("the contact clock has run out", func() bool { return len(breaches()) == 2 })
	if diff := cmp.Diff([]event.AlertEvent{sign, contact}, breaches()); diff != "" {
		t.Error(diff)
	}
	var s summary
	c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: path, Who: onDuty()}, &s)
	if !slices.Equal(s.Breached, []string{"sign", "contact"}) || s.SignedBy.PoliceNo != "091001" {
		t.Errorf("%+v", s)
	}
}

func TestTheQueueShowsTheMostUrgentFirstAndInItTheOldest(t *testing.T) {
	c := newCity(t)
	for _, order := range []struct{ id, grade string }{{"low-1", "低"}, {"high-1", "高"}, {"medium-1", "中"}, {"high-2", "橙"}, {"low-2", "低"}} {
		c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-" + order.id, Who: onDuty(), Body: orderBody(func(b map[string]any) {
			b["externalId"], b["grade"] = order.id, order.grade
		})}, nil)
	}
	var page struct {
		Items []struct {
			ExternalID, Alert, Outcome string
		} `json:"items"`
		NextCursor string `json:"nextCursor"`
	}
	list := func(query string) []string {
		t.Helper()
		page.Items, page.NextCursor = nil, ""
		c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: "/v1/alerts" + query, Who: atStation()}, &page)
		var ids []string
		for _, item := range page.Items {
			ids = append(ids, item.ExternalID)
		}
		return ids
	}
	want := []string{"high-1", "high-2", "medium-1", "low-1", "low-2"}
	c.Until("all five are in the queue", func() bool { return len(list("?limit=5")) == 5 })
	if diff := cmp.Diff(want, list("")); diff != "" {
		t.Error(diff)
	}
	var got []string
	for query, pages := "?limit=2", 0; query != "" && pages < 4; pages++ {
		got = append(got, list(query)...)
		query = ""
		if page.NextCursor != "" {
			query = "?limit=2&cursor=" + page.NextCursor
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page by page:\n%s", diff)
	}
	list("?limit=1")
	c.Must(t, http.StatusOK, request{Path: "/v1/alerts/" + page.Items[0].Alert + "/closing", Key: "closing-001", Who: atStation(), Body: `{"outcome":"mismatch"}`}, nil)
	c.Until("the closed one has left the queue", func() bool { return len(list("")) == 4 })
	if diff := cmp.Diff([]string{"high-1"}, list("?state=closed")); diff != "" {
		t.Error(diff)
	}
	if n := len(list("?cursor=1y2p0ij32e8e7")); n != 0 { // 2^63-1, which no page has given
		t.Errorf("%d alerts behind the end of the queue", n)
	}
	refused(t, c, "cursor-invalid", "", http.StatusUnprocessableEntity, request{Method: http.MethodGet, Path: "/v1/alerts?cursor=!", Who: onDuty()})
	refused(t, c, "field-invalid", "", http.StatusUnprocessableEntity, request{Method: http.MethodGet, Path: "/v1/alerts?state=all", Who: onDuty()})
}

func TestI64_NoPersonalDataIsStoredLoggedOrShown(t *testing.T) {
	c := newCity(t)
	path := imported(t, c)
	c.Must(t, http.StatusCreated, request{Path: path + "/payment", Key: "payment-001", Who: atStation(), Body: paymentBody()}, nil)
	shown := ""
	for _, p := range []string{path, "/v1/alerts"} {
		shown += string(c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: p, Who: onDuty()}, nil).Body)
	}
	c.Hidden(t, citytest.Secrets(), 6, shown, c.logged.String())
}

func TestAPolicyThatLeavesAlertsWithoutClocksDoesNotStart(t *testing.T) {
	c := newCity(t)
	for rule, change := range map[string]func(*service.Policy){
		"a grade that leads to no level":    func(p *service.Policy) { p.Grades = map[string]string{"高": "urgent"} },
		"a level that is none of the five":  func(p *service.Policy) { p.AlertMinutes["orange"] = service.AlertMinutes{Sign: 1, Contact: 1} },
		"a level without minutes":           func(p *service.Policy) { p.AlertMinutes["low"] = service.AlertMinutes{} },
		"no high level for unknown grades":  func(p *service.Policy) { delete(p.AlertMinutes, "high"); p.Grades = nil },
		"a grade whose level has no limits": func(p *service.Policy) { delete(p.AlertMinutes, "low") },
	} {
		t.Run(rule, func(t *testing.T) {
			own := c.City.City
			own.Dir, own.Policy = t.TempDir(), service.DefaultPolicy()
			change(&own.Policy)
			if part, err := warning.New(t.Context(), own); err == nil {
				_ = part.Close()
				t.Error("it starts")
			}
		})
	}
}
