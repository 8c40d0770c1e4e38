package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/banksim/internal/desk"
)

const (
	icbc = "102100099996"
	abc  = "103100000026"
)

var noon = time.Date(2021, 7, 17, 4, 0, 0, 0, time.UTC)

// stopped is a clock that stands still and lets nobody wait.
type stopped struct{ now time.Time }

func (c stopped) Now() time.Time                              { return c.now }
func (c stopped) Wait(ctx context.Context, _ time.Time) error { return ctx.Err() }

func bench(t *testing.T) (*banknet.Network, *desk.Desk) {
	t.Helper()
	n := banknet.New()
	for i, a := range []banknet.Account{
		{Key: banknet.Key{Bank: icbc, Number: "6201"}, Holder: "张三", Kind: "01"},
		{Key: banknet.Key{Bank: abc, Number: "6202"}, Holder: "李四", Kind: "01"},
	} {
		if err := n.Open(a, money.Fen(10_000*(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	pay(t, n, banknet.Payment{
		Serial: "S1", At: noon.Add(-time.Hour), Amount: 5_000,
		From: banknet.Key{Bank: abc, Number: "6202"}, To: banknet.Key{Bank: icbc, Number: "6201"},
	})
	pay(t, n, banknet.Payment{Serial: "S2", At: noon.Add(-time.Minute), Amount: 700, From: banknet.Key{Bank: icbc, Number: "6201"}})
	return n, &desk.Desk{Bank: icbc, Network: n, Clock: stopped{noon}, Log: slog.New(slog.DiscardHandler)}
}

func pay(t *testing.T, n *banknet.Network, p banknet.Payment) {
	t.Helper()
	if err := n.Pay(p); err != nil {
		t.Fatal(err)
	}
}

func stopOrder() bank.Order {
	return bank.Order{
		TxCode: bank.TxStop, ApplicationID: "o-1", AccountNumber: "62 01", AccountName: "张　三",
		TransferAmount: "50.00", TransferTime: "20210717110000", TransferSerial: "S1",
	}
}

func TestAStopAnswersWithBalanceTermAndTheWholeStatement(t *testing.T) {
	_, d := bench(t)
	want := bank.Answer{
		Result: bank.ResultOK, AccountBalance: "143.00", OpeningBalance: "100.00", StartTime: "20210717120000", ExpireTime: "20210719120000",
		AvailableBalance: "0.00", State: bank.StateStopped,
		Transactions: []bank.Transaction{
			{
				SerialNumber: "S1", Time: "20210717110000", Direction: "C", Amount: "50.00", Balance: "150.00",
				CounterBankID: abc, CounterName: "李四", CounterNumber: "6202", CounterType: "01",
			},
			{SerialNumber: "S2", Time: "20210717115900", Direction: "D", Amount: "7.00", Balance: "143.00", Cash: true},
		},
	}
	if diff := cmp.Diff(want, d.Execute(stopOrder())); diff != "" {
		t.Error(diff)
	}
}

func TestAStopIsRefusedWhereTheParticularsDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*bank.Order)
		want string
	}{
		"another name":                       {func(o *bank.Order) { o.AccountName = "张四" }, bank.MismatchName},
		"an account that does not exist":     {func(o *bank.Order) { o.AccountNumber = "6203" }, bank.NotFound},
		"another amount under the serial":    {func(o *bank.Order) { o.TransferAmount = "50.01" }, bank.MismatchAmount},
		"an amount that never came":          {func(o *bank.Order) { o.TransferSerial, o.TransferAmount = "", "7.00" }, bank.MismatchAmount},
		"an amount that is none":             {func(o *bank.Order) { o.TransferAmount = "5O" }, bank.MismatchAmount},
		"the right amount at a wrong time":   {func(o *bank.Order) { o.TransferSerial, o.TransferTime = "", "20210717120000" }, bank.MismatchTime},
		"a time that is none":                {func(o *bank.Order) { o.TransferTime = "noon" }, bank.MismatchTime},
		"a time some minutes off is allowed": {func(o *bank.Order) { o.TransferSerial, o.TransferTime = "", "20210717110300" }, ""},
		"nothing but the account is known":   {func(o *bank.Order) { o.TransferSerial, o.TransferTime, o.TransferAmount = "", "", "" }, ""},
	} {
		n, d := bench(t)
		o := stopOrder()
		c.edit(&o)
		if got := d.Execute(o); got.FailureCause != c.want || (got.Result == bank.ResultOK) != (c.want == "") {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
		err := n.Pay(banknet.Payment{At: noon, From: banknet.Key{Bank: icbc, Number: "6201"}, Amount: 1})
		if errors.Is(err, banknet.ErrStopped) != (c.want == "") {
			t.Errorf("%s: the account is stopped or not: %v", name, err)
		}
	}
}

func TestAFreezeAnswersWithAppliedAndFrozenAmounts(t *testing.T) {
	_, d := bench(t)
	o := bank.Order{TxCode: bank.TxFreeze, ApplicationID: "f-1", AccountNumber: "6201", AccountName: "张三", FreezeType: "01", Balance: "200.00", TermMonths: 6, ApplicationOrgID: "1"}
	want := bank.Answer{
		Result: bank.ResultOK, AccountBalance: "143.00", AppliedBalance: "200.00", FrozedBalance: "143.00",
		StartTime: "20210717120000", ExpireTime: "20220117120000", AvailableBalance: "0.00", State: bank.StateFrozen,
	}
	if diff := cmp.Diff(want, d.Execute(o)); diff != "" {
		t.Error(diff)
	}
	o.ApplicationID, o.ApplicationOrgID = "f-2", "2"
	got := d.Execute(o)
	if got.Result != bank.ResultQueued || got.FailureCause != bank.Queued || got.FormerFrozenBalance != "143.00" || got.FormerApplicationDepartment != "公安机关1" {
		t.Errorf("a second freezer: %+v", got)
	}
	_, d = bench(t)
	o.FreezeType, o.Balance = bank.FreezeWhole, ""
	if got := d.Execute(o); got.AppliedBalance != "143.00" || got.FrozedBalance != "143.00" {
		t.Errorf("the whole account: %+v", got)
	}
}

func TestANoticePaysFromTheFrozenAccountToThePayee(t *testing.T) {
	n, d := bench(t)
	notice := bank.Notice{
		NoticeID: "n-1", AccountNumber: "6201", AccountName: "张三", Amount: "40.00", Officers: []bank.Signatory{{PoliceNo: "1"}, {PoliceNo: "2"}},
		Payee: bank.Side{BankID: abc, AccountNumber: "6202", AccountName: "李四"},
	}
	if got := d.PayOut(notice); got.FailureCause != bank.MismatchAmount {
		t.Errorf("nothing is frozen: %+v", got)
	}
	d.Execute(bank.Order{TxCode: bank.TxFreeze, AccountNumber: "6201", AccountName: "张三", FreezeType: "02"})
	for name, c := range map[string]struct {
		edit func(*bank.Notice)
		want string
	}{
		"a payee that does not exist": {func(x *bank.Notice) { x.Payee.AccountNumber = "1" }, bank.NotFound},
		"a payee of another name":     {func(x *bank.Notice) { x.Payee.AccountName = "王五" }, bank.MismatchName},
		"more than is frozen":         {func(x *bank.Notice) { x.Amount = "143.01" }, bank.MismatchAmount},
		"one officer alone":           {func(x *bank.Notice) { x.Officers = x.Officers[:1] }, bank.Technical},
	} {
		x := notice
		c.edit(&x)
		if got := d.PayOut(x); got.FailureCause != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := d.PayOut(notice); got.Result != bank.ResultOK || got.Amount != "40.00" || got.ReceiptNumber == "" || got.DoneTime != "20210717120000" {
		t.Errorf("got %+v", got)
	}
	if s, _ := n.Statement(banknet.Key{Bank: abc, Number: "6202"}); s.Balance != 19_000 {
		t.Errorf("the payee has %s", s.Balance)
	}
}

// office is a city with a list of orders that takes answers, once it has refused
// a few.
type office struct {
	mu      sync.Mutex
	orders  []bank.Order
	notices []bank.Notice
	posts   map[string][]string // key to bodies
	paths   map[string]string   // key to path
	order   []string            // keys, as they came
	open    map[string]bool
	idle    chan struct{}
	changed chan struct{}
}

func (c *office) Get(ctx context.Context, path string, out any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch page := out.(type) {
	case *bank.Orders:
		for _, o := range c.orders {
			if c.open[o.ApplicationID] {
				page.Items = append(page.Items, o)
			}
		}
		if len(page.Items) > 0 {
			return nil
		}
	case *bank.Notices:
		for _, n := range c.notices {
			if c.open[n.NoticeID] {
				page.Items = append(page.Items, n)
			}
		}
		if len(page.Items) > 0 {
			return nil
		}
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-idle:
	}
	c.mu.Lock()
	return ctx.Err()
}

func (c *office) Post(_ context.Context, path, key string, body, _ any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts[key], c.paths[key], c.order = append(c.posts[key], string(data)), path, append(c.order, key)
	if id, ok := strings.CutSuffix(key, "-answer"); ok {
		delete(c.open, id)
	}
	c.changed <- struct{}{}
	return nil
}

func (c *office) bodies(key string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.posts[key]...)
}

func newOffice(orders ...bank.Order) *office {
	c := &office{orders: orders, posts: map[string][]string{}, paths: map[string]string{}, open: map[string]bool{}, idle: make(chan struct{}), changed: make(chan struct{}, 1000)}
	for _, o := range orders {
		c.open[o.ApplicationID] = true
	}
	return c
}

func (c *office) path(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paths[key]
}

// when tells as which message a key came.
func (c *office) when(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Index(c.order, key)
}

// add gives the bank one order more.
func (c *office) add(o bank.Order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders = append(c.orders, o)
	c.open[o.ApplicationID] = true
	close(c.idle)
	c.idle = make(chan struct{})
}

// await waits until a key has been posted under.
func (c *office) await(t *testing.T, key string) string {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		if b := c.bodies(key); len(b) > 0 {
			return b[0]
		}
		select {
		case <-c.changed:
		case <-deadline:
			t.Fatalf("nothing was posted under %s", key)
		}
	}
}

func TestADeskAcknowledgesAndAnswersEachOrderOnce(t *testing.T) {
	_, d := bench(t)
	second := stopOrder()
	second.ApplicationID, second.AccountName = "o-2", "someone else"
	c := newOffice(stopOrder(), second)
	d.City = c
	var seen []string
	var mu sync.Mutex
	d.Seen = func(o bank.Order) { mu.Lock(); defer mu.Unlock(); seen = append(seen, o.ApplicationID) }
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { d.Run(ctx) })
	var a bank.Answer
	if err := json.Unmarshal([]byte(c.await(t, "o-1-answer")), &a); err != nil || a.Result != bank.ResultOK {
		t.Errorf("%+v, %v", a, err)
	}
	if err := json.Unmarshal([]byte(c.await(t, "o-2-answer")), &a); err != nil || a.FailureCause != bank.MismatchName {
		t.Errorf("%+v, %v", a, err)
	}
	cancel()
	run.Wait()
	for _, id := range []string{"o-1", "o-2"} {
		if r, b := c.bodies(id+"-receipt"), c.bodies(id+"-answer"); len(r) != 1 || len(b) != 1 {
			t.Errorf("%s: %d receipts, %d answers", id, len(r), len(b))
		}
	}
	if len(seen) != 2 {
		t.Errorf("seen: %v", seen)
	}
}

