package domain

import (
	"slices"
	"time"

	"github.com/yuanlu/yuanlu/api/event"
	"github.com/yuanlu/yuanlu/libs/identity"
	"github.com/yuanlu/yuanlu/libs/money"
)

// ApproveRaise (自动批准) approves an order that waits, if a standing approval
// covers it now.
type ApproveRaise struct {
	Order    identity.OrderID
	Standing []event.StandingApprovalGranted
	At       time.Time
}

func (ApproveRaise) isAccountCommand() {}

// Counted (已计入) is how much of what one transfer brought was counted in when the
// amount of a stop was decided.
type Counted struct {
	Transfer identity.TransferID
	Amount   money.Fen
}

// counts lists what is traced of a case's money, transfer by transfer, the source
// of an order counted in as [Account.tracedWith] does.
func (a Account) counts(c identity.CaseID, source event.Transfer, lots []event.Lot) []Counted {
	var all []Counted
	own := sum(lots)
	if len(lots) == 0 {
		own = source.Amount
	}
	for _, in := range a.Inflows {
		if in.Case != c {
			continue
		}
		amount := sum(in.Lots)
		if in.Source.ID == source.ID {
			amount, own = max(amount, sum(lots)), 0
		}
		all = append(all, Counted{in.Source.ID, amount})
	}
	if own > 0 {
		all = append(all, Counted{source.ID, own})
	}
	return all
}

// since lists the transfers of a stop's case that have brought more than was
// counted in when its amount was decided, the earliest heard of first.
func (a Account) since(stop Order) []event.Transfer {
	counted := make(map[identity.TransferID]money.Fen, len(stop.Counted))
	for _, c := range stop.Counted {
		counted[c.Transfer] = c.Amount
	}
	var more []event.Transfer
	for _, in := range a.Inflows {
		if in.Case == stop.Case && sum(in.Lots) > counted[in.Source.ID] {
			more = append(more, in.Source)
		}
	}
	return more
}

// raises are the orders for stops of an amount on an account to which more of
// the case's money was traced since the amount was decided. What a person has
// narrowed grows only by what came later. One raise is under way at a time: what
// is traced meanwhile is in the next, so that a bank is not asked fen by fen.
func (a Account) raises(at time.Time) []event.AccountEvent {
	var events []event.AccountEvent
	for _, o := range a.Orders {
		if o.Kind != KindStop || o.State != Executed || o.Hold.Scope != ScopeAmount {
			continue
		}
		more := a.tracedOf(o.Case) - o.Hold.Basis
		asked := max(o.Hold.Asked, o.Hold.Held)
		amount := min(asked+more, a.ceiling(o))
		if lifting, narrowing := a.lifting(o.ID); more <= 0 || amount <= asked || lifting || narrowing || a.followUpOpen(o.ID, KindRaise) {
			continue
		}
		raise := event.StopRaiseRequested{
			Order:  followUpOrder("raise", o.ID, a.followUps(o.ID, KindRaise)+1),
			Target: o.ID, Case: o.Case, Account: a.Ref, Level: o.Level, Amount: amount, Source: a.lastInflow(o.Case), Unit: o.Unit,
			Operator: o.Officers[0], Investigator: o.Officers[1], At: at,
		}
		if sources := a.since(o); len(sources) > 0 {
			raise.Source = latest(sources)
			raise.Sources = named(sources)
		}
		events = append(events, raise)
		a = EvolveAccount(a, raise)
	}
	return events
}

// raisedFurther asks for what was traced while the bank worked on the raise
// before. One that failed is asked for again with the next money, not at once.
func (a Account) raisedFurther(events []event.AccountEvent, at time.Time) []event.AccountEvent {
	if !slices.ContainsFunc(events, func(e event.AccountEvent) bool { _, ok := e.(event.StopRaised); return ok }) {
		return events
	}
	return a.afterwards(events, at)
}

// latest is the last of some transfers by its time.
func latest(transfers []event.Transfer) (last event.Transfer) {
	for _, t := range transfers {
		if !t.At.Before(last.At) {
			last = t
		}
	}
	return last
}

