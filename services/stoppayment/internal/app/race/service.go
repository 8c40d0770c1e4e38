package race

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/react"
	"github.com/yuanlu/yuanlu/libs/rule"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/app"
	"github.com/yuanlu/yuanlu/services/stoppayment/internal/domain"
)

// stream is one aggregate: its state and how many events it has.
type stream[S any] struct {
	state    S
	revision uint64
	clocks   map[string]bool
}

// order is what a bank sees of an order to stop an account, or to hold more of
// it than before.
type order struct {
	id      identity.OrderID
	account identity.AccountID
	level   int
	limit   money.Fen        // 0: the whole account
	raises  identity.OrderID // the stop that is to hold more
}

// desk is the service: its deciders and its process manager, between which an
// event takes a hop.
type desk struct {
	w         *world
	caseID    identity.CaseID
	pursuit   *stream[domain.Pursuit]
	accounts  map[identity.AccountID]*stream[domain.Account]
	policy    domain.Policy
	method    event.Method
	approvals domain.Approvals
	orders    map[identity.OrderID]order
	found     map[identity.AccountID]time.Time // when the chase met an account
	refused   map[string]int                   // commands that a rule refused, by its code
	events    int
}

// The people of the race.
var (
	unit         = identity.Unit("440900000000")
	operator     = event.Officer{PoliceNo: "090001", Unit: unit, Level: identity.County}
	investigator = event.Officer{PoliceNo: "090002", Unit: unit, Level: identity.County}
	leader       = event.Officer{PoliceNo: "090100", Unit: unit, Level: identity.City}
)

func newDesk(w *world) (*desk, error) {
	service := w.params.app()
	d := &desk{
		w: w, policy: service.Policy(), method: service.Method(), caseID: identity.CaseID(identity.Derive("race-case", strconv.Itoa(w.fraud.Number)).String()),
		pursuit: &stream[domain.Pursuit]{clocks: map[string]bool{}}, accounts: map[identity.AccountID]*stream[domain.Account]{},
		orders: map[identity.OrderID]order{}, found: map[identity.AccountID]time.Time{}, refused: map[string]int{},
	}
	grant := domain.GrantStanding{
		Approval: "race", Unit: unit, MaxAmount: w.params.StandingAmount, MaxLevel: w.params.StandingLevel,
		Until: w.fraud.ReportAt.Add(30 * 24 * time.Hour), By: leader, At: w.fraud.ReportAt.Add(-time.Hour),
	}
	granted, err := domain.DecideApproval(d.approvals, grant)
	if err != nil {
		return nil, fmt.Errorf("standing approval: %w", err)
	}
	for _, e := range granted {
		d.approvals = domain.EvolveApproval(d.approvals, e)
	}
	return d, nil
}

// report (报警) is what the intake service writes: the report, then each
// transfer that the victim declares.
func (d *desk) report() {
	f := d.w.fraud
	said := []event.Event{event.FraudReportReceived{ReceivedAt: d.w.now, Unit: unit, Operator: operator, Investigator: investigator}}
	for i, p := range f.Paid {
		t := event.Transfer{
			ID: identity.TransferID(identity.Derive("race-transfer", p.Serial).String()), From: d.w.ref(p.From), To: d.w.ref(p.To),
			Amount: p.Amount, At: p.At.Truncate(time.Minute), // as he reads it from his telephone
		}
		if i%2 == 0 {
			t.Serial, t.At = p.Serial, p.At.Truncate(time.Second) // from a receipt
		}
		said = append(said, event.LossTransferDeclared{Victim: "victim", Transfer: t})
	}
	for n, e := range said {
		d.hear("case", string(d.caseID), uint64(n), e) //nolint:gosec // a handful
	}
}

// hear lets the process manager hear an event one hop after it was written.
func (d *desk) hear(category, key string, revision uint64, e event.Event) {
	d.events++
	source := react.Source{
		ID: identity.Derive("race", category, key, strconv.FormatUint(revision, 10)), Key: key, Revision: revision, Meta: es.Meta{Correlation: string(d.caseID)},
	}
	d.w.at(d.w.now.Add(d.w.pace.hop), func() {
		for _, intent := range app.React(source, e) {
			d.carry(intent)
		}
	})
}

// carry gives an intent what the service gives it: the time, the city's policy
// and the approvals in force.
func (d *desk) carry(i app.Intent) {
	if i.Chase != nil {
		if f, ok := i.Chase.(domain.FollowUp); ok {
			f.Policy, f.At = d.policy, d.w.now
			i.Chase = f
		}
		if t, ok := i.Chase.(domain.Trace); ok {
			t.Policy, t.At = d.policy, d.w.now
			i.Chase = t
		}
		d.chase(i.Chase)
		return
	}
	if cmd, ok := i.Money.(domain.RequestStop); ok {
		cmd.At, cmd.Method, cmd.Standing, cmd.DefaultScope = d.w.now, d.method, d.approvals.InForce(d.w.now), d.w.pace.scope
		i.Money = cmd
	}
	if cmd, ok := i.Money.(domain.TraceInflow); ok {
		cmd.At, cmd.Method = d.w.now, d.method
		i.Money = cmd
	}
	said := d.account(i.Account, i.Money)
	if cmd, ok := i.Money.(domain.TraceInflow); ok && said > 0 && len(cmd.Lots) > 0 && cmd.Source.From.ID != cmd.Source.To.ID {
		d.again(i.Account, cmd)
	}
}

