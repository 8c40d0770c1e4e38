package stoppayment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// The victim and his cards.
func yang() entry.Person {
	return entry.Person{Name: "杨某", IDNumber: "11010519491231002X", Phone: "13800138000"}
}

func ownCards(names ...string) (cards []map[string]any) {
	numbers := []string{"6222021234567890128", "6228480012345678901"}
	for n, name := range names {
		cards = append(cards, map[string]any{"bank": []string{icbc, abc}[n], "number": numbers[n], "holder": name, "idNumber": "11010519491231002X"})
	}
	return cards
}

func shieldRequest(names ...string) map[string]any {
	return map[string]any{
		"case": "case-1", "subject": yang(), "accounts": ownCards(names...), "basis": "subject-request", "consent": "given",
		"investigator": entry.Officer{PoliceNo: "090002", Unit: duty.Unit},
	}
}

type shieldShown struct {
	Protective, State, Responsible string
	Notified                       bool
	CapIn                          int64 `json:"capInSeconds"`
	Accounts                       []struct {
		Account, State string
		EndsIn         int64 `json:"endsInSeconds"`
	} `json:"accounts"`
}

func (c town) shield(t *testing.T, id string) (s shieldShown) {
	t.Helper()
	c.Get(duty, "/v1/protective-stops/"+id).Into(t, &s)
	return s
}

func TestI15_AVictimsOwnCardsAreStoppedAndReleasedByOneUnitInOneCommand(t *testing.T) {
	c := open(t)
	if a := c.Do(duty, "POST", "/v1/protective-stops", "", shieldRequest("杨某", "李某")); a.Code() != "protective-account-not-own" {
		t.Fatalf("his wife's card: %d %s", a.Status, a.Body)
	}
	var asked shieldShown
	c.Post(duty, "/v1/protective-stops", shieldRequest("杨某", "杨 某")).Into(t, &asked)
	path := "/v1/protective-stops/" + asked.Protective
	if page := c.Get(citytest.Desk(icbc), "/v1/bank/orders"); strings.Contains(string(page.Body), "applicationId") {
		t.Fatalf("a bank is asked before the approval: %s", page.Body)
	}
	c.Post(leader, path+"/approval", map[string]any{})
	first, second := c.orders(t, icbc)[0], c.orders(t, abc)[0]
	if first.TxCode != bank.TxStop || first.AccountNumber != "6222021234567890128" || first.AccountName != "杨某" || first.Reason != "保护性止付" || first.Approver.PoliceNo != leader.User {
		t.Errorf("the bank is asked %+v", first)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+first.ApplicationID+"/receipt", map[string]any{})
	if a := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+first.ApplicationID+"/answer", "", whole()); a.Code() != "order-of-another-bank" {
		t.Errorf("another bank answers: %d %s", a.Status, a.Body)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+first.ApplicationID+"/answer", whole())
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+second.ApplicationID+"/answer", whole())
	s := c.shield(t, asked.Protective)
	if s.State != "active" || s.Notified || s.CapIn <= 7*24*3600-60 || s.Accounts[0].State != "executed" || s.Accounts[0].EndsIn > 48*3600 || s.Accounts[0].EndsIn <= 48*3600-60 {
		t.Errorf("in force: %+v", s)
	}
	c.Until("the list has it", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/protective-stops?state=active").Body), asked.Protective)
	})
	other := citytest.Officer("080001", access.DutyOfficer)
	other.Unit = "440981000000"
	if a := c.Do(other, "POST", "/v1/protective-stops", "", shieldRequest("杨某")); a.Code() != "protective-in-force" || !strings.Contains(string(a.Body), "440982000000") {
		t.Errorf("another unit protects him too: %d %s", a.Status, a.Body)
	}
	if a := c.Do(other, "POST", path+"/release", "", map[string]any{"reason": "subject-asks"}); a.Code() != "protective-responsible-unit" || !strings.Contains(string(a.Body), "440982000000") {
		t.Errorf("another unit releases: %d %s", a.Status, a.Body)
	}
	if text := string(c.Get(duty, path+"/notice-text").Body); !strings.Contains(text, "保护性止付告知书") || !strings.Contains(text, "2021年7月24日") || strings.Contains(text, "杨某") {
		t.Errorf("the letter: %s", text)
	}
	c.Post(duty, path+"/notices", map[string]any{"reason": "own-account", "remedy": "release", "documents": []string{"id-card"}, "via": "phone"})
	c.Post(duty, path+"/exemptions", map[string]any{"account": s.Accounts[0].Account, "purpose": "tuition", "amountFen": 5_000_00})
	exempt := c.orders(t, icbc)[0]
	if exempt.TxCode != bank.TxStop || exempt.OriginalApplicationID != first.ApplicationID || exempt.Scope != bank.ScopeAmount || exempt.StopAmount != "299000.00" {
		t.Errorf("the bank is asked to let tuition through: %+v", exempt)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+exempt.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StoppedAmount: exempt.StopAmount})
	c.Post(duty, path+"/release", map[string]any{"reason": "subject-asks"})
	for _, of := range []string{icbc, abc} {
		lift := c.orders(t, of)[0]
		if lift.TxCode != bank.TxLift || lift.OriginalApplicationID == "" {
			t.Errorf("%s is asked %+v", of, lift)
		}
		c.Post(citytest.Desk(identity.BankCode(of)), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK})
	}
	if s = c.shield(t, asked.Protective); s.State != "ended" || !s.Notified || s.Accounts[0].State != "lifted" || s.Accounts[1].State != "lifted" {
		t.Errorf("released: %+v", s)
	}
}

func TestI15_AProtectiveStopEndsByItselfAndAgainAtItsCapAfterARenewal(t *testing.T) {
	c := open(t)
	request := shieldRequest("杨某")
	request["capAt"] = "2021-07-20T16:00:00+08:00" // 72 hours
	var asked shieldShown
	c.Post(duty, "/v1/protective-stops", request).Into(t, &asked)
	path := "/v1/protective-stops/" + asked.Protective
	c.Post(leader, path+"/approval", map[string]any{})
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+c.orders(t, icbc)[0].ApplicationID+"/answer", whole())
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 7, 0, 0, 0, time.UTC)); err != nil { // an hour before the end
		t.Fatal(err)
	}
	c.Post(leader, path+"/renewal", map[string]any{
		"reason": "danger-stands", "operator": entry.Officer{PoliceNo: "090001", Unit: duty.Unit}, "investigator": entry.Officer{PoliceNo: "090002", Unit: duty.Unit},
	})
	more := c.orders(t, icbc)[0]
	if more.TxCode != bank.TxSecondStop || more.ExpireTime != "20210720160000" {
		t.Errorf("the bank is asked %+v", more)
	}
	c.Post(citytest.Desk(icbc), "/v1/bank/orders/"+more.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210719150001", AccountBalance: "304000.00"})
	if s := c.shield(t, asked.Protective); s.Accounts[0].EndsIn > 25*3600 || s.Accounts[0].EndsIn <= 24*3600 {
		t.Errorf("48 hours more, cut off at the cap: %+v", s)
	}
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 20, 8, 0, 1, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("it is over", func() bool {
		s := c.shield(t, asked.Protective)
		return s.State == "ended" && s.Accounts[0].State == "lapsed"
	})
	if lift := c.orders(t, icbc)[0]; lift.TxCode != bank.TxLift {
		t.Errorf("the bank, whose own 48 hours run on, is asked %+v", lift)
	}
}
