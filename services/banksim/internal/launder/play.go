package launder

import (
	"time"

	"github.com/yuanlu/yuanlu/libs/money"
)

// after draws a time of low to high after another, in whole seconds, at which
// nothing else happens: no statement then has two rows of one second.
func (d *draft) after(t, low, high time.Duration) time.Duration {
	t = (t + low + time.Duration(d.r.Int64N(int64(high-low)+1))).Truncate(time.Second)
	for d.used[t] {
		t += time.Second
	}
	d.used[t] = true
	return t
}

func (d *draft) pay(m Move) { d.moves = append(d.moves, m) }

// play turns amounts into moves, in an order that keeps each debit of the
// victim's money covered by a credit of the victim's, where it has to be.
func (d *draft) play() {
	paid := d.after(d.At, 0, 0)
	d.pay(Move{Name: VictimMove, At: paid, From: d.source.Victim, To: Level1Name, Amount: d.Reported, Summary: "转账"})
	for _, m := range append(d.level2[:len(d.level2):len(d.level2)], d.level3...) {
		d.before(m)
	}
	for _, i := range d.r.Perm(len(d.level2)) {
		m := d.level2[i]
		at := d.after(paid+40*time.Second, 0, d.FanOut)
		d.pay(Move{At: at, From: Level1Name, To: m.name, Amount: m.inflow(), Summary: "转账"})
		d.level1.last, m.last = max(d.level1.last, at), at
		d.between(m)
	}
	for _, m := range d.level3 {
		d.gather(m)
	}
	for _, m := range d.level2 {
		d.empty(m)
	}
	for _, m := range append(d.level2[:len(d.level2):len(d.level2)], d.level3...) {
		d.behind(m)
	}
	d.attempt()
}

// inflow is what an account of level 2 gets of the victim's money.
func (m *mule) inflow() money.Fen {
	if m.factor > 0 {
		return m.held * m.factor
	}
	sum := m.held + m.forwards
	for _, c := range m.cash {
		sum += c
	}
	return sum
}

// early is how long before the fraud an account is used by others.
const early = 3 * time.Hour

// before gives an account other people's money from before the fraud: as its
// opening balance, as a credit, or as a credit of which part was spent again.
func (d *draft) before(m *mule) {
	if m.factor > 0 {
		opening := m.others * money.Fen(d.r.IntN(3)) / 2 // none, half or all
		m.opening = opening * m.factor
		if rest := m.others - opening; rest > 0 {
			d.receive(m, rest*m.factor, d.after(d.At-early, 0, early-10*time.Minute))
		}
		return
	}
	if m.others == 0 {
		return
	}
	switch d.r.IntN(5) {
	case 0:
		m.opening, m.others = m.others, 0
	case 1:
		d.receive(m, m.others, d.after(d.At-early, 0, early-10*time.Minute))
		m.others = 0
	case 2:
		spent := about(d.r, m.others, 20, 200, 1)
		d.receive(m, m.others+spent, d.after(d.At-early, 0, early-30*time.Minute))
		at := d.after(m.last, time.Minute, 20*time.Minute)
		d.pay(Move{At: at, From: m.name, To: d.bystanders[d.r.IntN(len(d.bystanders))].name, Amount: spent, Summary: "消费"})
		m.last, m.others = at, 0
	}
}

// between slips a small credit of someone else in after the victim's money: too
// small to cover any debit, so that the debits still go back to the victim's.
func (d *draft) between(m *mule) {
	if m.factor == 0 && m.others > 0 && m.others < m.least && d.r.IntN(2) == 0 {
		d.receive(m, m.others, d.after(m.last, time.Second, 10*time.Second))
		m.others = 0
	}
}

// behind lets other people's money come in after everything else.
func (d *draft) behind(m *mule) {
	if m.factor == 0 && m.others > 0 {
		d.receive(m, m.others, d.after(m.last, 20*time.Second, 3*time.Minute))
		m.others = 0
	}
}

func (d *draft) receive(m *mule, amount money.Fen, at time.Duration) {
	from := d.bystanders[d.r.IntN(len(d.bystanders))]
	from.paid += amount
	d.pay(Move{At: at, From: from.name, To: m.name, Amount: amount, Summary: "转账"})
	m.last = at
}

// gather brings money to an account of level 3. Where it can be told apart, what
// is taken out of a credit is taken out before the next credit comes.
func (d *draft) gather(m *mule) {
	var sum money.Fen
	for _, f := range m.feeds {
		at := d.after(max(f.from.last, m.last), 20*time.Second, 90*time.Second)
		d.pay(Move{At: at, From: f.from.name, To: m.name, Amount: f.amount, Summary: "转账"})
		f.from.last, m.last = at, at
		sum += f.amount
		if f.out > 0 {
			d.takeOut(m, f.out, 15*time.Second, 50*time.Second)
		}
	}
	if m.factor > 0 {
		d.takeOut(m, (m.factor-1)*(sum/m.factor+m.others), 30*time.Second, 2*time.Minute)
	}
}

// empty takes cash out of an account of level 2.
func (d *draft) empty(m *mule) {
	if m.factor > 0 {
		d.takeOut(m, (m.factor-1)*(m.held+m.others), 30*time.Second, 4*time.Minute)
		return
	}
	for _, c := range m.cash {
		d.takeOut(m, c, 30*time.Second, 3*time.Minute)
	}
}

// atmLimit is what a machine pays out at most at a time: 20,000 yuan.
const atmLimit money.Fen = 2_000_000

func (d *draft) takeOut(m *mule, amount money.Fen, low, high time.Duration) {
	summary := "ATM取款"
	if amount > atmLimit || amount%10_000 != 0 {
		summary = "柜面取款"
	}
	m.last = d.after(m.last, low, high)
	d.pay(Move{At: m.last, From: m.name, Amount: amount, Summary: summary})
}

// attempt has the gang try to move on what is left, after the start.
func (d *draft) attempt() {
	mules, at := d.mules(), d.AttemptsFrom
	for range d.Attempts {
		m := mules[d.r.IntN(len(mules))]
		move := Move{At: at, From: m.name, Amount: max(1, m.held/2), Summary: "转账", Attempt: true}
		if d.r.IntN(3) > 0 {
			move.To = d.bystanders[d.r.IntN(len(d.bystanders))].name
		}
		d.pay(move)
		at += time.Duration(20+d.r.IntN(100)) * time.Second
	}
}
