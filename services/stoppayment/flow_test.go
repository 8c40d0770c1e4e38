package stoppayment_test

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/privacy"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// fundFlow is what these tests look at.
type fundFlow struct {
	At     time.Time `json:"at"`
	Masked bool      `json:"masked"`
	Totals struct {
		Reported int64 `json:"reportedFen"`
		Where    []struct {
			Where  string `json:"where"`
			Amount int64  `json:"amountFen"`
		} `json:"where"`
	} `json:"totals"`
	Nodes []struct {
		ID, Kind, Number, Holder string
		Level                    int
		KindName                 string `json:"accountKindName"`
		KindNameEN               string `json:"accountKindNameEn"`
	} `json:"nodes"`
	Edges []struct {
		From, To string
		Carried  int64 `json:"carriedFen"`
	} `json:"edges"`
}

func (f fundFlow) places() map[string]int64 {
	all := map[string]int64{}
	for _, w := range f.Totals.Where {
		all[w.Where] = w.Amount
	}
	return all
}

// stopped is a town where 483万 went to ABC, 300万 on to CCB, 100万 out in cash,
// and where CCB has not answered yet.
func stopped(t *testing.T) (c town, first bank.Order) {
	c = open(t)
	c.approve()
	c.report(t, "case-1")
	first = c.orders(t, abc)[0]
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+first.ApplicationID+"/answer", done())
	if next := c.orders(t, ccb); len(next) != 1 {
		t.Fatalf("%d orders at the second bank", len(next))
	}
	return c, first
}

func (c town) flow(t *testing.T, who access.Person, query string) (f fundFlow) {
	t.Helper()
	a := c.Get(who, "/v1/pursuits/case-1/flow"+query)
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.Into(t, &f)
	return f
}

func TestTheFlowTellsWhereTheReportedMoneyIs(t *testing.T) {
	c, _ := stopped(t)
	f := c.flow(t, duty, "")
	want := map[string]int64{"stopped": 83_000_000, "pending": 300_000_000, "cashed-out": 100_000_000}
	for place, amount := range f.places() {
		if want[place] != amount {
			t.Errorf("%s %d, want %d", place, amount, want[place])
		}
	}
	if f.Totals.Reported != 483_000_000 || len(f.places()) != len(want) || len(f.Nodes) != 4 || len(f.Edges) != 3 {
		t.Errorf("the flow: %+v", f)
	}
}

// TestI62_ThePastIsDrawnAsItWasKnownToTheByte looks at an instant, lets more
// happen, and looks at it again.
func TestI62_ThePastIsDrawnAsItWasKnownToTheByte(t *testing.T) {
	c, _ := stopped(t)
	at := c.Clock.Now().UTC()
	paths := map[string]string{"?": "json", ".svg?": "svg", ".svg?paper=a4&": "paper", ".xlsx?": "xlsx"}
	before := map[string][]byte{}
	for path := range paths {
		before[path] = c.Get(leader, "/v1/pursuits/case-1/flow"+path+"at="+at.Format(time.RFC3339Nano)).Body
	}
	second := c.orders(t, ccb)[0]
	c.Post(citytest.Desk(ccb), "/v1/bank/orders/"+second.ApplicationID+"/answer", bank.Answer{
		Result: bank.ResultOK, StartTime: "20210717160200", AccountBalance: "3000000.00",
		OpeningBalance: "0.00", Transactions: []bank.Transaction{
			{SerialNumber: "S2", Time: "20210717152200", Direction: "C", Amount: "3000000.00", Balance: "3000000.00", CounterBankID: abc, CounterNumber: "6228481234567890123", CounterName: "周某雄"},
		},
	})
	if now := c.flow(t, duty, "").places(); now["stopped"] != 383_000_000 || now["pending"] != 0 {
		t.Errorf("now: %v", now)
	}
	for path, format := range paths {
		again := c.Get(leader, "/v1/pursuits/case-1/flow"+path+"at="+at.Format(time.RFC3339Nano))
		if again.Status != http.StatusOK || !bytes.Equal(before[path], again.Body) {
			t.Errorf("%s: another answer of the same instant (%d, %d and %d bytes)", format, again.Status, len(before[path]), len(again.Body))
		}
	}
	if a := c.Get(duty, "/v1/pursuits/case-1/flow?at=2999-01-01T00:00:00Z"); a.Code() != "time-in-future" {
		t.Errorf("the future: %d %s", a.Status, a.Body)
	}
	if a := c.Get(duty, "/v1/pursuits/case-1/flow?at=2021-07-16T00:00:00Z"); a.Code() != "pursuit-unknown" {
		t.Errorf("before the report: %d %s", a.Status, a.Body)
	}
}

