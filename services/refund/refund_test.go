package refund_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/refund"
)

type object = map[string]any

// apply takes both applications, to the original account.
func (w *world) apply() {
	w.t.Helper()
	w.act(li, "victim-notice", object{"victim": w.victim.ID, "via": "phone"})
	for _, t := range []event.Transfer{w.one, w.two} {
		w.act(li, "application", object{"victim": w.victim.ID, "transfer": t.ID, "partner": wang})
	}
}

// notices asks the bank's list.
func (w *world) notices(who access.Person, wait string) []bank.Notice {
	w.t.Helper()
	r := w.get(who, "/v1/bank/refund-notices?wait="+wait)
	var page bank.Notices
	if err := json.Unmarshal(r.Body, &page); r.Status != http.StatusOK || err != nil {
		w.t.Fatalf("notices: %d %s", r.Status, r.Body)
	}
	return page.Items
}

func (w *world) done(n bank.Notice) bank.NoticeAnswer {
	return bank.NoticeAnswer{
		Result: bank.ResultOK, DoneTime: identity.FormatPlatformTime(w.Clock.Now()), Amount: n.Amount, ReceiptNumber: "HD-" + n.NoticeID,
	}
}

func answerPath(n bank.Notice) string { return "/v1/bank/refund-notices/" + n.NoticeID + "/answer" }

func TestAFrozenAccountIsReturnedByTheOriginalRoute(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	w.apply()
	table := w.act(li, "flow-table", object{"checkedBy": wang})
	if table.number("flowTableVersion") != 1 {
		t.Errorf("flow table %s", table.Body)
	}
	plan := w.act(li, "plan", object{})
	if plan.body["mode"] != "DIRECT2" || plan.body["noticeRequired"] != false {
		t.Errorf("plan %s", plan.Body)
	}
	w.act(li, "report", object{})
	w.act(zhao, "approval", object{"decisionNo": "茂公返字〔2021〕1号"})
	w.act(li, "assist-notice", object{"officers": []any{wang, chen}})

	open := eventually(w, func() ([]bank.Notice, bool) { n := w.notices(desk, "1"); return n, len(n) == 2 })
	want := bank.Notice{
		NoticeID: open[0].NoticeID, CaseNumber: "A4409820000002021070001", BankID: string(muleBank), AccountName: "李四", AccountNumber: "6217000000000000002",
		Payee: bank.Side{BankID: string(victimBank), AccountName: "杨某某", AccountNumber: "6222020000000000011"}, Amount: "10000.00",
		Officers:   []bank.Signatory{{PoliceNo: "440902", OrgID: "440900000000"}, {PoliceNo: "440903", OrgID: "440900000000"}},
		ServedTime: open[0].ServedTime,
	}
	if diff := cmp.Diff(want, open[0]); diff != "" || open[1].Amount != "20000.00" {
		t.Errorf("notice (-want +got):\n%s", diff)
	}
	for _, n := range open {
		if r := w.post(desk, answerPath(n), w.done(n)); r.Status != http.StatusOK || r.body["state"] != "done" {
			t.Fatalf("answer: %d %s", r.Status, r.Body)
		}
	}
	if r := w.post(desk, answerPath(open[1]), w.done(open[1])); r.Status != http.StatusOK {
		t.Errorf("the same answer again: %d %s", r.Status, r.Body)
	}
	one := w.get(li, "/v1/refunds/"+string(w.procure))
	if one.body["state"] != "closed" || one.number("returnedFen") != 3_000_000 || one.number("remainderFen") != 7_000_000 || one.number("heldFen") != 3_000_000 {
		t.Errorf("closed: %s", one.Body)
	}
	names, events := w.stored()
	if diff := cmp.Diff([]string{
		"refund-opened.v1", "victim-informed-of-freeze.v1", "refund-applied.v1", "refund-applied.v1", "flow-table-compiled.v1",
		"refund-plan-proposed.v1", "refund-report-submitted.v1", "refund-approved.v1", "assist-notice-served.v1",
		"refund-executed.v1", "refund-executed.v1", "remainder-kept-frozen.v1", "refund-closed.v1",
	}, names); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
	kept, _ := events[11].(event.RemainderKeptFrozen)
	if kept.Amount != 7_000_000 || !kept.ExpiresAt.Equal(start.AddDate(0, 6, 0)) {
		t.Errorf("kept %+v", kept)
	}
	compiled, _ := events[4].(event.FlowTableCompiled)
	if len(compiled.Rows) != 3 || compiled.Rows[2].Level != 2 || compiled.Rows[2].Carried != 4_000_000 {
		t.Errorf("flow table %+v", compiled.Rows)
	}
	if left := w.notices(desk, "0"); len(left) > 0 {
		eventually(w, func() (int, bool) { n := w.notices(desk, "0"); return len(n), len(n) == 0 })
	}
}

