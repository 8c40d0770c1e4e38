package channel_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app/channel/banktest"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view"
)

const (
	icbc = identity.BankCode("102100099996")
	abc  = identity.BankCode("103100000026")
)

type machine = banktest.Machine

// hurried is a pace at which a test need not wait.
func hurried() channel.Pace {
	return channel.Pace{
		Retry: time.Millisecond, Again: 2 * time.Millisecond, AgainMost: 20 * time.Millisecond, Rest: 30 * time.Millisecond,
		Tell: 50 * time.Millisecond, Settle: 5 * time.Second,
	}
}

// town is a city with a sender, and no rest.
type town struct {
	*citytest.City
	app   app.App
	pace  channel.Pace
	kill  func() // the first sender, wherever it is
	write func(id, correlation string, events ...event.AccountEvent)
}

// open starts a sender to the machines.
func open(t *testing.T, pace channel.Pace, machines ...*machine) town {
	t.Helper()
	c := citytest.Open(t)
	c.City.Channels = banktest.Connect(t, c.Banks, machines...)
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
