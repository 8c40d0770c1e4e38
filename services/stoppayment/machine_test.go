package stoppayment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
)

func TestTheChaseRunsOverTheMachineChannelAlone(t *testing.T) {
	first, second := banktest.New(t, abc), banktest.New(t, ccb)
	c := wire(t, first, second)
	c.approve()
	c.report(t, "case-1")
	o := first.Next(t)
	if o.TxCode != bank.TxStop || o.AccountNumber != "6228481234567890123" || o.AccountName != "周某雄" {
		t.Errorf("the machine is asked %+v", o)
	}
	c.Until("the order counts as taken", func() bool {
		p := c.chase(t, "case-1")
		return len(p.Accounts) == 1 && p.Accounts[0].State == "sent"
	})
	if row := c.bank(t, abc); row.Channel != "machine" || row.State != "reachable" || row.OpenOrders != 1 || row.OldestOpen != o.ApplicationID {
		t.Errorf("the bank is shown as %+v", row)
	}
	item := bank.OrderAnswer{ApplicationID: o.ApplicationID, Answer: done()}
	if got := c.answer(t, first, item); got[0].Result != bank.Taken || got[0].State != "executed" {
		t.Fatalf("%+v", got)
	}
	if got := c.answer(t, first, item); got[0].Result != bank.Repeated {
		t.Errorf("the same answer again: %+v", got)
	}
	if next := second.Next(t); next.AccountNumber != "6217001234567890127" || next.TransferSerial != "S2" {
		t.Errorf("the next bank's machine is asked %+v", next)
	}
	c.Until("the answer shows with its bank", func() bool { return !c.bank(t, abc).LastAnswerAt.IsZero() })
	if row := c.bank(t, icbc); row.Channel != "desk" {
		t.Errorf("a bank without a machine: %+v", row)
	}
}

func TestOneBankThatIsAwayDelaysItsOwnOrdersAndItsDeskHasThem(t *testing.T) {
	hung, well := banktest.New(t, abc), banktest.New(t, ccb)
	hung.Within = time.Second
	hung.Behave(nil, banktest.Hang)
	c := wire(t, hung, well)
	c.approve()
	c.reportTo(t, "case-1", abc, ccb, abc)
	well.Next(t)
	c.Until("the bank shows as unreachable", func() bool {
		row := c.bank(t, abc)
		return row.State == "unreachable" && row.Cause == "timeout"
	})
	if orders := c.orders(t, abc); len(orders) != 2 {
		t.Fatalf("the desk has %d orders", len(orders))
	}
	o := c.orders(t, abc)[0]
	path := "/v1/bank/orders/" + o.ApplicationID
	c.Post(citytest.Desk(abc), path+"/receipt", map[string]any{})
	c.Post(citytest.Desk(abc), path+"/answer", bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "1.00"})
	c.Until("the desk has done one, and the machine is still away", func() bool {
		row := c.bank(t, abc)
		return row.State == "unreachable" && row.OpenOrders == 1
	})
	if first := c.banks(t)[0]; first.Bank != abc {
		t.Errorf("the bank in trouble is not the first but %+v", first)
	}
}