func TestAProportionalRefundWaitsForItsNotice(t *testing.T) {
	w := newWorld(t)
	w.seed(false)
	w.apply()
	w.act(li, "flow-table", object{"checkedBy": wang})
	if plan := w.act(li, "plan", object{}); plan.body["mode"] != "PRORATA" || plan.body["noticeRequired"] != true {
		t.Fatalf("plan %s", plan.Body)
	}
	posted := w.act(li, "public-notice", object{"medium": "police-website", "textHash": "sm3:0123456789abcdef"})
	if posted.body["noticeEndsAt"] != "2021-09-01T16:00:00Z" {
		t.Errorf("posted %s", posted.Body)
	}
	w.act(li, "report", object{})
	if r := w.post(zhao, w.path("approval"), object{"decisionNo": "茂公返字〔2021〕1号"}); r.Code() != "notice-not-ended" {
		t.Errorf("approved during the notice: %d %s", r.Status, r.Body)
	}
	filed := w.act(li, "objections", object{"grounds": "ownership"})
	w.forward(time.Date(2021, 9, 1, 16, 0, 0, 0, time.UTC))
	eventually(w, func() (reply, bool) {
		r := w.get(li, "/v1/refunds/"+string(w.procure))
		names, _ := w.stored()
		return r, slices.Contains(names, "public-notice-ended.v1")
	})
	if r := w.post(zhao, w.path("approval"), object{"decisionNo": "茂公返字〔2021〕1号"}); r.Code() != "objection-open" {
		t.Errorf("approved with an open objection: %d %s", r.Status, r.Body)
	}
	id, _ := filed.body["objection"].(string)
	w.act(li, "objections/"+id+"/decision", object{"upheld": false})
	if r := w.act(zhao, "approval", object{"decisionNo": "茂公返字〔2021〕1号"}); r.body["state"] != "approved" {
		t.Errorf("approval %s", r.Body)
	}
	// A second service on the same log wakes up to the same clock, and must not
	// end the notice again. Its view grows from nothing to the same list.
	before := eventually(w, func() (reply, bool) {
		r := w.get(li, "/v1/refunds?case=c-1")
		return r, strings.Contains(string(r.Body), `"state":"approved"`)
	})
	w.stop()
	w.Run(refund.New)
	w.Ready()
	after := w.get(li, "/v1/refunds?case=c-1")
	if diff := cmp.Diff(before.body, after.body); diff != "" {
		t.Errorf("the list that grew back differs:\n%s", diff)
	}
	names, _ := w.stored()
	if ended := slices.DeleteFunc(names, func(n string) bool { return n != "public-notice-ended.v1" }); len(ended) != 1 {
		t.Errorf("the notice ended %d times", len(ended))
	}
}

