package stoppayment_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// shownAccount is what an account shows of remedies.
type shownAccount struct {
	Compliance string `json:"compliance"`
	Objections []struct {
		Objection, Outcome string
		Overdue            bool
	} `json:"objections"`
	Orders []struct {
		Order, Kind, State, Compliance, Wrong string
		Notified                              *bool
		Disproportion                         *struct {
			Held         int64 `json:"heldFen"`
			Attributable int64 `json:"attributableFen"`
		} `json:"disproportion"`
	} `json:"orders"`
}

func (c town) shown(t *testing.T, account string) (a shownAccount) {
	t.Helper()
	c.Get(duty, "/v1/accounts/"+account).Into(t, &a)
	return a
}

// restrained is a city with one stop in force, and the paths to it.
func restrained(t *testing.T, answer bank.Answer) (c town, account, path string, order bank.Order) {
	t.Helper()
	c = open(t)
	c.approve()
	c.report(t, "case-1")
	order = c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", answer)
	account = c.chase(t, "case-1").Accounts[0].Account
	return c, account, "/v1/accounts/" + account + "/orders/" + order.ApplicationID, order
}

func whole() bank.Answer {
	return bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"}
}

func objection() map[string]any {
	return map[string]any{"holder": "周某雄", "contact": "13800138000", "text": "这是我的工资", "grounds": "lawful-income", "documents": []string{strings.Repeat("ab", 32)}}
}

func TestAnObjectionThatIsRightReachesTheBankInTheSameBreath(t *testing.T) {
	c, account, path, order := restrained(t, whole())
	var filed struct {
		Objection string    `json:"objection"`
		Due       time.Time `json:"due"`
	}
	a := c.Post(duty, path+"/objections", objection())
	a.Into(t, &filed)
	// Saturday 17 July 2021: five working days end as Saturday 24 begins.
	if want := time.Date(2021, 7, 23, 16, 0, 0, 0, time.UTC); a.Status != http.StatusCreated || !filed.Due.Equal(want) {
		t.Errorf("%d, due %v", a.Status, filed.Due)
	}
	if a := c.Do(duty, "POST", path+"/objections", "", objection()); a.Code() != "objection-open-already" {
		t.Errorf("a second one: %d %s", a.Status, a.Body)
	}
	var list struct {
		Items []struct{ Objection, Order, Unit string } `json:"items"`
	}
	c.Until("the objection is in the list", func() bool {
		c.Get(leader, "/v1/objections?state=open&unit=440982000000").Into(t, &list)
		return len(list.Items) == 1
	})
	if list.Items[0].Objection != filed.Objection {
		t.Errorf("list %+v", list)
	}
	if c.Get(leader, "/v1/objections?unit=440900000000").Into(t, &list); len(list.Items) != 0 {
		t.Errorf("another unit sees %+v", list)
	}
	at := "/v1/accounts/" + account + "/objections/" + filed.Objection
	c.Post(duty, at+"/acceptance", map[string]any{})
	upheld := map[string]any{"outcome": "upheld", "reason": "lawful-income"}
	if a := c.Do(leader, "POST", at+"/decision", "", upheld); a.Code() != "decider-involved" {
		t.Errorf("who approved the stop decides: %d %s", a.Status, a.Body)
	}
	c.Post(chief, at+"/decision", upheld)
	lifts := c.orders(t, abc)
	if len(lifts) != 1 || lifts[0].TxCode != bank.TxLift || lifts[0].OriginalApplicationID != order.ApplicationID {
		t.Fatalf("the bank is asked %+v", lifts)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+lifts[0].ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160001"})
	if s := c.shown(t, account); s.Orders[0].State != "lifted" || s.Objections[0].Outcome != "upheld" {
		t.Errorf("the account: %+v", s)
	}
}

func TestAHolderObjectsAtHisBankAndNobodysNameIsInTheLog(t *testing.T) {
	c, account, path, order := restrained(t, whole())
	at := "/v1/bank/orders/" + order.ApplicationID + "/objections"
	if a := c.Do(citytest.Desk(ccb), "POST", at, "", objection()); a.Code() != "order-of-another-bank" {
		t.Errorf("at another bank: %d %s", a.Status, a.Body)
	}
	if a := c.Do(citytest.Desk(ccb), "POST", path+"/objections", "", objection()); a.Code() != "order-of-another-bank" {
		t.Errorf("at another bank, by the account: %d %s", a.Status, a.Body)
	}
	none := objection()
	none["documents"] = []string{}
	if a := c.Do(citytest.Desk(abc), "POST", at, "", none); a.Code() != "objection-document-missing" {
		t.Errorf("without a paper: %d %s", a.Status, a.Body)
	}
	c.Post(citytest.Desk(abc), at, objection())
	if s := c.shown(t, account); len(s.Objections) != 1 {
		t.Errorf("the account: %+v", s)
	}
	for r, err := range c.Log.Read(t.Context(), "account-"+account, 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"周某雄", "13800138000", "工资"} {
			if strings.Contains(string(r.Data)+string(r.Meta), secret) {
				t.Errorf("%s is in %s", secret, r.Type)
			}
		}
	}
}

