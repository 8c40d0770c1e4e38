package race

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/banknet/gang"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// banks are where the frauds open accounts: all of the shipped list.
func banks() []identity.BankCode {
	var codes []identity.BankCode
	for _, b := range identity.DefaultBanks().All() {
		codes = append(codes, b.Code)
	}
	return codes
}

// institutions stand for payment institutions (支付机构): the banks behind them.
func institutions() []identity.BankCode { return []identity.BankCode{"323584000888", "323331000001"} }

// outcome is what one contestant has come to with one fraud.
type outcome struct {
	atReport money.Fen // the victim's money still in accounts at the report
	stopped  money.Fen // of it, on stopped accounts in the end
	held     []hold
	lost     map[string]money.Fen // by reason
	events   int
	refused  map[string]int
}

// hold is one stopped account: other people's money that is held on it, in fen,
// and whether it is no launderer's.
type hold struct {
	innocent money.Fen
	honest   bool
}

// play lets one contestant play one fraud.
func play(p Params, speed pace, f *gang.Fraud) (outcome, error) {
	w, err := newWorld(p, speed, f)
	if err != nil {
		return outcome{}, err
	}
	w.run(f.ReportAt)
	atReport := w.truth.inAccounts()
	w.desk.report()
	w.run(f.ReportAt.Add(p.Horizon))
	o := w.outcome()
	o.atReport = atReport
	w.audit(o)
	return o, w.err
}

var errAudit = errors.New("the race does not add up")

// audit holds the simulator to its own books: what it knows of an account is
// what the bank has, and each fen of the victim's that was there at the report is
// stopped, or is told why not.
func (w *world) audit(o outcome) {
	for _, k := range w.accounts() {
		balance, err := w.net.Balance(k)
		if h := w.truth.of[k]; err != nil || h.victims < 0 || h.clean < 0 || h.balance() != balance {
			w.fail(fmt.Errorf("%w: %s has %s, its owners %s and %s", errAudit, w.roles[k], balance, h.victims, h.clean))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.desk.accounts)) {
		w.auditLedger(w.desk.accounts[id].state)
	}
	told := o.stopped
	for _, amount := range o.lost {
		told += amount
	}
	if told != o.atReport {
		w.fail(fmt.Errorf("%w: %s at the report, %s told of", errAudit, o.atReport, told))
	}
}

// auditLedger holds the service's own ledger to I33: what is on an account by
// lots is its balance, and what has reached it is held or has left.
func (w *world) auditLedger(a domain.Account) {
	now := a.Attribution
	if now.Revision == 0 {
		return
	}
	var held, known, left, reached money.Fen
	for _, l := range now.Held {
		held += l.Amount
		if l.Known() {
			known += l.Amount
		}
	}
	for _, l := range now.Left {
		left += l.Amount
	}
	for _, l := range now.Reached {
		reached += l.Amount
	}
	if held != now.Balance || reached != known+left {
		w.fail(fmt.Errorf("%w: lots of %s on a balance of %s; %s reached it, %s are held and %s left", errAudit, held, now.Balance, reached, known, left))
	}
}

// best is the best possible contestant: every account with the victim's money is
// stopped in the instant of the report.
func best(p Params, f *gang.Fraud) (outcome, error) {
	w, err := newWorld(p, pace{}, f)
	if err != nil {
		return outcome{}, err
	}
	w.run(f.ReportAt)
	o := outcome{atReport: w.truth.inAccounts()}
	for _, a := range w.accounts() {
		if h := w.truth.of[a]; h.victims > 0 {
			o.stopped += h.victims
			o.held = append(o.held, hold{innocent: h.clean, honest: !launderers(w.roles[a])})
		}
	}
	return o, w.err
}

func launderers(r gang.Role) bool { return r == gang.Mule || r == gang.Wallet }

// accounts lists them in an order that is the same each time.
func (w *world) accounts() []banknet.Key { return w.ordered }

func (w *world) outcome() outcome {
	o := outcome{lost: map[string]money.Fen{}, events: w.desk.events, refused: w.desk.refused}
	for _, k := range w.accounts() {
		h := w.truth.of[k]
		held, _, err := w.net.Held(k, w.now)
		if err != nil {
			w.fail(err)
		}
		stopped := min(h.victims, held)
		if h.victims > stopped {
			o.lost[w.why(k, w.now, map[banknet.Key]bool{})] += h.victims - stopped
		}
		if w.stoppedBy(k, w.now) {
			o.stopped += stopped
			o.held = append(o.held, hold{innocent: held - stopped, honest: !launderers(w.roles[k])})
		}
	}
	for _, l := range w.lost {
		o.lost[w.why(l.from, l.at, map[banknet.Key]bool{})] += l.amount
	}
	return o
}

// stoppedBy tells whether a stop was in force on an account at a time.
func (w *world) stoppedBy(k banknet.Key, at time.Time) bool {
	found, err := w.net.Restraints(k, at)
	if err != nil {
		w.fail(err)
	}
	return slices.ContainsFunc(found, func(r banknet.Restraint) bool { return !r.From.After(at) })
}

// why tells why money that left an account at a time, or was there in the end,
// was not stopped.
func (w *world) why(k banknet.Key, left time.Time, asked map[banknet.Key]bool) string {
	if asked[k] {
		return "in a circle that was never entered"
	}
	asked[k] = true
	node, met := w.node(k)
	if !met {
		return w.unmet(k, asked)
	}
	if node.Order == "" {
		return "held back: " + node.Withheld
	}
	order, given := w.desk.accounts[node.Account].state.Find(node.Order)
	switch {
	case !given:
		return "refused by a rule"
	case order.State == domain.Waiting:
		return "waits for an approval"
	case order.State == domain.Failed:
		return "the bank could not"
	case w.stoppedBy(k, left):
		return "above the amount that is held"
	case left.Before(w.desk.found[node.Account]):
		return "left before the account was found"
	case left.Before(order.RequestAt):
		return "left while a person decided"
	}
	return "left while the bank had the order"
}

// node finds an account in the chase, under its own name or an order number;
// one with an order before one without.
func (w *world) node(k banknet.Key) (found domain.Node, met bool) {
	for _, id := range append([]identity.AccountID{accountID(k)}, w.aliases[k]...) {
		if n, known := w.desk.pursuit.state.Node(id); known && (!met || found.Order == "") {
			found, met = n, true
		}
	}
	return found, met
}

// unmet tells why an account was never found, from where most of its money
// came.
func (w *world) unmet(k banknet.Key, asked map[banknet.Key]bool) string {
	var most flow
	for _, f := range w.flows[k] {
		if f.amount > most.amount {
			most = f
		}
	}
	if w.roles[most.from] == gang.Victim {
		return "not declared"
	}
	if w.stoppedBy(most.from, w.now) {
		return "taken for other people's money"
	}
	return w.why(most.from, most.at, asked)
}
