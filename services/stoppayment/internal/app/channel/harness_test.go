package channel_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	wire "github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

const (
	icbc = identity.BankCode("102100099996")
	abc  = identity.BankCode("103100000026")
)

// hurried is a pace at which a test need not wait.
func hurried() channel.Pace {
	return channel.Pace{
		Retry: time.Millisecond, Again: 2 * time.Millisecond, AgainMost: 20 * time.Millisecond, Rest: 30 * time.Millisecond,
		Tell: 50 * time.Millisecond, Settle: 5 * time.Second,
	}
}

func keys(t *testing.T) (private, public string) {
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

// machine is a bank's machine whose behaviour a test sets.
type machine struct {
	code   identity.BankCode
	signer *wire.Signer
	public string
	city   wire.Key
	url    string

	mu      sync.Mutex
	batches [][]string
	judge   func(bank.Batch) bank.BatchReceipt                   // nil: accepts all
	serve   func(http.ResponseWriter, *http.Request, bank.Batch) // nil: replies with the judgement
}

func newMachine(t *testing.T, code identity.BankCode) *machine {
	t.Helper()
	private, public := keys(t)
	signer, err := wire.NewSigner("key-of-"+string(code), []byte(private), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{code: code, signer: signer, public: public}
	server := httptest.NewServer(http.HandlerFunc(m.ServeHTTP))
	t.Cleanup(server.Close)
	m.url = server.URL + "/orders"
	return m
}

func (m *machine) behave(judge func(bank.Batch) bank.BatchReceipt, serve func(http.ResponseWriter, *http.Request, bank.Batch)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.judge, m.serve = judge, serve
}

// got lists the orders of each batch that came whole and was not torn up.
func (m *machine) got() [][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([][]string{}, m.batches...)
}

func (m *machine) times(order string) (n int) {
	for _, b := range m.got() {
		for _, o := range b {
			if o == order {
				n++
			}
		}
	}
	return n
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	trusted, err := wire.NewKeys(m.city)
	m.mu.Unlock()
	if err != nil {
		panic(err)
	}
	message, err := wire.NewVerifier(trusted, time.Now).Request(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	var batch bank.Batch
	if err := json.Unmarshal(message.Body, &batch); err != nil || batch.BankID != string(m.code) {
		http.Error(w, "not for us", http.StatusForbidden)
		return
	}
	ids := make([]string, len(batch.Items))
	for n, o := range batch.Items {
		ids[n] = o.ApplicationID
	}
	m.mu.Lock()
	m.batches = append(m.batches, ids)
	judge, serve := m.judge, m.serve
	m.mu.Unlock()
	if serve != nil {
		serve(w, r, batch)
		return
	}
	if judge == nil {
		judge = accepting
	}
	m.reply(w, r, judge(batch))
}

func (m *machine) reply(w http.ResponseWriter, r *http.Request, receipt bank.BatchReceipt) {
	body, err := json.Marshal(receipt)
	if err != nil {
		panic(err)
	}
	_ = m.signer.Reply(w, r, http.StatusOK, body) // the city may have gone
}

func accepting(b bank.Batch) bank.BatchReceipt {
	return judging(b, func(bank.Order) bank.OrderReceipt { return bank.OrderReceipt{Result: bank.Accepted} })
}

func judging(b bank.Batch, each func(bank.Order) bank.OrderReceipt) bank.BatchReceipt {
	receipt := bank.BatchReceipt{BatchID: b.BatchID}
	for _, o := range b.Items {
		r := each(o)
		r.ApplicationID = o.ApplicationID
		receipt.Items = append(receipt.Items, r)
	}
	return receipt
}

// town is a city with a sender, and no rest.
type town struct {
	*citytest.City
	app   app.App
	pace  channel.Pace
	kill  func() // the first sender, wherever it is
	write func(id, correlation string, events ...event.AccountEvent)
}

// open starts a sender to the machines; timeoutSeconds is each one's.
func open(t *testing.T, pace channel.Pace, machines ...*machine) town {
	t.Helper()
	c := citytest.Open(t)
	c.City.Channels = channels(t, c.Banks, machines...)
	stop := start(t, c.City, pace)
	return town{c, app.New(c.City), pace, stop, citytest.Pen(c, "account", event.AccountCodec())}
}

// replica starts a second sender of the same city.
func (c town) replica(t *testing.T) {
	t.Helper()
	city := c.City.City
	city.Dir = t.TempDir()
	start(t, city, c.pace)
}

// start starts a sender, and returns what ends it at once.
func start(t *testing.T, city service.City, pace channel.Pace) (kill func()) {
	t.Helper()
	a := app.New(city)
	orders, err := view.Open(t.Context(), city)
	if err != nil {
		t.Fatal(err)
	}
	sender := channel.Sender{App: a, Orders: orders, Pace: pace, Write: func(_ context.Context, r view.Row) (bank.Order, error) {
		return bank.Order{TxCode: r.TxCode, ApplicationID: string(r.Order), BankID: string(r.Bank)}, nil
	}}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- service.Together(ctx, orders.Run, sender.Run) }()
	var once sync.Once
	kill = func() {
		once.Do(func() {
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			_ = orders.Close()
		})
	}
	t.Cleanup(kill)
	return kill
}

func channels(t *testing.T, banks identity.Banks, machines ...*machine) service.Channels {
	t.Helper()
	private, public := keys(t)
	type key struct {
		ID        string `json:"id"`
		PublicKey string `json:"publicKey"`
	}
	type way struct {
		Bank           identity.BankCode `json:"bank"`
		URL            string            `json:"url"`
		TimeoutSeconds int               `json:"timeoutSeconds"`
		Keys           []key             `json:"keys"`
	}
	var ways []way
	for _, m := range machines {
		city, err := wire.ParseKey("city-1", service.CityOwner, []byte(public))
		if err != nil {
			t.Fatal(err)
		}
		m.mu.Lock()
		m.city = city
		m.mu.Unlock()
		ways = append(ways, way{m.code, m.url, 1, []key{{m.signer.KeyID(), m.public}}})
	}
	file, err := json.Marshal(map[string]any{"keyId": "city-1", "banks": ways})
	if err != nil {
		t.Fatal(err)
	}
	c, err := service.ParseChannels(file, []byte(private), banks, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// name is the id of the n-th order of a kind.
func name(prefix string, n int) string { return identity.Derive(prefix, fmt.Sprint(n)).String() }

// approve puts approved orders on the log, one account each, and names them.
func (c town) approve(t *testing.T, code identity.BankCode, prefix string, count int) []string {
	t.Helper()
	ids := make([]string, count)
	for n := range ids {
		ids[n] = name(prefix, n)
		account := event.Account{ID: identity.AccountID("a-" + ids[n]), Bank: code}
		c.write(string(account.ID), "c-1",
			event.StopRequested{Order: identity.OrderID(ids[n]), Case: "c-1", Ordinal: 1, Account: account, At: c.City.Clock.Now()},
			event.StopApproved{Order: identity.OrderID(ids[n]), At: c.City.Clock.Now()})
	}
	return ids
}

func (c town) events(t *testing.T, order string) []event.AccountEvent {
	t.Helper()
	past, err := c.app.Accounts.Load(t.Context(), "a-"+order)
	if err != nil {
		t.Fatal(err)
	}
	return past.Events
}

// count tells how many events of a kind the account of an order has.
func count[E event.AccountEvent](t *testing.T, c town, order string) (n int) {
	t.Helper()
	for _, e := range c.events(t, order) {
		if _, ok := e.(E); ok {
			n++
		}
	}
	return n
}

func (c town) sent(t *testing.T, orders []string) bool {
	t.Helper()
	for _, o := range orders {
		if count[event.OrderSent](t, c, o) == 0 {
			return false
		}
	}
	return true
}

func (c town) desk(t *testing.T, code identity.BankCode) (domain.Desk, []event.DeskEvent) {
	t.Helper()
	past, err := c.app.Desks.Load(t.Context(), string(code))
	if err != nil {
		t.Fatal(err)
	}
	return past.State, past.Events
}
