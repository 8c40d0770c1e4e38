package banknet_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

const (
	manyBanks    = 40
	manyAccounts = 100_000
)

func crowd(tb testing.TB) (*banknet.Network, []banknet.Key) {
	tb.Helper()
	banks := identity.DefaultBanks().All()[:manyBanks]
	n, keys := banknet.NewFor(manyAccounts), make([]banknet.Key, manyAccounts)
	for i := range keys {
		keys[i] = banknet.Key{Bank: banks[i%manyBanks].Code, Number: "62" + strconv.Itoa(1_000_000_000+i)}
		if err := n.Open(banknet.Account{Key: keys[i], Holder: "holder " + strconv.Itoa(i), Kind: "01"}, 1_000_000); err != nil {
			tb.Fatal(err)
		}
	}
	return n, keys
}

// processor is the processor's time that this process has used, however many others
// it had to share with.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// 100,000 accounts at 40 banks open in less than a second and in less than
// 300 MB. The time is the processor's, and the best of a few, since others may use
// the machine.
func TestAHundredThousandAccountsOpenAtOnce(t *testing.T) {
	var before, after runtime.MemStats
	best := time.Hour
	for range 5 {
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := processor(t)
		n, _ := crowd(t)
		best = min(best, processor(t)-began)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(n)
	}
	size := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20 //nolint:gosec // far below the limit of int64
	t.Logf("%d accounts in %s and %d MB", manyAccounts, best, size)
	if best > time.Second || size > 300 {
		t.Errorf("%d accounts took %s and %d MB", manyAccounts, best, size)
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		crowd(b)
	}
	b.ReportMetric(manyAccounts, "accounts/op")
}

func BenchmarkPay(b *testing.B) {
	for _, rows := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			n, keys := crowd(b)
			pay := func(i int) {
				from, to := keys[i%2], keys[(i+1)%2]
				if err := n.Pay(banknet.Payment{Serial: "s", At: noon, From: from, To: to, Amount: 1}); err != nil {
					b.Fatal(err)
				}
			}
			for i := range rows {
				pay(i)
			}
			i := 0
			for b.Loop() {
				pay(i)
				i++
			}
		})
	}
}

func TestManyPayAtOnceAndNoMoneyIsLost(t *testing.T) {
	n := banknet.New()
	const accounts, payers, each = 20, 8, 300
	for i := range accounts {
		open(t, n, i, 10_000)
	}
	var work sync.WaitGroup
	for p := range payers {
		work.Go(func() {
			for i := range each {
				from, to := key((p+i)%accounts), key((p*7+i*3+1)%accounts)
				_ = n.Pay(banknet.Payment{Serial: strconv.Itoa(i), At: noon, From: from, To: to, Amount: money.Fen(1 + i%50)})
				if i%10 == 0 {
					_, _ = n.Stop(from, banknet.StopOrder{ID: strconv.Itoa(p), By: "police", Limit: 100, At: noon, Until: noon.Add(day)})
					_, _ = n.Restraints(to, noon)
				}
			}
		})
	}
	work.Wait()
	if got, err := n.Totals(); err != nil || got.Balances != accounts*10_000 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHoldersAndOrdersAreFound(t *testing.T) {
	n := banknet.New()
	icbc, abc := identity.BankCode("102100099996"), identity.BankCode("103100000026")
	for i, a := range []banknet.Account{
		{Key: banknet.Key{Bank: icbc, Number: "1"}, Holder: "张三", HolderID: "X"},
		{Key: banknet.Key{Bank: icbc, Number: "2"}, Holder: "张三", HolderID: "Y"},
		{Key: banknet.Key{Bank: abc, Number: "3"}, Holder: "张三", HolderID: "X"},
		{Key: banknet.Key{Bank: icbc, Number: "4"}, Holder: "张三", HolderID: "X"},
	} {
		if err := n.Open(a, money.Fen(100*i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := n.Holdings(icbc, "X", "", 10); len(got) != 2 || got[0].Account.Number != "4" || got[1].Account.Number != "1" {
		t.Errorf("accounts of one holder: %+v", got)
	}
	if got := n.Holdings(icbc, "X", "", 1); len(got) != 1 {
		t.Errorf("at most one: %+v", got)
	}
	p := banknet.Payment{Serial: "s", At: noon, From: banknet.Key{Bank: icbc, Number: "4"}, To: banknet.Key{Bank: abc, Number: "3"}, Amount: 5, Order: "P1"}
	if err := n.Pay(p); err != nil {
		t.Fatal(err)
	}
	if k, err := n.ByOrder("P1"); err != nil || k.Number != "3" {
		t.Errorf("%v, %v", k, err)
	}
	if _, err := n.ByOrder("P2"); err == nil {
		t.Error("an order that was never given is found")
	}
	if s, _ := n.Statement(p.From); s.Rows[0].Order != "P1" {
		t.Errorf("%+v", s.Rows)
	}
}
