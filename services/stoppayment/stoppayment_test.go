package stoppayment_test

import (
	"net/http"
	"slices"
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
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

const (
	icbc = "102100099996"
	abc  = "103100000026"
	ccb  = "105100000017"
)

var (
	duty   = citytest.Officer("090001", access.DutyOfficer)
	leader = citytest.Officer("090100", access.ShiftLeader)
	chief  = citytest.Officer("090900", access.Chief)
	paidAt = time.Date(2021, 7, 17, 7, 20, 0, 0, time.UTC)
)

// town is a city with a stop-payment service and a pen for what intake says.
type town struct {
	*citytest.City
	desk entry.Desk
	say  func(id, correlation string, events ...event.CaseEvent)
	told *sync.Map // ids of orders, by their banks
}

func in(c *citytest.City, say func(id, correlation string, events ...event.CaseEvent)) town {
	return town{c, entry.Desk{Keys: c.Keys, Banks: c.Banks}, say, &sync.Map{}}
}

func open(t *testing.T) town {
	c := citytest.Open(t)
	c.Run(stoppayment.New)
	return in(c, citytest.Pen(c, "case", event.CaseCodec()))
}

// approve lets stops go out by themselves.
func (c town) approve() {
	c.Post(leader, "/v1/standing-approvals", map[string]any{"maxAmountFen": 1_000_000_000, "maxLevel": 5, "until": "2021-07-18T00:00:00+08:00"})
}

// report says on the log what intake would: 483万 from ICBC to a card at ABC.
func (c town) report(t *testing.T, id identity.CaseID) event.Transfer {
	t.Helper()
	from := entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}
	to := entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某雄"}
	transfer, _, err := c.desk.Transfer(t.Context(), entry.Transfer{From: from, To: to, AmountFen: 483_000_000, At: paidAt, Serial: "S1"}, identity.TransferID("t-"+string(id)), c.City.Clock.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	two := [2]event.Officer{{PoliceNo: duty.User, Unit: "440982000000"}, {PoliceNo: "090002", Unit: "440982000000"}}
	c.say(string(id), string(id),
		event.FraudReportReceived{Channel: "110", ReceivedAt: c.City.Clock.Now(), Urgency: "urgent", Unit: "440982000000", Operator: two[0], Investigator: two[1]},
		event.LossTransferDeclared{Transfer: transfer, Victim: "victim-1", Currency: event.CNY})
	return transfer
}

func (c town) orders(t *testing.T, of string) []bank.Order {
	t.Helper()
	var page bank.Orders
	for until := time.Now().Add(listedYet); ; {
		c.Get(citytest.Desk(identity.BankCode(of)), "/v1/bank/orders?wait=10").Into(t, &page)
		lags := func(o bank.Order) bool { _, has := c.told.Load(o.ApplicationID); return has }
		if !slices.ContainsFunc(page.Items, lags) || time.Now().After(until) {
			return page.Items
		}
	}
}

// listedYet is how long a bank's list may go on showing what the bank has answered.
const listedYet = time.Second

// Post remembers what banks have answered.
func (c town) Post(who access.Person, path string, body any) citytest.Answer {
	a := c.City.Post(who, path, body)
	if order, of := strings.CutSuffix(path, "/answer"); of {
		c.told.Store(order[strings.LastIndex(order, "/")+1:], true)
	}
	return a
}

type pursuit struct {
	Open     int `json:"open"`
	Accounts []struct {
		Account    string `json:"account"`
		Level      int    `json:"level"`
		Order      string `json:"order"`
		State      string `json:"state"`
		Stopped    int64  `json:"stoppedFen"`
		Attributed int64  `json:"attributableFen"`
		Frozen     int64  `json:"frozenFen"`
		Freeze     string `json:"freeze"`
	} `json:"accounts"`
}

func (c town) chase(t *testing.T, id string) (p pursuit) {
	t.Helper()
	if a := c.Get(duty, "/v1/pursuits/"+id); a.Status == http.StatusOK {
		a.Into(t, &p)
	}
	return p
}

// done is the bank's answer with the account's statement: 483万 in, 300万 on to
// a card at CCB, 100万 in cash; of the card's own there were 5,000 元.
func done() bank.Answer {
	return bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160100", ExpireTime: "20210719160100", AccountBalance: "835000.00", OpeningBalance: "5000.00",
		Transactions: []bank.Transaction{
			{SerialNumber: "S1", Time: "20210717152000", Direction: "C", Amount: "4830000.00", Balance: "4835000.00", CounterBankID: icbc, CounterNumber: "6222021234567890128", CounterName: "杨某"},
			{SerialNumber: "S2", Time: "20210717152200", Direction: "D", Amount: "3000000.00", Balance: "1835000.00", CounterBankID: ccb, CounterNumber: "6217001234567890127", CounterName: "李某"},
			{SerialNumber: "S3", Time: "20210717152500", Direction: "D", Amount: "1000000.00", Balance: "835000.00", Cash: true},
		},
	}
}

