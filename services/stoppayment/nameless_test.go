package stoppayment_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

const boc = "104100000004"

// atABC is the card that the victim paid to, as other banks name it.
func atABC() entry.Account {
	return entry.Account{Bank: abc, Number: "6228481234567890123", Holder: "周某雄"}
}

func chenAtBOC() entry.Account {
	return entry.Account{Bank: boc, Number: "6216601234567890120", Holder: "陈某"}
}

// movement is a row of 17 July; without an account it names nobody.
func movement(serial, clock, direction, amount, balance string, other ...entry.Account) bank.Transaction {
	row := bank.Transaction{SerialNumber: serial, Time: "20210717" + clock, Direction: direction, Amount: amount, Balance: balance}
	for _, a := range other {
		row.CounterBankID, row.CounterNumber, row.CounterName = a.Bank, a.Number, a.Holder
	}
	return row
}

// stated is a bank's answer that an account is stopped, with its rows.
func stated(opening, balance string, rows ...bank.Transaction) bank.Answer {
	return bank.Answer{Result: bank.ResultOK, StartTime: "20210717160100", AccountBalance: balance, OpeningBalance: opening, Transactions: rows}
}

// nobody is ABC's answer whose debit of 300万 does not say where it went.
func nobody(more ...bank.Transaction) bank.Answer {
	victim := entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}
	rows := []bank.Transaction{
		movement("S1", "152000", "C", "4830000.00", "4830000.00", victim),
		movement("S2", "152200", "D", "3000000.00", "1830000.00"),
	}
	a := stated("0.00", "1830000.00", append(rows, more...)...)
	a.AccountBalance = a.Transactions[len(a.Transactions)-1].Balance
	return a
}

// answers has a bank answer the one order that it has.
func (c town) answers(t *testing.T, of string, in bank.Answer) {
	t.Helper()
	open := c.orders(t, of)
	if len(open) != 1 {
		t.Fatalf("%d orders at %s", len(open), of)
	}
	c.Post(citytest.Desk(identity.BankCode(of)), "/v1/bank/orders/"+open[0].ApplicationID+"/answer", in)
}

// ends waits until the money is where it is wanted.
func (c town) ends(t *testing.T, want map[string]int64) {
	t.Helper()
	c.Until("the money is found", func() bool {
		if c.Get(duty, "/v1/pursuits/case-1/flow").Status != http.StatusOK {
			return false
		}
		got := c.flow(t, duty, "").places()
		for place, amount := range want {
			if got[place] != amount {
				return false
			}
		}
		return len(got) == len(want)
	})
}

func TestAnOfficersOrderTellsWhereADebitWentThatNamesNobody(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.answers(t, abc, nobody())
	c.ends(t, map[string]int64{"stopped": 183_000_000, "untraceable": 300_000_000})
	source := entry.Transfer{From: atABC(), To: toLiAtCCB(), AmountFen: 300_000_000, At: paidAt.Add(2 * time.Minute), Serial: "S2"}
	c.Post(duty, "/v1/pursuits/case-1/orders", map[string]any{
		"account": toLiAtCCB(), "parent": c.chase(t, "case-1").Accounts[0].Account, "source": source, "investigator": two["investigator"],
	})
	c.ends(t, map[string]int64{"stopped": 183_000_000, "pending": 300_000_000})
	c.answers(t, ccb, stated("0.00", "200000.00",
		movement("S2", "152200", "C", "3000000.00", "3000000.00", atABC()), movement("Z2", "152400", "D", "2800000.00", "200000.00", chenAtBOC())))
	if next := c.orders(t, boc); len(next) != 1 || next[0].TransferSerial != "Z2" {
		t.Fatalf("what went on is not chased: %+v", next)
	}
	c.ends(t, map[string]int64{"stopped": 203_000_000, "pending": 280_000_000})
	if f := c.flow(t, duty, ""); len(f.Edges) != 3 {
		t.Errorf("%d movements are drawn: %+v", len(f.Edges), f.Edges)
	}
}

func TestThePayeesRowsTellWhereADebitWentThatNamesNobody(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.answers(t, abc, nobody(movement("S4", "152500", "D", "500000.00", "1330000.00", toLiAtCCB())))
	c.ends(t, map[string]int64{"stopped": 133_000_000, "untraceable": 300_000_000, "pending": 50_000_000})
	c.answers(t, ccb, stated("0.00", "700000.00",
		movement("Q1", "152200", "C", "3000000.00", "3000000.00", atABC()), movement("Q2", "152500", "C", "500000.00", "3500000.00", atABC()),
		movement("Q3", "152600", "D", "2800000.00", "700000.00", chenAtBOC())))
	if next := c.orders(t, boc); len(next) != 1 || next[0].TransferSerial != "Q3" {
		t.Fatalf("what went on is not chased: %+v", next)
	}
	c.ends(t, map[string]int64{"stopped": 203_000_000, "pending": 280_000_000})
}

// The payee is stopped, and its bank has answered, before the chase meets the account
// that paid it.
func TestThePayeesRowsAreFoundThatCameBeforeTheDebit(t *testing.T) {
	c := open(t)
	c.approve()
	c.report(t, "case-1")
	c.Until("the chase is open", func() bool { return len(c.chase(t, "case-1").Accounts) == 1 })
	source := entry.Transfer{From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: toLiAtCCB(), AmountFen: 5_000_00, At: paidAt, Serial: "S7"}
	c.Post(duty, "/v1/pursuits/case-1/orders", map[string]any{"account": toLiAtCCB(), "source": source, "investigator": two["investigator"]})
	c.answers(t, ccb, stated("0.00", "2800000.00", movement("Q1", "152400", "C", "2800000.00", "2800000.00", chenAtBOC())))
	c.answers(t, abc, nobody(movement("S4", "152300", "D", "1000000.00", "830000.00", chenAtBOC())))
	c.ends(t, map[string]int64{"stopped": 83_000_000, "untraceable": 300_000_000, "pending": 100_000_000})
	c.answers(t, boc, stated("2000000.00", "200000.00",
		movement("S4", "152300", "C", "1000000.00", "3000000.00", atABC()), movement("B1", "152400", "D", "2800000.00", "200000.00")))
	c.Until("the money has reached the payee", func() bool {
		for _, e := range c.flow(t, duty, "").Edges {
			if e.To == c.chase(t, "case-1").Accounts[1].Account && e.Carried > 0 {
				return true
			}
		}
		return false
	})
	if places := c.flow(t, duty, "").places(); places["untraceable"] != 300_000_000 {
		t.Errorf("where the money is: %v", places)
	}
}
