package gang

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

const yuan money.Fen = 100

// Kinds of account as banks tell them apart, beside personal and corporate.
const (
	utility  identity.AccountKind = "03" // 公用事业
	merchant identity.AccountKind = "04" // 商户
	payment  identity.AccountKind = "05" // 支付机构
)

// What a fraud is drawn from.
const (
	leastLoss, mostLoss = 5_000 * yuan, 5_000_000 * yuan
	medianLoss          = 50_000 // yuan; half of all victims lose less
	spreadLoss          = 1.3    // of the logarithm
	mostPayments        = 5
	mostLevel1          = 3
	shortestReport      = 3 * time.Minute // after the last payment
	longestReport       = 120 * time.Minute
	leastDepth          = 2
	mostDepth           = 5
	leastPool           = 5 // mules of one level
	mostPool            = 120
	leastWallets        = 2
	mostWallets         = 5
	comfort             = 15_000 * yuan  // on each card of the last level
	lifeBefore          = 24 * time.Hour // of the holders' lawful life before the first payment
	lifeAfter           = 24 * time.Hour // after the report
)

// New draws the fraud of that number out of a seed. The banks are those that
// accounts are opened at; institutions are those that payment accounts are.
func New(seed uint64, number int, start time.Time, banks, institutions []identity.BankCode) *Fraud {
	f := &Fraud{Number: number, seed: seed ^ uint64(number)*0x9e3779b97f4a7c15} //nolint:gosec // a number of a fraud is small and positive
	d := draw{f: f, r: f.lot("fraud"), banks: banks, institutions: institutions}
	loss := d.loss()
	f.Depth = leastDepth + d.r.IntN(mostDepth-leastDepth+1)
	f.least = d.logUniform(3_000, 20_000)
	d.cast(loss)
	d.pay(loss, start)
	last := f.Paid[len(f.Paid)-1].At
	f.ReportAt = last.Add(time.Duration(math.Exp(d.between(math.Log(shortestReport.Seconds()), math.Log(longestReport.Seconds())))) * time.Second)
	d.live()
	return f
}

// lot is a source of chance for one thing of the fraud alone, so that what is
// drawn for one thing never depends on what else has happened.
func (f *Fraud) lot(of string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(of))                      // never fails
	return rand.New(rand.NewPCG(f.seed, h.Sum64())) //nolint:gosec // a game, not a secret
}

type draw struct {
	f                   *Fraud
	r                   *rand.Rand
	banks, institutions []identity.BankCode
}

func (d *draw) between(low, high float64) float64 { return low + (high-low)*d.r.Float64() }

// logUniform draws whole yuan whose logarithm is uniform.
func (d *draw) logUniform(low, high float64) money.Fen {
	return money.Fen(math.Exp(d.between(math.Log(low), math.Log(high)))) * yuan
}

// loss is log-normal between its bounds, in hundreds of yuan.
func (d *draw) loss() money.Fen {
	for {
		amount := money.Fen(medianLoss*math.Exp(spreadLoss*d.r.NormFloat64())) * yuan / (100 * yuan) * (100 * yuan)
		if amount >= leastLoss && amount <= mostLoss {
			return amount
		}
	}
}

func (d *draw) open(role Role, level int, kind identity.AccountKind, bank identity.BankCode, opening money.Fen) int {
	n := len(d.f.Accounts)
	d.f.Accounts = append(d.f.Accounts, Account{
		Account: banknet.Account{Key: d.f.key(bank, n, kind), Holder: fmt.Sprintf("%s-%d", role, n), Kind: string(kind)},
		Role:    role, Level: level, Opening: opening,
	})
	return n
}

func (d *draw) bank() identity.BankCode { return d.banks[d.r.IntN(len(d.banks))] }

// cast opens the accounts: the victim's, the mules' level by level, and those
// of honest people that the holders of the mules' accounts deal with.
func (d *draw) cast(loss money.Fen) {
	d.open(Victim, 0, identity.PersonalAccount, d.bank(), loss+d.logUniform(100, 50_000))
	pool := int(loss / (f2(d.between(1, 3)) * d.f.least / 100))
	for level := 1; level <= d.f.Depth; level++ {
		size := min(max(pool*(70+d.r.IntN(60))/100, leastPool), mostPool)
		switch level {
		case 1:
			size = 1 + d.r.IntN(mostLevel1)
		case d.f.Depth:
			size = max(size, int(loss/comfort)) // so that a machine gives it all today
		}
		var places []int
		for range size {
			places = append(places, d.mule(level))
		}
		d.f.levels = append(d.f.levels, places)
	}
	for range leastWallets + d.r.IntN(mostWallets-leastWallets+1) {
		bank := d.institutions[d.r.IntN(len(d.institutions))]
		d.f.wallets = append(d.f.wallets, d.open(Wallet, d.f.Depth+1, payment, bank, money.Fen(d.r.IntN(2_000))*yuan))
	}
	for range 4 + d.r.IntN(5) {
		d.f.shops = append(d.f.shops, d.open(Merchant, 0, merchant, d.bank(), d.logUniform(20_000, 2_000_000)))
	}
	for range 2 {
		d.open(Utility, 0, utility, d.bank(), d.logUniform(1_000_000, 50_000_000))
		d.open(Employer, 0, identity.CorporateAccount, d.bank(), d.logUniform(1_000_000, 50_000_000))
	}
	for range 6 + d.r.IntN(7) {
		d.open(Bystander, 0, identity.PersonalAccount, d.bank(), d.logUniform(500, 100_000))
	}
}

