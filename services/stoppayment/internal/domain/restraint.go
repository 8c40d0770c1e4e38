package domain

import (
	"slices"
	"strings"
	"time"

	"github.com/yuanlu/yuanlu/api/bank"
	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// Measure (在先措施) is a restraint on the account that a bank reports.
type Measure struct {
	Kind   string // 0001 公安止付 | 0002 公安冻结 | 1001 高法冻结
	By     string // the other agency
	Amount money.Fen
	Until  time.Time // zero if the bank does not say
}

// Restraint (限制措施) is something that holds the account.
type Restraint struct {
	Kind   string
	By     string           // unit code of the city, or the other agency as the bank names it
	Order  identity.OrderID // of the city
	Case   identity.CaseID  // of the city
	Amount money.Fen        // 0: all
	Until  time.Time
	Own    bool // ordered by this city
	Over   bool // ended here; the bank holds on without right until then
}

// Restraints (限制措施) lists what holds the account at a time, the city's own
// first. Of what others hold, the bank's last word counts.
func (a Account) Restraints(at time.Time) []Restraint {
	all := a.own("", "", at)
	for _, p := range a.Priors {
		if p.Case != "" || (!p.Until.IsZero() && !p.Until.After(at)) {
			continue
		}
		if p.Ended {
			all = slices.DeleteFunc(all, func(r Restraint) bool { return !r.Own && r.Kind == p.Kind && r.By == p.By })
			continue
		}
		foreign := Restraint{Kind: p.Kind, By: p.By, Amount: p.Amount, Until: p.Until}
		known := slices.IndexFunc(all, func(r Restraint) bool { return !r.Own && r.Kind == foreign.Kind && r.By == foreign.By })
		if known >= 0 {
			all[known] = foreign
		} else {
			all = append(all, foreign)
		}
	}
	return all
}

// Others lists what of it does not come from a case's own unit.
func (a Account) Others(c identity.CaseID, unit identity.Unit, at time.Time) []Restraint {
	return slices.DeleteFunc(a.Restraints(at), func(r Restraint) bool { return r.Own && r.Case == c && r.By == string(unit) })
}

// own are the city's measures in force, and those under which a bank holds on
// though they are over, except those of a case's own unit.
func (a Account) own(c identity.CaseID, unit identity.Unit, at time.Time) []Restraint {
	var own []Restraint
	for _, o := range a.Orders {
		if (o.State != Executed && !o.BankHolds(at)) || (o.Case == c && o.Unit == unit) {
			continue
		}
		r := Restraint{By: string(o.Unit), Order: o.ID, Case: o.Case, Until: o.ExpiresAt, Own: true}
		if o.State != Executed {
			r.Until, r.Over = o.BankUntil, true
		}
		switch o.Kind {
		case KindStop:
			r.Kind, r.Amount = bank.MeasurePoliceStop, o.Hold.Held
		case KindFreeze:
			r.Kind, r.Amount = bank.MeasurePoliceFreeze, a.Frozen.Remaining
		case KindLift, KindRaise, KindRenewal, KindRelease, KindQuery:
			continue
		}
		own = append(own, r)
	}
	return own
}

// priors are the events that tell of the city's other cases which hold an account
// already when a stop is asked for.
func (a Account) priors(order identity.OrderID, c identity.CaseID, unit identity.Unit, at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, r := range a.own(c, unit, at) {
		events = append(events, event.PriorRestraintFound{Order: order, Kind: r.Kind, By: r.By, Case: r.Case, Amount: r.Amount, Until: r.Until, At: at})
	}
	return events
}

// foreign are the events of what a bank says stands on the account besides what
// this city has ordered. What it said of the same order before is not said again.
// What has ended here, and stands by the bank's word, is found out.
func (a Account) foreign(o Order, measures []Measure, at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, m := range measures {
		if a.ordered(m) {
			continue
		}
		if over, ours := a.endedHere(m); ours {
			events = append(events, a.holdsAfterEnd(over, m, at)...)
			continue
		}
		e := event.PriorRestraintFound{Order: o.ID, Kind: m.Kind, By: m.By, Amount: m.Amount, Until: m.Until, At: at}
		if !a.told(e) {
			events = append(events, e)
			a = EvolveAccount(a, e)
		}
	}
	return events
}

// told tells whether a restraint is on record and has not ended since.
func (a Account) told(e event.PriorRestraintFound) (told bool) {
	for _, p := range a.Priors {
		switch same := p.Case == "" && p.Kind == e.Kind && p.By == e.By; {
		case same && p.Ended:
			told = false
		case same && p.Amount == e.Amount && p.Until.Equal(e.Until):
			told = true
		}
	}
	return told
}

// gone are the events of what others held by what is on record and what is not on
// the bank's list of all that stands.
func (a Account) gone(o Order, stands []Measure, at time.Time) (events []event.AccountEvent) {
	for _, r := range a.Restraints(at) {
		if !r.Own && !slices.ContainsFunc(stands, func(m Measure) bool { return m.Kind == r.Kind && m.By == r.By }) {
			events = append(events, event.PriorRestraintFound{Order: o.ID, Kind: r.Kind, By: r.By, Amount: r.Amount, Until: r.Until, At: at, Ended: true})
		}
	}
	return events
}

// ordered tells whether a measure is one that this city has ordered and that is in
// force, or on its way.
func (a Account) ordered(m Measure) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		return m.of(o) && (o.State.Open() || o.State == Executed || o.State == Queued)
	})
}

// endedHere finds the last measure of this city that can be meant and has ended.
func (a Account) endedHere(m Measure) (Order, bool) {
	for _, o := range slices.Backward(a.Orders) {
		if m.of(o) && (o.State == Lapsed || o.State == Lifted || o.State == Failed) {
			return o, true
		}
	}
	return Order{}, false
}

// holdsAfterEnd is what a bank says that holds on. One that does not say until when
// is taken to hold for as long as a stop can last.
func (a Account) holdsAfterEnd(over Order, m Measure, at time.Time) []event.AccountEvent {
	until, said := m.Until, ""
	if until.IsZero() {
		until = at.Add(StopWindow)
	} else {
		said = until.Format(time.RFC3339)
	}
	if !until.After(at) || !until.After(over.BankUntil) || m.Until.IsZero() && at.Before(over.BankUntil) {
		return nil // over there too, or known
	}
	return []event.AccountEvent{event.BankDiscrepancyFound{
		Order: over.ID, Kind: HoldsAfterEnd, Expected: string(over.State), Found: said, At: at, HoldsUntil: until,
	}}
}

// of tells whether a measure, as a bank reports it, can be this order: banks name
// the unit, alone or within a longer name.
func (m Measure) of(o Order) bool {
	kind := bank.MeasurePoliceStop
	if o.Kind == KindFreeze {
		kind = bank.MeasurePoliceFreeze
	}
	return (o.Kind == KindStop || o.Kind == KindFreeze) && m.Kind == kind && o.Unit != "" && names(m.By, o.Unit)
}

// names tells whether an agency's name, as a bank writes it, has the code of a
// unit in it.
func names(agency string, unit identity.Unit) bool { return strings.Contains(agency, string(unit)) }
