package race

import (
	"errors"
	"fmt"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/banknet"
	"github.com/yuanlu/yuanlu/libs/banknet/gang"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// world is one fraud, the banks, the launderers and one contestant.
type world struct {
	queue
	params  Params
	pace    pace
	fraud   *gang.Fraud
	crew    *gang.Crew
	net     *banknet.Network
	truth   *truth
	roles   map[banknet.Key]gang.Role
	kinds   map[banknet.Key]identity.AccountKind
	keys    map[identity.AccountID]banknet.Key
	desk    *desk
	aliases map[banknet.Key][]identity.AccountID // order numbers, as the service names them
	ordered []banknet.Key                        // as they were opened
	flows   map[banknet.Key][]flow
	lost    []flow
	err     error
}

// flow is the victim's part of a payment. Of those that got away after the
// report it is told why.
type flow struct {
	from   banknet.Key
	at     time.Time
	amount money.Fen
}

func newWorld(p Params, pace pace, f *gang.Fraud) (*world, error) {
	w := &world{
		params: p, pace: pace, fraud: f, crew: f.Crew(), net: banknet.New(), truth: newTruth(f.Accounts[0].Key),
		roles: map[banknet.Key]gang.Role{}, kinds: map[banknet.Key]identity.AccountKind{}, flows: map[banknet.Key][]flow{}, aliases: map[banknet.Key][]identity.AccountID{}, keys: map[identity.AccountID]banknet.Key{},
	}
	w.now = f.Opened()
	for _, a := range f.Accounts {
		w.open(a)
	}
	var err error
	w.desk, err = newDesk(w)
	if err != nil {
		return nil, err
	}
	for _, p := range f.Life {
		w.at(p.At, func() { w.try(p) })
	}
	for _, p := range f.Paid {
		w.at(p.At, func() { w.try(p) })
	}
	return w, w.err
}

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = fmt.Errorf("fraud %d at %s: %w", w.fraud.Number, w.now.Format(time.RFC3339), err)
	}
}

func (w *world) open(a gang.Account) {
	if err := w.net.Open(a.Account, a.Opening); err != nil {
		w.fail(err)
	}
	w.truth.open(a.Key, a.Opening)
	w.roles[a.Key], w.kinds[a.Key] = a.Role, identity.AccountKind(a.Kind)
	w.keys[accountID(a.Key)] = a.Key
	w.ordered = append(w.ordered, a.Key)
}

// accountID names an account as the service does. The number is not hidden:
// these accounts are nobody's.
func accountID(k banknet.Key) identity.AccountID { return identity.AccountIDOf(k.Bank, k.Number) }

func (w *world) ref(k banknet.Key) event.Account {
	return event.Account{ID: accountID(k), Bank: k.Bank, Kind: w.kinds[k]}
}

// try lets somebody make a payment. What a bank refuses stays where it is.
func (w *world) try(m banknet.Payment) {
	m.At = w.now
	held, _, err := w.net.Held(m.From, w.now)
	if err != nil {
		w.fail(err)
		return
	}
	if err := w.net.Pay(m); err != nil {
		return
	}
	part, err := w.truth.pay(m, held, w.roles[m.To].Worth())
	if err != nil {
		w.fail(err)
	}
	if part > 0 && (m.To == banknet.Key{} || w.roles[m.To].Worth()) && !w.now.Before(w.fraud.ReportAt) {
		w.lost = append(w.lost, flow{m.From, w.now, part})
	}
	if part > 0 && m.To != (banknet.Key{}) {
		w.flows[m.To] = append(w.flows[m.To], flow{m.From, w.now, part})
	}
	for _, next := range w.crew.Arrived(m) {
		w.at(next.At, func() { w.try(next) })
	}
}

// seen is the moment at which an order is visible at its bank. The bank takes
// its time, then stops the account and answers in the same moment.
func (w *world) seen(o order) {
	w.desk.account(o.account, domain.MarkSent{Order: o.id, Channel: "machine", At: w.now})
	w.at(w.now.Add(w.pace.bank), func() { w.stop(o) })
}

func (w *world) stop(o order) {
	key, known := w.keys[o.account]
	if !known {
		w.fail(fmt.Errorf("%w: %s", errNoAccount, o.account))
		return
	}
	executed := w.now.Truncate(time.Second)
	by := string(unit)
	if o.account != accountID(key) {
		by += string(o.account) // an institution holds the money of each of its orders beside that of the others
	}
	asked := banknet.StopOrder{ID: string(o.id), By: by, Limit: o.limit, At: w.now, Until: executed.Add(domain.StopWindow)}
	if o.raises != "" {
		asked.Prolongs, asked.Until = string(o.raises), w.now // the term that runs goes on
	}
	s, err := w.net.Stop(key, asked)
	if errors.Is(err, banknet.ErrTooMany) {
		w.cannot(o)
		return
	}
	if err != nil {
		w.fail(err)
		return
	}
	if o.raises != "" {
		w.desk.account(o.account, domain.AnswerStopChange{Order: o.id, Done: true, ResultCode: bank.ResultOK, ExecutedAt: executed, Held: o.limit, At: w.now})
		return
	}
	w.desk.account(o.account, domain.AnswerStop{
		Order: o.id, Done: true, ResultCode: bank.ResultOK, ExecutedAt: executed, BankExpires: executed.Add(domain.StopWindow),
		BalanceBefore: s.Balance, Held: o.limit, Statement: w.statement(s), Method: w.desk.method, At: w.now,
	})
}

// cannot is a bank's answer that its system does not take the order (技术原因).
func (w *world) cannot(o order) {
	if o.raises != "" {
		w.desk.account(o.account, domain.AnswerStopChange{Order: o.id, ResultCode: bank.ResultRefused, Cause: bank.Technical, At: w.now})
		return
	}
	w.desk.account(o.account, domain.AnswerStop{Order: o.id, ResultCode: bank.ResultRefused, Cause: bank.Technical, Method: w.desk.method, At: w.now})
}

var errNoAccount = errors.New("an order for an account that no bank has")

// alias lets an order number of a payment institution stand for the account
// behind it.
func (w *world) alias(k banknet.Key, id identity.AccountID) {
	if _, known := w.keys[id]; !known {
		w.keys[id] = k
		w.aliases[k] = append(w.aliases[k], id)
	}
}

// statement gives the latest rows that an answer may hold.
func (w *world) statement(s banknet.Statement) domain.Statement {
	out, rows := domain.Statement{Given: true, Opening: s.Opening}, s.Rows
	if cut := len(rows) - domain.MaxRows; cut > 0 {
		out.Opening, rows = rows[cut-1].Balance, rows[cut:]
	}
	for _, r := range rows {
		row := event.Row{Serial: r.Serial, At: r.At, Credit: r.Credit, Amount: r.Amount, Balance: r.Balance, Kind: "transfer"}
		switch {
		case r.Counter == nil:
			row.Kind = "cash"
		case r.Order != "" && !r.Credit:
			// The institution's customer stays unknown: the order number is the account.
			counter := event.Account{ID: accountID(banknet.Key{Bank: r.Counter.Bank, Number: r.Order}), Bank: r.Counter.Bank, Kind: identity.OrderNumberAccount}
			row.Counter = &counter
			w.alias(r.Counter.Key, counter.ID)
		default:
			counter := w.ref(r.Counter.Key)
			row.Counter = &counter
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
