package chart_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain/flow"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/view/chart"
)

var four = time.Date(2021, 7, 17, 8, 0, 0, 0, time.UTC) // 16:00 in China

const kase identity.CaseID = "5b0c1c9e-1111-4222-8333-123456789abc"

// play is a fraud in the making: it writes the histories that the services
// would have written.
type play struct {
	r        *rand.Rand
	chase    []event.PursuitEvent
	accounts map[identity.AccountID][]event.AccountEvent
	faces    map[identity.AccountID]chart.Face
	banks    []identity.Bank
	made     int
}

func newPlay(seed uint64) *play {
	return &play{
		r: rand.New(rand.NewPCG(seed, 1)), accounts: map[identity.AccountID][]event.AccountEvent{}, faces: map[identity.AccountID]chart.Face{},
		banks: identity.DefaultBanks().All(),
		chase: []event.PursuitEvent{event.PursuitOpened{Case: kase, ReportedAt: four}},
	}
}

func (p *play) lots(amount money.Fen) []event.Lot {
	return []event.Lot{{Case: kase, Victim: "yang", Transfer: "t-1", Amount: amount}}
}

func (p *play) account(bank int) event.Account {
	p.made++
	a := event.Account{ID: identity.AccountID("a" + strconv.Itoa(p.made)), Bank: p.banks[bank%len(p.banks)].Code, Kind: identity.PersonalAccount}
	names := []string{"张**", "李**", "欧阳*", "周**", "陈**", "黄**"}
	p.faces[a.ID] = chart.Face{Number: fmt.Sprintf("62%04d******%04d", 2200+p.made, p.made*7%10_000), Holder: names[p.made%len(names)]}
	return a
}

// hop is money that arrives at an account and is split onwards.
type hop struct {
	account event.Account
	parent  event.Account
	level   int
	in      event.Transfer
	amount  money.Fen
	outs    []event.Outflow
	end     string // what became of the order
}

func (p *play) move(from, to event.Account, amount money.Fen, after time.Duration) event.Transfer {
	p.made++
	return event.Transfer{ID: identity.TransferID(fmt.Sprintf("t-%d", p.made)), From: from, To: to, Amount: amount, At: four.Add(after - time.Hour), Serial: fmt.Sprintf("S%06d", p.made)}
}

// write turns a hop into histories.
func (p *play) write(h hop) {
	order := identity.OrderID("stop-" + string(h.account.ID))
	e := event.DownstreamAccountFound{Case: kase, Account: h.account, Level: h.level, Parent: h.parent.ID, Source: h.in, Lots: p.lots(h.amount), Order: order, SourceRevision: 1}
	if h.level == 1 {
		e.SourceRevision = 0
	}
	left := money.Fen(0)
	for _, o := range h.outs {
		left += o.Lots[0].Amount
	}
	held := h.amount - left
	if h.end == "level-limit" || h.end == "amount-limit" || h.end == "kind" {
		e.Order, e.Withheld = "", h.end
		p.chase = append(p.chase, e)
		return
	}
	p.chase = append(p.chase, e)
	events := []event.AccountEvent{event.StopRequested{Order: order, Case: kase, Ordinal: 1, Account: h.account, Level: h.level, Source: h.in, At: four}}
	switch h.end {
	case "waiting":
	case "sent":
		events = append(events, event.StopApproved{Order: order}, event.OrderSent{Order: order})
	case "mismatch-name", "closed":
		events = append(events, event.StopFailed{Order: order, Cause: h.end})
	default:
		events = append(events,
			event.StopExecuted{Order: order, Case: kase, Ordinal: 1, ExecutedAt: four, ExpiresAt: four.Add(48 * time.Hour), BalanceBefore: held + 12_345},
			event.FundsAttributed{Revision: 1, Method: event.DirectTimestamp, Exact: true, Balance: held + 12_345, Reached: p.lots(h.amount), Held: p.lots(held), Left: p.lots(left), Outflows: h.outs})
	}
	if h.end == "frozen" {
		events = append(events,
			event.FreezeRequested{Order: "f-" + order, Case: kase, Account: h.account, At: four},
			event.FreezeExecuted{Order: "f-" + order, Case: kase, ExecutedAt: four, ExpiresAt: four.AddDate(0, 6, 0), Frozen: held, Balance: held + 12_345},
			event.StopLifted{Order: order, Cause: "converted"})
	}
	p.accounts[h.account.ID] = events
}

