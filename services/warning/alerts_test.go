package warning_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

type importAnswer struct {
	Alert    string             `json:"alert"`
	Level    string             `json:"level"`
	Reasons  []string           `json:"reasons"`
	Warnings []identity.Warning `json:"warnings"`
}

type summary struct {
	Alert, Level, To, Case, Outcome string
	SignDue, ContactDue             time.Time
	SignedBy                        struct{ PoliceNo, Unit string }
	Contacts                        int
	Reached, Dissuaded              bool
	Breached                        []string
}

// refused sends what must be refused with this code at this field, without a
// word of what was sent and without an event of an alert.
func refused(t *testing.T, c city, code, pointer string, status int, r request) {
	t.Helper()
	before := len(c.Recorded(t, "alert-"))
	a := c.Refused(t, status, code, pointer, r)
	citytest.Unsaid(t, citytest.Secrets(), string(a.Body), c.logged.String())
	if after := len(c.Recorded(t, "alert-")); after != before {
		t.Errorf("%d events more", after-before)
	}
}

// imported takes in the order of the tests and returns its path.
func imported(t *testing.T, c city) string {
	t.Helper()
	var got importAnswer
	c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-0001", Who: onDuty(), Body: orderBody()}, &got)
	return "/v1/alerts/" + got.Alert
}

func TestAnAlertFromImportToClosing(t *testing.T) {
	c := newCity(t)
	var got importAnswer
	a := c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-0001", Who: onDuty(), Body: orderBody()}, &got)
	id := identity.Derive("alert", "ministry", "W-1").String()
	if diff := cmp.Diff(importAnswer{id, "high", []string{"supplier-grade"}, []identity.Warning{}}, got); diff != "" {
		t.Error(diff)
	}
	path := "/v1/alerts/" + id
	if a.Header.Get("Location") != path || a.Header.Get("ETag") != `"1"` {
		t.Errorf("headers %v", a.Header)
	}
	var s summary
	c.Must(t, http.StatusOK, request{Path: path + "/dispatch", Key: "dispatch-01", Who: onDuty(), Body: `{"to":"` + station + `"}`}, &s)
	if s.To != station || !s.SignDue.Equal(noon().Add(5*time.Minute)) || !s.ContactDue.Equal(noon().Add(15*time.Minute)) {
		t.Errorf("dispatched %+v", s)
	}
	refused(t, c, "alert-of-other-unit", "", http.StatusForbidden, request{Path: path + "/signature", Key: "signature-1", Who: onDuty(), Body: `{}`})
	c.Must(t, http.StatusOK, request{Path: path + "/signature", Key: "signature-2", Who: atStation(), Body: `{}`}, &s)
	if s.SignedBy.PoliceNo != "091001" || s.SignedBy.Unit != station {
		t.Errorf("signed %+v", s)
	}
	c.Must(t, http.StatusCreated, request{Path: path + "/contacts", Key: "contact-001", Who: atStation(), Body: `{"channel":"phone","target":"self","result":"busy"}`}, nil)
	refused(t, c, "door-visit-two-officers", "/partner", http.StatusUnprocessableEntity, request{
		Path: path + "/contacts", Key: "contact-002", Who: atStation(), Body: `{"channel":"door","target":"self","result":"reached"}`,
	})
	refused(t, c, "subject-not-reached", "", http.StatusConflict, request{
		Path: path + "/dissuasion", Key: "dissuade-01", Who: atStation(), Body: `{"state":"convinced","noticeSigned":true}`,
	})
	c.Must(t, http.StatusCreated, request{
		Path: path + "/contacts", Key: "contact-003", Who: atStation(),
		Body: `{"channel":"door","target":"self","result":"reached","partner":{"policeNo":"091002","unit":"` + station + `"}}`,
	}, &s)
	if s.Contacts != 2 || !s.Reached {
		t.Errorf("contacted %+v", s)
	}
	c.Must(t, http.StatusOK, request{Path: path + "/dissuasion", Key: "dissuade-02", Who: atStation(), Body: `{"state":"convinced","noticeSigned":true}`}, nil)
	refused(t, c, "outcome-paid-without-payment", "", http.StatusConflict, request{Path: path + "/closing", Key: "closing-001", Who: atStation(), Body: `{"outcome":"paid"}`})
	c.Must(t, http.StatusOK, request{Path: path + "/closing", Key: "closing-002", Who: atStation(), Body: `{"outcome":"dissuaded"}`}, nil)
	refused(t, c, "alert-closed", "", http.StatusConflict, request{Path: path + "/closing", Key: "closing-003", Who: atStation(), Body: `{"outcome":"mismatch"}`})
	a = c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: path, Who: atStation()}, &s)
	if s.Outcome != "dissuaded" || a.Header.Get("ETag") != `"7"` {
		t.Errorf("at last %+v under %s", s, a.Header.Get("ETag"))
	}
}