func TestABankMayAnswerTwiceNeverOrWithAnotherTerm(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour desk.Behaviour
		key       string
		contains  string
	}{
		"answers twice, the second under its own key": {desk.Behaviour{AnswersTwice: true}, "o-1-answer-again", `"result":"0000"`},
		"takes the order and never answers":           {desk.Behaviour{NeverAnswers: true}, "o-1-receipt", `{}`},
		"states another expiry":                       {desk.Behaviour{Expiry: 47 * time.Hour}, "o-1-answer", `"expireTime":"20210719110000"`},
		"refuses with a mismatch":                     {desk.Behaviour{Mismatch: bank.MismatchTime}, "o-1-answer", `"failureCause":"mismatch-time"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, d := bench(t)
			o := newOffice(stopOrder())
			d.City, d.Behaviour = o, c.behaviour
			ctx, cancel := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() { d.Run(ctx) })
			if got := o.await(t, c.key); !strings.Contains(got, c.contains) {
				t.Errorf("posted %s", got)
			}
			cancel()
			run.Wait()
			if n := len(o.bodies("o-1-answer")); c.behaviour.NeverAnswers && n != 0 {
				t.Errorf("%d answers of a bank that never answers", n)
			}
		})
	}
}

func TestADeskLeavesTheAccountsOfOthersAlone(t *testing.T) {
	_, d := bench(t)
	other := stopOrder()
	other.ApplicationID, other.AccountNumber = "o-0", "6209"
	c := newOffice(other, stopOrder())
	d.City = c
	d.Mine = func(k banknet.Key) bool { return k.Number == "6201" }
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { d.Run(ctx) })
	c.await(t, "o-1-answer")
	cancel()
	run.Wait()
	if n := len(c.bodies("o-0-receipt")) + len(c.bodies("o-0-answer")); n != 0 {
		t.Errorf("%d messages about an account of others", n)
	}
}

func TestADeskIsDownForAWhile(t *testing.T) {
	_, d := bench(t)
	d.City = newOffice(stopOrder())
	d.Behaviour = desk.Behaviour{Down: []desk.Window{{From: noon.Add(-time.Minute), Until: noon.Add(time.Minute)}}}
	ctx, cancel := context.WithCancel(t.Context())
	clock := waiting{stopped{noon}, make(chan struct{})}
	d.Clock = clock
	var run sync.WaitGroup
	run.Go(func() { d.Run(ctx) })
	<-clock.asked
	cancel()
	<-clock.asked
	run.Wait()
	if n := len(d.City.(*office).posts); n != 0 { //nolint:forcetypeassert // set above
		t.Errorf("%d posts while the bank is down", n)
	}
}

// waiting tells when somebody waits for the time, and lets him wait.
type waiting struct {
	stopped
	asked chan struct{}
}

func (c waiting) Wait(ctx context.Context, t time.Time) error {
	if !t.Equal(noon.Add(time.Minute)) {
		return fmt.Errorf("waits for %s", t)
	}
	c.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}
