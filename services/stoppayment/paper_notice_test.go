package stoppayment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// byTelephone is a city where a bank was asked for a stop by telephone.
type byTelephone struct {
	town

	Registration, Account string
	Due                   time.Time
}

func telephoned(t *testing.T) byTelephone {
	t.Helper()
	p := byTelephone{town: open(t)}
	p.approve()
	p.report(t, "case-1")
	p.Until("the chase is open", func() bool { return len(p.chase(t, "case-1").Accounts) == 1 })
	p.Post(duty, "/v1/pursuits/case-1/paper-orders", map[string]any{
		"account": entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}, "channel": "phone", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "建设银行 王某", "investigator": two["investigator"],
	}).Into(t, &p)
	return p
}

// untold lists what holders have not been told, as account, measure and matter.
func (c town) untold(t *testing.T) (lacking []string) {
	t.Helper()
	var page struct {
		Items []struct{ Order, About string } `json:"items"`
	}
	c.Get(duty, "/v1/notices").Into(t, &page)
	for _, n := range page.Items {
		lacking = append(lacking, n.Order+" "+n.About)
	}
	return lacking
}

type papersShown struct {
	Compliance  string
	PaperOrders []struct {
		Registration, Order, Compliance string
		Expired                         bool
	}
}

func notice(about, reason string) map[string]any {
	return map[string]any{"about": about, "reason": reason, "remedy": "objection", "documents": []string{"id-card"}, "via": "phone"}
}

func TestI75_TheHolderOfATelephoneStopIsToldOfItAndWithinThreeDaysOfItsEnd(t *testing.T) {
	c := telephoned(t)
	path := "/v1/accounts/" + c.Account + "/orders/" + c.Registration
	lacks := func(want ...string) {
		t.Helper()
		c.Until("the list of those who were not told is "+strings.Join(want, ", "), func() bool { return strings.Join(c.untold(t), ", ") == strings.Join(want, ", ") })
	}
	lacks(c.Registration + " measure")
	var shown papersShown
	c.Get(duty, "/v1/accounts/"+c.Account).Into(t, &shown)
	if shown.Compliance != "missing" || len(shown.PaperOrders) != 1 || shown.PaperOrders[0].Registration != c.Registration || shown.PaperOrders[0].Compliance != "missing" {
		t.Errorf("the account: %+v", shown)
	}
	var letter struct{ Text string }
	c.Get(duty, path+"/notice-text").Into(t, &letter)
	for _, want := range []string{"账户止付告知书", "建设银行", c.Registration, "2021年7月17日15时50分", "以银行执行结果为准"} {
		if !strings.Contains(letter.Text, want) {
			t.Errorf("the letter lacks %s:\n%s", want, letter.Text)
		}
	}
	if a := c.Get(duty, path+"/notice-text?about=lift"); a.Code() != "notice-not-due" {
		t.Errorf("a letter on the end: %d %s", a.Status, a.Code())
	}
	c.Post(duty, path+"/notices", notice("measure", "fraud-funds"))
	lacks()

	if err := c.Clock.Set(t.Context(), c.Due); err != nil {
		t.Fatal(err)
	}
	lift := c.orders(t, ccb)[0]
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+lift.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210718155010"})
	lacks(c.Registration + " lift")
	c.Until("the clock of telling the owner runs", func() bool {
		clocks := string(c.Get(duty, "/v1/clocks?case=case-1").Body)
		return strings.Contains(clocks, "lift-notice") && strings.Contains(clocks, lift.ApplicationID)
	})
	c.Get(duty, path+"/notice-text?about=lift").Into(t, &letter)
	if !strings.Contains(letter.Text, "账户措施解除告知书") || !strings.Contains(letter.Text, "未在期限内补办手续") {
		t.Errorf("the letter on the end:\n%s", letter.Text)
	}
	if err := c.Clock.Set(t.Context(), c.Due.Add(72*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.Until("the word to the owner is overdue", func() bool {
		events, _ := stream[struct{ Order, Awaits string }](t, c.town, "account-"+c.Account, "lift-overdue.v1")
		return len(events) == 1 && events[0].Order == lift.ApplicationID && events[0].Awaits == "notice"
	})
	c.Post(duty, path+"/notices", notice("lift", "unpapered"))
	lacks()
	c.Get(duty, "/v1/accounts/"+c.Account).Into(t, &shown)
	if shown.Compliance != "told" || !shown.PaperOrders[0].Expired || shown.PaperOrders[0].Compliance != "told" {
		t.Errorf("the account: %+v", shown)
	}
}

func TestI75_TheOrderThatFollowsATelephoneStopTakesItsNoticeOver(t *testing.T) {
	for told, want := range map[bool]string{true: "", false: " measure"} {
		c := telephoned(t)
		if told {
			c.Post(duty, "/v1/accounts/"+c.Account+"/orders/"+c.Registration+"/notices", notice("measure", "fraud-funds"))
		}
		target := entry.Account{Bank: ccb, Number: "6217001234567890127", Holder: "李某"}
		source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: target, AmountFen: 5_000_00, At: paidAt, Serial: "S7"}
		c.Post(duty, "/v1/pursuits/case-1/orders", map[string]any{"account": target, "source": source, "registration": c.Registration, "investigator": two["investigator"]})
		order := c.orders(t, ccb)[0]
		c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+order.ApplicationID+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717155100", AccountBalance: "9000.00"})
		if want != "" {
			want = order.ApplicationID + want
		}
		c.Until("the list of those who were not told is ["+want+"]", func() bool { return strings.Join(c.untold(t), ", ") == want })
		var shown papersShown
		c.Get(duty, "/v1/accounts/"+c.Account).Into(t, &shown)
		if (shown.Compliance == "told") != told || shown.PaperOrders[0].Order != order.ApplicationID || shown.PaperOrders[0].Compliance != "" {
			t.Errorf("told %v, the account: %+v", told, shown)
		}
	}
}
