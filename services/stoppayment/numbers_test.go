package stoppayment_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// TestI64_NoNumberThatAnOfficerTypesCanBeAPersons writes names and numbers of
// people into every field of a number that is kept as it is typed.
func TestI64_NoNumberThatAnOfficerTypesCanBeAPersons(t *testing.T) {
	c, path := frozenCase(t)
	account := path[len("/v1/accounts/"):][:36]
	var paper struct{ Registration string }
	papers := func(document string) map[string]any {
		return map[string]any{
			"account": entry.Account{Bank: abc, Number: "6228481234567890123"}, "channel": "paper", "askedAt": "2021-07-17T15:50:00+08:00", "contact": "柜台",
			"document": document, "investigator": two["investigator"],
		}
	}
	c.Post(duty, "/v1/pursuits/case-1/paper-orders", papers("茂公止〔2021〕1号")).Into(t, &paper)
	shield := func(field, value string) map[string]any {
		body := shieldRequest("杨某")
		body[field] = value
		return body
	}
	for _, person := range []string{"周某雄", "13800138000", "周某雄〔2021〕1号", "茂公冻〔2021〕13800138000号", "6222021234567890128", "11010519491231002X"} {
		id := "number-of-a-person"
		if []rune(person)[0] > 'z' {
			id = "id-malformed"
		}
		for what, a := range map[string]struct {
			answer citytest.Answer
			code   string
		}{
			"freeze":     {c.Do(chief, "POST", "/v1/pursuits/case-1/freeze", "", twoOfficers(map[string]any{"noticeNo": person})), "document-number-malformed"},
			"renewal":    {c.Do(chief, "POST", path+"/renewal", "", twoOfficers(map[string]any{"noticeNo": person})), "document-number-malformed"},
			"court":      {c.Do(chief, "POST", path+"/court-transfer", "", map[string]any{"court": "茂名市中级人民法院", "document": person, "amountFen": 1}), "document-number-malformed"},
			"paper":      {c.Do(duty, "POST", "/v1/pursuits/case-1/paper-orders", "", papers(person)), "document-number-malformed"},
			"papers":     {c.Do(duty, "POST", "/v1/pursuits/case-1/paper-orders/"+paper.Registration+"/papers", "", map[string]any{"account": account, "document": person}), "document-number-malformed"},
			"protective": {c.Do(duty, "POST", "/v1/protective-stops", "", shield("alert", person)), id},
			"its case":   {c.Do(duty, "POST", "/v1/protective-stops", "", shield("case", person)), id},
		} {
			if a.answer.Code() != a.code {
				t.Errorf("%s %q: %d %s, want %s", what, person, a.answer.Status, a.answer.Code(), a.code)
			}
		}
	}
	if a := c.Do(chief, "POST", path+"/court-transfer", "", map[string]any{"court": "茂名市中级人民法院", "document": "（2021）粤09执12号", "amountFen": 1}); a.Status != http.StatusOK {
		t.Errorf("a court's own number: %d %s", a.Status, a.Body)
	}
	for _, found := range c.clear(t, "6222021234567890128", "11010519491231002X") {
		t.Error(found)
	}
}

// TestI64_WhatABankHidesInASerialNumberRestsAsADigest: a telephone number, which
// the victim has named as well, the account of the other side and the account
// itself. The money is followed all the same.
func TestI64_WhatABankHidesInASerialNumberRestsAsADigest(t *testing.T) {
	const phone, own, other = "13800138000", "6228481234567890123", "6217001234567890127"
	c := open(t)
	c.approve()
	c.lose(t, "case-1", entry.Transfer{
		From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: entry.Account{Bank: abc, Number: own, Holder: "周某雄"},
		AmountFen: 483_000_000, At: paidAt, Serial: phone,
	})
	order := c.orders(t, abc)[0]
	if order.TransferSerial != "" {
		t.Errorf("the bank is told of a transfer %q", order.TransferSerial)
	}
	answer := done()
	answer.Transactions[0].SerialNumber, answer.Transactions[1].SerialNumber, answer.Transactions[2].SerialNumber = phone, other, own
	var got taken
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+order.ApplicationID+"/answer", answer).Into(t, &got)
	var where []string
	for _, d := range got.Discrepancies {
		if d.Kind != "text-unreadable" || !entry.Digested(d.Row) {
			t.Errorf("the bank is told %+v", d)
		}
		where = append(where, d.Found[:len("/transactions/1/serialNumber")])
	}
	if diff := cmp.Diff([]string{"/transactions/0/serialNumber", "/transactions/1/serialNumber", "/transactions/2/serialNumber"}, where); diff != "" || got.State != "executed" {
		t.Errorf("%s; the bank is told (-want +got):\n%s", got.State, diff)
	}
	if next := c.orders(t, ccb); len(next) != 1 || next[0].AccountNumber != other || next[0].TransferSerial != "" || next[0].TransferAmount != "3000000.00" {
		t.Errorf("the next bank is asked %+v", next)
	}
	if p := c.chase(t, "case-1"); p.Accounts[0].Attributed != 83_000_000 {
		t.Errorf("the chase: %+v", p)
	}
	for _, found := range c.clear(t, own, other) {
		t.Error(found)
	}
}