func TestI63_TheSameOrderImportedTwiceIsOneAlert(t *testing.T) {
	c := newCity(t)
	id := strings.TrimPrefix(imported(t, c), "/v1/alerts/")
	var got importAnswer
	a := c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-0001", Who: onDuty(), Body: orderBody()}, &got)
	if got.Alert != id || a.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same request again: %+v, %v", got, a.Header)
	}
	utc := orderBody(func(b map[string]any) { b["signalAt"] = "2021-06-03T07:29:00Z" })
	c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-0002", Who: atStation(), Body: utc}, &got)
	if got.Alert != id || got.Level != "high" {
		t.Errorf("the same order from elsewhere, its time in UTC: %+v", got)
	}
	other := orderBody(func(b map[string]any) { b["grade"] = "低" })
	refused(t, c, "alert-imported-differently", "", http.StatusConflict, request{Path: "/v1/alerts", Key: "import-0003", Who: onDuty(), Body: other})
	refused(t, c, "idempotency-key-reused", "", http.StatusUnprocessableEntity, request{Path: "/v1/alerts", Key: "import-0001", Who: onDuty(), Body: other})
	if n := len(c.history(t, id)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

func TestI63_EightImportsAtOnceAreOneAlert(t *testing.T) {
	c := newCity(t)
	answers := make(chan citytest.Answer, 8)
	for n := range cap(answers) {
		go func() {
			a, err := c.Send(request{Path: "/v1/alerts", Key: fmt.Sprintf("import-%04d", n), Who: onDuty(), Body: orderBody()})
			if err != nil {
				a.Body = []byte(err.Error())
			}
			answers <- a
		}()
	}
	for range cap(answers) {
		if a := <-answers; a.Status != http.StatusCreated {
			t.Errorf("%d: %s", a.Status, a.Body)
		}
	}
	alerts := c.Streams(t, "alert-")
	if len(alerts) != 1 || len(c.history(t, strings.TrimPrefix(alerts[0], "alert-"))) != 2 {
		t.Errorf("alerts %v", alerts)
	}
}

func TestI11_AnOddPhoneIsKeptAsAWarning(t *testing.T) {
	c := newCity(t)
	var got importAnswer
	c.Must(t, http.StatusCreated, request{Path: "/v1/alerts", Key: "import-0001", Who: onDuty(), Body: orderBody(func(b map[string]any) {
		b["subject"] = map[string]any{"name": citytest.VictimName, "phone": "95588"}
		b["grade"] = "橙"
	})}, &got)
	want := []identity.Warning{{Code: identity.WarnPhoneNotMobile, Pointer: "/subject/phone"}}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Error(diff)
	}
	order, ok := c.history(t, got.Alert)[0].(event.WarningOrderImported)
	if !ok || !cmp.Equal(want, order.Warnings) {
		t.Errorf("stored %v", order.Warnings)
	}
	if got.Level != "high" || !slices.Equal(got.Reasons, []string{"grade-unknown"}) {
		t.Errorf("graded %+v", got)
	}
}

