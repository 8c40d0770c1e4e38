package stoppayment_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

var two = map[string]any{
	"operator": entry.Officer{PoliceNo: "090001", Unit: "440982000000"}, "investigator": entry.Officer{PoliceNo: "090002", Unit: "440982000000"},
}

// body is the two officers and more.
func body(more map[string]any) map[string]any {
	all := map[string]any{}
	for _, m := range []map[string]any{two, more} {
		maps.Copy(all, m)
	}
	return all
}

// heldAccount is what GET /v1/accounts answers, as far as these tests look.
type heldAccount struct {
	Stopped bool `json:"stopped"`
	Orders  []struct {
		Order, Kind, State, Scope, Target, Standing string
		Asked                                       int64 `json:"askedFen"`
		Held                                        int64 `json:"heldFen"`
		Approver                                    *struct{ PoliceNo string }
		Operator                                    *struct{ PoliceNo string }
	} `json:"orders"`
	Restraints []struct {
		Kind, By, Case, Whose string
		Until                 time.Time
	} `json:"restraints"`
}

func (c town) held(t *testing.T, id string) (a heldAccount) {
	t.Helper()
	c.Get(duty, "/v1/accounts/"+id).Into(t, &a)
	return a
}

// stoppedTown is a town in which the first account of a case is stopped.
func stoppedTown(t *testing.T) (c town, accountID, orderID string) {
	t.Helper()
	c = open(t)
	c.approve()
	c.report(t, "case-1")
	o := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "4835000.00"})
	return c, c.chase(t, "case-1").Accounts[0].Account, o.ApplicationID
}

func TestALeaderLiftsAStopAndTheBankFreesTheHolder(t *testing.T) {
	c, id, stop := stoppedTown(t)
	path := "/v1/accounts/" + id + "/orders/" + stop + "/lift"
	if a := c.Do(duty, "POST", path, "", body(map[string]any{"cause": "error"})); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer lifts: %d %s", a.Status, a.Body)
	}
	self := leader
	self.User = "090002"
	if a := c.Do(self, "POST", path, "", body(map[string]any{"cause": "error"})); a.Code() != "approver-is-operator" {
		t.Errorf("the investigator decides: %d %s", a.Status, a.Body)
	}
	neighbour := leader
	neighbour.Unit = "440983000000"
	if a := c.Do(neighbour, "POST", path, "", body(map[string]any{"cause": "error"})); a.Code() != "approver-not-superior" {
		t.Errorf("another county's leader decides: %d %s", a.Status, a.Body)
	}
	var out struct{ Outcome, Order, Target, State string }
	c.Post(leader, path, body(map[string]any{"cause": "error"})).Into(t, &out)
	if out.Outcome != "ordered" || out.Order == "" || out.State != "executed" {
		t.Fatalf("the lift: %+v", out)
	}
	order := c.orders(t, abc)[0]
	if order.TxCode != bank.TxLift || order.ApplicationID != out.Order || order.OriginalApplicationID != stop || order.ReleaseRemark != "error" || order.Approver.PoliceNo != leader.User || order.AccountNumber != "6228481234567890123" {
		t.Fatalf("the bank is asked %+v", order)
	}
	c.Post(leader, path, body(map[string]any{"cause": "error"})).Into(t, &out)
	if out.Outcome != "under-way" {
		t.Errorf("asked twice: %+v", out)
	}
	answer := "/v1/bank/orders/" + out.Target
	answer = strings.Replace(answer, out.Target, order.ApplicationID, 1) + "/answer"
	c.Post(citytest.Desk(abc), answer, bank.Answer{Result: bank.ResultOK, StartTime: "20210717160010"})
	if a := c.held(t, id); a.Stopped || a.Orders[0].State != "lifted" || a.Orders[1].Kind != "lift" || a.Orders[1].State != "executed" || a.Orders[1].Target != stop {
		t.Errorf("the account: %+v", a)
	}
	c.Until("the bank sees the lift no more", func() bool {
		return !strings.Contains(string(c.Get(citytest.Desk(abc), "/v1/bank/orders").Body), "applicationId")
	})
}