func TestABadAnswerSpoilsNoOtherAndStraysAreShown(t *testing.T) {
	m, other := banktest.New(t, abc), banktest.New(t, ccb)
	c := wire(t, m, other)
	c.approve()
	c.reportTo(t, "case-1", abc, ccb)
	own, theirs := m.Next(t).ApplicationID, other.Next(t).ApplicationID
	unknown := identity.Derive("nobody", "knows").String()
	fine := bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "1.00"}
	items := []any{
		map[string]any{"applicationId": theirs, "answer": fine},
		map[string]any{"applicationId": unknown, "answer": fine},
		map[string]any{"applicationId": "6228481234567890123", "answer": fine},
		map[string]any{"applicationId": own, "answer": map[string]any{"result": "0000", "fee": "1.00"}},
		map[string]any{"applicationId": own, "answer": map[string]any{"result": "0000", "startTime": "yesterday"}},
		map[string]any{"applicationId": own, "answer": "0000"},
		map[string]any{"applicationId": own},
		map[string]any{"applicationId": own, "answer": fine},
	}
	want := []string{"order-of-another-bank", "order-unknown", "order-unknown", "field-unknown", "bank-time-malformed", "field-invalid", "json-malformed", ""}
	for range 2 {
		var codes []string
		for _, r := range c.answer(t, m, items...) {
			codes = append(codes, r.Code)
		}
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Error(diff)
		}
	}
	c.Until("the strays are shown, each once", func() bool { return len(c.findings(t, "?bank="+abc)) == 3 })
	for _, f := range c.findings(t, "?bank="+abc) {
		if f.Kind != "stray-answer" || f.Channel != "machine" || f.Digest == "" || f.Order == own || strings.HasPrefix(f.Order, "6228") {
			t.Errorf("shown as %+v", f)
		}
	}
	if p := c.chase(t, "case-1"); p.Accounts[1].State == "executed" {
		t.Error("another bank's order was answered")
	}
	a := c.Do(citytest.Desk(ccb), "POST", "/v1/bank/orders/"+own+"/answer", "", fine)
	if a.Code() != "order-of-another-bank" {
		t.Errorf("a desk that answers another bank's order: %d %s", a.Status, a.Body)
	}
	c.Until("the desk's stray is shown with its own bank", func() bool {
		found := c.findings(t, "?bank="+ccb)
		return len(found) == 1 && found[0].Channel == "desk" && found[0].Code == "order-of-another-bank"
	})
	if a := c.Get(citytest.Desk(abc), "/v1/discrepancies"); a.Code() != "role-not-allowed" {
		t.Errorf("a bank sees what the officers see: %d %s", a.Status, a.Body)
	}
}

func TestAFloodOfStraysLeavesAHandfulOfEvents(t *testing.T) {
	m := banktest.New(t, abc)
	c := wire(t, m)
	var items []any
	for n := range bank.MaxBatch {
		items = append(items, map[string]any{"applicationId": fmt.Sprint("x", n), "answer": bank.Answer{Result: "0001"}})
	}
	for _, r := range c.answer(t, m, items...) {
		if r.Code != "order-unknown" {
			t.Fatalf("%+v", r)
		}
	}
	c.Until("that there were more is shown", func() bool {
		found := c.findings(t, "?limit=200")
		return len(found) == 21 && found[0].Kind == "strays-dropped"
	})
	first := c.findings(t, "?limit=5")
	if len(first) != 5 {
		t.Errorf("a page of %d", len(first))
	}
}

func TestAMachineThatOnlyCallsOutGetsItsOwnOrders(t *testing.T) {
	m := banktest.New(t, abc)
	m.URL = ""
	c := wire(t, m)
	c.approve()
	c.reportTo(t, "case-1", abc, ccb)
	reply := c.call(t, m, http.MethodGet, "/v1/machine/orders?wait=20", nil)
	var page bank.Orders
	if err := json.Unmarshal(reply.Body, &page); err != nil || reply.Status != http.StatusOK || len(page.Items) != 1 || page.Items[0].BankID != abc {
		t.Fatalf("%d %s: %v", reply.Status, reply.Body, err)
	}
	if got := c.answer(t, m, bank.OrderAnswer{ApplicationID: page.Items[0].ApplicationID, Answer: done()}); got[0].Result != bank.Taken {
		t.Errorf("%+v", got)
	}
}

// raw sends a request as it is, and tells the code of the refusal.
func (c town) raw(t *testing.T, r *http.Request) (status int, code string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, citytest.Answer{Status: response.StatusCode, Header: response.Header, Body: body}.Code()
}

