package stoppayment_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
)

// wire makes a city with machine channels to some of its banks.
func wire(t *testing.T, machines ...*banktest.Machine) town {
	t.Helper()
	c := citytest.Open(t)
	c.City.Channels = banktest.Connect(t, c.Banks, machines...)
	c.Run(stoppayment.New)
	return in(c, citytest.Pen(c, "case", event.CaseCodec()))
}

// call sends a signed request of a bank's machine to the city.
func (c town) call(t *testing.T, m *banktest.Machine, method, path string, body any) channel.Message {
	t.Helper()
	var text []byte
	if s, ok := body.(string); ok {
		text = []byte(s)
	} else if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	reply, err := m.City().Send(t.Context(), method, c.URL()+path, text)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func (c town) answer(t *testing.T, m *banktest.Machine, items ...any) []bank.AnswerReceipt {
	t.Helper()
	reply := c.call(t, m, http.MethodPost, "/v1/machine/answers", map[string]any{"items": items})
	var receipt bank.AnswersReceipt
	if err := json.Unmarshal(reply.Body, &receipt); err != nil || reply.Status != http.StatusOK {
		t.Fatalf("%d %s: %v", reply.Status, reply.Body, err)
	}
	return receipt.Items
}

// reportTo says on the log what intake would: money that went to accounts at
// several banks.
func (c town) reportTo(t *testing.T, id identity.CaseID, banks ...string) {
	t.Helper()
	two := [2]event.Officer{{PoliceNo: duty.User, Unit: "440982000000"}, {PoliceNo: "090002", Unit: "440982000000"}}
	events := []event.CaseEvent{event.FraudReportReceived{Channel: "110", ReceivedAt: c.City.Clock.Now(), Urgency: "urgent", Unit: "440982000000", Operator: two[0], Investigator: two[1]}}
	for n, code := range banks {
		transfer, _, err := c.desk.Transfer(t.Context(), entry.Transfer{
			From: entry.Account{Bank: icbc, Number: "6222021234567890128", Holder: "杨某"}, To: entry.Account{Bank: code, Number: fmt.Sprintf("62284812345678%05d", n), Holder: "周某雄"},
			AmountFen: 1_000_000, At: paidAt, Serial: fmt.Sprintf("S%d", n),
		}, identity.TransferID(fmt.Sprintf("t-%s-%d", id, n)), c.City.Clock.Now(), "")
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event.LossTransferDeclared{Transfer: transfer, Victim: "victim-1", Currency: event.CNY})
	}
	c.say(string(id), string(id), events...)
}

// bankRow is how one bank is shown.
type bankRow struct {
	Bank, Channel, State, Cause, OldestOpen string
	OpenOrders, FailedDeliveries            int
	LastAnswerAt                            time.Time
}

func (c town) banks(t *testing.T) []bankRow {
	t.Helper()
	var page struct {
		Items []bankRow `json:"items"`
	}
	c.Get(duty, "/v1/banks").Into(t, &page)
	return page.Items
}

func (c town) bank(t *testing.T, code string) bankRow {
	t.Helper()
	for _, row := range c.banks(t) {
		if row.Bank == code {
			return row
		}
	}
	t.Fatalf("bank %s is not listed", code)
	return bankRow{}
}

type finding struct {
	Kind, Code, Bank, Case, Order, Channel, Digest string
}

func (c town) findings(t *testing.T, query string) []finding {
	t.Helper()
	var page struct {
		Items []finding `json:"items"`
	}
	c.Get(duty, "/v1/discrepancies"+query).Into(t, &page)
	return page.Items
}
