package channel_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	wire "github.com/yuanlu/yuanlu/libs/channel"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
)

func TestOrdersOfManyAccountsGoOutInBatchesAndOnce(t *testing.T) {
	abcMachine := banktest.New(t, abc)
	held := make(chan struct{})
	abcMachine.Behave(nil, func(w http.ResponseWriter, r *http.Request, b bank.Batch) {
		<-held
		abcMachine.Reply(w, r, banktest.Accepting(b))
	})
	pace := hurried()
	c := open(t, pace, abcMachine)
	orders := c.approve(t, abc, "many", 40)
	close(held)
	c.Until("all are sent", func() bool { return c.sent(t, orders) })
	if n := len(abcMachine.Batches()); n > 10 {
		t.Errorf("%d batches for 40 orders", n)
	}
	for _, o := range orders {
		if n := count[event.OrderSent](t, c, o); n != 1 {
			t.Errorf("order %s was marked as sent %d times", o, n)
		}
		for _, e := range c.events(t, o) {
			if s, ok := e.(event.OrderSent); ok && s.Channel != "machine" {
				t.Errorf("sent by %s", s.Channel)
			}
		}
	}
}

func TestABankThatHangsDelaysItsOwnOrdersAlone(t *testing.T) {
	slow, quick := banktest.New(t, icbc), banktest.New(t, abc)
	slow.Behave(nil, banktest.Hang)
	c := open(t, hurried(), slow, quick)
	c.approve(t, icbc, "stuck", 3)
	c.Until("the slow bank is asked", func() bool { return len(slow.Batches()) > 0 })
	began := time.Now()
	through := c.approve(t, abc, "through", 3)
	c.Until("the other bank's orders are sent", func() bool { return c.sent(t, through) })
	if took := time.Since(began); took > banktest.Within/2 {
		t.Errorf("the other bank's orders took %v; the slow bank has %v", took, banktest.Within)
	}
	if d, events := c.desk(t, abc); d.Unreachable || len(events) != 0 {
		t.Errorf("the other bank: %v", events)
	}
}