func TestABankWaitsForItsNoticesAndSeesNoOthers(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	w.apply()
	w.act(li, "flow-table", object{"checkedBy": wang})
	w.act(li, "plan", object{})
	w.act(li, "report", object{})
	w.act(zhao, "approval", object{"decisionNo": "茂公返字〔2021〕1号"})
	waiting := make(chan []bank.Notice, 1)
	go func() { waiting <- w.notices(desk, "30") }()
	w.act(li, "assist-notice", object{"officers": []any{wang, chen}})
	var open []bank.Notice
	select {
	case open = <-waiting:
	case <-time.After(patience):
		t.Fatal("the bank that waits is not told")
	}
	if len(open) != 2 {
		t.Fatalf("%d notices", len(open))
	}
	if n := w.notices(away, "0"); len(n) != 0 {
		t.Errorf("another bank sees %d notices", len(n))
	}
	n := open[0]
	wrong, late, plain := w.done(n), w.done(n), w.done(n)
	wrong.Amount = "9999.99"
	late.DoneTime = identity.FormatPlatformTime(start.AddDate(1, 0, 0))
	plain.Amount = "10000.001"
	before, _ := w.stored()
	for rule, c := range map[string]struct {
		who    access.Person
		path   string
		answer any
		status int
		code   string
	}{
		"another bank does not answer":     {away, answerPath(n), w.done(n), 403, "refund-notice-of-another-bank"},
		"an unknown notice":                {desk, "/v1/bank/refund-notices/0000/answer", w.done(n), 404, "refund-notice-unknown"},
		"another amount":                   {desk, answerPath(n), wrong, 422, "refund-amount-differs"},
		"an amount of three decimals":      {desk, answerPath(n), plain, 422, "bank-amount-malformed"},
		"a time to come":                   {desk, answerPath(n), late, 422, "time-in-future"},
		"no time at all":                   {desk, answerPath(n), object{"result": "0000", "amount": "10000.00"}, 422, "bank-time-malformed"},
		"a failure for no known cause":     {desk, answerPath(n), object{"result": "9999", "failureCause": "杨某某的账户"}, 422, "failure-cause-unknown"},
		"a field that is not defined":      {desk, answerPath(n), object{"result": "0000", "fee": "1.00"}, 422, "field-unknown"},
		"an officer is no bank":            {li, answerPath(n), w.done(n), 403, "role-not-allowed"},
		"nobody":                           {access.Person{}, answerPath(n), w.done(n), 401, "token-missing"},
		"an auditor does not see the list": {access.Person{User: "a-1", Role: access.Auditor}, answerPath(n), w.done(n), 403, "role-not-allowed"},
	} {
		if r := w.post(c.who, c.path, c.answer); r.Status != c.status || r.Code() != c.code {
			t.Errorf("%s: %d %s", rule, r.Status, r.Body)
		}
	}
	if after, _ := w.stored(); len(after) != len(before) {
		t.Errorf("a refused answer stored %v", after[len(before):])
	}
	if r := w.post(desk, answerPath(n), object{"result": "9999", "failureCause": "technical"}); r.Status != http.StatusOK || r.body["state"] != "open" {
		t.Errorf("a failure: %d %s", r.Status, r.Body)
	}
	if r := w.post(desk, answerPath(n), w.done(n)); r.body["state"] != "done" {
		t.Errorf("paid at the second try: %d %s", r.Status, r.Body)
	}
	if r := w.post(desk, answerPath(n), wrong); r.Code() != "refund-amount-differs" {
		t.Errorf("another amount after the payment: %d %s", r.Status, r.Body)
	}
}

func TestAServerThatStopsEndsTheWaitOfItsBanks(t *testing.T) {
	w := newWorld(t)
	entered := make(chan struct{})
	stop := w.Run(func(ctx context.Context, city service.City) (service.Part, error) {
		part, err := refund.New(ctx, city)
		routes := part.Routes
		part.Routes = func(mux *http.ServeMux) {
			own := http.NewServeMux()
			routes(own)
			mux.HandleFunc("GET /v1/bank/refund-notices", func(out http.ResponseWriter, r *http.Request) {
				close(entered)
				own.ServeHTTP(out, r)
			})
		}
		return part, err
	})
	waiting := make(chan citytest.Answer, 1)
	go func() {
		a, err := w.Send(citytest.Request{Who: desk, Method: http.MethodGet, Path: "/v1/bank/refund-notices?wait=30"})
		if err != nil {
			t.Error(err)
		}
		waiting <- a
	}()
	<-entered
	begun := time.Now()
	stop()
	got := <-waiting
	if got.Status != http.StatusOK || strings.TrimSpace(string(got.Body)) != `{"items":[]}` || time.Since(begun) > 10*time.Second {
		t.Errorf("after %s: %d %s", time.Since(begun), got.Status, got.Body)
	}
}

