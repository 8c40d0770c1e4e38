package stoppayment_test

import (
	"net/http"
	"testing"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

type bankReply struct {
	State         string
	Discrepancies []bank.Oddity
}

func TestI03_ASecondStopAsksItsBankToGoOnFromTheEndOfTheFirst(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	first := c.orders(t, abc)[0]
	desk := citytest.Desk(abc)
	c.Post(desk, "/v1/bank/orders/"+first.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"})
	account := c.chase(t, "case-1").Accounts[0].Account
	c.Post(duty, "/v1/accounts/"+account+"/orders/"+first.ApplicationID+"/second-stop", map[string]any{"investigator": two["investigator"]})
	second := c.orders(t, abc)[0]
	if second.TxCode != bank.TxSecondStop || second.StartTime != "20210719160000" || second.ExpireTime != "20210721160000" {
		t.Fatalf("the bank is asked %+v", second)
	}
	var said bankReply
	c.Post(desk, "/v1/bank/orders/"+second.ApplicationID+"/answer", bank.Answer{
		Result: bank.ResultOK, StartTime: second.StartTime, ExpireTime: second.ExpireTime, AccountBalance: "304000.00",
	}).Into(t, &said)
	if said.State != "executed" || len(said.Discrepancies) != 0 {
		t.Errorf("the bank is told %+v", said)
	}
	var shown struct {
		Orders []struct{ ExpiresAt string }
	}
	c.Get(duty, "/v1/accounts/"+account).Into(t, &shown)
	if len(shown.Orders) != 2 || shown.Orders[1].ExpiresAt != "2021-07-21T08:00:00Z" {
		t.Errorf("the account: %+v", shown)
	}
}

func TestAFreezeUnderAnotherNoticeIsRefusedWhereOneIsInForce(t *testing.T) {
	c, path := frozenCase(t)
	account := path[len("/v1/accounts/"):][:36]
	again := func(key, notice string, named bool) citytest.Answer {
		body := map[string]any{"noticeNo": notice}
		if named {
			body["accounts"] = []map[string]any{{"account": account}}
		}
		return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", key, twoOfficers(body))
	}
	if a := again("same-notice", "茂公冻〔2021〕1号", false); a.Status != http.StatusOK {
		t.Errorf("the same notice again: %d %s", a.Status, a.Body)
	}
	if a := again("other-notice", "茂公冻〔2021〕9号", false); a.Code() != "freeze-nothing-left" {
		t.Errorf("another notice: %d %s", a.Status, a.Body)
	}
	if a := again("named-account", "茂公冻〔2021〕9号", true); a.Code() != "freeze-under-way" {
		t.Errorf("another notice for a named account: %d %s", a.Status, a.Body)
	}
}

func TestI26_ABankThatReleasesMoreThanWasOrderedIsBelievedAndTold(t *testing.T) {
	c, path := frozenCase(t)
	c.Post(chief, path+"/release", twoOfficers(map[string]any{"cause": "unrelated", "amountFen": 100_000}))
	release := c.orders(t, abc)[0]
	var said bankReply
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+release.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160010", ReleasedAmount: "2000.00"}).Into(t, &said)
	if len(said.Discrepancies) != 1 || said.Discrepancies[0].Kind != "released-differs" || said.Discrepancies[0].Found != "2000.00" {
		t.Errorf("the bank is told %+v", said)
	}
	var a frozenAccount
	c.Get(chief, path[:len("/v1/accounts/")+36]).Into(t, &a)
	if a.Frozen != 30_200_000 {
		t.Errorf("%d fen are frozen, want what the bank still holds", a.Frozen)
	}
}