// again asks anew for a stop that the bank could not carry out, when more money
// has come. A second stop is not asked for: none lapses within a race.
func (d *desk) again(id identity.AccountID, cmd domain.TraceInflow) {
	renewal, ended := d.accounts[id].state.Again(cmd.Case)
	if ended && !renewal.Second {
		d.chase(domain.AskAgain{Account: cmd.Source.To, After: renewal.After.ID, Source: cmd.Source, Lots: cmd.Lots, Withheld: renewal.Withheld, At: d.w.now})
	}
}

func (d *desk) chase(cmd domain.PursuitCommand) {
	events, err := domain.DecidePursuit(d.pursuit.state, cmd)
	if d.stopped(err) {
		return
	}
	for _, e := range events {
		d.pursuit.state = domain.EvolvePursuit(d.pursuit.state, e)
		d.hear("pursuit", string(d.caseID), d.pursuit.revision, e)
		d.pursuit.revision++
		if found, ok := e.(event.DownstreamAccountFound); ok {
			d.met(found)
		}
	}
	wind(d.w, d.pursuit, domain.DueOnPursuit(d.pursuit.state), func(a es.Alarm) { d.chase(domain.WakePursuit(a, d.w.now)) })
}

// met notes when an account was found, and lays an order number before an
// officer where the policy leaves it to a person.
func (d *desk) met(found event.DownstreamAccountFound) {
	if _, before := d.found[found.Account.ID]; !before {
		d.found[found.Account.ID] = d.w.now
	}
	if found.Withheld == domain.WithheldKind && found.Account.Kind == identity.OrderNumberAccount {
		d.w.at(d.w.now.Add(d.w.pace.officer), func() { d.decide(found) })
	}
}

// decide is an officer's own order for an account that the policy leaves to a
// person, unless the chase has given one since.
func (d *desk) decide(found event.DownstreamAccountFound) {
	if node, _ := d.pursuit.state.Node(found.Account.ID); node.Order != "" {
		return
	}
	parent, _ := d.pursuit.state.Node(found.Parent)
	d.chase(domain.OrderStop{
		Account: found.Account, Parent: found.Parent, ParentOrder: parent.Order, Source: found.Source, Operator: operator, Investigator: investigator, At: d.w.now,
	})
}

// account carries a command to an account and tells how much came of it.
func (d *desk) account(id identity.AccountID, cmd domain.AccountCommand) int {
	s, known := d.accounts[id]
	if !known {
		s = &stream[domain.Account]{clocks: map[string]bool{}}
		d.accounts[id] = s
	}
	events, err := domain.DecideAccount(s.state, cmd)
	if d.stopped(err) {
		return 0
	}
	for _, e := range events {
		s.state = domain.EvolveAccount(s.state, e)
		d.hear("account", string(id), s.revision, e)
		s.revision++
		d.send(e)
	}
	if len(events) > 0 && s.state.Continued < s.state.Attribution.Parts {
		d.account(id, domain.ContinueAttribution{At: d.w.now}) // what one event had no room for
	}
	for _, e := range events {
		raise, ok := e.(event.StopRaiseRequested)
		if o, _ := s.state.Find(raise.Order); ok && o.State == domain.Waiting {
			d.account(id, domain.ApproveRaise{Order: raise.Order, Standing: d.approvals.InForce(d.w.now), At: d.w.now})
		}
	}
	wind(d.w, s, domain.DueOnAccount(s.state), func(a es.Alarm) { d.account(id, domain.Wake(a, d.w.now)) })
	return len(events)
}

// send lets the bank see an order once it is approved.
func (d *desk) send(e event.AccountEvent) {
	if stop, ok := e.(event.StopRequested); ok {
		d.orders[stop.Order] = order{id: stop.Order, account: stop.Account.ID, level: stop.Level, limit: stop.Amount}
	}
	if raise, ok := e.(event.StopRaiseRequested); ok {
		d.orders[raise.Order] = order{id: raise.Order, account: raise.Account.ID, level: raise.Level, limit: raise.Amount, raises: raise.Target}
	}
	if approved, ok := e.(event.StopApproved); ok {
		o := d.orders[approved.Order]
		d.w.at(d.w.pace.order(d.w.fraud.ReportAt, d.w.now, o.level).Add(d.w.pace.hop), func() { d.w.seen(o) })
	}
}

// wind sets those clocks of an aggregate that were not running before.
func wind[S any](w *world, s *stream[S], due []es.Alarm, wake func(es.Alarm)) {
	for _, alarm := range due {
		name := alarm.Name + alarm.At.String()
		if !s.clocks[name] {
			s.clocks[name] = true
			w.at(alarm.At, func() { wake(alarm) })
		}
	}
}

// stopped counts what a rule has refused. Any other error is a fault of the
// race.
func (d *desk) stopped(err error) bool {
	if err == nil {
		return false
	}
	if refused, ok := errors.AsType[*rule.Violation](err); ok {
		d.refused[refused.Rule.Code]++
		return true
	}
	d.w.fail(err)
	return true
}
