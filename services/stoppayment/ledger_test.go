package stoppayment_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// taken is what a bank is told of its answer.
type taken struct {
	State         string        `json:"state"`
	Discrepancies []bank.Oddity `json:"discrepancies"`
}

func TestBadInputOfABankIsOnRecordShownAndNeverKeepsTheStopFromCounting(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*bank.Answer)
		want  []bank.Oddity
		held  int64 // of the victim's
	}{
		"a balance below zero": {
			func(a *bank.Answer) { a.AccountBalance = "-1.00" },
			[]bank.Oddity{{Kind: "balance-negative", Found: "-1.00"}, {Kind: "statement-unbalanced", Found: "closing-balance"}},
			0,
		},
		"rows that contradict the balance": {
			func(a *bank.Answer) { a.Transactions[1].Balance = "1835000.01" },
			[]bank.Oddity{{Kind: "statement-unbalanced", Found: "row-balance", Row: "S2"}},
			0,
		},
		"a transfer before the inflow": {
			func(a *bank.Answer) { a.Transactions[1].Time = "20210717151900" },
			[]bank.Oddity{{Kind: "transfer-before-inflow", Row: "S2"}},
			0,
		},
		"a time of execution long before the order": {
			func(a *bank.Answer) { a.StartTime, a.ExpireTime = "20210701160000", "" },
			[]bank.Oddity{{Kind: "executed-at-implausible", Expected: "2021-07-17T08:00:00Z", Found: "2021-07-01T08:00:00Z"}},
			83_000_000,
		},
		"a row in another currency": {
			func(a *bank.Answer) {
				a.Transactions = append(a.Transactions, bank.Transaction{SerialNumber: "S9", Time: "20210717153000", Direction: "D", Amount: "5.00", Balance: "1.00", Currency: "USD"})
			},
			[]bank.Oddity{{Kind: "row-currency", Found: "USD", Row: "S9"}},
			83_000_000,
		},
		"a name in the place of a currency": {
			func(a *bank.Answer) {
				a.Transactions = append(a.Transactions, bank.Transaction{SerialNumber: "S9", Time: "20210717153000", Direction: "D", Amount: "5.00", Balance: "1.00", Currency: "周某雄"})
			},
			[]bank.Oddity{{Kind: "row-currency", Found: "?", Row: "S9"}},
			83_000_000,
		},
		"a transfer that did not come about": {
			func(a *bank.Answer) {
				a.Transactions = append(a.Transactions, bank.Transaction{SerialNumber: "S9", Time: "20210717153000", Direction: "D", Amount: "5.00", Balance: "835000.00", Failed: true})
			},
			nil, 83_000_000,
		},
		"an absurd amount": {
			func(a *bank.Answer) { a.Transactions[1].Amount = "6217001234567890127" },
			[]bank.Oddity{{Kind: "amount-absurd", Found: "/transactions/1/amount", Row: "S2"}},
			0,
		},
		"a row twice": {
			func(a *bank.Answer) { a.Transactions = append(a.Transactions[:2:2], a.Transactions[1:]...) },
			[]bank.Oddity{{Kind: "row-duplicate", Row: "S2"}},
			83_000_000,
		},
		"a time that cannot be read": {
			func(a *bank.Answer) { a.Transactions[1].Time = "17 July, noon" },
			[]bank.Oddity{{Kind: "row-unreadable", Found: "time", Row: "#2"}},
			0,
		},
		"a name in the place of a serial number": {
			func(a *bank.Answer) { a.Transactions[0].SerialNumber = "周某雄" },
			[]bank.Oddity{{Kind: "row-unreadable", Found: "serialNumber", Row: "#1"}},
			0,
		},
		"amounts that are none": {
			func(a *bank.Answer) {
				a.Transactions[1].Amount, a.Transactions[1].Direction, a.OpeningBalance = "much", "out", "nothing"
			},
			[]bank.Oddity{
				{Kind: "row-unreadable", Found: "openingBalance"}, {Kind: "row-unreadable", Found: "direction", Row: "#2"}, {Kind: "row-unreadable", Found: "amount", Row: "#2"},
			},
			0,
		},
		"a page of another statement": {
			func(a *bank.Answer) { a.Page, a.Pages = 3, 2 },
			[]bank.Oddity{{Kind: "statement-incomplete", Found: "page"}},
			0,
		},
		"a page beyond the last": {
			func(a *bank.Answer) { a.Page, a.Pages = 1, 1000 },
			[]bank.Oddity{{Kind: "statement-too-long", Found: "1000"}},
			0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := struct {
				town
				spoil func(*bank.Answer)
				want  []bank.Oddity
				held  int64
			}{open(t), c.spoil, c.want, c.held}
			c.approve()
			c.report(t, "case-1")
			answer := done()
			c.spoil(&answer)
			var got taken
			c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", answer).Into(t, &got)
			if diff := cmp.Diff(c.want, codes(t, got.Discrepancies)); diff != "" || got.State != "executed" {
				t.Errorf("%s; discrepancies (-want +got):\n%s", got.State, diff)
			}
			if p := c.chase(t, "case-1"); p.Accounts[0].State != "executed" || p.Accounts[0].Attributed != c.held {
				t.Errorf("the chase: %+v", p)
			}
			if len(c.want) > 0 {
				c.Until("an officer sees it", func() bool {
					return strings.Contains(string(c.Get(duty, "/v1/discrepancies").Body), c.want[0].Kind)
				})
			}
			if page := c.Get(duty, "/v1/discrepancies"); strings.Contains(string(page.Body), "6217001234567890127") || strings.Contains(string(page.Body), "周某雄") {
				t.Errorf("personal data is on record in clear: %s", page.Body)
			}
		})
	}
}

