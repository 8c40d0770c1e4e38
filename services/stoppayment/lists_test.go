package stoppayment_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// listed is the list of orders, and the fields of each as they came.
type listed struct {
	Items      []map[string]any `json:"items"`
	NextCursor string           `json:"nextCursor"`
}

func (c town) list(t *testing.T, query string) (l listed) {
	t.Helper()
	c.Get(leader, "/v1/orders?"+query).Into(t, &l)
	return l
}

func TestAListOfOrdersTellsNoBalanceAndAnAccountTellsItOnceItsBankHas(t *testing.T) {
	c, account, stop := stoppedTown(t)
	c.Until("the order is listed", func() bool { return len(c.list(t, "state=executed").Items) == 1 })
	if item := c.list(t, "state=executed").Items[0]; item["order"] != stop || item["balanceFen"] != nil {
		t.Errorf("the list: %+v", item)
	}
	var shown struct {
		Orders []map[string]any `json:"orders"`
	}
	c.Get(duty, "/v1/accounts/"+account).Into(t, &shown)
	if shown.Orders[0]["balanceFen"] != 483_500_000.0 {
		t.Errorf("the account: %+v", shown.Orders[0])
	}
	c.Post(duty, "/v1/accounts/"+account+"/orders/"+stop+"/second-stop", map[string]any{"investigator": two["investigator"]})
	c.Get(duty, "/v1/accounts/"+account).Into(t, &shown)
	if second := shown.Orders[1]; second["balanceFen"] != nil {
		t.Errorf("of an order that nobody has answered: %+v", second)
	}
}

func TestWhatWaitsInTheListCanBeApprovedThereAndAProtectiveStopAsAWhole(t *testing.T) {
	c := open(t)
	c.report(t, "case-1") // waits: there is no standing approval
	var asked shieldShown
	c.Post(duty, "/v1/protective-stops", shieldRequest("杨某")).Into(t, &asked)
	c.Until("the order waits", func() bool { return len(c.list(t, "state=waiting").Items) > 0 })
	c.Until("the protective stop waits", func() bool {
		var page struct{ Items []map[string]any }
		c.Get(leader, "/v1/protective-stops?state=waiting").Into(t, &page)
		return len(page.Items) == 1
	})
	waiting := c.list(t, "state=waiting").Items
	if len(waiting) != 1 || waiting[0]["case"] != "case-1" {
		t.Fatalf("what waits: %+v", waiting)
	}
	var own struct {
		Orders []struct{ Order string } `json:"orders"`
	}
	c.Get(leader, "/v1/protective-stops/"+asked.Protective).Into(t, &own)
	var done struct {
		Approved int
		Items    []struct{ Order, Code, Title, TitleEN string }
	}
	c.Post(leader, "/v1/orders/approvals", map[string]any{"orders": []any{waiting[0]["order"], own.Orders[0].Order}}).Into(t, &done)
	if done.Approved != 1 || done.Items[1].Code != "protective-approved-as-a-whole" || !strings.Contains(done.Items[1].Title, "整单") {
		t.Errorf("approved: %+v", done)
	}
	c.Post(leader, "/v1/protective-stops/"+asked.Protective+"/approval", map[string]any{})
	c.Until("both are approved", func() bool { return len(c.list(t, "state=approved").Items) == 2 })
	for _, item := range c.list(t, "state=approved").Items {
		if of := item["protective"]; (item["order"] == own.Orders[0].Order) != (of == asked.Protective) {
			t.Errorf("approved: %+v", item)
		}
	}
}

func TestACursorThatNoPageHasGivenIsRefused(t *testing.T) {
	c, _, _ := stoppedTown(t)
	c.Ready()
	if a := c.Do(leader, "GET", "/v1/orders?state=executed&cursor=zzzz", "", nil); a.Code() != "cursor-invalid" {
		t.Errorf("zzzz: %d %s", a.Status, a.Body)
	}
	c.Until("the order is listed", func() bool { return len(c.list(t, "state=executed&limit=1").Items) == 1 })
	next := c.list(t, "state=executed&limit=1").NextCursor
	if l := c.list(t, "state=executed&cursor="+next); next == "" || len(l.Items) != 0 {
		t.Errorf("after %q: %+v", next, l)
	}
	if first := service.Cursor(1); len(c.list(t, "state=executed&cursor="+first).Items) != 1 {
		t.Errorf("after %q there is nothing", first)
	}
}

func TestAnAccountShowsMaskedNumbersAndNothingSealed(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	order := c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", done())
	row := c.chase(t, "case-1").Accounts[0]
	answer := c.Get(duty, "/v1/accounts/"+row.Account)
	var shown struct {
		Number, Holder string
		Attribution    struct {
			Balance  int64 `json:"balanceFen"`
			Outflows []struct {
				Transfer struct {
					ID       string
					From, To struct{ ID, Bank, Number, Holder string }
					Amount   int64 `json:"amountFen"`
					Serial   string
				}
				Lots []map[string]any
			}
		}
	}
	answer.Into(t, &shown)
	if shown.Number != "622848******0123" || shown.Holder != "周**" || shown.Attribution.Balance != 83_500_000 || len(shown.Attribution.Outflows) == 0 {
		t.Fatalf("the account: %s", answer.Body)
	}
	out := shown.Attribution.Outflows[0].Transfer
	if out.To.Number != "621700******0127" || out.To.Holder != "李*" || out.To.Bank != ccb || out.From.Number != shown.Number || out.Amount != 300_000_000 || out.Serial != "S2" || out.ID == "" || out.To.ID == "" {
		t.Errorf("an outflow: %+v", out)
	}
	citytest.Unsaid(t, []string{"cipher", "nonce", "6228481234567890123", "6217001234567890127", "周某雄", "李某"}, string(answer.Body))
	act := c.Do(leader, "POST", "/v1/accounts/"+row.Account+"/orders/"+order.ApplicationID+"/second-stop", "", map[string]any{"investigator": two["investigator"]})
	if act.Status >= 300 || !json.Valid(act.Body) {
		t.Errorf("an act: %d %s", act.Status, act.Body)
	}
	citytest.Unsaid(t, []string{"cipher", "nonce"}, string(act.Body))
}