func TestBadInputIsRefusedByItsRuleAndNothingIsStored(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	own := object{"bank": string(victimBank), "number": "6222020000000000029", "holder": "杨某某"}
	foreign := object{"bank": string(victimBank), "number": "6222020000000000029", "holder": "王五"}
	application := func(with object) object {
		body := object{"victim": w.victim.ID, "transfer": "t-1", "partner": wang}
		maps.Copy(body, with)
		return body
	}
	before, _ := w.stored()
	for rule, c := range map[string]struct {
		who    access.Person
		act    string
		body   any
		status int
		code   string
	}{
		"wrong JSON":                              {li, "plan", `{`, 400, "json-malformed"},
		"a field that is not defined":             {li, "plan", object{"feeFen": 1}, 422, "field-unknown"},
		"a victim of nothing":                     {li, "victim-notice", object{"victim": "p-9", "via": "phone"}, 422, "victim-not-of-refund"},
		"prose where a code is asked":             {li, "victim-notice", object{"victim": w.victim.ID, "via": "电话告知杨某某"}, 422, "code-malformed"},
		"an application by one officer":           {li, "application", application(object{"partner": object{"policeNo": "440901", "unit": "440900000000"}}), 422, "two-officers-required"},
		"an application without a second officer": {li, "application", object{"victim": w.victim.ID, "transfer": "t-1"}, 422, "two-officers-required"},
		"a broken unit code":                      {li, "application", application(object{"partner": object{"policeNo": "440902", "unit": "44"}}), 422, "unit-code-malformed"},
		"an unknown transfer":                     {li, "application", application(object{"transfer": "t-9"}), 422, "claim-unknown"},
		"another payee without a reason":          {li, "application", application(object{"payee": own, "payeeOwner": w.victim.ID}), 422, "payee-not-original"},
		"another person's payee":                  {li, "application", application(object{"payee": own, "payeeOwner": "p-9", "reason": "closed"}), 422, "payee-not-own"},
		"a payee in another name":                 {li, "application", application(object{"payee": foreign, "payeeOwner": w.victim.ID, "reason": "closed"}), 422, "payee-not-own"},
		"a payee at an unknown bank":              {li, "application", application(object{"payee": object{"bank": "999999999999", "number": "1"}, "reason": "closed"}), 422, ""},
		"a flow table checked by its compiler":    {li, "flow-table", object{"checkedBy": object{"policeNo": "440901", "unit": "440900000000"}}, 422, "checker-is-compiler"},
		"a plan before the victim was told":       {li, "plan", object{}, 409, "victim-not-informed"},
		"a notice without a plan":                 {li, "public-notice", object{"medium": "police-website", "textHash": "sm3:0123456789abcdef"}, 409, "plan-missing"},
		"a report without a plan":                 {li, "report", object{}, 409, "plan-missing"},
		"an unknown objection":                    {li, "objections/none/decision", object{"upheld": true}, 404, "objection-unknown"},
		"an approval by an investigator":          {li, "approval", object{"decisionNo": "茂公返字〔2021〕1号"}, 403, "role-not-allowed"},
		"an approval by a chief of a county":      {qian, "approval", object{"decisionNo": "茂公返字〔2021〕1号"}, 403, "approver-level-city"},
		"an approval of nothing":                  {zhao, "approval", object{"decisionNo": "茂公返字〔2021〕1号"}, 409, "plan-missing"},
		"a decision in the name of a person":      {zhao, "approval", object{"decisionNo": "张三 13800138000"}, 422, "document-number-malformed"},
		"a notice without an approval":            {li, "assist-notice", object{"officers": []any{wang, chen}}, 409, "refund-not-approved"},
		"three officers":                          {li, "assist-notice", object{"officers": []any{wang, chen, wang}}, 422, "field-invalid"},
		"a bank desk at police work":              {desk, "plan", object{}, 403, "role-not-allowed"},
		"nobody":                                  {access.Person{}, "plan", object{}, 401, "token-missing"},
	} {
		r := w.post(c.who, w.path(c.act), c.body)
		if r.Status != c.status || (c.code != "" && r.Code() != c.code) {
			t.Errorf("%s: %d %s", rule, r.Status, r.Body)
		}
		if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %s", rule, got)
		}
		if strings.Contains(string(r.Body), "杨某某") || strings.Contains(string(r.Body), "6222020000000000029") {
			t.Errorf("%s: the answer repeats personal data", rule)
		}
	}
	if after, _ := w.stored(); len(after) != len(before) {
		t.Errorf("refused requests stored %v", after[len(before):])
	}
	if r := w.post(li, "/v1/refunds/none/plan", object{}); r.Status != 404 || r.Code() != "refund-unknown" {
		t.Errorf("an unknown procedure: %d %s", r.Status, r.Body)
	}
	if r := w.get(li, "/v1/refunds/none"); r.Status != 404 {
		t.Errorf("an unknown procedure is shown: %d", r.Status)
	}
	if r := w.get(desk, "/v1/refunds"); r.Status != 403 {
		t.Errorf("a bank sees the list: %d", r.Status)
	}
	if r := w.get(li, "/v1/refunds?cursor=!"); r.Status != 422 {
		t.Errorf("a cursor of nobody: %d %s", r.Status, r.Body)
	}
}