func TestABankThatHangsShowsAtOnce(t *testing.T) {
	slow, quick := banktest.New(t, icbc), banktest.New(t, abc)
	slow.Within = 2 * time.Second
	hung := make(chan struct{})
	slow.Behave(nil, func(_ http.ResponseWriter, r *http.Request, _ bank.Batch) {
		select {
		case <-hung:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	})
	c := open(t, hurried(), slow, quick)
	stuck := c.approve(t, icbc, "stuck", 3)
	c.Until("the slow bank is shown", func() bool { d, _ := c.desk(t, icbc); return d.Unreachable && d.Cause == "timeout" })
	if d, events := c.desk(t, abc); d.Unreachable || len(events) != 0 {
		t.Errorf("the other bank: %v", events)
	}
	c.Until("each waiting order is shown", func() bool {
		return !slices.ContainsFunc(stuck, func(o string) bool { return count[event.OrderDeliveryFailed](t, c, o) == 0 })
	})
	close(hung)
	slow.Behave(nil, nil)
	c.Until("the orders are sent in the end", func() bool { return c.sent(t, stuck) })
	c.Until("the bank is shown to be back", func() bool { d, _ := c.desk(t, icbc); return !d.Unreachable })
	if _, events := c.desk(t, icbc); len(events) != 2 {
		t.Errorf("one outage left %v", events)
	}
	for _, o := range stuck {
		if n := count[event.OrderDeliveryFailed](t, c, o); n != 1 {
			t.Errorf("order %s was shown as undelivered %d times", o, n)
		}
		if n := count[event.OrderSent](t, c, o); n != 1 {
			t.Errorf("order %s was marked as sent %d times", o, n)
		}
	}
}

func TestOfABatchEachOrderIsTakenByItself(t *testing.T) {
	m := banktest.New(t, abc)
	later, unread, silent := name("later", 0), name("unread", 0), name("silent", 0)
	m.Behave(func(b bank.Batch) bank.BatchReceipt {
		receipt := banktest.Judging(b, func(o bank.Order) bank.OrderReceipt {
			switch {
			case o.ApplicationID == later && m.Times(later) < 3:
				return bank.OrderReceipt{Result: bank.Refused, Cause: bank.Technical}
			case o.ApplicationID == unread:
				return bank.OrderReceipt{Result: bank.Refused, Cause: bank.Unreadable}
			}
			return bank.OrderReceipt{Result: bank.Accepted}
		})
		receipt.Items = slices.DeleteFunc(receipt.Items, func(r bank.OrderReceipt) bool { return r.ApplicationID == silent && m.Times(silent) < 7 })
		return receipt
	}, nil)
	c := open(t, hurried(), m)
	good := c.approve(t, abc, "good", 3)
	for _, prefix := range []string{"later", "unread", "silent"} {
		c.approve(t, abc, prefix, 1)
	}
	others := c.approve(t, abc, "others", 2)
	c.Until("the good ones are sent", func() bool { return c.sent(t, good) && c.sent(t, others) })
	c.Until("the one refused for a while is sent", func() bool { return c.sent(t, []string{later}) })
	c.Until("the one that cannot be read is shown", func() bool { return count[event.OrderDeliveryFailed](t, c, unread) == 1 })
	c.Until("the one passed over is sent at last", func() bool { return c.sent(t, []string{silent}) })
	if n := count[event.OrderDeliveryFailed](t, c, silent); n > 1 {
		t.Errorf("shown %d times", n)
	}
	if d, events := c.desk(t, abc); d.Unreachable || len(events) != 0 {
		t.Errorf("a bank that answers is shown as away: %v", events)
	}
	for _, e := range c.events(t, unread) {
		if f, ok := e.(event.OrderDeliveryFailed); ok && (f.Cause != bank.Unreadable || f.Attempts < 1) {
			t.Errorf("shown as %+v", f)
		}
	}
}

func TestWhateverABankRepliesNothingIsTakenThatItHasNotSaid(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(*machine, http.ResponseWriter, *http.Request, bank.Batch)
		cause string
	}{
		"nothing": {func(_ *machine, _ http.ResponseWriter, _ *http.Request, _ bank.Batch) { panic(http.ErrAbortHandler) }, "refused"},
		"a page of its web site": {func(_ *machine, w http.ResponseWriter, _ *http.Request, _ bank.Batch) {
			_, _ = io.WriteString(w, "<html>welcome</html>")
		}, "signature"},
		"a receipt that is not signed": {func(_ *machine, w http.ResponseWriter, _ *http.Request, b bank.Batch) {
			_, _ = io.WriteString(w, `{"batchId":"`+b.BatchID+`","items":[{"applicationId":"`+b.Items[0].ApplicationID+`","result":"accepted"}]}`)
		}, "signature"},
		"signed nonsense": {func(m *machine, w http.ResponseWriter, r *http.Request, _ bank.Batch) {
			_ = m.Signer.Reply(w, r, 200, []byte("[[["))
		}, "malformed"},
		"a receipt for another batch": {func(m *machine, w http.ResponseWriter, r *http.Request, b bank.Batch) {
			b.BatchID = "another"
			m.Reply(w, r, banktest.Accepting(b))
		}, "malformed"},
		"five mebibytes": {func(m *machine, w http.ResponseWriter, r *http.Request, _ bank.Batch) {
			_ = m.Signer.Reply(w, r, 200, bytes.Repeat([]byte(" "), wire.MaxBody+1<<20))
		}, "malformed"},
		"that it is not authorised": {func(_ *machine, w http.ResponseWriter, _ *http.Request, _ bank.Batch) {
			w.WriteHeader(http.StatusUnauthorized)
		}, "status"},
		"that one should go elsewhere": {func(_ *machine, w http.ResponseWriter, r *http.Request, _ bank.Batch) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "status"},
		"a byte now and then, well signed": {func(m *machine, w http.ResponseWriter, r *http.Request, _ bank.Batch) {
			_ = m.Signer.Reply(dripping{w, r}, r, http.StatusOK, bytes.Repeat([]byte(" "), 1000))
		}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			m := banktest.New(t, abc)
			if c.cause == "timeout" {
				m.Within = time.Second
			}
			m.Behave(nil, func(w http.ResponseWriter, r *http.Request, b bank.Batch) { c.serve(m, w, r, b) })
			city := open(t, hurried(), m)
			orders := city.approve(t, abc, "any", 2)
			city.Until("the bank is shown as away", func() bool { d, _ := city.desk(t, abc); return d.Unreachable })
			if d, _ := city.desk(t, abc); d.Cause != c.cause {
				t.Errorf("because of %q, want %q", d.Cause, c.cause)
			}
			for _, o := range orders {
				if count[event.OrderSent](t, city, o) != 0 {
					t.Errorf("order %s counts as taken", o)
				}
			}
			m.Behave(nil, nil)
			city.Until("they are sent when the bank has come to its senses", func() bool { return city.sent(t, orders) })
			city.Until("which shows", func() bool { d, _ := city.desk(t, abc); return !d.Unreachable })
		})
	}
}