func TestI64_WhoSeesAccountNumbersInFull(t *testing.T) {
	c, _ := stopped(t)
	auditor := access.Person{User: "090777", Role: access.Auditor}
	investigator, bureau := citytest.Officer("090500", access.Investigator), citytest.Officer("090501", access.Investigator)
	far, over, station := citytest.Officer("070001", access.Chief), citytest.Officer("090002", access.DutyOfficer), citytest.Officer("090503", access.Investigator)
	far.Unit, over.Unit, bureau.Unit, station.Unit = "440183000000", "440900000000", "440900000000", "440982510000"
	const number, name = "6228481234567890123", "周某雄"
	for what, ask := range map[string]struct {
		who  access.Person
		path string
		full bool
		code string
	}{
		"JSON for a duty officer":                  {duty, "flow", false, ""},
		"JSON in full for a duty officer":          {duty, "flow?unmasked=true", false, "role-not-allowed"},
		"JSON in full for an auditor":              {auditor, "flow?unmasked=true", false, "role-not-allowed"},
		"JSON in full for an investigator":         {investigator, "flow?unmasked=true&purpose=review", true, ""},
		"a drawing for a chief":                    {chief, "flow.svg", false, ""},
		"a drawing in full for a chief":            {chief, "flow.svg?unmasked=true&purpose=court", true, ""},
		"a drawing for a bank":                     {citytest.Desk(abc), "flow.svg", false, "role-not-allowed"},
		"a workbook is masked":                     {duty, "flow.xlsx", false, ""},
		"for an auditor always":                    {auditor, "flow.xlsx?unmasked=true&purpose=file", false, "role-not-allowed"},
		"in full it is for the file":               {duty, "flow.xlsx?unmasked=true&purpose=file", true, ""},
		"not for a duty officer of the bureau":     {over, "flow.xlsx?unmasked=true&purpose=file", false, "role-not-allowed"},
		"but for its investigator":                 {bureau, "flow.xlsx?unmasked=true&purpose=file", true, ""},
		"nobody of another county sees it in full": {far, "flow.xlsx?unmasked=true&purpose=file", false, "case-of-another-unit"},
		"not the drawing":                          {far, "flow.svg?unmasked=true&purpose=file", false, "case-of-another-unit"},
		"not the data":                             {far, "flow?unmasked=true&purpose=file", false, "case-of-another-unit"},
		"nor a station of the county":              {station, "flow?unmasked=true&purpose=file", false, "case-of-another-unit"},
		"masked, another county does":              {far, "flow", false, ""},
		"in full for no purpose":                   {chief, "flow?unmasked=true", false, "purpose-missing"},
		"in full for a purpose that is none":       {chief, "flow?unmasked=true&purpose=mood", false, "field-invalid"},
		"in full of a day to come":                 {chief, "flow?unmasked=true&purpose=file&at=2999-01-01T00:00:00Z", false, "time-in-future"},
	} {
		t.Run(what, func(t *testing.T) {
			a := c.Get(ask.who, "/v1/pursuits/case-1/"+ask.path)
			if a.Code() != ask.code || ask.code == "" && a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			text := a.Body
			if ask.code == "" && strings.Contains(ask.path, "xlsx") {
				text = cells(t, a.Body)
			}
			if shown := bytes.Contains(text, []byte(number)) && bytes.Contains(text, []byte(name)); shown != ask.full {
				t.Errorf("in full: %t", shown)
			}
			if partly := bytes.Contains(text, []byte("622848******0123")) && bytes.Contains(text, []byte("周**")); ask.code == "" && partly == ask.full {
				t.Errorf("masked: %t", partly)
			}
		})
	}
}

