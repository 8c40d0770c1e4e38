package launder

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// mule is an account of the gang while it is planned. What comes in of the
// victim's is held + forwards + cash.
type mule struct {
	name, bank string
	level      int
	held       money.Fen // of the victim's, in the end
	others     money.Fen // other people's, in the end
	opening    money.Fen
	cash       []money.Fen // withdrawals of the victim's money, level 2
	feeds      []feed      // level 3: what comes in
	forwards   money.Fen   // level 2: what goes on
	least      money.Fen   // the smallest debit of the victim's money
	// factor is not 0 where money cannot be told apart: before the one debit
	// the account holds factor times what it holds afterwards.
	factor money.Fen
	last   time.Duration // of its latest row
}

// feed is one transfer from level 2 to level 3, and what of it is taken out.
type feed struct {
	from        *mule
	amount, out money.Fen
}

// bystander is someone who has nothing to do with the fraud.
type bystander struct {
	name, bank string
	paid       money.Fen
}

// draft is a plan in the making.
type draft struct {
	Params
	source Source
	r      *rand.Rand

	level1         *mule
	level2, level3 []*mule
	bystanders     []*bystander
	average, unit  money.Fen
	gone           money.Fen // the victim's that is still to be taken out in cash

	moves []Move
	used  map[time.Duration]bool
}

func (d *draft) mules() []*mule {
	all := append([]*mule{d.level1}, d.level2...)
	return append(all, d.level3...)
}

// exact lists the mules of a level whose money can be told apart.
func exact(mules []*mule) []*mule {
	var out []*mule
	for _, m := range mules {
		if m.factor == 0 {
			out = append(out, m)
		}
	}
	return out
}

// cast chooses accounts and their banks.
func (d *draft) cast() error {
	d.average = (d.Attributable - d.Level1) / money.Fen(d.Level2+d.Level3)
	d.unit = unitFor(d.average)
	d.gone = d.Reported - d.Attributable
	order := d.r.Perm(len(d.source.Banks))[:d.Banks]
	bank := func(i int) string {
		if i >= len(order) {
			i = d.r.IntN(len(order))
		}
		return d.source.Banks[order[i]]
	}
	d.level1 = &mule{name: Level1Name, bank: bank(len(order)), level: 1, held: d.Level1, last: d.At}
	for i := range d.Level2 {
		d.level2 = append(d.level2, &mule{name: fmt.Sprintf("level-2-%02d", i+1), bank: bank(i), level: 2, last: d.At - early})
	}
	for i := range d.Level3 {
		d.level3 = append(d.level3, &mule{name: fmt.Sprintf("level-3-%02d", i+1), bank: bank(len(order)), level: 3, last: d.At - early})
	}
	for i := range 12 {
		d.bystanders = append(d.bystanders, &bystander{name: fmt.Sprintf("bystander-%02d", i+1), bank: bank(len(order))})
	}
	return nil
}

// proRata chooses the accounts whose money cannot be told apart: one debit that
// is larger than any credit. Everything on them is a multiple of the factor, so
// that each owner's share is whole.
func (d *draft) proRata() error {
	count := d.ProRata
	if count >= 3 && d.Level3 >= 2 {
		m := d.level3[d.r.IntN(d.Level3)]
		m.held = about(d.r, d.average, 100, 200, d.unit)
		m.others = about(d.r, m.held, 60, 100, d.unit)
		d.blur(m)
		count--
	}
	for _, i := range d.r.Perm(d.Level2)[:min(count, d.Level2)] {
		m := d.level2[i]
		m.held = about(d.r, d.average, 50, 90, d.unit)
		m.others = about(d.r, m.held, 75, 125, d.unit)
		d.blur(m)
	}
	if d.gone < 0 || d.Stopped-d.Attributable < d.blurred() {
		return fmt.Errorf("%w: too little is taken out, or too little is others', for so many proRata accounts", ErrParams)
	}
	return nil
}

func (d *draft) blur(m *mule) {
	m.factor = money.Fen(3 + d.r.IntN(3))
	// The debit must exceed the largest credit on the account.
	if (m.factor-1)*(m.held+m.others) <= m.factor*max(m.held, m.others) {
		m.others = m.held
	}
	d.gone -= (m.factor - 1) * m.held
}

