package stoppayment_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// TestI65_EveryShowingInFullIsOnRecordWithItsPurpose: each form of the flow, and
// the explanation; what is masked or refused is not.
func TestI65_EveryShowingInFullIsOnRecordWithItsPurpose(t *testing.T) {
	c, first := stopped(t)
	account := c.chase(t, "case-1").Accounts[0].Account
	far := citytest.Officer("070001", access.Chief)
	far.Unit = "440183000000"
	for _, ask := range []struct {
		who  access.Person
		path string
		code string
	}{
		{chief, "/v1/pursuits/case-1/flow?unmasked=true&purpose=court", ""},
		{chief, "/v1/pursuits/case-1/flow?unmasked=true&purpose=court", ""}, // a second look is another one
		{leader, "/v1/pursuits/case-1/flow.svg?unmasked=true&purpose=review", ""},
		{duty, "/v1/pursuits/case-1/flow.xlsx?unmasked=true&purpose=file", ""},
		{leader, "/v1/accounts/" + account + "/orders/" + first.ApplicationID + "/explanation?unmasked=true&purpose=bank", ""},
		{duty, "/v1/pursuits/case-1/flow", ""},
		{leader, "/v1/pursuits/case-1/flow.xlsx", ""},
		{leader, "/v1/pursuits/case-1/flow?purpose=file", ""},
		{far, "/v1/pursuits/case-1/flow?unmasked=true&purpose=file", "case-of-another-unit"},
		{far, "/v1/accounts/" + account + "/orders/" + first.ApplicationID + "/explanation?unmasked=true&purpose=file", "case-of-another-unit"},
		{chief, "/v1/pursuits/case-2/flow?unmasked=true&purpose=file", "pursuit-unknown"},
	} {
		if a := c.Get(ask.who, ask.path); a.Code() != ask.code || ask.code == "" && a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", ask.path, a.Status, a.Code())
		}
	}
	var seen []string
	for r, err := range c.Log.Read(t.Context(), "pursuit-case-1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Type != "plaintext-viewed.v1" {
			continue
		}
		var e event.PlaintextViewed
		if err := json.Unmarshal(r.Data, &e); err != nil {
			t.Fatal(err)
		}
		if e.Case != "case-1" || string(e.Unit) != duty.Unit || e.At.IsZero() {
			t.Errorf("on record: %s", r.Data)
		}
		seen = append(seen, strings.Join([]string{e.User, e.Role, e.What, e.Purpose}, " "))
	}
	want := []string{
		"090900 chief flow court", "090900 chief flow court", "090100 shift-leader flow-svg review", "090001 duty-officer flow-xlsx file",
		"090100 shift-leader explanation bank",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("on record (-want +got):\n%s", diff)
	}
}

// TestI65_NoCallShowsInFullWhatNobodyHasAskedToSeeForAPurpose calls everything that
// the service shows, on everything that it holds, as everybody who may look.
func TestI65_NoCallShowsInFullWhatNobodyHasAskedToSeeForAPurpose(t *testing.T) {
	c, first := stopped(t)
	account := c.chase(t, "case-1").Accounts[0].Account
	order := "/v1/accounts/" + account + "/orders/" + first.ApplicationID
	var asked struct{ Objection, Registration, Protective string }
	var query struct{ Order string }
	said := []citytest.Answer{
		c.Post(duty, "/v1/accounts/"+account+"/queries", map[string]any{"case": "case-1", "kind": "holder", "investigator": two["investigator"]}),
		c.Post(duty, order+"/objections", map[string]any{"holder": "周某雄", "contact": "13800138000 周某雄", "text": "这是我的工资，周某雄", "grounds": "lawful-income", "documents": []string{strings.Repeat("ab", 32)}}),
		c.Post(duty, "/v1/pursuits/case-1/paper-orders", map[string]any{
			"account": map[string]any{"bank": ccb, "number": "6217001234567890127", "holder": "李某"}, "channel": "phone", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "王某某", "investigator": two["investigator"],
		}),
		c.Post(duty, "/v1/protective-stops", shieldRequest("杨某")),
	}
	for _, a := range said {
		a.Into(t, &asked)
	}
	said[0].Into(t, &query)
	said = append(said, c.Post(citytest.Desk(abc), "/v1/bank/orders/"+query.Order+"/answer", full(bank.Answer{Result: bank.ResultOK})))
	whole := strings.NewReplacer("{case}", "case-1", "{account}", account, "{order}", first.ApplicationID, "{objection}", asked.Objection, "{registration}", asked.Registration, "{protective}", asked.Protective)
	shown := 0
	for path, ways := range c.document(t).Paths {
		if _, reads := ways["get"]; !reads || strings.HasPrefix(path, "/v1/bank/") || strings.HasPrefix(path, "/v1/machine/") {
			continue // see TestI65_ABankSeesInFullWhatItIsAskedToCarryOut
		}
		for _, who := range []access.Person{duty, leader, chief, citytest.Officer("090300", access.Investigator), {User: "audit-1", Role: access.Auditor}} {
			a := c.Get(who, whole.Replace(path))
			if strings.HasSuffix(path, ".xlsx") && a.Status == http.StatusOK {
				a.Body = cells(t, a.Body)
			}
			switch {
			case a.Status == http.StatusOK:
				shown++
			case path != "/v1/protective-stops/{protective}/notice-text" && path != "/v1/standing-approvals": // nothing to tell yet; not for auditors
				t.Errorf("%s as %s: %d %s", path, who.Role, a.Status, a.Body)
			}
			said = append(said, a)
		}
	}
	if shown < 100 {
		t.Errorf("%d calls were answered", shown)
	}
	for _, a := range said {
		for _, secret := range []string{
			"周某雄", "杨某", "李某", "王某某", "13800138000", "我的工资", "6228481234567890123", "6222021234567890128", "6217001234567890127", "6228481234567890999", "11010519491231002X",
		} {
			if strings.Contains(string(a.Body), secret) {
				t.Errorf("%s is shown: %s", secret, a.Body)
			}
		}
	}
	if seen, _ := stream[event.PlaintextViewed](t, c, "pursuit-case-1", "plaintext-viewed.v1"); len(seen) != 0 {
		t.Errorf("on record: %+v", seen)
	}
}

