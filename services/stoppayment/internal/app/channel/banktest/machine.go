// Package banktest is a bank's machine for tests: it takes orders over real HTTP,
// proves who sends them, and does with them what a test wants.
package banktest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/channel/channeltest"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
)

// Within is how long a machine has to reply: far longer than one does that others
// keep busy.
const Within = 30 * time.Second

// patience bounds the wait for an order.
const patience = time.Minute

// Judge says of each order of a batch whether the bank takes it.
type Judge func(bank.Batch) bank.BatchReceipt

// Serve replies to a batch as it likes.
type Serve func(http.ResponseWriter, *http.Request, bank.Batch)

// Machine (银行前置机) is the machine of one bank. It takes every order that it is
// sent, unless a test has it behave otherwise.
type Machine struct {
	Bank   identity.BankCode
	Signer *channel.Signer
	// Within is how long the city waits for its reply, in whole seconds. A test that
	// waits for the end of that makes it one.
	Within time.Duration
	// URL is where it takes orders. One whose URL a test empties only calls out.
	URL string

	public string
	mail   chan bank.Order // each when it first comes; no test sends more than it holds

	mu      sync.Mutex
	city    channel.Keys // whom it trusts
	batches [][]string
	judge   Judge
	serve   Serve
}

// New starts the machine of a bank, until the test ends.
func New(tb testing.TB, code identity.BankCode) *Machine {
	tb.Helper()
	private, public := channeltest.Pair(tb)
	signer, err := channel.NewSigner("key-of-"+string(code), []byte(private), time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	m := &Machine{Bank: code, Signer: signer, Within: Within, public: public, mail: make(chan bank.Order, 1000)}
	server := httptest.NewServer(http.HandlerFunc(m.take))
	tb.Cleanup(server.Close)
	m.URL = server.URL + "/orders"
	return m
}

// Connect makes the channels of a city to machines and shows them the city's key.
func Connect(tb testing.TB, banks identity.Banks, machines ...*Machine) service.Channels {
	tb.Helper()
	private, public := channeltest.Pair(tb)
	key, err := channel.ParseKey("city-1", service.CityOwner, []byte(public))
	if err != nil {
		tb.Fatal(err)
	}
	city, err := channel.NewKeys(key)
	if err != nil {
		tb.Fatal(err)
	}
	ways := []map[string]any{}
	for _, m := range machines {
		m.mu.Lock()
		m.city = city
		m.mu.Unlock()
		ways = append(ways, map[string]any{
			"bank": m.Bank, "url": m.URL, "timeoutSeconds": int(m.Within / time.Second), "keys": []map[string]string{{"id": m.Signer.KeyID(), "publicKey": m.public}},
		})
	}
	file, err := json.Marshal(map[string]any{"keyId": "city-1", "banks": ways})
	if err != nil {
		tb.Fatal(err)
	}
	channels, err := service.ParseChannels(file, []byte(private), banks, time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	return channels
}

// Behave changes what the machine does: serve, if given, replies; otherwise it
// replies as judge says, and takes all without one.
func (m *Machine) Behave(judge Judge, serve Serve) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.judge, m.serve = judge, serve
}

// Hang is a machine that never replies.
func Hang(_ http.ResponseWriter, r *http.Request, _ bank.Batch) { <-r.Context().Done() }

// Accepting takes every order.
func Accepting(b bank.Batch) bank.BatchReceipt {
	return Judging(b, func(bank.Order) bank.OrderReceipt { return bank.OrderReceipt{Result: bank.Accepted} })
}

// Judging says of each order what each says.
func Judging(b bank.Batch, each func(bank.Order) bank.OrderReceipt) bank.BatchReceipt {
	receipt := bank.BatchReceipt{BatchID: b.BatchID}
	for _, o := range b.Items {
		r := each(o)
		r.ApplicationID = o.ApplicationID
		receipt.Items = append(receipt.Items, r)
	}
	return receipt
}

// Reply signs a receipt and sends it.
func (m *Machine) Reply(w http.ResponseWriter, r *http.Request, receipt bank.BatchReceipt) {
	body, err := json.Marshal(receipt)
	if err != nil {
		panic(err) // of texts; it cannot be
	}
	_ = m.Signer.Reply(w, r, http.StatusOK, body) // the city may have gone
}

// Batches lists the orders of each batch that was the city's.
func (m *Machine) Batches() [][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.batches)
}

// Times is how often an order has come.
func (m *Machine) Times(order string) (n int) {
	for _, b := range m.Batches() {
		for _, o := range b {
			if o == order {
				n++
			}
		}
	}
	return n
}

// Next waits for the next order that has not come before.
func (m *Machine) Next(tb testing.TB) bank.Order {
	tb.Helper()
	select {
	case o := <-m.mail:
		return o
	case <-time.After(patience):
		tb.Fatalf("no order reaches the machine of %s", m.Bank)
		return bank.Order{}
	}
}

// City is the city as the machine calls it.
func (m *Machine) City() channel.Peer {
	return channel.Peer{Owner: service.CityOwner, HTTP: http.DefaultClient, Signer: m.Signer, Verifier: m.verifier()}
}

func (m *Machine) verifier() *channel.Verifier {
	m.mu.Lock()
	defer m.mu.Unlock()
	return channel.NewVerifier(m.city, time.Now)
}

func (m *Machine) take(w http.ResponseWriter, r *http.Request) {
	message, err := m.verifier().Request(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	var batch bank.Batch
	if err := json.Unmarshal(message.Body, &batch); err != nil || batch.BankID != string(m.Bank) {
		http.Error(w, "not for us", http.StatusForbidden)
		return
	}
	judge, serve := m.keep(batch)
	if serve != nil {
		serve(w, r, batch)
		return
	}
	m.Reply(w, r, judge(batch))
}

// keep notes what has come, and tells how to reply to it.
func (m *Machine) keep(b bank.Batch) (Judge, Serve) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]string, len(b.Items))
	for n, o := range b.Items {
		ids[n] = o.ApplicationID
		if !slices.ContainsFunc(m.batches, func(past []string) bool { return slices.Contains(past, o.ApplicationID) }) {
			m.mail <- o
		}
	}
	m.batches = append(m.batches, ids)
	if m.judge == nil {
		return Accepting, m.serve
	}
	return m.judge, m.serve
}