// dripping sends a byte, then waits.
type dripping struct {
	http.ResponseWriter
	r *http.Request
}

func (d dripping) Write(data []byte) (int, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := range data {
		if _, err := d.ResponseWriter.Write(data[n : n+1]); err != nil {
			return n, err
		}
		_ = http.NewResponseController(d.ResponseWriter).Flush()
		select {
		case <-tick.C:
		case <-d.r.Context().Done():
			return n, d.r.Context().Err()
		}
	}
	return len(data), nil
}

func TestAnOrderThatABankChokesOnIsFoundAndHoldsUpNoOther(t *testing.T) {
	m := banktest.New(t, abc)
	poison := name("some", 4)
	m.Behave(nil, func(w http.ResponseWriter, r *http.Request, b bank.Batch) {
		if slices.ContainsFunc(b.Items, func(o bank.Order) bool { return o.ApplicationID == poison }) {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		m.Reply(w, r, banktest.Accepting(b))
	})
	c := open(t, hurried(), m)
	orders := c.approve(t, abc, "some", 9)
	healthy := slices.Delete(slices.Clone(orders), 4, 5)
	c.Until("all others are sent", func() bool { return c.sent(t, healthy) })
	c.Until("the one is shown", func() bool { return count[event.OrderDeliveryFailed](t, c, orders[4]) == 1 })
	if d, events := c.desk(t, abc); d.Unreachable {
		t.Errorf("the bank is there: %v", events)
	}
	for _, o := range healthy {
		if count[event.OrderDeliveryFailed](t, c, o) != 0 {
			t.Errorf("order %s is shown in its place", o)
		}
	}
}

func TestAfterALongOutageTheOrdersDoNotWaitForTheirOwnTurns(t *testing.T) {
	m := banktest.New(t, abc)
	m.Behave(nil, func(http.ResponseWriter, *http.Request, bank.Batch) { panic(http.ErrAbortHandler) })
	pace := hurried()
	pace.Again, pace.AgainMost = time.Hour, time.Hour // what an order that the bank refuses would wait
	c := open(t, pace, m)
	orders := c.approve(t, abc, "patient", 8)
	c.Until("each was shown as undelivered", func() bool {
		return !slices.ContainsFunc(orders, func(o string) bool { return count[event.OrderDeliveryFailed](t, c, o) == 0 })
	})
	m.Behave(nil, nil)
	c.Until("they are sent", func() bool { return c.sent(t, orders) })
}

func TestI06_TwoReplicasSendTwiceAtWorstAndMarkOnce(t *testing.T) {
	m := banktest.New(t, abc)
	c := open(t, hurried(), m)
	c.replica(t)
	orders := c.approve(t, abc, "both", 12)
	c.Until("all are sent", func() bool { return c.sent(t, orders) })
	for _, o := range orders {
		if n := count[event.OrderSent](t, c, o); n != 1 {
			t.Errorf("order %s was marked as sent %d times", o, n)
		}
		if n := m.Times(o); n > 2 {
			t.Errorf("order %s was sent %d times by two", o, n)
		}
	}
}

func TestI73_ASenderThatDiesBeforeItHearsBackLosesNoOrderAndDoublesNone(t *testing.T) {
	m := banktest.New(t, abc)
	arrived, held := make(chan struct{}, 1), make(chan struct{})
	m.Behave(nil, func(w http.ResponseWriter, r *http.Request, b bank.Batch) {
		arrived <- struct{}{}
		<-held
		m.Reply(w, r, banktest.Accepting(b))
	})
	c := open(t, hurried(), m)
	orders := c.approve(t, abc, "once", 1)
	<-arrived // the bank has the order, and the city does not know
	c.kill()
	close(held)
	if c.sent(t, orders) {
		t.Fatal("it was marked all the same")
	}
	m.Behave(nil, nil)
	c.replica(t)
	c.Until("the next sender finds it", func() bool { return c.sent(t, orders) })
	if n := count[event.OrderSent](t, c, orders[0]); n != 1 || m.Times(orders[0]) != 2 {
		t.Errorf("sent %d times, marked %d times", m.Times(orders[0]), n)
	}
}
