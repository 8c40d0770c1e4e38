package stoppayment_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
)

// neighbour is an officer of another unit.
func neighbour(policeNo string, role access.Role, unit string) access.Person {
	p := citytest.Officer(policeNo, role)
	p.Unit = unit
	return p
}

func (c town) shielded(t *testing.T) (path string, asked shieldShown) {
	t.Helper()
	c.Post(duty, "/v1/protective-stops", shieldRequest("杨某")).Into(t, &asked)
	path = "/v1/protective-stops/" + asked.Protective
	c.Post(leader, path+"/approval", map[string]any{})
	return path, asked
}

func TestI15_OfTwoUnitsThatProtectAnAccountAtOnceOneGetsItAndTheOtherAfterIt(t *testing.T) {
	c := open(t)
	other := neighbour("080001", access.DutyOfficer, "440981000000")
	people := []access.Person{duty, other}
	var answers [2]citytest.Answer
	var errs [2]error
	var wg sync.WaitGroup
	for n, who := range people {
		wg.Go(func() {
			answers[n], errs[n] = c.Try(who, "POST", "/v1/protective-stops", "", shieldRequest("杨某", "杨某"))
		})
	}
	wg.Wait()
	first := 0
	if answers[1].Status == 201 {
		first = 1
	}
	if errs[0] != nil || errs[1] != nil || answers[first].Status != 201 || answers[1-first].Code() != "protective-in-force" || !strings.Contains(string(answers[1-first].Body), people[first].Unit) {
		t.Fatalf("%d %s, %d %s, %v", answers[0].Status, answers[0].Body, answers[1].Status, answers[1].Body, errs)
	}
	var got shieldShown
	answers[first].Into(t, &got)
	path := "/v1/protective-stops/" + got.Protective
	third := neighbour("070100", access.ShiftLeader, "440983000000")
	if a := c.Do(third, "POST", path+"/approval", "", map[string]any{}); a.Code() != "protective-responsible-unit" {
		t.Errorf("a leader of a third unit approves: %d %s", a.Status, a.Body)
	}
	c.Post(people[first], path+"/release", map[string]any{"reason": "error"})
	if a := c.Do(people[1-first], "POST", "/v1/protective-stops", "", shieldRequest("杨某")); a.Status != 201 {
		t.Errorf("after its release: %d %s", a.Status, a.Body)
	}
}

func TestI15_TheTermsOfProtectiveStopsThatFollowEachOtherAddUp(t *testing.T) {
	c := open(t)
	path, _ := c.shielded(t)
	order := c.orders(t, icbc)[0]
	if order.ExpireTime != "20210719160000" {
		t.Errorf("the order ends %s, 48 hours after it was given", order.ExpireTime)
	}
	long := whole()
	long.ExpireTime = "20210724160000"
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+order.ApplicationID+"/answer", long)
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 8, 0, 1, 0, time.UTC)); err != nil { // after the 48 hours
		t.Fatal(err)
	}
	var lift bank.Order
	c.Until("the bank that named a later end is asked to lift", func() bool {
		list := c.orders(t, icbc)
		if len(list) > 0 {
			lift = list[0]
		}
		return lift.TxCode == bank.TxLift
	})
	request := shieldRequest("杨某")
	if a := c.Do(duty, "POST", "/v1/protective-stops", "", request); a.Code() != "protective-in-force" {
		t.Errorf("while the bank holds on: %d %s", a.Status, a.Body)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK})
	if a := c.Do(duty, "POST", "/v1/protective-stops", "", request); a.Code() != "protective-cap" || !strings.Contains(string(a.Body), "119") {
		t.Errorf("seven days more after two: %d %s", a.Status, a.Body)
	}
	request["capAt"] = "2021-07-24T14:00:00+08:00"
	if a := c.Do(duty, "POST", "/v1/protective-stops", "", request); a.Status != 201 {
		t.Errorf("what is left of the seven days: %d %s; before it %s", a.Status, a.Body, c.Get(duty, path).Body)
	}
}

func TestI15_AProtectiveStopWhoseRenewalIsPendingStaysInTheList(t *testing.T) {
	c := open(t)
	path, asked := c.shielded(t)
	listed := func(state string) func() bool {
		return func() bool {
			return strings.Contains(string(c.Get(duty, "/v1/protective-stops?state="+state).Body), asked.Protective)
		}
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+c.orders(t, icbc)[0].ApplicationID+"/answer", whole())
	_ = c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 7, 59, 0, 0, time.UTC))
	c.Post(leader, path+"/renewal", map[string]any{
		"reason": "danger-stands", "operator": entry.Officer{PoliceNo: "090001", Unit: duty.Unit}, "investigator": entry.Officer{PoliceNo: "090002", Unit: duty.Unit},
	})
	more := c.orders(t, icbc)[0]
	_ = c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 8, 0, 1, 0, time.UTC))
	c.Until("it has lapsed", func() bool { return c.shield(t, asked.Protective).Accounts[0].State == "lapsed" })
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+more.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210719160001", AccountBalance: "304000.00"})
	c.Until("the list has it in force", func() bool {
		body := string(c.Get(duty, "/v1/protective-stops?state=active").Body)
		return strings.Contains(body, asked.Protective) && strings.Contains(body, `"inForce":1`)
	})
	c.Post(duty, path+"/release", map[string]any{"reason": "danger-over"})
	lift := c.orders(t, icbc)[0]
	if s := c.shield(t, asked.Protective); s.State != "releasing" || !listed("active")() {
		t.Errorf("released, and its bank has yet to let go: %+v", s)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK})
	c.Until("it has ended", listed("ended"))
}

