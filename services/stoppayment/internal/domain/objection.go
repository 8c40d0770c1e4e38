package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/es"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
	"github.com/yuanlu/yuanlu/libs/seal"
)

// Outcomes of an objection (异议结论).
const (
	Upheld    = "upheld"    // 成立: the measure ends
	Partly    = "partly"    // 部分成立: the measure shrinks
	Dismissed = "dismissed" // 不成立
	Withdrawn = "withdrawn" // 撤回
)

// Reasons that a decision gives by itself.
const (
	measureEnded    = "measure-ended" // the measure had ended when the objection came
	measureNeverWas = "measure-not-carried-out"
)

// MaxPapers bounds the papers handed in with one objection. One is enough.
const MaxPapers = 20

// Objection (异议) is what a holder has against a measure, as it stands.
type Objection struct {
	ID         identity.ObjectionID
	Order      identity.OrderID
	Case       identity.CaseID
	Unit       identity.Unit // that answers for the measure
	Grounds    string
	Channel    string
	FiledAt    time.Time
	Due        time.Time
	AcceptedAt time.Time
	Overdue    bool
	Outcome    string // "" while open
	Reason     string
	Keep       money.Fen
	Lift       identity.OrderID
	DecidedAt  time.Time
	Decider    event.Officer
}

// Open tells whether the objection still waits for a decision.
func (o Objection) Open() bool { return o.Outcome == "" }

// FileObjection (提出异议) against a stop, be it by telephone or on paper, or a freeze. Due is by when it is to be
// decided, in working days of the city.
type FileObjection struct {
	Objection identity.ObjectionID
	Order     identity.OrderID
	Holder    seal.Box
	Contact   seal.Box
	Text      seal.Box
	Grounds   string
	Documents []string // hashes
	Channel   string
	Officer   event.Officer
	Due       time.Time
	At        time.Time
}

// AcceptObjection (受理异议).
type AcceptObjection struct {
	Objection identity.ObjectionID
	Officer   event.Officer
	At        time.Time
}

// DecideObjection (异议决定). Keep is what stays held when it is right in part.
type DecideObjection struct {
	Objection identity.ObjectionID
	Outcome   string
	Reason    string
	Keep      money.Fen
	Document  string // of one that is withdrawn: hash of the holder's paper that says so
	Officer   event.Officer
	At        time.Time
}

// ObjectionDue wakes an objection that nobody has decided in time.
type ObjectionDue struct {
	Objection identity.ObjectionID
	At        time.Time
}

func (FileObjection) isAccountCommand()   {}
func (AcceptObjection) isAccountCommand() {}
func (DecideObjection) isAccountCommand() {}
func (ObjectionDue) isAccountCommand()    {}

// objectionClock runs until an objection is to be decided.
const objectionClock = "objection:"

func (r Remedy) dueObjections() []es.Alarm {
	var due []es.Alarm
	for _, o := range r.Objections {
		if o.Open() && !o.Overdue {
			due = append(due, es.Alarm{Name: objectionClock + string(o.ID), At: o.Due})
		}
	}
	return due
}

// Objection finds an objection.
func (r Remedy) Objection(id identity.ObjectionID) (Objection, bool) {
	n := slices.IndexFunc(r.Objections, func(o Objection) bool { return o.ID == id })
	if n < 0 {
		return Objection{}, false
	}
	return r.Objections[n], true
}

// fileObjection takes every objection in: one against what has ended is closed
// with that reason, and only a second one while the first is open is refused.
func fileObjection(a Account, cmd FileObjection) ([]event.AccountEvent, error) {
	if _, known := a.Remedy.Objection(cmd.Objection); known {
		return nil, nil
	}
	measure, err := a.objectedTo(cmd.Order)
	if err != nil {
		return nil, err
	}
	switch {
	case slices.ContainsFunc(a.Remedy.Objections, func(o Objection) bool { return o.Order == measure.ID && o.Open() }):
		return nil, ErrObjectionOpen
	case len(cmd.Documents) == 0 || len(cmd.Documents) > MaxPapers || slices.ContainsFunc(cmd.Documents, notHash):
		return nil, ErrObjectionPaper.At("/documents")
	case cmd.Holder.Empty():
		return nil, ErrObjectionHolder.At("/holder")
	case !cmd.Due.After(cmd.At):
		return nil, ErrObjectionTerm
	}
	events := []event.AccountEvent{event.ObjectionFiled{
		Objection: cmd.Objection, Order: measure.ID, Case: measure.Case, Holder: cmd.Holder, Contact: cmd.Contact, Text: cmd.Text,
		Grounds: cmd.Grounds, Documents: cmd.Documents, Channel: cmd.Channel, FiledAt: cmd.At, Due: cmd.Due, Unit: measure.Unit, Officer: cmd.Officer,
	}}
	if reason := a.over(measure, cmd.At); reason != "" {
		events = append(events, event.ObjectionDecided{ // by nobody: who takes it in does not decide
			Objection: cmd.Objection, Order: measure.ID, Outcome: Dismissed, Reason: reason, At: cmd.At,
		})
	}
	return events, nil
}

// objectedTo finds the measure that an objection is against: of a telephone or paper
// order in whose place one by the channel was carried out, that one.
func (a Account) objectedTo(id identity.OrderID) (Order, error) {
	if p, byHand := a.paper(identity.RegistrationID(id)); byHand && a.replaced(id) {
		id = cmp.Or(p.Instead, p.Order)
	}
	return a.Measure(id)
}

// notHash tells whether a text is no hash in 64 hexadecimal digits: a paper itself,
// or a name, has no place in the log.
func notHash(text string) bool {
	return len(text) != 64 || strings.Trim(text, "0123456789abcdef") != ""
}

