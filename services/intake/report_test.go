package intake_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

type receipt struct {
	Case      identity.CaseID    `json:"case"`
	ReceiptNo string             `json:"receiptNo"`
	Warnings  []identity.Warning `json:"warnings"`
}

type summary struct {
	Case      identity.CaseID `json:"case"`
	ReceiptNo string          `json:"receiptNo"`
	FraudType string          `json:"fraudType"`
	Declared  int64           `json:"declaredFen"`
	Transfers []string        `json:"transfers"`
	Proposed  bool            `json:"filingProposed"`
	Declined  bool            `json:"filingDeclined"`
	CaseNo    string          `json:"caseNo"`
}

func TestAReportGivesAReceiptAndIsStored(t *testing.T) {
	c := newCity(t)
	var got receipt
	a := c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()}, &got)
	if a.Header.Get("Location") != "/v1/cases/"+string(got.Case) || a.Header.Get("ETag") != `"4"` || a.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("headers %v", a.Header)
	}
	if len(got.Warnings) != 0 {
		t.Errorf("warnings %v", got.Warnings)
	}
	var names []string
	for _, e := range c.history(t, got.Case) {
		names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", e), "event."))
	}
	want := []string{"FraudReportReceived", "VictimIdentified", "LossTransferDeclared", "IntakeReceiptIssued", "FraudTypeClassified"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	var shown summary
	a = c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: "/v1/cases/" + string(got.Case), Who: aChief()}, &shown)
	if a.Header.Get("ETag") != `"4"` || shown.ReceiptNo != got.ReceiptNo || shown.Declared != 4_830_000_00 || shown.FraudType != "07" {
		t.Errorf("shown %+v under %s", shown, a.Header.Get("ETag"))
	}
}

func TestI70_TheReceiptOfAReportAfterMidnightInChinaShowsTheNewDay(t *testing.T) {
	c := newCity(t) // 16:30 UTC on the 17th
	var got receipt
	c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()}, &got)
	if !strings.HasPrefix(got.ReceiptNo, "S44098220210718") {
		t.Errorf("receipt %s", got.ReceiptNo)
	}
	received, ok := c.history(t, got.Case)[0].(event.FraudReportReceived)
	if !ok || received.ReceivedAt.Format("2006-01-02T15:04:05Z07:00") != "2021-07-17T16:10:00Z" {
		t.Errorf("stored as received at %v, want UTC", received.ReceivedAt)
	}
}

func TestI63_TheSameCommandTwiceIsOneEffect(t *testing.T) {
	c := newCity(t)
	r := request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()}
	var first, second receipt
	c.Must(t, http.StatusCreated, r, &first)
	a := c.Must(t, http.StatusCreated, r, &second)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("another receipt:\n%s", diff)
	}
	if a.Header.Get("Idempotency-Replayed") != "true" || a.Header.Get("ETag") != `"4"` {
		t.Errorf("headers %v", a.Header)
	}
	r.Body = reportBody(func(b map[string]any) { b["urgency"] = "normal" })
	refused(t, c, "idempotency-key-reused", "", http.StatusUnprocessableEntity, r)
	if cases := c.Streams(t, "case-"); len(cases) != 1 || len(c.history(t, first.Case)) != 5 {
		t.Errorf("cases %v with %d events", cases, len(c.history(t, first.Case)))
	}
	r.Who = officer("091009", access.DutyOfficer, access.County)
	r.Body = reportBody()
	c.Must(t, http.StatusCreated, r, &second)
	if second.Case == first.Case {
		t.Error("the key of one officer is the key of another")
	}
}

func TestI63_EqualRequestsAtOnceMakeOneCase(t *testing.T) {
	c := newCity(t)
	answers := make(chan citytest.Answer, 8)
	for range cap(answers) {
		go func() {
			a, err := c.Send(request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()})
			if err != nil {
				a.Body = []byte(err.Error())
			}
			answers <- a
		}()
	}
	var receipts []string
	for range cap(answers) {
		a := <-answers
		if a.Status != http.StatusCreated {
			t.Fatalf("%d: %s", a.Status, a.Body)
		}
		receipts = append(receipts, string(a.Body))
	}
	slices.Sort(receipts)
	if len(slices.Compact(receipts)) != 1 {
		t.Errorf("different answers: %v", receipts)
	}
	cases := c.Streams(t, "case-")
	if len(cases) != 1 {
		t.Fatalf("cases %v", cases)
	}
	if n := len(c.history(t, identity.CaseID(strings.TrimPrefix(cases[0], "case-")))); n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}