func TestAStatementInPagesCountsWhenTheLastIsThere(t *testing.T) {
	c := open(t)
	c.approve()
	source := c.report(t, "case-1")
	path := "/v1/bank/orders/" + c.orders(t, abc)[0].ApplicationID + "/answer"
	whole := fanOut(5)
	page := func(n int) bank.Answer {
		a := whole
		a.Page, a.Pages, a.Transactions = n, 3, whole.Transactions[2*(n-1):2*n]
		if n > 1 {
			a.OpeningBalance = whole.Transactions[2*(n-1)-1].Balance
		}
		return a
	}
	for _, n := range []int{3, 1} {
		c.Post(citytest.Desk(abc), path, page(n))
		if v := c.account(t, string(source.To.ID)); !v.Stopped || v.Attribution.Revision != 0 {
			t.Fatalf("after page %d: stopped %v, revision %d", n, v.Stopped, v.Attribution.Revision)
		}
	}
	if err := c.Clock.Set(t.Context(), c.Clock.Now().Add(11*time.Minute)); err != nil {
		t.Fatal(err)
	}
	c.Until("it is reported that a page is missing", func() bool {
		return strings.Contains(string(c.Get(duty, "/v1/discrepancies").Body), "statement-incomplete")
	})
	c.Post(citytest.Desk(abc), path, page(2))
	if v := c.account(t, string(source.To.ID)); len(v.Attribution.Outflows) != 5 {
		t.Errorf("%d outflows", len(v.Attribution.Outflows))
	}
}