func TestI13_ALiftAfterTheLapseAnswersAndStoresNothing(t *testing.T) {
	c, id, stop := stoppedTown(t)
	path := "/v1/accounts/" + id + "/orders/" + stop + "/lift"
	var out struct{ Outcome, Order, State string }
	c.Post(leader, path, body(map[string]any{"cause": "unrelated"})).Into(t, &out)
	lift := out.Order
	if err := c.Clock.Set(t.Context(), time.Date(2021, 7, 19, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	c.Until("the stop has lapsed", func() bool { return c.chase(t, "case-1").Accounts[0].State == "lapsed" })
	before := c.Get(duty, "/v1/accounts/"+id).Header.Get("ETag")
	again := c.Post(leader, path, body(map[string]any{"cause": "unrelated"}))
	again.Into(t, &out)
	if again.Status != http.StatusOK || out.Outcome != "nothing-to-lift" || out.State != "lapsed" {
		t.Errorf("%d %s", again.Status, again.Body)
	}
	late := c.Do(citytest.Desk(abc), "POST", "/v1/bank/orders/"+lift+"/answer", "", bank.Answer{Result: bank.ResultOK, StartTime: "20210719160000"})
	if late.Status != http.StatusOK {
		t.Errorf("the bank's answer after the lapse: %d %s", late.Status, late.Body)
	}
	if after := c.Get(duty, "/v1/accounts/"+id).Header.Get("ETag"); after != before {
		t.Errorf("something was stored: %s after %s", after, before)
	}
}

func TestI10_AManualStopOfAnAmountAndItsNarrowing(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	target := entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}
	source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: target, AmountFen: 5_000_00, At: paidAt, Serial: "S7"}
	wish := func(amount int64) map[string]any {
		return map[string]any{"account": target, "source": source, "scope": "AMOUNT", "amountFen": amount, "investigator": two["investigator"]}
	}
	if a := c.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", wish(5_000_01)); a.Code() != "stop-amount" {
		t.Errorf("more than was transferred: %d %s", a.Status, a.Body)
	}
	var placed struct{ Account, Order string }
	c.Post(duty, "/v1/pursuits/case-1/orders", wish(4_000_00)).Into(t, &placed)
	order := c.orders(t, ccb)[0]
	if order.TxCode != bank.TxStop || order.Scope != bank.ScopeAmount || order.StopAmount != "4000.00" || order.OriginalApplicationID != "" {
		t.Fatalf("the bank is asked %+v", order)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "9000.00", StoppedAmount: "4000.00"})
	path := "/v1/accounts/" + placed.Account + "/orders/" + placed.Order + "/lift"
	if a := c.Do(leader, "POST", path, "", body(map[string]any{"cause": "disproportionate", "keepFen": 4_000_00})); a.Code() != "lift-keep" {
		t.Errorf("narrowed to what it is: %d %s", a.Status, a.Body)
	}
	c.Post(leader, path, body(map[string]any{"cause": "disproportionate", "keepFen": 1_000_00}))
	narrower := c.orders(t, ccb)[0]
	if narrower.TxCode != bank.TxStop || narrower.OriginalApplicationID != placed.Order || narrower.Scope != bank.ScopeAmount || narrower.StopAmount != "1000.00" {
		t.Fatalf("the bank is asked %+v", narrower)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+narrower.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160010", StoppedAmount: "1000.00"})
	a := c.held(t, placed.Account)
	if p := c.chase(t, "case-1"); p.Accounts[1].Stopped != 1_000_00 {
		t.Errorf("the chase: %+v", p)
	}
	if !a.Stopped || a.Orders[0].Held != 1_000_00 || a.Orders[1].Kind != "narrowing" || a.Orders[1].State != "executed" {
		t.Errorf("the account: %+v", a)
	}
}

func TestI10_TheCitysWayIsToStopTheAmountAndMoreMoneyRaisesIt(t *testing.T) {
	c := citytest.Open(t)
	c.Policy.Chase.Scope = "AMOUNT"
	c.Run(stoppayment.New)
	w := in(c, nil)
	w.say = pen(c)
	w.approve()
	w.report(t, "case-1")
	order := w.orders(t, abc)[0]
	if order.Scope != bank.ScopeAmount || order.StopAmount != "4830000.00" {
		t.Fatalf("the bank is asked %+v", order)
	}
	w.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "9835000.00", StoppedAmount: "4830000.00"})
	w.declare(t, "case-1", "t-more", "S2", 20_000_00)
	raise := w.orders(t, abc)[0]
	if raise.TxCode != bank.TxStop || raise.OriginalApplicationID != order.ApplicationID || raise.StopAmount != "4850000.00" || raise.Approver.PoliceNo != leader.User {
		t.Fatalf("the bank is asked %+v", raise)
	}
	w.Post(citytest.Desk(abc), "/v1/bank/orders/"+raise.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160020", StoppedAmount: "4850000.00"})
	a := w.held(t, w.chase(t, "case-1").Accounts[0].Account)
	if a.Orders[0].Held != 485_000_000 || a.Orders[1].Kind != "raise" || a.Orders[1].Standing == "" {
		t.Errorf("the account: %+v", a)
	}
	w.Post(duty, "/v1/accounts/"+w.chase(t, "case-1").Accounts[0].Account+"/orders/"+order.ApplicationID+"/second-stop", map[string]any{"investigator": two["investigator"]})
	second := w.orders(t, abc)[0]
	if second.TxCode != bank.TxSecondStop || second.Scope != bank.ScopeAmount || second.StopAmount != "4850000.00" || second.OriginalApplicationID != order.ApplicationID {
		t.Errorf("the second stop: %+v", second)
	}
}