// TestI65_ABankSeesInFullWhatItIsAskedToCarryOut, of its own orders, and nobody else
// by its paths.
func TestI65_ABankSeesInFullWhatItIsAskedToCarryOut(t *testing.T) {
	c, _ := stopped(t)
	if own := c.orders(t, ccb); len(own) != 1 || own[0].AccountNumber != "6217001234567890127" || own[0].AccountName != "李某" {
		t.Errorf("its own order: %+v", own)
	}
	if a := c.Get(citytest.Desk(icbc), "/v1/bank/orders"); a.Status != http.StatusOK || strings.Contains(string(a.Body), "applicationId") {
		t.Errorf("another bank: %d %s", a.Status, a.Body)
	}
	for _, who := range []access.Person{duty, leader, chief, {User: "audit-1", Role: access.Auditor}} {
		if a := c.Get(who, "/v1/bank/orders"); a.Code() != "role-not-allowed" {
			t.Errorf("%s: %d %s", who.Role, a.Status, a.Body)
		}
	}
}

func TestI65_TheWordsOfAHolderAreShownInFullForAPurposeAndOnRecordWithTheCaseNumber(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	said := objection()
	var filed struct{ Objection string }
	c.Post(duty, path+"/objections", said).Into(t, &filed)
	at := "/v1/accounts/" + account + "/objections/" + filed.Objection
	type words struct {
		Objection             struct{ Objection, Grounds string }
		Holder, Contact, Text string
		Documents             []string
	}
	look := func(who access.Person, query string) (w words) {
		c.Get(who, at+query).Into(t, &w)
		return w
	}
	id := struct{ Objection, Grounds string }{filed.Objection, "lawful-income"}
	masked := words{id, "周**", "******", "******", []string{strings.Repeat("ab", 32)}}
	full := words{id, "周某雄", "13800138000", "这是我的工资", []string{strings.Repeat("ab", 32)}}
	if diff := cmp.Diff(masked, look(leader, "")); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
	c.Until("the case is filed", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/pursuits/case-1").Body), "A4409820000002021070001")
	})
	for _, who := range []access.Person{leader, duty} {
		if diff := cmp.Diff(full, look(who, "?unmasked=true&purpose=review")); diff != "" {
			t.Errorf("in full (-want +got):\n%s", diff)
		}
	}
	far := citytest.Officer("070001", access.Chief)
	far.Unit = "440183000000"
	for code, a := range map[string]citytest.Answer{
		"purpose-missing":      c.Get(leader, at+"?unmasked=true"),
		"case-of-another-unit": c.Get(far, at+"?unmasked=true&purpose=review"),
		"role-not-allowed":     c.Get(access.Person{User: "audit-1", Role: access.Auditor}, at+"?unmasked=true&purpose=review"),
		"objection-unknown":    c.Get(leader, "/v1/accounts/"+account+"/objections/objection-9"),
	} {
		if a.Code() != code {
			t.Errorf("want %s: %d %s", code, a.Status, a.Body)
		}
	}
	seen, _ := stream[event.PlaintextViewed](t, c, "pursuit-case-1", "plaintext-viewed.v1")
	if len(seen) != 2 || seen[0].What != "objection" || seen[0].Purpose != "review" || seen[0].User != leader.User || seen[1].User != duty.User || seen[0].CaseNo != "A4409820000002021070001" {
		t.Errorf("on record: %+v", seen)
	}
}
