package machine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/services/banksim/internal/city"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
	"github.com/yuanlu/yuanlu/services/banksim/internal/machine"
)

func TestABatchIsTakenCarriedOutAndAnswered(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 150)
	w.run(t, desk.Behaviour{})
	var ids []string
	for i := range 150 {
		ids = append(ids, "o-"+strconv.Itoa(i))
	}
	for id, r := range w.post(t, orders(ids...)) {
		if r.Result != bank.Accepted {
			t.Errorf("%s: %+v", id, r)
		}
	}
	w.await(t, 150)
	for i, id := range ids {
		a := w.to(id)
		if len(a) != 1 || a[0].Result != bank.ResultOK || a[0].AccountBalance != "10.00" {
			t.Errorf("%s: %+v", id, a)
		}
		if held, _, _ := w.network.Held(banknet.Key{Bank: icbc, Number: number(i)}, noon); held != 1000 {
			t.Errorf("%s is not stopped", number(i))
		}
	}
	if path := <-w.refunds.asked; path == "" {
		t.Error("nobody asks for notices of refunds")
	}
}

func TestABatchIsTakenInPart(t *testing.T) {
	w := newWorld(t, machine.Ways{Capacity: 2}, 5)
	items := orders("o-1", "o-2", "o-3")
	other, unknown, empty := items[0], items[0], items[0]
	other.ApplicationID, other.BankID = "o-4", "103100000026"
	unknown.ApplicationID, unknown.AccountNumber = "o-5", "1"
	empty.ApplicationID, empty.TxCode = "o-6", ""
	said := w.post(t, append(items, other, unknown, empty))
	for id, want := range map[string]bank.OrderReceipt{
		"o-1": {Result: bank.Accepted}, "o-2": {Result: bank.Accepted}, "o-3": {Result: bank.Refused, Cause: bank.Busy},
		"o-4": {Result: bank.Refused, Cause: bank.NotOurs}, "o-5": {Result: bank.Refused, Cause: bank.NotOurs},
		"o-6": {Result: bank.Refused, Cause: bank.Unreadable},
	} {
		want.ApplicationID = id
		if said[id] != want {
			t.Errorf("%+v, want %+v", said[id], want)
		}
	}
	w.run(t, desk.Behaviour{})
	w.rest(t, 2)
	if r := w.post(t, items[2:])["o-3"]; r.Result != bank.Accepted {
		t.Errorf("later: %+v", r)
	}
	w.rest(t, 1)
}

func TestAnOrderIsRefusedOnceOrLeftWithoutAWordAndTakenTheNextTime(t *testing.T) {
	w := newWorld(t, machine.Ways{BusyEvery: 2, MuteEvery: 3}, 3)
	items := orders("o-1", "o-2", "o-3")
	said := w.post(t, items)
	if _, spoken := said["o-3"]; spoken || said["o-1"].Result != bank.Accepted || said["o-2"].Cause != bank.Busy {
		t.Errorf("%+v", said)
	}
	for id, r := range w.post(t, items) {
		if r.Result != bank.Accepted {
			t.Errorf("%s: %+v", id, r)
		}
	}
}

func TestAnOrderThatComesAgainIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 1)
	w.run(t, desk.Behaviour{})
	w.post(t, orders("o-1"))
	w.rest(t, 1)
	if err := w.network.Lift(banknet.Key{Bank: icbc, Number: number(0)}, "o-1", noon); err != nil {
		t.Fatal(err)
	}
	if r := w.post(t, orders("o-1"))["o-1"]; r.Result != bank.Accepted {
		t.Fatalf("%+v", r)
	}
	w.rest(t, 1)
	a := w.to("o-1")
	if len(a) != 2 || a[0].StartTime != a[1].StartTime || a[1].Result != bank.ResultOK {
		t.Errorf("%+v", a)
	}
	if held, _, _ := w.network.Held(banknet.Key{Bank: icbc, Number: number(0)}, noon); held != 0 {
		t.Error("the account was stopped a second time")
	}
}