func TestAnObjectionThatNobodyDecidesIsOverdueByItself(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	c.Post(duty, path+"/objections", objection())
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 23, 16, 0, 1, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("the objection is overdue", func() bool { return c.shown(t, account).Objections[0].Overdue })
	var list struct {
		Items []struct{ Overdue bool } `json:"items"`
	}
	c.Until("so it is in the list", func() bool {
		c.Get(leader, "/v1/objections").Into(t, &list)
		return len(list.Items) == 1 && list.Items[0].Overdue
	})
}

func TestI75_EveryMeasureOfWhichItsHolderWasNotToldShows(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	var missing struct {
		Items []struct{ Account, About string } `json:"items"`
	}
	count := func(state string) int {
		c.Get(duty, "/v1/notices?state="+state).Into(t, &missing)
		return len(missing.Items)
	}
	c.Until("the stop is in the list", func() bool { return count("missing") == 1 })
	if s := c.shown(t, account); s.Compliance != "missing" || s.Orders[0].Notified == nil || *s.Orders[0].Notified {
		t.Errorf("before the notice: %+v", s)
	}
	var text struct {
		Text, Reason, Remedy string
		Documents            []string
	}
	c.Get(duty, path+"/notice-text").Into(t, &text)
	for _, want := range []string{"止付告知书", "2021年7月17日16时00分", "2021年7月19日16时00分", "异议", "440982000000", "化州市公安局", "本人有效身份证件"} {
		if !strings.Contains(text.Text, want) {
			t.Errorf("no %s in\n%s", want, text.Text)
		}
	}
	if strings.Contains(text.Text, "杨某") || strings.Contains(text.Text, "6222021234567890128") {
		t.Error("the letter names the victim")
	}
	deferral := map[string]any{"reason": "obstructs-investigation", "until": "2021-07-18T16:00:00+08:00"}
	if a := c.Do(duty, "POST", path+"/notice-deferral", "", deferral); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer puts it off: %d %s", a.Status, a.Body)
	}
	c.Post(leader, path+"/notice-deferral", deferral)
	c.Until("it is put off", func() bool { return count("deferred") == 1 && count("missing") == 0 })
	if s := c.shown(t, account); s.Compliance != "deferred" {
		t.Errorf("put off: %+v", s)
	}
	c.Post(duty, path+"/notices", map[string]any{"reason": text.Reason, "remedy": text.Remedy, "documents": text.Documents, "via": "sms"})
	if s := c.shown(t, account); s.Compliance != "told" || !*s.Orders[0].Notified {
		t.Errorf("told: %+v", s)
	}
	c.Until("the lists are empty", func() bool { return count("deferred") == 0 && count("missing") == 0 })
}