func TestTheDoorOfMachinesIsShutToAllElse(t *testing.T) {
	m, stranger := banktest.New(t, abc), banktest.New(t, icbc)
	c := wire(t, m)
	answers := `{"items":[{"applicationId":"x","answer":{"result":"0001"}}]}`
	request := func(body string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/v1/machine/answers", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if err := m.Signer.Sign(r, []byte(body)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	put := func(r *http.Request, body string) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	again := request(answers)
	if status, code := c.raw(t, again); status != http.StatusOK {
		t.Fatalf("the first time: %d %s", status, code)
	}
	put(again, answers)
	for name, try := range map[string]struct {
		request func() *http.Request
		status  int
		code    string
	}{
		"the same message again": {func() *http.Request { return again }, 403, "channel-message-replayed"},
		"an altered byte": {func() *http.Request {
			r := request(answers)
			put(r, strings.Replace(answers, "0001", "0000", 1))
			return r
		}, 403, "channel-digest-wrong"},
		"a key that nobody has registered": {func() *http.Request {
			r := request(answers)
			if err := stranger.Signer.Sign(r, []byte(answers)); err != nil {
				t.Fatal(err)
			}
			return r
		}, 403, "channel-key-unknown"},
		"no signature": {func() *http.Request {
			r := request(answers)
			r.Header.Del("Signature")
			return r
		}, 403, "channel-signature-missing"},
		"a token in its place": {func() *http.Request {
			r := request(answers)
			r.Header.Del("Signature")
			token, err := c.Issuer.Issue(citytest.Desk(abc), time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			return r
		}, 403, "channel-signature-missing"},
		"a signature for another path": {func() *http.Request {
			r := request(answers)
			r.URL.Path = "/v1/machine/orders"
			r.Method = http.MethodGet
			return r
		}, 403, "channel-signature-wrong"},
		"too much":            {func() *http.Request { return request(`{"items":[` + strings.Repeat(" ", channel.MaxBody) + `]}`) }, 422, "channel-body-too-large"},
		"no JSON":             {func() *http.Request { return request(`{"items":`) }, 400, "json-malformed"},
		"a field named twice": {func() *http.Request { return request(`{"items":[],"items":[]}`) }, 422, "json-duplicate-field"},
		"nothing to answer":   {func() *http.Request { return request(`{"items":[]}`) }, 422, "field-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, code := c.raw(t, try.request()); status != try.status || code != try.code {
				t.Errorf("%d %s, want %d %s", status, code, try.status, try.code)
			}
		})
	}
	if a := c.Do(citytest.Desk(abc), "GET", "/v1/machine/orders", "", nil); a.Code() != "channel-signature-missing" {
		t.Errorf("a desk at the machines' door: %d %s", a.Status, a.Body)
	}
	big := bytes.Repeat([]byte(" "), 2<<20)
	if status, code := c.raw(t, request(string(big)+answers)); status != http.StatusOK {
		t.Errorf("two mebibytes: %d %s", status, code)
	}
}

func TestAnAnswerThatIsAheadOfTheListWaitsForIt(t *testing.T) {
	m := banktest.New(t, abc)
	m.URL = ""
	c := wire(t, m)
	order := identity.OrderID(identity.Derive("ahead").String())
	body := map[string]any{"items": []any{bank.OrderAnswer{ApplicationID: string(order), Answer: bank.Answer{Result: bank.ResultOK, StartTime: "20210717160000", AccountBalance: "1.00"}}}}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	asked, answered := make(chan struct{}), make(chan channel.Message, 1)
	peer := m.City()
	peer.HTTP = &http.Client{Transport: told{asked}}
	go func() {
		reply, err := peer.Send(t.Context(), http.MethodPost, c.URL()+"/v1/machine/answers", text)
		if err != nil {
			t.Error(err)
		}
		answered <- reply
	}()
	<-asked
	citytest.Pen(c.City, "account", event.AccountCodec())("a-1", "case-1",
		event.StopRequested{Order: order, Case: "case-1", Ordinal: 1, Account: event.Account{ID: "a-1", Bank: abc}, At: c.City.Clock.Now()},
		event.StopApproved{Order: order, At: c.City.Clock.Now()})
	var receipt bank.AnswersReceipt
	if err := json.Unmarshal((<-answered).Body, &receipt); err != nil || receipt.Items[0].Result != bank.Taken {
		t.Errorf("%+v, %v", receipt, err)
	}
	if found := c.findings(t, "?bank="+abc); len(found) != 0 {
		t.Errorf("and counts as a stray: %+v", found)
	}
}

// told tells when a request goes out.
type told struct{ asked chan struct{} }

func (r told) RoundTrip(request *http.Request) (*http.Response, error) {
	close(r.asked)
	return http.DefaultTransport.RoundTrip(request)
}