// over tells why there is nothing left to object to, or "". A stop that a freeze
// or a second stop of the same case has followed goes on in it, and one under which
// the bank still holds the account goes on until it lets go.
func (a Account) over(measure Order, at time.Time) string {
	switch {
	case measure.BankHolds(at):
		return ""
	case measure.State == Failed || measure.State == Rejected:
		return measureNeverWas
	case measure.State != Lapsed && measure.State != Lifted:
		return ""
	case len(a.restraints(measure.Case)) > 0:
		return ""
	}
	return measureEnded
}

func acceptObjection(a Account, cmd AcceptObjection) ([]event.AccountEvent, error) {
	o, ok := a.Remedy.Objection(cmd.Objection)
	switch {
	case !ok:
		return nil, ErrNoObjection
	case !o.AcceptedAt.IsZero():
		return nil, nil
	case !o.Open():
		return nil, ErrObjectionDecided
	}
	return []event.AccountEvent{event.ObjectionAccepted(cmd)}, nil
}

// decideObjection: if the holder is right, the order to the bank is part of the
// decision, so that nothing can come between.
func decideObjection(a Account, cmd DecideObjection) ([]event.AccountEvent, error) {
	o, ok := a.Remedy.Objection(cmd.Objection)
	switch {
	case !ok:
		return nil, ErrNoObjection
	case !o.Open() && o.Outcome == cmd.Outcome && o.Keep == cmd.Keep:
		return nil, nil
	case !o.Open():
		return nil, ErrObjectionDecided
	case !slices.Contains([]string{Upheld, Partly, Dismissed, Withdrawn}, cmd.Outcome):
		return nil, ErrOutcome.At("/outcome")
	case cmd.Outcome == Partly && cmd.Keep <= 0, cmd.Outcome != Partly && cmd.Keep != 0:
		return nil, ErrKeepAmount.At("/keepFen")
	case cmd.Reason == "":
		return nil, ErrReason.At("/reason")
	case cmd.Outcome == Withdrawn && notHash(cmd.Document):
		return nil, ErrWithdrawalPaper.At("/paper")
	case !cmd.Officer.Unit.Oversees(o.Unit):
		return nil, ErrNotSuperior
	case a.involved(o, cmd.Officer):
		return nil, ErrDeciderInvolved
	case cmd.Outcome == Partly && slices.Contains(a.onlyByHand(o.Case), identity.RegistrationID(o.Order)):
		return nil, ErrNotInForce.At("/outcome")
	}
	var lifts []event.AccountEvent
	if cmd.Outcome == Upheld || cmd.Outcome == Partly {
		var err error
		lifts, err = a.endAll(o.Case, ending{Cause: "objection", Keep: cmd.Keep, Objection: o.ID, Officer: cmd.Officer, At: cmd.At})
		if err != nil {
			return nil, err
		}
	}
	return append([]event.AccountEvent{event.ObjectionDecided{
		Objection: o.ID, Order: o.Order, Outcome: cmd.Outcome, Reason: cmd.Reason, Keep: cmd.Keep, LiftOrder: firstOrder(lifts),
		Document: cmd.Document, Officer: cmd.Officer, At: cmd.At,
	}}, lifts...), nil
}

// involved tells whether an officer has signed or approved the measure, or what it
// goes on in: he does not judge himself.
func (a Account) involved(b Objection, who event.Officer) bool {
	for _, p := range a.Papers {
		o, _ := a.ByHand(identity.OrderID(p.ID))
		if (o.ID == b.Order || p.Case == b.Case && p.alone()) && o.signedBy(who) {
			return true
		}
	}
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return (o.ID == b.Order || o.Case == b.Case && restrains(o)) && (o.signedBy(who) || o.Approver.PoliceNo == who.PoliceNo)
	})
}

func objectionDue(a Account, cmd ObjectionDue) ([]event.AccountEvent, error) {
	o, ok := a.Remedy.Objection(cmd.Objection)
	if !ok || !o.Open() || o.Overdue || cmd.At.Before(o.Due) {
		return nil, nil
	}
	return []event.AccountEvent{event.ObjectionOverdue{Objection: o.ID, Due: o.Due, Unit: o.Unit}}, nil
}

// evolveObjection folds the events of objections.
func (r Remedy) evolveObjection(e event.AccountEvent) Remedy {
	switch e := e.(type) { //nolint:gochecksumtype // the others are no objections
	case event.ObjectionFiled:
		r.Objections = append(slices.Clip(r.Objections), Objection{
			ID: e.Objection, Order: e.Order, Case: e.Case, Unit: e.Unit, Grounds: e.Grounds, Channel: e.Channel, FiledAt: e.FiledAt, Due: e.Due,
		})
	case event.ObjectionAccepted:
		return r.edit(e.Objection, func(o *Objection) { o.AcceptedAt = e.At })
	case event.ObjectionOverdue:
		return r.edit(e.Objection, func(o *Objection) { o.Overdue = true })
	case event.ObjectionDecided:
		return r.edit(e.Objection, func(o *Objection) {
			o.Outcome, o.Reason, o.Keep, o.Lift, o.DecidedAt, o.Decider = e.Outcome, e.Reason, e.Keep, e.LiftOrder, e.At, e.Officer
		})
	}
	return r
}

func (r Remedy) edit(id identity.ObjectionID, change func(*Objection)) Remedy {
	r.Objections = slices.Clone(r.Objections)
	for n := range r.Objections {
		if r.Objections[n].ID == id {
			change(&r.Objections[n])
		}
	}
	return r
}