func TestTheChaseGoesFromTheReportToTheNextBankByItself(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	orders := c.orders(t, abc)
	if len(orders) != 1 || orders[0].TxCode != bank.TxStop || orders[0].AccountNumber != "6228481234567890123" || orders[0].AccountName != "周某雄" {
		t.Fatalf("orders at the first bank: %+v", orders)
	}
	o := orders[0]
	if o.Operator.PoliceNo == o.Investigator.PoliceNo || o.Approver.PoliceNo != leader.User || o.TransferAmount != "4830000.00" || o.TransferTime != "20210717152000" {
		t.Errorf("the order says %+v", o)
	}
	path := "/v1/bank/orders/" + o.ApplicationID
	c.Post(citytest.Desk(abc), path+"/receipt", map[string]any{})
	c.Post(citytest.Desk(abc), path+"/answer", done())
	next := c.orders(t, ccb)
	if len(next) != 1 || next[0].AccountNumber != "6217001234567890127" || next[0].TransferSerial != "S2" {
		t.Fatalf("orders at the second bank: %+v", next)
	}
	p := c.chase(t, "case-1")
	if len(p.Accounts) != 2 || p.Accounts[0].State != "executed" || p.Accounts[0].Stopped != 83_500_000 || p.Accounts[0].Attributed != 83_000_000 || p.Accounts[1].Level != 2 || p.Open != 1 {
		t.Errorf("the chase: %+v", p)
	}
	if left := c.Get(citytest.Desk(abc), "/v1/bank/orders"); strings.Contains(string(left.Body), o.ApplicationID) {
		t.Error("an answered order is still open at its bank")
	}
}

func TestWithoutAStandingApprovalTheOrderWaitsForAPerson(t *testing.T) {
	c := open(t)
	c.report(t, "case-1")
	var queue struct {
		Items []struct {
			Order, Account, State string
		} `json:"items"`
	}
	c.Until("the order waits", func() bool {
		c.Get(leader, "/v1/orders?state=waiting").Into(t, &queue)
		return len(queue.Items) == 1
	})
	if page := c.Get(citytest.Desk(abc), "/v1/bank/orders"); strings.Contains(string(page.Body), "applicationId") {
		t.Fatalf("the bank sees an order that nobody approved: %s", page.Body)
	}
	act := "/v1/accounts/" + queue.Items[0].Account + "/orders/" + queue.Items[0].Order
	self := leader
	self.User = duty.User
	if a := c.Do(self, "POST", act+"/approval", "", map[string]any{}); a.Code() != "approver-is-operator" {
		t.Errorf("the operator approves himself: %d %s", a.Status, a.Body)
	}
	c.Post(leader, act+"/approval", map[string]any{})
	if orders := c.orders(t, abc); len(orders) != 1 {
		t.Errorf("%d orders at the bank after the approval", len(orders))
	}
}