func TestASubjectWhoHasPaidIsToldToTheLogWithHisCase(t *testing.T) {
	c := newCity(t)
	path := imported(t, c)
	id := strings.TrimPrefix(path, "/v1/alerts/")
	var got struct {
		Case     identity.CaseID    `json:"case"`
		Warnings []identity.Warning `json:"warnings"`
	}
	body := paymentBody(func(b map[string]any) {
		first(b)["to"] = map[string]any{"bank": "103100000026", "number": "6217001234567890123"}
	})
	r := request{Path: path + "/payment", Key: "payment-001", Who: atStation(), Body: body}
	a := c.Must(t, http.StatusCreated, r, &got)
	want := identity.CaseID(identity.Derive("case-of-alert", id).String())
	if got.Case != want || a.Header.Get("Location") != "/v1/cases/"+string(want) {
		t.Errorf("case %s at %s, want %s", got.Case, a.Header.Get("Location"), want)
	}
	luhn := []identity.Warning{{Code: identity.WarnCardNoLuhn, Pointer: "/transfers/0/to/number"}}
	if diff := cmp.Diff(luhn, got.Warnings); diff != "" {
		t.Error(diff)
	}
	events := c.history(t, id)
	paid, ok := events[len(events)-1].(event.PaymentDiscovered)
	order, imported := events[0].(event.WarningOrderImported)
	if !ok || !imported || paid.Case != want || string(paid.Alert) != id || paid.Transfers[0].Amount != 230_000_00 || !cmp.Equal(luhn, paid.Warnings) {
		t.Fatalf("stored %+v", paid)
	}
	if diff := cmp.Diff(order.Subject, paid.Victim); diff != "" {
		t.Errorf("the victim is not the subject:\n%s", diff)
	}
	if brief, err := c.Keys.Open(t.Context(), paid.Brief); err != nil || brief != citytest.Brief {
		t.Errorf("brief %q, %v", brief, err)
	}
	last, err := c.Log.Last(t.Context(), "alert-"+id)
	if err != nil {
		t.Fatal(err)
	}
	var meta es.Meta
	if err := json.Unmarshal(last.Meta, &meta); err != nil || meta.Correlation != string(want) {
		t.Errorf("correlated with %s, want the case: %v", meta.Correlation, err)
	}
	if a = c.Must(t, http.StatusCreated, r, &got); a.Header.Get("Idempotency-Replayed") != "true" || len(c.history(t, id)) != 3 {
		t.Error("the same payment again is another one")
	}
	r.Key = "payment-002"
	refused(t, c, "payment-discovered-already", "", http.StatusConflict, r)
}

