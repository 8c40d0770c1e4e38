package bench_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/stoppayment"
	"golang.org/x/sync/errgroup"
)

var (
	fanReports = flag.Int("reports", 0, "reports in TestFanOut, each of which fans out; 0 skips it")
	fanWidth   = flag.Int("width", 500, "accounts that each report fans out to in TestFanOut")
	fanFirst   = flag.Bool("first", false, "end TestFanOut when each report's first order is with its bank: the figure of the flood in seconds")
	fanEvery   = flag.Duration("every", 50*time.Millisecond, "pause between two reports in TestFanOut")
)

// What the law's race asks for on two cores.
const (
	allStops   = 2 * time.Second        // from the answer to the last of its stops
	firstOrder = 250 * time.Millisecond // from a report to its first order, 99 of 100
	banksInFan = 40
	lookAgain  = 20 * time.Millisecond
	banksPaid  = 10 // have the accounts that the victims paid to
)

// TestFanOut: reports come in at a fixed pace, whether or not the chase keeps
// up. Each pays one account, whose bank answers the stop with a statement that
// shows the money gone to hundreds of accounts at forty other banks; each of these
// waits at its desk, carries out what it is asked, one order after the other, and
// says so. It tells how long after a report its first order is in the bank's hands,
// and how long after a statement was taken in all of its stops are.
//
//	go test ./bench -run FanOut -v -reports 1          # one alone
//	go test ./bench -run FanOut -v -reports 200        # two hundred, on top of each other
//
// Intake and stop-payment, the node that fsyncs before each acknowledgement, and
// all banks share one process and its cores.
func TestFanOut(t *testing.T) {
	if *fanReports == 0 {
		t.Skip("a benchmark: -reports says how many")
	}
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 1000 //nolint:forcetypeassert // it is one
	city := citytest.Open(t)
	city.Run(intake.New, stoppayment.New)
	city.Post(leader, "/v1/standing-approvals", map[string]any{"maxAmountFen": 1_000_000_000, "maxLevel": 5, "until": "2021-07-30T00:00:00+08:00"})
	all := city.Banks.All()
	f := &fan{city: city, banks: all[:banksInFan], paid: all[banksInFan:][:banksPaid], byAccount: map[string]*traced{}, done: make(chan struct{}, *fanReports)}
	ctx, stop := context.WithCancel(t.Context())
	var desks errgroup.Group
	for _, at := range all[:banksInFan+banksPaid] {
		desks.Go(func() error { return f.desk(ctx, at.Code) })
	}
	fsync := yardstick(t)
	before, begin := spent(t), time.Now()
	var posts errgroup.Group
	for n := range *fanReports {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * *fanEvery))) // the arrivals of an open system
		posts.Go(func() error { return f.report(n) })
	}
	if err := posts.Wait(); err != nil {
		t.Error(err)
	}
	for range *fanReports {
		select {
		case <-f.done:
		case <-time.After(5 * time.Minute):
			t.Fatalf("%d of %d stops are with the banks", f.visible(), *fanReports**fanWidth)
		}
	}
	took, after := time.Since(begin), spent(t)
	stop()
	if err := desks.Wait(); err != nil {
		t.Error(err)
	}
	f.tell(t, took, fsync)
	if !*fanFirst {
		after.tell(t, before, *fanReports**fanWidth)
	}
}

// fan is the world around the city: its banks and what they have seen.
type fan struct {
	city  *citytest.City
	banks []identity.Bank
	paid  []identity.Bank
	done  chan struct{} // one for each report all of whose stops are with the banks

	mu        sync.Mutex
	byAccount map[string]*traced
}

// traced is one report and what became of it.
type traced struct {
	first    string // the account that was paid
	sent     time.Time
	seen     time.Time // its first order, by the bank
	answered time.Time // the statement was taken in
	last     time.Time // the last stop of the fan, by its bank
	left     int
}

// report sends one report and remembers its accounts.
func (f *fan) report(n int) error {
	r := &traced{first: account(), left: *fanWidth, sent: time.Now()}
	f.mu.Lock()
	f.byAccount[r.first] = r
	f.mu.Unlock()
	body := report(f.banks[n%len(f.banks):][:1])
	paid := body["transfers"].([]map[string]any)[0]                                                     //nolint:forcetypeassert // as it was made
	paid["to"] = map[string]any{"bank": f.paid[n%len(f.paid)].Code, "number": r.first, "holder": "周某雄"} // the only transfer
	paid["amountFen"] = *fanWidth * 1_000_00
	a, err := f.city.Try(duty, "POST", "/v1/reports", "", body)
	if err != nil || a.Status >= 300 {
		return fmt.Errorf("report: %d %s %w", a.Status, a.Body, err)
	}
	return nil
}