func TestI14_ATelephoneOrderIsFollowedByPapersOrLifted(t *testing.T) {
	c := citytest.Open(t)
	c.Policy.PaperDays, c.Policy.Remedy.DaysWorked = 1, []string{"2021-07-18"} // a Sunday
	c.Run(stoppayment.New)
	w := in(c, nil)
	w.say = pen(c)
	w.approve()
	w.report(t, "case-1")
	w.Until("the chase is open", func() bool { return len(w.chase(t, "case-1").Accounts) == 1 })
	target := entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}
	source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: target, AmountFen: 5_000_00, At: paidAt, Serial: "S7"}
	var paper struct {
		Registration, Account string
		Due                   time.Time
	}
	registration := w.Post(duty, "/v1/pursuits/case-1/paper-orders", map[string]any{
		"account": target, "channel": "phone", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "建设银行 王某", "investigator": two["investigator"],
	})
	registration.Into(t, &paper)
	if !paper.Due.Equal(time.Date(2021, 7, 18, 16, 0, 0, 0, time.UTC)) || strings.Contains(string(registration.Body), "王某") {
		t.Errorf("registered: %s", registration.Body)
	}
	if a := w.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", map[string]any{"account": target, "source": source, "applicationType": "04", "investigator": two["investigator"]}); a.Code() != "paper-order-unknown" {
		t.Errorf("type 04 without a registration: %d %s", a.Status, a.Body)
	}
	w.Post(duty, "/v1/pursuits/case-1/orders", map[string]any{"account": target, "source": source, "registration": paper.Registration, "investigator": two["investigator"]})
	order := w.orders(t, ccb)[0]
	if order.ApplicationType != bank.ApplicationPaperRMB || order.OriginalApplicationID != paper.Registration {
		t.Fatalf("the bank is asked %+v", order)
	}
	w.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717155100", AccountBalance: "9000.00"})
	if err := w.Clock.Set(t.Context(), paper.Due); err != nil {
		t.Fatal(err)
	}
	lift := w.orders(t, ccb)[0]
	if lift.TxCode != bank.TxLift || lift.OriginalApplicationID != order.ApplicationID || lift.ReleaseRemark != "unpapered" {
		t.Errorf("the bank is asked %+v", lift)
	}
	late := w.Do(duty, "POST", "/v1/pursuits/case-1/paper-orders/"+paper.Registration+"/papers", "", map[string]any{"account": paper.Account, "document": "茂公止〔2021〕1号"})
	if late.Code() != "paper-order-expired" {
		t.Errorf("papers after the term: %d %s", late.Status, late.Body)
	}
}

func TestPapersInTimeEndTheTerm(t *testing.T) {
	c := open(t)
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	var paper struct{ Registration, Account string }
	c.Post(duty, "/v1/pursuits/case-1/paper-orders", map[string]any{
		"account": entry.Account{Bank: ccb, Number: "6217001234567890127"}, "channel": "paper", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "柜台", "document": "茂公止〔2021〕1号",
		"investigator": two["investigator"],
	}).Into(t, &paper)
	clocks := func() string { return string(c.Get(duty, "/v1/clocks?case=case-1").Body) }
	c.Until("the term of the papers runs", func() bool { return strings.Contains(clocks(), paper.Registration) })
	c.Post(duty, "/v1/pursuits/case-1/paper-orders/"+paper.Registration+"/papers", map[string]any{"account": paper.Account, "document": "茂公止〔2021〕1号"})
	c.Until("it runs no more", func() bool { return !strings.Contains(clocks(), paper.Registration) })
}

// pen says on the log what intake would.
func pen(c *citytest.City) func(id, correlation string, events ...event.CaseEvent) {
	return citytest.Pen(c, "case", event.CaseCodec())
}

// reported is a report without a transfer.
func reported() []event.CaseEvent {
	return []event.CaseEvent{event.FraudReportReceived{
		Channel: "110", ReceivedAt: time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC), Urgency: "urgent", Unit: "440982000000",
		Operator: event.Officer{PoliceNo: duty.User, Unit: "440982000000"}, Investigator: event.Officer{PoliceNo: "090002", Unit: "440982000000"},
	}}
}

// lose opens a case with one transfer.
func (c town) lose(t *testing.T, id identity.CaseID, in entry.Transfer) {
	t.Helper()
	transfer, _, err := c.desk.Transfer(t.Context(), in, identity.TransferID("t-"+string(id)), c.City.Clock.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	c.say(string(id), string(id), append(reported(), event.LossTransferDeclared{Transfer: transfer, Victim: "victim-1", Currency: event.CNY})...)
}

// declare adds a transfer to the same card to a case.
func (c town) declare(t *testing.T, id identity.CaseID, name identity.TransferID, serial string, fen int64) {
	t.Helper()
	from := entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}
	to := entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某雄"}
	transfer, _, err := c.desk.Transfer(t.Context(), entry.Transfer{From: from, To: to, AmountFen: money.Fen(fen), At: paidAt.Add(time.Minute), Serial: serial}, name, c.City.Clock.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	c.say(string(id), string(id), event.LossTransferDeclared{Transfer: transfer, Victim: "victim-1", Currency: event.CNY})
}