func TestTheDrawingIsAnImageThatAsksForNothing(t *testing.T) {
	c, _ := stopped(t)
	a := c.Get(duty, "/v1/pursuits/case-1/flow.svg")
	if a.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.Header)
	}
	if err := xml.Unmarshal(a.Body, new(struct{})); err != nil {
		t.Errorf("not well formed: %v", err)
	}
	for _, want := range []string{"资金流向图", "农业银行", "已取现", "截至"} {
		if !bytes.Contains(a.Body, []byte(want)) {
			t.Errorf("the drawing lacks %s", want)
		}
	}
}

func TestTheDrawingForPaperIsSheetsThatAreOneAnswer(t *testing.T) {
	c, _ := stopped(t)
	all := c.Get(duty, "/v1/pursuits/case-1/flow.svg?paper=a4")
	one := c.Get(duty, "/v1/pursuits/case-1/flow.svg?paper=a4&sheet=1")
	if all.Status != http.StatusOK || one.Status != http.StatusOK || one.Header.Get("Content-Disposition") != `inline; filename="fund-flow-a4-1-of-1.svg"` {
		t.Fatalf("%d, %d %v", all.Status, one.Status, one.Header)
	}
	if err := xml.Unmarshal(one.Body, new(struct{})); err != nil {
		t.Errorf("not well formed: %v", err)
	}
	for _, want := range []string{"第 1/1 页", "截至", "已取现 1,000,000.00元", "622848******0123"} {
		if !bytes.Contains(one.Body, []byte(want)) {
			t.Errorf("the sheet lacks %s", want)
		}
	}
	if _, body, _ := bytes.Cut(one.Body, []byte("\n")); !bytes.Contains(all.Body, body) {
		t.Error("the sheet is another one among all")
	}
	for what, query := range map[string]string{"a sheet that there is not": "?paper=a4&sheet=2", "a sheet of no paper": "?sheet=1"} {
		if a := c.Get(duty, "/v1/pursuits/case-1/flow.svg"+query); a.Code() != "sheet-unknown" || a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	for what, query := range map[string]string{"a sheet before the first": "?paper=a4&sheet=0", "another paper": "?paper=a5"} {
		if a := c.Get(duty, "/v1/pursuits/case-1/flow.svg"+query); a.Code() != "field-invalid" {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	if a := c.Get(duty, "/v1/pursuits/case-1/flow.svg?paper=a4&unmasked=true&purpose=file"); a.Code() != "role-not-allowed" {
		t.Errorf("paper in full for a duty officer: %d %s", a.Status, a.Body)
	}
}

func TestTheFlowSaysInWordsWhatKindOfAccountItIs(t *testing.T) {
	c, _ := stopped(t)
	for _, n := range c.flow(t, duty, "").Nodes {
		if n.Kind == "account" && (n.KindName != "个人" || n.KindNameEN != "person") {
			t.Errorf("%s is called %q %q", n.Number, n.KindName, n.KindNameEN)
		}
	}
}

func TestAnOrderNumberIsDrawnAndCalledWhatItIs(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	answer := done()
	answer.Transactions[1].CounterBankID, answer.Transactions[1].CounterKind, answer.Transactions[1].CounterOrderNumber = mybank, bank.KindPaymentInstitution, "2021071700001"
	answer.Transactions[1].CounterNumber, answer.Transactions[1].CounterName = "", ""
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", answer)
	c.orders(t, mybank)
	found := 0
	for _, n := range c.flow(t, duty, "").Nodes {
		if n.KindName == "支付订单号" && n.KindNameEN == "payment order number" {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d nodes are called order numbers", found)
	}
	for _, query := range []string{"", "?paper=a4"} {
		a := c.Get(duty, "/v1/pursuits/case-1/flow.svg"+query)
		if !bytes.Contains(a.Body, []byte("支付订单号 payment order number 1 户")) || bytes.Count(a.Body, []byte(">单</text>")) != 2 {
			t.Errorf("the drawing%s does not tell an order number: %d", query, a.Status)
		}
	}
}

func TestAnAccountWhoseKeyIsGoneIsDrawnAsThat(t *testing.T) {
	c, _ := stopped(t)
	mule := ""
	for _, n := range c.flow(t, duty, "").Nodes {
		if n.Level == 1 {
			mule = n.ID
		}
	}
	if err := c.Log.Delete(t.Context(), privacy.KeyStream(mule)); err != nil {
		t.Fatal(err)
	}
	c.Keys.Forget(mule)
	for _, n := range c.flow(t, duty, "").Nodes {
		if n.Level == 1 && (n.Number != "已销毁" || n.Holder != "已销毁") {
			t.Errorf("shown as %s %s", n.Number, n.Holder)
		}
	}
}

func TestWhyTheSecondAccountWasStopped(t *testing.T) {
	c, first := stopped(t)
	second := c.orders(t, ccb)[0]
	account := ""
	for _, n := range c.flow(t, duty, "").Nodes {
		if n.Level == 2 && n.Kind == "account" {
			account = n.ID
		}
	}
	var x struct {
		Text, TextEN, Basis, ParentOrder, Number string
		Standing                                 struct{ MaxLevel int }
		Policy                                   struct{ MaxLevel int }
		Paths                                    [][]struct {
			Serial     string
			Declared   bool
			FromNumber string
			Carried    int64 `json:"carriedFen"`
			Evidence   struct{ Order string }
		}
	}
	path := "/v1/accounts/" + account + "/orders/" + second.ApplicationID + "/explanation"
	c.Get(duty, path).Into(t, &x)
	if x.Basis != "automatic" || x.ParentOrder != first.ApplicationID || x.Standing.MaxLevel != 5 || x.Policy.MaxLevel == 0 || x.Number != "621700******0127" {
		t.Errorf("explained: %+v", x)
	}
	if len(x.Paths) != 1 || len(x.Paths[0]) != 2 || !x.Paths[0][0].Declared || x.Paths[0][1].Serial != "S2" || x.Paths[0][1].Carried != 300_000_000 {
		t.Fatalf("the path: %+v", x.Paths)
	}
	for n, step := range x.Paths[0] {
		if step.Evidence.Order != first.ApplicationID {
			t.Errorf("step %d has no evidence row of the answer to %s: %+v", n+1, first.ApplicationID, step)
		}
	}
	for _, want := range []string{"为何止付", "常设批准", "被害人申报", "流水号 S2", "2021-07-17 15:22:00", "3,000,000.00", "86号"} {
		if !strings.Contains(x.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, x.Text)
		}
	}
	if !strings.Contains(x.TextEN, "declared by the victim") || strings.Contains(x.Text, "6217001234567890127") {
		t.Errorf("in English: %s", x.TextEN)
	}
	if a := c.Get(duty, strings.Replace(path, second.ApplicationID, "nothing", 1)); a.Code() != "order-unknown" {
		t.Errorf("an unknown order: %d %s", a.Status, a.Body)
	}
	if a := c.Get(citytest.Desk(ccb), path); a.Code() != "role-not-allowed" {
		t.Errorf("a bank asks: %d", a.Status)
	}
	if a := c.Get(duty, path+"?unmasked=true&purpose=file"); a.Code() != "role-not-allowed" {
		t.Errorf("a duty officer asks in full: %d", a.Status)
	}
}

func TestAnOfficersOrderIsExplainedAsOne(t *testing.T) {
	c, _ := stopped(t)
	order := map[string]any{
		"account":      entry.Account{Bank: ccb, Number: "6217001234567890234", Holder: "李某"},
		"investigator": entry.Officer{PoliceNo: "090002", Unit: duty.Unit},
	}
	var made struct{ Account, Order string }
	c.Post(duty, "/v1/pursuits/case-1/orders", order).Into(t, &made)
	var x struct {
		Text, Basis string
		Paths       [][]any
	}
	path := "/v1/accounts/" + made.Account + "/orders/" + made.Order + "/explanation"
	c.Until("the order has reached its account", func() bool { return c.Get(duty, path).Status == http.StatusOK })
	c.Get(duty, path).Into(t, &x)
	if x.Basis != "manual" || len(x.Paths) != 0 || !strings.Contains(x.Text, "人工") {
		t.Errorf("explained: %+v", x)
	}
}
