package stoppayment_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

func TestAnOfficerIsToldAtOnceWhoHoldsTheAccountAlready(t *testing.T) {
	c, id, _ := stoppedTown(t)
	c.report(t, "case-2") // the same card
	c.Until("the second case's order is there", func() bool { return len(c.chase(t, "case-2").Accounts) == 1 })
	var told struct {
		Restraints []struct{ Kind, By, Case, Whose string } `json:"restraints"`
	}
	c.say("case-3", "case-3", reported()...)
	c.Until("the third chase is open", func() bool { return c.Get(duty, "/v1/pursuits/case-3").Status == http.StatusOK })
	c.Post(duty, "/v1/pursuits/case-3/orders", map[string]any{
		"account": entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某雄"}, "investigator": two["investigator"],
	}).Into(t, &told)
	if len(told.Restraints) != 1 || told.Restraints[0].Case != "case-1" || told.Restraints[0].By != "440982000000" || told.Restraints[0].Whose != "own" {
		t.Errorf("told: %+v", told)
	}
	order := c.orders(t, abc)[0] // of case-2
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160100", AccountBalance: "4835000.00",
		Measures: []bank.Measure{{Type: bank.MeasureCourtFreeze, Department: "广州市中级人民法院", Amount: "100.00", ExpireTime: "20220117000000"}},
	})
	a := c.held(t, id)
	if len(a.Restraints) != 3 || a.Restraints[2].Whose != "foreign" || a.Restraints[2].By != "广州市中级人民法院" || a.Restraints[0].Whose != "own" {
		t.Errorf("restraints: %+v", a.Restraints)
	}
}

func TestManyOrdersAreApprovedInOneStepEachForItself(t *testing.T) {
	c := open(t)
	const cases = 12
	for n := range cases {
		from := entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}
		to := entry.Account{Bank: abc, Number: fmt.Sprintf("62284812345678%05d", n), Holder: "周某雄"}
		c.lose(t, identity.CaseID(fmt.Sprint("case-", n)), entry.Transfer{From: from, To: to, AmountFen: 1_000_000, At: paidAt, Serial: fmt.Sprint("S", n)})
	}
	var queue struct {
		Items []struct{ Order, Account string } `json:"items"`
	}
	c.Until("all wait", func() bool {
		c.Get(leader, "/v1/orders?state=waiting").Into(t, &queue)
		return len(queue.Items) == cases
	})
	ids := []string{"nothing"}
	for _, i := range queue.Items {
		ids = append(ids, i.Order)
	}
	var out struct {
		Approved, Refused int
		Items             []struct{ Order, State, Code string }
	}
	first := c.Do(leader, "POST", "/v1/orders/approvals", "one-click-1", map[string]any{"orders": ids})
	first.Into(t, &out)
	if out.Approved != cases || out.Refused != 1 || out.Items[0].Code != "order-unknown" || out.Items[1].State != "approved" {
		t.Fatalf("%d %s", first.Status, first.Body)
	}
	again := c.Do(leader, "POST", "/v1/orders/approvals", "one-click-1", map[string]any{"orders": ids})
	again.Into(t, &out)
	if out.Approved != cases || out.Refused != 1 {
		t.Errorf("the same request again: %d %s", again.Status, again.Body)
	}
	other := c.Do(leader, "POST", "/v1/orders/approvals", "", map[string]any{"orders": ids})
	other.Into(t, &out)
	if out.Approved != 0 || out.Items[1].Code != "order-decided-already" {
		t.Errorf("another request: %d %s", other.Status, other.Body)
	}
	if a := c.Do(leader, "POST", "/v1/orders/approvals", "", map[string]any{"orders": []string{"a", "a"}}); a.Code() != "order-named-twice" {
		t.Errorf("named twice: %d %s", a.Status, a.Body)
	}
	if a := c.Do(duty, "POST", "/v1/orders/approvals", "", map[string]any{"orders": []string{"a"}}); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer: %d %s", a.Status, a.Body)
	}
	if orders := c.orders(t, abc); len(orders) != cases {
		t.Errorf("the bank has %d orders", len(orders))
	}
}