func TestAnOfficerAsksABankAndItsRowsGoIntoTheLedger(t *testing.T) {
	c := open(t)
	source := c.report(t, "case-1") // nobody has approved the stop
	c.Until("the account is known", func() bool { return c.Get(duty, "/v1/accounts/"+string(source.To.ID)).Status == http.StatusOK })
	path := "/v1/accounts/" + string(source.To.ID) + "/queries"
	ask := func(kind string, investigator any) citytest.Answer {
		return c.Do(duty, "POST", path, "", map[string]any{"case": "case-1", "kind": kind, "investigator": investigator})
	}
	other := entry.Officer{PoliceNo: "090002", Unit: duty.Unit}
	if a := ask("transactions", entry.Officer{PoliceNo: duty.User, Unit: duty.Unit}); a.Code() != "two-officers-required" {
		t.Errorf("alone: %d %s", a.Status, a.Body)
	}
	for _, kind := range []string{"transactions", "holder", "accounts"} {
		if a := ask(kind, other); a.Status != http.StatusCreated {
			t.Fatalf("%s: %d %s", kind, a.Status, a.Body)
		}
	}
	var orders []bank.Order
	c.Until("the bank has the three queries", func() bool { orders = c.orders(t, abc); return len(orders) == 3 })
	answers := map[string]bank.Answer{
		bank.TxQuery:       done(),
		bank.TxHolderQuery: {Result: bank.ResultOK, Holder: &bank.Holder{Name: "周某雄", IDType: "01", IDNumber: "11010519491231002X"}},
		bank.TxAllAccounts: {Result: bank.ResultOK, Accounts: []bank.HeldAccount{{
			AccountNumber: "6228481234567890999", AccountName: "周某雄", Measures: []bank.Measure{{Type: bank.MeasureCourtFreeze, Department: "某某区人民法院", Amount: "100.00"}},
		}}, Measures: []bank.Measure{{Type: bank.MeasurePoliceStop, Department: "周某雄"}}},
	}
	for _, o := range orders {
		if o.AccountNumber != "6228481234567890123" || (o.TxCode == bank.TxQuery) != (o.InquiryMode == bank.InquiryBoth) {
			t.Errorf("the bank is asked %+v", o)
		}
		c.Post(citytest.Desk(abc), "/v1/bank/orders/"+o.ApplicationID+"/answer", answers[o.TxCode])
	}
	answer := c.Get(duty, path)
	var list struct {
		Items []struct {
			Kind     string           `json:"kind"`
			State    string           `json:"state"`
			Accounts []map[string]any `json:"accounts"`
			Measures []map[string]any `json:"measures"`
			Balance  int64            `json:"balanceFen"`
		} `json:"items"`
	}
	answer.Into(t, &list)
	if len(list.Items) != 3 || list.Items[0].State != "executed" || list.Items[0].Balance != 83_500_000 {
		t.Fatalf("queries: %s", answer.Body)
	}
	if all := list.Items[2]; len(all.Accounts) != 1 || len(all.Measures) != 2 || strings.Contains(string(answer.Body), "周某雄") || strings.Contains(string(answer.Body), "6228481234567890999") {
		t.Errorf("all accounts: %s", answer.Body)
	}
	if v := c.account(t, string(source.To.ID)); v.Attribution.Revision != 1 || v.Stopped {
		t.Errorf("revision %d, stopped %v", v.Attribution.Revision, v.Stopped)
	}
	// The card that the money came from is known only as the other side of a row.
	path = "/v1/accounts/" + string(source.From.ID) + "/queries"
	if a := ask("transactions", other); a.Code() != "account-unknown" {
		t.Errorf("of an account that nobody knows: %d %s", a.Status, a.Body)
	}
	c.Post(duty, path, map[string]any{"case": "case-1", "kind": "transactions", "mode": "basic", "seenOn": source.To.ID, "investigator": other})
	c.Until("its bank is asked", func() bool {
		orders = c.orders(t, icbc)
		return len(orders) == 1 && orders[0].AccountNumber == "6222021234567890128" && orders[0].InquiryMode == bank.InquiryBasic
	})
}

func TestWhoseMoneyItIsCanBeSaidByHandByTwoAndWhatChangedIsShown(t *testing.T) {
	c := open(t)
	c.approve()
	source := c.report(t, "case-1")
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", done())
	path := "/v1/accounts/" + string(source.To.ID) + "/attributions"
	investigator := citytest.Officer("090003", access.Investigator)
	if a := c.Do(investigator, "POST", path+"/method", "", map[string]any{"case": "case-1", "method": "FIFO"}); a.Code() != "attribution-reason-missing" {
		t.Errorf("without a reason: %d %s", a.Status, a.Body)
	}
	c.Post(investigator, path+"/method", map[string]any{"case": "case-1", "method": "PRO_RATA", "reason": "not-traceable"})
	v := c.account(t, string(source.To.ID))
	owner := map[string]any{"case": "case-1", "victim": "victim-1", "transfer": "t-case-1"}
	lot := func(amount int64) map[string]any {
		l := map[string]any{"amountFen": amount}
		maps.Copy(l, owner)
		return l
	}
	body := map[string]any{"case": "case-1", "basis": v.Attribution.Revision, "reason": "confession", "parts": []any{
		map[string]any{"transfer": v.Attribution.Outflows[0].Transfer.ID, "lots": []any{lot(300_000_000)}},
		map[string]any{"transfer": v.Attribution.Outflows[1].Transfer.ID, "lots": []any{lot(99_500_000), map[string]any{"amountFen": 500_000}}},
		map[string]any{"lots": []any{lot(83_500_000)}},
	}}
	var made struct{ Proposal string }
	c.Post(investigator, path+"/proposals", body).Into(t, &made)
	sign := path + "/proposals/" + made.Proposal + "/confirmation"
	if a := c.Do(investigator, "POST", sign, "", map[string]any{}); a.Code() != "proposal-second-signature" {
		t.Errorf("the same officer signs: %d %s", a.Status, a.Body)
	}
	c.Post(leader, sign, map[string]any{})
	var list struct {
		Stopped    int64 `json:"stoppedFen"`
		Attributed int64 `json:"attributableFen"`
		Frozen     int64 `json:"frozenFen"`
		Revisions  []struct {
			Revision int    `json:"revision"`
			Method   string `json:"method"`
			Owners   []struct {
				Case string `json:"case"`
				Held struct {
					Before int64 `json:"beforeFen"`
					After  int64 `json:"afterFen"`
				} `json:"held"`
			} `json:"owners"`
			Outflows []any `json:"outflows"`
		} `json:"revisions"`
	}
	c.Get(duty, path).Into(t, &list)
	if len(list.Revisions) != 3 || list.Revisions[1].Method != "PRO_RATA" || list.Revisions[2].Method != "MANUAL" {
		t.Fatalf("revisions: %+v", list.Revisions)
	}
	if list.Stopped != 83_500_000 || list.Attributed != 83_500_000 || list.Frozen != 0 {
		t.Errorf("stopped %d, attributable %d, frozen %d", list.Stopped, list.Attributed, list.Frozen)
	}
	last := list.Revisions[2].Owners
	if len(last) != 2 || last[0].Held.After != 83_500_000 || last[0].Held.Before >= 83_500_000 || len(list.Revisions[2].Outflows) == 0 {
		t.Errorf("what has changed: %+v", list.Revisions[2])
	}
}

