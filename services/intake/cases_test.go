package intake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// opened takes in the report of the tests.
func opened(t *testing.T, c city) string {
	t.Helper()
	var got receipt
	c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: "report-0001", Who: onDuty(), Body: reportBody()}, &got)
	return "/v1/cases/" + string(got.Case)
}

func TestACaseIsProposedByOneAndFiledByAnother(t *testing.T) {
	c := newCity(t)
	path := opened(t, c)
	decision := `{"caseNo":"A4409820000002021070001","decisionNo":"化公立字〔2021〕1号"}`
	refusedAt := func(code string, status int, r request) {
		t.Helper()
		refused(t, c, code, "", status, r)
	}
	refusedAt("filing-not-proposed", http.StatusConflict, request{Path: path + "/filing", Key: "filing-0001", Who: aChief(), Body: decision})
	var shown summary
	c.Must(t, http.StatusOK, request{Path: path + "/filing-proposal", Key: "propose-0001", Who: onDuty(), Body: `{}`}, &shown)
	if !shown.Proposed {
		t.Error("not proposed")
	}
	refusedAt("approver-level-county", http.StatusForbidden, request{
		Path: path + "/filing", Key: "filing-0002", Who: officer("090002", access.Chief, access.Station), Body: decision,
	})
	refusedAt("approver-is-proposer", http.StatusForbidden, request{
		Path: path + "/filing", Key: "filing-0003", Who: officer("091001", access.Chief, access.County), Body: decision,
	})
	refusedAt("role-not-allowed", http.StatusForbidden, request{Path: path + "/filing", Key: "filing-0004", Who: onDuty(), Body: decision})
	refused(t, c, "case-no-malformed", "/caseNo", http.StatusUnprocessableEntity, request{
		Path: path + "/filing", Key: "filing-0005", Who: aChief(), Body: `{"caseNo":"A44098200000020210700","decisionNo":"1"}`,
	})
	refused(t, c, "decision-no-missing", "/decisionNo", http.StatusUnprocessableEntity, request{
		Path: path + "/filing", Key: "filing-0006", Who: aChief(), Body: `{"caseNo":"A4409820000002021070001","decisionNo":""}`,
	})
	refused(t, c, "document-number-malformed", "/decisionNo", http.StatusUnprocessableEntity, request{
		Path: path + "/filing", Key: "filing-0008", Who: aChief(), Body: `{"caseNo":"A4409820000002021070001","decisionNo":"张三 13800138000"}`,
	})
	a := c.Must(t, http.StatusOK, request{Path: path + "/filing", Key: "filing-0007", Who: aChief(), Body: decision}, &shown)
	if shown.CaseNo != "A4409820000002021070001" || a.Header.Get("ETag") != `"6"` {
		t.Errorf("%+v under %s", shown, a.Header.Get("ETag"))
	}
	a = c.Must(t, http.StatusOK, request{Path: path + "/filing", Key: "filing-0007", Who: aChief(), Body: decision}, &shown)
	if a.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the same filing again is not told to be a repetition")
	}
	refusedAt("case-filed-already", http.StatusConflict, request{Path: path + "/filing", Key: "filing-0008", Who: aChief(), Body: decision})
}

func TestAFilingCanBeDeclined(t *testing.T) {
	c := newCity(t)
	path := opened(t, c)
	c.Must(t, http.StatusOK, request{Path: path + "/filing-proposal", Key: "propose-0001", Who: onDuty(), Body: `{}`}, nil)
	refused(t, c, "field-invalid", "/reason", http.StatusUnprocessableEntity, request{
		Path: path + "/filing-refusal", Key: "refusal-0001", Who: aChief(), Body: `{"reason":"` + citytest.Brief + `"}`,
	})
	var shown summary
	c.Must(t, http.StatusOK, request{Path: path + "/filing-refusal", Key: "refusal-0002", Who: aChief(), Body: `{"reason":"no-crime"}`}, &shown)
	if !shown.Declined || shown.Proposed || shown.CaseNo != "" {
		t.Errorf("%+v", shown)
	}
}

func TestIfMatchMakesACommandConditional(t *testing.T) {
	c := newCity(t)
	path := opened(t, c) // at revision 4
	body := `{"code":"08"}`
	var shown summary
	a := c.Must(t, http.StatusOK, request{Path: path + "/classification", Key: "classify-1", Who: onDuty(), Body: body, Header: map[string]string{"If-Match": `"4"`}}, &shown)
	if a.Header.Get("ETag") != `"5"` || shown.FraudType != "08" {
		t.Errorf("%+v under %s", shown, a.Header.Get("ETag"))
	}
	for _, stale := range []string{`"4"`, `"6"`, `"x"`} {
		refused(t, c, "revision-stale", "", http.StatusPreconditionFailed, request{
			Path: path + "/classification", Key: "classify-2", Who: onDuty(), Body: `{"code":"09"}`, Header: map[string]string{"If-Match": stale},
		})
	}
	c.Must(t, http.StatusOK, request{Path: path + "/classification", Key: "classify-1", Who: onDuty(), Body: body, Header: map[string]string{"If-Match": `"4"`}}, &shown)
	if shown.FraudType != "08" {
		t.Errorf("a repetition is judged by what has happened since: %+v", shown)
	}
	c.Must(t, http.StatusOK, request{Path: path + "/classification", Key: "classify-3", Who: onDuty(), Body: `{"code":"09"}`, Header: map[string]string{"If-Match": "*"}}, &shown)
	if shown.FraudType != "09" {
		t.Errorf("%+v", shown)
	}
}

