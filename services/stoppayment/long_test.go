package stoppayment_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
)

// fanOut is the answer of a bank from whose account 483万 have gone to n others.
func fanOut(n int) bank.Answer {
	at := func(second int) string {
		return identity.FormatPlatformTime(paidAt.Add(time.Duration(second) * time.Second))
	}
	a := bank.Answer{Result: bank.ResultOK, StartTime: "20210717160100", OpeningBalance: "0.00"}
	balance := money.Fen(483_000_000)
	a.Transactions = append(a.Transactions, bank.Transaction{SerialNumber: "S1", Time: at(0), Direction: "C", Amount: balance.Decimal(), Balance: balance.Decimal(), CounterBankID: icbc, CounterNumber: "6222021234567890128"})
	part := balance / money.Fen(n+1)
	for i := range n {
		balance -= part
		a.Transactions = append(a.Transactions, bank.Transaction{
			SerialNumber: fmt.Sprintf("OUT%06d", i), Time: at(1 + i), Direction: "D", Amount: part.Decimal(), Balance: balance.Decimal(),
			CounterBankID: ccb, CounterNumber: fmt.Sprintf("62170012345%08d", i), CounterName: "李某",
		})
	}
	a.AccountBalance = balance.Decimal()
	return a
}

type accountView struct {
	Stopped     bool `json:"stopped"`
	Attribution struct {
		Revision int      `json:"revision"`
		Balance  int64    `json:"balanceFen"`
		Parts    int      `json:"parts"`
		Names    []string `json:"names"`
		Outflows []struct {
			Transfer struct {
				ID string `json:"id"`
			} `json:"transfer"`
		} `json:"outflows"`
	} `json:"attribution"`
	Orders []struct {
		Order, Kind, State string
	} `json:"orders"`
}

func (c town) account(t *testing.T, id string) (v accountView) {
	t.Helper()
	c.Get(duty, "/v1/accounts/"+id).Into(t, &v)
	return v
}

func TestAStatementOfThousandsOfRowsIsFollowedToItsLastOutflow(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 500
	}
	c := open(t)
	c.approve()
	source := c.report(t, "case-1")
	order := c.orders(t, abc)[0]
	answer := fanOut(n)
	begun := time.Now()
	got := c.Do(citytest.Desk(abc), http.MethodPost, "/v1/bank/orders/"+order.ApplicationID+"/answer", "the-long-answer", answer)
	if got.Status != http.StatusOK {
		t.Fatalf("%d %.300s", got.Status, got.Body)
	}
	t.Logf("%d rows: %v to the answer", n, time.Since(begun))
	v := c.account(t, string(source.To.ID))
	if !v.Stopped || len(v.Attribution.Outflows) != n || v.Attribution.Revision != 1 || v.Attribution.Parts < 2 || len(v.Attribution.Names) != n {
		t.Fatalf("stopped %v, revision %d with %d outflows of %d in %d parts", v.Stopped, v.Attribution.Revision, len(v.Attribution.Outflows), n, v.Attribution.Parts)
	}
	seen, cursor := 0, ""
	for want := range n/100 + 1 { // a minute for each hundred at most
		c.Until("the next accounts that got some of it are stopped", func() bool {
			var page struct {
				Items      []any  `json:"items"`
				NextCursor string `json:"nextCursor"`
			}
			c.Get(duty, "/v1/orders?state=approved&limit=100&cursor="+cursor).Into(t, &page)
			if page.NextCursor != "" {
				seen, cursor = seen+len(page.Items), page.NextCursor
				return true
			}
			return seen+len(page.Items) >= min((want+1)*100, n)
		})
	}
	t.Logf("%v to the last account of the chase", time.Since(begun))
	if again := c.Do(citytest.Desk(abc), http.MethodPost, "/v1/bank/orders/"+order.ApplicationID+"/answer", "the-long-answer", answer); again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("sent again: %d %.300s", again.Status, again.Body)
	}
	if v := c.account(t, string(source.To.ID)); v.Attribution.Revision != 1 || len(v.Attribution.Outflows) != n {
		t.Errorf("sent again, revision %d with %d outflows", v.Attribution.Revision, len(v.Attribution.Outflows))
	}
}