func TestAStandingApprovalIsNarrowedAndExpires(t *testing.T) {
	c := open(t)
	var granted struct{ Approval string }
	c.Post(leader, "/v1/standing-approvals", map[string]any{"maxAmountFen": 1_000_000_000, "maxLevel": 5, "until": "2021-07-17T20:00:00+08:00"}).Into(t, &granted)
	path := "/v1/standing-approvals/" + granted.Approval + "/narrowing"
	if a := c.Do(leader, "POST", path, "", map[string]any{"maxAmountFen": 2_000_000_000}); a.Code() != "standing-approval-not-narrower" {
		t.Errorf("widened: %d %s", a.Status, a.Body)
	}
	c.Post(leader, path, map[string]any{"maxAmountFen": 482_999_999, "until": "2021-07-17T18:00:00+08:00"})
	c.report(t, "case-1")
	c.Until("the order waits: it is beyond the limit now", func() bool {
		p := c.chase(t, "case-1")
		return len(p.Accounts) == 1 && p.Accounts[0].State == "waiting"
	})
	clocks := func() string { return string(c.Get(leader, "/v1/clocks?unit=440900000000").Body) }
	c.Until("its end is among the clocks", func() bool {
		return strings.Contains(clocks(), granted.Approval) && strings.Contains(clocks(), "2021-07-17T10:00:00Z")
	})
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 17, 10, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("it has expired", func() bool { return !strings.Contains(clocks(), granted.Approval) })
	if a := c.Do(leader, "POST", path, "", map[string]any{"maxAmountFen": 5}); a.Code() != "standing-approval-unknown" {
		t.Errorf("narrowed after its end: %d %s", a.Status, a.Body)
	}
}

func TestAThirdStopIsRefusedWithItsArticle(t *testing.T) {
	c, id, stop := stoppedTown(t)
	path := "/v1/accounts/" + id + "/orders/" + stop + "/second-stop"
	c.Post(duty, path, map[string]any{"investigator": two["investigator"]})
	second := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+second.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160100", AccountBalance: "4835000.00"})
	third := c.Do(duty, "POST", path, "", map[string]any{"investigator": two["investigator"]})
	if third.Code() != "third-stop" || !strings.Contains(string(third.Body), "银发〔2016〕86号") {
		t.Errorf("%d %s", third.Status, third.Body)
	}
	if a := c.held(t, id); len(a.Orders) != 2 || a.Orders[1].Kind != "second-stop" || a.Orders[1].Operator.PoliceNo != duty.User || a.Orders[1].Approver.PoliceNo != leader.User {
		t.Errorf("who asked for it: %+v", a.Orders)
	}
}

func TestTheClocksOfACaseAreListedSoonestFirst(t *testing.T) {
	c, id, stop := stoppedTown(t)
	c.Post(leader, "/v1/accounts/"+id+"/orders/"+stop+"/lift", body(map[string]any{"cause": "unrelated"}))
	var list struct {
		Items []struct {
			Clock, Subject, Case, Unit, Article, Then string
			At                                        time.Time
		} `json:"items"`
		NextCursor string `json:"nextCursor"`
	}
	c.Until("both run", func() bool {
		c.Get(access.Person{User: "090555", Unit: "440900000000", Level: identity.City, Role: access.Chief}, "/v1/clocks?case=case-1&unit=440900000000").Into(t, &list)
		return len(list.Items) == 2
	})
	if list.Items[0].Clock != "stop" || !list.Items[0].At.Equal(time.Date(2021, 7, 19, 8, 0, 0, 0, time.UTC)) || list.Items[0].Article == "" || list.Items[1].Clock != "lift" || list.Items[1].Then == "" {
		t.Errorf("clocks: %+v", list.Items)
	}
	for query, want := range map[string]int{"case=case-9": 0, "case=case-1&until=2021-07-19T16:00:00%2B08:00": 0, "case=case-1&until=2021-07-19T16:00:01%2B08:00": 1, "case=case-1&unit=440983000000": 0, "case=case-1&limit=1": 1} {
		c.Get(duty, "/v1/clocks?"+query).Into(t, &list)
		if len(list.Items) != want {
			t.Errorf("%s: %+v", query, list.Items)
		}
	}
	if a := c.Get(duty, "/v1/clocks?unit=44"); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest {
		t.Errorf("a unit of no form: %d %s", a.Status, a.Body)
	}
}