func TestTransfersThatTheVictimRemembersLater(t *testing.T) {
	c := newCity(t)
	path := opened(t, c)
	text, err := json.Marshal(aTransfer("", 20_000_00))
	if err != nil {
		t.Fatal(err)
	}
	var shown summary
	for _, key := range []string{"transfer-0001", "transfer-0001", "transfer-0002"} { // he paid the same amount twice within a minute
		c.Must(t, http.StatusCreated, request{Path: path + "/transfers", Key: key, Who: onDuty(), Body: string(text)}, &shown)
	}
	if shown.Declared != 4_870_000_00 || len(shown.Transfers) != 3 {
		t.Errorf("%+v", shown)
	}
	refused(t, c, "case-unknown", "", http.StatusNotFound, request{
		Path: "/v1/cases/" + uuid.NewString() + "/transfers", Key: "transfer-0003", Who: onDuty(), Body: string(text),
	})
}

func TestWhoSeesCases(t *testing.T) {
	c := newCity(t)
	path := opened(t, c)
	for _, r := range []struct {
		rule   string
		who    access.Person
		status int
	}{
		{"a duty officer", onDuty(), 200},
		{"a chief", aChief(), 200},
		{"an auditor", access.Person{User: "audit-1", Role: access.Auditor}, 200},
		{"a system operator does not", access.Person{User: "root-1", Role: access.Operator}, 403},
		{"a bank's desk does not", access.Person{User: "desk-1", Role: access.BankDesk, Bank: "102100099996"}, 403},
		{"nobody does not", access.Person{}, 401},
	} {
		t.Run(r.rule, func(t *testing.T) {
			for _, p := range []string{path, "/v1/cases"} {
				c.Must(t, r.status, request{Method: http.MethodGet, Path: p, Who: r.who}, nil)
			}
		})
	}
	refused(t, c, "case-unknown", "", http.StatusNotFound, request{Method: http.MethodGet, Path: "/v1/cases/" + uuid.NewString(), Who: onDuty()})
	refused(t, c, "path-unknown", "", http.StatusNotFound, request{Method: http.MethodGet, Path: "/v1/nothing", Who: onDuty()})
	refused(t, c, "method-not-allowed", "", http.StatusMethodNotAllowed, request{Method: http.MethodPut, Path: "/v1/reports", Who: onDuty()})
}