func TestOnlyWhoLeadsTheCaseAsksAboutAnAccountOrSaysWhoseMoneyItIs(t *testing.T) {
	c := open(t)
	c.approve()
	source := c.report(t, "case-1")
	c.report(t, "case-2")
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", done())
	account := "/v1/accounts/" + string(source.To.ID)
	elsewhere := citytest.Officer("440983001", access.Investigator)
	elsewhere.Unit = "440983000000"
	bureau := citytest.Officer("440900001", access.Investigator)
	bureau.Unit = "440900000000"
	own := citytest.Officer("090003", access.Investigator)
	acts := map[string]func(access.Person, string) citytest.Answer{
		"a query": func(who access.Person, of string) citytest.Answer {
			return c.Do(who, "POST", account+"/queries", "", map[string]any{"case": of, "kind": "holder", "investigator": entry.Officer{PoliceNo: "090009", Unit: duty.Unit}})
		},
		"a method": func(who access.Person, of string) citytest.Answer {
			return c.Do(who, "POST", account+"/attributions/method", "", map[string]any{"case": of, "method": "DIRECT_TIMESTAMP"})
		},
		"a proposal": func(who access.Person, of string) citytest.Answer {
			return c.Do(who, "POST", account+"/attributions/proposals", "", map[string]any{
				"case": of, "basis": 1, "reason": "court", "parts": []any{map[string]any{"lots": []any{}}},
			})
		},
	}
	for name, act := range acts {
		if a := act(elsewhere, "case-1"); a.Code() != "order-of-another-unit" {
			t.Errorf("%s by another unit: %d %s", name, a.Status, a.Body)
		}
		for _, of := range []string{"", "case-9"} {
			if a := act(own, of); a.Code() != "pursuit-unknown" {
				t.Errorf("%s for no case %q: %d %s", name, of, a.Status, a.Body)
			}
		}
		for who, person := range map[string]access.Person{"the case's own": own, "the bureau above": bureau} {
			if a := act(person, "case-1"); a.Code() == "order-of-another-unit" || a.Code() == "account-not-in-case" || a.Code() == "pursuit-unknown" {
				t.Errorf("%s by %s: %d %s", name, who, a.Status, a.Body)
			}
		}
	}
	if a := c.Do(own, "POST", "/v1/accounts/"+string(source.From.ID)+"/attributions/method", "", map[string]any{"case": "case-1", "method": "FIFO"}); a.Code() != "account-not-in-case" {
		t.Errorf("of an account that the chase has not met: %d %s", a.Status, a.Body)
	}
	if a := c.Do(own, "POST", account+"/queries", "", map[string]any{"case": "case-1", "kind": "holder", "seenOn": source.From.ID, "investigator": entry.Officer{PoliceNo: "090009", Unit: duty.Unit}}); a.Status != http.StatusCreated {
		t.Errorf("an account of the chase, wherever it was seen: %d %s", a.Status, a.Body)
	}
}
