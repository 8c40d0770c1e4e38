package refund_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
)

func baseContext(ctx context.Context) func(net.Listener) context.Context {
	return func(net.Listener) context.Context { return ctx }
}

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
	if err := json.Unmarshal([]byte(r.raw), &page); r.status != http.StatusOK || err != nil {
		w.t.Fatalf("notices: %d %s", r.status, r.raw)
	}
	return page.Items
}

func (w *world) done(n bank.Notice) bank.NoticeAnswer {
	return bank.NoticeAnswer{
		Result: bank.ResultOK, DoneTime: identity.FormatPlatformTime(w.city.Clock.Now()), Amount: n.Amount, ReceiptNumber: "HD-" + n.NoticeID,
	}
}

func answerPath(n bank.Notice) string { return "/v1/bank/refund-notices/" + n.NoticeID + "/answer" }

func TestAFrozenAccountIsReturnedByTheOriginalRoute(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	w.apply()
	table := w.act(li, "flow-table", object{"checkedBy": wang})
	if table.number("flowTableVersion") != 1 {
		t.Errorf("flow table %s", table.raw)
	}
	plan := w.act(li, "plan", object{})
	if plan.body["mode"] != "DIRECT2" || plan.body["noticeRequired"] != false {
		t.Errorf("plan %s", plan.raw)
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
		if r := w.post(desk, answerPath(n), w.done(n)); r.status != http.StatusOK || r.body["state"] != "done" {
			t.Fatalf("answer: %d %s", r.status, r.raw)
		}
	}
	if r := w.post(desk, answerPath(open[1]), w.done(open[1])); r.status != http.StatusOK {
		t.Errorf("the same answer again: %d %s", r.status, r.raw)
	}
	one := w.get(li, "/v1/refunds/"+string(w.procure))
	if one.body["state"] != "closed" || one.number("returnedFen") != 3_000_000 || one.number("remainderFen") != 7_000_000 || one.number("heldFen") != 3_000_000 {
		t.Errorf("closed: %s", one.raw)
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
		t.Fatalf("plan %s", plan.raw)
	}
	posted := w.act(li, "public-notice", object{"medium": "police-website", "textHash": "sm3:0123456789abcdef"})
	if posted.body["noticeEndsAt"] != "2021-09-01T16:00:00Z" {
		t.Errorf("posted %s", posted.raw)
	}
	w.act(li, "report", object{})
	if r := w.post(zhao, w.path("approval"), object{"decisionNo": "1"}); r.code() != "notice-not-ended" {
		t.Errorf("approved during the notice: %d %s", r.status, r.raw)
	}
	filed := w.act(li, "objections", object{"grounds": "ownership"})
	w.forward(time.Date(2021, 9, 1, 16, 0, 0, 0, time.UTC))
	eventually(w, func() (reply, bool) {
		r := w.get(li, "/v1/refunds/"+string(w.procure))
		names, _ := w.stored()
		return r, slices.Contains(names, "public-notice-ended.v1")
	})
	if r := w.post(zhao, w.path("approval"), object{"decisionNo": "1"}); r.code() != "objection-open" {
		t.Errorf("approved with an open objection: %d %s", r.status, r.raw)
	}
	id, _ := filed.body["objection"].(string)
	w.act(li, "objections/"+id+"/decision", object{"upheld": false})
	if r := w.act(zhao, "approval", object{"decisionNo": "1"}); r.body["state"] != "approved" {
		t.Errorf("approval %s", r.raw)
	}
	// A second service on the same log wakes up to the same clock, and must not
	// end the notice again. Its view grows from nothing to the same list.
	before := eventually(w, func() (reply, bool) {
		r := w.get(li, "/v1/refunds?case=c-1")
		return r, strings.Contains(r.raw, `"state":"approved"`)
	})
	w.stop()
	w.city.Dir = t.TempDir()
	w.serve()
	eventually(w, func() (reply, bool) {
		r := w.get(li, "/readyz")
		return r, r.status == http.StatusOK
	})
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
	w.act(zhao, "approval", object{"decisionNo": "1"})
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
		if r := w.post(c.who, c.path, c.answer); r.status != c.status || r.code() != c.code {
			t.Errorf("%s: %d %s", rule, r.status, r.raw)
		}
	}
	if after, _ := w.stored(); len(after) != len(before) {
		t.Errorf("a refused answer stored %v", after[len(before):])
	}
	if r := w.post(desk, answerPath(n), object{"result": "9999", "failureCause": "technical"}); r.status != http.StatusOK || r.body["state"] != "open" {
		t.Errorf("a failure: %d %s", r.status, r.raw)
	}
	if r := w.post(desk, answerPath(n), w.done(n)); r.body["state"] != "done" {
		t.Errorf("paid at the second try: %d %s", r.status, r.raw)
	}
	if r := w.post(desk, answerPath(n), wrong); r.code() != "refund-amount-differs" {
		t.Errorf("another amount after the payment: %d %s", r.status, r.raw)
	}
}