// desk waits for a bank's orders, carries each out and answers it. Where victims
// paid to, somebody else writes the statements while the desk goes on looking.
func (f *fan) desk(ctx context.Context, code identity.BankCode) error {
	known := map[string]bool{}
	statements, paid := errgroup.Group{}, slices.ContainsFunc(f.paid, func(b identity.Bank) bool { return b.Code == code })
	for ctx.Err() == nil {
		a, err := f.city.Try(citytest.Desk(code), "GET", "/v1/bank/orders?wait=2&limit=50", "", nil) //nolint:contextcheck // it is the test's
		at := time.Now()
		if err != nil || a.Status != 200 {
			return fmt.Errorf("desk: %d %s %w", a.Status, a.Body, err)
		}
		var page bank.Orders
		if err := json.Unmarshal(a.Body, &page); err != nil {
			return fmt.Errorf("desk: %w", err)
		}
		var fresh []bank.Order
		for _, o := range page.Items {
			if known[o.ApplicationID] {
				continue
			}
			known[o.ApplicationID] = true
			fresh = append(fresh, o)
			f.note(o.AccountNumber, at)
		}
		if !paid {
			for _, o := range fresh {
				if err := f.answer(code, o); err != nil { //nolint:contextcheck // it is the test's
					return err
				}
			}
			continue
		}
		for _, o := range fresh {
			statements.Go(func() error { return f.answer(code, o) }) //nolint:contextcheck // it is the test's
		}
		if len(fresh) == 0 && len(page.Items) > 0 {
			time.Sleep(lookAgain)
		}
	}
	return statements.Wait()
}

// answer carries an order out. The account of a report has passed its money on.
func (f *fan) answer(code identity.BankCode, o bank.Order) error {
	now := identity.FormatPlatformTime(f.city.Clock.Now())
	said := bank.Answer{Result: bank.ResultOK, StartTime: now, AccountBalance: "1000.00"}
	first := f.first(o.AccountNumber)
	if first != nil {
		said.AccountBalance, said.OpeningBalance, said.Transactions = "0.00", "0.00", f.statement(first, o)
	}
	a, err := f.city.Try(citytest.Desk(code), "POST", "/v1/bank/orders/"+o.ApplicationID+"/answer", uuid.NewString(), said)
	if err != nil || a.Status >= 300 {
		return fmt.Errorf("answer: %d %s %w", a.Status, a.Body, err)
	}
	if first != nil {
		f.mu.Lock()
		first.answered = time.Now()
		f.mu.Unlock()
	}
	return nil
}

// note writes down when an order was seen.
func (f *fan) note(number string, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := f.byAccount[number]; {
	case r == nil:
	case r.first == number:
		if r.seen.IsZero() && *fanFirst {
			f.done <- struct{}{}
		}
		r.seen = at
	default:
		r.left--
		if r.last = at; r.left == 0 && !*fanFirst {
			f.done <- struct{}{}
		}
	}
}

// first returns the report of which this account was paid, if there is one.
func (f *fan) first(number string) *traced {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.byAccount[number]; r != nil && r.first == number {
		return r
	}
	return nil
}

// statement shows one credit, and all of it gone to the accounts of the fan.
func (f *fan) statement(r *traced, o bank.Order) []bank.Transaction {
	fen := func(n int) string { return fmt.Sprintf("%d.00", n*1000) }
	rows := []bank.Transaction{{
		SerialNumber: "C" + r.first, Time: o.TransferTime, Direction: "C", Amount: fen(*fanWidth), Balance: fen(*fanWidth),
		CounterBankID: o.TransferOut.BankID, CounterName: o.TransferOut.AccountName, CounterNumber: o.TransferOut.AccountNumber,
	}}
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := range *fanWidth {
		to := account()
		f.byAccount[to] = r
		rows = append(rows, bank.Transaction{
			SerialNumber: fmt.Sprint("D", r.first, n), Time: o.TransferTime, Direction: "D", Amount: fen(1), Balance: fen(*fanWidth - n - 1),
			CounterBankID: string(f.banks[n%len(f.banks)].Code), CounterName: "周某雄", CounterNumber: to,
		})
	}
	return rows
}

func (f *fan) visible() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := map[*traced]bool{}
	for _, r := range f.byAccount {
		if !seen[r] && !r.seen.IsZero() {
			n += *fanWidth - r.left
		}
		seen[r] = true
	}
	return n
}

// tell prints the figures and holds them against what must be reached.
func (f *fan) tell(t *testing.T, took, fsync time.Duration) {
	var first, all []time.Duration
	seen := map[*traced]bool{}
	for _, r := range f.byAccount {
		if !seen[r] {
			seen[r] = true
			first, all = append(first, r.seen.Sub(r.sent)), append(all, r.last.Sub(r.answered))
		}
	}
	slices.Sort(first)
	slices.Sort(all)
	if *fanFirst {
		tellFirst(t, first)
		return
	}
	t.Logf("%d reports every %v to %d accounts at %d banks: %d stops in %v (%.0f/s), fsync of 4 KiB p50 %v", *fanReports, *fanEvery, *fanWidth, banksInFan,
		*fanReports**fanWidth, took.Round(time.Millisecond), float64(*fanReports**fanWidth)/took.Seconds(), fsync)
	tellFirst(t, first)
	t.Logf("statement → all stops: p50 %v  p99 %v  most %v", p(all, 0.5), p(all, 0.99), p(all, 1))
	if *fanReports == 1 && p(all, 1) > allStops {
		t.Errorf("all stops take longer than %v", allStops)
	}
}

func tellFirst(t *testing.T, first []time.Duration) {
	t.Logf("report → first order:  p50 %v  p99 %v  most %v", p(first, 0.5), p(first, 0.99), p(first, 1))
	if p(first, 0.99) > firstOrder {
		t.Errorf("the first order takes longer than %v", firstOrder)
	}
}

// p is the value below which such a share of the sorted ones lies.
func p(of []time.Duration, share float64) time.Duration {
	return of[min(len(of)-1, int(share*float64(len(of))))]
}
