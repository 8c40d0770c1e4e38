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
}

// Restraints (限制措施) lists what holds the account at a time, the city's own
// first. Of what others hold, the bank's last word counts.
func (a Account) Restraints(at time.Time) []Restraint {
	all := a.own("", "")
	for _, p := range a.Priors {
		if p.Case != "" || (!p.Until.IsZero() && !p.Until.After(at)) {
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

// own are the city's measures in force, except those of a case's own unit.
func (a Account) own(c identity.CaseID, unit identity.Unit) []Restraint {
	var own []Restraint
	for _, o := range a.Orders {
		if o.State != Executed || (o.Case == c && o.Unit == unit) {
			continue
		}
		r := Restraint{By: string(o.Unit), Order: o.ID, Case: o.Case, Until: o.ExpiresAt, Own: true}
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
	for _, r := range a.own(c, unit) {
		events = append(events, event.PriorRestraintFound{Order: order, Kind: r.Kind, By: r.By, Case: r.Case, Amount: r.Amount, Until: r.Until, At: at})
	}
	return events
}

// foreign are the events of what a bank says stands on the account besides what
// this city has ordered. What it said of the same order before is not said again.
func (a Account) foreign(o Order, measures []Measure, at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, m := range measures {
		e := event.PriorRestraintFound{Order: o.ID, Kind: m.Kind, By: m.By, Amount: m.Amount, Until: m.Until, At: at}
		told := slices.ContainsFunc(a.Priors, func(p event.PriorRestraintFound) bool {
			return p.Case == "" && p.Kind == e.Kind && p.By == e.By && p.Amount == e.Amount && p.Until.Equal(e.Until)
		})
		if !told && !a.ordered(m) {
			events = append(events, e)
			a = EvolveAccount(a, e)
		}
	}
	return events
}

// ordered tells whether a measure is one that this city has ordered: banks name
// the unit, alone or within a longer name.
func (a Account) ordered(m Measure) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		kind := bank.MeasurePoliceStop
		if o.Kind == KindFreeze {
			kind = bank.MeasurePoliceFreeze
		}
		return (o.Kind == KindStop || o.Kind == KindFreeze) && m.Kind == kind && o.Unit != "" && names(m.By, o.Unit)
	})
}

// names tells whether an agency's name, as a bank writes it, has the code of a
// unit in it.
func names(agency string, unit identity.Unit) bool { return strings.Contains(agency, string(unit)) }