func TestTheListShowsTheNewestFirstPageByPage(t *testing.T) {
	c := newCity(t)
	var want []identity.CaseID
	for n := range 5 {
		var got receipt
		c.Must(t, http.StatusCreated, request{Path: "/v1/reports", Key: fmt.Sprintf("report-%04d", n), Who: onDuty(), Body: reportBody()}, &got)
		want = append([]identity.CaseID{got.Case}, want...)
	}
	var page struct {
		Items []struct {
			Case     identity.CaseID `json:"case"`
			Declared int64           `json:"declaredFen"`
		} `json:"items"`
		NextCursor string `json:"nextCursor"`
	}
	list := func(query string) {
		t.Helper()
		page.Items, page.NextCursor = nil, ""
		c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: "/v1/cases" + query, Who: onDuty()}, &page)
	}
	c.Until("all five are in the list", func() bool {
		list("?limit=5")
		return len(page.Items) == 5 && page.Items[0].Declared == 4_830_000_00
	})
	var got []identity.CaseID
	for query, pages := "?limit=2", 0; query != "" && pages < 4; pages++ {
		list(query)
		for _, item := range page.Items {
			got = append(got, item.Case)
		}
		query = ""
		if page.NextCursor != "" {
			query = "?limit=2&cursor=" + page.NextCursor
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	refused(t, c, "cursor-invalid", "", http.StatusUnprocessableEntity, request{Method: http.MethodGet, Path: "/v1/cases?cursor=!", Who: onDuty()})
	list("?cursor=1y2p0ij32e8e7") // 2^63-1, which no page has given: behind the newest
	if len(page.Items) != 5 {
		t.Errorf("%d cases behind the end of the log", len(page.Items))
	}
}

// paidAlert stores what the warning service says of a subject who has paid.
func paidAlert(t *testing.T, c city) event.PaymentDiscovered {
	t.Helper()
	desk := entry.Desk{Keys: c.Keys, Banks: c.Banks}
	victim, _, err := desk.Person(t.Context(), entry.Person{Name: citytest.VictimName, Phone: citytest.VictimPhone}, midnight(), "a", "")
	if err != nil {
		t.Fatal(err)
	}
	transfer, _, err := desk.Transfer(t.Context(), entry.Transfer{
		From:      entry.Account{Bank: "102100099996", Number: citytest.VictimCard, Holder: citytest.VictimName},
		To:        entry.Account{Bank: "103100000026", Number: citytest.SuspectCard, Holder: "收款人"},
		AmountFen: 230_000_00, At: midnight(),
	}, "t", midnight(), "")
	if err != nil {
		t.Fatal(err)
	}
	alert := identity.AlertID(uuid.NewString())
	paid := event.PaymentDiscovered{
		Alert: alert, Case: identity.CaseID(identity.Derive("case-of-alert", string(alert)).String()), Victim: victim,
		Transfers: []event.Transfer{transfer}, FraudType: "资金类", At: midnight(),
		Operator:     event.Officer{PoliceNo: "091001", Unit: "440982000000", Level: identity.County},
		Investigator: event.Officer{PoliceNo: "091002", Unit: "440982000000"},
	}
	citytest.Pen(c.City, "alert", event.AlertCodec())(string(alert), string(alert), paid)
	return paid
}

func TestAPaymentDiscoveredBehindAnAlertOpensACaseByItself(t *testing.T) {
	c := newCity(t)
	paid := paidAlert(t, c)
	c.Until("the case has opened", func() bool { return len(c.history(t, paid.Case)) > 0 })
	got := c.history(t, paid.Case)
	want := []event.CaseEvent{
		event.FraudReportReceived{
			Channel: "warning", ReceivedAt: midnight(), Urgency: "urgent", Unit: "440982000000",
			Operator: paid.Operator, Investigator: paid.Investigator, Alert: paid.Alert,
		},
		event.VictimIdentified{Victim: paid.Victim},
		event.LossTransferDeclared{Transfer: paid.Transfers[0], Victim: paid.Victim.ID, Currency: "CNY"},
		event.IntakeReceiptIssued{
			ReceiptNo: "S44098220210718" + strings.ToUpper(string(paid.Case)[:8]), At: midnight(),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for r, err := range c.Log.Read(t.Context(), "case-"+string(paid.Case), 0) {
		if err != nil {
			t.Fatal(err)
		}
		var meta es.Meta
		if err := json.Unmarshal(r.Meta, &meta); err != nil {
			t.Fatal(err)
		}
		if meta.Correlation != string(paid.Case) || meta.Causation == "" || meta.Actor.User != "system:intake" {
			t.Errorf("metadata %+v", meta)
		}
	}
}

func TestI63_APaymentThatTwoReplicasHearOpensOneCase(t *testing.T) {
	c := newCity(t)
	c.replica()
	var all []event.PaymentDiscovered
	for range 5 {
		all = append(all, paidAlert(t, c))
	}
	c.Until("every case has opened", func() bool {
		for _, paid := range all {
			if len(c.history(t, paid.Case)) == 0 {
				return false
			}
		}
		return true
	})
	for _, paid := range all {
		if n := len(c.history(t, paid.Case)); n != 4 {
			t.Errorf("%d events, want 4", n)
		}
	}
	if parked := c.Streams(t, "parked-"); len(parked) != 0 {
		t.Errorf("parked: %v", parked)
	}
}

func TestI64_NoPersonalDataIsStoredLoggedOrShown(t *testing.T) {
	c := newCity(t)
	path := opened(t, c)
	paid := paidAlert(t, c)
	c.Until("the case of the alert has opened", func() bool { return len(c.history(t, paid.Case)) > 0 })
	shown := ""
	for _, p := range []string{path, "/v1/cases"} {
		shown += string(c.Must(t, http.StatusOK, request{Method: http.MethodGet, Path: p, Who: onDuty()}, nil).Body)
	}
	c.Hidden(t, citytest.Secrets(), 10, shown, c.logged.String())
	victim, ok := c.history(t, identity.CaseID(strings.TrimPrefix(path, "/v1/cases/")))[1].(event.VictimIdentified)
	if !ok {
		t.Fatal("no victim")
	}
	// The secrets were there to be found: those who may can open them.
	for want, box := range map[string]func() (string, error){
		citytest.VictimName:    func() (string, error) { return c.Keys.Open(t.Context(), victim.Victim.Name) },
		citytest.VictimID:      func() (string, error) { return c.Keys.Open(t.Context(), victim.Victim.IDNumber) },
		citytest.VictimPhone:   func() (string, error) { return c.Keys.Open(t.Context(), victim.Victim.Phone) },
		citytest.VictimAddress: func() (string, error) { return c.Keys.Open(t.Context(), victim.Victim.Address) },
	} {
		if got, err := box(); err != nil || got != want {
			t.Errorf("opened %q, %v; want %q", got, err, want)
		}
	}
}