// blurred is what others hold on the accounts chosen by proRata.
func (d *draft) blurred() money.Fen {
	var sum money.Fen
	for _, m := range d.mules() {
		sum += m.others
	}
	return sum
}

// hold draws what of the victim's is on each of the other accounts in the end.
func (d *draft) hold() error {
	rest, plain := d.Attributable-d.Level1, append(exact(d.level2), exact(d.level3)...)
	for _, m := range append(d.level2[:len(d.level2):len(d.level2)], d.level3...) {
		rest -= m.held
	}
	parts, err := partition(d.r, rest, len(plain), minHeld)
	if err != nil {
		return err
	}
	for i, m := range plain {
		m.held = parts[i]
	}
	return nil
}

// forward draws who pays on to level 3 and how much of that is taken out there.
func (d *draft) forward() error {
	feeders, plain := exact(d.level2), exact(d.level3)
	out, err := rounded(d.r, d.gone/5/d.unit*d.unit, len(plain), d.unit)
	if len(plain) > 0 && err != nil {
		return err
	}
	for _, m := range d.level3 {
		n := min(1+d.r.IntN(4), len(feeders))
		taken := money.Fen(0)
		if m.factor > 0 {
			n = min(2+d.r.IntN(3), len(feeders))
		} else {
			taken, out = out[0], out[1:]
		}
		if err := d.feed(m, feeders, n, taken); err != nil {
			return err
		}
		d.gone -= taken
	}
	return nil
}

func (d *draft) feed(m *mule, feeders []*mule, n int, taken money.Fen) error {
	unit := money.Fen(1)
	if m.factor > 0 {
		unit = d.unit
	}
	// None is so small that a city would not follow it.
	kept, err := partition(d.r, m.held/unit, n, max(m.held/unit/money.Fen(2*n), 1))
	if err != nil {
		return err
	}
	outs, err := rounded(d.r, taken, n, d.unit)
	if err != nil {
		return err
	}
	for i, who := range d.r.Perm(len(feeders))[:n] {
		f := feed{from: feeders[who], amount: kept[i]*unit + outs[i], out: outs[i]}
		if m.factor > 0 {
			f.amount = kept[i] * unit * m.factor
		}
		f.from.forwards += f.amount
		f.from.debit(f.amount)
		m.feeds = append(m.feeds, f)
	}
	return nil
}

func (m *mule) debit(amount money.Fen) {
	if m.least == 0 || amount < m.least {
		m.least = amount
	}
}

// withdraw draws what is taken out in cash on level 2: all the rest that is gone.
func (d *draft) withdraw() error {
	plain := exact(d.level2)
	n := max(1, len(plain)*85/100)
	if len(plain) == 0 || d.gone < 0 {
		return fmt.Errorf("%w: nothing is left to be taken out", ErrParams)
	}
	amounts, err := rounded(d.r, d.gone, n, d.unit)
	if err != nil {
		return err
	}
	for i, who := range d.r.Perm(len(plain))[:n] {
		m, times := plain[who], 1+d.r.IntN(3)
		if amounts[i] < d.unit*10 {
			times = 1
		}
		cuts, err := rounded(d.r, amounts[i], times, d.unit)
		if err != nil {
			return err
		}
		for _, c := range cuts {
			if c > 0 {
				m.cash = append(m.cash, c)
				m.debit(c)
			}
		}
	}
	return nil
}

// mix puts other people's money on some of the accounts.
func (d *draft) mix() error {
	rest := d.Stopped - d.Attributable - d.blurred()
	plain := append(exact(d.level2), exact(d.level3)...)
	n := max(1, len(plain)*60/100)
	if rest < money.Fen(n)*minHeld {
		n = 1
	}
	if rest == 0 {
		return nil
	}
	parts, err := partition(d.r, rest, n, min(rest, minHeld))
	if err != nil {
		return err
	}
	for i, who := range d.r.Perm(len(plain))[:n] {
		plain[who].others = parts[i]
	}
	return nil
}