func TestI11_SoftFindingsComeBackAndAreStored(t *testing.T) {
	c := newCity(t)
	who := officer("091001", access.DutyOfficer, access.County)
	who.Unit = "441827000000" // 清新县, dissolved in 2012
	var got receipt
	c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: who, Body: reportBody(func(b map[string]any) {
		at(b, "transfers", 0, "to")["number"] = "6217001234567890123"
		at(b, "victim")["phone"] = "0763-3366110"
	})}, &got)
	want := []identity.Warning{
		{Code: identity.WarnDivisionRetired, Pointer: "/unit"},
		{Code: identity.WarnPhoneNotMobile, Pointer: "/victim/phone"},
		{Code: identity.WarnCardNoLuhn, Pointer: "/transfers/0/to/number"},
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Error(diff)
	}
	var stored []identity.Warning
	for _, e := range c.history(t, got.Case) {
		switch e := e.(type) {
		case event.FraudReportReceived:
			stored = append(stored, e.Warnings...)
		case event.VictimIdentified:
			stored = append(stored, e.Warnings...)
		case event.LossTransferDeclared:
			stored = append(stored, e.Warnings...)
		case event.IntakeReceiptIssued, event.FraudTypeClassified, event.CaseFilingProposed, event.CaseFiled, event.CaseFilingDeclined:
		}
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(got.ReceiptNo, "S441827") {
		t.Errorf("receipt %s", got.ReceiptNo)
	}
}

func TestAReportOfTwoHundredTransfersIsTakenAtOnce(t *testing.T) {
	c := newCity(t)
	var got receipt
	c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody(func(b map[string]any) {
		var transfers []any
		for n := range 200 {
			transfers = append(transfers, aTransfer(fmt.Sprint("S", n), 100))
		}
		b["transfers"] = transfers
		b["brief"] = strings.Repeat("案", 20_000)
	})}, &got)
	if n := len(c.history(t, got.Case)); n != 204 {
		t.Errorf("%d events, want 204", n)
	}
}

// refused sends what must be refused with this code ("" for any) at this field,
// without a word of what was sent and without a case.
func refused(t *testing.T, c city, code, pointer string, status int, r request) {
	t.Helper()
	before := c.Streams(t, "case-")
	a := c.Refused(t, status, code, pointer, r)
	citytest.Unsaid(t, citytest.Secrets(), string(a.Body), c.logged.String())
	if diff := cmp.Diff(before, c.Streams(t, "case-")); diff != "" {
		t.Errorf("something was stored:\n%s", diff)
	}
}