func TestI63_TheSameRequestTwiceHasOneEffectAndAnotherUnderItsKeyNone(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	send := func(body object) reply {
		return read(w.Do(li, http.MethodPost, w.path("victim-notice"), "one-key-of-mine", body))
	}
	first := send(object{"victim": w.victim.ID, "via": "phone"})
	again := send(object{"victim": w.victim.ID, "via": "phone"})
	if first.Status != 200 || again.Status != 200 || again.Header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(first.Body, again.Body) {
		t.Errorf("first %d %s, again %d %s", first.Status, first.Body, again.Status, again.Body)
	}
	if r := send(object{"victim": w.victim.ID, "via": "letter"}); r.Status != 422 || r.Code() != "idempotency-key-reused" {
		t.Errorf("another body: %d %s", r.Status, r.Body)
	}
	w.Refused(t, http.StatusBadRequest, "idempotency-key-missing", "", citytest.Request{Who: li, Path: w.path("plan"), Body: object{}})
	if names, _ := w.stored(); len(names) != 2 {
		t.Errorf("stored %v", names)
	}
}

func TestI40_AVictimsOtherAccountIsPaidWhenItIsHisAndHeSaysWhy(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	w.act(li, "application", object{
		"victim": w.victim.ID, "transfer": "t-1", "partner": wang, "payeeOwner": w.victim.ID, "reason": "lost",
		"payee": object{"bank": string(victimBank), "number": "6222020000000000029", "holder": "杨 某某"},
	})
	_, events := w.stored()
	got, _ := events[len(events)-1].(event.RefundApplied)
	if got.Payee.ID == w.one.From.ID || got.PayeeOwner != w.victim.ID || got.Reason != "lost" {
		t.Errorf("applied %+v", got)
	}
}

func TestI64_NothingPersonalStandsInTheLogInClear(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	w.apply()
	w.act(li, "flow-table", object{"checkedBy": wang})
	w.act(li, "plan", object{})
	w.Hidden(t, []string{"杨某某", "李四", "张三", "13812345678", "6222020000000000011", "6217000000000000002"}, 10)
}
