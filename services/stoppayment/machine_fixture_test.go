package stoppayment_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/entry"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

// pemPair draws a key pair.
func pemPair(t *testing.T) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	open, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open}))
}

// machine is the machine of a bank: it takes every order that it is sent, unless
// it hangs.
type machine struct {
	code   string
	signer *channel.Signer
	public string
	url    string
	hang   bool
	ends   chan struct{} // closed with the test

	mu   sync.Mutex
	city channel.Key
	took map[string]bank.Order
	mail chan string // ids of orders, as they come
}

func newMachine(t *testing.T, code string) *machine {
	t.Helper()
	private, public := pemPair(t)
	signer, err := channel.NewSigner("key-of-"+code, []byte(private), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{code: code, signer: signer, public: public, took: map[string]bank.Order{}, mail: make(chan string, 100), ends: make(chan struct{})}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(m.ends) })
	m.url = server.URL + "/orders"
	return m
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.hang {
		<-m.ends
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	trusted, err := channel.NewKeys(m.city)
	if err != nil {
		panic(err)
	}
	message, err := channel.NewVerifier(trusted, time.Now).Request(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	var batch bank.Batch
	if err := json.Unmarshal(message.Body, &batch); err != nil {
		panic(err)
	}
	receipt := bank.BatchReceipt{BatchID: batch.BatchID}
	for _, o := range batch.Items {
		if _, twice := m.took[o.ApplicationID]; !twice {
			m.mail <- o.ApplicationID
		}
		m.took[o.ApplicationID] = o
		receipt.Items = append(receipt.Items, bank.OrderReceipt{ApplicationID: o.ApplicationID, Result: bank.Accepted})
	}
	body, err := json.Marshal(receipt)
	if err != nil {
		panic(err)
	}
	_ = m.signer.Reply(w, r, http.StatusOK, body)
}

// next waits for the next order.
func (m *machine) next(t *testing.T) bank.Order {
	t.Helper()
	select {
	case id := <-m.mail:
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.took[id]
	case <-time.After(20 * time.Second):
		t.Fatalf("no order reaches the machine of %s", m.code)
		return bank.Order{}
	}
}

// wired is a city with machine channels to some of its banks.
type wired struct {
	town
	trust channel.Keys // the city's key, as banks have it
}

func wire(t *testing.T, machines ...*machine) wired {
	t.Helper()
	c := citytest.Open(t)
	private, public := pemPair(t)
	key, err := channel.ParseKey("city-1", service.CityOwner, []byte(public))
	if err != nil {
		t.Fatal(err)
	}
	var banks []map[string]any
	for _, m := range machines {
		m.mu.Lock()
		m.city = key
		m.mu.Unlock()
		banks = append(banks, map[string]any{
			"bank": m.code, "url": m.url, "timeoutSeconds": 1, "keys": []map[string]string{{"id": m.signer.KeyID(), "publicKey": m.public}},
		})
	}
	file, err := json.Marshal(map[string]any{"keyId": "city-1", "banks": banks})
	if err != nil {
		t.Fatal(err)
	}
	if c.City.Channels, err = service.ParseChannels(file, []byte(private), c.Banks, time.Now); err != nil {
		t.Fatal(err)
	}
	c.Run(stoppayment.New)
	keys, err := channel.NewKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	return wired{town{c, entry.Desk{Keys: c.Keys, Banks: c.Banks}, citytest.Pen(c, "case", event.CaseCodec())}, keys}
}

// call sends a signed request of a bank's machine to the city.
func (c wired) call(t *testing.T, m *machine, method, path string, body any) channel.Message {
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
	peer := channel.Peer{Owner: service.CityOwner, HTTP: http.DefaultClient, Signer: m.signer, Verifier: channel.NewVerifier(c.trust, time.Now)}
	reply, err := peer.Send(t.Context(), method, c.URL()+path, text)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func (c wired) answer(t *testing.T, m *machine, items ...any) []bank.AnswerReceipt {
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
func (c wired) reportTo(t *testing.T, id identity.CaseID, banks ...string) {
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

func (c wired) banks(t *testing.T) []bankRow {
	t.Helper()
	var page struct {
		Items []bankRow `json:"items"`
	}
	c.Get(duty, "/v1/banks").Into(t, &page)
	return page.Items
}

func (c wired) bank(t *testing.T, code string) bankRow {
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

func (c wired) findings(t *testing.T, query string) []finding {
	t.Helper()
	var page struct {
		Items []finding `json:"items"`
	}
	c.Get(duty, "/v1/discrepancies"+query).Into(t, &page)
	return page.Items
}