// named lists several transfers; nothing for one alone.
func named(transfers []event.Transfer) (ids []identity.TransferID) {
	if len(transfers) < 2 {
		return nil
	}
	for _, t := range transfers {
		ids = append(ids, t.ID)
	}
	return ids
}

// lastInflow is the latest transfer that brought a case's money.
func (a Account) lastInflow(c identity.CaseID) (last event.Transfer) {
	for _, in := range a.Inflows {
		if in.Case == c && len(in.Lots) > 0 && !in.Source.At.Before(last.At) {
			last = in.Source
		}
	}
	return last
}

// approveRaise puts a waiting order under a standing approval. One that follows
// several transfers is covered only if each of them is.
func approveRaise(a Account, cmd ApproveRaise) ([]event.AccountEvent, error) {
	o, ok := a.Find(cmd.Order)
	if !ok {
		return nil, ErrNoOrder
	}
	if _, narrowing := a.lifting(o.Target); o.State != Waiting || narrowing || a.frozenFor(o) {
		return nil, nil
	}
	asked := event.StopRequested{Order: o.ID, Unit: o.Unit, Level: o.Level, Operator: o.Officers[0], Investigator: o.Officers[1]}
	for _, s := range cmd.Standing {
		uncovered := slices.ContainsFunc(a.sourcesOf(o), func(t event.Transfer) bool {
			asked.Source = t
			return !Covers(s, asked, cmd.At)
		})
		if !uncovered {
			return []event.AccountEvent{event.StopApproved{Order: o.ID, Approver: s.By, Standing: s.Approval, At: cmd.At}}, nil
		}
	}
	return nil, nil
}

// sourcesOf are the transfers that an order follows; never none, and an unknown
// one is empty.
func (a Account) sourcesOf(o Order) []event.Transfer {
	sources := []event.Transfer{o.Source}
	for _, id := range o.Sources {
		var source event.Transfer
		for _, in := range a.Inflows {
			if in.Case == o.Case && in.Source.ID == id {
				source = in.Source
			}
		}
		sources = append(sources, source)
	}
	return sources
}

// raisedTooLate: a raise that its bank carries out after a later order to hold
// less. The bank is told again how much it is to hold.
func (a Account) raisedTooLate(raise Order, cmd AnswerStopChange) []event.AccountEvent {
	stop, _ := a.Find(raise.Target)
	held := raise.Amount
	if cmd.Held > 0 {
		held = cmd.Held
	}
	less, narrowed := a.lastNarrowing(raise.Target)
	if raise.Kind != KindRaise || !cmd.Done || !narrowed || stop.State != Executed || raise.Approver.Zero() ||
		cmd.ExecutedAt.Before(less.ExecutedAt) || held <= stop.Hold.Held {
		return nil
	}
	events := []event.AccountEvent{
		event.StopRaised{Order: stop.ID, By: raise.ID, Held: held, At: earlier(cmd.ExecutedAt, cmd.At)},
		event.BankDiscrepancyFound{Order: raise.ID, Kind: HeldDiffers, Expected: stop.Hold.Held.Decimal(), Found: held.Decimal(), At: cmd.At},
	}
	if lifting, narrowing := a.lifting(stop.ID); lifting || narrowing {
		return events
	}
	return append(events, event.LiftRequested{
		Order: followUpOrder("lift", stop.ID, a.followUps(stop.ID, KindLift)+1), Target: stop.ID, Case: stop.Case, Account: a.Ref, Cause: less.Cause,
		Keep: stop.Hold.Held, Objection: less.Objection, Approver: less.Approver, Operator: less.Officers[0], Investigator: less.Officers[1],
		Due: cmd.At.Add(LiftTerm), At: cmd.At,
	})
}

// lastNarrowing is the latest order to hold less that the bank has carried out.
func (a Account) lastNarrowing(stop identity.OrderID) (Order, bool) {
	for _, o := range slices.Backward(a.Orders) {
		if o.Kind == KindLift && o.Target == stop && o.Amount > 0 && o.State == Executed {
			return o, true
		}
	}
	return Order{}, false
}
