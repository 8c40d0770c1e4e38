package stoppayment_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/eventlog"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
)

// secrets are what a bank could write where it should not: a name and a telephone
// number, alone, and within what looks like an authority. A serial number may be
// any number; none is among them by itself.
func secrets() []string { return []string{"周某雄 13800138000", "周雄", "公安局13800138000"} }

// full is an answer with something in every list of it.
func full(base bank.Answer) bank.Answer {
	measure := bank.Measure{Type: bank.MeasureCourtFreeze, Department: "某区人民法院", Amount: "1.00", ExpireTime: "20220117000000"}
	base.Measures = []bank.Measure{measure}
	base.Accounts = []bank.HeldAccount{{AccountNumber: "6228481234567890999", Measures: []bank.Measure{measure}}}
	base.Holder = &bank.Holder{Name: "周某", IDType: "01", IDNumber: "11010519491231002X"}
	return base
}

// texts are the ways to every text of a value, lists by their last member.
func texts(v reflect.Value) map[string]bool {
	names := map[string]bool{}
	var walk func(v reflect.Value, name string)
	walk = func(v reflect.Value, name string) {
		switch v.Kind() {
		case reflect.Pointer:
			walk(v.Elem(), name)
		case reflect.Struct:
			for n := range v.NumField() {
				walk(v.Field(n), name+"/"+v.Type().Field(n).Name)
			}
		case reflect.Slice:
			if v.Len() > 0 {
				walk(v.Index(v.Len()-1), name)
			}
		case reflect.String:
			names[name] = true
		default:
		}
	}
	walk(v, "")
	return names
}

// written is a copy of an answer with a text written over the field of this name.
func written(t *testing.T, a bank.Answer, field, text string) bank.Answer {
	t.Helper()
	plain, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var fresh bank.Answer
	if err := json.Unmarshal(plain, &fresh); err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(&fresh).Elem()
	for _, step := range strings.Split(field, "/")[1:] {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
			if v.Kind() == reflect.Slice {
				v = v.Index(v.Len() - 1)
			} else {
				v = v.Elem()
			}
		}
		v = v.FieldByName(step)
	}
	v.SetString(text)
	return fresh
}

// clear finds secrets in the whole log, and more of them.
func (c town) clear(t *testing.T, more ...string) (found []string) {
	t.Helper()
	at := eventlog.Start
	for {
		page, next, err := c.Log.ReadAll(t.Context(), at, nil, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			for _, secret := range append([]string{"周某雄", "周雄", "13800138000"}, more...) {
				if strings.Contains(r.Stream+string(r.Data)+string(r.Meta), secret) {
					found = append(found, fmt.Sprintf("%s in %s of %s: %s", secret, r.Type, r.Stream, r.Data))
				}
			}
		}
		if len(page) == 0 {
			return found
		}
		at = next
	}
}

// TestI64_NothingThatABankWritesRestsInClear writes a name and a telephone number
// into every text of an answer to a stop, each to an order of its own, by the desk
// and by the machine.
func TestI64_NothingThatABankWritesRestsInClear(t *testing.T) {
	m := banktest.New(t, abc)
	m.URL = ""
	c := wire(t, m)
	c.approve()
	answer := full(whole())
	answer.OpeningBalance, answer.Transactions = "0.00", []bank.Transaction{
		{SerialNumber: "C1", Time: "20210717152000", Direction: "C", Amount: "304000.00", Balance: "304000.00", CounterBankID: icbc, CounterNumber: "6222021234567890128"},
	}
	var tries []bank.Answer
	for field := range texts(reflect.ValueOf(answer)) {
		for _, secret := range secrets() {
			tries = append(tries, written(t, answer, field, secret))
		}
	}
	for _, serial := range []string{"13800138000", "S-13800138000", "138-0013-8000"} { // elsewhere it may be an amount
		tries = append(tries, written(t, answer, "/Transactions/SerialNumber", serial))
	}
	banks := make([]string, 2*len(tries))
	for n := range banks {
		banks[n] = abc
	}
	c.reportTo(t, "case-1", banks...)
	var orders []bank.Order
	c.Until("every account has its order", func() bool {
		var page bank.Orders
		c.Get(citytest.Desk(abc), "/v1/bank/orders?limit=500").Into(t, &page)
		orders = page.Items
		return len(orders) == len(banks)
	})
	taken := map[string]int{}
	for n, a := range tries {
		desk := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+orders[2*n].ApplicationID+"/answer", "", a)
		receipt := c.answer(t, m, bank.OrderAnswer{ApplicationID: orders[2*n+1].ApplicationID, Answer: a})[0]
		if (desk.Status == http.StatusOK) != (receipt.Result == bank.Taken) || desk.Status >= 500 || receipt.Result == bank.ComeAgain {
			t.Errorf("%+v: the desk is told %d %s, the machine %+v", a, desk.Status, desk.Code(), receipt)
		}
		taken[receipt.Result]++
	}
	if taken[bank.Taken] < 30 || taken[bank.NotTaken] < 30 {
		t.Errorf("answers were %v", taken)
	}
	c.answer(t, m, map[string]any{"applicationId": "周某雄 13800138000", "answer": whole()})
	for _, found := range c.clear(t) {
		t.Error(found)
	}
}

