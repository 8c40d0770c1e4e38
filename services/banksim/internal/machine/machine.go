// Package machine is a bank's machine (机器通道) in place of its desk: an HTTP
// server that takes signed batches of orders from a city, and a sender that
// answers them in signed batches of its own. What is done with an order, and how
// badly, is the desk's; a machine only brings it there and back. Orders have
// their id as their key: one that comes again is taken again and carried out
// once, and its answer is sent until the city has said what became of it.
package machine

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// Owner owns the city's key.
const Owner = "city"

// Desk is how a desk reaches a city; a machine leaves to it what has no channel
// of its own, which is notices of refunds.
type Desk interface {
	Get(ctx context.Context, path string, out any) error
	Post(ctx context.Context, path, key string, body, out any) error
}

// Ways (机器行为) are what a machine does otherwise than a good one would. The
// zero value takes every order of its bank.
type Ways struct {
	Capacity   int  // orders in work at once; further ones are refused as busy; 0 is most
	BusyEvery  int  // each so-many-th new order is refused as busy when it first comes
	MuteEvery  int  // each so-many-th new order gets no line in the receipt when it first comes
	ForgetSign bool // replies without a signature
}

// most is how many orders a machine has in work at once.
const most = 10_000

// Config is what a machine is made of.
type Config struct {
	Bank     identity.BankCode
	Ways     Ways
	City     channel.Peer // of which the answers go to
	Answers  string       // URL that takes answers
	Verifier *channel.Verifier
	Signer   *channel.Signer
	Desk     Desk
	// Mine tells whether an account is in this bank's books; nil means that all are.
	Mine func(number string) bool
	// Down tells whether the bank is down; nil means that it never is.
	Down func() bool
	// Settled is told of an order once the city has taken the last page of its
	// answer; nil for nobody.
	Settled func(id string)
}

// Machine (银行机) serves one bank.
type Machine struct {
	Config

	mu      sync.Mutex
	pending []bank.Order // taken and not answered, oldest first
	seen    map[string]bool
	fresh   int           // orders that came for the first time
	arrived chan struct{} // closed when an order comes
	outbox  chan letter
}

// New makes a machine ready to serve.
func New(c Config) *Machine {
	if c.Ways.Capacity <= 0 {
		c.Ways.Capacity = most
	}
	return &Machine{Config: c, seen: map[string]bool{}, arrived: make(chan struct{}), outbox: make(chan letter)}
}

// Handler takes batches of orders at whatever path.
func (m *Machine) Handler() http.Handler {
	door := channel.Door{Verifier: m.Verifier, Signer: m.Signer, Refuse: func(w http.ResponseWriter, _ *http.Request, _ error) {
		http.Error(w, "the message is not proven", http.StatusUnauthorized)
	}}
	take := http.HandlerFunc(m.take)
	proven := door.Open(take)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.Down != nil && m.Down() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		if !m.Ways.ForgetSign {
			proven.ServeHTTP(w, r)
			return
		}
		if _, err := m.Verifier.Request(r); err != nil {
			door.Refuse(w, r, err)
			return
		}
		take(w, r)
	})
}

// take answers a batch with one line for each order.
func (m *Machine) take(w http.ResponseWriter, r *http.Request) {
	if from, ok := channel.From(r.Context()); ok && from.Owner != Owner {
		http.Error(w, "only the city orders", http.StatusForbidden)
		return
	}
	var batch bank.Batch
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, channel.MaxBody)).Decode(&batch); err != nil || len(batch.Items) > bank.MaxBatch {
		http.Error(w, "not a batch", http.StatusBadRequest)
		return
	}
	receipt := bank.BatchReceipt{BatchID: batch.BatchID, Items: []bank.OrderReceipt{}}
	for _, o := range batch.Items {
		result, cause := m.accept(o)
		if result != "" {
			receipt.Items = append(receipt.Items, bank.OrderReceipt{ApplicationID: o.ApplicationID, Result: result, Cause: cause})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(receipt) // a caller that has gone cannot be told
}

// accept says what becomes of one order. No result means no word about it.
func (m *Machine) accept(o bank.Order) (result, cause string) {
	switch {
	case o.ApplicationID == "" || o.TxCode == "":
		return bank.Refused, bank.Unreadable
	case o.BankID != string(m.Bank) || m.Mine != nil && !m.Mine(o.AccountNumber):
		return bank.Refused, bank.NotOurs
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.pending, func(p bank.Order) bool { return p.ApplicationID == o.ApplicationID }) {
		return bank.Accepted, ""
	}
	if len(m.pending) >= m.Ways.Capacity {
		return bank.Refused, bank.Busy
	}
	if !m.seen[o.ApplicationID] {
		m.seen[o.ApplicationID] = true
		m.fresh++
		switch {
		case m.Ways.BusyEvery > 0 && m.fresh%m.Ways.BusyEvery == 0:
			return bank.Refused, bank.Busy
		case m.Ways.MuteEvery > 0 && m.fresh%m.Ways.MuteEvery == 0:
			return "", ""
		}
	}
	m.pending = append(m.pending, o)
	close(m.arrived)
	m.arrived = make(chan struct{})
	return bank.Accepted, ""
}

// waits is how long a list without orders waits for one.
const waits = 20 * time.Second

// ordersPath is where a desk asks for orders and answers them.
const ordersPath = "/v1/bank/orders"

// Get gives the desk the orders that the city has sent here; whatever else it
// asks, the city itself answers.
func (m *Machine) Get(ctx context.Context, path string, out any) error {
	page, ok := out.(*bank.Orders)
	if !ok || !strings.HasPrefix(path, ordersPath) {
		return m.Desk.Get(ctx, path, out)
	}
	timer := time.NewTimer(waits)
	defer timer.Stop()
	for {
		m.mu.Lock()
		page.Items = slices.Clone(m.pending)
		arrived := m.arrived
		m.mu.Unlock()
		if len(page.Items) > 0 {
			return nil
		}
		select {
		case <-arrived:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Post brings the desk's answers to the city over the channel. That an order was
// taken the batch's receipt has said already.
func (m *Machine) Post(ctx context.Context, path, key string, body, out any) error {
	id, what, ok := orderOf(path)
	switch answer := body.(type) {
	case bank.Answer:
		if ok && what == "answer" {
			return m.answer(ctx, id, answer)
		}
	case *bank.Answer:
		if ok && what == "answer" {
			return m.answer(ctx, id, *answer)
		}
	default:
		if ok && what == "receipt" {
			return nil
		}
	}
	return m.Desk.Post(ctx, path, key, body, out)
}

// orderOf reads the id out of a desk's path.
func orderOf(path string) (id, what string, ok bool) {
	rest, ok := strings.CutPrefix(path, ordersPath+"/")
	if !ok {
		return "", "", false
	}
	escaped, what, ok := strings.Cut(rest, "/")
	id, err := url.PathUnescape(escaped)
	return id, what, ok && err == nil
}

// answer sends an answer, and takes the order off the list once the last of its
// pages has been taken.
func (m *Machine) answer(ctx context.Context, id string, a bank.Answer) error {
	if err := m.send(ctx, bank.OrderAnswer{ApplicationID: id, Answer: a}); err != nil {
		return err
	}
	if a.Page < a.Pages {
		return nil
	}
	m.mu.Lock()
	m.pending = slices.DeleteFunc(m.pending, func(o bank.Order) bool { return o.ApplicationID == id })
	m.mu.Unlock()
	if m.Settled != nil {
		m.Settled(id)
	}
	return nil
}
