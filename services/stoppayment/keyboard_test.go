package stoppayment_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// wide writes the characters of ASCII as a Chinese keyboard does, full-width.
func wide(text string) string {
	full := []rune(text)
	for n := range full {
		full[n] += '！' - '!'
	}
	return string(full)
}

func TestAManualOrderTypedOnAChineseKeyboardIsForTheAccountThatItReads(t *testing.T) {
	const number = "6217001234567890127"
	for rule, in := range map[string]entry.Account{
		"plain":                      {Bank: ccb, Number: number, Holder: "李某"},
		"full-width":                 {Bank: wide(ccb), Number: wide(number), Holder: "李某"},
		"with what nobody sees":      {Bank: ccb, Number: "\u202e6217\u200b001234567890127", Holder: "李\u200b某\u202e"},
		"with another kind of blank": {Bank: ccb, Number: "6217\u00a0001234567890127", Holder: "李某"},
	} {
		t.Run(rule, func(t *testing.T) {
			c := open(t)
			c.approve()
			c.report(t, "case-1")
			c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
			a := c.Do(duty, "POST", "/v1/pursuits/case-1/orders", "", map[string]any{"account": in, "investigator": two["investigator"]})
			if a.Status != http.StatusCreated {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			var made struct {
				Account  identity.AccountID
				Order    string
				Warnings []any
			}
			a.Into(t, &made)
			if want, _, err := c.desk.Account(t.Context(), entry.Account{Bank: ccb, Number: number}, ""); err != nil || made.Account != want.ID || len(made.Warnings) != 1 {
				t.Errorf("the order is for %s, with %v, want %s, %v", made.Account, made.Warnings, want.ID, err)
			}
			c.Until("it waits for approval", func() bool {
				p := c.chase(t, "case-1")
				return len(p.Accounts) == 2 && p.Accounts[1].State == "waiting"
			})
			c.Post(leader, "/v1/accounts/"+string(made.Account)+"/orders/"+made.Order+"/approval", map[string]any{})
			sent := c.orders(t, ccb)
			if len(sent) != 1 || sent[0].AccountNumber != number || sent[0].AccountName != "李某" {
				t.Errorf("the bank is asked %+v", sent)
			}
		})
	}
}

func TestABankThatWritesFullWidthNamesTheSameOtherSide(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	answer := done()
	answer.Transactions[0].CounterNumber = wide(answer.Transactions[0].CounterNumber)
	answer.Transactions[1].CounterBankID, answer.Transactions[1].CounterNumber, answer.Transactions[1].CounterName = wide(ccb), "\u202e６２１７\u200b００１２３４５６７８９０１２７", "李\u200b某"
	answer.Transactions[2].CounterNumber = "\u200b"
	var got taken
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", answer).Into(t, &got)
	if diff := cmp.Diff([]bank.Oddity(nil), got.Discrepancies); diff != "" {
		t.Errorf("the bank is told of (-want +got):\n%s", diff)
	}
	next := c.orders(t, ccb)
	if len(next) != 1 || next[0].AccountNumber != "6217001234567890127" || next[0].AccountName != "李某" {
		t.Errorf("the next bank is asked %+v", next)
	}
	known, _, err := c.desk.Account(t.Context(), entry.Account{Bank: ccb, Number: "6217001234567890127"}, "")
	if p := c.chase(t, "case-1"); err != nil || len(p.Accounts) != 2 || p.Accounts[1].Account != string(known.ID) || p.Accounts[0].Attributed != 83_000_000 {
		t.Errorf("the chase: %+v, %v", p, err)
	}
}

func TestANumberThatNobodySeesIsNoOtherSide(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	answer := done()
	answer.Transactions[1].CounterNumber = "\u200b\u3000"
	var got taken
	c.Post(citytest.Desk(abc), "/v1/bank/orders/"+c.orders(t, abc)[0].ApplicationID+"/answer", answer).Into(t, &got)
	if diff := cmp.Diff([]bank.Oddity{{Kind: "counterparty-missing", Row: "S2"}}, codes(t, got.Discrepancies)); diff != "" || got.State != "executed" {
		t.Errorf("%s; the bank is told of (-want +got):\n%s", got.State, diff)
	}
	if p := c.chase(t, "case-1"); len(p.Accounts) != 1 {
		t.Errorf("the chase follows nobody: %+v", p)
	}
}
