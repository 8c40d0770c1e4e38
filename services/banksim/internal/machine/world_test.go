package machine_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/libs/channel/channeltest"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
)

const icbc = "102100099996"

var noon = time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC)

type stopped struct{}

func (stopped) Now() time.Time                              { return noon }
func (stopped) Wait(ctx context.Context, _ time.Time) error { return ctx.Err() }

// party is one side with its key.
func party(t *testing.T, id, owner string) (*channel.Signer, channel.Key) {
	t.Helper()
	private, _ := channeltest.Pair(t)
	signer, err := channel.NewSigner(id, []byte(private), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := signer.Public(owner)
	if err != nil {
		t.Fatal(err)
	}
	return signer, key
}

func trusting(t *testing.T, keys ...channel.Key) *channel.Verifier {
	t.Helper()
	known, err := channel.NewKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return channel.NewVerifier(known, time.Now)
}

// refunds is the part of a city that has no channel.
type refunds struct{ asked chan string }

func (r refunds) Get(ctx context.Context, path string, _ any) error {
	select {
	case r.asked <- path:
	default:
	}
	<-ctx.Done()
	return ctx.Err()
}

func (r refunds) Post(_ context.Context, path, _ string, _, _ any) error {
	r.asked <- path
	return nil
}

// world is a city and a bank's machine that know each other's keys.
type world struct {
	network *banknet.Network
	machine *machine.Machine
	bank    *httptest.Server
	order   channel.Peer // the city, which sends orders
	refunds refunds

	mu      sync.Mutex
	got     []bank.OrderAnswer
	result  func(n int, a bank.OrderAnswer) bank.AnswerReceipt // what the city says
	fails   int                                                // so many batches it does not answer
	arrived chan struct{}
	settled chan string
}

func newWorld(t *testing.T, ways machine.Ways, accounts int) *world {
	t.Helper()
	w := &world{network: banknet.New(), refunds: refunds{make(chan string, 10)}, arrived: make(chan struct{}, 1000), settled: make(chan string, 1000)}
	for i := range accounts {
		a := banknet.Account{Key: banknet.Key{Bank: icbc, Number: number(i)}, Holder: "张三", Kind: "01"}
		if err := w.network.Open(a, 1000); err != nil {
			t.Fatal(err)
		}
	}
	citySigner, cityKey := party(t, "city-1", machine.Owner)
	bankSigner, bankKey := party(t, "bank-1", icbc)
	ofCity, ofBank := trusting(t, bankKey), trusting(t, cityKey)
	door := channel.Door{Verifier: ofCity, Signer: citySigner, Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
		t.Errorf("the city refuses the bank's message: %v", err)
		w.WriteHeader(http.StatusForbidden)
	}}
	proven := door.Open(http.HandlerFunc(w.answers))
	answers := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		failing := w.fails > 0
		w.fails--
		w.mu.Unlock()
		if failing {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		proven.ServeHTTP(rw, r)
	}))
	t.Cleanup(answers.Close)
	w.machine = machine.New(machine.Config{
		Bank: icbc, Ways: ways, Signer: bankSigner, Verifier: ofBank, Answers: answers.URL + "/v1/machine/answers", Desk: w.refunds,
		City:    channel.Peer{Owner: machine.Owner, HTTP: answers.Client(), Signer: bankSigner, Verifier: ofBank},
		Settled: func(id string) { w.settled <- id },
		Mine: func(number string) bool {
			_, err := w.network.Balance(banknet.Key{Bank: icbc, Number: number})
			return err == nil
		},
	})
	w.bank = httptest.NewServer(w.machine.Handler())
	t.Cleanup(w.bank.Close)
	w.order = channel.Peer{Owner: icbc, HTTP: w.bank.Client(), Signer: citySigner, Verifier: ofCity}
	return w
}

func number(i int) string { return "62" + strconv.Itoa(1000+i) }

func (w *world) answers(rw http.ResponseWriter, r *http.Request) {
	var in bank.Answers
	_ = json.NewDecoder(r.Body).Decode(&in) // what is missing shows in the test
	var out bank.AnswersReceipt
	w.mu.Lock()
	for _, a := range in.Items {
		receipt := bank.AnswerReceipt{ApplicationID: a.ApplicationID, Result: bank.Taken}
		if w.result != nil {
			receipt = w.result(len(w.got), a)
		}
		w.got = append(w.got, a)
		out.Items = append(out.Items, receipt)
	}
	w.mu.Unlock()
	_ = json.NewEncoder(rw).Encode(out)
	for range in.Items {
		w.arrived <- struct{}{}
	}
}

// await waits for so many answers and gives those to one order.
func (w *world) await(t *testing.T, count int) {
	t.Helper()
	deadline := time.After(time.Minute)
	for range count {
		select {
		case <-w.arrived:
		case <-deadline:
			t.Fatalf("%d answers are missing", count)
		}
	}
}

func (w *world) to(id string) (found []bank.Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.got {
		if a.ApplicationID == id {
			found = append(found, a.Answer)
		}
	}
	return found
}

// rest waits until so many orders are off the machine's list.
func (w *world) rest(t *testing.T, count int) {
	t.Helper()
	deadline := time.After(time.Minute)
	for range count {
		select {
		case <-w.settled:
		case <-deadline:
			t.Fatal("an order stays on the list")
		}
	}
}

// run has a desk behind the machine.
func (w *world) run(t *testing.T, b desk.Behaviour) {
	t.Helper()
	d := &desk.Desk{Bank: icbc, Behaviour: b, Network: w.network, City: w.machine, Clock: stopped{}, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { d.Run(ctx) })
	work.Go(func() { w.machine.Run(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
}

func orders(ids ...string) []bank.Order {
	var out []bank.Order
	for i, id := range ids {
		out = append(out, bank.Order{TxCode: bank.TxStop, ApplicationID: id, BankID: icbc, AccountNumber: number(i), AccountName: "张三"})
	}
	return out
}

// post sends a batch and gives what the bank says of each order.
func (w *world) post(t *testing.T, items []bank.Order) map[string]bank.OrderReceipt {
	t.Helper()
	body, err := json.Marshal(bank.Batch{BatchID: "b-1", BankID: icbc, Items: items})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.order.Send(t.Context(), http.MethodPost, w.bank.URL+"/orders", body)
	if err != nil || reply.Status != http.StatusOK {
		t.Fatalf("status %d, %v", reply.Status, err)
	}
	var receipt bank.BatchReceipt
	if err := json.Unmarshal(reply.Body, &receipt); err != nil || receipt.BatchID != "b-1" {
		t.Fatalf("%s, %v", reply.Body, err)
	}
	said := map[string]bank.OrderReceipt{}
	for _, r := range receipt.Items {
		said[r.ApplicationID] = r
	}
	return said
}