// split cuts an amount into parts.
func (p *play) split(amount money.Fen, n int) []money.Fen {
	parts, rest := make([]money.Fen, n), amount
	for i := range n - 1 {
		parts[i] = rest / money.Fen(n-i) * money.Fen(60+p.r.IntN(80)) / 100
		rest -= parts[i]
	}
	parts[n-1] = rest
	return parts
}

// fan is a fraud of one victim whose money fans out: wide accounts at level 2,
// some of which pass on to level 3, take out cash, or send some back.
func fan(wide, banks int, seed uint64) chart.Input {
	p := newPlay(seed)
	victim, hub := p.account(0), p.account(1)
	p.faces[victim.ID] = chart.Face{Number: "622202******0128", Holder: "杨**"}
	paid := event.Transfer{ID: "t-1", From: victim, To: hub, Amount: 483_000_000, At: four.Add(-40 * time.Minute), Serial: "S1"}
	first := hop{account: hub, level: 1, in: paid, amount: 483_000_000, end: "frozen"}
	ends := []string{"stopped", "stopped", "frozen", "stopped", "stopped", "frozen", "stopped", "mismatch-name", "sent", "stopped", "waiting", "closed"}
	for n, amount := range p.split(452_600_000, wide) {
		second := p.account(n * 3 % banks)
		in := p.move(hub, second, amount, time.Duration(n*37)*time.Second)
		first.outs = append(first.outs, event.Outflow{Transfer: in, Lots: p.lots(amount)})
		h := hop{account: second, parent: hub, level: 2, in: in, amount: amount, end: ends[p.r.IntN(len(ends))]}
		if h.end == "stopped" || h.end == "frozen" {
			p.onwards(&h, n, banks)
		}
		p.write(h)
	}
	p.write(first)
	at := four.Add(25 * time.Minute)
	return chart.Input{
		Graph: flow.Build(at, flow.Histories{Pursuit: p.chase, Accounts: p.accounts, Rows: domain.Rows{}}), Faces: p.faces, Banks: identity.DefaultBanks(),
	}
}

func (p *play) onwards(h *hop, n, banks int) {
	switch n % 7 {
	case 0, 3:
		cash := h.amount / 3
		h.outs = append(h.outs, event.Outflow{Transfer: p.move(h.account, event.Account{}, cash, time.Hour), Cash: true, Lots: p.lots(cash)})
	case 1:
		part := h.amount / 2
		third := p.account((n + 5) % banks)
		end := []string{"stopped", "level-limit", "stopped", "amount-limit", "kind"}[n/7%5]
		if end == "kind" {
			third.Kind = []identity.AccountKind{"03", "04", "05", "06"}[n/35%4]
		}
		in := p.move(h.account, third, part, 40*time.Minute)
		h.outs = append(h.outs, event.Outflow{Transfer: in, Lots: p.lots(part)})
		p.write(hop{account: third, parent: h.account, level: 3, in: in, amount: part, end: end})
	}
}

func (p *play) graph() flow.Graph {
	return flow.Build(four, flow.Histories{Pursuit: p.chase, Accounts: p.accounts, Rows: domain.Rows{}})
}