func TestI64_NothingThatABankWritesOfAQueryOrAFreezeRestsInClear(t *testing.T) {
	c := open(t)
	source := c.report(t, "case-1")
	c.Until("the account is known", func() bool { return c.Get(duty, "/v1/accounts/"+string(source.To.ID)).Status == http.StatusOK })
	for kind, base := range map[string]bank.Answer{"transactions": done(), "holder": {Result: bank.ResultOK}, "accounts": {Result: bank.ResultOK}} {
		for field := range texts(reflect.ValueOf(full(base))) {
			if strings.HasPrefix(field, "/Transactions") {
				continue // of a stop, too
			}
			a := c.Post(duty, "/v1/accounts/"+string(source.To.ID)+"/queries", map[string]any{
				"case": "case-1", "kind": kind, "investigator": entry.Officer{PoliceNo: "090002", Unit: duty.Unit},
			})
			var asked struct{ Order string }
			a.Into(t, &asked)
			for _, secret := range secrets() {
				if a := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+asked.Order+"/answer", "", written(t, full(base), field, secret)); a.Status >= 500 {
					t.Errorf("%s of %s: %d %s", field, kind, a.Status, a.Body)
				}
			}
		}
	}
	for _, found := range c.clear(t) {
		t.Error(found)
	}
}

func TestI64_WhoFrozeBeforeIsAnAuthorityOrUnreadable(t *testing.T) {
	for said, kept := range map[string]string{
		"周某雄 13800138000": "unreadable", "公安局13800138000": "unreadable", "公安局周某雄13800138000": "unreadable", "13800138000": "unreadable",
		"法院 周某雄": "unreadable", "公安" + strings.Repeat("局", 60): "unreadable", "公安局076612345678": "unreadable",
		"广州市中级人民法院": "广州市中级人民法院", "公安机关440183000000": "公安机关440183000000", "440183000000": "440183000000", "440183": "440183",
		"440183000000广州市公安局增城区分局（刑警大队）": "440183000000广州市公安局增城区分局（刑警大队）",
	} {
		t.Run(said, func(t *testing.T) {
			c, _, _, _ := restrained(t, whole())
			c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
			c.Until("the freeze is approved", func() bool {
				return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "the-one-freeze", twoOfficers(map[string]any{"noticeNo": "N1"})).Status == http.StatusOK
			})
			freeze := c.orders(t, abc)[0]
			a := c.Post(citytest.Desk(abc), "/v1/bank/orders/"+freeze.ApplicationID+"/answer", bank.Answer{
				Result: bank.ResultQueued, FailureCause: bank.Queued, FormerApplicationDepartment: said, FormerFrozenBalance: "1.00",
			})
			var told struct{ Discrepancies []bank.Oddity }
			a.Into(t, &told)
			if odd := len(told.Discrepancies) == 1 && told.Discrepancies[0].Kind == "text-unreadable"; odd != (kept == "unreadable") {
				t.Errorf("the bank is told %+v", told)
			}
			for r, err := range c.Log.Read(t.Context(), "account-"+c.chase(t, "case-1").Accounts[0].Account, 0) {
				if err != nil {
					t.Fatal(err)
				}
				var queued event.FreezeQueued
				if r.Type == "freeze-queued.v1" && (json.Unmarshal(r.Data, &queued) != nil || queued.Former != kept) {
					t.Errorf("kept as %s", r.Data)
				}
			}
			if found := c.clear(t); len(found) != 0 {
				t.Error(found)
			}
		})
	}
}