func TestBadInputIsRefusedWithItsRuleAndNothingIsStored(t *testing.T) {
	c := newCity(t)
	path := imported(t, c)
	who := func(role access.Role) access.Person {
		return access.Person{User: "090009", Unit: centre, Level: access.City, Role: role}
	}
	order := func(edit func(map[string]any)) request { return request{Path: "/v1/alerts", Body: orderBody(edit)} }
	payment := func(edit func(map[string]any)) request {
		return request{Path: path + "/payment", Body: paymentBody(edit)}
	}
	on := func(what, body string) request { return request{Path: path + what, Body: body} }
	for _, r := range []struct {
		rule, code, pointer string
		status              int
		request             request
	}{
		{"an order that is no JSON", "json-malformed", "", 400, request{Path: "/v1/alerts", Body: `{"subject": {"name": "` + citytest.VictimName}},
		{"an unknown field of an order", "field-unknown", "", 422, order(func(b map[string]any) { b["phone"] = citytest.VictimPhone })},
		{"an order without a subject", "field-missing", "", 422, order(func(b map[string]any) { delete(b, "subject") })},
		{"a subject without a name", "name-missing", "/subject/name", 422, order(func(b map[string]any) { b["subject"] = map[string]any{"name": "", "phone": citytest.VictimPhone} })},
		{"a broken ID number", "id-card-checksum", "/subject/idNumber", 422, order(func(b map[string]any) {
			b["subject"] = map[string]any{"name": citytest.VictimName, "idNumber": "110105194912310021"}
		})},
		{"a signal from the future", "time-in-future", "/signalAt", 422, order(func(b map[string]any) { b["signalAt"] = "2021-06-04T07:29:00Z" })},
		{"an order without a number", "alert-name-invalid", "/externalId", 422, order(func(b map[string]any) { b["externalId"] = "" })},
		{"an order without a supplier", "alert-name-invalid", "/supplier", 422, order(func(b map[string]any) { b["supplier"] = "" })},
		{"a supplier in free text", "alert-name-invalid", "/supplier", 422, order(func(b map[string]any) { b["supplier"] = citytest.VictimName })},
		{"a number with a blank", "alert-name-invalid", "/externalId", 422, order(func(b map[string]any) { b["externalId"] = "W-1 " })},
		{"a fraud type in free text", "alert-fraud-type-malformed", "/fraudType", 422, order(func(b map[string]any) { b["fraudType"] = "诈骗" })},
		{"a signal from another century", "time-implausible", "/signalAt", 422, order(func(b map[string]any) { b["signalAt"] = "1999-12-31T23:59:59+08:00" })},
		{"an order with two suppliers", "json-duplicate-field", "", 422, request{Path: "/v1/alerts", Body: `{"supplier":"a","supplier":"b"}`}},
		{"a partner by name", "police-no-malformed", "/partner/policeNo", 422, on("/contacts", `{"channel":"door","target":"self","result":"reached","partner":{"policeNo":"`+citytest.VictimName+`","unit":"`+station+`"}}`)},
		{"a serial number in free text", "serial-malformed", "/transfers/0/serial", 422, payment(func(b map[string]any) { first(b)["serial"] = citytest.VictimName })},
		{"a dispatch to a unit that is none", "unit-code-malformed", "/to", 422, on("/dispatch", `{"to":"4409"}`)},
		{"a channel that is none", "field-invalid", "/channel", 422, on("/contacts", `{"channel":"`+citytest.VictimCard+`","target":"self","result":"reached"}`)},
		{"a signature before the dispatch", "alert-not-dispatched", "", 409, on("/signature", `{}`)},
		{"an outcome that is none", "field-invalid", "/outcome", 422, on("/closing", `{"outcome":"done"}`)},
		{"a closing before anyone has called", "alert-not-contacted", "", 409, on("/closing", `{"outcome":"not-found"}`)},
		{"a payment without a transfer", "transfer-missing", "/transfers", 422, payment(func(b map[string]any) { b["transfers"] = []any{} })},
		{"a payment of nothing", "amount-not-positive", "/transfers/0/amountFen", 422, payment(func(b map[string]any) { first(b)["amountFen"] = 0 })},
		{"a payment with decimals", "amount-not-whole-fen", "/transfers/0/amountFen", 422, payment(func(b map[string]any) { first(b)["amountFen"] = 1.005 })},
		{"a payment to an unknown bank", "bank-unknown", "/transfers/0/to/bank", 422, payment(func(b map[string]any) {
			first(b)["to"] = map[string]any{"bank": "313999999994", "number": citytest.SuspectCard}
		})},
		{"a payment told by one officer", "two-officers-required", "/investigator", 422, payment(func(b map[string]any) { delete(b, "investigator") })},
		{"a payment told by one officer twice", "two-officers-required", "/investigator", 422, payment(func(b map[string]any) {
			b["investigator"] = map[string]any{"policeNo": "091001", "unit": station}
		})},
		{"an alert that nobody has imported", "alert-unknown", "", 404, request{Path: "/v1/alerts/" + uuid.NewString() + "/signature", Body: `{}`}},
		{"an import by a chief", "role-not-allowed", "", 403, request{Path: "/v1/alerts", Body: orderBody(), Who: who(access.Chief)}},
		{"a dispatch by an investigator", "role-not-allowed", "", 403, request{Path: path + "/dispatch", Body: `{"to":"` + station + `"}`, Who: who(access.Investigator)}},
		{"a contact by an auditor", "role-not-allowed", "", 403, request{Path: path + "/contacts", Body: `{"channel":"sms","target":"self","result":"reached"}`, Who: who(access.Auditor)}},
		{"a look by a bank's desk", "role-not-allowed", "", 403, request{Method: http.MethodGet, Path: path, Who: access.Person{User: "desk-1", Role: access.BankDesk, Bank: "102100099996"}}},
		{"an outdated look", "revision-stale", "", 412, request{Path: path + "/dispatch", Body: `{"to":"` + station + `"}`, Who: onDuty(), Header: map[string]string{"If-Match": `"0"`}}},
	} {
		t.Run(r.rule, func(t *testing.T) {
			sent := r.request
			sent.Key = "bad-input-" + strings.ReplaceAll(r.rule, " ", "-")
			if sent.Who.User == "" {
				sent.Who = atStation()
			}
			refused(t, c, r.code, r.pointer, r.status, sent)
		})
	}
	refused(t, c, "token-missing", "", http.StatusUnauthorized, request{Path: "/v1/alerts", Key: "import-0009", Body: orderBody()})
	refused(t, c, "idempotency-key-missing", "", http.StatusBadRequest, request{Path: "/v1/alerts", Who: onDuty(), Body: orderBody()})
}
