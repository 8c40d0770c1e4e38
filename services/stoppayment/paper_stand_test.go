package stoppayment_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// call is the registration of an officer's call to a bank.
func call(bankCode, number, holder, askedAt string) map[string]any {
	return map[string]any{
		"account": entry.Account{Bank: bankCode, Number: number, Holder: holder}, "channel": "phone", "askedAt": askedAt, "contact": "银行 王某", "investigator": two["investigator"],
	}
}

type paperShown struct {
	Registration, Account, Instead string
	Due                            time.Time
}

// stands checks, once the papers would be overdue, that the stop holds and that no
// bank was asked to let go.
func (c town) stands(t *testing.T, account, of, stop string, due time.Time) {
	t.Helper()
	if err := c.Clock.Set(t.Context(), due.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.Until("the stop's last warning has come", func() bool {
		warned, _ := stream[struct{ Order string }](t, c, "account-"+account, "stop-expiry-warned.v1")
		return len(warned) > 0
	})
	if lifts, _ := stream[struct{ Target string }](t, c, "account-"+account, "lift-requested.v1"); len(lifts) != 0 {
		t.Errorf("the bank is asked to let go of %+v", lifts)
	}
	var open bank.Orders
	c.Get(citytest.Desk(identity.BankCode(of)), "/v1/bank/orders").Into(t, &open)
	if a := c.held(t, account); !a.Stopped || len(a.Orders) != 1 || a.Orders[0].Order != stop || len(open.Items) != 0 {
		t.Errorf("the account: %+v, at the bank: %+v", a, open.Items)
	}
	if clocks := string(c.Get(duty, "/v1/clocks?case=case-1").Body); strings.Contains(clocks, `"paper"`) {
		t.Errorf("the clocks: %s", clocks)
	}
}

func TestI14_ACallAboutAnAccountThatIsStoppedAlreadyOwesNoPapers(t *testing.T) {
	c, account, stop := stoppedTown(t)
	var paper paperShown
	if a := c.Post(duty, "/v1/pursuits/case-1/paper-orders", call(abc, "6228481234567890123", "周某雄", "2021-07-17T15:50:00+08:00")); a.Status != http.StatusCreated {
		t.Fatalf("%d %s", a.Status, a.Body)
	} else {
		a.Into(t, &paper)
	}
	if paper.Instead != stop || !paper.Due.IsZero() || paper.Account != account {
		t.Errorf("the registration: %+v", paper)
	}
	c.stands(t, account, abc, stop, paidAt.Add(25*time.Hour))
	c.Until("the holder was not told of the stop", func() bool { return strings.Contains(strings.Join(c.untold(t), ", "), stop+" measure") })
	c.Post(duty, "/v1/accounts/"+account+"/orders/"+stop+"/notices", notice("measure", "fraud-funds"))
	c.Until("and of nothing else", func() bool { return len(c.untold(t)) == 0 })
}

func TestI14_TheChaseThatMeetsATelephoneStopStandsInItsPlace(t *testing.T) {
	c := telephoned(t)
	c.Post(duty, "/v1/accounts/"+c.Account+"/orders/"+c.Registration+"/notices", notice("measure", "fraud-funds"))
	first := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+first.ApplicationID+"/answer", done())
	order := c.orders(t, ccb)[0]
	if order.TxCode != bank.TxStop || order.AccountNumber != "6217001234567890127" {
		t.Fatalf("the bank is asked %+v", order)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160200", AccountBalance: "3000000.00"})
	var shown struct {
		Compliance  string
		PaperOrders []struct{ Instead, Compliance string }
	}
	c.Get(duty, "/v1/accounts/"+c.Account).Into(t, &shown)
	if len(shown.PaperOrders) != 1 || shown.PaperOrders[0].Instead != order.ApplicationID || shown.PaperOrders[0].Compliance != "" || shown.Compliance != "told" {
		t.Errorf("the account: %+v", shown)
	}
	c.Until("only the holder at the first bank was not told", func() bool { return strings.Join(c.untold(t), ", ") == first.ApplicationID+" measure" })
	c.stands(t, c.Account, ccb, order.ApplicationID, c.Due)
}

func TestI14_AWrongDayOfACallIsRefusedAndNoBankIsAskedToLetGo(t *testing.T) {
	c := telephoned(t)
	before := c.Get(duty, "/v1/accounts/"+c.Account)
	for asked, code := range map[string]string{"2021-07-16T15:50:00+08:00": "paper-asked-too-long-ago", "2020-06-12T15:50:00+08:00": "paper-asked-too-long-ago"} {
		a := c.Do(duty, "POST", "/v1/pursuits/case-1/paper-orders", "", call(ccb, "6217001234567890127", "李某", asked))
		if a.Status != http.StatusUnprocessableEntity || a.Code() != code || !strings.Contains(string(a.Body), "/askedAt") || !strings.Contains(string(a.Body), "后补期限已过") {
			t.Errorf("asked at %s: %d %s", asked, a.Status, a.Body)
		}
	}
	if after := c.Get(duty, "/v1/accounts/"+c.Account); string(after.Body) != string(before.Body) {
		t.Errorf("something was stored: %s", after.Body)
	}
}

func TestALeaderLiftsATelephoneStopBeforeItsPapersAreDue(t *testing.T) {
	c := telephoned(t)
	path := "/v1/accounts/" + c.Account + "/orders/" + c.Registration
	if a := c.Do(duty, "POST", path+"/lift", "", body(map[string]any{"cause": "error"})); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer lifts: %d %s", a.Status, a.Body)
	}
	var out struct{ Outcome, Order, Target, State string }
	c.Post(leader, path+"/lift", body(map[string]any{"cause": "error"})).Into(t, &out)
	lift := c.orders(t, ccb)[0]
	if out.Outcome != "ordered" || lift.ApplicationID != out.Order || lift.TxCode != bank.TxLift || lift.OriginalApplicationID != c.Registration || lift.ReleaseRemark != "error" {
		t.Fatalf("the lift: %+v, at the bank %+v", out, lift)
	}
	c.Post(leader, path+"/lift", body(map[string]any{"cause": "error"})).Into(t, &out)
	if out.Outcome != "under-way" || out.State != "executed" {
		t.Errorf("asked twice: %+v", out)
	}
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160010"})
	c.Post(leader, path+"/lift", body(map[string]any{"cause": "error"})).Into(t, &out)
	if out.Outcome != "nothing-to-lift" || out.State != "lifted" {
		t.Errorf("asked once more: %+v", out)
	}
	c.Until("the holder is owed a word on both", func() bool {
		return strings.Join(c.untold(t), ", ") == c.Registration+" measure, "+c.Registration+" lift"
	})
	var letter struct{ Text string }
	c.Get(duty, path+"/notice-text?about=lift").Into(t, &letter)
	for _, want := range []string{"原措施有误", "二、范围", "三、责任单位：化州市公安局，公安机关机构代码 440982000000。"} {
		if !strings.Contains(letter.Text, want) {
			t.Errorf("the letter lacks %s:\n%s", want, letter.Text)
		}
	}
	if err := c.Clock.Set(t.Context(), c.Due.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if a := c.held(t, c.Account); len(a.Orders) != 1 {
		t.Errorf("the account: %+v", a)
	}
}

func TestAHolderObjectsToATelephoneStopAndIsFree(t *testing.T) {
	c := telephoned(t)
	path := "/v1/accounts/" + c.Account + "/orders/" + c.Registration + "/objections"
	words := map[string]any{"holder": "李某", "grounds": "not-involved", "documents": []string{strings.Repeat("ab", 32)}}
	if a := c.Do(citytest.Desk(abc), "POST", path, "", words); a.Code() != "order-of-another-bank" {
		t.Errorf("another bank's desk takes it in: %d %s", a.Status, a.Body)
	}
	var filed struct{ Objection, Order string }
	c.Post(duty, path, words).Into(t, &filed)
	if filed.Order != c.Registration || filed.Objection == "" {
		t.Fatalf("the objection: %+v", filed)
	}
	c.Post(chief, "/v1/accounts/"+c.Account+"/objections/"+filed.Objection+"/decision", map[string]any{"outcome": "upheld", "reason": "not-involved"})
	lift := c.orders(t, ccb)[0]
	if lift.TxCode != bank.TxLift || lift.OriginalApplicationID != c.Registration || lift.ReleaseRemark != "objection" {
		t.Errorf("the bank is asked %+v", lift)
	}
}

func TestI10_AnAmountWithoutAScopeIsTheAmountThatTheBankHolds(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	target := entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}
	source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: target, AmountFen: 2_000_000, At: paidAt, Serial: "S7"}
	order := map[string]any{"account": target, "source": source, "amountFen": 500_000, "scope": "ALL", "investigator": two["investigator"]}
	if a := c.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", order); a.Status != http.StatusUnprocessableEntity || a.Code() != "stop-scope-contradiction" {
		t.Errorf("the whole account and an amount: %d %s", a.Status, a.Body)
	}
	delete(order, "scope")
	c.Post(duty, "/v1/pursuits/case-1/orders", order)
	if o := c.orders(t, ccb)[0]; o.Scope != "AMOUNT" || o.StopAmount != "5000.00" {
		t.Errorf("the bank is asked to hold %q %q", o.Scope, o.StopAmount)
	}
}