func TestBadInputIsRefusedWithItsRuleAndNothingIsStored(t *testing.T) {
	c := newCity(t)
	amount := func(text string) string {
		return strings.Replace(reportBody(), `"amountFen":483000000`, `"amountFen":`+text, 1)
	}
	bank := officer("", access.BankDesk, "")
	bank = access.Person{User: "desk-1", Role: bank.Role, Bank: "102100099996"}
	for _, r := range []struct {
		rule, code, pointer string
		status              int
		request             request
	}{
		{"a body that is no JSON", "json-malformed", "", 400, request{Body: `{"victim": {"name": "` + citytest.VictimName}},
		{"a body that is no object", "field-invalid", "", 422, request{Body: `["` + citytest.VictimCard + `"]`}},
		{"something behind the JSON", "json-malformed", "", 400, request{Body: reportBody() + citytest.VictimCard}},
		{"an unknown field", "field-unknown", "", 422, request{Body: reportBody(func(b map[string]any) { b["urgent"] = citytest.VictimCard })}},
		{"an unknown field of the victim", "field-unknown", "/victim", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["card"] = citytest.VictimCard })}},
		{"a field in other letters", "field-missing", "", 422, request{Body: strings.Replace(reportBody(), `"amountFen"`, `"AmountFen"`, 1)}},
		{"a missing victim", "field-missing", "", 422, request{Body: reportBody(func(b map[string]any) { delete(b, "victim") })}},
		{"a victim without a name", "name-missing", "/victim/name", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["name"] = "" })}},
		{"a name that is a number", "field-invalid", "/victim/name", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["name"] = 7 })}},
		{"a negative amount", "amount-not-positive", "/transfers/0/amountFen", 422, request{Body: amount("-1")}},
		{"a zero amount", "amount-not-positive", "/transfers/0/amountFen", 422, request{Body: amount("0")}},
		{"an absurd amount", "amount-absurd", "/transfers/0/amountFen", 422, request{Body: amount("100000000000001")}},
		{"an amount with three decimals", "amount-not-whole-fen", "/transfers/0/amountFen", 422, request{Body: amount("1.005")}},
		{"an amount as text", "amount-not-whole-fen", "/transfers/0/amountFen", 422, request{Body: amount(`"1.00"`)}},
		{"an amount of nothing", "amount-not-whole-fen", "/transfers/0/amountFen", 422, request{Body: amount("null")}},
		{"a broken ID number", "id-card-checksum", "/victim/idNumber", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["idNumber"] = "110105194912310021" })}},
		{"an ID number with an impossible birth date", "id-card-malformed", "/victim/idNumber", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["idNumber"] = "11010519491331002X" })}},
		{"an unknown kind of document", "id-kind-unknown", "/victim/idKind", 422, request{Body: reportBody(func(b map[string]any) { at(b, "victim")["idKind"] = "42" })}},
		{"an unknown bank", "bank-unknown", "/transfers/0/to/bank", 422, request{Body: reportBody(func(b map[string]any) { at(b, "transfers", 0, "to")["bank"] = "313999999994" })}},
		{"a bank code with a slip", "bank-code-check-digit", "/transfers/0/from/bank", 422, request{Body: reportBody(func(b map[string]any) { at(b, "transfers", 0, "from")["bank"] = "102100099997" })}},
		{"a transfer to no account", "account-number-missing", "/transfers/0/to/number", 422, request{Body: reportBody(func(b map[string]any) { at(b, "transfers", 0, "to")["number"] = " " })}},
		{"a transfer to itself", "transfer-to-itself", "/transfers/0/to", 422, request{Body: reportBody(func(b map[string]any) { at(b, "transfers", 0)["to"] = at(b, "transfers", 0)["from"] })}},
		{"a transfer in the future", "time-in-future", "/transfers/0/at", 422, request{Body: reportBody(func(b map[string]any) { at(b, "transfers", 0)["at"] = "2021-07-17T17:00:00Z" })}},
		{"a report from the future", "time-in-future", "/receivedAt", 422, request{Body: reportBody(func(b map[string]any) { b["receivedAt"] = "2021-07-17T17:00:00Z" })}},
		{"no transfer", "transfer-missing", "/transfers", 422, request{Body: reportBody(func(b map[string]any) { b["transfers"] = []any{} })}},
		{"an unknown kind of fraud", "fraud-type-unknown", "/fraudType", 422, request{Body: reportBody(func(b map[string]any) { b["fraudType"] = "77" })}},
		{"no investigator", "two-officers-required", "/investigator", 422, request{Body: reportBody(func(b map[string]any) { delete(b, "investigator") })}},
		{"an investigator who is the operator", "two-officers-required", "/investigator", 422, request{Body: reportBody(func(b map[string]any) { at(b, "investigator")["policeNo"] = "091001" })}},
		{"an investigator of a unit that is none", "unit-code-malformed", "/investigator/unit", 422, request{Body: reportBody(func(b map[string]any) { at(b, "investigator")["unit"] = "4409" })}},
		{"a body in XML", "media-type-unsupported", "", 415, request{Body: "<report/>", Header: map[string]string{"Content-Type": "application/xml"}}},
		{"an oversized body", "request-too-large", "", 413, request{Body: `"` + strings.Repeat(citytest.VictimCard, 60_000) + `"`}},
		{"no token", "token-missing", "", 401, request{Who: access.Person{User: ""}, Header: map[string]string{"X-No": "token"}}},
		{"a token that is none", "token-invalid", "", 401, request{Header: map[string]string{"Authorization": "Bearer " + citytest.VictimCard}}},
		{"a chief, who takes no reports", "role-not-allowed", "", 403, request{Who: aChief()}},
		{"a bank's desk", "role-not-allowed", "", 403, request{Who: bank}},
		{"no Idempotency-Key", "idempotency-key-missing", "", 400, request{Key: "-"}},
		{"an Idempotency-Key of seven characters", "idempotency-key-missing", "", 400, request{Key: "report1"}},
		{"a revision for a case that does not exist yet", "revision-stale", "", 412, request{Header: map[string]string{"If-Match": `"4"`}}},
	} {
		t.Run(r.rule, func(t *testing.T) {
			sent := r.request
			sent.Path = "/v1/reports"
			if sent.Body == nil {
				sent.Body = reportBody()
			}
			switch sent.Key {
			case "":
				sent.Key = "report-0001"
			case "-":
				sent.Key = ""
			}
			if sent.Who.User == "" && sent.Header["X-No"] == "" {
				sent.Who = onDuty()
			}
			refused(t, c, r.code, r.pointer, r.status, sent)
		})
	}
	if cases := c.Streams(t, "case-"); len(cases) != 0 {
		t.Errorf("cases %v", cases)
	}
	// The bad requests have not used up their key.
	c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()}, nil)
}

// Numbers that are whole but not written as such pass the schema; they must
// still not be taken for an amount.
func TestAnAmountInAnotherNotationIsRefused(t *testing.T) {
	c := newCity(t)
	for _, text := range []string{"1e3", "1.0", "1e30", "99999999999999999999", "9223372036854775808"} {
		t.Run(text, func(t *testing.T) {
			refused(t, c, "amount-not-whole-fen", "", http.StatusUnprocessableEntity, request{
				Path: "/v1/reports", Key: "report-0001", Who: onDuty(),
				Body: strings.Replace(reportBody(), `"amountFen":483000000`, `"amountFen":`+text, 1),
			})
		})
	}
}