// f2 is a factor in hundredths.
func f2(x float64) money.Fen { return money.Fen(x * 100) }

// mule is mostly an empty card; one in eight is somebody's own account, and one
// in twenty, on level 1 one in three, is a company's.
func (d *draw) mule(level int) int {
	corporate := 5
	if level == 1 {
		corporate = 33
	}
	switch dice := d.r.IntN(100); {
	case dice < corporate:
		return d.open(Mule, level, identity.CorporateAccount, d.bank(), d.logUniform(100, 20_000))
	case dice < corporate+12:
		return d.open(Mule, level, identity.PersonalAccount, d.bank(), d.logUniform(200, 12_000))
	}
	return d.open(Mule, level, identity.PersonalAccount, d.bank(), money.Fen(d.r.IntN(300))*yuan)
}

// pay lets the victim pay one to five times within three hours.
func (d *draw) pay(loss money.Fen, start time.Time) {
	times := min(1+d.r.IntN(mostPayments), int(loss/(1_000*yuan)))
	at := start.Add(time.Duration(d.r.IntN(10*3600)) * time.Second)
	for i, part := range d.partition(loss, times) {
		to := d.f.levels[0][d.r.IntN(len(d.f.levels[0]))]
		d.f.Paid = append(d.f.Paid, banknet.Payment{
			Serial: fmt.Sprintf("V%d-%d", d.f.Number, i+1), At: at, From: d.f.Accounts[0].Key, To: d.f.Accounts[to].Key, Amount: part, Summary: "转账",
		})
		at = at.Add(time.Duration(60+d.r.IntN(45*60)) * time.Second)
	}
}

// partition cuts an amount into n parts of whole yuan, none of them nothing.
func (d *draw) partition(total money.Fen, n int) []money.Fen { return partition(d.r, total, n) }

func partition(r *rand.Rand, total money.Fen, n int) []money.Fen {
	n = max(1, min(n, int(total/yuan)))
	weights, whole := make([]money.Fen, n), money.Fen(0)
	for i := range weights {
		weights[i] = money.Fen(40 + r.IntN(60))
		whole += weights[i]
	}
	parts, left := make([]money.Fen, n), total
	for i, w := range weights {
		parts[i] = total / yuan * w / whole * yuan
		left -= parts[i]
	}
	parts[n-1] += left
	return parts
}

// live lets the holders of accounts with money of their own go on living: wages
// in, bills, purchases and gifts out.
func (d *draw) live() {
	from, span := d.f.Opened(), d.f.ReportAt.Add(lifeAfter).Sub(d.f.Opened())
	honest := map[Role][]int{}
	for n, a := range d.f.Accounts {
		honest[a.Role] = append(honest[a.Role], n)
	}
	one := func(role Role) banknet.Key {
		return d.f.Accounts[honest[role][d.r.IntN(len(honest[role]))]].Key
	}
	pay := func(from, to banknet.Key, amount money.Fen, summary string, at time.Time) {
		d.f.Life = append(d.f.Life, banknet.Payment{
			Serial: fmt.Sprintf("L%d-%d", d.f.Number, len(d.f.Life)+1), At: at, From: from, To: to, Amount: amount, Summary: summary,
		})
	}
	for _, a := range d.f.Accounts {
		if a.Role != Mule && a.Role != Bystander || a.Opening < 1_000*yuan {
			continue
		}
		for range d.r.IntN(6) {
			at := from.Add(time.Duration(d.r.Int64N(int64(span)))).Truncate(time.Second)
			switch d.r.IntN(5) {
			case 0:
				pay(one(Employer), a.Key, d.logUniform(3_000, 15_000), "代发工资", at)
			case 1:
				pay(a.Key, one(Utility), d.logUniform(50, 600), "代扣电费", at)
			case 2, 3:
				pay(a.Key, one(Merchant), d.logUniform(20, 2_000), "消费", at)
			default:
				if to := one(Bystander); to != a.Key {
					pay(a.Key, to, d.logUniform(50, 3_000), "转账", at)
				}
			}
		}
	}
	slices.SortStableFunc(d.f.Life, func(a, b banknet.Payment) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
}
