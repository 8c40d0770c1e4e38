// Package bench_test asks how fast a city is, in its users' words.
package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/libs/access"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/service/citytest"
	"github.com/yuanlu/yuanlu/services/intake"
	"github.com/yuanlu/yuanlu/services/stoppayment"
)

var (
	duty   = citytest.Officer("090001", access.DutyOfficer)
	leader = citytest.Officer("090100", access.ShiftLeader)
)

// BenchmarkReportToStopOrders: how long after a duty officer sends a report
// with three transfers do the banks of all three level-1 accounts see their
// stop orders? Intake and stop-payment in one process, an embedded node that
// fsyncs before every acknowledgement, real HTTP and gRPC, three desks waiting.
// The yardstick is a raw write+fsync of 4 KiB on the same disk in the same run.
func BenchmarkReportToStopOrders(b *testing.B) {
	city := citytest.Open(b)
	city.Run(intake.New, stoppayment.New)
	city.Post(leader, "/v1/standing-approvals", map[string]any{"maxAmountFen": 1_000_000_000, "maxLevel": 5, "until": "2021-07-30T00:00:00+08:00"})
	banks := city.Banks.All()[:3]
	seen := make(chan visible, len(banks))
	for _, at := range banks {
		go desk(b, city, at.Code, seen)
	}
	fsync := yardstick(b)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		city.Post(duty, "/v1/reports", report(banks))
		last := start
		for range banks {
			v := <-seen
			if v.err != nil {
				b.Fatal(v.err)
			}
			if v.at.After(last) {
				last = v.at
			}
		}
		took = append(took, last.Sub(start))
	}
	slices.Sort(took)
	p := func(q float64) time.Duration { return took[min(len(took)-1, int(q*float64(len(took))))] }
	b.ReportMetric(p(0.5).Seconds()*1e3, "p50-ms")
	b.ReportMetric(p(0.99).Seconds()*1e3, "p99-ms")
	b.ReportMetric(fsync.Seconds()*1e3, "fsync-p50-ms")
	b.ReportMetric(p(0.5).Seconds()/fsync.Seconds(), "fsyncs/p50")
}

// visible is the moment at which a bank has an order in its hands.
type visible struct {
	at  time.Time
	err error
}

// desk waits for orders as a bank's front end does, and refuses each so that
// the next list is short.
func desk(b *testing.B, city *citytest.City, code identity.BankCode, seen chan<- visible) {
	who := citytest.Desk(code)
	known := map[string]bool{}
	for b.Context().Err() == nil {
		a, err := city.Try(who, "GET", "/v1/bank/orders?wait=5", "", nil)
		at := time.Now()
		if err != nil || a.Status != 200 {
			if b.Context().Err() == nil {
				seen <- visible{err: fmt.Errorf("desk: %d %w", a.Status, err)}
			}
			return
		}
		var page bank.Orders
		a.Into(b, &page)
		for _, o := range page.Items {
			if known[o.ApplicationID] {
				continue
			}
			known[o.ApplicationID] = true
			seen <- visible{at: at}
			if _, err := city.Try(who, "POST", "/v1/bank/orders/"+o.ApplicationID+"/answer", uuid.NewString(),
				bank.Answer{Result: "0199", FailureCause: bank.Technical}); err != nil {
				return // the city has ended
			}
		}
	}
}

// report pays three accounts that nobody has seen before, at three banks.
func report(banks []identity.Bank) map[string]any {
	transfers := make([]map[string]any, len(banks))
	for i, at := range banks {
		transfers[i] = map[string]any{
			"from": map[string]any{"bank": banks[0].Code, "number": "6222021234567890128", "holder": "杨某"},
			"to":   map[string]any{"bank": at.Code, "number": account(), "holder": "周某雄"}, "amountFen": 10_000_00, "at": "2021-07-17T15:20:00+08:00",
		}
	}
	return map[string]any{
		"channel": "110", "brief": "冒充领导", "fraudType": "07", "investigator": map[string]any{"policeNo": "090002", "unit": "440982000000"},
		"victim": map[string]any{"name": "杨某", "idNumber": "11010519491231002X", "phone": "13800138000"}, "transfers": transfers,
	}
}

// account draws an account number.
func account() string {
	id := uuid.New()
	digits := make([]byte, 16)
	for i := range digits {
		digits[i] = '0' + id[i]%10
	}
	return "62" + string(digits)
}

// yardstick is the median of raw 4 KiB write+fsync on the disk of the test.
func yardstick(b testing.TB) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "yardstick"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }() // a scratch file
	block := make([]byte, 4096)
	var took []time.Duration
	for range 200 {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}