// tangle is a fraud whose money goes in circles, skips levels, comes back to its
// own account, and ends at a payment institution and in nobody knows where.
func tangle() chart.Input {
	p := newPlay(7)
	victim, other, a, b, c, d, e := p.account(0), p.account(9), p.account(1), p.account(2), p.account(3), p.account(4), p.account(5)
	pay := p.account(6)
	pay.Kind = "05"
	paid := event.Transfer{ID: "t-1", From: victim, To: a, Amount: 14_000_000, At: four.Add(-50 * time.Minute), Serial: "S1"}
	also := event.Transfer{ID: "t-0", From: other, To: b, Amount: 3_000_000, At: four.Add(-49 * time.Minute), Serial: "S0"}
	outs := func(from event.Account, tos []event.Account, amounts ...money.Fen) (all []event.Outflow) {
		for n, to := range tos {
			all = append(all, event.Outflow{Transfer: p.move(from, to, amounts[n], time.Duration(n)*time.Minute), Cash: to.ID == "", Lots: p.lots(amounts[n])})
		}
		return all
	}
	ab := p.move(a, b, 4_000_000, time.Minute)
	p.write(hop{account: a, level: 1, in: paid, amount: 14_000_000, end: "stopped", outs: append(outs(a, []event.Account{c, a, e}, 2_000_000, 1_000_000, 500_000), event.Outflow{Transfer: ab, Lots: p.lots(4_000_000)})})
	p.write(hop{account: b, parent: a, level: 2, in: ab, amount: 7_000_000, end: "stopped", outs: outs(b, []event.Account{a, c, d}, 3_000_000, 1_000_000, 2_000_000)})
	p.chase = append(p.chase, event.TransferTraced{Case: kase, Source: also, Lots: []event.Lot{{Case: kase, Victim: "other", Transfer: "t-0", Amount: 3_000_000}}})
	p.write(hop{account: c, parent: a, level: 2, in: ab, amount: 3_000_000, end: "stopped", outs: outs(c, []event.Account{d, {}}, 1_500_000, 400_000)})
	p.write(hop{account: d, parent: b, level: 3, in: ab, amount: 3_500_000, end: "frozen", outs: outs(d, []event.Account{e, a, pay}, 1_000_000, 1_000_000, 700_000)})
	p.write(hop{account: e, parent: d, level: 4, in: ab, amount: 1_500_000, end: "sent"})
	p.write(hop{account: pay, parent: d, level: 4, in: ab, amount: 700_000, end: "kind"})
	return chart.Input{Graph: p.graph(), Faces: p.faces, Banks: identity.DefaultBanks()}
}

// market is a fraud whose money goes into shops, bills, payment institutions and
// order numbers, from several victims, over more levels than a sheet has columns,
// under names that are as long as firms' names are.
func market() chart.Input {
	p := newPlay(11)
	var victims []event.Account
	for n := range 5 {
		victims = append(victims, p.account(n))
	}
	hub := p.account(7)
	first := hop{account: hub, level: 1, amount: 50_000_000, end: "stopped"}
	for n, v := range victims {
		paid := event.Transfer{ID: identity.TransferID(fmt.Sprintf("t-v%d", n)), From: v, To: hub, Amount: 10_000_000, At: four.Add(-50 * time.Minute), Serial: fmt.Sprintf("V%d", n)}
		if n == 0 {
			paid.ID = "t-1"
			first.in = paid
			continue
		}
		p.chase = append(p.chase, event.TransferTraced{Case: kase, Source: paid, Lots: []event.Lot{{Case: kase, Victim: "v", Transfer: paid.ID, Amount: 10_000_000}}})
	}
	from, chain := &first, []hop{}
	for level := 2; level <= 7; level++ {
		next := p.account(level * 5)
		amount := money.Fen(42_000_000 - 5_000_000*level)
		in := p.move(from.account, next, amount, time.Duration(level)*time.Minute)
		from.outs = append(from.outs, event.Outflow{Transfer: in, Lots: p.lots(amount)})
		chain = append(chain, hop{account: next, parent: from.account, level: level, in: in, amount: amount, end: "stopped"})
		from = &chain[len(chain)-1]
		for n, kind := range []identity.AccountKind{"03", "04", "05", "06", "02"} {
			shop := p.account(level*7 + n)
			shop.Kind = kind
			p.faces[shop.ID] = chart.Face{Number: fmt.Sprintf("6228480%012d", p.made), Holder: "茂名市电白区水东镇人民路新世纪百货贸易有限责任公司第" + strconv.Itoa(n) + "分公司"}
			part := p.move(chain[len(chain)-1].account, shop, 500_000, time.Duration(n)*time.Minute)
			from.outs = append(from.outs, event.Outflow{Transfer: part, Lots: p.lots(500_000)})
			end := "kind"
			if kind == "02" || kind == "06" {
				end = "stopped"
			}
			p.write(hop{account: shop, parent: next, level: level + 1, in: part, amount: 500_000, end: end})
		}
	}
	p.write(first)
	for _, h := range chain {
		p.write(h)
	}
	return chart.Input{Graph: p.graph(), Faces: p.faces, Banks: identity.DefaultBanks()}
}
