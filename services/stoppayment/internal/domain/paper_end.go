package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
)

// inForce is the stop or freeze of a case that is in force at a time and stays so,
// "" if there is none: a bank that is asked by telephone for what it holds already
// owes nobody anything new.
func (a Account) inForce(c identity.CaseID, at time.Time) identity.OrderID {
	for _, o := range slices.Backward(a.Orders) {
		if lifting, _ := a.lifting(o.ID); o.Case == c && o.holds() && at.Before(o.ExpiresAt) && !lifting {
			return o.ID
		}
	}
	return ""
}

// holds tells whether an order is a measure in force that its bank does not deny.
func (o Order) holds() bool {
	return o.State == Executed && (o.Kind == KindStop && !o.Hold.Denied || o.Kind == KindFreeze)
}

// inPlace tells with a stop or a freeze that was carried out which telephone and
// paper orders of its case it stands in the place of.
func (a Account) inPlace(events []event.AccountEvent) []event.AccountEvent {
	for n, e := range events {
		switch e := e.(type) { //nolint:gochecksumtype // nothing else is carried out
		case event.StopExecuted:
			e.InPlaceOf = a.onlyByHand(e.Case)
			events[n] = e
		case event.FreezeExecuted:
			e.InPlaceOf = a.onlyByHand(e.Case)
			events[n] = e
		}
	}
	return events
}

// onlyByHand are the telephone and paper orders of a case that nothing has followed,
// except where the bank is about to let go or a person has said that it is to.
func (a Account) onlyByHand(c identity.CaseID) (some []identity.RegistrationID) {
	for _, p := range a.Papers {
		if p.Case != c || !p.alone() {
			continue
		}
		ending := slices.ContainsFunc(a.Orders, func(o Order) bool {
			return o.Kind == KindLift && o.Target == identity.OrderID(p.ID) && (o.State != Failed || o.Cause != LiftUnpapered)
		})
		if !ending {
			some = append(some, p.ID)
		}
	}
	return some
}

// satisfied folds what was carried out in the place of telephone and paper orders.
func (a Account) satisfied(e event.AccountEvent) Account {
	var in []identity.RegistrationID
	var by identity.OrderID
	switch e := e.(type) { //nolint:gochecksumtype // nothing else is carried out
	case event.StopExecuted:
		in, by = e.InPlaceOf, e.Order
	case event.FreezeExecuted:
		in, by = e.InPlaceOf, e.Order
	}
	for _, id := range in {
		a = a.changePaper(id, func(p *Paper) { p.Instead = by })
	}
	return a
}

// heldByChannel tells whether letting go of a telephone or paper order could let go
// of what an order by the channel holds, or is about to: of any case where it is in
// force, of its own where the bank has it.
func (a Account) heldByChannel(c identity.CaseID) bool {
	return slices.ContainsFunc(a.Orders, func(o Order) bool {
		asked := (o.Kind == KindStop || o.Kind == KindFreeze) && o.Case == c && (o.State == Approved || o.State == Sent)
		return asked || o.holds()
	})
}

// expirePaper: what no papers came for is not to be held, as the city has it (K).
// The order that followed it, and the second stop after that one, are lifted by the
// service itself; what no order that the bank can have seen has followed, is lifted
// by the registration's own name, and not before the account is free of every order
// by the channel: a bank that is asked to let go of an account may let go of all.
// Who had approved the stop approved it on condition of the papers.
func expirePaper(a Account, cmd ExpirePaper) ([]event.AccountEvent, error) {
	p, known := a.paper(cmd.Registration)
	switch {
	case !known || cmd.At.Before(p.Due):
		return nil, nil
	case a.lingers(p):
		return []event.AccountEvent{a.liftUnpapered(p, cmd.At)}, nil
	case !p.Open():
		return nil, nil
	}
	events := []event.AccountEvent{event.PaperOrderExpired{Registration: p.ID, Order: p.Order, Due: p.Due}}
	first, _ := a.Find(p.Order)
	for _, o := range a.Orders {
		if p.Order == "" || o.Kind != KindStop || (o.ID != first.ID && (o.Ordinal != MaxStops || o.Case != first.Case || o.Unit != first.Unit)) {
			continue
		}
		lift, err := a.endStop(o, RequestLift{
			Target: o.ID, Cause: LiftUnpapered, Approver: o.Approver, Operator: p.Officers[0], Investigator: p.Officers[1], At: cmd.At,
		})
		if err != nil {
			return nil, err
		}
		events = append(events, lift...)
	}
	for _, e := range events {
		a = EvolveAccount(a, e)
	}
	return append(events, a.letGoByHand(cmd.At)...), nil
}

// liftByHand asks the bank to let go of what it was asked for by telephone or on
// paper alone. The registration stands where the order would.
func (a Account) liftByHand(p Paper, cmd RequestLift) event.LiftRequested {
	target := identity.OrderID(p.ID)
	if cmd.Order == "" {
		cmd.Order = followUpOrder("lift", target, a.followUps(target, KindLift)+1)
	}
	return event.LiftRequested{
		Order: cmd.Order, Target: target, Case: p.Case, Account: a.Ref, Cause: cmd.Cause, Objection: cmd.Objection,
		Approver: cmd.Approver, Operator: cmd.Operator, Investigator: cmd.Investigator, Due: cmd.At.Add(LiftTerm), At: cmd.At,
	}
}

// liftUnpapered is the same where no papers have come: who asked for the stop
// answers for its end.
func (a Account) liftUnpapered(p Paper, at time.Time) event.LiftRequested {
	return a.liftByHand(p, RequestLift{Cause: LiftUnpapered, Approver: p.Officers[1], Operator: p.Officers[0], Investigator: p.Officers[1], At: at})
}

// endByHand is what a lift of a telephone or paper order that somebody may order
// leads to. How much the bank holds is not known: it is all let go.
func (a Account) endByHand(p Paper, cmd RequestLift) ([]event.AccountEvent, error) {
	lifting, _ := a.lifting(identity.OrderID(p.ID))
	switch {
	case p.Order != "" || p.Instead != "":
		return nil, ErrPaperStood
	case p.Freed || lifting:
		return nil, nil
	case cmd.Keep > 0:
		return nil, ErrNotInForce
	}
	return []event.AccountEvent{a.liftByHand(p, cmd)}, nil
}

// letGoByHand asks for the same where an order that had followed came to nothing, or
// another one was in force, when the term had passed.
func (a Account) letGoByHand(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, p := range a.Papers {
		if a.lingers(p) {
			events = append(events, a.liftUnpapered(p, at))
		}
	}
	return events
}

// lingers tells whether the bank has still to be asked to let go of a telephone or
// paper order whose term has passed.
func (a Account) lingers(p Paper) bool {
	return p.Expired && p.alone() && a.followUps(identity.OrderID(p.ID), KindLift) == 0 && !a.heldByChannel(p.Case)
}

// heldByHand tells whether a name is that of a telephone or paper order that the
// bank may still hold though it is to let go: its term has passed, or a person has
// said so.
func (a Account) heldByHand(id identity.OrderID) bool {
	p, known := a.paper(identity.RegistrationID(id))
	return known && p.alone() && (p.Expired || a.followUps(id, KindLift) > 0)
}