func TestAnObjectionLeftAtTheBankReleasesAProtectiveStop(t *testing.T) {
	c := open(t)
	path, asked := c.shielded(t)
	order := c.orders(t, icbc)[0]
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+order.ApplicationID+"/answer", whole())
	says := map[string]any{"holder": "杨某", "contact": "13800138000", "text": "我没有受骗", "grounds": "no-danger", "documents": []string{strings.Repeat("ab", 32)}, "channel": "bank"}
	if a := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+order.ApplicationID+"/objections", "", says); a.Code() != "order-of-another-bank" {
		t.Errorf("at another bank: %d %s", a.Status, a.Body)
	}
	var filed struct{ Objection, Protective, Outcome string }
	a := c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+order.ApplicationID+"/objections", says)
	a.Into(t, &filed)
	if filed.Protective != asked.Protective || filed.Outcome != "" || strings.Contains(string(a.Body), "杨某") {
		t.Fatalf("filed %s", a.Body)
	}
	for r, err := range c.Log.Read(t.Context(), "protective-"+asked.Protective, 0) {
		if err != nil || strings.Contains(string(r.Data), "13800138000") || strings.Contains(string(r.Data), "受骗") {
			t.Errorf("%v, in clear in %s: %s", err, r.Type, r.Data)
		}
	}
	c.Until("it is listed", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/objections?state=open").Body), filed.Objection)
	})
	decision := path + "/objections/" + filed.Objection + "/decision"
	right := map[string]any{"outcome": "upheld", "reason": "no-danger"}
	if a := c.Do(leader, "POST", decision, "", right); a.Code() != "decider-involved" {
		t.Errorf("the leader who approved the stop: %d %s", a.Status, a.Body)
	}
	c.Post(chief, decision, right)
	if lift := c.orders(t, icbc)[0]; lift.TxCode != bank.TxLift || lift.ReleaseRemark != "objection" {
		t.Errorf("the bank is asked %+v", lift)
	}
	c.Until("it is decided", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/objections?state=decided").Body), filed.Objection)
	})
}

func TestI15_AProtectiveStopGoesOverTheMachineChannelAsOverTheDesk(t *testing.T) {
	m := banktest.New(t, icbc)
	c := wire(t, m)
	path, asked := c.shielded(t)
	order := m.Next(t)
	if order.TxCode != bank.TxStop || order.Reason != "保护性止付" || order.ExpireTime != "20210719160000" {
		t.Errorf("the machine is asked %+v", order)
	}
	if said := c.answer(t, m, bank.OrderAnswer{ApplicationID: order.ApplicationID, Answer: whole()}); len(said) != 1 || said[0].Result != bank.Taken {
		t.Fatalf("the answer: %+v", said)
	}
	if again := c.answer(t, m, bank.OrderAnswer{ApplicationID: order.ApplicationID, Answer: whole()}); len(again) != 1 || again[0].Result != bank.Repeated {
		t.Errorf("the same answer again: %+v", again)
	}
	if s := c.shield(t, asked.Protective); s.State != "active" || s.Accounts[0].State != "executed" {
		t.Errorf("in force: %+v", s)
	}
	c.Post(duty, path+"/release", map[string]any{"reason": "subject-asks"})
	lift := m.Next(t)
	if lift.TxCode != bank.TxLift || lift.OriginalApplicationID != order.ApplicationID {
		t.Errorf("the machine is asked %+v", lift)
	}
	c.answer(t, m, bank.OrderAnswer{ApplicationID: lift.ApplicationID, Answer: bank.Answer{Result: bank.ResultOK}})
	if s := c.shield(t, asked.Protective); s.State != "ended" || s.Accounts[0].State != "lifted" {
		t.Errorf("released: %+v", s)
	}
}

func TestI15_AProtectiveStopThatLostItsClaimIsNotApproved(t *testing.T) {
	c := open(t)
	var asked shieldShown
	c.Post(duty, "/v1/protective-stops", shieldRequest("杨某")).Into(t, &asked)
	account := c.shield(t, asked.Protective).Accounts[0].Account
	now := c.City.City.Clock.Now()
	citytest.Pen(c.City, "shield", event.ShieldCodec())(account, "",
		event.ProtectiveAccountFreed{Protective: identity.ProtectiveID(asked.Protective), At: now},
		event.ProtectiveAccountClaimed{Protective: "another", Responsible: "440981000000", CapAt: now.Add(time.Hour), At: now})
	if a := c.Do(leader, "POST", "/v1/protective-stops/"+asked.Protective+"/approval", "", map[string]any{}); a.Code() != "protective-in-force" || !strings.Contains(string(a.Body), "440981000000") {
		t.Errorf("approved without the account: %d %s", a.Status, a.Body)
	}
}

func TestI15_AProtectiveStopThatCannotHaveAllItsAccountsKeepsNone(t *testing.T) {
	c := open(t)
	c.Post(duty, "/v1/protective-stops", shieldRequest("杨某")) // the first card alone
	other := neighbour("080001", access.DutyOfficer, "440981000000")
	if a := c.Do(other, "POST", "/v1/protective-stops", "", shieldRequest("杨某", "杨某")); a.Code() != "protective-in-force" {
		t.Fatalf("both cards: %d %s", a.Status, a.Body)
	}
	second := shieldRequest("杨某", "杨某")
	second["accounts"] = ownCards("杨某", "杨某")[1:]
	if a := c.Do(duty, "POST", "/v1/protective-stops", "", second); a.Status != 201 {
		t.Errorf("the second card, which nobody protects: %d %s", a.Status, a.Body)
	}
}