func TestAnAnswerIsSentUntilTheCityHasSaidWhatBecameOfIt(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 1)
	w.fails = 2
	w.result = func(n int, a bank.OrderAnswer) bank.AnswerReceipt {
		if n == 0 {
			return bank.AnswerReceipt{ApplicationID: a.ApplicationID, Result: bank.ComeAgain}
		}
		return bank.AnswerReceipt{ApplicationID: a.ApplicationID, Result: bank.Repeated}
	}
	w.run(t, desk.Behaviour{})
	w.post(t, orders("o-1"))
	w.await(t, 2)
	if a := w.to("o-1"); len(a) != 2 || a[0].StartTime != a[1].StartTime {
		t.Errorf("%+v", a)
	}
}

func TestWhatTheCityRefusesIsTold(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 1)
	w.result = func(_ int, a bank.OrderAnswer) bank.AnswerReceipt {
		return bank.AnswerReceipt{ApplicationID: a.ApplicationID, Result: bank.NotTaken, Code: "order-of-another-bank"}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { w.machine.Run(ctx) })
	err := w.machine.Post(t.Context(), "/v1/bank/orders/o%2F1/answer", "k", bank.Answer{Result: bank.ResultOK}, nil)
	var refusal *city.Refusal
	if !errors.As(err, &refusal) || refusal.Code != "order-of-another-bank" || len(w.to("o/1")) != 1 {
		t.Errorf("%v", err)
	}
	cancel()
	work.Wait()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := w.machine.Post(ended, "/v1/bank/orders/o-1/answer", "k", bank.Answer{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("once nobody sends any more: %v", err)
	}
}

func TestAMachineIsAsBadAsItsDesk(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 1)
	for i := range 7 {
		p := banknet.Payment{Serial: "S" + strconv.Itoa(i), At: noon, From: banknet.Key{Bank: icbc, Number: number(0)}, Amount: 10}
		if err := w.network.Pay(p); err != nil {
			t.Fatal(err)
		}
	}
	w.run(t, desk.Behaviour{PageRows: 3, AnswersTwice: true})
	w.post(t, orders("o-1"))
	w.await(t, 6)
	var pages []int
	for _, a := range w.to("o-1") {
		pages = append(pages, a.Page)
	}
	slices.Sort(pages)
	if !slices.Equal(pages, []int{1, 1, 2, 2, 3, 3}) {
		t.Errorf("pages %v", pages)
	}
}

func TestNobodyButTheCityOrders(t *testing.T) {
	w := newWorld(t, machine.Ways{}, 1)
	stranger, key := party(t, "city-1", machine.Owner)
	for name, signer := range map[string]*channel.Signer{"a key that is not the city's": stranger, "the bank's own key": w.machine.Signer} {
		peer := channel.Peer{Owner: icbc, HTTP: w.bank.Client(), Signer: signer, Verifier: trusting(t, key)}
		body, _ := json.Marshal(bank.Batch{BatchID: "b", Items: orders("o-1")})
		reply, err := peer.Send(t.Context(), http.MethodPost, w.bank.URL, body)
		if err == nil || reply.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, %v", name, reply.Status, err)
		}
	}
	for name, body := range map[string]string{"no batch": "[]", "no JSON": "{", "too many": tooMany(t)} {
		if reply, err := w.order.Send(t.Context(), http.MethodPost, w.bank.URL, []byte(body)); err != nil || reply.Status != http.StatusBadRequest {
			t.Errorf("%s: status %d, %v", name, reply.Status, err)
		}
	}
}

func tooMany(t *testing.T) string {
	t.Helper()
	body, err := json.Marshal(bank.Batch{Items: make([]bank.Order, bank.MaxBatch+1)})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestAMachineIsDownOrDoesNotSign(t *testing.T) {
	w := newWorld(t, machine.Ways{ForgetSign: true}, 1)
	body, _ := json.Marshal(bank.Batch{BatchID: "b", Items: orders("o-1")})
	if reply, err := w.order.Send(t.Context(), http.MethodPost, w.bank.URL, body); err == nil || reply.Status != http.StatusOK {
		t.Errorf("without a signature: %d, %v", reply.Status, err)
	}
	w = newWorld(t, machine.Ways{}, 1)
	w.machine.Down = func() bool { return true }
	if reply, err := w.order.Send(t.Context(), http.MethodPost, w.bank.URL, body); err == nil || reply.Status != http.StatusServiceUnavailable {
		t.Errorf("down: %d, %v", reply.Status, err)
	}
}