func TestI25_AnUnrelatedAccountIsFreeAndWhoWasNotToldInThreeDaysShows(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	c.Post(chief, "/v1/pursuits/case-1/accounts/"+account+"/unrelated", map[string]any{"reason": "not-involved"})
	lift := c.orders(t, abc)[0]
	if lift.TxCode != bank.TxLift || lift.ReleaseRemark == "" {
		t.Fatalf("the bank is asked %+v", lift)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160001"})
	if a := c.Get(duty, path+"/notice-text?about=lift"); !strings.Contains(string(a.Body), "与案件无关") {
		t.Errorf("the letter on the end: %d %s", a.Status, a.Body)
	}
	overdue := func() (n int) {
		for r, err := range c.Log.Read(t.Context(), "account-"+account, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Type == "lift-overdue.v1" && strings.Contains(string(r.Data), `"notice"`) {
				n++
			}
		}
		return n
	}
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 20, 8, 0, 30, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("that he was not told shows", func() bool { return overdue() == 1 })
	c.Post(duty, path+"/notices", map[string]any{"about": "lift", "reason": "unrelated", "remedy": "objection", "documents": []string{"id-card"}, "via": "phone"})
	if n := overdue(); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func TestI74_WrongStopsAddUpToTheirEvents(t *testing.T) {
	c, account, path, _ := restrained(t, whole())
	wrong := map[string]any{"cause": "wrong-account", "damageFen": 12_345, "responsible": "440982000000", "follow": []string{"compensation", "rule-change"}}
	if a := c.Do(duty, "POST", path+"/wrong-stop", "", wrong); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer: %d %s", a.Status, a.Body)
	}
	c.Post(chief, path+"/wrong-stop", wrong)
	if a := c.Do(chief, "POST", path+"/wrong-stop", "", wrong); a.Code() != "wrong-stop-confirmed-already" {
		t.Errorf("twice: %d %s", a.Status, a.Body)
	}
	if lift := c.orders(t, abc)[0]; lift.TxCode != bank.TxLift {
		t.Errorf("the bank is asked %+v", lift)
	}
	var list struct {
		Items []struct {
			Account, Cause string
			Damage         int64 `json:"damageFen"`
			Follow         []string
		} `json:"items"`
		Totals []struct {
			Cause  string
			Count  int
			Damage int64 `json:"damageFen"`
		} `json:"totals"`
	}
	c.Until("it is counted", func() bool {
		c.Get(duty, "/v1/wrong-stops").Into(t, &list)
		return len(list.Items) == 1
	})
	if len(list.Totals) != 1 || list.Totals[0].Count != 1 || list.Totals[0].Damage != list.Items[0].Damage || list.Items[0].Account != account || len(list.Items[0].Follow) != 2 {
		t.Errorf("list %+v", list)
	}
	if c.Get(duty, "/v1/wrong-stops?to=2021-07-17T00:00:00Z").Into(t, &list); len(list.Items)+len(list.Totals) != 0 {
		t.Errorf("of the time before: %+v", list)
	}
}

func TestMuchMoreHeldThanWasTracedShowsAndIsNarrowedInOneStep(t *testing.T) {
	rich := done()
	rich.AccountBalance, rich.OpeningBalance = "50830000.00", "50000000.00" // 5,000万 of the card's own
	for n, balance := range []string{"54830000.00", "51830000.00", "50830000.00"} {
		rich.Transactions[n].Balance = balance
	}
	c, account, path, order := restrained(t, rich)
	s := c.shown(t, account)
	if d := s.Orders[0].Disproportion; d == nil || d.Held != 50_830_000_00 || d.Attributable >= d.Held/10 {
		t.Fatalf("the account: %+v", s.Orders[0].Disproportion)
	}
	c.Until("it is in the list", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/disproportions").Body), order.ApplicationID)
	})
	c.Post(chief, path+"/narrowing", map[string]any{})
	asked := c.orders(t, abc)[0]
	if asked.OriginalApplicationID != order.ApplicationID || asked.Scope != bank.ScopeAmount || asked.StopAmount == "" {
		t.Fatalf("the bank is asked %+v", asked)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+asked.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160101", StoppedAmount: asked.StopAmount})
	c.Until("it is in the list no more", func() bool {
		return !strings.Contains(string(c.Get(duty, "/v1/disproportions").Body), order.ApplicationID)
	})
	if a := c.Do(chief, "POST", path+"/narrowing", "", map[string]any{}); a.Code() != "nothing-to-narrow" {
		t.Errorf("again: %d %s", a.Status, a.Body)
	}
}