func TestAServerThatStopsEndsTheWaitOfItsBanks(t *testing.T) {
	w := newWorld(t)
	type ended struct {
		status int
		raw    string
	}
	waiting := make(chan ended, 1)
	go func() {
		r := w.get(desk, "/v1/bank/refund-notices?wait=30")
		waiting <- ended{r.status, r.raw}
	}()
	// The request is under way once the server has a connection that is busy.
	begun := time.Now()
	eventually(w, func() (int, bool) { return 0, w.busy.Load() > 0 })
	w.stop()
	got := <-waiting
	if got.status != http.StatusOK || strings.TrimSpace(got.raw) != `{"items":[]}` || time.Since(begun) > 25*time.Second {
		t.Errorf("after %s: %d %s", time.Since(begun), got.status, got.raw)
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
		"wrong JSON":                              {li, "plan", []byte(`{`), 400, "json-malformed"},
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
		"an approval by an investigator":          {li, "approval", object{"decisionNo": "1"}, 403, "role-not-allowed"},
		"an approval by a chief of a county":      {qian, "approval", object{"decisionNo": "1"}, 403, "approver-level-city"},
		"an approval of nothing":                  {zhao, "approval", object{"decisionNo": "1"}, 409, "plan-missing"},
		"a notice without an approval":            {li, "assist-notice", object{"officers": []any{wang, chen}}, 409, "refund-not-approved"},
		"three officers":                          {li, "assist-notice", object{"officers": []any{wang, chen, wang}}, 422, "field-invalid"},
		"a bank desk at police work":              {desk, "plan", object{}, 403, "role-not-allowed"},
		"nobody":                                  {access.Person{}, "plan", object{}, 401, "token-missing"},
	} {
		r := w.post(c.who, w.path(c.act), c.body)
		if r.status != c.status || (c.code != "" && r.code() != c.code) {
			t.Errorf("%s: %d %s", rule, r.status, r.raw)
		}
		if got := r.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %s", rule, got)
		}
		if strings.Contains(r.raw, "杨某某") || strings.Contains(r.raw, "6222020000000000029") {
			t.Errorf("%s: the answer repeats personal data", rule)
		}
	}
	if after, _ := w.stored(); len(after) != len(before) {
		t.Errorf("refused requests stored %v", after[len(before):])
	}
	if r := w.post(li, "/v1/refunds/none/plan", object{}); r.status != 404 || r.code() != "refund-unknown" {
		t.Errorf("an unknown procedure: %d %s", r.status, r.raw)
	}
	if r := w.get(li, "/v1/refunds/none"); r.status != 404 {
		t.Errorf("an unknown procedure is shown: %d", r.status)
	}
	if r := w.get(desk, "/v1/refunds"); r.status != 403 {
		t.Errorf("a bank sees the list: %d", r.status)
	}
	if r := w.get(li, "/v1/refunds?cursor=!"); r.status != 422 {
		t.Errorf("a cursor of nobody: %d %s", r.status, r.raw)
	}
}

func TestI63_TheSameRequestTwiceHasOneEffectAndAnotherUnderItsKeyNone(t *testing.T) {
	w := newWorld(t)
	w.seed(true)
	send := func(body object) reply {
		return w.send(t.Context(), li, http.MethodPost, w.path("victim-notice"), "one-key-of-mine", body)
	}
	first := send(object{"victim": w.victim.ID, "via": "phone"})
	again := send(object{"victim": w.victim.ID, "via": "phone"})
	if first.status != 200 || again.status != 200 || again.header.Get("Idempotency-Replayed") != "true" || first.raw != again.raw {
		t.Errorf("first %d %s, again %d %s", first.status, first.raw, again.status, again.raw)
	}
	if r := send(object{"victim": w.victim.ID, "via": "letter"}); r.status != 422 || r.code() != "idempotency-key-reused" {
		t.Errorf("another body: %d %s", r.status, r.raw)
	}
	if r := w.send(t.Context(), li, http.MethodPost, w.path("plan"), "", object{}); r.code() != "idempotency-key-missing" {
		t.Errorf("no key: %d %s", r.status, r.raw)
	}
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
	all, _, err := w.city.Log.ReadAll(t.Context(), eventlog.Start, nil, 10_000)
	if err != nil || len(all) < 10 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	for _, r := range all {
		for _, secret := range []string{"杨某某", "李四", "张三", "13812345678", "6222020000000000011", "6217000000000000002"} {
			if bytes.Contains(r.Data, []byte(secret)) || bytes.Contains(r.Meta, []byte(secret)) || strings.Contains(r.Stream, secret) {
				t.Errorf("%s at %d of %s shows personal data", r.Type, r.Revision, r.Stream)
			}
		}
	}
}
