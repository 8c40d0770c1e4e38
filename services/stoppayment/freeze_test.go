package stoppayment_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// twoOfficers are those whom a chief's approval names.
func twoOfficers(more map[string]any) map[string]any {
	body := map[string]any{
		"operator": entry.Officer{PoliceNo: "090001", Unit: "440982000000"}, "investigator": entry.Officer{PoliceNo: "090002", Unit: "440982000000"},
	}
	maps.Copy(body, more)
	return body
}

// frozenCase is a city with one account that is frozen, and where it is.
func frozenCase(t *testing.T) (c town, path string) {
	t.Helper()
	c = open(t)
	c.approve()
	c.report(t, "case-1")
	stop := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+stop.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"})
	c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
	c.Until("the freeze can be approved", func() bool {
		return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "the-one-freeze", twoOfficers(map[string]any{"noticeNo": "茂公冻〔2021〕1号"})).Status == http.StatusOK
	})
	freeze := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+freeze.ApplicationID+"/answer", bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160001", AppliedBalance: "304000.00", FrozedBalance: "304000.00", AccountBalance: "304000.00",
	})
	return c, "/v1/accounts/" + c.chase(t, "case-1").Accounts[0].Account + "/orders/" + freeze.ApplicationID
}

type frozenAccount struct {
	Frozen int64     `json:"frozenFen"`
	Until  time.Time `json:"freezeUntil"`
	Orders []struct {
		Kind  string `json:"kind"`
		State string `json:"state"`
	} `json:"orders"`
}

func TestAFreezeIsRenewedAndReleasedThroughTheBank(t *testing.T) {
	c, path := frozenCase(t)
	account := path[:len("/v1/accounts/")+36]
	look := func() (a frozenAccount) {
		c.Get(chief, account).Into(t, &a)
		return a
	}
	for name, a := range map[string]citytest.Answer{
		"freeze-grave-level":    c.Do(chief, "POST", path+"/renewal", "", twoOfficers(map[string]any{"noticeNo": "N2", "termMonths": 7})),
		"freeze-notice-missing": c.Do(chief, "POST", path+"/renewal", "", twoOfficers(map[string]any{"noticeNo": ""})),
		"role-not-allowed":      c.Do(duty, "POST", path+"/release", "", twoOfficers(map[string]any{"cause": "unrelated"})),
		"released-above-frozen": c.Do(chief, "POST", path+"/release", "", twoOfficers(map[string]any{"cause": "unrelated", "amountFen": 30_400_001})),
		"two-officers-required": c.Do(chief, "POST", path+"/release", "", map[string]any{"cause": "unrelated"}),
	} {
		if a.Code() != name {
			t.Errorf("want %s, got %d %s", name, a.Status, a.Body)
		}
	}

	c.Post(chief, path+"/renewal", twoOfficers(map[string]any{"noticeNo": "茂公冻〔2021〕2号"}))
	renewal := c.orders(t, abc)[0]
	if renewal.TxCode != bank.TxRenewFreeze || renewal.OriginalApplicationID == "" || renewal.TermMonths != 6 {
		t.Fatalf("the bank is asked %+v", renewal)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+renewal.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160002"})
	if a := look(); !a.Until.Equal(time.Date(2022, 7, 17, 8, 0, 1, 0, time.UTC)) {
		t.Errorf("renewed until %v", a.Until)
	}

	c.Post(chief, path+"/release", twoOfficers(map[string]any{"cause": "disproportionate", "amountFen": 10_000}))
	part := c.orders(t, abc)[0]
	if part.TxCode != bank.TxUnfreeze || part.ReleaseAmount != "100.00" || part.ReleaseRemark != "disproportionate" {
		t.Fatalf("the bank is asked %+v", part)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+part.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160003"})
	if a := look(); a.Frozen != 30_390_000 {
		t.Errorf("%d is frozen", a.Frozen)
	}
	c.Post(chief, path+"/court-transfer", map[string]any{"court": "茂名市中级人民法院", "document": "（2021）粤09执1号", "amountFen": 390_000})
	c.Post(chief, path+"/release", twoOfficers(map[string]any{"cause": "concluded"}))
	all := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+all.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160004"})
	c.Until("the bank has nothing left to do", func() bool {
		var page bank.Orders
		c.Get(citytest.Desk(abc), "/v1/bank/orders").Into(t, &page)
		return len(page.Items) == 0
	})
	a := look()
	if a.Frozen != 0 || !a.Until.IsZero() {
		t.Errorf("after the release: %+v", a)
	}
	if last := a.Orders[len(a.Orders)-1]; last.Kind != "release" || last.State != "executed" || a.Orders[1].State != "lifted" {
		t.Errorf("orders %+v", a.Orders)
	}
}

func TestAFailedFreezeIsOrderedAgain(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	stop := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+stop.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"})
	c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
	c.Until("the freeze can be approved", func() bool {
		return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "first-freeze", twoOfficers(map[string]any{"noticeNo": "N1"})).Status == http.StatusOK
	})
	first := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+first.ApplicationID+"/answer", bank.Answer{Result: "0001", FailureCause: bank.Technical})
	account := c.chase(t, "case-1").Accounts[0].Account
	again := twoOfficers(map[string]any{"noticeNo": "N2", "accounts": []any{map[string]any{"account": account, "limitFen": 10_000_000}}})
	c.Post(chief, "/v1/pursuits/case-1/freeze", again)
	second := c.orders(t, abc)[0]
	if second.ApplicationID == first.ApplicationID || second.FreezeType != bank.FreezeLimited || second.Balance != "100000.00" {
		t.Errorf("the bank is asked %+v", second)
	}
}

// A bank that says the same again, under the same key, after it was asked for a
// waiting freeze anew, is heard anew.
func TestAPromotedFreezeTakesTheSameWordsAgain(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	stop := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+stop.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"})
	c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
	c.Until("the freeze can be approved", func() bool {
		return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "first-freeze", twoOfficers(map[string]any{"noticeNo": "N1"})).Status == http.StatusOK
	})
	freeze := c.orders(t, abc)[0]
	words := bank.Answer{Result: "0001", FailureCause: bank.Queued, FormerApplicationDepartment: "440900000000", FormerFrozenExpireTime: "20220717160000"}
	say := func() string {
		var done struct {
			State string `json:"state"`
		}
		c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+freeze.ApplicationID+"/answer", "one-and-the-same-key", words).Into(t, &done)
		return done.State
	}
	if state := say(); state != "queued" {
		t.Fatalf("the freeze is %s", state)
	}
	account := c.chase(t, "case-1").Accounts[0].Account
	citytest.Pen(c.City, "account", event.AccountCodec())(account, "case-1", event.FreezePromoted{Order: identity.OrderID(freeze.ApplicationID), At: c.City.Clock.Now()})
	c.Until("the bank has it again", func() bool { return len(c.orders(t, abc)) > 0 })
	if state := say(); state != "queued" {
		t.Errorf("after the same words the freeze is %s, want it to wait again", state)
	}
}