func TestBadAnswersAreRefusedWithTheirRuleAndNothingIsStored(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	path := "/v1/bank/orders/" + o.ApplicationID + "/answer"
	edit := func(change func(*bank.Answer)) bank.Answer {
		a := done()
		change(&a)
		return a
	}
	for name, bad := range map[string]struct {
		who  access.Person
		path string
		body any
		code string
	}{
		"another bank's desk":  {citytest.Desk(ccb), path, done(), "order-of-another-bank"},
		"a police officer":     {duty, path, done(), "role-not-allowed"},
		"an unknown order":     {citytest.Desk(abc), "/v1/bank/orders/nothing/answer", done(), "order-unknown"},
		"three decimals":       {citytest.Desk(abc), path, edit(func(a *bank.Answer) { a.AccountBalance = "835000.001" }), "bank-amount-malformed"},
		"a time of its own":    {citytest.Desk(abc), path, edit(func(a *bank.Answer) { a.StartTime = "2021-07-17" }), "bank-time-malformed"},
		"no time of execution": {citytest.Desk(abc), path, edit(func(a *bank.Answer) { a.StartTime = "" }), "executed-at-missing"},
		"an unknown cause":     {citytest.Desk(abc), path, bank.Answer{Result: "0101", FailureCause: "mood"}, "failure-cause-unknown"},
		"an unknown field":     {citytest.Desk(abc), path, `{"result":"0000","fee":"1.00"}`, "field-unknown"},
		"no JSON":              {citytest.Desk(abc), path, `{"result":`, "json-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.Do(bad.who, "POST", bad.path, "", bad.body)
			if a.Code() != bad.code {
				t.Errorf("%d %s, want %s", a.Status, a.Body, bad.code)
			}
			if strings.Contains(string(a.Body), "6228481234567890123") || strings.Contains(string(a.Body), "周某雄") {
				t.Error("the answer repeats personal data")
			}
		})
	}
	if p := c.chase(t, "case-1"); len(p.Accounts) != 1 || p.Accounts[0].State != "approved" {
		t.Errorf("something was stored: %+v", p)
	}
}

func TestI12_AStopLapsesWithinASecondOfItsClock(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "1.00"})
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 7, 59, 58, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if p := c.chase(t, "case-1"); p.Accounts[0].State != "executed" {
		t.Fatalf("two seconds before the end the stop is %s", p.Accounts[0].State)
	}
	end := time.Date(2021, 7, 19, 8, 0, 0, 0, time.UTC)
	c.Until("the stop has lapsed", func() bool { return c.chase(t, "case-1").Accounts[0].State == "lapsed" })
	if late := c.Clock.Now().Sub(end); late > time.Second {
		t.Errorf("seen lapsed %v after its end", late)
	}
}

func TestAfterFilingTheChiefFreezes(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "304000.00"})
	freeze := map[string]any{
		"noticeNo": "茂公冻〔2021〕1号", "termMonths": 6,
		"operator": entry.Officer{PoliceNo: "090001", Unit: "440982000000"}, "investigator": entry.Officer{PoliceNo: "090002", Unit: "440982000000"},
	}
	if a := c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "", freeze); a.Code() != "case-not-filed" {
		t.Fatalf("before filing: %d %s", a.Status, a.Body)
	}
	c.say("case-1", "case-1", event.CaseFiled{CaseNo: "A4409820000002021070001", DecisionNo: "D1", At: c.City.Clock.Now()})
	c.Until("the freeze can be approved", func() bool {
		return c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "the-one-freeze", freeze).Status == http.StatusOK
	})
	order := c.orders(t, abc)[0]
	if order.TxCode != bank.TxFreeze || order.CaseNumber != "A4409820000002021070001" || order.TermMonths != 6 {
		t.Fatalf("the bank is asked %+v", order)
	}
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160001", AppliedBalance: "304000.00", FrozedBalance: "304000.00", AccountBalance: "304000.00",
	})
	if p := c.chase(t, "case-1"); p.Accounts[0].Freeze != "executed" || p.Accounts[0].Frozen != 30_400_000 || p.Accounts[0].State != "lifted" || p.Open != 0 {
		t.Errorf("the chase: %+v", p)
	}
}

func TestAManualOrderByOneOfficerAloneIsRefused(t *testing.T) {
	c := open(t)
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	account := entry.Account{Bank: ccb, Number: "6217001234567890120", Holder: "李某"} // no Luhn
	order := func(investigator any) citytest.Answer {
		return c.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", map[string]any{"account": account, "investigator": investigator})
	}
	if a := order(entry.Officer{}); a.Code() != "two-officers-required" {
		t.Errorf("alone: %d %s", a.Status, a.Body)
	}
	if a := order(entry.Officer{PoliceNo: duty.User, Unit: duty.Unit}); a.Code() != "two-officers-required" {
		t.Errorf("twice the same: %d %s", a.Status, a.Body)
	}
	a := order(entry.Officer{PoliceNo: "090002", Unit: duty.Unit})
	if a.Status != http.StatusCreated || !strings.Contains(string(a.Body), "card-no-luhn") {
		t.Errorf("a card without Luhn stops the order or is not told: %d %s", a.Status, a.Body)
	}
	c.Until("the order waits for approval", func() bool {
		p := c.chase(t, "case-1")
		return len(p.Accounts) == 2 && p.Accounts[1].State == "waiting"
	})
}