// open waits until the bank has one order to answer, of this kind.
func (c town) open(t *testing.T, tx string) string {
	t.Helper()
	var orders []bank.Order
	c.Until("the bank has an order "+tx, func() bool {
		orders = c.orders(t, abc)
		return len(orders) == 1 && orders[0].TxCode == tx
	})
	return orders[0].ApplicationID
}

// TestI23_TheSameWordsAfterAFreezeWasAskedForAnewAreANewAnswer: the bank calls a
// second freeze done, it waits, the first is released, and the bank, asked again,
// says the very same.
func TestI23_TheSameWordsAfterAFreezeWasAskedForAnewAreANewAnswer(t *testing.T) {
	for _, door := range []string{"machine", "desk"} {
		t.Run(door, func(t *testing.T) {
			m := banktest.New(t, abc)
			m.URL = ""
			c := wire(t, m)
			say := func(order string, a bank.Answer) (state string, repeated bool) {
				if door == "machine" {
					r := c.answer(t, m, bank.OrderAnswer{ApplicationID: order, Answer: a})[0]
					return r.State, r.Result == bank.Repeated
				}
				got := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+order+"/answer", "answer-"+order, a)
				var told struct{ State string }
				got.Into(t, &told)
				return told.State, got.Header.Get("Idempotency-Replayed") == "true"
			}
			c.approve()
			freezes := map[string]string{}
			for n, id := range []string{"case-1", "case-2"} {
				c.reportTo(t, identity.CaseID(id), abc)
				say(c.open(t, bank.TxStop), whole())
				c.say(id, id, event.CaseFiled{CaseNo: identity.CaseNo(fmt.Sprintf("A440982000000202107000%d", n+1)), DecisionNo: "D1", At: c.City.Clock.Now()})
				c.Until("the freeze is approved", func() bool {
					return c.Do(chief, "POST", "/v1/pursuits/"+id+"/freeze", "freeze-"+id, twoOfficers(map[string]any{"noticeNo": "N1"})).Status == http.StatusOK
				})
				freezes[id] = c.open(t, bank.TxFreeze)
				frozen := bank.Answer{Result: bank.ResultOK, StartTime: "20210717160001", AppliedBalance: "304000.00", FrozedBalance: "304000.00", AccountBalance: "304000.00"}
				if state, _ := say(freezes[id], frozen); state != []string{"executed", "queued"}[n] {
					t.Fatalf("the freeze of %s: %s", id, state)
				}
			}
			account := c.chase(t, "case-1").Accounts[0].Account
			c.Post(chief, "/v1/accounts/"+account+"/orders/"+freezes["case-1"]+"/release", twoOfficers(map[string]any{"cause": "concluded"}))
			say(c.open(t, bank.TxUnfreeze), bank.Answer{Result: bank.ResultOK, StartTime: "20210717160001"})
			if again := c.open(t, bank.TxFreeze); again != freezes["case-2"] {
				t.Fatalf("the bank is asked for %s", again)
			}
			frozen := bank.Answer{Result: bank.ResultOK, StartTime: "20210717160001", AppliedBalance: "304000.00", FrozedBalance: "304000.00", AccountBalance: "304000.00"}
			if state, repeated := say(freezes["case-2"], frozen); state != "executed" || repeated {
				t.Errorf("asked anew, the bank says the same: %s, repeated: %t", state, repeated)
			}
			if state, repeated := say(freezes["case-2"], frozen); state != "executed" || !repeated {
				t.Errorf("and once more: %s, repeated: %t", state, repeated)
			}
		})
	}
}

func TestAMachineCannotBePlayedToAnotherCity(t *testing.T) {
	m := banktest.New(t, abc)
	m.URL = ""
	c := wire(t, m)
	for _, host := range []string{"another-city.example", ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://another-city.example/v1/machine/orders", nil)
		if err != nil {
			t.Fatal(err)
		}
		if host == "" { // signed for this one
			r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(c.URL(), "http://")
			r.Host = r.URL.Host
		}
		if err := m.Signer.Sign(r, nil); err != nil {
			t.Fatal(err)
		}
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(c.URL(), "http://")
		status, code := c.raw(t, r)
		if host == "" && status != http.StatusOK || host != "" && code != "channel-host-of-another" {
			t.Errorf("to %q: %d %s", host, status, code)
		}
	}
}
